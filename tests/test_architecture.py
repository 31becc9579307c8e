"""ARCHITECTURE.md kept true: who imports whom, and where the guide may be spoken of."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from vbpr_conformance.ig.loader import editions, load_edition

PACKAGE = Path(__file__).parents[1] / "vbpr_conformance"
MAY_IMPORT = {
    "fhir": set(),
    "ig": {"fhir"},
    "validate": {"fhir", "ig"},
    "generate": {"fhir", "ig", "validate"},
    "client": {"fhir"},
    "suite": {"fhir", "ig", "validate", "generate", "client"},
    "report": {"fhir", "ig", "validate", "suite"},
    "reference": {"fhir", "ig", "validate"},
}
FILES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400


def rooms_imported(file: Path) -> set[str]:
    """The rooms of this package that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            steps = name.split(".")
            if steps[0] == PACKAGE.name and len(steps) > 1 and steps[1] in MAY_IMPORT:
                found.add(steps[1])
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_rooms_below_it(room):
    """Arrows go one way."""
    allowed = MAY_IMPORT[room] | {room}
    wrong = {
        str(file.relative_to(PACKAGE)): sorted(rooms_imported(file) - allowed)
        for file in FILES
        if file.is_relative_to(PACKAGE / room) and rooms_imported(file) - allowed
    }
    assert wrong == {}


def test_python_holds_nothing_of_the_guide():
    """No canonical, profile, extension or requirement of the guide stands in a Python file: they are data."""
    edition = load_edition(editions()[-1])
    names = {edition.own, *(each.id for each in edition.own_structures if "-" in each.id)}
    names |= {each.id for each in edition.requirements if each.id.count("-") > 1}
    pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in sorted(names)))
    # The name of the guide and the links to its pages may be said to people; its identifiers may not be used.
    found = [
        f"{file.relative_to(PACKAGE)}: {match[0]}"
        for file in FILES
        for match in pattern.finditer(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_file_is_one_idea():
    """A file that nears 400 lines is probably two."""
    long = [str(file.relative_to(PACKAGE)) for file in FILES if len(file.read_text().splitlines()) > MOST_LINES]
    assert long == []
