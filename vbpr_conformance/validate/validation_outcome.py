"""Issues as FHIR says them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vbpr_conformance.validate.issue import Issue


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """Say the issues as an OperationOutcome (https://hl7.org/fhir/R4/operationoutcome.html)."""
    given = [
        {
            "severity": issue.severity,
            "code": issue.code,
            "details": {"text": issue.message},
            "diagnostics": f"{issue.rule} of {issue.profile}" if issue.profile else issue.rule,
            "expression": [issue.expression],
        }
        for issue in issues
    ]
    valid = {"severity": "information", "code": "informational", "details": {"text": "No issue was found."}}
    return {"resourceType": "OperationOutcome", "issue": given or [valid]}
