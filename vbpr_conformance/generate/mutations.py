"""How a rule of each kind is broken: edits that are tried in turn on a conformant payload.

Whether an edit breaks the rule it is meant to, and no other, is for the validator to say; here stand likely ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vbpr_conformance.generate import broken_meaning as meaning
from vbpr_conformance.generate import broken_structure as structure
from vbpr_conformance.generate.broken_invariants import invariant
from vbpr_conformance.generate.case import Case, Edit

Mutation = Callable[[Case], Iterator[Edit]]
"""Yields edits of the case's resource; each is applied to a fresh copy, so that only one takes effect."""

MUTATIONS: dict[str, Mutation] = {
    "array": structure.array,
    "binding": meaning.outside_value_set,
    "choice": structure.two_types,
    "code": meaning.unknown_code,
    "element-id": structure.repeated_id,
    "extension": meaning.undefined_extension,
    "extension-context": meaning.misplaced_extension,
    "fixed": meaning.other_value,
    "format": structure.wrong_format,
    "invariant": invariant,
    "length": structure.too_long,
    "max": structure.too_many,
    "min": structure.too_few,
    "pattern": meaning.other_value,
    "profile": meaning.wrong_profile,
    "range": structure.out_of_range,
    "reference": meaning.no_reference,
    "shape": structure.other_shape,
    "slice": meaning.outside_slices,
    "system": meaning.no_system,
    "target": meaning.wrong_target,
    "type": structure.other_type,
    "unknown-property": structure.unknown_property,
}
"""What to try, by the kind of the rule."""
