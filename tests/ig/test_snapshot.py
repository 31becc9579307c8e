"""The rules by which a differential becomes a snapshot, each on a small example."""

from __future__ import annotations

import pytest
from small_definitions import MINE, at, derived

from vbpr_conformance.errors import UsageError


def compiled(edition, name="mine"):
    return edition.profile(f"{MINE}/StructureDefinition/{name}").by_id


def test_what_is_stated_stands_and_the_rest_is_inherited(with_mine):
    """An element keeps what the differential leaves unsaid, and its base says where it was first defined."""
    made = compiled(with_mine(derived("mine", "MeasureReport", at("MeasureReport.subject", min=1))))
    subject = made["MeasureReport.subject"]
    assert (subject.min, subject.max, subject.base_max) == (1, 1, 1)
    assert subject.types == with_mine().profile("MeasureReport").by_id["MeasureReport.subject"].types
    assert made["MeasureReport.id"].base_path == "Resource.id"


def test_a_type_is_unfolded_only_where_something_is_said_below(with_mine):
    """Saying something of identifier.system unfolds identifier, and nothing else."""
    made = compiled(with_mine(derived("mine", "MeasureReport", at("MeasureReport.identifier.system", min=1))))
    assert made["MeasureReport.identifier.system"].min == 1
    assert made["MeasureReport.identifier.system"].base_path == "Identifier.system"
    assert not [each for each in made if each.startswith("MeasureReport.subject.")]


def test_a_slice_starts_from_the_unsliced_element_with_its_children(with_mine):
    """A new slice is optional, holds what the list holds, and its children can be constrained."""
    sliced = at("MeasureReport.group", slicing={"discriminator": [{"type": "value", "path": "code"}], "rules": "open"})
    first = at("MeasureReport.group", "first")
    code = at("MeasureReport.group.code", min=1, max="1")
    made = compiled(with_mine(derived("mine", "MeasureReport", sliced, first, code)))
    assert (made["MeasureReport.group:first"].min, made["MeasureReport.group:first"].max) == (0, None)
    assert made["MeasureReport.group:first.code"].min == 1
    assert made["MeasureReport.group.code"].min == 0
    assert "MeasureReport.group:first.population.count" in made


def test_a_list_needs_at_least_what_its_slices_need(with_mine):
    """The minimum of a sliced list is raised to the sum of the minima of its slices."""
    made = compiled(
        with_mine(
            derived(
                "mine",
                "MeasureReport",
                at("MeasureReport.identifier", slicing={"rules": "open"}),
                at("MeasureReport.identifier", "a", min=1),
                at("MeasureReport.identifier", "b", min=2, max="3"),
            )
        )
    )
    assert made["MeasureReport.identifier"].min == 3


def test_a_slice_of_a_slice_hangs_below_it(with_mine):
    """A reslice `a/b` starts from the slice `a`."""
    made = compiled(
        with_mine(
            derived(
                "mine",
                "MeasureReport",
                at("MeasureReport.identifier", slicing={"rules": "open"}),
                at("MeasureReport.identifier", "a", max="4", slicing={"rules": "open"}),
                at("MeasureReport.identifier", "a/b", min=1),
            )
        )
    )
    outer = made["MeasureReport.identifier:a"]
    assert [each.id for each in outer.slices] == ["MeasureReport.identifier:a/b"]
    assert made["MeasureReport.identifier:a/b"].max == 4
    assert outer.min == 1


@pytest.mark.parametrize(
    "elements",
    [
        (at("Extension.valueQuantity", min=1),),
        (at("Extension.valueQuantity", "valueQuantity", min=1),),
        (
            {
                "id": "Extension.value[x]:valueQuantity",
                "path": "Extension.value[x]",
                "sliceName": "valueQuantity",
                "min": 1,
            },
        ),
        ({"id": "Extension.value[x]:valueQuantity", "path": "Extension.valueQuantity", "min": 1},),
    ],
)
def test_a_type_of_a_choice_in_every_way_it_is_written(with_mine, elements):
    """valueQuantity, with or without its id, is the slice of that name and type of value[x]."""
    extension = derived("mine", "Extension", *elements, type_="Extension", kind="complex-type")
    made = compiled(with_mine(extension))
    found = made["Extension.value[x]:valueQuantity"]
    assert [each.code for each in found.types] == ["Quantity"]
    assert [(each.type, each.path) for each in made["Extension.value[x]"].slicing.discriminators] == [("type", "$this")]
    assert made["Extension.value[x]"].min == 1


