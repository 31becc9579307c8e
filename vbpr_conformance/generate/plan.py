"""Compiles a profile, once, into closures that make values for it.

What a value looks like follows from the profile alone: cardinalities, types, fixed values and patterns, bindings,
slices, and the invariants whose shape is known (`shapes`). Extensions and types that the profile names are followed
into their own definitions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from vbpr_conformance.generate import terms, values
from vbpr_conformance.generate.choices import Choices
from vbpr_conformance.generate.contexts import allowed
from vbpr_conformance.generate.enforce import Check, check
from vbpr_conformance.generate.members import Member, Object, Option, Refine, SlicePart, Value
from vbpr_conformance.generate.references import canonical_maker, reference_maker
from vbpr_conformance.generate.shapes import Shape, shape
from vbpr_conformance.generate.datatypes import TYPES, whole_period
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, Profile, TypeRef

NEVER = frozenset({"modifierExtension", "implicitRules", "contained"})
"""A receiver must refuse what modifies the meaning in a way it does not know; `contained` follows from references."""

_GARNISH = 0.015
"""How often an object gets an id or foreign extension of its own, or a primitive in it an extension."""
_ID = frozenset({"id"})
_BARE = frozenset({"id", "div", "url", "reference"})
"""Primitives that stay without extensions: the first three may have none, the last is what references hang on."""
_FOREIGN = "http://example.org/fhir/StructureDefinition/synthetic"
OPEN_CHOICE = 20
"""A choice of more types than this is FHIR's open `*`: slices tell which are meant."""
_MAX_DEPTH = 9
_RARE = 0.1
"""Elements less likely than this never stand alone."""
_BACKBONE = frozenset({"BackboneElement", "Element"})


class Plan:
    """A compiled profile: `make(choices)` gives an object; `members` its parts by JSON name."""

    __slots__ = ("banned", "checks", "fixed", "garnish", "is_unfolded", "members", "own", "start")

    def __init__(self, start: Callable[[Choices], Object] | None, *, garnish: bool) -> None:
        self.start = start
        self.members: tuple[Member, ...] = ()
        self.checks: tuple[Check, ...] = ()
        self.fixed: frozenset[str] = frozenset()
        self.banned: tuple[str, ...] = ()
        self.garnish = garnish
        self.is_unfolded = True

    def make(self, b: Choices, given: Any = None) -> Object:
        """Make an object; given one, make the profile hold for it."""
        target: Object = given if given is not None else self.start(b) if self.start else {}
        for name in self.banned:
            target.pop(name, None)
        for member in self.members:
            if member.wanted(b):
                member.into(target, b)
        if self.members and target.keys() <= _ID:
            self._something(target, b)
        for each in self.checks:
            each(target, b)
        if self.garnish and b.density == 1 and b.rnd() < _GARNISH:
            _garnish(target, self.fixed, b)
        return target

    def _something(self, target: Object, b: Choices) -> None:
        """Put one element in: an object may not be empty."""
        able = [member for member in self.members if member.likely > _RARE and member.id not in b.excluded]
        b.pick(able or self.members).into(target, b)

    @property
    def value(self) -> Value:
        """The plan as the value of an element."""
        return Value(self.make, self)


def _garnish(target: Object, fixed: frozenset[str], b: Choices) -> None:
    """Add what any element may have: an id, a foreign extension, an extension on a primitive."""
    texts = [name for name, value in target.items() if isinstance(value, str)]
    names = [name for name in texts if name not in _BARE and name not in fixed]
    roll = b.rnd()
    if roll < 0.4 and names:
        name = b.pick(names)
        target[f"_{name}"] = {"extension": [foreign_extension(b)]}
    elif roll < 0.7:
        target.setdefault("id", f"e{b.next()}")
    else:
        target["extension"] = [*target.get("extension", ()), foreign_extension(b)]


def foreign_extension(b: Choices, given: Any = None) -> Object:
    """An extension that no guide defines, which every receiver has to leave as it is."""
    if given is not None:
        return dict(given)
    roll = b.rnd()
    made: Object = {"url": f"{_FOREIGN}-{int(b.rnd() * 9)}"}
    if roll < 0.5:
        return made | {"valueString": values.text(b)}
    if roll < 0.8:
        return made | {"valueDecimal": values.decimal(b)}
    return made | {
        "extension": [
            {"url": f"{_FOREIGN}-part", "valueBoolean": True},
            {"url": f"{_FOREIGN}-day", "valueDate": values.day(b)},
        ]
    }


