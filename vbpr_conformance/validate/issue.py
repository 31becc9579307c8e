"""What the validator finds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

Severity = Literal["error", "warning", "information"]


class Issue(NamedTuple):
    """One finding: `code` as in OperationOutcome, `expression` the place as FHIRPath, `rule` what it breaks."""

    severity: Severity
    code: str
    expression: str
    rule: str
    message: str
    profile: str

    @property
    def is_error(self) -> bool:
        """Whether the resource is invalid because of it."""
        return self.severity == "error"


def is_valid(issues: Iterable[Issue]) -> bool:
    """Whether none of the issues is an error."""
    return not any(issue.is_error for issue in issues)


class IssueDraft:
    """An issue on its way up: each node it passes adds its step, so that a path is built only when there is one."""

    __slots__ = ("code", "message", "profile", "rule", "severity", "steps")

    def __init__(self, severity: Severity, code: str, rule: str, profile: str, message: str) -> None:
        self.severity = severity
        self.code = code
        self.rule = rule
        self.profile = profile
        self.message = message
        self.steps: list[str] = []

    @property
    def kind(self) -> str:
        """The kind of rule, or the key of the invariant."""
        return self.rule.partition(":")[0]

    def again(self) -> IssueDraft:
        """The same, to be told at another place."""
        made = IssueDraft(self.severity, self.code, self.rule, self.profile, self.message)
        made.steps = self.steps.copy()
        return made

    def issue(self, root: str) -> Issue:
        """Make the issue, its path starting at `root`."""
        expression = root + "".join(reversed(self.steps))
        return Issue(self.severity, self.code, expression, self.rule, self.message, self.profile)


Drafts = list[IssueDraft]


def below(findings: Drafts, step: str) -> Drafts:
    """Add the step they were found below."""
    for finding in findings:
        finding.steps.append(step)
    return findings


def shown(value: Any) -> str:
    """Give a value as it is quoted in a message, cut where it is long."""
    if isinstance(value, str):
        text = repr(value)
    elif isinstance(value, dict):
        text = "an object"
    elif isinstance(value, list):
        text = "an array"
    elif value is None:
        text = "null"
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


_LONGEST = 80
