"""The rows of a family: what a case is expanded over, derived from the edition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Requirement
from vbpr_conformance.suite.language import Family, MustSupportRows, RequirementRows, SearchRows
from vbpr_conformance.suite.must_support import variants
from vbpr_conformance.suite.search_forms import forms

SYSTEM = "none"
"""The `resource` of rows for requirements that are about no resource type."""


@dataclass(frozen=True)
class Row:
    """One row: the end of its case's id, the values for `{{row.…}}`, and the requirements it tests by itself."""

    name: str
    values: Mapping[str, str]
    requirements: tuple[str, ...] = ()
    expectation: str = ""


@dataclass(frozen=True)
class NotExpanded:
    """Something of the edition that a family leaves out, with the reason."""

    case: str
    what: str
    reason: str


def rows_of(family: Family, edition: Edition, case_id: str, actor: str) -> Iterator[Row | NotExpanded]:
    """Give the rows of a family in a fixed order; requirements count that are of the actor."""
    asked = [each for each in edition.requirements if each.actor == actor]
    if family.search is not None:
        yield from _search_rows(family.search, edition, case_id, asked)
    elif family.must_support is not None:
        yield from _must_support_rows(family.must_support, edition, case_id, asked)
    elif family.requirements is not None:
        yield from _requirement_rows(family.requirements, case_id, asked)
    else:
        for row in family.rows or ():
            yield Row(row["name"], row)


def _search_rows(
    family: SearchRows, edition: Edition, case_id: str, asked: Sequence[Requirement]
) -> Iterator[Row | NotExpanded]:
    known = {parameter.code: parameter for parameter in edition.search_parameters(family.type)}
    asked_for = {
        requirement.about["search"]: requirement
        for requirement in asked
        if requirement.about.get("resource") == family.type and "search" in requirement.about
    }
    chosen = list(asked_for) if family.param == ["all"] else family.param
    for code in chosen:
        requirement = asked_for.get(code)
        parameter = known.get(code)
        reason = _why_not(code, requirement)
        if reason is None and parameter is not None and not forms(parameter, family.type, edition):
            reason = f"there is no rule here for search parameters of type {parameter.type}"
        if reason is not None or parameter is None:
            yield NotExpanded(case_id, f"{family.type}?{code}", reason or "the edition does not define it")
            continue
        known_forms = forms(parameter, family.type, edition)
        for form in known_forms if family.forms == "all" else known_forms[:1]:
            values = {
                "type": family.type,
                "param": code,
                "form": form.name,
                "query": code + form.modifier,
                "answered": form.answered,
            }
            name = code if family.forms == "simplest" else f"{code}.{form.name}"
            if "row.param" in case_id:
                name = "" if family.forms == "simplest" else form.name
            yield Row(name, values, (requirement.id,) if requirement else (), form.expectation)


def _why_not(code: str, requirement: Requirement | None) -> str | None:
    if requirement is not None:
        return requirement.not_tested or None
    return f"the guide asks for no search by {code}"


def _must_support_rows(
    family: MustSupportRows, edition: Edition, case_id: str, asked: Sequence[Requirement]
) -> Iterator[Row | NotExpanded]:
    profile = edition.profile(family.profile)
    by_element = {
        requirement.about["element"]: requirement
        for requirement in asked
        if requirement.about.get("profile") == profile.id and "element" in requirement.about
    }
    seen: set[str] = set()
    for variant in variants(profile, edition):
        if family.forms == "simplest" and variant.element_id in seen:
            continue
        seen.add(variant.element_id)
        requirement = by_element.get(variant.element_id)
        if requirement is not None and requirement.not_tested:
            yield NotExpanded(case_id, f"{profile.id} {variant.name}", requirement.not_tested)
            continue
        yield Row(
            variant.name,
            {"element": variant.element_id, "path": variant.path, "profile": profile.id, "type": profile.type},
            (requirement.id,) if requirement else (),
        )


def _requirement_rows(
    family: RequirementRows, case_id: str, asked: Sequence[Requirement]
) -> Iterator[Row | NotExpanded]:
    for requirement in asked:
        about = requirement.about
        if not any(key in about for key in family.about):
            continue
        if family.resource is not None and about.get("resource", SYSTEM) != family.resource:
            continue
        reason = requirement.not_tested
        if requirement.expectation == "MAY":
            reason = "the guide leaves it to the server"
        if reason:
            yield NotExpanded(case_id, requirement.id, reason)
            continue
        yield Row(requirement.id, {**about, "requirement": requirement.id}, (), requirement.expectation)
