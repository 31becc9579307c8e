"""Many resources: files, folders, NDJSON and standard input."""

from __future__ import annotations

import io
import json
import sys

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir import json_codec, xml_codec
from vbpr_conformance.validate import batch
from vbpr_conformance.validate.batch import validate_paths
from vbpr_conformance.validate.validation_outcome import operation_outcome


@pytest.fixture
def folder(tmp_path, valid, edition):
    """One valid report in JSON, one in XML, two as NDJSON of which one is broken, and a text nobody reads."""
    report = valid("quality")
    (tmp_path / "a.json").write_text(json_codec.dumps(report, indent=2))
    (tmp_path / "b.xml").write_bytes(xml_codec.dumps(report, edition.structure))
    broken = report | {"status": "finished", "id": "broken"}
    (tmp_path / "c.ndjson").write_text(f"{json_codec.dumps(report)}\n\n{json_codec.dumps(broken)}\n")
    (tmp_path / "notes.txt").write_text("nothing")
    return tmp_path


def test_a_folder_is_judged_in_order(folder):
    """Each resource has one outcome, with its file and line."""
    outcomes = list(validate_paths([folder], edition="1.1.0"))
    names = [outcome.source.rpartition("/")[2] for outcome in outcomes]
    assert names == ["a.json", "b.xml", "c.ndjson:1", "c.ndjson:3"]
    assert [outcome.valid for outcome in outcomes] == [True, True, True, False]
    assert {outcome.resource_type for outcome in outcomes} == {"MeasureReport"}
    assert outcomes[3].id == "broken"
    assert outcomes[0].profiles[0].endswith("vbp-quality-measurereport")


def test_what_describes_a_package_is_passed_over_and_other_json_is_not(tmp_path, valid):
    """Hidden files and npm's package.json are no resources; any other JSON is reported, a resource so named too."""
    for name, value in [
        ("package.json", {"name": "payer.profiles"}),
        (".index.json", {"files": []}),
        (".cache/a.json", {}),
        ("other/data.json", {"name": "no resource"}),
        ("other/package.json", valid("quality")),
    ]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json_codec.dumps(value))
    outcomes = list(validate_paths([tmp_path], edition="1.1.0"))
    names = [outcome.source.removeprefix(f"{tmp_path}/") for outcome in outcomes]
    assert names == ["other/data.json", "other/package.json"]
    assert [outcome.valid for outcome in outcomes] == [False, True]
    assert len(list(validate_paths([tmp_path / "package.json"], edition="1.1.0"))) == 1


def test_standard_input_may_be_one_resource_or_many(monkeypatch, valid):
    """What starts with a whole object on one line is NDJSON."""
    report = valid("quality")
    for text, count in [
        (json_codec.dumps(report, indent=2), 1),
        (json_codec.dumps(report), 1),
        (f"{json_codec.dumps(report)}\n{json_codec.dumps(report)}\n", 2),
        (f"{json_codec.dumps(report)}\n\n \r\n{json_codec.dumps(report)}\n\n{json_codec.dumps(report)}\n", 3),
        (f"\ufeff{json_codec.dumps(report)}\n\n", 1),
        (f"\n{json_codec.dumps(report)}\n{json_codec.dumps(report)}\n{json_codec.dumps(report)}", 3),
    ]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        outcomes = list(validate_paths(["-"], edition="1.1.0"))
        assert [outcome.valid for outcome in outcomes] == [True] * count


@pytest.mark.parametrize("text", ["", "{", '{"a": 1, "a": 2}', "<MeasureReport>", '{"resourceType": NaN}'])
def test_what_cannot_be_read_is_an_issue(tmp_path, text):
    """A broken file is an invalid resource, and the others are judged all the same."""
    (tmp_path / "x.json").write_text(text)
    (outcome,) = validate_paths([tmp_path / "x.json"], edition="1.1.0")
    assert not outcome.valid
    assert outcome.issues[0].rule in {"format:json", "format:xml"}


@pytest.mark.parametrize("text", ["null", "[]", "7", '"text"', "{}"])
def test_json_that_is_no_resource_is_an_issue(tmp_path, text):
    """There is always an answer."""
    (tmp_path / "x.json").write_text(text)
    (outcome,) = validate_paths([tmp_path / "x.json"], edition="1.1.0")
    assert [issue.rule for issue in outcome.issues] == ["shape:Resource"]


def test_xml_that_breaks_the_structure_is_an_issue(tmp_path, valid, edition):
    """The rest of the resource is judged too."""
    text = (
        xml_codec.dumps(valid("quality"), edition.structure).decode().replace('<status value="pending"/>', "<state/>")
    )
    (tmp_path / "x.xml").write_text(text)
    (outcome,) = validate_paths([tmp_path / "x.xml"], edition="1.1.0")
    assert {issue.rule for issue in outcome.issues if issue.is_error} == {"format:xml", "min:MeasureReport.status"}


def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path):
    """A missing file, an empty folder, a profile nobody knows."""
    for paths, options in [
        ([tmp_path / "missing.json"], {}),
        ([tmp_path], {}),
        ([tmp_path], {"profile": "nonsense"}),
    ]:
        with pytest.raises(UsageError, match=r"\.$"):
            list(validate_paths(paths, edition="1.1.0", **options))


def test_reports_are_compared_with_the_measures_of_the_same_call(tmp_path, valid):
    """A Measure among the files is at hand."""
    measure = {
        "resourceType": "Measure",
        "url": "https://payer.example.org/fhir/Measure/quality-a",
        "version": "2.1",
        "status": "active",
        "group": [{"code": {"text": "something else"}}],
    }
    (tmp_path / "m.json").write_text(json.dumps(measure))
    (tmp_path / "r.json").write_text(json_codec.dumps(valid("quality")))
    rules = {issue.rule for outcome in validate_paths([tmp_path], edition="1.1.0") for issue in outcome.issues}
    assert "measure:MeasureReport.group" in rules


def test_several_processes_give_the_same_outcomes_in_the_same_order(folder, monkeypatch):
    """However the work is spread."""
    monkeypatch.setattr(batch, "_ALONE_BYTES", 0)
    monkeypatch.setattr(batch, "_CHUNK_ITEMS", 1)
    told = []
    spread = list(validate_paths([folder], edition="1.1.0", workers=2, progress=told.append))
    assert told == [1, 2, 3, 4]
    assert spread == list(validate_paths([folder], edition="1.1.0", workers=1))


def test_issues_are_said_as_an_operation_outcome(validator, valid):
    """The outcome is itself a valid resource."""
    report = valid("quality") | {"status": "finished"}
    issues = validator.issues(report)
    said = operation_outcome(issues)
    assert [each["expression"] for each in said["issue"]] == [[issue.expression] for issue in issues]
    assert not [issue for issue in validator.issues(said) if issue.is_error]
    assert not [issue for issue in validator.issues(operation_outcome([])) if issue.is_error]
