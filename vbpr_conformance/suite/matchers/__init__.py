"""The named matchers: what a suite may expect of an answer. Each raises a `Finding` when it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vbpr_conformance.fhir.fhirpath import ExpressionError
from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.findings import Finding
from vbpr_conformance.suite.language import Expect
from vbpr_conformance.suite.matchers import (
    access_refusals,
    bundle_rules,
    claims_hold,
    declares,
    existing,
    http_answer,
    resource,
    search,
    search_results,
    versions,
)
from vbpr_conformance.suite.templating import fill

Matcher = Callable[[Any, Answer, Evidence], None]

MATCHERS: Mapping[str, Matcher] = {
    "status": http_answer.status,
    "when_used": search_results.when_used,
    "header": http_answer.header,
    "without_header": http_answer.without_header,
    "refused_as": http_answer.refused_as,
    "denied": access_refusals.denied,
    "shut": access_refusals.shut,
    "challenge": access_refusals.challenge,
    "hides": access_refusals.hides,
    "shows_none_of": access_refusals.shows_none_of,
    "no_open_credentials": access_refusals.no_open_credentials,
    "versions_agree": versions.versions_agree,
    "version_of": versions.version_of,
    "returns": versions.returns,
    "if_returned": versions.if_returned,
    "operation_outcome": resource.operation_outcome,
    "bundle": bundle_rules.bundle,
    "self_link": search_results.self_link,
    "unused": search_results.unused,
    "told": search_results.told,
    "search_answered": search_results.search_answered,
    "valid": resource.valid,
    "conforms_to": resource.conforms_to,
    "fhirpath": resource.fhirpath,
    "same_as": resource.same_as,
    "shows": resource.shows,
    "pages": search.pages,
    "most_per_page": search_results.most_per_page,
    "contains": search.contains,
    "excludes": search.excludes,
    "exactly": search.exactly,
    "every": search.every,
    "every_valid": existing.every_valid,
    "shows_somewhere": existing.shows_somewhere,
    "one_of": search_results.one_of,
    "in_order": search_results.in_order,
    "pages_include": search_results.pages_include,
    "count": search.count,
    "includes": search.includes,
    "same_ids_as": search.same_ids_as,
    "declares": declares.declares,
    "claims_hold": claims_hold.claims_hold,
}
"""In the order in which they are checked: what explains most comes first."""


def check(expect: Expect, answer: Answer, evidence: Evidence) -> list[Finding]:
    """Check all matchers: the first that does not hold raises its `Finding`; what is only a SHOULD is given back."""
    missed = []
    for name, matcher in MATCHERS.items():
        if name in expect.model_fields_set:
            written = getattr(expect, name)
            value = fill(written, evidence.scope())
            try:
                matcher(value, answer, evidence)
            except ExpressionError as error:
                if value == written:
                    resource.valid(True, answer, evidence)  # noqa: FBT003  values of other types are the target's
                    raise
                text = f"an earlier answer gives what no expression can hold: {error}"
                raise Finding(text, (), [answer.exchange]) from error
            except Finding as finding:
                finding.matcher = name
                if name == "status" and expect.because:
                    finding.sentence = f"{finding.sentence}: {expect.because}"
                if not finding.should:
                    raise
                missed.append(finding)
    return missed
