"""The must-support elements of a profile, in every form in which a payload can show them.

Elements of the extensions that the profile uses count as well: their Must Support flags, and the types that their
values may have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vbpr_conformance.generate.extension_places import allowed
from vbpr_conformance.generate.members import Member, Object, SlicePart
from vbpr_conformance.generate.paths import has, resolve
from vbpr_conformance.generate.payload_planner import OPEN_CHOICE, planner
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, Profile


@dataclass(frozen=True, slots=True)
class MustSupportForm:
    """One form of a must-support element.

    `element` is its id (below an extension, the id of the slice takes the place of `Extension`), `name` the type
    where it has a choice, `require` the path to ask `build` for.
    """

    element: str
    name: str
    require: str


def must_support_variants(profile: Profile, edition: Edition) -> tuple[MustSupportForm, ...]:
    """Every form of every must-support element that a conformant payload can have."""
    return tuple(dict.fromkeys(_walk(planner(edition).resource(profile).members)))


def _walk(members: Sequence[Member]) -> Iterator[MustSupportForm]:
    for member in members:
        if member.must_support:
            yield from _forms(member, member.id)
        for option in member.options:
            if option.holder is not None and option.holder.is_unfolded:
                yield from _walk(option.holder.members)
        for part in member.slices:
            if part.must_support:
                yield from _slice_forms(part)
            if part.holder is not None:
                yield from _walk(part.holder.members)


def _slice_forms(part: SlicePart) -> Iterator[MustSupportForm]:
    value = next((each for each in part.holder.members if each.name == "value[x]"), None) if part.holder else None
    if value is None or len(value.options) < 2:
        yield MustSupportForm(part.id, "", part.id)
    else:
        yield from _forms(value, part.id)


def _forms(member: Member, element: str) -> Iterator[MustSupportForm]:
    options = member.options
    if len(options) > OPEN_CHOICE:
        options = tuple(each for each in options if each.weight > 1)
    if len(options) == 1 and len(member.options) == 1:
        yield MustSupportForm(element, "", member.id)
        return
    for option in options:
        yield MustSupportForm(element, option.type, f"{member.id.rpartition('.')[0]}.{option.key}")


def unreachable(profile: Profile, edition: Edition) -> dict[str, str]:
    """The must-support elements that no conformant payload can have, each with the reason."""
    reached = {variant.element for variant in must_support_variants(profile, edition)}
    return {
        element.id: _reason(element, profile, edition) for element in profile.must_support if element.id not in reached
    }


def _reason(element: Element, profile: Profile, edition: Edition) -> str:
    piece = element
    while piece.id != profile.root.id:
        parent = profile.by_id[piece.id.rpartition(".")[0]]
        if piece.max == 0:
            return f"{piece.id} is not allowed (max 0)"
        if piece.path.endswith(".extension") and piece.types and piece.types[0].profiles:
            extension = edition.find_profile(piece.types[0].profiles[0])
            if extension is None:
                return f"the extension of {piece.id} is not held here"
            if not allowed(extension, parent, profile, edition):
                return f"the extension of {piece.id} may not stand here by its own context"
        piece = parent
    return "nothing is known of what it holds"


def shows(resource: Object, path: str, profile: Profile, edition: Edition) -> bool:
    """Whether a resource has the element that a variant's `require` leads to."""
    return has(resource, resolve(path, profile, edition))
