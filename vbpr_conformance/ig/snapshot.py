"""Snapshots from differentials, for our own notation and for official packages alike.

A snapshot is the parent's snapshot with the differential applied
(https://hl7.org/fhir/R4/profiling.html#snapshot, https://hl7.org/fhir/R4/elementdefinition.html#interpretation).
"""

from __future__ import annotations

from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.definitions import CanonicalResource, Definitions, well_formed
from vbpr_conformance.ig.model import STRUCTURE_DEFINITION
from vbpr_conformance.ig.snapshot_apply import derive
from vbpr_conformance.ig.snapshot_merge import constraints
from vbpr_conformance.ig.snapshot_tree import Definition, Problem, SnapshotNode, snapshot_tree


class Snapshots:
    """Compiles the snapshot of any StructureDefinition held, each once."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._done: dict[tuple[str, str | None], SnapshotNode] = {}
        self._under_way: list[str] = []

    def elements(self, definition: CanonicalResource) -> list[Definition]:
        """The elements of the snapshot, in order."""
        return self.tree(definition).flat()

    def tree(self, definition: CanonicalResource) -> SnapshotNode:
        """The snapshot as a tree."""
        key = (definition.url, definition.version)
        if key not in self._done:
            if definition.url in self._under_way:
                chain = " → ".join([*self._under_way, definition.url])
                raise UsageError(f"{definition.source}: {definition.url} is made of itself: {chain}.")
            self._under_way.append(definition.url)
            try:
                self._done[key] = self._compiled(definition)
            finally:
                self._under_way.pop()
        return self._done[key]

    def _compiled(self, definition: CanonicalResource) -> SnapshotNode:
        published = (definition.resource.get("snapshot") or {}).get("element")
        if published and "differential" not in definition.resource:
            return _published(definition)
        try:
            return self.derived(definition)
        except UsageError:
            # What is published with a snapshot works by it, even where a parent is not at hand.
            if published:
                return _published(definition)
            raise

    def derived(self, definition: CanonicalResource) -> SnapshotNode:
        """The snapshot made from the differential, whatever snapshot the resource brings along."""
        resource = definition.resource
        parent: SnapshotNode | None = None
        base = resource.get("baseDefinition")
        if base:
            found = self._definitions.find(base, "StructureDefinition")
            if found is None:
                raise UsageError(
                    f"{definition.source}: {definition.url} is derived from {base}, which is not known here."
                )
            parent = self.tree(found)
        try:
            return derive(resource, parent, _KnownTypes(self, self._definitions))
        except Problem as problem:
            raise UsageError(f"{definition.source}: {definition.url}: {problem}.") from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"{definition.source}: {definition.url}: it does not have the form of a StructureDefinition."
            ) from error


def _published(definition: CanonicalResource) -> SnapshotNode:
    try:
        with well_formed(definition):
            return snapshot_tree(definition.resource["snapshot"]["element"])
    except Problem as problem:
        raise UsageError(f"{definition.source}: {definition.url}: {problem}.") from None


class _KnownTypes:
    """The types and profiles that are held, as a derivation asks for them."""

    def __init__(self, snapshots: Snapshots, definitions: Definitions) -> None:
        self._snapshots = snapshots
        self._definitions = definitions

    def tree(self, canonical: str) -> SnapshotNode | None:
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

    def _find(self, canonical: str) -> CanonicalResource | None:
        url = canonical if ":" in canonical else STRUCTURE_DEFINITION + canonical
        return self._definitions.find(url, "StructureDefinition")
