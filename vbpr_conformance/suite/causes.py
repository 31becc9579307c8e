"""Groups failures by their cause, and says which requirements a cause breaks and which it only hides.

One defect of a server can make a hundred cases fail. A requirement is broken by a check about it; what a case could not
look at because something else was wrong is not verified because of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vbpr_conformance.ig.model import Requirement
from vbpr_conformance.suite.failed_check import general
from vbpr_conformance.suite.verdicts import CaseKey, CaseResult, FailedCheck, Verdict

_CONTENT = frozenset({"same_as", "shows", "returns"})
_VALIDITY = frozenset({"valid", "conforms_to", "every_valid"})
_ALIKE = 5
"""So many search parameters that fail alike have one cause."""
_SEVERAL = 3
"""So many cases about a search parameter that all fail have one cause."""
_EXACTLY = 3
_CONDITIONAL = "conditional-"
CLAIM = "MAY"
"""The expectation of what the guide leaves to the server, and a server that fails it claims."""


@dataclass(frozen=True)
class Cause:
    """What went wrong once and shows in one or many cases.

    `cases` are those that show it, the plainest first; `breaks` the requirements that it breaks, `hides` those that
    could not be verified because of it. `strength` is SHALL, SHOULD, or MAY for a claim that is not kept; `known` the
    reason why it counts no more.
    """

    sentence: str
    verdict: Verdict
    strength: str
    cases: tuple[CaseKey, ...]
    breaks: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    known: str = ""

    @property
    def id(self) -> str:
        """A name for files and links, made of the sentence."""
        return re.sub(r"[^a-z0-9]+", "-", self.sentence.lower()).strip("-")[:60].strip("-") or "cause"


def causes(results: Iterable[CaseResult], requirements: Mapping[str, Requirement]) -> tuple[Cause, ...]:
    """Give the causes of all failures, misses and errors: what names no requirement first, then SHALL before SHOULD."""
    groups: dict[tuple[object, ...], list[CaseResult]] = {}
    passed: set[str] = set()
    for result in results:
        if result.verdict is Verdict.PASS:
            passed.update(result.requirements)
        if result.verdict in {Verdict.FAIL, Verdict.WARN, Verdict.ERROR}:
            groups.setdefault(signature(result), []).append(result)
    together = _with_what_follows(_merged(groups.values()), passed, requirements)
    found = [_cause(group, requirements) for group in together]
    return tuple(_renamed(sorted(found, key=_rank)))


def aboutness(check: FailedCheck | None, requirement: Requirement) -> int:
    """How much a failed check is about a requirement: 3 exactly, 2 its interaction, 1 in general, 0 not."""
    if check is None:
        return 0
    about = requirement.about
    if "resource" in about and check.resource and about["resource"] != check.resource:
        return 0
    if "element" in about:
        return 3 if _is_element(check.element, about["element"]) else 0
    for key, judge in _JUDGES.items():
        if key in about:
            return judge(about[key], check)
    return 1


def _interaction(value: str, check: FailedCheck) -> int:
    plain = check.interaction.removeprefix(_CONDITIONAL)
    if check.interaction == value:
        return 2
    return 1 if plain == value else 0


def _search(value: str, check: FailedCheck) -> int:
    return 3 if check.interaction.startswith("search") and value in check.parameters else 0


def _include(value: str, check: FailedCheck) -> int:  # noqa: ARG001  all judges are called alike
    return 3 if "_include" in check.parameters else 0


def _conditional(value: str, check: FailedCheck) -> int:
    if check.interaction != f"{_CONDITIONAL}{value}":
        return 0
    return 2 if check.matcher in _CONTENT else 3  # what it keeps is as much about any other write


def _format(value: str, check: FailedCheck) -> int:
    return 1 if value in check.formats else 0


def _profile(value: str, check: FailedCheck) -> int:  # noqa: ARG001
    return 2 if check.matcher in _VALIDITY else 0


_JUDGES = {
    "interaction": _interaction,
    "search": _search,
    "include": _include,
    "conditional": _conditional,
    "format": _format,
    "profile": _profile,
}


def _is_element(path: str, element_id: str) -> bool:
    """Whether what differed is the element itself; a slice has the path of what it slices."""
    plain = ".".join(step.partition(":")[0] for step in element_id.split("."))
    inside = plain.partition(".")[2]  # a path may begin with the type of the resource or below it
    for each in (plain, inside):
        if path == each or (each.endswith("[x]") and path.startswith(each.removesuffix("[x]"))):
            return bool(path)
    return False


def signature(result: CaseResult) -> tuple[object, ...]:
    """Give what failures of one cause have in common."""
    check = result.check
    if check is None:
        return (result.verdict, result.deviation, result.message)
    where = () if check.matcher in _CONTENT else (check.interaction, check.resource, check.status)
    return (result.verdict, result.deviation, check.cause, *where)


def _merged(groups: Iterable[list[CaseResult]]) -> list[list[CaseResult]]:
    """Put together what one defect has made fail in several ways.

    What fails alike for many search parameters: then it is searching, not the parameters. What fails alike for several
    types, and what a SHALL and a SHOULD tell of the same thing.
    """
    found = list(groups)
    for alike, least in ((_without_parameters, _ALIKE), (_without_type, 2), (_without_verdict, 2)):
        together: dict[tuple[object, ...], list[list[CaseResult]]] = {}
        for group in found:
            together.setdefault(alike(group), []).append(group)
        found = []
        for each in together.values():
            if len(each) >= least:
                found.append(sorted((result for group in each for result in group), key=_fail_first))
            else:
                found += each
    return found


def _fail_first(result: CaseResult) -> bool:
    return result.verdict is not Verdict.FAIL


def _without_parameters(group: list[CaseResult]) -> tuple[object, ...]:
    verdict, deviation, cause, *where = signature(group[0])
    return (verdict, deviation, re.sub(r"\?[^\s]*", "?…", str(cause)), *where)


def _without_type(group: list[CaseResult]) -> tuple[object, ...]:
    """Give what failures have in common whatever the type; those of searches are about a parameter of a type."""
    check, shared = group[0].check, signature(group[0])
    if check is None or not check.resource or check.interaction.startswith("search"):
        return shared
    text = re.sub(rf"\b{re.escape(check.resource)}\b", "…", check.cause)
    return (group[0].verdict, group[0].deviation, text, check.interaction, check.status)


def _without_verdict(group: list[CaseResult]) -> tuple[object, ...]:
    verdict, *shared = _without_type(group)
    return ("", *shared) if verdict in {Verdict.FAIL, Verdict.WARN} and group[0].check else (verdict, *shared)


def _with_what_follows(
    groups: list[list[CaseResult]], passed: set[str], requirements: Mapping[str, Requirement]
) -> list[list[CaseResult]]:
    """Put with a search parameter that does not work what fails in other searches that use it.

    What else is wrong with those others can be told when it is mended.
    """
    broken = _not_working(groups, passed, requirements)
    kept = []
    for group in groups:
        first = group[0]
        uses = [(first.check.resource, name) for name in first.check.parameters] if first.check else []
        into = next((broken[each] for each in uses if each in broken), None)
        others = [
            requirements[name] for name in _about(group, requirements) if "search" not in requirements[name].about
        ]
        if into is None or into is group or first.deviation or others or not _is_search(group):
            kept.append(group)
        else:
            into += group
    return kept


def _not_working(
    groups: list[list[CaseResult]], passed: set[str], requirements: Mapping[str, Requirement]
) -> dict[tuple[str, str], list[CaseResult]]:
    """Give the search parameters that do not work, each with the most that shows it.

    One does not work where many searches by it fail alike, or where several fail and none passes.
    """
    own: dict[str, list[list[CaseResult]]] = {}
    for group in groups:
        names = _about(group, requirements)
        if len(names) == 1 and group[0].verdict is Verdict.FAIL and not group[0].deviation:
            own.setdefault(names[0], []).append(group)
    broken = {}
    for name, lot in own.items():
        about, most = requirements[name].about, max(lot, key=len)
        none_passes = name not in passed and sum(map(len, lot)) >= _SEVERAL
        if "search" in about and (len(most) >= _ALIKE or none_passes):
            broken[about["resource"], about["search"]] = most
    return broken


def _is_search(group: list[CaseResult]) -> bool:
    return all(each.check and each.check.interaction.startswith("search") for each in group)


def _about(group: list[CaseResult], requirements: Mapping[str, Requirement]) -> list[str]:
    """Name the requirements that the failures of a group are exactly about."""
    names = dict.fromkeys(
        name
        for result in group
        for name in result.requirements
        if name in requirements and aboutness(result.check, requirements[name]) == _EXACTLY
    )
    return list(names)


def _cause(group: list[CaseResult], requirements: Mapping[str, Requirement]) -> Cause:
    scored = [
        (aboutness(result.check, requirements[name]), name, result)
        for result in group
        for name in result.requirements
        if name in requirements
    ]
    most = max((score for score, *_ in scored), default=0)
    breaks = dict.fromkeys(name for score, name, _ in scored if score == most)
    hides = dict.fromkeys(name for _, name, _ in scored if name not in breaks)
    shows = (result for score, _, result in scored if score == most)
    plainest = min(shows, key=lambda result: (len(general(result.message)), result.requests), default=group[0])
    if group[0].verdict is Verdict.ERROR:  # says nothing about any requirement
        breaks, hides = {}, {**breaks, **hides}
    return Cause(
        sentence=_sentence(plainest, group),
        verdict=group[0].verdict,
        strength=_strength(group, [requirements[name] for name in breaks]),
        cases=tuple(result.key for result in [plainest, *(each for each in group if each is not plainest)]),
        breaks=tuple(breaks),
        hides=tuple(hides),
        known=group[0].deviation,
    )


def _sentence(plainest: CaseResult, group: list[CaseResult]) -> str:
    first = plainest.message.partition("\n")[0]
    if len({result.message for result in group}) == 1 or plainest.check is None:
        return first
    general = plainest.check.cause
    kinds = {each.check.resource for each in group if each.check}
    if len(kinds) > 1 and plainest.check.resource and plainest.check.resource in general:
        return f"{general} (the same with other types)"
    return first if general in {first, ""} or "…" in general else general


def _strength(group: Sequence[CaseResult], broken: Sequence[Requirement]) -> str:
    if group[0].verdict is Verdict.WARN:
        return "SHOULD"
    found = {each.expectation for each in broken} or {result.expectation for result in group}
    return next((each for each in ("SHALL", "SHOULD") if each in found), CLAIM)


def _rank(cause: Cause) -> tuple[object, ...]:
    names_none = not cause.breaks and not cause.hides
    verdict = (Verdict.FAIL, Verdict.ERROR, Verdict.WARN).index(cause.verdict)
    return (
        bool(cause.known),
        verdict,
        not names_none,
        ("SHALL", "MAY", "SHOULD").index(cause.strength),
        -len(cause.cases),
    )


def _renamed(found: Iterable[Cause]) -> Iterable[Cause]:
    """Keep ids apart where two causes have the same sentence: the case that shows it first belongs to it."""
    seen: set[str] = set()
    for cause in found:
        if cause.id in seen:
            yield Cause(**{**vars(cause), "sentence": f"{cause.sentence} ({cause.cases[0].id})"})
        else:
            yield cause
        seen.add(cause.id)
