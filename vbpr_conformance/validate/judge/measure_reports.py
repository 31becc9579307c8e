"""A report against its Measure, and the criteria of a Measure.

https://hl7.org/fhir/R4/measurereport.html, https://hl7.org/fhir/R4/measure.html#scoring. What is compared is what
HL7's own validator compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from vbpr_conformance.fhir.measure_scoring import NOT_REPORTED, REQUIRED_POPULATIONS, SCORING_SYSTEM
from vbpr_conformance.validate.issue import Drafts, IssueDraft, Severity, below, shown
from vbpr_conformance.validate.judge.listed_objects import objects
from vbpr_conformance.validate.judge.scope import Scope

_BASE = "http://hl7.org/fhir/StructureDefinition/"


class _Pair(NamedTuple):
    """An item of the report, where it stands, and its counterpart in the Measure."""

    step: str
    reported: dict[str, Any]
    defined: dict[str, Any]


def issues(report: dict[str, Any], scope: Scope) -> Drafts:
    """Judge a MeasureReport by the Measure it names, where that is at hand."""
    canonical = report.get("measure")
    if type(canonical) is not str:
        return []
    target = scope.canonical(canonical)
    if target is None or target.resource.get("resourceType") != "Measure":
        return []
    measure = target.resource
    found: Drafts = []
    if not objects(measure, "group"):
        return found
    if report.get("type") == "data-collection" and "group" not in report:
        return found  # it collects what is measured, and has no groups by mrp-1
    for pair in _pairs("group", report, measure, "MeasureReport.group", found):
        found += below(_group(pair, report, measure, scope), pair.step)
    return found


def measure_issues(measure: dict[str, Any]) -> Drafts:
    """Judge what a Measure says by itself: criteria in CQL need a library, no group or population is defined twice."""
    found: Drafts = []
    if not measure.get("library"):
        for step, criteria in _criteria(measure, ""):
            language = criteria.get("language")
            if language == "text/cql":
                message = f"Criteria in {language} found, but the Measure names no library."
                found += below(_tell("Measure.library", message, profile="Measure"), step)
    return found


def _criteria(value: dict[str, Any], step: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in ("group", "population", "stratifier", "component", "supplementalData"):
        for index, each in enumerate(objects(value, name)):
            at = f"{step}.{name}[{index}]"
            if type(each.get("criteria")) is dict:
                yield f"{at}.criteria", each["criteria"]
            yield from _criteria(each, at)


def _group(pair: _Pair, report: dict[str, Any], measure: dict[str, Any], scope: Scope) -> Drafts:
    scoring = _scoring(pair.defined) or _scoring(measure)
    found: Drafts = []
    found += _score(pair.reported, scoring, report.get("type"), "MeasureReport.group.measureScore")
    element = "MeasureReport.group.population"
    for one in _pairs("population", pair.reported, pair.defined, element, found):
        found += below(_population(one.reported, report, scope, element), one.step)
    found += _required(pair, scoring)
    for one in _pairs("stratifier", pair.reported, pair.defined, "MeasureReport.group.stratifier", found):
        found += below(_stratifier(one, pair.defined, scoring, report, scope), one.step)
    return found


def _required(pair: _Pair, scoring: str | None) -> Drafts:
    """Say which populations the scoring is made of that neither the report nor the Measure has."""
    there = {code for each in objects(pair.reported, "population") for _, code in _codes(each)}
    there |= {code for each in objects(pair.defined, "population") for _, code in _codes(each)}
    lacking = [code for code in REQUIRED_POPULATIONS.get(scoring or "", ()) if code not in there]
    if not lacking or not there:
        return []
    message = f"{', '.join(lacking)} missing: the scoring {scoring} is made of them, yet the Measure lacks them too."
    return _tell("MeasureReport.group.population", message, severity="warning")


def _stratifier(
    pair: _Pair, group: dict[str, Any], scoring: str | None, report: dict[str, Any], scope: Scope
) -> Drafts:
    found: Drafts = []
    element = "MeasureReport.group.stratifier.stratum"
    components = objects(pair.defined, "component")
    for index, stratum in enumerate(objects(pair.reported, "stratum")):
        inside: Drafts = []
        if components:
            _pairs("component", stratum, pair.defined, f"{element}.component", inside)
        if "measureScore" in stratum:
            inside += _score(stratum, scoring, report.get("type"), f"{element}.measureScore")
        if objects(stratum, "population"):
            told: Drafts = []
            pairs = _pairs("population", stratum, group, f"{element}.population", told, complete=False)
            for each in told:  # HL7's validator says nothing of populations that the strata alone have
                each.severity = "warning"
            inside += told
            for one in pairs:
                inside += below(_population(one.reported, report, scope, f"{element}.population"), one.step)
        found += below(inside, f".stratum[{index}]")
    return found


def _population(population: dict[str, Any], report: dict[str, Any], scope: Scope, element: str) -> Drafts:
    """Compare the count with the list of subjects."""
    subjects = population.get("subjectResults")
    count = population.get("count")
    if subjects is None:
        if report.get("type") == "subject-list" and count != 0:
            return _tell(f"{element}.subjectResults", "subjectResults is missing in a report of type subject-list.")
        return []
    if report.get("type") != "subject-list":
        message = "subjectResults found, which only a report of type subject-list has."
        return below(_tell(f"{element}.subjectResults", message), ".subjectResults")
    reference = subjects.get("reference") if type(subjects) is dict else None
    target = scope.resolve(reference) if type(reference) is str else None
    if target is None or target.resource.get("resourceType") != "List" or type(count) is not int:
        return []
    listed = len(objects(target.resource, "entry"))
    if listed == count:
        return []
    return below(_tell(f"{element}.count", f"{count} found, but the list of subjects has {listed}."), ".count")


def _score(owner: dict[str, Any], scoring: str | None, kind: Any, element: str) -> Drafts:
    """Judge whether there is a score, and of the kind that the scoring asks for."""
    score = owner.get("measureScore")
    if kind == "data-collection" or scoring == "cohort":
        reason = "a report of type data-collection" if kind == "data-collection" else "the scoring cohort"
        return below(_tell(element, f"measureScore found, but {reason} has none."), ".measureScore") if score else []
    if scoring not in REQUIRED_POPULATIONS:
        return []
    if type(score) is not dict:
        return _tell(element, f"measureScore is missing: the scoring {scoring} gives one.") if score is None else []
    value = score.get("value")
    if value is None:
        if "extension" in score or "_value" in score:
            return []
        return below(_tell(element, f"value is missing: the scoring {scoring} gives a number."), ".measureScore")
    if scoring == "proportion" and isinstance(value, int | Decimal):
        return below(_proportion(score, value, element), ".measureScore")
    return []


def _proportion(score: dict[str, Any], value: int | Decimal, element: str) -> Drafts:
    found: Drafts = []
    if not 0 <= value <= 1:
        found += below(_tell(element, f"{value} found, but a proportion lies between 0 and 1."), ".value")
    unit = score.get("code") or score.get("unit")
    if unit is not None and unit != "1":
        found += below(_tell(element, f"The unit {shown(unit)} found, but a proportion has none."), ".unit")
    return found


def _pairs(  # noqa: PLR0913 - two lists, how to speak of them, and where to say it
    name: str,
    report: dict[str, Any],
    measure: dict[str, Any],
    element: str,
    found: Drafts,
    *,
    complete: bool = True,
) -> list[_Pair]:
    """Find the counterpart of each item by code or id; say what has none, and what comes twice."""
    defined = objects(measure, name)
    reported = objects(report, name)
    pairs: list[_Pair] = []
    met: set[int] = set()
    for index, each in enumerate(reported):
        step = f".{name}[{index}]"
        position = _counterpart(each, defined, alone=len(reported) == 1, is_group=name == "group")
        if position is None:
            message = f"{name} {_named(each)} found, which the Measure does not define."
            found += below(_tell(element, message), step)
        elif position in met:
            found += below(_tell(element, f"{name} {_named(each)} found again; each is reported once."), step)
        else:
            met.add(position)
            pairs.append(_Pair(step, each, defined[position]))
    for position, each in enumerate(defined):
        if complete and position not in met and NOT_REPORTED not in {code for _, code in _codes(each)}:
            found += _tell(element, f"{name} {_named(each)} of the Measure is missing.")
    return pairs


def _counterpart(item: dict[str, Any], defined: list[dict[str, Any]], *, alone: bool, is_group: bool) -> int | None:
    codes, name = set(_codes(item)), item.get("id")
    for index, each in enumerate(defined):
        if codes and codes.intersection(_codes(each)):
            return index
    for index, each in enumerate(defined):
        if name is not None and each.get("id") == name and not (codes and set(_codes(each))):
            return index
    nothing_to_tell_by = is_group and not codes and name is None
    if alone and len(defined) == 1 and (nothing_to_tell_by or not (set(_codes(defined[0])) or defined[0].get("id"))):
        return 0
    return None


def _codes(item: dict[str, Any]) -> Iterator[tuple[str | None, str]]:
    """The codes of an item; of a concept without codes, its text."""
    code = item.get("code")
    for concept in code if type(code) is list else [code]:
        if type(concept) is not dict:
            continue
        codings = [each for each in objects(concept, "coding") if type(each.get("code")) is str]
        for each in codings:
            yield each.get("system"), each["code"]
        if not codings and type(concept.get("text")) is str:
            yield "", concept["text"]


def _named(item: dict[str, Any]) -> str:
    code = next((code for _, code in _codes(item)), None)
    return shown(code if code is not None else item.get("id", "without code"))


def _scoring(owner: dict[str, Any]) -> str | None:
    """The scoring of a Measure, or of a group where an extension gives it one of its own."""
    concepts = [owner.get("scoring"), *(each.get("valueCodeableConcept") for each in objects(owner, "extension"))]
    for concept in concepts:
        if type(concept) is dict:
            for each in objects(concept, "coding"):
                if each.get("system") == SCORING_SYSTEM and type(each.get("code")) is str:
                    return str(each["code"])
    return None


def _tell(element: str, message: str, *, severity: Severity = "error", profile: str = "MeasureReport") -> Drafts:
    return [IssueDraft(severity, "business-rule", f"measure:{element}", _BASE + profile, message)]
