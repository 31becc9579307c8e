"""Names in the notation and the canonical URLs they stand for, and the checks that all notation shares.

A name is short: `performance-metric` is this guide's own, `deqm:summary-measurereport-deqm` that of a guide named under
`uses`, `Organization` or `string` a type of FHIR itself; a full URL stands for itself. `|version` is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.yaml12 import YamlDict, YamlList, wrong

FHIR = "http://hl7.org/fhir"


@dataclass(frozen=True, slots=True)
class Guide:
    """What a folder of notation says of itself: the guide its artifacts belong to, and the guides it refers to."""

    canonical: str
    version: str
    fhir_version: str
    uses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """Where a piece of notation stands: the guide, the file and the line."""

    guide: Guide
    source: str
    line: int = 1

    def at(self, line: int) -> SourceLocation:
        """The same file at another line."""
        return SourceLocation(self.guide, self.source, line)

    def of(self, mapping: YamlDict, key: str) -> SourceLocation:
        """The same file at the line of a key."""
        return self.at(mapping.key_lines[key])

    def wrong(self, what: str, expected: str) -> UsageError:
        """The error for a mistake here."""
        return wrong(self.source, self.line, what, expected)

    def canonical(self, name: str, kind: str) -> str:
        """The canonical URL of an artifact named here; `kind` is its resource type."""
        if "://" in name or name.startswith("urn:"):
            return name
        prefix, colon, rest = name.partition(":")
        if colon:
            if prefix not in self.guide.uses:
                known = ", ".join(sorted(self.guide.uses)) or "none"
                raise self.wrong(
                    f"the guide {prefix!r} of {name!r} is not known", f"expected one under `uses`: {known}"
                )
            return f"{self.guide.uses[prefix]}/{kind}/{rest}"
        if kind == "StructureDefinition" and is_type(name):
            return f"{FHIR}/StructureDefinition/{name}"
        return f"{self.guide.canonical}/{kind}/{name}"


_PRIMITIVES = frozenset(
    [
        "base64Binary",
        "boolean",
        "canonical",
        "code",
        "date",
        "dateTime",
        "decimal",
        "id",
        "instant",
        "integer",
        "markdown",
        "oid",
        "positiveInt",
        "string",
        "time",
        "unsignedInt",
        "uri",
        "url",
        "uuid",
        "xhtml",
    ]
)


def is_type(name: str) -> bool:
    """Whether a name is that of a FHIR type: primitives are known by name, all others begin with a capital."""
    return name[:1].isupper() or name in _PRIMITIVES


def mapping(value: Any, place: SourceLocation, what: str) -> YamlDict:
    """The value as a mapping, or an error that says what should be one."""
    if value is None:
        return YamlDict(place.line)
    if not isinstance(value, YamlDict):
        raise place.wrong(f"{what} is {shown(value)}", "expected `key: value` lines below it")
    return value


def texts(value: Any, place: SourceLocation, what: str) -> list[str]:
    """The value as a list of texts; one text alone is a list of one, nothing at all an empty list."""
    if value is None:
        return []
    items = value if isinstance(value, YamlList) else [value]
    return [text(item, place, what) for item in items]


def text(value: Any, place: SourceLocation, what: str) -> str:
    """The value as text."""
    if not isinstance(value, str):
        raise place.wrong(f"{what} is {shown(value)}", "expected text (in quotes where it looks like something else)")
    return value


def flag(value: Any, place: SourceLocation, what: str) -> bool:
    """The value as true or false."""
    if not isinstance(value, bool):
        raise place.wrong(f"{what} is {shown(value)}", "expected true or false")
    return value


def only(value: YamlDict, allowed: Iterable[str], place: SourceLocation, what: str) -> None:
    """Refuse a key that is not known here."""
    known = tuple(allowed)
    for key in value:
        if key not in known:
            raise place.of(value, key).wrong(f"{what} has no {key!r}", f"expected one of {', '.join(known)}")


def needed(value: YamlDict, key: str, place: SourceLocation, what: str) -> Any:
    """The value of a key that must be there."""
    if value.get(key) is None:
        raise place.wrong(f"{what} has no {key!r}", "expected it")
    return value[key]


def shown(value: Any) -> str:
    """How a value is named in an error."""
    if isinstance(value, YamlDict):
        return "a mapping"
    if isinstance(value, YamlList):
        return "a list"
    return "empty" if value is None else repr(value) if isinstance(value, str) else str(value)
