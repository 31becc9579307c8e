"""Applies a differential to the snapshot of its parent.

The rules are those of HL7's own generator where the specification leaves room: an element typed with one profile
starts from that profile's root, a new slice from the unsliced element of the parent, and the minimum of a sliced
list is at least the sum of the minima of its slices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from vbpr_conformance.ig.snapshot_merge import SLICED_BY_TYPE, SLICED_BY_URL, constraints, from_type_profile, merged
from vbpr_conformance.ig.snapshot_tree import Change, Definition, Problem, SnapshotNode, change_tree, told_slices

FHIRPATH_SYSTEM = "http://hl7.org/fhirpath/"
_STRUCTURED = frozenset({"BackboneElement", "Element"})
_BY_TARGET = frozenset({"Reference", "canonical", "CodeableReference"})


class Types(Protocol):
    """What a derivation asks about the types and profiles that elements have."""

    def tree(self, canonical: str) -> SnapshotNode | None:
        """The snapshot of a type or profile; None if it is not known here."""

    def rules(self, code: str) -> list[Any]:
        """The invariants of a type itself and of all it is derived from."""


def derive(resource: dict[str, Any], parent: SnapshotNode | None, types: Types) -> SnapshotNode:
    """The snapshot of a StructureDefinition, given that of its parent."""
    change = change_tree(resource.get("differential", {}).get("element", ()))
    name = str(resource["type"]).rpartition("/")[2]
    specialization = resource.get("derivation") != "constraint"
    is_flat = resource.get("kind") != "complex-type"
    if change.name and change.name != name:
        raise Problem(f"element {change.name}: a definition of {name} starts with an element of that name")
    if parent is None:
        start = SnapshotNode({"id": name, "path": name, "min": 0, "max": "*"})
    elif specialization:
        start = _renamed(parent, name)
        if is_flat:
            start = _unsliced(start)
    else:
        start = parent
    work = _Derivation(str(resource["url"]), specialization, specialization and is_flat, start, types)
    return work.applied(start, change)


def _renamed(parent: SnapshotNode, name: str) -> SnapshotNode:
    """The parent's elements as those of a new type; its root is the new type's own."""
    moved = parent.moved(name, name)
    root = {"path": name, "min": moved.element["min"], "max": moved.element["max"]}
    return replace(moved, element={**moved.element, "base": root})


def _unsliced(node: SnapshotNode) -> SnapshotNode:
    """The type's extensions as R4 states them for resource types: told apart only once a profile does."""
    element = {key: value for key, value in node.element.items() if key != "slicing"}
    return SnapshotNode(element, tuple(_unsliced(each) for each in node.children), node.slices)


