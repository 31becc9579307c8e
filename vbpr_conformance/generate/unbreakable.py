"""Rules that cannot be broken alone, each with its reason: data of the generator and of the edition."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from vbpr_conformance.fhir.yaml12 import load_file
from vbpr_conformance.generate.decisions import document, plain
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile

FILE = Path(__file__).with_name("unbreakable.yaml")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the rules whose ids fit a pattern are not broken alone: in one profile, or in every one."""

    rule: str
    because: str
    profile: str | None = None
    but: str = ""

    def covers(self, rule: str, profile: Profile) -> bool:
        """Whether it speaks of this rule of this profile."""
        if self.profile not in (None, profile.id):
            return False
        return fnmatchcase(rule, self.rule) and not fnmatchcase(rule, self.but)


@lru_cache(maxsize=8)
def reasons(edition: Edition) -> tuple[Reason, ...]:
    """All that is listed."""
    listed = [*plain(load_file(FILE, FILE.name)), *document(edition).get("unbreakable", ())]
    return tuple(Reason(**each) for each in listed)


def reason(rule: str, profile: Profile, edition: Edition) -> str | None:
    """Why a rule may not be broken alone; None where nothing speaks against it."""
    return next((each.because for each in reasons(edition) if each.covers(rule, profile)), None)
