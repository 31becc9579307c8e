"""Value sets and code systems, decided as far as what is held decides."""

from __future__ import annotations

import pytest

from vbpr_conformance.ig.definitions import Definitions
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.package import read_package

SYSTEM = "http://payer.example/codes"
VALUES = "http://payer.example/values"


def code_system(content="complete", url=SYSTEM):
    def concept(code, *below, **properties):
        listed = [{"code": name, "valueCode": value} for name, value in properties.items()]
        return {"code": code, "display": code.upper(), "concept": list(below), "property": listed}

    concepts = [
        concept("a", concept("a1", concept("a11")), concept("a2")),
        concept("b", kind="x"),
        concept("c", parent="b"),
    ]
    return {"resourceType": "CodeSystem", "url": url, "content": content, "concept": concepts}


def value_set(include, *, exclude=(), url=VALUES, **more):
    compose = {"include": include, "exclude": list(exclude)}
    return {"resourceType": "ValueSet", "url": url, "compose": compose, **more}


def expanded(*resources):
    made = Edition("", Definitions((f"{index}.json", each) for index, each in enumerate(resources))).value_set(VALUES)
    return sorted(code for _, code in made.codes), made


def filtered(name, operator, value):
    return [{"system": SYSTEM, "filter": [{"property": name, "op": operator, "value": value}]}]


@pytest.mark.parametrize(
    ("include", "codes"),
    [
        ([{"system": SYSTEM}], ["a", "a1", "a11", "a2", "b", "c"]),
        ([{"system": SYSTEM, "concept": [{"code": "b"}, {"code": "z"}]}], ["b", "z"]),
        (filtered("concept", "is-a", "a"), ["a", "a1", "a11", "a2"]),
        (filtered("concept", "descendent-of", "a"), ["a1", "a11", "a2"]),
        (filtered("concept", "descendent-of", "b"), ["c"]),
        (filtered("concept", "is-not-a", "a"), ["b", "c"]),
        (filtered("concept", "generalizes", "a11"), ["a", "a1", "a11"]),
        (filtered("kind", "=", "x"), ["b"]),
        (filtered("code", "in", "a, c"), ["a", "c"]),
        (filtered("code", "not-in", "a,c"), ["a1", "a11", "a2", "b"]),
        (filtered("kind", "exists", "true"), ["b"]),
        (filtered("code", "regex", "a.*1"), ["a1", "a11"]),
    ],
)
def test_what_a_compose_includes(include, codes):
    """Whole systems, lists and filters give exactly their codes."""
    found, made = expanded(code_system(), value_set(include))
    assert found == codes
    assert made.complete
    assert made.holds(SYSTEM, "nothing of ours") is False


def test_displays_come_from_the_list_else_from_the_system():
    """A display given in the value set goes before that of the code system."""
    listed = [{"system": SYSTEM, "concept": [{"code": "a"}, {"code": "b", "display": "other"}]}]
    _, made = expanded(code_system(), value_set(listed))
    assert made.codes == {(SYSTEM, "a"): "A", (SYSTEM, "b"): "other"}


def test_value_sets_are_imported_met_and_excluded():
    """An include holds what is in all it names; an exclude takes away."""
    other = value_set([{"system": SYSTEM, "concept": [{"code": each} for each in "abc"]}], url=f"{VALUES}-2")
    third = value_set([{"system": SYSTEM, "concept": [{"code": "c"}]}], url=f"{VALUES}-3")
    met = [{"system": SYSTEM, "filter": [], "valueSet": [f"{VALUES}-2"]}]
    found, _ = expanded(code_system(), other, third, value_set(met, exclude=[{"valueSet": [f"{VALUES}-3"]}]))
    assert found == ["a", "b"]
    found, _ = expanded(code_system(), other, third, value_set([{"valueSet": [f"{VALUES}-2", f"{VALUES}-3"]}]))
    assert found == ["c"]


@pytest.mark.parametrize("content", ["not-present", "fragment", "example"])
def test_a_system_that_is_not_held_whole_leaves_its_codes_undecided(content):
    """Whether a code of such a system is in is not known; a code of another system is not in."""
    found, made = expanded(code_system(content), value_set([{"system": SYSTEM}]))
    assert found == ["a", "a1", "a11", "a2", "b", "c"]
    assert not made.complete
    assert made.open_systems == {SYSTEM}
    assert (made.holds(SYSTEM, "a"), made.holds(SYSTEM, "z"), made.holds("http://other.example", "z")) == (
        True,
        None,
        False,
    )


