"""Explains a failed search where the server knows the parameter by the name that the guide gives it by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbpr_conformance.errors import VbprError
from vbpr_conformance.suite.env import Answer
from vbpr_conformance.suite.findings import Finding
from vbpr_conformance.suite.matchers.search import exactly

if TYPE_CHECKING:
    from vbpr_conformance.rest.exchange import Exchange
    from vbpr_conformance.suite.env import Env


def explanation(env: Env) -> tuple[tuple[str, str], ...]:
    """Ask once more by the name in the guide's CapabilityStatement, where it is another than the parameter's code.

    The answer explains a failure and changes no verdict.
    """
    stated = _stated(env)
    if env.query is None or not stated:
        return ()
    code = env.query.parameter.code
    name = stated + env.query.name.removeprefix(code)
    try:
        answer = Answer("search", _asked(env, name, env.query.value))
        env.context.read_pages(answer)
        exactly("what-matches", answer, env)
    except (Finding, VbprError):
        return ()
    said = f"the server answers to {stated}, the name in the guide's CapabilityStatement; the SearchParameter's code is"
    return (("note", f"{said} {code}"),)


def _stated(env: Env) -> str:
    asked = [each for each in env.case.requirements if each.about.get("search") == env.case.row.get("param")]
    return next((each.stated_as for each in asked if each.stated_as), "")


def _asked(env: Env, name: str, value: str) -> Exchange:
    kind = env.case.row["type"]
    return env.context.client.search(kind, [(name, value), *env.context.scope_of(kind)])
