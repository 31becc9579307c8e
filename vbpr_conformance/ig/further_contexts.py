"""Where extensions that R4 published may be used besides, as HL7 published them later by themselves.

Of one canonical the newest version counts; packages of R4 alone do not hold it (https://hl7.org/fhir/extensions/).
"""

from __future__ import annotations

from functools import cache

from vbpr_conformance.fhir.yaml12 import load_file
from vbpr_conformance.ig.definitions import FHIR_VERSION
from vbpr_conformance.ig.folders import r4_folder
from vbpr_conformance.ig.model import STRUCTURE_DEFINITION, Profile


def further_contexts(profile: Profile) -> tuple[tuple[str, str], ...]:
    """The contexts (type, expression) of an extension of R4 4.0.1 that only its newer versions state."""
    if not profile.is_extension or profile.version != FHIR_VERSION:
        return ()
    return _stated().get(profile.url.removeprefix(STRUCTURE_DEFINITION), ())


@cache
def _stated() -> dict[str, tuple[tuple[str, str], ...]]:
    rows = load_file(r4_folder() / "further-contexts.yaml")
    return {name: tuple(map(_context, row)) for name, row in rows.items()}


def _context(expression: str) -> tuple[str, str]:
    return ("extension" if ":" in expression else "element", expression)
