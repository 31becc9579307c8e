"""Resources with one thing changed at random: taken out, doubled, moved, retyped, or replaced by what stands elsewhere.

It knows JSON and the names that FHIR gives, no rule and no profile: what it makes is as often still valid as not, and
nobody wrote a validator with these changes in mind.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from vbpr_conformance.fhir.yaml12 import load

VALUES = Path(__file__).with_name("mutants.yaml")
_ATTEMPTS = 20


class Spot(NamedTuple):
    """A place in a resource: what holds it, and its name or number there."""

    owner: Any
    key: Any

    @property
    def value(self) -> Any:
        return self.owner[self.key]


class Mutator:
    """Makes mutants of resources, with values from `mutants.yaml` and from the resources themselves."""

    def __init__(self, sources: Sequence[Mapping[str, Any]], rng: random.Random) -> None:
        self._rng = rng
        self._given = _plain(load(VALUES.read_text(encoding="utf-8"), VALUES.name))
        self._pool = [spot for each in sources for spot in spots(each) if isinstance(spot.key, str)]
        self._ways: list[Callable[[Any], bool]] = [
            *[self._take_out, self._replace, self._alter, self._same_name, self._extend, self._code] * 4,
            *[self._double, self._other, self._beside, self._refer, self._retype] * 3,
            *[self._rename, self._move, self._add, self._contain, self._identify] * 2,
            *[self._wrap, self._reorder, self._put_in, self._narrate],
        ]

    def mutant(self, base: Mapping[str, Any]) -> dict[str, Any]:
        """Give the resource with one change."""
        for _ in range(_ATTEMPTS):
            made = copy.deepcopy(dict(base))
            if self._one(self._ways)(made) and made != base:
                return made
        raise AssertionError("nothing could be changed")

    def _one(self, among: Sequence[Any]) -> Any:
        return among[self._rng.randrange(len(among))]

    def _value(self, name: str) -> Any:
        return copy.deepcopy(self._one(self._given[name]))

    def _spot(self, root: Any, test: Callable[[Spot], bool] = lambda _: True) -> Spot | None:
        found = [each for each in spots(root) if test(each)]
        return self._one(found) if found else None

    def _named(self, root: Any) -> Spot:
        return self._one([each for each in spots(root) if isinstance(each.key, str)])

    def _object(self, root: Any) -> dict[str, Any]:
        return self._one([root, *(each.value for each in spots(root) if isinstance(each.value, dict))])

    def _take_out(self, root: Any) -> bool:
        owner, key = self._one(list(spots(root)))
        del owner[key]
        return True

    def _double(self, root: Any) -> bool:
        spot = self._spot(root, lambda each: isinstance(each.value, list) and bool(each.value))
        if spot is not None:
            spot.value.insert(self._rng.randrange(len(spot.value) + 1), copy.deepcopy(self._one(spot.value)))
        return spot is not None

    def _rename(self, root: Any) -> bool:
        owner, key = self._named(root)
        new = self._one([f"{key}x", key.upper(), f"_{key}", self._one(self._pool).key])
        if new in owner:
            return False
        renamed = {new if name == key else name: each for name, each in owner.items()}
        owner.clear()
        owner.update(renamed)
        return True

    def _move(self, root: Any) -> bool:
        owner, key = self._named(root)
        value = owner.pop(key) if self._rng.random() < 0.5 else copy.deepcopy(owner[key])
        self._object(root)[key] = value
        return True

    def _replace(self, root: Any) -> bool:
        owner, key = self._one(list(spots(root)))
        owner[key] = self._value("values")
        return True

    def _other(self, root: Any) -> bool:
        owner, key = self._one(list(spots(root)))
        owner[key] = copy.deepcopy(self._one(self._pool).value)
        return True

    def _same_name(self, root: Any) -> bool:
        owner, key = self._named(root)
        alike = [each for each in self._pool if each.key == key]
        if alike:
            owner[key] = copy.deepcopy(self._one(alike).value)
        return bool(alike)

    def _alter(self, root: Any) -> bool:
        spot = self._spot(root, lambda each: not isinstance(each.value, dict | list))
        if spot is None:
            return False
        old = spot.value
        if isinstance(old, bool) or old is None:
            new = self._one([str(old).lower(), int(bool(old)), [old]])
        elif isinstance(old, str):
            cut = [
                old[:-1],
                old.swapcase() if ":" not in old else old + "/",
                old.lower(),
                old.replace("-", ""),
                old.replace("/", "//"),
                old * 30,
            ]
            new = self._one([*cut, f"{old} ", f" {old}", f"{old}\n", f"{old}x", f"é{old}", f"{old}|1.0", f"{old}Z", 1])
        else:
            new = self._one([str(old), -old, old + 1000, old + Decimal("0.1"), int(old), Decimal("1E400"), [old], True])
        spot.owner[spot.key] = new
        return True

    def _wrap(self, root: Any) -> bool:
        owner, key = self._one(list(spots(root)))
        value = owner[key]
        owner[key] = [value] if not isinstance(value, list) else value[0] if value else {}
        return True

    def _reorder(self, root: Any) -> bool:
        spot = self._spot(root, lambda each: isinstance(each.value, list) and len(each.value) > 1)
        if spot is not None:
            spot.value.reverse()
        return spot is not None

    def _put_in(self, root: Any) -> bool:
        spot = self._spot(root, lambda each: isinstance(each.value, list))
        if spot is not None:
            spot.value.insert(
                self._rng.randrange(len(spot.value) + 1), self._one([None, {}, "", [], "a", 1, {"id": "q"}])
            )
        return spot is not None

    def _extend(self, root: Any) -> bool:
        name = "modifierExtension" if self._rng.random() < 0.15 else "extension"
        held = [each.value for each in self._pool if isinstance(each.value, dict) and "url" in each.value]
        listed = self._object(root).setdefault(name, [])
        if isinstance(listed, list):
            listed.append(self._value("extensions") if not held or self._rng.random() < 0.7 else self._one(held))
        return True

    def _beside(self, root: Any) -> bool:
        """Give a primitive a `_name`, with or without its value."""
        owner, key = self._named(root)
        if isinstance(owner[key], dict | list) or key == "resourceType":
            return False
        beside = [
            {"extension": [self._value("extensions")]},
            {"id": "p1"},
            {},
            None,
            "x",
            [],
            {"extension": []},
            {"foo": 1},
        ]
        owner[f"_{key}"] = self._one(beside)
        if self._rng.random() < 0.5:
            del owner[key]
        return True

    def _add(self, root: Any) -> bool:
        name = self._one(sorted(self._given["properties"]))
        self._object(root).setdefault(name, copy.deepcopy(self._given["properties"][name]))
        return True

    def _text(self, root: Any, names: Sequence[str], values: str) -> bool:
        spot = self._spot(root, lambda each: each.key in names and isinstance(each.value, str))
        if spot is not None:
            spot.owner[spot.key] = self._value(values)
        return spot is not None

    def _refer(self, root: Any) -> bool:
        return self._text(root, ("reference", "measure", "url", "system", "fullUrl", "library"), "references")

    def _code(self, root: Any) -> bool:
        return self._text(
            root, ("code", "system", "display", "status", "type", "unit", "currency", "language"), "codes"
        )

    def _identify(self, root: Any) -> bool:
        self._object(root)["id"] = self._one(["a", "a b", "", "x" * 65, "é", "a_b", "a.b-C", 1, None, ["a"]])
        return True

    def _contain(self, root: Any) -> bool:
        listed = root.setdefault("contained", [])
        if isinstance(listed, list):
            listed.append(self._value("contained"))
        spot = self._spot(root, lambda each: each.key == "reference")
        if spot is not None and self._rng.random() < 0.7:
            spot.owner["reference"] = "#c9"
        return True

    def _narrate(self, root: Any) -> bool:
        status = self._one(["generated", "generated", "generated", "empty", "nope"])
        root["text"] = {"status": status, "div": self._value("narratives")}
        return True

    def _retype(self, root: Any) -> bool:
        spot = self._spot(
            root, lambda each: isinstance(each.key, str) and each.key.startswith("value") and each.key != "value"
        )
        if spot is None:
            return False
        del spot.owner[spot.key]
        name = self._one(sorted(self._given["choices"]))
        spot.owner[name] = copy.deepcopy(self._given["choices"][name])
        return True


def spots(root: Any) -> Iterator[Spot]:
    """Give every place below."""
    for key in root if isinstance(root, dict) else range(len(root)) if isinstance(root, list) else ():
        yield Spot(root, key)
        yield from spots(root[key])


def _plain(value: Any) -> Any:
    """What a file says, without its line numbers."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
