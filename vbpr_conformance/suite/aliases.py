"""Explains a failed search where the server knows the parameter by the name that the guide gives it by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbpr_conformance.errors import VbprError
from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.findings import Finding
from vbpr_conformance.suite.matchers.search import exactly

if TYPE_CHECKING:
    from vbpr_conformance.suite.case_run import CaseRun
    from vbpr_conformance.suite.search_settling import SearchSettling


def explanation(run: CaseRun, settling: SearchSettling) -> tuple[tuple[str, str], ...]:
    """Ask once more by the name in the guide's CapabilityStatement, where it is another than the parameter's code.

    The answer explains a failure and changes no verdict. It says something only where it finds something, and not
    all: a server that answers whatever parameter it does not know with nothing, or with everything, does so by this
    name too.
    """
    stated = _stated(run)
    if run.query is None or not stated:
        return ()
    code, kind = run.query.parameter.code, run.query.type
    name = stated + run.query.name.removeprefix(code)
    try:
        first = run.system.client.search(kind, [(name, run.query.value), *settling.scope_of(kind)])
        answer = Answer("search", first)
        run.system.read_pages(answer)
        exactly("what-matches", answer, run)
    except (Finding, VbprError):
        return ()
    known = {each.reference for each in run.resources.values() if each.type == kind}
    if not answer.matches or known <= answer.match_references:
        return ()
    text = f"the server answers to {stated}, the name in the guide's CapabilityStatement; the SearchParameter's code is"
    return (("note", f"{text} {code}"),)


def _stated(run: CaseRun) -> str:
    asked = [each for each in run.case.requirements if each.about.get("search") == run.row.get("param")]
    return next((each.stated_as for each in asked if each.stated_as), "")
