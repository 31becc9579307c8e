"""How a rule of each kind is broken: edits that are tried in turn on a conformant payload.

Whether an edit breaks the rule it is meant to, and no other, is for the validator to say; here stand likely ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vbpr_conformance.generate import broken_meaning, broken_structure
from vbpr_conformance.generate.broken_invariants import invariant
from vbpr_conformance.generate.fault_case import Edit, FaultCase

Mutation = Callable[[FaultCase], Iterator[Edit]]
"""Yields edits of the case's resource; each is applied to a fresh copy, so that only one takes effect."""

MUTATIONS: dict[str, Mutation] = {
    "array": broken_structure.array,
    "binding": broken_meaning.outside_value_set,
    "choice": broken_structure.two_types,
    "code": broken_meaning.unknown_code,
    "element-id": broken_structure.repeated_id,
    "extension": broken_meaning.undefined_extension,
    "extension-context": broken_meaning.misplaced_extension,
    "fixed": broken_meaning.other_value,
    "format": broken_structure.wrong_format,
    "invariant": invariant,
    "length": broken_structure.too_long,
    "max": broken_structure.too_many,
    "min": broken_structure.too_few,
    "pattern": broken_meaning.other_value,
    "profile": broken_meaning.wrong_profile,
    "range": broken_structure.out_of_range,
    "reference": broken_meaning.no_reference,
    "shape": broken_structure.other_shape,
    "slice": broken_meaning.outside_slices,
    "system": broken_meaning.no_system,
    "target": broken_meaning.wrong_target,
    "type": broken_structure.other_type,
    "unknown-property": broken_structure.unknown_property,
}
"""What to try, by the kind of the rule."""