def test_an_extension_slice_takes_cardinality_and_rules_of_its_definition(with_mine):
    """A slice typed with an extension starts from that extension's root, and is sliced by url."""
    limited = derived(
        "limited",
        "Extension",
        at(
            "Extension", max="1", constraint=[{"key": "lim-1", "severity": "error", "human": "x", "expression": "true"}]
        ),
        at("Extension.value[x]", min=1, type=[{"code": "string"}]),
        type_="Extension",
        kind="complex-type",
    )
    typed = [{"code": "Extension", "profile": [limited["url"]]}]
    user = derived(
        "mine",
        "MeasureReport",
        at("MeasureReport.extension", "limited", type=typed),
        at("MeasureReport.extension.value[x]", maxLength=5),
    )
    made = compiled(with_mine(limited, user))
    found = made["MeasureReport.extension:limited"]
    assert (found.min, found.max) == (0, 1)
    assert {each.key for each in found.constraints} == {"ele-1", "ext-1", "lim-1"}
    assert next(each.source for each in found.constraints if each.key == "lim-1") == limited["url"]
    assert made["MeasureReport.extension:limited.value[x]"].max_length == 5
    assert made["MeasureReport.extension:limited.value[x]"].min == 1
    assert [each.path for each in made["MeasureReport.extension"].slicing.discriminators] == ["url"]


def test_constraints_add_up_with_their_sources(with_mine):
    """Invariants of the parents stay, each with the definition that states it."""
    rule = {"key": "my-1", "severity": "error", "human": "x", "expression": "group.exists()"}
    edition = with_mine(derived("mine", "MeasureReport", at("MeasureReport", constraint=[rule])))
    sources = {each.key: each.source for each in compiled(edition)["MeasureReport"].constraints}
    assert sources["my-1"] == f"{MINE}/StructureDefinition/mine"
    assert sources["mrp-1"] == "http://hl7.org/fhir/StructureDefinition/MeasureReport"
    assert sources["dom-2"] == "http://hl7.org/fhir/StructureDefinition/DomainResource"


def test_a_content_reference_is_followed_where_something_is_said_below(with_mine):
    """Bundle.entry.link has the content of Bundle.link once the differential speaks of it."""
    made = compiled(with_mine(derived("mine", "Bundle", at("Bundle.entry.link.url", maxLength=9), type_="Bundle")))
    assert made["Bundle.entry.link.url"].max_length == 9
    assert made["Bundle.entry.link.relation"].min == 1
    assert made["Bundle.link.url"].max_length is None


def test_a_pattern_replaces_the_inherited_one(with_mine):
    """A derived pattern takes the place of its parent's, whatever its type."""
    first = derived("first", "MeasureReport", at("MeasureReport.type", fixedCode="summary"))
    second = derived("mine", first["url"], at("MeasureReport.type", fixedCode="individual"))
    made = compiled(with_mine(first, second))
    assert made["MeasureReport.type"].fixed == "individual"


def test_a_profile_derived_from_the_guide_needs_no_snapshot(with_mine, edition):
    """A payer's own profile on one of the guide's compiles, and keeps all that the guide says."""
    parent = edition.profiles[1]
    made = compiled(with_mine(derived("mine", parent.url, at("MeasureReport.reporter", min=1))))
    assert set(parent.by_id) <= set(made)
    assert [each.id for each in parent.must_support if not made[each.id].must_support] == []


