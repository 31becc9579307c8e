"""Values that were judged before are not judged again: payloads repeat a few codes, extensions and organizations.

What is remembered was found without a look at anything around the value, so it holds wherever the same check meets the
same value. A check stops remembering where that does not pay: counts and amounts hardly ever come back.
"""

from __future__ import annotations

from marshal import dumps
from threading import RLock
from typing import Any, cast

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.validate.compile.element_node import Check, Checker
from vbpr_conformance.validate.issue import Drafts
from vbpr_conformance.validate.judge.scope import Judge, Scope

_MOST = 2000
_LONGEST = 4096
"""What is longer, in bytes, is not remembered."""
_CREDIT = 64
"""So many more values may be new than known, before a check stops remembering."""
_LOOKED_AROUND = 8
"""So many new values does one count that cannot be judged alone: what refers to something else always will."""


def remembering(check: Check, holder: Checker, lock: RLock) -> Check:
    """Let a check remember what it found; `holder` has the check alone again where values do not come back.

    Threads may share it: `lock` is held while something is remembered.
    """
    seen: dict[bytes, Drafts] = {}
    credit = _CREDIT

    def spend(cost: int) -> None:
        nonlocal credit
        with lock:
            credit -= cost
            if credit <= 0:
                holder.check = check
                seen.clear()

    def remembered(value: Any, scope: Scope) -> Drafts | None:
        try:
            key = dumps(value, _BY_VALUE)
        except ValueError:  # amounts, which are Decimals, and what is no JSON at all
            spend(1)
            return check(value, scope)
        known = seen.get(key)
        if known is not None:
            if credit < _CREDIT:
                spend(-1)
            return [each.again() for each in known] if known else None
        try:
            found = check(value, cast("Scope", _Nowhere(scope.judge))) or []
        except _LookedAroundError:
            spend(_LOOKED_AROUND)
            return check(value, scope)
        spend(1)
        if len(seen) < _MOST and len(key) <= _LONGEST:
            with lock:
                seen[key] = [each.again() for each in found]
        return found

    return remembered


_BY_VALUE = 0
"""The version of the notation in which equal values, and no others, have equal bytes."""


class _LookedAroundError(BaseException):
    """A check asked for more than the value. No `Exception`: nothing on the way may take it for one of its own."""


class _Nowhere:
    """Stands for the scope of a value that is judged by itself alone: there is nothing around it to look at."""

    __slots__ = ("ids", "judge", "probing", "resource")

    ids: set[str]
    probing: frozenset[tuple[int, str]]
    resource: dict[str, Any]

    def __init__(self, judge: Judge) -> None:
        self.judge = judge

    def inner(self, resource: dict[str, Any]) -> _Nowhere:
        """The scope of a resource, which has ids of its own."""
        made = _Nowhere(self.judge)
        made.resource = resource
        made.ids = set()
        made.probing = frozenset()
        return made

    def probe(self, resource: dict[str, Any], _profile: str) -> _Nowhere:
        """The same: no reference is followed from here, so that none leads in a circle."""
        return self.inner(resource)

    def env(self, **variables: Any) -> fhirpath.Environment:
        """What FHIRPath may look at here: the value alone."""
        return _NoEnv(self.judge, variables)

    def __getattr__(self, name: str) -> Any:
        raise _LookedAroundError(name)


class _NoEnv(fhirpath.Environment):
    """An environment that knows types and value sets, but no resource, no way to another, and no time."""

    __slots__ = ()

    def __init__(self, judge: Judge, variables: dict[str, Any]) -> None:
        super().__init__(member_of=judge.member_of, types=judge.types, variables=variables)
        del self.resource, self.root_resource, self.resolve, self.conforms_to, self.now

    def __getattr__(self, name: str) -> Any:
        raise _LookedAroundError(name)
