"""Snapshots from differentials, for our own notation and for official packages alike.

A snapshot is the parent's snapshot with the differential applied
(https://hl7.org/fhir/R4/profiling.html#snapshot, https://hl7.org/fhir/R4/elementdefinition.html#interpretation).
"""

from __future__ import annotations

from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.definitions import Definitions, Held, well_formed
from vbpr_conformance.ig.model import STRUCTURE_DEFINITION
from vbpr_conformance.ig.snapshot_apply import derive
from vbpr_conformance.ig.snapshot_merge import constraints
from vbpr_conformance.ig.snapshot_tree import Definition, Node, Problem, snapshot_tree


class Snapshots:
    """Compiles the snapshot of any StructureDefinition held, each once."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._done: dict[tuple[str, str | None], Node] = {}
        self._under_way: list[str] = []

    def elements(self, held: Held) -> list[Definition]:
        """The elements of the snapshot, in order."""
        return self.tree(held).flat()

    def tree(self, held: Held) -> Node:
        """The snapshot as a tree."""
        key = (held.url, held.version)
        if key not in self._done:
            if held.url in self._under_way:
                chain = " → ".join([*self._under_way, held.url])
                raise UsageError(f"{held.source}: {held.url} is made of itself: {chain}.")
            self._under_way.append(held.url)
            try:
                self._done[key] = self._compiled(held)
            finally:
                self._under_way.pop()
        return self._done[key]

    def _compiled(self, held: Held) -> Node:
        published = (held.resource.get("snapshot") or {}).get("element")
        if published and "differential" not in held.resource:
            return _published(held)
        try:
            return self.derived(held)
        except UsageError:
            # What is published with a snapshot works by it, even where a parent is not at hand.
            if published:
                return _published(held)
            raise

    def derived(self, held: Held) -> Node:
        """The snapshot made from the differential, whatever snapshot the resource brings along."""
        resource = held.resource
        parent: Node | None = None
        base = resource.get("baseDefinition")
        if base:
            found = self._definitions.find(base, "StructureDefinition")
            if found is None:
                raise UsageError(f"{held.source}: {held.url} is derived from {base}, which is not known here.")
            parent = self.tree(found)
        try:
            return derive(resource, parent, _Types(self, self._definitions))
        except Problem as problem:
            raise UsageError(f"{held.source}: {held.url}: {problem}.") from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"{held.source}: {held.url}: it does not have the form of a StructureDefinition."
            ) from error


def _published(held: Held) -> Node:
    try:
        with well_formed(held):
            return snapshot_tree(held.resource["snapshot"]["element"])
    except Problem as problem:
        raise UsageError(f"{held.source}: {held.url}: {problem}.") from None


class _Types:
    """The types and profiles that are held, as a derivation asks for them."""

    def __init__(self, snapshots: Snapshots, definitions: Definitions) -> None:
        self._snapshots = snapshots
        self._definitions = definitions

    def tree(self, canonical: str) -> Node | None:
        """The snapshot of a type or of a profile on one, or None if it is not known here."""
        found = self._find(canonical)
        return None if found is None else self._snapshots.tree(found)

    def rules(self, code: str) -> list[Any]:
        """The invariants of a type, without its snapshot: that of Extension needs Element's, which has extensions."""
        found = self._find(code)
        if found is None:
            return []
        base = found.resource.get("baseDefinition")
        inherited = self.rules(base) if base else []
        stated: list[Definition] = (found.resource.get("differential") or found.resource["snapshot"])["element"]
        root: Definition = next((each for each in stated if "." not in each["path"]), {})
        return constraints(inherited, root.get("constraint", []), found.url)

    def _find(self, canonical: str) -> Held | None:
        url = canonical if ":" in canonical else STRUCTURE_DEFINITION + canonical
        return self._definitions.find(url, "StructureDefinition")