def test_a_slice_of_the_parent_is_constrained_further(with_mine, edition):
    """A slice that the parent has is found by name and keeps what it has."""
    parent = next(each for each in edition.profiles if each.type == "MeasureReport")
    inherited = next(each for each in parent.root.by_name["extension"].slices if each.min == 1)
    edition = with_mine(
        derived("mine", parent.url, at("MeasureReport.extension", inherited.slice_name, mustSupport=True))
    )
    made = compiled(edition)[inherited.id]
    assert (made.min, made.max, made.types, made.must_support) == (1, inherited.max, inherited.types, True)


@pytest.mark.parametrize(
    ("definitions", "trouble"),
    [
        (
            [derived("mine", f"{MINE}/StructureDefinition/nowhere")],
            f" is derived from {MINE}/StructureDefinition/nowhere, which is not known here.",
        ),
        (
            [derived("mine", "MeasureReport", at("MeasureReport.group.colour", min=1))],
            ": element MeasureReport.group.colour: MeasureReport.group has no colour.",
        ),
        (
            [derived("mine", "MeasureReport", at("Measure.group", min=1))],
            ": element Measure: a definition of MeasureReport starts with an element of that name.",
        ),
        (
            [derived("mine", f"{MINE}/StructureDefinition/b"), derived("b", f"{MINE}/StructureDefinition/mine")],
            " is made of itself: "
            + " → ".join(f"{MINE}/StructureDefinition/{name}" for name in ("mine", "b", "mine"))
            + ".",
        ),
        ([derived("mine", "MeasureReport", {"min": 1})], ": an element has no path."),
        (
            [derived("mine", "MeasureReport", at("MeasureReport", min=0), at("Measure.id", min=1))],
            ": element Measure.id: the elements before it are of MeasureReport.",
        ),
        (
            [derived("mine", "MeasureReport", at("MeasureReport.id", constraint=["a"]))],
            ": it does not have the form of a StructureDefinition.",
        ),
    ],
)
def test_what_cannot_be_compiled_is_said_in_one_sentence(with_mine, definitions, trouble):
    """The file, the URL and the element are named."""
    with pytest.raises(UsageError) as caught:
        with_mine(*definitions).profile(f"{MINE}/StructureDefinition/mine")
    assert str(caught.value) == f"mine-0.json: {MINE}/StructureDefinition/mine{trouble}"


def test_a_published_snapshot_serves_where_a_parent_is_missing(with_mine):
    """A definition that brings its snapshot is used by it when its parent is not at hand."""
    snapshot = {"element": [{"id": "MeasureReport", "path": "MeasureReport", "min": 0, "max": "*"}]}
    made = with_mine(derived("mine", f"{MINE}/StructureDefinition/nowhere", snapshot=snapshot))
    assert list(compiled(made)) == ["MeasureReport"]


def test_a_type_profile_that_is_not_held_leaves_the_type(with_mine):
    """What a profile says below an element whose type profile nobody has is placed by the type."""
    unknown = at("MeasureReport.extension", "x", type=[{"code": "Extension", "profile": [f"{MINE}/unknown"]}])
    below = at("MeasureReport.extension.url", fixedUri="urn:x") | {"id": "MeasureReport.extension:x.url"}
    made = compiled(with_mine(derived("mine", "MeasureReport", unknown, below)))
    assert made["MeasureReport.extension:x.url"].fixed == "urn:x"


def test_what_is_said_below_a_type_that_is_not_held_is_left_out(with_mine):
    """The rest of the profile stands."""
    unknown = at("MeasureReport.contained", "x", type=[{"code": "Unheard"}])
    below = at("MeasureReport.contained.name", min=1) | {"id": "MeasureReport.contained:x.name"}
    made = compiled(with_mine(derived("mine", "MeasureReport", unknown, below, at("MeasureReport.group", min=1))))
    assert "MeasureReport.contained:x.name" not in made
    assert made["MeasureReport.group"].min == 1


def test_a_slice_of_a_slice_that_nobody_has_is_a_slice(with_mine):
    """A reslice `a/b` hangs below the list where there is no slice `a` in it."""
    made = compiled(with_mine(derived("mine", "MeasureReport", at("MeasureReport.identifier", "a/b", min=1))))
    assert [each.id for each in made["MeasureReport.identifier"].slices] == ["MeasureReport.identifier:a/b"]
