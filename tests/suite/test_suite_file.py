"""Suite files are read strictly; each mistake is one line with its place."""

from __future__ import annotations

import json

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.suite.expand import expand
from vbpr_conformance.suite.json_schema import json_schema
from vbpr_conformance.suite.suite_file import is_suite, load_suite, packaged

MISTAKES = [
    ("steps:", "stepz:", 10, "unknown key 'stepz'; did you mean 'steps'?"),
    ("- read:", "- reed:", 11, "unknown verb 'reed'; did you mean 'read'?"),
    ("status: 404", "statuss: 404", 12, "unknown matcher 'statuss'; did you mean 'status'?"),
    ("status: 404", "", 12, "expected at least one matcher"),
    ("status: 404", "status: 999", 12, "999 is no HTTP status"),
    ("title: A small case", "title: 4", 5, "'title' holds 4; expected text"),
    ("    title: A small case\n", "", 4, "'title' is missing"),
    ("id: small", "id: small[1]", 4, "no case id"),
    ("id: small", "id: a::b", 4, "no case id"),
    ("actor: server", "actor: clown", 2, "'actor'"),
    ("title: A small case", "title: A\n    title: B", 6, "stands twice"),
]


@pytest.mark.parametrize(("old", "new", "line", "said"), MISTAKES)
def test_mistakes_are_one_line_with_their_place(write, old, new, line, said):
    """A mistake is told as `file:line: what, and what was expected`."""
    path = write(old, new)
    with pytest.raises(UsageError) as trouble:
        load_suite(path)
    lines = str(trouble.value).splitlines()
    assert any(text.startswith(f"{path}:{line}: ") and said in text for text in lines), lines


NAMES = [
    ("actor: server", "actor: client", 6, "no requirement 'mr-read' of the client"),
    ("[mr-read]", "[mr-reed]", 6, "no requirement 'mr-reed' of the server; did you mean 'mr-read'?"),
    ('id: "1"', 'id: "{{nobody.id}}"', 11, "is the name of nothing here"),
    (
        "    steps:",
        "    seed: {a: {profile: vbp-performance-measurereprt}}\n    steps:",
        10,
        "did you mean 'vbp-performance-measurereport'?",
    ),
    ("    steps:", "    for: {search: {type: MeasureReport, param: dat}}\n    steps:", 10, "did you mean 'date'?"),
    ("{status: 404}", "{contains: nobody}", 12, "no seed 'nobody'"),
    ("{status: 404}", '{fhirpath: "status ="}', 12, "expected FHIRPath"),
]


@pytest.mark.parametrize(("old", "new", "line", "said"), NAMES)
def test_names_are_checked_against_the_edition(write, edition, old, new, line, said):  # noqa: PLR0913, PLR0917  parameters
    """A name that the edition or the case does not have is a mistake of the suite, found before anything runs."""
    path = write(old, new)
    with pytest.raises(UsageError) as trouble:
        expand(load_suite(path), edition)
    assert str(trouble.value).startswith(f"{path}:{line}: ")
    assert said in str(trouble.value)


def test_what_all_cases_share_has_names_of_its_own(write, edition):
    """A case that gave one of them to something of its own would compare the wrong one."""
    shared = "population: {one: {profile: vbp-performance-measurereport}}\ncases:"
    text = write().read_text(encoding="utf-8").replace("cases:", shared).replace("    steps:", "    steps:\n")
    path = write(text=text.replace("        expect:", "        as: one\n        expect:"))
    with pytest.raises(UsageError, match="'one' is the name of what all cases of the suite share"):
        expand(load_suite(path), edition)


def test_a_case_id_is_used_once(write):
    """The second case of the same id is refused, and the first is named."""
    text = write().read_text(encoding="utf-8")
    path = write(text=text + text[text.index("  - id: small") :])
    with pytest.raises(UsageError, match="'small' is used twice; first on line 4"):
        load_suite(path)


def test_an_unreadable_file_is_one_sentence(tmp_path):
    """A file that cannot be read, or holds no mapping, is told in one line."""
    with pytest.raises(UsageError, match="cannot be read"):
        load_suite(tmp_path / "missing.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(UsageError, match="no mapping at the top"):
        load_suite(tmp_path / "list.yaml")


def test_other_yaml_is_no_suite(write, tmp_path):
    """A YAML file without the key `suite` belongs to somebody else."""
    (tmp_path / "other.yaml").write_text("a: b\n")
    assert is_suite(write())
    assert not is_suite(tmp_path / "other.yaml")


def test_the_json_schema_knows_what_the_model_knows():
    """The published schema holds the verbs and matchers as suites write them, and forbids others."""
    schema = json.loads(json.dumps(json_schema()))
    step = schema["$defs"]["Step"]
    assert {"read", "conditional-create", "expect", "should", "as"} <= set(step["properties"])
    assert step["additionalProperties"] is False
    assert {"same-as", "conforms-to", "operation-outcome"} <= set(schema["$defs"]["Expect"]["properties"])


def test_all_packaged_suites_load(edition, edition_1_0_0):
    """Every suite that comes with the project is right for both editions."""
    for path in packaged():
        suite = load_suite(path)
        assert expand(suite, edition).cases
        assert expand(suite, edition_1_0_0).cases
