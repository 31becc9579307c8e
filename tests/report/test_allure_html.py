"""The page that Allure makes, where it is installed."""

from __future__ import annotations

import stat

import pytest

from vbpr_conformance.cli import main
from vbpr_conformance.report.outputs import write_all

ALLURE = """#!/bin/sh
for word; do last=$word; done
mkdir -p "$last" && echo '<html><head><title>Allure</title></head></html>' > "$last/index.html"
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
    assert "default-src 'self'" in page.read_text()


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
