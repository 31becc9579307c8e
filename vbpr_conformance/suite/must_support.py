"""The must-support elements of a profile: in which forms each can be present, and where it stands in a resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, Profile

Found = tuple[str, Any]
_MOST_TYPES = 12


@dataclass(frozen=True)
class ElementForm:
    """One legal form of an element: its name, and the path by which the generator makes it present."""

    element_id: str
    name: str
    path: str


def variants(profile: Profile, edition: Edition) -> Iterator[ElementForm]:
    """Give every legal form of every must-support element: each type of a choice, also inside its extension."""
    for element in profile.must_support:
        for path in _forms(element, element.id, edition):
            name = path.partition(".")[2].replace("[x]", "")
            yield ElementForm(element.id, name, path)


def _forms(element: Element, path: str, edition: Edition) -> Iterator[str]:
    if element.is_choice:
        yield from _types(element, path)
        return
    extension = _extension_of(element, edition) if element.name == "extension" else None
    if extension is None:
        yield path
        return
    parts = extension.by_id.get("Extension.extension")
    if parts is not None and parts.slices:
        for part in parts.slices:
            value = extension.by_id.get(f"{part.id}.value[x]")
            inside = f"{path}.extension:{part.slice_name}"
            yield from _types(value, f"{inside}.value[x]") if value is not None and value.max != 0 else [inside]
        return
    value = extension.by_id.get("Extension.value[x]")
    yield from _types(value, f"{path}.value[x]") if value is not None and value.max != 0 else [path]


def _types(value: Element, path: str) -> Iterator[str]:
    """A path for each type of a choice; of one that is open to any type, those that are named by slices."""
    base = path.removesuffix("[x]")
    if len(value.types) > _MOST_TYPES:
        named = [each.slice_name for each in value.slices if each.slice_name]
        yield from (f"{path.rpartition('.')[0]}.{name}" for name in named) if named else [path]
        return
    yield from (base + each.code[0].upper() + each.code[1:] for each in value.types)


def _extension_of(element: Element, edition: Edition) -> Profile | None:
    profiles = element.types[0].profiles if element.types else ()
    return edition.find_profile(profiles[0]) if profiles else None


def select(resource: Mapping[str, Any], element_id: str, profile: Profile) -> list[Found]:
    """Find the values of an element in a resource, each with its path, by the element's id in the profile's snapshot.

    A slice that its definition cannot tell apart from its siblings selects them all.
    """
    root, *steps = element_id.split(".")
    found: list[Found] = [(root, resource)]
    prefix = root
    for step in steps:
        prefix = f"{prefix}.{step}"
        element = profile.by_id.get(prefix)
        found = [each for path, value in found for each in _step(path, value, step, element, profile)]
    return found


def inside(found: Found, form: str, edition: Edition, holder: Element) -> list[Found]:
    """Find what a form of an element names inside one of its values: a part of an extension, its value of a type.

    `form` is the rest of the form's path after the element's id, as `.extension:period.valuePeriod`; empty for itself.
    """
    extension = _extension_of(holder, edition) if form else None
    values = [found]
    for step in form.split(".")[1:]:
        name, _, part = step.partition(":")
        url = part
        inline = extension.by_id.get(f"Extension.extension:{part}.url") if extension is not None and part else None
        if inline is not None and isinstance(inline.fixed, str):
            url = inline.fixed
        values = [
            each for path, value in values for each in _members(path, value, name) if not part or _url(each[1]) == url
        ]
    return values


def _members(path: str, value: Any, name: str) -> Iterator[Found]:
    held = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(held, list):
        yield from ((f"{path}.{name}[{index}]", each) for index, each in enumerate(held))
    elif held is not None:
        yield f"{path}.{name}", held


def _url(value: Any) -> Any:
    return value.get("url") if isinstance(value, Mapping) else None


def told_by_another(path: str, element_id: str, resource: Mapping[str, Any], profile: Profile) -> bool:
    """Whether a must-support element below this one is, or holds, what stands at a path of a resource.

    Then the case about that element looks at it.
    """
    innermost = _element_at(path, resource, profile)
    below = (each.id for each in profile.must_support if each.id.startswith(f"{element_id}."))
    return any(innermost == each or innermost.startswith((f"{each}.", f"{each}[")) for each in below)


def _element_at(path: str, resource: Mapping[str, Any], profile: Profile) -> str:
    """The id of the innermost element of the profile on the way to a path, extensions told apart by their URL."""
    found, *steps = path.split(".")
    value: Any = resource
    for step in steps:
        name, _, index = step.removesuffix("]").partition("[")
        plain = name.removeprefix("_")
        value = value.get(name) if isinstance(value, Mapping) else None
        if index and isinstance(value, list):
            value = value[int(index)] if int(index) < len(value) else None
        element = profile.by_id.get(f"{found}.{plain}")
        if element is None:
            break
        slices = element.slices if plain == "extension" else ()
        found = next((each.id for each in slices if _extension_url(each, profile) == _url(value)), element.id)
    return found


def _step(path: str, value: Any, step: str, element: Element | None, profile: Profile) -> Iterator[Found]:
    if not isinstance(value, Mapping):
        return
    name, _, slice_name = step.partition(":")
    for key in _keys(value, name, slice_name, element):
        held = value[key]
        if not isinstance(held, list):
            yield f"{path}.{key}", held
            continue
        for index, item in enumerate(held):
            if not slice_name or element is None or _in_slice(item, element, profile):
                yield f"{path}.{key}[{index}]", item


def _keys(value: Mapping[str, Any], name: str, slice_name: str, element: Element | None) -> list[str]:
    if name.endswith("[x]"):
        base = name.removesuffix("[x]")
        if slice_name:
            candidates = [slice_name]
        else:
            types = element.types if element else ()
            candidates = [base + each.code[0].upper() + each.code[1:] for each in types]
    else:
        candidates = [name]
    held = [key for key in candidates if key in value]
    return held or [f"_{key}" for key in candidates if f"_{key}" in value]


def _in_slice(item: Any, element: Element, profile: Profile) -> bool:
    if not isinstance(item, Mapping):
        return True
    if element.name == "extension":
        return item.get("url") == _extension_url(element, profile)
    return all(item.get(child.name) == child.fixed for child in element.children if isinstance(child.fixed, str))


def _extension_url(element: Element, profile: Profile) -> str | None:
    inline = profile.by_id.get(f"{element.id}.url")
    if inline is not None and isinstance(inline.fixed, str):
        return inline.fixed
    profiles = element.types[0].profiles if element.types else ()
    return profiles[0].partition("|")[0] if profiles else None
