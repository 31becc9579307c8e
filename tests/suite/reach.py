"""What a case uses of a server: a fault elsewhere must leave it alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vbpr_conformance.reference.faults import Fault
from vbpr_conformance.suite.expand import Case
from vbpr_conformance.suite.language import Step

_CONDITIONAL = {"conditional-create", "conditional-update", "conditional-delete"}
_SEARCHING = {"search", *_CONDITIONAL}
_NO_PARAMETER = {"type", "via", "scope", "first-pages", "headers", "format"}


def reach(case: Case) -> set[str]:
    """Name what a case uses: interactions, search parameters, formats, refusals, profiles."""
    seeds = [*case.spec.seed.values(), *case.suite.spec.population.values()]
    made = [*seeds, *case.spec.payload.values()]
    used = {
        "json",
        *(f"profile {each.profile}".replace("{{row.profile}}", case.row.get("profile", "")) for each in made),
    }
    used |= {"create", "delete"} if seeds else set()
    used |= {"references"} if made else set()
    used |= {f"search {case.row['param']}"} if "param" in case.row else set()
    if isinstance(query := case.row.get("query"), str):
        used |= {f"search {query.partition(':')[0]}"}
    for step in case.spec.steps:
        used |= set(_of_step(step))
    return used | {"xml"} if case.row.get("format") == "xml" else used


def breaks(fault: Fault) -> str:
    """Name what a fault breaks, as `reach` names what a case uses."""
    about = fault.breaks
    for key, name in (("profile", "profile {}"), ("search", "search {}"), ("conditional", "conditional-{}")):
        if key in about:
            return name.format(about[key])
    found = about.get("interaction") or about.get("topic") or about.get("format") or "include"
    return found.partition("-")[0] if found.startswith(("search-", "history-")) else found


def _of_step(step: Step) -> Iterator[str]:
    verb = step.verb.replace("_", "-")
    asked = getattr(step, step.verb).model_dump(by_alias=True, exclude_none=True)
    yield verb
    if "body" in asked:  # whatever takes a resource may create it
        yield "create"
    if asked.get("format") == "xml" or "_format" in asked:
        yield "xml"
    if any(_refused(each.status or ()) for each in (step.expect, step.should) if each):
        yield "errors"
    if verb in _CONDITIONAL:
        yield from _CONDITIONAL  # how a condition is carried out is one for all
    if verb in _SEARCHING:
        yield "search"
        yield from _parameters(asked)
    for entry in asked.get("entries", ()):
        yield from ("errors", "batch", "transaction")  # what an entry says is done alike in both
        yield from entry
        if any("body" in each for each in entry.values() if isinstance(each, dict)):
            yield "create"


def _parameters(asked: Mapping[str, Any]) -> Iterator[str]:
    names = set(asked.get("where", asked)) - _NO_PARAMETER
    yield from (f"search {name}" for name in names)
    yield from ("include" for name in names if name == "_include")
    if asked.get("scope") == "run":
        yield "search identifier"


def _refused(statuses: Any) -> bool:
    return not all(str(each).startswith("2") for each in statuses)
