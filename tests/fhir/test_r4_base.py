"""The base of FHIR R4 is as fhir.resources has it, and right where the published snapshots are not."""

from __future__ import annotations

import importlib
import json
import tarfile
import typing

import pytest

from vbpr_conformance.ig.folders import r4_folder
from vbpr_conformance.ig.notation import read_notation

CORE = "hl7.fhir.r4.core-4.0.1.tgz"
ABSTRACT = {"Element", "BackboneElement", "Resource", "DomainResource"}
DERIVED = {"canonical", "code", "id", "markdown", "oid", "positiveInt", "unsignedInt", "url", "uuid"}
"""Primitives on another primitive: their published snapshots call the value a string and drop the parent's limits."""
OPEN_IN_R4B = {"CodeableReference", "RatioRange"}
"""Types that R4B adds to elements open to any type."""
OPEN_IN_R4 = {"Meta"}
"""A type that fhir.resources leaves out there."""


@pytest.fixture(scope="module")
def base():
    """The definitions of the base alone."""
    return [resource for _, resource in read_notation(r4_folder())]


@pytest.mark.parametrize("name", sorted(DERIVED))
def test_derived_primitives_are_as_their_differential_says(edition, packages, name):
    """What a published snapshot of a derived primitive has wrong is right in its differential."""
    with tarfile.open(packages / CORE) as archive:
        official = json.load(archive.extractfile(f"package/StructureDefinition-{name}.json"))
    (value,) = [each for each in official["differential"]["element"] if each["id"] == f"{name}.value"]
    ours = edition.find(official["url"])["differential"]["element"][-1]["type"][0]
    assert ours["code"] == value["type"][0]["code"]
    assert [each.code for each in edition.profile(name).by_id[f"{name}.value"].types] == [name]


def test_types_are_as_fhir_resources_has_them(edition, base):
    """Names, cardinality and repetition of all elements agree with another reading of FHIR, but for R4B's additions."""
    differences = set()
    for definition in base:
        name = definition["id"]
        if definition.get("kind") not in ("resource", "complex-type") or name in ABSTRACT:
            continue
        if definition["type"] != name:
            continue  # a profile, as SimpleQuantity, or an extension: no type of its own
        module = importlib.import_module(f"fhir.resources.R4B.{name.lower()}")
        differences |= set(compared(edition, name, edition.profile(name).root, getattr(module, name)))
    opened = {("Extension.value" + each, "only in R4B") for each in OPEN_IN_R4B} | {
        ("Extension.valueMeta", "only here")
    }
    assert opened <= differences
    assert {
        (where, what)
        for where, what in differences
        if not (what == "only in R4B" and where.endswith(tuple(OPEN_IN_R4B)))
        and not (what == "only here" and where.endswith(tuple(OPEN_IN_R4)))
    } == set()


def compared(edition, where, element, model):
    """The differences between an element's children and the fields of a model of fhir.resources, downwards."""
    fields = {
        (field.alias or field_name): (field_name, field)
        for field_name, field in model.model_fields.items()
        if not (field.alias or field_name).startswith("_") and field_name not in ("resource_type", "fhir_comments")
    }
    ours = {}
    for child in element.children:
        for json_name in names(child):
            ours[json_name] = child
    yield from ((f"{where}.{name}", "only in R4B") for name in fields.keys() - ours.keys())
    yield from ((f"{where}.{name}", "only here") for name in ours.keys() - fields.keys())
    for name in ours.keys() & fields.keys():
        child, (_, field) = ours[name], fields[name]
        if is_list(field.annotation) != child.is_array:
            yield f"{where}.{name}", f"repeats: {child.is_array} here"
        if not child.is_choice and required(field) != (child.min > 0):
            yield f"{where}.{name}", f"mandatory: {child.min > 0} here"
        below = getattr(importlib.import_module(model.__module__), model.__name__ + name[0].upper() + name[1:], None)
        if child.children and below is not None:
            yield from compared(edition, f"{where}.{name}", child, below)


def names(element):
    """The names JSON has for an element."""
    if not element.is_choice:
        return [element.name]
    return [element.name[:-3] + each.code[0].upper() + each.code[1:] for each in element.types]


def is_list(annotation):
    """Whether a field holds a list."""
    return typing.get_origin(annotation) is list or any(map(is_list, typing.get_args(annotation)))


def required(field):
    """Whether fhir.resources wants the field, also where it lets an extension stand for it."""
    extra = field.json_schema_extra or {}
    return field.is_required() or bool(extra.get("element_required"))