@dataclass(frozen=True, slots=True)
class _Derivation:
    """One differential being applied."""

    url: str
    specialization: bool
    unsliced: bool
    start: SnapshotNode
    types: Types

    def applied(self, node: SnapshotNode, change: Change) -> SnapshotNode:
        """The element with all that the differential says of it, of what lies below, and of its slices."""
        element = merged(self._template(node, change.stated), change.stated, self.url)
        children, slices = node.children, node.slices
        if "." not in node.path and "base" not in element:
            element["base"] = {"path": node.path, "min": element["min"], "max": element["max"]}
        if change.children:
            if (not children or _retyped(node.element, change.stated)) and ("type" in element or "." in node.path):
                element, children = self._unfolded(element)
            children = self._children(element, children, change.children)
        if change.slices:
            if "contentReference" in element:
                unfolded, children = self._unfolded(element)
                node = SnapshotNode(unfolded, children)
            if "sliceName" in element:
                node = SnapshotNode(element, children)
            slices = self._slices(node, slices, change.slices)
            element = _sliced(element, slices)
        return SnapshotNode(element, children, slices)

    def _template(self, node: SnapshotNode, stated: Definition) -> Definition:
        """What the element is before the differential's own words: inherited, or from the profile of its type."""
        types = stated.get("type", ())
        if len(types) != 1 or len(types[0].get("profile", ())) != 1:
            return node.element
        profile = self.types.tree(types[0]["profile"][0])
        inherited = [each.get("code", "") for each in node.element.get("type", ())]
        if profile is None or types[0].get("code", "") in _BY_TARGET or inherited == ["Resource"]:
            return node.element
        fresh = types[0].get("code", "") == "Extension" and types != node.element.get("type")
        return from_type_profile(node.element, profile.element, keep_cardinality=not fresh)

    def _children(
        self, element: Definition, children: tuple[SnapshotNode, ...], changes: list[Change]
    ) -> tuple[SnapshotNode, ...]:
        if not children and not self.specialization:
            return children
        result = {each.name: each for each in children}
        for change in _without_shortcuts(result, changes):
            known = result.get(change.name)
            if known is not None:
                result[change.name] = self.applied(known, change)
            elif self.specialization and change.stated:
                result[change.name] = self._defined(element, change)
            else:
                raise Problem(f"element {element['id']}.{change.name}: {element['path']} has no {change.name}")
        return tuple(result.values())

    def _defined(self, above: Definition, change: Change) -> SnapshotNode:
        """An element that a type adds to its parent."""
        element_id, path = f"{above['id']}.{change.name}", f"{above['path']}.{change.name}"
        element = {**change.stated, "id": element_id, "path": path}
        element["base"] = {"path": path, "min": element["min"], "max": element["max"]}
        inherited = self._constraints_of_types(element)
        if inherited or "constraint" in element:
            element["constraint"] = constraints(inherited, element.get("constraint", []), self.url)
        codes = [each.get("code", "") for each in element.get("type", ())]
        children: tuple[SnapshotNode, ...] = ()
        if change.children or (len(codes) == 1 and codes[0] in _STRUCTURED):
            element, children = self._unfolded(element)
            children = self._children(element, children, change.children)
        slices = self._slices(SnapshotNode(element, children), (), change.slices)
        return SnapshotNode(element, children, slices)

    def _constraints_of_types(self, element: Definition) -> list[Any]:
        """Every element is at least an Element; one whose type is Extension alone is held to that type's rules too."""
        codes = [each.get("code", "") for each in element.get("type", ())]
        if codes and all(code.startswith(FHIRPATH_SYSTEM) or code == "Resource" for code in codes):
            return []
        return self.types.rules("Extension" if codes == ["Extension"] else "Element")

    def _unfolded(self, element: Definition) -> tuple[Definition, tuple[SnapshotNode, ...]]:
        """The element with the children that its type, the profile of its type, or its content reference gives it."""
        reference = element.get("contentReference")
        if reference:
            target = self.start.find(str(reference).partition("#")[2])
            if target is None:
                raise Problem(f"element {element['id']}: {reference} is not an element of the parent")
            element = {key: value for key, value in element.items() if key != "contentReference"}
            element["type"] = target.element.get("type", [])
            origin = target
        else:
            known = self._origin(element)
            if known is None:  # what is said of the elements below cannot be placed; the validator says so of the type
                return element, ()
            origin = known
        moved = origin.moved(str(element["id"]), str(element["path"]), element.get("sliceName"))
        return element, (_unsliced(moved) if self.unsliced else moved).children

    def _origin(self, element: Definition) -> SnapshotNode | None:
        """What gives an element its children: the profile of its type, or its type; None where neither is known."""
        types = element.get("type", ())
        codes = {each.get("code", "") for each in types}
        profiles = [each for one in types for each in one.get("profile", ())]
        if not codes:
            raise Problem(f"element {element['id']}: it has no type, so nothing can be said of what lies below it")
        if len(codes) > 1:
            return self.types.tree("Element")
        found = self.types.tree(profiles[0]) if len(profiles) == 1 and not codes & _BY_TARGET else None
        return found or self.types.tree(next(iter(codes)))

    def _slices(
        self, node: SnapshotNode, slices: tuple[SnapshotNode, ...], changes: list[Change]
    ) -> tuple[SnapshotNode, ...]:
        result = {each.element["sliceName"]: each for each in slices}
        for change in told_slices(changes, result):
            name = str(change.slice_name)
            known = result.get(name)
            if known is None:
                list_id = node.id.removesuffix(f":{node.element.get('sliceName')}")
                origin = SnapshotNode(_fresh(node.element, name), node.children)
                known = origin.moved(f"{list_id}:{name}", node.path, name)
            result[name] = self.applied(known, change)
        return tuple(result.values())