class Planner:
    """Compiles the profiles of one edition, each once."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self._resources: dict[str, Plan] = {}
        self._types: dict[str, Plan | None] = {}
        self._whole: dict[str, Plan] = {}

    def resource(self, profile: Profile) -> Plan:
        """The plan of a resource profile, or of any other structure as a whole."""
        if profile.url not in self._resources:
            compiler = _Compiler(self, profile, profile.root.id)
            self._resources[profile.url] = compiler.object(profile.root, profile.root.id, 0)
        return self._resources[profile.url]

    def type(self, code: str, depth: int) -> Plan | None:
        """The plan of a complex data type of which nothing but its own definition is known; None without one."""
        if code not in self._types:
            profile = self.edition.find_profile(code)
            if profile is None or profile.kind == "primitive-type":
                self._types[code] = None
            else:
                plan = Plan(None, garnish=True)
                plan.is_unfolded = False
                self._types[code] = plan  # a type may hold itself: its plan exists before its members do
                made = _Compiler(self, profile, "").object(profile.root, "", max(depth, 3))
                plan.members, plan.checks, plan.start = made.members, made.checks, made.start
        return self._types[code]

    def whole(self, code: str) -> Plan:
        """The plan of a type with every one of its elements, also those that go without in `type`."""
        if code not in self._whole:
            profile = self.edition.profile(code)
            self._whole[code] = _Compiler(self, profile, "").object(profile.root, "", _MAX_DEPTH - 3, bare=True)
        return self._whole[code]

    def contain(self, b: Choices, target: tuple[str, str]) -> Object | None:
        """Make a small resource of the target's profile to travel inside another; None where that cannot be."""
        profile = self.edition.find_profile(target[1] or target[0])
        if profile is None or profile.type == b.own_type or profile.abstract or not _is_domain_resource(profile):
            return None
        density, b.density, b.containable = b.density, 0.0, False
        body = self.resource(profile).make(b)
        b.density, b.containable = density, True
        body.pop("meta", None)
        made = {"resourceType": profile.type, **body, "id": f"contained-{b.next()}"}
        b.contained.append(made)
        return made


