"""Compiles a profile, once, into closures that make values for it.

What a value looks like follows from the profile alone: cardinalities, types, fixed values and patterns, bindings,
slices, and the invariants whose shape is known (`shapes`). Extensions and types that the profile names are followed
into their own definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vbpr_conformance.generate import sample_values, terms
from vbpr_conformance.generate.compiled_profile import CompiledProfile, foreign_extension
from vbpr_conformance.generate.datatypes import TYPES, whole_period
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.element_facts import (
    BACKBONE,
    begun,
    belongs,
    bounded,
    constant,
    differs,
    falls_into,
    is_backbone,
    is_domain_resource,
    leaves_room,
    likely,
    patterned,
    usable,
    wants_days,
    wants_version,
)
from vbpr_conformance.generate.enforce import Check, check
from vbpr_conformance.generate.extension_places import allowed
from vbpr_conformance.generate.members import Member, Object, Option, Refine, SlicePart, Value
from vbpr_conformance.generate.reference_values import canonical_maker, reference_maker
from vbpr_conformance.generate.shapes import ExistenceRule, shape
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, Profile, TypeRef

NEVER = frozenset({"modifierExtension", "implicitRules", "contained"})
"""A receiver must refuse what modifies the meaning in a way it does not know; `contained` follows from references."""
OPEN_CHOICE = 20
"""A choice of more types than this is FHIR's open `*`: slices tell which are meant."""
_MAX_DEPTH = 9


class Planner:
    """Compiles the profiles of one edition, each once."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self._resources: dict[str, CompiledProfile] = {}
        self._types: dict[str, CompiledProfile | None] = {}
        self._whole: dict[str, CompiledProfile] = {}

    def resource(self, profile: Profile) -> CompiledProfile:
        """The plan of a resource profile, or of any other structure as a whole."""
        if profile.url not in self._resources:
            compiler = _Compiler(self, profile, profile.root.id)
            self._resources[profile.url] = compiler.object(profile.root, 0)
        return self._resources[profile.url]

    def type(self, code: str, depth: int) -> CompiledProfile | None:
        """The plan of a complex data type of which nothing but its own definition is known; None without one."""
        if code not in self._types:
            profile = self.edition.find_profile(code)
            if profile is None or profile.kind == "primitive-type":
                self._types[code] = None
            else:
                plan = CompiledProfile(None, extras=True)
                plan.is_unfolded = False
                self._types[code] = plan  # a type may hold itself: its plan exists before its members do
                made = _Compiler(self, profile, "").object(profile.root, max(depth, 3))
                plan.members, plan.checks, plan.start = made.members, made.checks, made.start
        return self._types[code]

    def whole(self, code: str) -> CompiledProfile:
        """The plan of a type with every one of its elements, also those that go without in `type`."""
        if code not in self._whole:
            profile = self.edition.profile(code)
            self._whole[code] = _Compiler(self, profile, "").object(profile.root, _MAX_DEPTH - 3, bare=True)
        return self._whole[code]

    def contain(self, b: Choices, target: tuple[str, str]) -> Object | None:
        """Make a small resource of the target's profile to travel inside another; None where that cannot be."""
        profile = self.edition.find_profile(target[1] or target[0])
        if profile is None or profile.type == b.own_type or profile.abstract or not is_domain_resource(profile):
            return None
        b.risky = True
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
        self.below: dict[str, list[ExistenceRule]] = {}
        """Shapes that a constraint further up states about the element at a path."""

    def id(self, element: Element) -> str:
        """The element's id as seen from the resource: below an extension, that of the slice takes the root's place."""
        return self.prefix + element.id[len(self.profile.root.id) :]

    def object(
        self, element: Element, depth: int, ref: TypeRef | None = None, *, bare: bool = False
    ) -> CompiledProfile:
        """Compile an element that holds others, as the type `ref` where it could have several.

        A `bare` object begins with nothing and has all of its members.
        """
        home, children = self._content(element)
        code = ref.code if ref else element.types[0].code if len(element.types) == 1 else home.type
        start = None if bare else self._start(element, ref or (element.types[0] if element.types else None), code)
        base = self.edition.find_profile(code) if start is not None else None
        own_base = base.root.by_name if base is not None else {}
        plan = CompiledProfile(start, extras=code != "Extension" and depth > 0)
        shapes = self._shapes(element, home, code)
        members = [
            member
            for child in children
            if start is None or differs(child, own_base.get(child.name))
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
        if code == "Period" and wants_days(element):
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

    def _shapes(self, element: Element, home: Profile, code: str) -> list[ExistenceRule]:
        """The rules about parts of this element, from its own constraints and from those further up."""
        found: dict[str, ExistenceRule] = {}
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

    def _checks(self, element: Element, shapes: list[ExistenceRule], members: list[Member]) -> tuple[Check, ...]:
        names = {member.name.removesuffix("[x]"): member for member in members}
        urls = self._slice_urls(element)
        present = [made for made in shapes if any(usable(side, names, urls) for side in made.sides)]
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
            likely=likely(child, depth, code, has_slices=bool(slices)),
            options=tuple(options),
            slices=tuple(slices),
            others=leaves_room(child),
            wide=2 if depth == 0 and is_backbone(child) else 1 if depth < 3 else 0,
            is_own=falls_into(child),
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
            plan = self.object(child, depth + 3)
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
                found.append(SlicePart(vid, each.min, each.max, likely, made.make, made.holder, belongs))
        return found

    def _membership(self, piece: Element, child: Element) -> Callable[[Any], bool]:
        """Tell whether an item is in a slice; where no value says it, by the type that it refers to."""
        kinds = {kind for ref in piece.types for kind, _ in self._targets(ref) or ()}
        if child.name == "extension" or not kinds or leaves_room(child):
            return belongs(piece, child)
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
            return Value(constant(element.fixed))
        made = self._made(element, ref, vid, depth)
        if made is None or element.pattern is None:
            return made
        return Value(patterned(made.make, element.pattern), made.holder)

    def _made(self, element: Element, ref: TypeRef, vid: str, depth: int) -> Value | None:
        code = ref.code
        if code in sample_values.PRIMITIVES:
            return Value(self._primitive(element, ref))
        if code in ("Resource", "DomainResource"):
            return None
        if ref.profiles and not element.children:
            profile = self.edition.find_profile(ref.profiles[0])
            if profile is None:
                return None
            return _Compiler(self.planner, profile, vid).object(profile.root, depth).value
        if element.children:
            return self.object(element, depth, ref).value
        start = self._start(element, ref, code)
        if start is not None:
            return Value(begun(start))
        if depth > _MAX_DEPTH - 2:
            return None
        if code in BACKBONE:
            return self.object(element, depth).value
        plan = self.planner.type(code, depth)
        return plan.value if plan is not None else None

    def _primitive(self, element: Element, ref: TypeRef) -> Refine:
        bound = terms.coded(self.edition, element, ref.code)
        if bound is not None:
            return begun(bound)
        if ref.code == "canonical":
            return begun(canonical_maker(self._targets(ref), versioned=wants_version(element)))
        if element.name == "id" and "." in element.path:
            return lambda b, given: given if given is not None else f"{element.path.split('.')[-2]}-{b.next()}"
        if element.path.endswith(".id"):
            return begun(sample_values.identity)
        return begun(bounded(sample_values.PRIMITIVES[ref.code], element))


def planner(edition: Edition) -> Planner:
    """The planner of an edition."""
    return edition.owned(Planner)
