"""Which codes value sets and code systems have, as far as local data tells (https://hl7.org/fhir/R4/terminologies.html)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from vbpr_conformance.errors import UsageError
from vbpr_conformance.validate import standards

if TYPE_CHECKING:
    from vbpr_conformance.ig.edition import Edition
    from vbpr_conformance.ig.model import CodeSystem, ValueSet

Held = TypeVar("Held")

_STANDARD_SETS = {
    "http://hl7.org/fhir/ValueSet/currencies": standards.CURRENCIES,
    "http://hl7.org/fhir/ValueSet/languages": standards.LANGUAGES,
    "http://hl7.org/fhir/ValueSet/all-languages": standards.LANGUAGES,
}
"""Value sets of FHIR itself that are all codes of one standard, or (languages) commonly used ones of it."""


class Members:
    """The codes of one value set. A question that local data cannot answer has the answer None."""

    def __init__(self, held: ValueSet | None, url: str, any_case: Callable[[str], bool] = lambda _: False) -> None:
        self.url = url
        self._any_case = any_case
        self.name = (held.name if held else "") or url
        self._codes: Mapping[tuple[str, str], str] = held.codes if held else {}
        self._plain = frozenset(code for _, code in self._codes)
        self._systems = frozenset(system for system, _ in self._codes)
        self._complete = bool(held and held.complete)
        self._open = held.open_systems if held else frozenset()
        self._standard = _STANDARD_SETS.get(url.partition("|")[0])

    def has(self, system: Any, code: str) -> bool | None:
        """Whether the value set has the code of that system."""
        if type(system) is not str:
            system = None
        if (system, code) in self._codes:
            return True
        if system in self._systems and self._any_case(system) and (system, code.casefold()) in self._folded:
            return True
        if self._standard is not None and system == self._standard:
            return standards.is_known(system, code)
        if system in self._open:
            return standards.is_known(system, code) or None
        return False if self._complete or self._open or self._standard else None

    def has_plain(self, code: str) -> bool | None:
        """Whether the value set has the code, the system being implied (type `code`)."""
        if code in self._plain:
            return True
        if self._standard is not None:
            return standards.is_known(self._standard, code)
        if self._open:
            answers = {standards.is_known(system, code) for system in self._open}
            return True if True in answers else None if None in answers else False
        return False if self._complete else None

    def display(self, system: str, code: str) -> str | None:
        """The display that the value set gives."""
        return self._codes.get((system, code)) or None

    def systems(self) -> frozenset[str]:
        """The code systems that it takes codes from."""
        return self._systems | self._open

    @cached_property
    def _folded(self) -> frozenset[tuple[str, str]]:
        return frozenset((system, code.casefold()) for system, code in self._codes)

    @cached_property
    def listed(self) -> str:
        """Some of its codes, for a message."""
        codes = sorted(self._plain)
        if not codes:
            return f"the value set {self.url}"
        few = ", ".join(codes[:_SHOWN]) + (", …" if len(codes) > _SHOWN else "")
        return f"{self.url} ({few})"


_SHOWN = 8


class LocalTerminology:
    """The value sets and code systems of an edition, each made once."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._members: dict[str, Members] = {}
        self._systems: dict[str, CodeSystem | None] = {}
        self._value_sets: dict[str, bool] = {}
        self._folded: dict[str, frozenset[str]] = {}

    def members(self, value_set: str) -> Members:
        """The codes of a value set; of one not held here, nothing can be said."""
        found = self._members.get(value_set)
        if found is None:
            held = _usable(self._edition.value_set, value_set)
            found = self._members[value_set] = Members(held, value_set, self._any_case)
        return found

    def lacks(self, system: str, code: str) -> bool:
        """Whether the code system is held whole and has no such code."""
        held = self._system(system)
        if held is None or not held.complete:
            return standards.is_known(system, code) is False
        if code in held.codes:
            return False
        return held.case_sensitive or code.casefold() not in self._fold(held)

    def display(self, system: str, code: str) -> str | None:
        """The display of a code whose system is held."""
        held = self._system(system)
        return (held.codes.get(code) or None) if held else None

    def holds(self, system: str) -> bool:
        """Whether the code system is held."""
        return self._system(system) is not None

    def is_value_set(self, url: str) -> bool:
        """Whether this is the canonical of a value set: no code system can have it."""
        known = self._value_sets.get(url)
        if known is None:
            known = _OF_HL7.match(url) is not None or self._edition.find(url, "ValueSet") is not None
            if len(self._value_sets) < _REMEMBERED:
                self._value_sets[url] = known
        return known

    def _any_case(self, system: str) -> bool:
        """Whether codes of a system are the same in any case (CodeSystem.caseSensitive)."""
        held = self._system(system)
        return held is not None and not held.case_sensitive

    def _system(self, url: str) -> CodeSystem | None:
        if url in self._systems:
            return self._systems[url]
        held = _usable(self._edition.code_system, url)
        if held is not None or len(self._systems) < _REMEMBERED:
            self._systems[url] = held
        return held

    def _fold(self, held: CodeSystem) -> frozenset[str]:
        if held.url not in self._folded:
            self._folded[held.url] = frozenset(code.casefold() for code in held.codes)
        return self._folded[held.url]


def _usable(find: Callable[[str], Held | None], url: str) -> Held | None:
    """What is held of that canonical; nothing can be told by what is not well formed."""
    try:
        return find(url)
    except UsageError:
        return None


_OF_HL7 = re.compile(r"https?://(?:hl7\.org/fhir|terminology\.hl7\.org)/(?:.*/)?ValueSet/")
"""All canonicals of HL7 name the type, so that their value sets are told by it, held or not."""
_REMEMBERED = 10_000
"""How many systems that are not held are remembered as such: payloads may name any number of them."""