@pytest.mark.parametrize(
    "include",
    [
        [{"system": "http://unknown.example"}],
        [{"system": "http://unknown.example", "filter": [{"property": "concept", "op": "is-a", "value": "1"}]}],
        filtered("concept", "child-of", "a"),
        filtered("code", "regex", "("),
    ],
)
def test_what_cannot_be_applied_is_undecided(include):
    """An unknown system, or a filter nobody here can apply, is neither in nor out."""
    _, made = expanded(code_system(), value_set(include))
    assert made.open_systems == {include[0]["system"]}
    assert made.holds(include[0]["system"], "1") is None


def test_an_unknown_value_set_leaves_everything_undecided():
    """Where even the systems are unknown, no code is out."""
    _, made = expanded(value_set([{"valueSet": ["http://unknown.example/vs"]}]))
    assert not made.complete
    assert made.holds("http://any.example", "z") is None


def test_exclusion_of_the_unknown_leaves_undecided_what_it_may_hit():
    """What an undecidable exclude may take away is no longer sure to be in."""
    include = [{"system": SYSTEM, "concept": [{"code": "a"}]}, {"system": "urn:other", "concept": [{"code": "o"}]}]
    exclude = filtered("concept", "child-of", "a")
    _, made = expanded(code_system(), value_set(include, exclude=exclude))
    assert (made.holds(SYSTEM, "a"), made.holds("urn:other", "o")) == (None, True)


def test_value_sets_that_import_each_other_are_undecided_not_endless():
    """A circle of imports ends."""
    other = value_set([{"valueSet": [VALUES]}], url=f"{VALUES}-2")
    _, made = expanded(other, value_set([{"valueSet": [f"{VALUES}-2"]}]))
    assert not made.complete


def test_an_expansion_that_is_given_serves_where_the_compose_cannot_be_decided():
    """The expansion counts as whole only if it is no page of a larger one; abstract entries are not codes."""
    contains = [{"system": "urn:x", "abstract": True, "code": "g", "contains": [{"system": "urn:x", "code": "1"}]}]
    unknown = [{"system": "urn:x"}]
    found, made = expanded(value_set(unknown, expansion={"contains": contains}))
    assert (found, made.complete) == (["1"], True)
    _, made = expanded(value_set(unknown, expansion={"contains": contains, "total": 7}))
    assert (made.complete, made.holds("urn:x", "1"), made.holds("urn:x", "2")) == (False, True, None)


def test_a_version_of_a_system_is_found():
    """An include names a version of its system, and gets that one where several are held."""
    older = code_system() | {"version": "1", "concept": [{"code": "old"}]}
    newer = code_system() | {"version": "2"}
    found, _ = expanded(older, newer, value_set([{"system": SYSTEM, "version": "1"}]))
    assert found == ["old"]


@pytest.mark.parametrize(
    ("guide", "terms", "count"),
    [
        ("hl7.fhir.us.davinci-vbpr-1.0.0", "hl7.terminology.r4-5.5.0", 10),
        ("hl7.fhir.us.davinci-vbpr-1.1.0", "hl7.terminology.r4-6.5.0", 10),
    ],
)
def test_expansions_of_the_guide_equal_the_published_ones(packages, guide, terms, count):
    """Every value set expands to what the package publishes: codes, systems and displays."""
    below = Definitions(read_package(packages / f"{terms}.tgz"))
    edition = Edition("", Definitions(read_package(packages / f"{guide}.tgz"), below=below))
    compared = 0
    for _, resource in read_package(packages / f"{guide}.tgz"):
        if resource["resourceType"] == "ValueSet":
            published = {
                (each["system"], each["code"]): each.get("display", "") for each in resource["expansion"]["contains"]
            }
            del resource["expansion"]
            made = Edition("", Definitions([("", resource)], below=edition.definitions)).value_set(resource["url"])
            assert made.codes == published, resource["url"]
            assert made.complete
            compared += 1
    assert compared == count
