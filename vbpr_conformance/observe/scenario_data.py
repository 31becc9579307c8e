"""The resources of a scenario: generated, made distinct, related to each other, proved valid."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.generate.builder import build
from vbpr_conformance.generate.paths import put, resolve
from vbpr_conformance.generate.proof import errors
from vbpr_conformance.generate.relations import canonical, link
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile
from vbpr_conformance.observe.distinct_values import DistinctValues, Object, make_distinct
from vbpr_conformance.observe.scenario_language import ScenarioResource
from vbpr_conformance.suite.must_support import ElementForm, variants
from vbpr_conformance.suite.templating import fill

BASE = "http://example.org/fhir"


@dataclass
class HeldResource:
    """One resource that the server holds: its versions, oldest first, and what it was made from.

    `form` is the must-support form that it was made to show, `deleted` whether it is gone at the end.
    `is_payload`: the server does not hold it; the client is given it to write. `series` is the name in
    the file, which several may share.
    """

    name: str
    profile: Profile
    versions: list[Object]
    form: ElementForm | None = None
    deleted: bool = False
    is_payload: bool = False
    series: str = ""

    @property
    def resource(self) -> Object:
        """The resource as it is last."""
        return self.versions[-1]

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return link(self.resource)


@dataclass
class ScenarioData:
    """All resources of a scenario by name; forms are not built where a profile cannot show one, with the reason."""

    held: dict[str, HeldResource] = field(default_factory=dict)
    not_built: dict[str, str] = field(default_factory=dict)

    def named(self, names: Iterable[str]) -> list[HeldResource]:
        """Give resources by name; the name of a `forms` resource stands for all of its forms."""
        found: list[HeldResource] = []
        for name in names:
            if name in self.held:
                found.append(self.held[name])
            else:
                found += [each for each in self.held.values() if each.series == name]
        return found

    def scope(self) -> dict[str, Any]:
        """What `{{name.path}}` in tasks can name: each resource, with `reference`, `canonical`, `versions` beside."""
        return {
            name: {
                **each.resource,
                "reference": each.reference,
                "canonical": canonical(each.resource) if "url" in each.resource else "",
                "versions": len(each.versions),
            }
            for name, each in self.held.items()
        }


def build_data(
    specs: Mapping[str, ScenarioResource], edition: Edition, rng: random.Random, without: Iterable[str] = ()
) -> ScenarioData:
    """Build the resources of a data set in their order; `without` leaves some out."""
    data = ScenarioData()
    values = DistinctValues(rng)
    left_out = set(without)
    for name, spec in specs.items():
        if name in left_out:
            continue
        profile = edition.profile(spec.profile)
        if spec.forms:
            for form in variants(profile, edition):
                _add_form(data, name, spec, profile, form, edition, rng, values)
            continue
        for number in range(1, spec.count + 1):
            own = f"{name}-{number}" if spec.count > 1 else name
            data.held[own] = _made(data, own, spec, profile, edition, rng, values)
            data.held[own].series = name
    return data


def _add_form(  # noqa: PLR0913, PLR0917  # one place where all of them meet
    data: ScenarioData,
    name: str,
    spec: ScenarioResource,
    profile: Profile,
    form: ElementForm,
    edition: Edition,
    rng: random.Random,
    values: DistinctValues,
) -> None:
    own = f"{name}-{form.name.replace(':', '.')}"
    asked = spec.model_copy(update={"require": [*spec.require, form.path]})
    try:
        made = _made(data, own, asked, profile, edition, rng, values)
    except UsageError as error:
        data.not_built[form.name] = str(error)
        return
    made.form, made.series = form, name
    data.held[own] = made


def _made(  # noqa: PLR0913, PLR0917  # the same
    data: ScenarioData,
    name: str,
    spec: ScenarioResource,
    profile: Profile,
    edition: Edition,
    rng: random.Random,
    values: DistinctValues,
) -> HeldResource:
    wishes = fill(_here(spec.set, profile, edition), data.scope())
    for path, other in _here(spec.refer, profile, edition).items():
        target = data.held[other].resource
        referring = {"reference": link(target)} if not path.endswith(".reference") else link(target)
        wishes[path] = canonical(target) if "url" in target else referring
    require = [each.removesuffix("?") for each in spec.require if _has(each, profile, edition)]
    drop = [each.removesuffix("?") for each in spec.drop if _has(each, profile, edition)]
    resource = build(profile, edition, rng, set=wishes, require=require, drop=drop, outward=False)
    named = {"resourceType": profile.type, "id": f"{values.word(5)}-{values.word(6)}"}
    resource = {**named, **resource, **named}
    if not spec.plain:
        kept = {resource["id"], *(str(leaf) for leaf in plain_leaves([*wishes.values()]))}
        make_distinct(resource, values, kept, lambda made: not errors(made, profile, edition))
    if "url" in resource:
        resource["url"] = f"{BASE}/{link(resource)}"
    found = errors(resource, profile, edition)
    if found:
        raise UsageError(f"No conformant {name} was found: {found[0].expression}: {found[0].message}")
    for path, value in spec.edit.items():
        _edit(resource, path, fill(value, data.scope()))
    versions = [resource]
    for change in spec.then:
        later = copy.deepcopy(versions[-1])
        for path, value in change.items():
            put(later, resolve(path, profile, edition), fill(value, data.scope()))
        versions.append(later)
    return HeldResource(name, profile, versions, deleted=spec.deleted, is_payload=spec.payload)


def _here(said: Mapping[str, Any], profile: Profile, edition: Edition) -> dict[str, Any]:
    """Leave out paths with a `?` at their end that the profile of this edition does not have."""
    return {path.removesuffix("?"): value for path, value in said.items() if _has(path, profile, edition)}


def _has(path: str, profile: Profile, edition: Edition) -> bool:
    if not path.endswith("?"):
        return True
    try:
        resolve(path.removesuffix("?"), profile, edition)
    except UsageError:
        return False
    return True


def plain_leaves(value: Any) -> Iterator[Any]:
    """The values of JSON data that are neither objects nor lists."""
    if isinstance(value, dict):
        for each in value.values():
            yield from plain_leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from plain_leaves(each)
    else:
        yield value


def _edit(resource: Any, path: str, value: Any) -> None:
    """Set a value in the JSON itself: `group.0.modifierExtension`."""
    *steps, last = path.split(".")
    for step in steps:
        resource = resource[int(step)] if isinstance(resource, list) else resource.setdefault(step, {})
    if isinstance(resource, list):
        resource[int(last)] = value
    elif value is None:
        resource.pop(last, None)
    else:
        resource[last] = value
