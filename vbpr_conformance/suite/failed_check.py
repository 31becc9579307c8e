"""Reads off a finding which check failed: the interaction that was judged, and the cause without its particulars."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from vbpr_conformance.suite.verdicts import FailedCheck

if TYPE_CHECKING:
    from vbpr_conformance.fhir.compare import ContentDifference
    from vbpr_conformance.rest.exchange import Exchange
    from vbpr_conformance.suite.findings import Finding

_TYPE = re.compile(r"[A-Z][A-Za-z]+")
_OF_ONE = frozenset({"read", "vread", "update", "patch", "delete"})
_GIVES_WHAT_IS_NAMED = frozenset({"read", "vread"})
_SCOPE = frozenset({"identifier"})
"""The parameter by which searches are kept to the resources of a run."""
_SUCCESS = range(200, 300)
_BREAKDOWN = 500
_PARTICULARS = (
    (re.compile(r"https?://[^\s?]+/(?=[A-Z][A-Za-z]+\b)"), ""),
    (re.compile(r"https?://\S+"), "…"),
    (re.compile(r"\?[^\s]*"), lambda match: _names_only(match.group())),
    (re.compile(r"\b([A-Z][A-Za-z]+)/[A-Za-z0-9.\-]+(/_history/[A-Za-z0-9.\-]+)?"), r"\1/…"),
    (re.compile(r"\b[0-9a-f]{8,}(-[0-9a-f]{4,})*\b"), "…"),
    (re.compile(r"\[\d+\]"), ""),
    (re.compile(r"(?<!answered )(?<!expected )(?<!or )\b\d[\d.:\-TZ+]*"), "…"),
)


def failed_check(finding: Finding) -> FailedCheck:
    """Say which check a finding is about; its cause is the finding's own, else its sentence made general."""
    exchange: Any = finding.exchanges[0] if finding.exchanges else None
    if exchange is None:
        return FailedCheck(finding.cause or general(finding.sentence), matcher=finding.matcher, element=finding.element)
    interaction, resource = _interaction(exchange)
    return FailedCheck(
        cause=_of_answer(exchange, interaction, resource) or finding.cause or general(finding.sentence),
        interaction=interaction,
        resource=resource,
        parameters=asked_parameters(exchange),
        formats=_formats(exchange),
        matcher=finding.matcher,
        status=exchange.status,
        element=finding.element,
    )


def cause_of(difference: ContentDifference) -> str:
    """Say what became of an element, without which of its values: what is lost everywhere is one cause."""
    name = re.sub(r"\[\d+\]", "", difference.path).rpartition(".")[2] or "the resource"
    sent, got = difference.sent, difference.got
    if isinstance(sent, int | Decimal) and isinstance(got, int | Decimal) and sent == got and sent is not got:
        return (
            "Decimals lose zeros at their end" if len(str(got)) < len(str(sent)) else "Decimals change their precision"
        )
    if got is None:
        return f"{name} is lost"
    if sent is None:
        return f"{name} comes from nowhere"
    return f"{name} comes back changed"


def element_of(difference: ContentDifference) -> str:
    """Give the path of the element that differs, without indexes."""
    return re.sub(r"\[\d+\]", "", difference.path)


def general(sentence: str) -> str:
    """Take out of a sentence what belongs to one request alone: ids, hosts, values, counts. Statuses stay."""
    for pattern, replacement in _PARTICULARS:
        sentence = pattern.sub(replacement, sentence)
    return sentence


def _of_answer(exchange: Exchange, interaction: str, resource: str) -> str:
    """Name what is wrong with an answer as a whole, whichever expectation met it first."""
    if exchange.status >= _BREAKDOWN:
        what = f"{interaction} of a {resource}" if resource else interaction or exchange.method
        return f"{what} is answered {exchange.status}"
    if interaction not in _GIVES_WHAT_IS_NAMED or exchange.status not in _SUCCESS:
        return ""
    given = exchange.resource
    if given is None:
        return f"{interaction} of a {resource} is answered without a resource"
    if given.get("resourceType") != resource:
        return f"{interaction} of a {resource} is answered with a {given.get('resourceType')}"
    return ""


def _interaction(exchange: Exchange) -> tuple[str, str]:
    """Give FHIR's name of the interaction, and the type that it is about; empty where it is about none."""
    name = exchange.interaction.replace("_", "-")
    steps = [each for each in urlsplit(str(exchange.url)).path.split("/") if each and each != "_search"]
    if "_history" in steps:
        steps = steps[: steps.index("_history")]
    kind = steps[-1] if steps and _TYPE.fullmatch(steps[-1]) else ""
    above = steps[-2] if len(steps) > 1 and _TYPE.fullmatch(steps[-2]) else ""
    if name in _OF_ONE:
        return name, above or kind
    if name in {"search", "page"}:
        return ("search-type", kind) if kind else ("search-system", "")
    if name == "history":
        if kind:
            return "history-type", kind
        return ("history-instance", above) if above else ("history-system", "")
    return name, kind


def asked_parameters(exchange: Exchange) -> tuple[str, ...]:
    """The search parameters of a request, without what keeps it to the run where there are others."""
    names = dict.fromkeys(name.partition(":")[0].partition(".")[0] for name, _ in _query(exchange))
    own = [name for name in names if name not in _SCOPE]
    return tuple(own or names)


def _query(exchange: Exchange) -> list[tuple[str, str]]:
    query = urlsplit(str(exchange.url)).query
    if not query and exchange.interaction == "search":
        query = exchange.request_body.decode("utf-8", "replace")
    return parse_qsl(query, keep_blank_values=True)


def _formats(exchange: Exchange) -> tuple[str, ...]:
    text = " ".join(exchange.request_headers.get(name, "") for name in ("Accept", "Content-Type"))
    return tuple(form for form in ("json", "xml") if f"fhir+{form}" in text)


def _names_only(query: str) -> str:
    names = dict.fromkeys(part.partition("=")[0] for part in query[1:].split("&"))
    own = [name for name in names if name not in _SCOPE]
    return "?" + "&".join(own or names)
