"""A payload that is to be broken, and the place where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vbpr_conformance.errors import UsageError
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.json_location import JsonLocation, inside, locations, of_type
from vbpr_conformance.generate.members import Member, Object
from vbpr_conformance.generate.paths import Path, resolve
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Element, Profile
from vbpr_conformance.validate.rules import Rule

Edit = Callable[[], object]


@dataclass(frozen=True, slots=True)
class FaultCase:
    """A payload to be broken, and where: `path` is None for the resource as a whole."""

    resource: Object
    path: Path | None
    rule: Rule
    profile: Profile
    edition: Edition
    b: Choices

    def locations(self) -> list[JsonLocation]:
        """The values at the place of the rule."""
        return list(locations(self.resource, self.path)) if self.path is not None else []

    def location(self) -> JsonLocation | None:
        """One of them."""
        found = self.locations()
        return self.b.pick(found) if found else None

    def objects(self) -> list[Object]:
        """The objects at the place of the rule."""
        if self.path is None:
            return [self.resource]
        return [found for location in self.locations() if isinstance(found := inside(location), dict)]

    def member(self, below: tuple[str, ...]) -> Member | None:
        """What makes an element some steps below the place of the rule."""
        text = ".".join((self.rule.place, *below))
        try:
            step = resolve(text, self.profile, self.edition, lenient=True).steps[-1]
        except UsageError:
            return None
        return step.member or of_type(step, self.edition)

    def element(self) -> Element | None:
        """The element that states the rule."""
        profile = self.edition.find_profile(self.rule.profile)
        return profile.by_id.get(self.rule.element_id) if profile is not None else None
