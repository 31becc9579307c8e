"""What got better or worse between runs."""

from __future__ import annotations

import copy
import json

import pytest

from vbpr_conformance.cli import main
from vbpr_conformance.errors import UsageError
from vbpr_conformance.report import results_json
from vbpr_conformance.report.comparison import as_markdown, as_text, compare, read_results


@pytest.fixture
def before(record):
    """The results of a run."""
    return json.loads(json.dumps(results_json.content(record, record.summary())))


@pytest.fixture
def after(before):
    """A run after it: a case is broken, another mended."""
    made = copy.deepcopy(before)
    by_name = {each["id"]: each for each in made["cases"]}
    by_name["read"] |= {"verdict": "fail", "message": "<b>GET answered 500</b>"}
    by_name["search-date/ge"]["verdict"] = "pass"
    made["causes"] = [{**made["causes"][0], "says": "GET answered 500"}]
    return made


def test_each_change_has_its_direction(before, after):
    """What was broken and what was mended, and the causes that are new or gone."""
    found = compare(before, after)
    assert [(each.name, each.before, each.after) for each in found.worse] == [("Search: read", "pass", "fail")]
    assert [(each.name, each.before, each.after) for each in found.better] == [
        ("Search: search-date/ge", "fail", "pass")
    ]
    assert found.new_causes == ["GET answered 500"]
    assert len(found.gone_causes) == 4


def test_what_was_not_looked_at_is_neither_better_nor_worse(before):
    """A run of fewer cases breaks nothing."""
    after = {**before, "cases": before["cases"][:1]}
    assert (compare(before, after).worse, compare(after, before).better) == ([], [])


def test_it_is_told_as_text_and_markdown(before, after, snapshot):
    """And what a target said is no Markdown."""
    snapshot("compare", as_text(compare(before, after)))
    assert r"\<b\>" in as_markdown(compare(before, after))


@pytest.mark.parametrize("form", ["text", "md", "html"])
def test_the_command_gates_on_what_got_worse(tmp_path, before, after, form, capsys):
    """1 where something did, 0 where nothing did; the page escapes what it shows."""
    for name, content in (("a", before), ("b", after)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").write_text(json.dumps(content))
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--format", form]) == 1
    assert "read" in capsys.readouterr().out
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "a" / "results.json"), "--format", form]) == 0
    assert "<b>" not in capsys.readouterr().out


@pytest.mark.parametrize("text", [None, "x", "{}", "[]"])
def test_what_cannot_be_compared_is_refused_in_a_sentence(tmp_path, text):
    """With the file and what was expected."""
    if text is not None:
        (tmp_path / "results.json").write_text(text)
    with pytest.raises(UsageError, match=r"results\.json: cannot be compared.*expected"):
        read_results(tmp_path)


def test_a_cause_is_the_same_in_each_run(before):
    """Whatever ids and URLs the sentences of two runs have."""
    for run, name in ((before, "a1b2c3d4e5f60718"), (after := copy.deepcopy(before), "ffeeddccbbaa0099")):
        run["causes"] = [{**run["causes"][0], "says": f"PUT MeasureReport/{name} answered 200, expected 412"}]
    assert (compare(before, after).new_causes, compare(before, after).gone_causes) == ([], [])
    after["causes"][0]["says"] = after["causes"][0]["says"].replace("200", "500")
    assert len(compare(before, after).new_causes) == 1


@pytest.mark.parametrize(
    "damage",
    [{"cases": [None]}, {"requirements": 5}, {"run": []}, {"cases": [{"suite": "", "id": "", "verdict": "x"}]}],
)
def test_damaged_results_are_refused_in_a_sentence(tmp_path, before, damage):
    """Whatever somebody made of them: exit code 2, and no mistake of ours."""
    (tmp_path / "results.json").write_text(json.dumps(before | damage))
    with pytest.raises(UsageError, match=r"damaged .*expected"):
        read_results(tmp_path)


def test_a_verdict_that_is_none_is_refused_in_a_sentence(tmp_path, before):
    """A run knows five."""
    before["cases"][0]["verdict"] = "\x1b[31m"
    (tmp_path / "results.json").write_text(json.dumps(before))
    with pytest.raises(UsageError, match=r"cannot be compared, it has the verdict .*expected"):
        read_results(tmp_path)
