"""ARCHITECTURE.md kept true: who imports whom, what names mean, and where the guide may be spoken of."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

from vbpr_conformance.ig.loader import editions, load_edition

PACKAGE = Path(__file__).parents[1] / "vbpr_conformance"
FILES = {
    ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted(PACKAGE.rglob("*.py"))
}
"""Every module by its name below the package; `__init__` is the package itself."""
MOST_LINES = 400

ROOMS = {
    "errors": set(),
    "interrupts": {"errors"},
    "fhir": {"errors"},
    "ig": {"errors", "fhir"},
    "rest": {"errors", "fhir"},
    "validate": {"errors", "fhir", "ig"},
    "generate": {"errors", "fhir", "ig", "validate"},
    "client": {"errors", "fhir", "rest"},
    "suite": {"errors", "fhir", "ig", "rest", "validate", "generate", "client"},
    "report": {"errors", "fhir", "ig", "rest", "validate", "suite"},
    "reference": {"errors", "fhir", "ig", "rest", "validate"},
    "observe": {"errors", "fhir", "ig", "rest", "validate", "generate", "client", "suite", "report", "reference"},
    "target": {"errors", "fhir", "rest", "client", "suite"},
}
"""The rooms, a file of the package's top folder counting as one, and whom each may import. What is not named here
(the command line, the plugin) stands on top and may import all, and nothing above imports it."""


@cache
def imports_of(module: str) -> frozenset[str]:
    """The modules of this package that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names if alias.name != "__version__"]
        found |= {module_of(name.partition(".")[2]) for name in names if name.partition(".")[0] == PACKAGE.name}
    return frozenset(found)


def module_of(name: str) -> str:
    """The module that a dotted name below the package belongs to: itself, or where the name is defined."""
    while name and name not in FILES:
        name = name.rpartition(".")[0]
    return name or "__init__"


def room_of(module: str) -> str:
    """The folder, or the file in the top folder."""
    return module.partition(".")[0]


def circles() -> list[set[str]]:
    """The sets of modules that reach each other by imports."""
    reach = {module: set(imports_of(module)) for module in FILES}
    for middle in FILES:
        for module, found in reach.items():
            if middle in found:
                reach[module] = found | reach[middle]
    together = {module: frozenset(each for each in found if module in reach[each]) for module, found in reach.items()}
    return [set(group) for group in {group for module, group in together.items() if module in group}]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_below_it(room):
    """Arrows go one way; files in the top folder are seen like folders."""
    allowed = ROOMS[room] | {room}
    wrong = {
        module: [each for each in imports_of(module) if room_of(each) not in allowed]
        for module in FILES
        if room_of(module) == room
    }
    assert {module: found for module, found in wrong.items() if found} == {}


def test_files_do_not_import_each_other_in_circles():
    """A file can be read, tested and changed without those that use it."""
    assert [sorted(group) for group in circles()] == []


def test_file_names_are_unique():
    """Who hears a file's name knows which is meant. A command's module has the command's name."""
    names = Counter(file.name for file in FILES.values() if not file.name.startswith("__"))
    assert [name for name, count in names.items() if count > 1] == []


def test_class_names_are_unique():
    """Who reads a class's name in a message or signature knows which is meant."""
    places = defaultdict(list)
    for module, file in FILES.items():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_python_holds_nothing_of_the_guide():
    """No canonical, profile, extension or requirement of the guide stands in a Python file: they are data."""
    edition = load_edition(editions()[-1])
    names = {edition.own, *(each.id for each in edition.own_structures if "-" in each.id)}
    names |= {each.id for each in edition.requirements if each.id.count("-") > 1}
    # The name of the guide and the links to its pages may be said to people; its identifiers may not be used.
    found = [
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in FILES.values()
        for text in [file.read_text(encoding="utf-8")]
        for name in names
        if name in text and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)
    ]
    assert found == []


def test_a_file_is_one_idea():
    """A file that nears 400 lines is probably two."""
    long = [module for module, file in FILES.items() if len(file.read_text().splitlines()) > MOST_LINES]
    assert long == []
