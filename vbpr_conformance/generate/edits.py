"""Small legal changes to a payload: something optional goes, comes, or gets another value.

Each is found on the payload as it was built, so that what one edit does hardly changes what another means; that lets
Hypothesis drop edits one by one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.members import Holder, Member, Object
from vbpr_conformance.generate.payload_planner import planner
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile


@dataclass(frozen=True, slots=True)
class Site:
    """One element of one object that can be changed."""

    target: Object
    member: Member
    holder: Holder

    def remove(self, b: Choices) -> None:
        """Leave the element out if it may go."""
        if self.member.min == 0 and self.member.id not in b.forced and self.member.present(self.target):
            self.member.drop(self.target)
            for check in self.holder.checks:
                check(self.target, b)

    def change(self, b: Choices) -> None:
        """Leave the element out, put it in, or make it anew; then let the object agree again."""
        there = self.member.present(self.target)
        may_go = self.member.min == 0 and self.member.id not in b.forced
        if there:
            self.member.drop(self.target)
        if not there or not may_go or b.rnd() < 0.7:
            self.member.into(self.target, b)
        for check in self.holder.checks:
            check(self.target, b)


def sites(resource: Object, profile: Profile, edition: Edition, b: Choices) -> list[Site]:
    """Everything in a payload that can be changed, but for what was decided on for the whole of it."""
    found: list[Site] = []
    _collect(resource, planner(edition).resource(profile), b, found)
    return found


def _collect(target: Any, holder: Holder, b: Choices, found: list[Site]) -> None:
    if not isinstance(target, dict):
        return
    for member in holder.members:
        if member.id not in b.excluded and (member.slices or not member.is_extension):
            found.append(Site(target, member, holder))
        for option in member.options:
            value = target.get(option.key)
            if value is None or (option.holder is None and not member.slices):
                continue
            for each in value if isinstance(value, list) else (value,):
                part = next((part for part in member.slices if part.matches(each)), None)
                below = part.holder if part is not None else option.holder
                if below is not None:
                    _collect(each, below, b, found)


def thin(places: Sequence[Site], keep: bytes, b: Choices) -> None:
    """Leave optional elements out: the n-th of them where the byte of its number, modulo their count, is zero."""
    for number, site in enumerate(places):
        if keep and keep[number % len(keep)] == 0:
            site.remove(b)


def refers(value: Any, target: str) -> bool:
    """Whether a reference to this target is somewhere in a payload."""
    if isinstance(value, dict):
        return value.get("reference") == target or any(refers(each, target) for each in value.values())
    return isinstance(value, list) and any(refers(each, target) for each in value)


def apply(places: Sequence[Site], edits: Sequence[int], b: Choices) -> None:
    """Make the edits that numbers stand for: each picks a site and what happens there."""
    for number in edits:
        rng = random.Random(number)
        site = places[int(rng.random() * len(places))]
        b.rnd = rng.random
        b.density = 1.0  # what an edit puts in is whole, however small the rest
        site.change(b)
