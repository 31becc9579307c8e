"""The page that Allure makes, where it is installed."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess

import pytest

from vbpr_conformance.cli import main
from vbpr_conformance.report.allure_results import CATEGORIES
from vbpr_conformance.report.outputs import write_all

ALLURE = """#!/bin/sh
for word; do last=$word; done
mkdir -p "$last" && cat > "$last/index.html" <<PAGE
<html><head><title>Allure</title></head><body><script>window.kept = 1;</script>
<script async src="https://tracker.example/gtag/js?id=1"></script><script>
  function gtag(){dataLayer.push(arguments);} gtag('js', new Date());
</script><script src="app.js"></script></body></html>
PAGE
"""


@pytest.fixture
def folder(tmp_path, record):
    """The folder of a run."""
    assert write_all(record, record.summary(), tmp_path / "run") == []
    return tmp_path / "run"


def allure(tmp_path, monkeypatch, text):
    program = tmp_path / "bin" / "allure"
    program.parent.mkdir()
    program.write_text(text)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def test_the_page_asks_no_other_host(tmp_path, monkeypatch, folder, capsys):
    """Whatever the program puts into it, its policy allows nothing from elsewhere."""
    allure(tmp_path, monkeypatch, ALLURE)
    assert main(["report", str(folder)]) == 0
    page = folder / "allure-report" / "index.html"
    assert capsys.readouterr().out.strip() == str(page)
    text = page.read_text()
    assert "default-src 'self'" in text
    assert ("tracker" in text, "gtag" in text) == (False, False)
    assert "<script>window.kept = 1;</script>" in text
    assert '<script src="app.js"></script>' in text


def test_allure_is_told_the_categories_and_where_history_is(tmp_path, monkeypatch, folder):
    """It reads its configuration, not categories.json; each category is grouped by cause."""
    allure(tmp_path, monkeypatch, ALLURE)
    assert main(["report", str(folder), "--history", str(tmp_path / "history.jsonl")]) == 0
    told = json.loads((folder / "allure-results" / "allurerc.json").read_text())
    assert told["historyPath"] == str(tmp_path / "history.jsonl")
    assert {each["name"]: each["groupBy"] for each in told["categories"]["rules"]} == {
        each["name"]: [{"label": "cause"}] for each in CATEGORIES
    }
    assert all("(?" not in each.get("messageRegex", "") for each in CATEGORIES)  # JavaScript takes no flags in it


def test_without_the_program_it_says_what_to_install(tmp_path, monkeypatch, folder, capsys):
    """And that there is a page that needs nothing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["report", str(folder)]) == 2
    assert "npm install --global allure@3" in capsys.readouterr().err


def test_a_program_that_fails_is_a_sentence(tmp_path, monkeypatch, folder, capsys):
    """With the last that it said."""
    allure(tmp_path, monkeypatch, "#!/bin/sh\necho 'no such option' >&2\nexit 1\n")
    assert main(["report", str(folder)]) == 2
    assert "no such option" in capsys.readouterr().err


def test_what_an_interrupted_run_left_unwritten_is_made(tmp_path, monkeypatch, folder):
    """All of it follows from the record."""
    allure(tmp_path, monkeypatch, ALLURE)
    (folder / "report.html").unlink()
    (folder / "TestReport.json").unlink()
    assert main(["report", str(folder)]) == 0
    assert (folder / "report.html").is_file()
    assert (folder / "TestReport.json").is_file()


def test_a_folder_without_a_run_is_refused(tmp_path, capsys):
    """In a sentence."""
    assert main(["report", str(tmp_path)]) == 2
    assert "no record of a run" in capsys.readouterr().err


@pytest.mark.slow
def test_allure_itself_shows_categories_causes_and_history(tmp_path, monkeypatch, folder):
    """The real program, of npm: two reports with one history; the second knows the first."""
    if shutil.which("npm") is None:
        pytest.skip("no npm to fetch Allure with")
    fetched = subprocess.run(
        ["npm", "install", "--silent", "--prefix", tmp_path, "allure@3"], capture_output=True, check=False, timeout=110
    )
    if fetched.returncode:
        pytest.skip("Allure cannot be fetched")
    monkeypatch.setenv("PATH", f"{tmp_path / 'node_modules' / '.bin'}:{os.environ['PATH']}")
    for _ in range(2):
        assert main(["report", str(folder), "--history", str(tmp_path / "history.jsonl")]) == 0
    assert len((tmp_path / "history.jsonl").read_text().splitlines()) == 2
    made = folder / "allure-report"
    assert "googletagmanager" not in (made / "index.html").read_text()
    categories = (made / "widgets" / "default" / "categories.json").read_text()
    assert {name for name in (each["name"] for each in CATEGORIES) if name in categories} >= {
        "Known deviation",
        "Server defect",
        "Not testable here",
    }
    assert "returned" in categories
