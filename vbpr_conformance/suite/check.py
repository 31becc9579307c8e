"""Checks the names in a suite against the edition: a mistake is found when the suite is read, not when it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vbpr_conformance.errors import UsageError, VbprError
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.suite.language import CaseSpec, Expect, Step
from vbpr_conformance.suite.suite_file import Location, Suite, did_you_mean
from vbpr_conformance.suite.templating import names_in

_ALWAYS = frozenset({"run", "targets", "server", "unique", "existing", "login"})
_NAMED = ("contains", "excludes", "includes", "in_order", "one_of", "pages_include")

Mistake = tuple[Location, str, str]


def check_suite(suite: Suite, edition: Edition) -> None:
    """Raise one `UsageError` with a line for each name that nothing has."""
    mistakes = list(_mistakes(suite, edition))
    if mistakes:
        lines = sorted({(suite.line(*at), str(suite.wrong(at, what, expected))) for at, what, expected in mistakes})
        raise UsageError("\n".join(text for _, text in lines))


def _mistakes(suite: Suite, edition: Edition) -> Iterator[Mistake]:
    for name, seed in suite.spec.population.items():
        yield from _profile(("population", name, "profile"), seed.profile, edition)
    for index, case in enumerate(suite.spec.cases):
        at = ("cases", index)
        yield from _requirements(at, case, suite.spec.actor, edition)
        yield from _family(at, case, edition)
        for kind, seeds in (("seed", case.seed), ("payload", case.payload)):
            for name, seed in seeds.items():
                yield from _profile((*at, kind, name, "profile"), seed.profile, edition)
        yield from _shared_names(at, case, suite)
        yield from _steps(at, case, suite)


def _shared_names(at: Location, case: CaseSpec, suite: Suite) -> Iterator[Mistake]:
    """A case that calls something of its own as all cases call what they share would not find it again."""
    for name in [*case.seed, *case.payload, *(step.as_ for step in case.steps if step.as_)]:
        if name in suite.spec.population:
            yield (*at, "id"), f"{name!r} is the name of what all cases of the suite share", "expected another name"


def _requirements(at: Location, case: CaseSpec, actor: str, edition: Edition) -> Iterator[Mistake]:
    known = [requirement.id for requirement in edition.requirements if requirement.actor == actor]
    for number, requirement in enumerate(case.requirements):
        if "{{" not in requirement and not requirement.endswith("?") and requirement not in known:
            yield (
                (*at, "requirements", number),
                f"no requirement {requirement!r} of the {actor}",
                did_you_mean(requirement, known),
            )


def _family(at: Location, case: CaseSpec, edition: Edition) -> Iterator[Mistake]:
    family = case.for_
    if family is None:
        return
    if family.must_support is not None:
        yield from _profile((*at, "for", "must-support", "profile"), family.must_support.profile, edition)
    if family.search is not None:
        known = [parameter.code for parameter in edition.search_parameters(family.search.type)]
        if not known:
            what = f"no search parameters of {family.search.type!r}"
            yield (*at, "for", "search", "type"), what, "expected a resource type of the edition"
        for code in family.search.param:
            if code != "all" and code not in known:
                what = f"{family.search.type} has no search parameter {code!r}"
                yield (*at, "for", "search", "param"), what, did_you_mean(code, known)
    yield from _rows(at, family.rows or [])


def _rows(at: Location, rows: Sequence[Mapping[str, str]]) -> Iterator[Mistake]:
    for number, row in enumerate(rows):
        here = (*at, "for", "rows", number)
        if "name" not in row:
            yield here, "a row without a name", "expected `name:`, the end of the case's id"
        if any("{{" in value for value in row.values()):
            yield here, "nothing is filled in in a row", "write the {{…}} in the step, beside the {{row.…}}"


def _profile(at: Location, name: str, edition: Edition) -> Iterator[Mistake]:
    if "{{" not in name and edition.find_profile(name) is None:
        yield (
            at,
            f"no profile {name!r} in edition {edition.version}",
            did_you_mean(name, [p.id for p in edition.profiles]),
        )


def _steps(at: Location, case: CaseSpec, suite: Suite) -> Iterator[Mistake]:
    resources = {*suite.spec.population, *case.seed, *case.payload}
    answers: set[str] = set()
    row = {"row", "query"} if case.for_ is not None else set()
    for number, step in enumerate(case.steps):
        here = (*at, "steps", number)
        known = resources | answers
        yield from _places(here, suite, _ALWAYS | row | known)
        yield from _bodies(here, step, known)
        for kind, expect in (("expect", step.expect), ("should", step.should)):
            if expect is not None:
                yield from _expected((*here, kind), expect, known, answers)
        if step.as_:
            answers.add(step.as_)


def _places(at: Location, suite: Suite, known: set[str] | frozenset[str]) -> Iterator[Mistake]:
    data: Any = suite.data
    for part in at:
        data = data[part]
    for name in sorted(names_in(data) - known):
        yield at, f"{{{{{name}}}}} is the name of nothing here", did_you_mean(name, known)


def _bodies(at: Location, step: Step, known: set[str]) -> Iterator[Mistake]:
    verb = getattr(step, step.verb)
    entries = [entry.body for entry in getattr(verb, "entries", []) if entry.body]
    for body in [verb, *entries]:
        name = getattr(body, "body", None) or getattr(body, "held", None)
        if name is not None and name not in known:
            yield at, f"no payload or seed {name!r}", did_you_mean(name, known)


def _expected(at: Location, expect: Expect, known: set[str], answers: set[str]) -> Iterator[Mistake]:
    for matcher in _NAMED:
        for name in getattr(expect, matcher):
            if "{{" not in name and name not in known:
                yield (*at, matcher), f"no seed {name!r}", did_you_mean(name, known)
    if expect.same_as is not None and expect.same_as not in known:
        yield (*at, "same-as"), f"no payload or seed {expect.same_as!r}", did_you_mean(expect.same_as, known)
    if expect.returns is not None and expect.returns not in known:
        yield (*at, "returns"), f"no payload or seed {expect.returns!r}", did_you_mean(expect.returns, known)
    if expect.same_ids_as is not None and expect.same_ids_as not in answers:
        yield (
            (*at, "same-ids-as"),
            f"no answer {expect.same_ids_as!r} (`as:`)",
            did_you_mean(expect.same_ids_as, answers),
        )
    for matcher in ("fhirpath", "every"):
        text = getattr(expect, matcher)
        for expression in [text] if isinstance(text, str) else text or ():
            yield from _expression((*at, matcher), expression)


def _expression(at: Location, expression: str) -> Iterator[Mistake]:
    from vbpr_conformance.fhir import fhirpath  # noqa: PLC0415  a suite without FHIRPath needs none

    if "{{" in expression:
        return
    try:
        fhirpath.compile(expression)
    except (fhirpath.ExpressionError, VbprError) as error:
        yield at, str(error), "expected FHIRPath"