class _Compiler:
    """Compiles one profile: its elements, and what it takes over from the definitions it names."""

    def __init__(self, planner: Planner, profile: Profile, prefix: str) -> None:
        self.planner = planner
        self.edition = planner.edition
        self.profile = profile
        self.prefix = prefix
        self.below: dict[str, list[Shape]] = {}
        """Shapes that a constraint further up states about the element at a path."""

    def id(self, element: Element) -> str:
        """The element's id as seen from the resource: below an extension, that of the slice takes the root's place."""
        return self.prefix + element.id[len(self.profile.root.id) :]

    def object(self, element: Element, vid: str, depth: int, ref: TypeRef | None = None, *, bare: bool = False) -> Plan:
        """Compile an element that holds others, as the type `ref` where it could have several.

        A `bare` object begins with nothing and has all of its members.
        """
        home, children = self._content(element)
        code = ref.code if ref else element.types[0].code if len(element.types) == 1 else home.type
        start = None if bare else self._start(element, ref or (element.types[0] if element.types else None), code)
        base = self.edition.find_profile(code) if start is not None else None
        own_base = base.root.by_name if base is not None else {}
        plan = Plan(start, garnish=code != "Extension" and depth > 0)
        shapes = self._shapes(element, home, code)
        members = [
            member
            for child in children
            if start is None or _differs(child, own_base.get(child.name))
            for member in self._member(child, home, depth, code, bare=bare)
        ]
        plan.members = tuple(members)
        plan.checks = self._checks(element, shapes, members)
        if start is not None:
            plan.banned = tuple(child.name for child in children if child.max == 0)
        plan.fixed = frozenset(child.name for child in children if child.fixed is not None)
        return plan

    def _content(self, element: Element) -> tuple[Profile, Sequence[Element]]:
        if element.children:
            return self.profile, element.children
        if element.content_reference:
            holder = self.profile.by_id.get(element.content_reference)
            if holder is None:
                base = self.edition.profile(self.profile.type)
                return base, base.by_id[element.content_reference].children
            return self.profile, holder.children
        home = self.edition.profile(element.types[0].code) if element.types else self.profile
        return home, home.root.children

    def _start(self, element: Element, ref: TypeRef | None, code: str) -> Callable[[Choices], Object] | None:
        """How an object of this type begins when its parts have to agree with each other."""
        if code == "Reference":
            return reference_maker(self._targets(ref), self.planner.contain)
        if code == "Period" and _wants_days(element):
            return whole_period
        if code in ("Quantity", "SimpleQuantity", "Duration", "Age"):
            return terms.quantity(self.edition, element, TYPES[code]) or TYPES[code]
        return terms.coded(self.edition, element, code) or TYPES.get(code)

    def _targets(self, ref: TypeRef | None) -> list[tuple[str, str]] | None:
        """The known targets; none of them known is an empty list, any target allowed is None."""
        if ref is None or not ref.targets:
            return None
        found = [self.edition.find_profile(url) for url in ref.targets]
        if any(profile is not None and profile.type in ("Resource", "DomainResource") for profile in found):
            return None
        return [(profile.type, profile.url) for profile in found if profile is not None]

    def _shapes(self, element: Element, home: Profile, code: str) -> list[Shape]:
        """The rules about parts of this element, from its own constraints and from those further up."""
        found: dict[str, Shape] = {}
        base = self.edition.find_profile(code)
        holders = [element, *([home.root] if home is not self.profile else []), *([base.root] if base else [])]
        for constraint in (each for holder in holders for each in holder.constraints):
            made = shape(constraint)
            if made is None:
                continue
            if made.prefix:
                self.below.setdefault(".".join((element.path, *made.prefix)), []).append(made)
            else:
                found[constraint.key] = made
        found |= {made.key: made for made in self.below.get(element.path, ())}
        return list(found.values())

    def _checks(self, element: Element, shapes: list[Shape], members: list[Member]) -> tuple[Check, ...]:
        names = {member.name.removesuffix("[x]"): member for member in members}
        urls = self._slice_urls(element)
        present = [made for made in shapes if any(_usable(side, names, urls) for side in made.sides)]
        return tuple(check(made, names, urls) for made in present)

    def _slice_urls(self, element: Element) -> dict[str, str]:
        holder = element.by_name.get("extension")
        if holder is None:
            return {}
        return {
            each.types[0].profiles[0].partition("|")[0]: self.id(each)
            for each in holder.slices
            if each.types and each.types[0].profiles
        }

    def _member(self, child: Element, home: Profile, depth: int, code: str, *, bare: bool) -> list[Member]:
        if child.max == 0 or (child.name in NEVER and child.min == 0 and not bare) or depth > _MAX_DEPTH:
            return []
        compiler = self if home is self.profile else _Compiler(self.planner, home, "")
        made = compiler._compiled(child, depth, code)  # noqa: SLF001 - the same class, for another profile
        return [made] if made is not None else []

    def _compiled(self, child: Element, depth: int, code: str) -> Member | None:
        vid = self.id(child)
        options = self._options(child, vid, depth)
        slices = self._slices(child, depth)
        if not options and not slices:
            return None
        return Member(
            id=vid,
            name=child.name,
            min=child.min,
            max=child.max,
            array=child.is_array,
            likely=_likely(child, depth, code, has_slices=bool(slices)),
            options=tuple(options),
            slices=tuple(slices),
            others=_leaves_room(child),
            wide=2 if depth == 0 and _is_backbone(child) else 1 if depth < 3 else 0,
            must_support=child.must_support,
            is_own=_falls_into(child),
        )

    def _options(self, child: Element, vid: str, depth: int) -> list[Option]:
        if child.name in ("extension", "modifierExtension"):
            return [Option(child.name, "Extension", foreign_extension)]
        found: list[Option] = []
        sliced = {each.types[0].code: each for each in child.slices if child.is_choice and each.types}
        for ref in child.types:
            chosen = sliced.get(ref.code, child)
            key = child.name.replace("[x]", ref.code[0].upper() + ref.code[1:]) if child.is_choice else child.name
            made = self._value(chosen, ref, vid, depth + 1)
            if made is not None:
                weight = 30.0 if ref.code in sliced and len(child.types) > OPEN_CHOICE else 1.0
                found.append(Option(key, ref.code, made.make, made.holder, weight))
        if not found and child.content_reference and depth < _MAX_DEPTH:
            plan = self.object(child, vid, depth + 3)
            found.append(Option(child.name, "BackboneElement", plan.make, plan))
        return found

    def _slices(self, child: Element, depth: int) -> list[SlicePart]:
        if child.is_choice:
            return []
        found = []
        for each in child.slices:
            if each.max == 0 or not each.types:
                continue
            vid = self.id(each)
            made = self._value(each, each.types[0], vid, depth + 1)
            if made is not None and self._in_context(each, child):
                likely = 0.45 if each.must_support else 0.12
                belongs = self._membership(each, child)
                found.append(SlicePart(vid, each.min, each.max, likely, made.make, made.holder, belongs, each.must_support))
        return found

    def _membership(self, piece: Element, child: Element) -> Callable[[Any], bool]:
        """Tell whether an item is in a slice; where no value says it, by the type that it refers to."""
        kinds = {kind for ref in piece.types for kind, _ in self._targets(ref) or ()}
        if child.name == "extension" or not kinds or _leaves_room(child):
            return _belongs(piece, child)
        return lambda item: item.get("type") in kinds or any(f"{kind}/" in item.get("reference", "") for kind in kinds)

    def _in_context(self, piece: Element, child: Element) -> bool:
        """Whether an extension slice may stand where the profile put it, by the extension's own context."""
        if child.name != "extension" or not piece.types[0].profiles:
            return True
        extension = self.edition.find_profile(piece.types[0].profiles[0])
        place = self.profile.by_id.get(child.id.rpartition(".")[0])
        return extension is None or place is None or allowed(extension, place, self.profile, self.edition)

    def _value(self, element: Element, ref: TypeRef, vid: str, depth: int) -> Value | None:
        if element.fixed is not None:
            return Value(_constant(element.fixed))
        made = self._made(element, ref, vid, depth)
        if made is None or element.pattern is None:
            return made
        return Value(_patterned(made.make, element.pattern), made.holder)

    def _made(self, element: Element, ref: TypeRef, vid: str, depth: int) -> Value | None:
        code = ref.code
        if code in values.PRIMITIVES:
            return Value(self._primitive(element, ref))
        if code in ("Resource", "DomainResource"):
            return None
        if ref.profiles and not element.children:
            profile = self.edition.find_profile(ref.profiles[0])
            if profile is None:
                return None
            return _Compiler(self.planner, profile, vid).object(profile.root, vid, depth).value
        if element.children:
            return self.object(element, vid, depth, ref).value
        start = self._start(element, ref, code)
        if start is not None:
            return Value(_begun(start))
        if depth > _MAX_DEPTH - 2:
            return None
        if code in _BACKBONE:
            return self.object(element, vid, depth).value
        plan = self.planner.type(code, depth)
        return plan.value if plan is not None else None

    def _primitive(self, element: Element, ref: TypeRef) -> Refine:
        bound = terms.coded(self.edition, element, ref.code)
        if bound is not None:
            return _begun(bound)
        if ref.code == "canonical":
            return _begun(canonical_maker(self._targets(ref), versioned=_wants_version(element)))
        if element.name == "id" and "." in element.path:
            return lambda b, given: given if given is not None else f"{element.path.split('.')[-2]}-{b.next()}"
        if element.path.endswith(".id"):
            return _begun(values.identity)
        return _begun(_bounded(values.PRIMITIVES[ref.code], element))


