"""Resources that others refer to: created once, before what refers to them.

Some servers take no reference to what is not there. Where a server does not take the target itself, references to it
are absolute URLs of another place instead, which FHIR allows (https://hl7.org/fhir/R4/references.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vbpr_conformance.fhir.resource_ids import ID_PATTERN
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.suite.names import LazyMapping
from vbpr_conformance.suite.randomness import rng
from vbpr_conformance.suite.run_resources import RunResources
from vbpr_conformance.suite.seed_payloads import SeedPayloads

ELSEWHERE = "https://example.org/fhir"
_LITERAL = re.compile(rf"(?:.*/)?([A-Z][A-Za-z]+)/({ID_PATTERN})(?:/_history/.*)?")
_KEYS = ("a", "b")
_NESTED = (dict, list)


class ReferencedResources:
    """The targets of one run, by type and a key that tells several of one type apart."""

    def __init__(
        self,
        edition: Edition,
        payloads: SeedPayloads,
        resources: RunResources,
        seed: int,
        *,
        existing: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._edition = edition
        self._payloads = payloads
        self._resources = resources
        self._seed = seed
        self._named = existing or {}
        """Ids that the user named, by type: some servers take references to nothing else."""
        self._references: dict[tuple[str, str], str] = {}
        self._profiles: dict[str, str] | None = None

    def reference(self, kind: str, key: str) -> str:
        """Give the reference to the target of this type and key, created when first asked for."""
        if (kind, key) not in self._references:
            self._references[kind, key] = f"{ELSEWHERE}/{kind}/{key}"  # also for a target that refers to itself
            self._references[kind, key] = self._create(kind, key)
        return self._references[kind, key]

    def point(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Let the literal references in a resource point to targets that exist, and give the resource."""
        waiting: list[Any] = [resource]
        while waiting:
            each = waiting.pop()
            if type(each) is dict:
                literal = each.get("reference")
                if type(literal) is str and not literal.startswith(("#", "urn:")):
                    each["reference"] = self._existing(literal)
                each = each.values()
            waiting += [part for part in each if type(part) in _NESTED]
        return resource

    def of_type(self, kind: str) -> Mapping[str, str]:
        """What `{{targets.Type.key}}` gives in a suite: the reference to the target of this type and key."""
        return LazyMapping(lambda key: self.reference(kind, key))

    def _existing(self, literal: str) -> str:
        match = _LITERAL.fullmatch(literal)
        if literal in self._resources.references or literal.startswith(f"{ELSEWHERE}/") or match is None:
            return literal
        kind, identity = match[1], match[2]
        return self.reference(kind, _KEYS[sum(identity.encode()) % len(_KEYS)])

    def _create(self, kind: str, key: str) -> str:
        if self._named.get(kind):
            ids = self._named[kind]
            return f"{kind}/{ids[_KEYS.index(key) % len(ids) if key in _KEYS else 0]}"
        profile = self._profile_of(kind)
        if profile is None:
            return f"{ELSEWHERE}/{kind}/{key}"
        payload = self.point(self._payloads.sample(profile, rng(self._seed, "target", kind, key)))
        created = self._resources.create_for_all(f"target {kind} {key}", payload)
        return f"{ELSEWHERE}/{kind}/{key}" if created is None else created.reference

    def _profile_of(self, kind: str) -> str | None:
        """The profile that the guide asks of targets of this type, else the type itself."""
        if self._profiles is None:
            self._profiles = dict(self._asked_for())
        found = self._profiles.get(kind)
        if found is not None:
            return found
        return kind if self._edition.find_profile(kind) is not None else None

    def _asked_for(self) -> Iterator[tuple[str, str]]:
        for profile in reversed(self._edition.profiles):
            for element in profile.elements:
                for target in (target for each in element.types for target in each.targets):
                    found = self._edition.find_profile(target)
                    if found is not None and found.derivation == "constraint":
                        yield found.type, found.url
