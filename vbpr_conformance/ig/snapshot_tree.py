"""Snapshots and differentials as trees: an element holds its children and its slices.

Both come as flat lists of ElementDefinition JSON, in which ids tell what hangs below what
(https://hl7.org/fhir/R4/elementdefinition.html#id).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Definition = dict[str, Any]


class Problem(Exception):  # noqa: N818 - the caller adds file and URL and makes the error of it
    """A differential or snapshot cannot be used; the message names the element."""


@dataclass(frozen=True, slots=True)
class SnapshotNode:
    """An element of a snapshot. `children` are the unsliced elements below, `slices` the slices of this element."""

    element: Definition
    children: tuple[SnapshotNode, ...] = ()
    slices: tuple[SnapshotNode, ...] = ()

    @property
    def id(self) -> str:
        """The element id."""
        return str(self.element["id"])

    @property
    def path(self) -> str:
        """The element path."""
        return str(self.element["path"])

    @property
    def name(self) -> str:
        """The last step of the path."""
        return self.path.rpartition(".")[2]

    def moved(self, element_id: str, path: str, slice_name: str | None = None) -> SnapshotNode:
        """The same element and all below it at another place."""
        element = {**self.element, "id": element_id, "path": path}
        element.pop("sliceName", None)
        if slice_name is not None:
            element["sliceName"] = slice_name
        return SnapshotNode(
            element,
            tuple(each.moved(f"{element_id}.{each.name}", f"{path}.{each.name}") for each in self.children),
            tuple(
                each.moved(
                    f"{_unsliced(element_id, slice_name)}:{each.element['sliceName']}", path, each.element["sliceName"]
                )
                for each in self.slices
            ),
        )

    def flat(self) -> list[Definition]:
        """The element and all below it in the order of a snapshot."""
        found = [self.element]
        for each in (*self.children, *self.slices):
            found += each.flat()
        return found

    def find(self, element_id: str) -> SnapshotNode | None:
        """The element with that id, at or below this one."""
        if self.id == element_id:
            return self
        for each in (*self.children, *self.slices):
            if element_id.startswith(each.id):
                found = each.find(element_id)
                if found is not None:
                    return found
        return None


def _unsliced(element_id: str, slice_name: str | None) -> str:
    """The id of the list that a slice belongs to."""
    return element_id.removesuffix(f":{slice_name}") if slice_name else element_id


@dataclass(slots=True)
class Change:
    """What a differential says of one element. `stated` is empty where it only says something of what lies below."""

    name: str
    slice_name: str | None = None
    stated: Definition = field(default_factory=dict)
    children: list[Change] = field(default_factory=list)
    slices: list[Change] = field(default_factory=list)

    def child(self, name: str) -> Change:
        """The change of the unsliced child of that name, made if missing."""
        for each in self.children:
            if each.name == name:
                return each
        self.children.append(Change(name))
        return self.children[-1]

    def slice(self, slice_name: str) -> Change:
        """The change of the slice of that name, made if missing; `a/b` is a slice of the slice `a`."""
        holder = self
        outer = slice_name.rpartition("/")[0]
        if outer and outer != self.slice_name:
            holder = self.slice(outer)
        for each in holder.slices:
            if each.slice_name == slice_name:
                return each
        holder.slices.append(Change(self.name, slice_name))
        return holder.slices[-1]


def told_slices(changes: Iterable[Change], known: Container[str | None] = ()) -> Iterator[Change]:
    """The slices that are stated or `known`; where `a/b` is stated but `a` nowhere, `a/b` is a slice of the list."""
    for change in changes:
        if change.stated or change.children or change.slice_name in known:
            yield change
        else:
            yield from told_slices(change.slices, known)


def snapshot_tree(elements: Iterable[Definition]) -> SnapshotNode:
    """The tree of a snapshot."""
    top = change_tree(elements)

    def node(change: Change, element_id: str, path: str) -> SnapshotNode:
        element = {**change.stated, "id": element_id, "path": path}
        return SnapshotNode(
            element,
            tuple(node(each, f"{element_id}.{each.name}", f"{path}.{each.name}") for each in change.children),
            tuple(
                node(each, f"{_unsliced(element_id, change.slice_name)}:{each.slice_name}", path)
                for each in told_slices(change.slices)
            ),
        )

    return node(top, top.name, top.name)


def change_tree(elements: Iterable[Definition]) -> Change:
    """The tree of a differential. Elements are placed by their id where it fits path and slice name, else in turn."""
    top: Change | None = None
    latest: dict[str, Change] = {}
    for element in elements:
        path = element.get("path")
        if not isinstance(path, str):
            raise Problem("an element has no path")
        if top is None:
            top = Change(path.partition(".")[0])
        elif path.partition(".")[0] != top.name:
            raise Problem(f"element {path}: the elements before it are of {top.name}")
        if "." not in path:
            target = top
        elif _id_fits(element):
            target = _by_id(top, str(element["id"]))
        else:
            target = _in_turn(top, latest, path, element.get("sliceName"))
        target.stated |= element
        latest = {known: change for known, change in latest.items() if not known.startswith(f"{path}.")}
        latest[path] = target
    return top or Change("")


def _id_fits(element: Definition) -> bool:
    """Whether the id says the same as path and slice name: ids in hand-written differentials often do not."""
    names, slices = [], []
    for step in str(element.get("id", "")).split("."):
        name, _, slice_name = step.partition(":")
        names.append(name)
        slices.append(slice_name)
    return ".".join(names) == element["path"] and slices[-1] == str(element.get("sliceName", ""))


def _by_id(top: Change, element_id: str) -> Change:
    target = top
    for step in element_id.split(".")[1:]:
        name, _, slice_name = step.partition(":")
        target = target.child(name)
        if slice_name:
            target = target.slice(slice_name)
    return target


def _in_turn(top: Change, latest: dict[str, Change], path: str, slice_name: str | None) -> Change:
    """Place an element below the element of its parent's path that was stated last."""
    above, _, name = path.rpartition(".")
    parent = latest.get(above) or _in_turn(top, latest, above, None) if "." in above else top
    target = parent.child(name)
    return target.slice(slice_name) if slice_name and slice_name != name else target