def _bounded(make: Callable[[Choices], Any], element: Element) -> Callable[[Choices], Any]:
    """Keep a primitive within the length and the bounds that its element states."""
    length, low, high = element.max_length, element.min_value, element.max_value
    if length is not None:
        return lambda b: str(make(b))[:length].strip() or "S"
    if isinstance(low, int) or isinstance(high, int):
        return lambda b: min(
            max(make(b), low if low is not None else -(2**31)), high if high is not None else 2**31 - 1
        )
    return make


def _begun(make: Callable[[Choices], Any]) -> Refine:
    return lambda b, given: make(b) if given is None else given


def _constant(value: Any) -> Refine:
    if isinstance(value, (dict, list)):
        return lambda _b, _given: copy.deepcopy(value)
    return lambda _b, _given: value


def _patterned(make: Refine, pattern: Any) -> Refine:
    return lambda b, given: merged(make(b, given), pattern)


def merged(value: Any, pattern: Any) -> Any:
    """Lay a pattern over a value: what the pattern says wins, what it leaves open stays."""
    if isinstance(pattern, dict):
        value = value if isinstance(value, dict) else {}
        rest = {key: part for key, part in value.items() if key not in pattern and not key.startswith("display")}
        return rest | {key: merged(value.get(key), part) for key, part in pattern.items()}
    if isinstance(pattern, list):
        return [merged(None, part) for part in pattern]
    return pattern