def _fresh(element: Definition, slice_name: str) -> Definition:
    """The unsliced element as the start of a new slice: nobody must use it, and it is not sliced itself."""
    start = {key: value for key, value in element.items() if key != "slicing"}
    start["min"] = 0
    types = element.get("type", ())
    if str(element["path"]).endswith("[x]") and len(types) > 1:
        stem = str(element["path"]).rpartition(".")[2][:-3]
        chosen = [each for each in types if stem + _capital(each.get("code", "")) == slice_name]
        if chosen:
            start["type"] = chosen
    return start


def _retyped(inherited: Definition, stated: Definition) -> bool:
    """Whether the differential gives the element a profile as type, which then says what lies below."""
    return any(each.get("profile") for each in stated.get("type", ())) and stated["type"] != inherited.get("type")


def _sliced(element: Definition, slices: tuple[SnapshotNode, ...]) -> Definition:
    """The element with its slicing, stated or implied, and a minimum that makes room for what its slices need."""
    element = dict(element)
    if "slicing" not in element:
        if str(element["path"]).endswith("[x]"):
            element["slicing"] = {**SLICED_BY_TYPE, "rules": "open"}
        elif any(each.get("code", "") == "Extension" for each in element.get("type", ())):
            element["slicing"] = SLICED_BY_URL
    least = sum(each.element.get("min", 0) for each in slices)
    if least > element.get("min", 0):
        element["min"] = least
    return element


def _without_shortcuts(known: dict[str, SnapshotNode], changes: list[Change]) -> list[Change]:
    """The changes with `valueQuantity` as what it is short for: the slice of that name of `value[x]`."""
    result: list[Change] = []
    for change in changes:
        choice = None if change.name in known else _choice_of(known, change.name)
        if choice is None:
            result.append(change)
            continue
        holder = next((each for each in result if each.name == choice), None)
        if holder is None:
            holder = Change(choice)
            result.append(holder)
        _narrow(holder, known[choice].element, change)
        target = holder.slice(change.name)
        target.stated = {**target.stated, **change.stated}
        target.children += change.children
        target.slices += change.slices
    return result


def _narrow(holder: Change, choice: Definition, shortcut: Change) -> None:
    """Leave the choice only the shortcut's type where the shortcut is mandatory or nothing else was left to choose."""
    stated = holder.stated.get("type", ())
    if "slicing" in choice or (len(stated) != 1 and not shortcut.stated.get("min")):
        return
    stem = shortcut.name[len(holder.name) - 3 :]
    types = [*stated] or [each for each in choice["type"] if _capital(each.get("code", "")) == stem]
    holder.stated = {**holder.stated, "type": types, "slicing": SLICED_BY_TYPE}


def _choice_of(known: dict[str, SnapshotNode], name: str) -> str | None:
    """The choice element of which the name is one type, `value[x]` for `valueQuantity`."""
    for each in known.values():
        if each.name.endswith("[x]") and name.startswith(each.name[:-3]):
            rest = name[len(each.name) - 3 :]
            if any(_capital(one.get("code", "")) == rest for one in each.element.get("type", ())):
                return each.name
    return None


def _capital(code: str) -> str:
    return code[:1].upper() + code[1:]
