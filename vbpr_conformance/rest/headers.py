"""Header fields as they were sent, and looked up as HTTP says: https://www.rfc-editor.org/rfc/rfc9110#section-5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


class Headers(Mapping[str, str]):
    """Header fields in their order and spelling. Names are looked up in any case; fields of one name are joined.

    Immutable and hashable: two are equal if they hold the same fields in the same order.
    """

    __slots__ = ("_by_name", "fields")

    def __init__(self, fields: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs = fields.items() if isinstance(fields, Mapping) else fields
        self.fields: tuple[tuple[str, str], ...] = tuple(pairs)
        """Every field as (name, value)."""
        self._by_name: dict[str, str] = {}
        for name, value in self.fields:
            key = name.lower()
            self._by_name[key] = f"{self._by_name[key]}, {value}" if key in self._by_name else value

    def __getitem__(self, name: str) -> str:
        return self._by_name[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._by_name

    def __iter__(self) -> Iterator[str]:
        """Yield each name once, in small letters."""
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and other.fields == self.fields

    def __hash__(self) -> int:
        return hash(self.fields)

    def __repr__(self) -> str:
        return f"Headers({list(self.fields)!r})"

    def every(self, name: str) -> list[str]:
        """The values of all fields of a name, unjoined: Set-Cookie and WWW-Authenticate cannot be split again."""
        return [value for each, value in self.fields if each.lower() == name.lower()]
