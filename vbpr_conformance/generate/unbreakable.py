"""Rules that cannot be broken alone, each with its reason: data of the generator and of the edition."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from vbpr_conformance.fhir.yaml12 import load_file
from vbpr_conformance.generate.decisions import document, plain
from vbpr_conformance.ig.edition import Edition

FILE = Path(__file__).with_name("unbreakable.yaml")


@lru_cache(maxsize=8)
def reasons(edition: Edition) -> tuple[tuple[str, str], ...]:
    """Patterns of rule ids, each with the reason why such a rule may not be broken alone."""
    listed = [*plain(load_file(FILE, FILE.name)), *document(edition).get("unbreakable", ())]
    return tuple((each["rule"], each["because"]) for each in listed)


def reason(rule: str, edition: Edition) -> str | None:
    """Why a rule may not be broken alone; None where nothing speaks against it."""
    return next((because for pattern, because in reasons(edition) if fnmatchcase(rule, pattern)), None)
