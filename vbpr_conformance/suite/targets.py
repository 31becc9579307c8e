"""Resources that others refer to: created once, before what refers to them.

Some servers take no reference to what is not there. Where a server does not take the target itself, references to it
are absolute URLs of another place instead, which FHIR allows (https://hl7.org/fhir/R4/references.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vbpr_conformance.suite.randomness import rng

if TYPE_CHECKING:
    from vbpr_conformance.suite.context import Context

ELSEWHERE = "https://example.org/fhir"
_LITERAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/.*)?")
_KEYS = ("a", "b")
_NESTED = (dict, list)


class Targets:
    """The targets of one run, by type and a key that tells several of one type apart."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._made: dict[tuple[str, str], str] = {}
        self._profiles: dict[str, str] | None = None

    def reference(self, kind: str, key: str) -> str:
        """Give the reference to the target of this type and key, created when first asked for."""
        if (kind, key) not in self._made:
            self._made[kind, key] = f"{ELSEWHERE}/{kind}/{key}"  # also what a target that refers to itself gets
            self._made[kind, key] = self._create(kind, key)
        return self._made[kind, key]

    def place(self, resource: dict[str, Any]) -> None:
        """Let the literal references in a resource point to targets that exist."""
        waiting: list[Any] = [resource]
        while waiting:
            each = waiting.pop()
            if type(each) is dict:
                literal = each.get("reference")
                if type(literal) is str and not literal.startswith(("#", "urn:")):
                    each["reference"] = self._placed(literal)
                each = each.values()
            waiting += [part for part in each if type(part) in _NESTED]

    def scope(self) -> Mapping[str, Any]:
        """What `{{targets.Type.key}}` gives in a suite: the reference to that target."""
        return _TargetTypes(self)

    def _placed(self, literal: str) -> str:
        match = _LITERAL.fullmatch(literal)
        if literal in self._context.references or literal.startswith(f"{ELSEWHERE}/") or match is None:
            return literal
        kind, identity = match[1], match[2]
        return self.reference(kind, _KEYS[sum(identity.encode()) % len(_KEYS)])

    def _create(self, kind: str, key: str) -> str:
        profile = self._profile_of(kind)
        if profile is None:
            return f"{ELSEWHERE}/{kind}/{key}"
        made = self._context.payloads.sample(profile, rng(self._context.settings.seed, "target", kind, key))
        live = self._context.try_create(f"target {kind} {key}", made)
        return f"{ELSEWHERE}/{kind}/{key}" if live is None else live.reference

    def _profile_of(self, kind: str) -> str | None:
        """The profile that the guide asks of targets of this type, else the type itself."""
        if self._profiles is None:
            self._profiles = dict(self._asked_for())
        found = self._profiles.get(kind)
        if found is not None:
            return found
        return kind if self._context.edition.find_profile(kind) is not None else None

    def _asked_for(self) -> Iterator[tuple[str, str]]:
        edition = self._context.edition
        for profile in reversed(edition.profiles):
            for element in profile.elements:
                for target in (target for each in element.types for target in each.targets):
                    found = edition.find_profile(target)
                    if found is not None and found.derivation == "constraint":
                        yield found.type, found.url


class _Keys(Mapping[str, str]):
    def __init__(self, targets: Targets, kind: str) -> None:
        self._targets, self._kind = targets, kind

    def __getitem__(self, key: str) -> str:
        return self._targets.reference(self._kind, key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _TargetTypes(Mapping[str, Mapping[str, str]]):
    def __init__(self, targets: Targets) -> None:
        self._targets = targets

    def __getitem__(self, kind: str) -> Mapping[str, str]:
        return _Keys(self._targets, kind)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
