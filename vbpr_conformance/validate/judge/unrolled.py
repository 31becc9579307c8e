"""The check of an object whose names are known, written out without a loop: it runs for every object of a payload.

What is written out depends on how many properties and checks there are, not on what they are, so that few texts serve
all objects. A report is judged in a tenth less time for it (`benchmarks/validate.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

from vbpr_conformance.validate.compile.element_node import ObjectCheck, PropertyCheck
from vbpr_conformance.validate.compile.object_properties import Single
from vbpr_conformance.validate.issue import Drafts
from vbpr_conformance.validate.judge.scope import Scope

_Make = Callable[
    [Sequence[AbstractSet[Any] | None], Sequence[PropertyCheck], Sequence[ObjectCheck]],
    ObjectCheck,
]


def unrolled(
    fine: Sequence[AbstractSet[Any] | None], properties: Sequence[PropertyCheck], whole: Sequence[ObjectCheck]
) -> ObjectCheck:
    """Make the check of an object with these properties, in this order, and these checks of the whole.

    `fine` holds, for a property whose values are judged by themselves alone, the texts found fine before; or, frozen,
    the types of which any value is fine.
    """
    if len(properties) > _MOST:
        return looped(properties, whole)
    told_by = tuple(map(_told_by, fine, properties))
    return _made(told_by, len(whole))(fine, properties, whole)


_MOST = 40
"""An object with more properties is no object of FHIR, and nothing is written out for it."""


def looped(properties: Sequence[PropertyCheck], whole: Sequence[ObjectCheck]) -> ObjectCheck:
    """Make the same check with a loop."""

    def check(value: dict[str, Any], scope: Scope) -> Drafts | None:
        found: Drafts = []
        for item, prop in zip(value.values(), properties, strict=True):
            found += prop(item, value, scope) or ()
        for each in whole:
            found += each(value, scope) or ()
        return found or None

    return check


def _told_by(fine: AbstractSet[Any] | None, check: PropertyCheck) -> str:
    if fine is None:
        return "item" if isinstance(check, Single) else ""
    return "type" if isinstance(fine, frozenset) else "text"


@lru_cache(maxsize=1024)
def _made(told_by: tuple[str, ...], whole: int) -> _Make:
    """Make what makes such checks; `told_by` says of each property what tells that it is fine.

    That is its "text", its "type", the "item" that it holds, or, empty, its check and nothing before.
    """
    space: dict[str, Any] = {}
    exec("\n".join(_lines(told_by, whole)), space)  # noqa: S102  the text is made here, of numbers alone
    make: _Make = space["make"]
    return make


def _lines(told_by: tuple[str, ...], whole: int) -> Iterator[str]:
    count = len(told_by)
    yield "def make(fine, properties, whole):"
    yield from (f"    f{n} = fine[{n}]; p{n} = properties[{n}]" for n in range(count))
    yield from (f"    w{n} = whole[{n}]" for n in range(whole))
    yield "    def check(value, scope):"
    yield "        found = None"
    if count:
        yield f"        {' '.join(f'v{n},' for n in range(count))} = value.values()"
    for n, located in enumerate(told_by):
        if located == "item":
            yield f"        bad = p{n}.item.check(v{n}, scope)"
            yield f"        if bad: bad = p{n}.located(bad, v{n}); found = bad if found is None else found + bad"
            continue
        space = "    " if located else ""
        if located == "text":
            yield f"        if type(v{n}) is not str or v{n} not in f{n}:"
        elif located == "type":
            yield f"        if type(v{n}) not in f{n}:"
        yield f"        {space}bad = p{n}(v{n}, value, scope)"
        yield f"        {space}if bad: found = bad if found is None else found + bad"
    for n in range(whole):
        yield f"        bad = w{n}(value, scope)"
        yield "        if bad: found = bad if found is None else found + bad"
    yield "        return found"
    yield "    return check"