def _usable(side: Sequence[Any], names: dict[str, Member], urls: dict[str, str]) -> bool:
    return any((term.path and term.path[0] in names) or term.url in urls for term in side)


def _is_domain_resource(profile: Profile) -> bool:
    return "contained" in profile.root.by_name


def _is_backbone(element: Element) -> bool:
    return bool(element.types) and element.types[0].code in _BACKBONE


def _likely(child: Element, depth: int, code: str, *, has_slices: bool) -> float:
    """How likely an optional element is there: what the profile marks or unfolds more than what it leaves alone."""
    if child.name == "extension":
        return 1.0 if has_slices else 0.01
    if child.name == "id":
        return 0.6 if child.must_support else 0.06 if depth else 0.5
    if child.must_support:
        return 0.7
    if code == "Extension":
        return 1.0
    if child.name in ("text", "meta", "language") and depth == 0:
        return 0.1
    return 0.35 if _is_backbone(child) else 0.2


def _differs(child: Element, base: Element | None) -> bool:
    """Whether a profile says more of an element than its type does."""
    if base is None:
        return True
    if child.slices or child.children or child.fixed is not None or child.pattern is not None:
        return True
    return (child.min, child.max, child.binding, child.types) != (base.min, base.max, base.binding, base.types)


def _leaves_room(child: Element) -> bool:
    """Whether items outside of the slices are allowed, and can be told apart from those inside."""
    if child.slicing is None or child.name == "extension":
        return child.slicing is None or child.slicing.rules == "open"
    readable = all(each.type != "type" or each.path in ("$this", "resolve()") for each in child.slicing.discriminators)
    return child.slicing.rules == "open" and readable


def _wants_version(element: Element) -> bool:
    return any("'|'" in each.expression for each in element.constraints)


def _wants_days(element: Element) -> bool:
    return any(
        "start" in each.expression and "end" in each.expression for each in element.constraints if each.key != "per-1"
    )


def _falls_into(child: Element) -> Callable[[Any], bool] | None:
    """Tell whether an item belongs to one of the element's slices, by their fixed values and patterns."""
    if child.slicing is None or child.is_choice:
        return None
    tests = [_belongs(each, child) for each in child.slices]
    return lambda item: any(test(item) for test in tests)


def _belongs(piece: Element, child: Element) -> Callable[[Any], bool]:
    """Tell whether an item is in a slice: by the URL of its extension, by fixed values, or by what it refers to."""
    if child.name == "extension" and piece.types[0].profiles:
        url = piece.types[0].profiles[0].partition("|")[0]
        return lambda item: bool(item.get("url") == url)
    wanted = []
    for discriminator in child.slicing.discriminators if child.slicing else ():
        spec = piece if discriminator.path == "$this" else piece.by_name.get(discriminator.path)
        value = (spec.fixed if spec.fixed is not None else spec.pattern) if spec is not None else None
        if value is not None:
            wanted.append((discriminator.path, value))
    if wanted:
        return lambda item: all(_matches(item if path == "$this" else item.get(path), value) for path, value in wanted)
    return lambda _item: False


def _matches(value: Any, pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_matches(value.get(key), part) for key, part in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(_matches(each, part) for each in value) for part in pattern)
    return bool(value == pattern)


@lru_cache(maxsize=8)
def planner(edition: Edition) -> Planner:
    """The planner of an edition."""
    return Planner(edition)
