"""`{{name.path}}` is the only templating of the suite language."""

from __future__ import annotations

import pytest

from vbpr_conformance.suite.names import LazyMapping, RunNames
from vbpr_conformance.suite.seed_payloads import Tag, change
from vbpr_conformance.suite.templating import MissingValueError, fill, names_in, text

SCOPE = {"a": {"id": "7", "list": [{"n": 1}, {"n": 2}], "flag": True}, "row": {"name": "x"}}


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ("plain", "plain"),
        ("{{a.id}}", "7"),
        ("{{ a.id }}", "7"),
        ("x/{{a.id}}/{{row.name}}", "x/7/x"),
        ("{{a.list.1.n}}", 2),
        ("n{{a.list.1.n}}", "n2"),
        ("{{a.flag}}", True),
        (["{{a.id}}", 3], ["7", 3]),
        ({"{{row.name}}": {"b": "{{a.id}}"}}, {"x": {"b": "7"}}),
        ("{{a.list}}", [{"n": 1}, {"n": 2}]),
        (None, None),
    ],
)
def test_places_are_filled_in(written, filled):
    """Everywhere in texts, lists and mappings; a text of one place alone keeps the value's type."""
    assert fill(written, SCOPE) == filled


@pytest.mark.parametrize("path", ["nobody", "nobody.id", "a.nothing", "a.id.deeper", "a.list.2", "a.list.x"])
def test_a_place_without_a_value_is_told(path):
    """With the name that it begins with, and the whole path."""
    with pytest.raises(MissingValueError) as trouble:
        fill(f"x{{{{{path}}}}}", SCOPE)
    assert (trouble.value.name, trouble.value.path) == (path.partition(".")[0], path)


def test_a_text_is_always_a_text():
    """Also where the place stands for a number."""
    assert text("{{a.list.0.n}}", SCOPE) == "1"


def test_the_names_of_places_are_known_before():
    """So that a suite is checked when it is read."""
    assert names_in({"{{b.x}}": ["{{a.id}} {{c}}", 3]}) == {"a", "b", "c"}


def test_names_are_looked_up_when_they_are_asked_for():
    """A target is created when the first case refers to it, and not before."""
    asked = []
    names = RunNames("r", Tag("r"), "https://x.example/fhir/", targets=lambda kind: asked.append(kind) or {"a": "T/1"})
    scope = names.of("case-1")
    assert asked == []
    assert fill("{{targets.Organization.a}}", scope) == "T/1"
    assert asked == ["Organization"]
    assert fill("{{server.base}} {{run.token}}", scope) == "https://x.example/fhir urn:vbpr-conformance:run|r"
    assert names.of("case-1")["unique"] == scope["unique"] != names.of("case-2")["unique"]
    assert list(LazyMapping(str)) == []


def test_a_change_sets_and_takes_out():
    """By dotted paths, also into lists; what was given stays as it is."""
    before = {"a": [{"b": 1}], "c": 2}
    after = change(before, {"a.0.b": 3, "c": None, "d.e": 4})
    assert after == {"a": [{"b": 3}], "d": {"e": 4}}
    assert before == {"a": [{"b": 1}], "c": 2}
