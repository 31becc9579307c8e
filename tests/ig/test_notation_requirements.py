"""Requirements follow from statements and profiles by rule; only the rest is listed."""

from __future__ import annotations

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.folders import r4_folder
from vbpr_conformance.ig.notation import read_notation
from vbpr_conformance.ig.notation_requirements import read_readings, read_requirements

HEADER = "version: '1'\ncanonical: http://a.example\nfhir: 4.0.1\npage: http://a.example/page\n"
ARTIFACTS = """
profiles:
  report: {of: MeasureReport, elements: {status: MS, 'group.measureScore.extension:e': 0..1 MS Extension(e)}}
extensions:
  e: {context: Quantity, elements: {'value[x]': MS string}}
search-parameters:
  s: {code: right, type: token, of: MeasureReport, expression: MeasureReport.status}
statements:
  asks:
    date: '2024'
    mode: server
    formats: xml
    system: {batch: SHOULD}
    resources:
      MeasureReport: {interactions: {read: '-'}, search: {wrong: token s}, includes: Bad}
      List: {expectation: MAY, interactions: {read: SHALL}}
"""
RULE = """
statements:
  asks:
    actor: server
    page: asks.html
    unstated: SHALL
    short: {MeasureReport: mr}
    includes: {Bad: 'MeasureReport:right'}
    not-tested: {format-xml: Because.}
    says: {batch: Batch., read: 'Reads {type}.', search: 'By {search}.', include: '{include}.', format: 'In {format}.'}
"""


@pytest.fixture
def asked(tmp_path):
    """Gives the requirements of a small edition with these rules."""

    def read(rules):
        (tmp_path / "edition.yaml").write_text(HEADER)
        (tmp_path / "artifacts.yaml").write_text(ARTIFACTS)
        (tmp_path / "requirements.yaml").write_text(rules)
        definitions = [*read_notation(r4_folder()), *read_notation(tmp_path)]
        return {each.id: each for each in read_requirements(tmp_path, Edition("1", definitions, "http://a.example"))}

    return read


def test_a_statement_asks_for_its_items(asked):
    """Each item becomes a requirement; names are read by their definitions, and what is unsaid by the rule."""
    made = asked(RULE)
    assert {each.id: (each.expectation, dict(each.about), each.text) for each in made.values()} == {
        "format-xml": ("SHALL", {"format": "xml"}, "In xml."),
        "system-batch": ("SHOULD", {"interaction": "batch"}, "Batch."),
        "mr-read": ("SHALL", {"resource": "MeasureReport", "interaction": "read"}, "Reads MeasureReport."),
        "mr-search-right": ("SHALL", {"resource": "MeasureReport", "search": "right"}, "By right."),
        "mr-include-right": (
            "SHALL",
            {"resource": "MeasureReport", "include": "MeasureReport:right"},
            "MeasureReport:right.",
        ),
        "List-read": ("SHALL", {"resource": "List", "interaction": "read"}, "Reads List."),
    }
    assert made["mr-search-right"].stated_as == "wrong"
    assert made["mr-include-right"].stated_as == "Bad"
    assert made["List-read"].when_claimed == {"resource": "List"}
    assert made["mr-read"].when_claimed == {}
    assert made["format-xml"].not_tested == "Because."
    assert {each.source for each in made.values()} == {"http://a.example/page/asks.html"}


def test_must_support_elements_of_profiles(asked):
    """Each must-support element becomes a requirement, extensions by the name of their slice."""
    made = asked(
        """
must-support:
  all:
    {actor: client, profiles: report, ids: ms-, expectation: SHOULD, says: 'Keeps {element} of {profile}.',
     when-claimed: {resource: X}, not-tested: {status: Because.}}
"""
    )
    assert {each.id: dict(each.about) for each in made.values()} == {
        "ms-report-status": {"profile": "report", "element": "MeasureReport.status"},
        "ms-report-group.measureScore.e": {
            "profile": "report",
            "element": "MeasureReport.group.measureScore.extension:e",
        },
    }
    assert {(each.actor, each.expectation) for each in made.values()} == {("client", "SHOULD")}
    assert made["ms-report-status"].not_tested == "Because."
    assert made["ms-report-status"].when_claimed == {"resource": "X"}
    assert made["ms-report-status"].source == "http://a.example/page/StructureDefinition-report.html"


@pytest.mark.parametrize(
    ("rules", "part"),
    [
        ("statements: {none: {says: {}}}", "the statement 'none' is not known"),
        ("statements: {asks: {actor: server, says: {}}}", "nothing is said for 'format'"),
        (RULE.replace("unstated: SHALL", "unstated: MUST"), "'MUST' is no expectation"),
        ("must-support: {all: {profiles: none}}", "the profile 'none' is not known"),
        ("requirements: {a: {actor: server, expectation: SHALL, about: {topic: x}, page: a}}", "has no 'says'"),
        (
            RULE + "requirements: {mr-read: {actor: a, expectation: MAY, about: {topic: x}, page: p, says: S.}}",
            "mr-read stands twice",
        ),
        ("requirement: {}", "has no 'requirement'"),
    ],
)
def test_a_mistake_is_one_line(asked, rules, part):
    """A rule that cannot be applied is one sentence with its place."""
    with pytest.raises(UsageError, match=r"/requirements.yaml:\d+: .*expected") as caught:
        asked(rules)
    assert part in str(caught.value)


def test_readings(tmp_path):
    """A reading says what is wrong, how it is read, and why; of an invariant also what its text means."""
    (tmp_path / "edition.yaml").write_text(HEADER)
    (tmp_path / "artifacts.yaml").write_text(ARTIFACTS)
    edition = Edition("1", [*read_notation(r4_folder()), *read_notation(tmp_path)], "http://a.example")
    file = tmp_path / "readings.yaml"
    file.write_text("r: {defect: D., reading: R., reason: W., page: p.html, constraint: mrp-1, means: 'true'}\n")
    (made,) = read_readings(tmp_path, edition)
    assert (made.id, made.defect, made.reading, made.reason) == ("r", "D.", "R.", "W.")
    assert made.source == "http://a.example/page/p.html"
    assert (made.constraint, made.means) == ("mrp-1", "true")
    assert made.published == "(type != 'data-collection') or group.exists().not()"
    file.write_text("r: {defect: D., reading: R., reason: W., constraint: none, means: 'true'}\n")
    with pytest.raises(UsageError, match=r"readings.yaml:1: no profile has the invariant 'none'; expected"):
        read_readings(tmp_path, edition)
    file.write_text("r: {defect: D., reading: R.}\n")
    with pytest.raises(UsageError, match="has no 'reason'"):
        read_readings(tmp_path, edition)
