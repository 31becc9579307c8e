"""What is sent: generated from a profile to what a suite asks for, tagged, and proved valid before it goes out."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.suite.language import Seed
from vbpr_conformance.suite.templating import fill

TAG_SYSTEM = "urn:vbpr-conformance:run"
SIZES = ("minimal", "typical", "maximal")
"""How much of what is optional a payload has, the simplest first."""
_CHANGING = {dict, list, Decimal}


@dataclass(frozen=True)
class Tag:
    """The identifier that every resource of a run carries, by which searches keep to them."""

    value: str
    system: str = TAG_SYSTEM

    @property
    def identifier(self) -> dict[str, str]:
        """The tag as an Identifier."""
        return {"system": self.system, "value": self.value}

    @property
    def token(self) -> str:
        """The tag as the value of a token search."""
        return f"{self.system}|{self.value}"


class SeedPayloads:
    """Generates the payloads of a run: what a suite asks for, with the tag of the run."""

    def __init__(self, edition: Edition, tag: Tag) -> None:
        self._edition = edition
        self._tag = tag

    def make(self, spec: Seed, rng: random.Random, size: str = "typical") -> dict[str, Any]:
        """Generate what a suite asks for, everything in it filled in."""
        values = self._possible(spec.profile, spec.set)
        tag = self._tag_of(spec.profile)
        if tag is not None and "identifier" in values:
            values["identifier"] = [*values["identifier"], tag]
            tag = None
        return self._built(
            spec.profile,
            rng,
            set=values,
            require=spec.require,
            drop=list(self._possible(spec.profile, dict.fromkeys(spec.drop))),
            size=size,
            identifier=tag,
        )

    def sample(self, profile: str, rng: random.Random) -> dict[str, Any]:
        """Generate a small resource for others to refer to."""
        return self._built(profile, rng, size="minimal", identifier=self._tag_of(profile))

    def _possible(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Leave out each path with a `?` at its end that the profile does not have: editions differ."""
        from vbpr_conformance.generate.paths import resolve  # noqa: PLC0415  collecting needs no generator

        found: dict[str, Any] = {}
        for path, value in values.items():
            plain = path.removesuffix("?")
            if plain != path:
                try:
                    resolve(plain, self._edition.profile(name), self._edition)
                except UsageError:
                    continue
            found[plain] = value
        return found

    def _built(self, profile: str, rng: random.Random, **options: Any) -> dict[str, Any]:
        """Build what the validator has proved."""
        from vbpr_conformance.generate.builder import build  # noqa: PLC0415  collecting needs no generator

        made = build(profile, self._edition, rng, **options)
        made.pop("id", None)  # the server gives it
        return made

    def _tag_of(self, profile: str) -> dict[str, str] | None:
        holder = self._edition.profile(profile).root.by_name.get("identifier")
        return self._tag.identifier if holder is not None and holder.max != 0 else None


def filled(spec: Seed, scope: Mapping[str, Any]) -> Seed:
    """Give a specification with every `{{name.path}}` filled in; one without a value is a `MissingValueError`."""
    return Seed.model_validate(fill(spec.model_dump(), scope), by_name=True)


def with_zeros(value: Any) -> Any:
    """Give a copy in which every decimal ends with a zero: the same number, whose precision shows whether it is kept.

    https://hl7.org/fhir/R4/datatypes.html#decimal
    """
    if isinstance(value, dict):
        return {key: with_zeros(each) if type(each) in _CHANGING else each for key, each in value.items()}
    if isinstance(value, list):
        return [with_zeros(each) if type(each) in _CHANGING else each for each in value]
    if isinstance(value, Decimal):
        text = str(value)
        if "." in text and "E" not in text and not text.endswith("0"):
            return Decimal(f"{text}0")
    return value


def change(resource: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Give a copy with the elements at these dotted paths set, or taken out where the value is null."""
    made = copy.deepcopy(dict(resource))
    for path, value in values.items():
        *steps, last = path.split(".")
        holder: Any = made
        for step in steps:
            holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
        if value is None:
            holder.pop(last, None)
        else:
            holder[last] = value
    return made
