"""Contract packages: payer, providers, Measures and reports that belong together, as the edition describes them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.generate.builder import build
from vbpr_conformance.generate.decisions import FILE, document
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.proof import errors, first_bundle_error
from vbpr_conformance.generate.relations import RelationContext, canonical, link, relate
from vbpr_conformance.ig.edition import Edition

Object = dict[str, Any]

_ATTEMPTS = 20
_KEYS = frozenset({"name", "profile", "count", "set", "require", "drop", "refer", "relations"})
BASE = "http://example.org/fhir"


def contract_package(edition: Edition, rng: random.Random, label: str = "1") -> list[Object]:
    """Build the resources of one contract; `label` makes the ids of several packages differ."""
    described = document(edition).get("package")
    if not described:
        raise UsageError(f"Edition {edition.version} describes no contract package.")
    error = ""
    for _ in range(_ATTEMPTS):
        made = _resources(described, edition, rng, label)
        error = first_bundle_error(bundle(made), edition)
        if not error:
            return made
    raise UsageError(f"No sound contract package was found: {error}")


def bundle(resources: list[Object]) -> Object:
    """Put a package into a transaction that stores each resource under its id."""
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": f"{BASE}/{link(each)}",
                "resource": each,
                "request": {"method": "PUT", "url": link(each)},
            }
            for each in resources
        ],
    }


def _resources(said: list[Mapping[str, Any]], edition: Edition, rng: random.Random, label: str) -> list[Object]:
    b = Choices(rng)
    start = f"{b.between(2021, 2025)}-{b.pick(('01', '04', '07', '10'))}-01"
    resources: dict[str, list[Object]] = {}
    for role in said:
        unknown = sorted(set(role) - _KEYS)
        if unknown:
            raise UsageError(f"{edition.version}/{FILE}: {unknown[0]!r} is unknown, expected one of {sorted(_KEYS)}.")
        resources[role["name"]] = []
        for number in range(_count(role.get("count", 1), resources, b)):
            resources[role["name"]].append(_member(role, number, edition, rng, label, start, resources, b))
    return [each for role in resources.values() for each in role]


def _count(said: Any, resources: Mapping[str, list[Object]], b: Choices) -> int:
    if isinstance(said, str):
        return len(resources[said])
    return b.between(*said) if isinstance(said, list) else int(said)


def _member(  # noqa: PLR0913, PLR0917 - one place where all of them meet
    role: Mapping[str, Any],
    number: int,
    edition: Edition,
    rng: random.Random,
    label: str,
    start: str,
    resources: Mapping[str, list[Object]],
    b: Choices,
) -> Object:
    """Build one resource of a role, and make its relations true."""
    profile = edition.profile(role["profile"])
    wishes = dict(role.get("set", {}))
    for path, name in role.get("refer", {}).items():
        other = resources[name][number % len(resources[name])]
        wishes[path] = canonical(other) if "url" in other else {"reference": link(other)}
    error = ""
    for _ in range(_ATTEMPTS):
        made = build(
            profile, edition, rng, set=wishes, require=role.get("require", ()), drop=role.get("drop", ()), outward=False
        )
        named = {"resourceType": profile.type, "id": f"syn-{label}-{role['name']}-{number + 1}"}
        made = {**named, **made, **named}
        if "url" in made:
            made["url"] = f"{BASE}/{link(made)}"
        relate(RelationContext(made, number, profile, edition, resources, start, b), role.get("relations", ()))
        found = errors(made, profile, edition)
        if not found:
            return made
        error = f"{found[0].expression}: {found[0].message}"
    raise UsageError(f"{edition.version}/{FILE}: no conformant {role['name']} was found: {error}")
