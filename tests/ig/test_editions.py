"""Both editions hold what they refer to, and ask for what the guide asks."""

from __future__ import annotations

import re

import pytest

from vbpr_conformance.ig.folders import editions_folder


@pytest.fixture(params=["1.1.0", "1.0.0"])
def any_edition(request, edition, edition_1_0_0):
    """Each edition in turn."""
    return edition if request.param == "1.1.0" else edition_1_0_0


def test_every_profile_and_extension_that_is_named_is_held(any_edition):
    """Whatever a profile refers to is known here, or listed as not held."""
    missing = {
        canonical.partition("|")[0]
        for held in any_edition.definitions.of_type("StructureDefinition")
        for element in any_edition.profile(held.url).elements
        for kind in element.types
        for canonical in kind.profiles + kind.targets
        if any_edition.find_profile(canonical) is None
        and not re.fullmatch(r"http://hl7.org/fhir/StructureDefinition/[A-Z]\w+", canonical)
    }
    assert missing == {each for each in not_held(any_edition) if "/StructureDefinition/" in each}


def test_every_binding_that_binds_is_held(any_edition):
    """The value set of each required or extensible binding is known here, or listed as not held."""
    missing = {
        element.binding.value_set.partition("|")[0]
        for held in any_edition.definitions.of_type("StructureDefinition")
        for element in any_edition.profile(held.url).elements
        if element.binding
        and element.binding.value_set
        and element.binding.strength in ("required", "extensible")
        and any_edition.value_set(element.binding.value_set) is None
    }
    assert missing == {each for each in not_held(any_edition) if "/StructureDefinition/" not in each}


def not_held(edition):
    """What the headers of the edition's layers and of R4 list as not held."""
    from vbpr_conformance.ig.folders import r4_folder
    from vbpr_conformance.ig.notation import GUIDE_HEADER, read_header

    header = read_header(editions_folder() / edition.version)
    folders = [r4_folder(), *(each for each in header.layers if (each / GUIDE_HEADER).is_file())]
    return {each for folder in folders for each in read_header(folder).not_held}


def test_every_item_of_the_statements_is_a_requirement(any_edition):
    """Interactions, search parameters, conditional interactions, includes and formats are all asked for."""
    for statement in any_edition.statements:
        asked = [dict(each.about) for each in any_edition.requirements if each.actor == statement.actor]
        codes = {each.url: each.code for each in any_edition.search_parameters("MeasureReport")}
        for about, _ in statement.items:
            if not about.keys() & {"interaction", "search", "conditional", "include", "format"}:
                continue
            expected = {key: value for key, value in about.items() if key not in ("type", "definition", "mode")}
            if "search" in about:
                expected["search"] = codes[about["definition"]]
            if "include" in about:
                expected["include"] = "MeasureReport:evaluated-resource"
            assert expected in asked


def test_every_must_support_element_is_a_requirement(any_edition):
    """Both actors are asked for each of those of the guide, servers for those of US Core that it refers to as well."""
    us_core = [any_edition.profile(f"us-core-{each}") for each in ("organization", "practitioner", "practitionerrole")]
    for actor, more in (("server", us_core), ("client", [])):
        asked = {
            (each.about["profile"], each.about["element"])
            for each in any_edition.requirements
            if each.actor == actor and "element" in each.about
        }
        profiles = [*any_edition.profiles, *more]
        assert asked == {(each.id, element.id) for each in profiles for element in each.must_support}


def test_requirements_are_usable(any_edition):
    """Ids can stand in the names of tests, sentences are filled in, and sources are links."""
    for each in any_edition.requirements:
        assert re.fullmatch(r"[A-Za-z0-9.-]+", each.id)
        assert each.expectation in {"SHALL", "SHOULD", "MAY"}
        assert each.actor in {"server", "client"}
        assert each.text.endswith(".")
        assert "{" not in each.text
        assert each.source.startswith("https://")


def test_what_cannot_be_tested_is_explained(any_edition):
    """A must-support extension that may not stand where its slice is has a reason, and only such a one has."""
    for each in any_edition.requirements:
        if each.actor == "server" and "element" in each.about:
            assert bool(each.not_tested) == misplaced(any_edition, each.about), each.id


def misplaced(edition, about):
    """Whether the extension that an element is for may not stand there by its own definition."""
    element = edition.profile(about["profile"]).by_id[about["element"]]
    if not element.slice_name or [each.code for each in element.types] != ["Extension"]:
        return False
    (extension,) = (edition.profile(each) for each in element.types[0].profiles)
    owner = element.path.rpartition(".")[0]
    profile = edition.profile(about["profile"])
    above = profile.by_id[about["element"].rpartition(".")[0]]
    resource = {"Resource", "DomainResource", "CanonicalResource"} if above is profile.root else set()
    places = {owner, "Element", *resource, *(each.code for each in above.types)}
    return not any(expression in places for _, expression in extension.contexts)


def test_readings_are_told_apart(any_edition):
    """Each edition has its readings, each with its reason."""
    ids = [each.id for each in any_edition.readings]
    assert len(ids) == len(set(ids)) > 20
    assert all(each.defect and each.reading and each.reason and each.source for each in any_edition.readings)


def test_the_editions_differ_where_the_guide_changed(edition, edition_1_0_0):
    """What changed between the editions is there, each in its own."""
    old, new = edition_1_0_0, edition
    assert old.find_profile("weight") is None
    assert new.find_profile("weight") is not None
    assert _published(old, "measurereport-category")["type"] == "string"
    assert _published(new, "measurereport-category")["type"] == "token"
    category = "http://hl7.org/fhir/ValueSet/measurereport-category"
    assert sorted(code for _, code in old.value_set(category).codes) == ["quality", "ra", "vbp"]
    assert sorted(code for _, code in new.value_set(category).codes) == ["deqm", "ra", "vbp"]


def test_a_search_parameter_is_given_as_it_is_read(edition_1_0_0):
    """What cannot be searched as it is published has the type of its reading; the definition stays as published."""
    found = next(each for each in edition_1_0_0.search_parameters("MeasureReport") if each.code == "category")
    assert (found.type, _published(edition_1_0_0, "measurereport-category")["type"]) == ("token", "string")


def _published(edition, name):
    return edition.definitions.find(f"{edition.own}/SearchParameter/{name}", "SearchParameter").resource
