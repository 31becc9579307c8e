"""Invariants read off their expressions."""

from __future__ import annotations

import pytest

from vbpr_conformance.generate.shapes import AT_LEAST_ONE, EXACTLY_ONE, ONLY_WITH, Term, shape
from vbpr_conformance.ig.model import Constraint


@pytest.mark.parametrize(
    ("expression", "kind", "sides", "prefix"),
    [
        ("code.exists() xor stratum.component.exists()", EXACTLY_ONE, ((("code",),), (("stratum", "component"),)), ()),
        ("extension.exists() != value.exists()", EXACTLY_ONE, ((("extension",),), (("value",),)), ()),
        ("a.b.all(value.exists() xor component.exists())", EXACTLY_ONE, ((("value",),), (("component",),)), ("a", "b")),
        ("g.all((x | y).exists() xor z.exists())", EXACTLY_ONE, ((("x",), ("y",)), (("z",),)), ("g",)),
        ("code.empty() or system.exists()", ONLY_WITH, ((("code",),), (("system",),)), ()),
        ("data.exists() implies type.exists()", ONLY_WITH, ((("data",),), (("type",),)), ()),
        ("expression.exists() or reference.exists()", AT_LEAST_ONE, ((("expression",),), (("reference",),)), ()),
        ("telecom or endpoint", AT_LEAST_ONE, ((("telecom",),), (("endpoint",),)), ()),
        ("(identifier.count() + name.count()) > 0", AT_LEAST_ONE, ((("identifier",),), (("name",),)), ()),
    ],
)
def test_known_shapes(expression, kind, sides, prefix):
    """Each of the usual forms of an invariant about presence is read as what it says."""
    made = shape(Constraint("x-1", "error", expression))
    assert made is not None
    assert (made.kind, made.prefix) == (kind, prefix)
    assert tuple(tuple(term.path for term in side) for side in made.sides) == sides


def test_extension_as_a_side():
    """An extension named by its URL is a side as well."""
    made = shape(Constraint("x-1", "error", "extension('http://x/y').exists() xor count.exists()"))
    assert made is not None
    assert made.sides == ((Term(url="http://x/y"),), (Term(("count",)),))


@pytest.mark.parametrize(
    "expression", ["start <= end", "value.matches('^[0-9]+$')", "a.exists() xor b.exists() xor c.exists()", ""]
)
def test_other_shapes_are_left_to_the_validator(expression):
    """What is not about presence alone has no shape."""
    assert shape(Constraint("x-1", "error", expression)) is None
