"""Trouble as OperationOutcome: what went wrong, with the HTTP status that says so.

https://hl7.org/fhir/R4/operationoutcome.html, https://hl7.org/fhir/R4/http.html#Status-Codes
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

CODES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    408: "timeout",
    409: "conflict",
    410: "deleted",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    500: "exception",
    501: "not-supported",
}
"""The issue code that fits each status where nothing more exact is known."""


class ProblemError(Exception):
    """A request that is refused: raised anywhere below, answered as OperationOutcome."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        issues: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.issues: list[dict[str, Any]] = [dict(each) for each in issues] or [issue(code or CODES[status], message)]

    @property
    def resource(self) -> dict[str, Any]:
        """The OperationOutcome that answers the request."""
        return outcome(self.issues)


def outcome(issues: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Wrap issues in an OperationOutcome."""
    return {"resourceType": "OperationOutcome", "issue": [dict(each) for each in issues]}


def issue(code: str, text: str, *, severity: str = "error") -> dict[str, Any]:
    """Make one issue."""
    return {"severity": severity, "code": code, "diagnostics": text}


def all_well(text: str) -> dict[str, Any]:
    """Say that all went well."""
    return outcome([issue("informational", text, severity="information")])
