"""The script of a failure shows the fault again on a server that has it, and leaves nothing there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import Any

import pytest
from served_here import serving

from vbpr_conformance.reference.faults import catalogue
from vbpr_conformance.report.reproduce import ReproduceScripts, script, script_name
from vbpr_conformance.selftest.in_process import BASE, results_of
from vbpr_conformance.suite import recorder
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

FAULTS = [
    ("create-no-location", "create/performance"),
    ("create-decimal-loses-zeros", "create-keeps-decimals"),
    ("update-not-stored", "update/performance"),
    ("update-stale-returns-200", "update-stale"),
    ("conditional-update-creates", "conditional-update"),
    ("patch-ignored", "patch"),
    ("delete-still-readable", "delete"),
    ("search-status-ignored", "search-status/code"),
    ("search-date-loses-partial-dates", "search-date/ge"),
    ("search-page-2-fails", "search-paging"),
    ("transaction-not-atomic", "transaction-all-or-nothing"),
    ("ms-performance-group.code-lost", "ms-performance/group.code"),
    ("create-drops-display", "format-xml-everywhere"),
    ("etag-missing", "read"),
    ("conditional-update-etag-old", "conditional-update-answer"),
    ("transaction-no-last-modified", "transaction-answer"),
]
VOLATILE = {
    "url",
    "date",
    "id",
    "versionId",
    "lastUpdated",
    "fullUrl",
    "reference",
    "lastModified",
    "location",
    "etag",
    "diagnostics",
}

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def record_of(edition, found: list[CaseResult]) -> RunRecord:
    return RunRecord("inside", edition, BASE, (), 1, 1, "2026-01-01T00:00:00Z", results=found)


def essence(status: int, headers: dict[str, str], body: str) -> tuple[Any, ...]:
    """What an answer says apart from what is another each time."""
    found = {name.lower(): each for name, each in headers.items()}
    names = set(found) & {"location", "etag", "last-modified"}
    try:
        value = json.loads(body, parse_float=str)
    except ValueError:
        value = bool(body.strip())
    version = value.get("meta", {}).get("versionId") if isinstance(value, dict) else None
    return status, names, f'"{version}"' in found.get("etag", ""), without_volatile(value)


def without_volatile(value: Any, key: str = "") -> Any:
    """The data with "…" for what is another each time: that it is there counts, and how much of it."""
    if isinstance(value, dict):
        is_tag = str(value.get("system")).startswith("urn:vbpr-conformance:")
        return {
            name: "…" if is_tag and name == "value" else without_volatile(each, name) for name, each in value.items()
        }
    if isinstance(value, list):
        return [without_volatile(each, key) for each in value]
    return "…" if key in VOLATILE else value


def shown(output: str) -> list[tuple[Any, ...]]:
    """The answers that a script shows."""
    found = []
    for part in re.split(r"^--- the answer.*\n", output, flags=re.MULTILINE)[1:]:
        head, _, body = part.replace("\r", "").partition("\n\n")
        status, *lines = head.splitlines()
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        found.append(essence(int(status.split()[1]), headers, body))
    return found


def run(path, url: str) -> list[tuple[Any, ...]]:
    done = subprocess.run(["sh", str(path), url], capture_output=True, text=True, timeout=60, check=True)
    assert "left on" not in done.stderr, done.stderr
    return shown(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "name"), FAULTS)
def test_the_fault_is_shown_again(edition, cases, good_server, tmp_path, monkeypatch, fault, name):  # noqa: PLR0913, PLR0917  fixtures
    """On a server with the fault the answers are those of the run, on a good one they are not."""
    assert fault in catalogue(edition)
    monkeypatch.setattr(recorder, "MOST_BODY", 10**7)  # here answers are compared as a whole
    [result] = results_of(edition, [cases[name]], fault=fault, examples=3)
    assert result.verdict in {Verdict.FAIL, Verdict.WARN}, result.message
    record = record_of(edition, [result])
    ReproduceScripts(tmp_path).add(record, result)
    [path] = (tmp_path / "reproduce").iterdir()
    then = [essence(each["status"], each["headers"], each["body"]) for each in result.exchanges if each["failed"]]
    with serving(edition, fault=fault) as url:
        assert run(path, url) == then
    assert run(path, good_server) != then


def test_only_a_failure_has_a_script(edition, cases):
    """A case that passes has none, nor one whose bodies were cut."""
    [passed] = results_of(edition, [cases["create/performance"]])
    assert script(passed, record_of(edition, [passed])) is None
    [failed] = results_of(edition, [cases["create/performance"]], fault="create-no-location")
    cut = [{**each, "request_body": "{… (9,000 bytes)"} for each in failed.exchanges]
    made = CaseResult.from_dict({**failed.as_dict(), "exchanges": cut})
    assert script(made, record_of(edition, [made])) is None


def test_bodies_that_the_run_hid_are_taken_from_a_folder(edition, cases, tmp_path):
    """Such a script says what it lacks and how to get it; with the bodies it shows the fault."""
    fault = "create-no-location"
    [failed] = results_of(edition, [cases["create/performance"]], fault=fault)
    hidden = [{**each, "request_body": recorder.HIDDEN} for each in failed.exchanges]
    made = CaseResult.from_dict({**failed.as_dict(), "exchanges": hidden})
    text = script(made, record_of(edition, [made]))
    assert "the run hid it (--redact-bodies)" in text
    assert f"vbpr-conformance run {BASE} --edition 1.1.0 --seed 1 --examples 1 -k create/performance" in text
    path = tmp_path / "create.sh"
    path.write_text(text, encoding="utf-8")
    ended = subprocess.run(["sh", path, BASE], capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "give a folder that holds the body of each request" in ended.stderr
    (tmp_path / "1").write_text(failed.exchanges[0]["request_body"], encoding="utf-8")
    with serving(edition, fault=fault) as url:
        ended = subprocess.run(
            ["sh", path, url], capture_output=True, text=True, check=False, env={**os.environ, "BODIES": str(tmp_path)}
        )
    assert "201" in ended.stdout
    assert "location" not in ended.stdout.lower().partition("\n\n")[0]


def test_secrets_are_variables_of_the_environment(edition, cases):
    """No token stands in a script."""
    [failed] = results_of(edition, [cases["create/performance"]], fault="create-no-location")
    headers = {"Authorization": "Bearer ***", "X-Api-Key": "***"}
    told = [{**each, "request_headers": {**each["request_headers"], **headers}} for each in failed.exchanges]
    made = CaseResult.from_dict({**failed.as_dict(), "exchanges": told})
    text = script(made, record_of(edition, [made]))
    assert '-H "Authorization: Bearer $VBPR_TOKEN" -H "X-Api-Key: $VBPR_X_API_KEY"' in text
    assert "from the environment: VBPR_TOKEN, VBPR_X_API_KEY" in text
    assert "***" not in text


def test_names_of_scripts_are_unique(edition, cases):
    """Two suites may have a case of the same id."""
    [one] = results_of(edition, [cases["create/performance"]], fault="create-no-location")
    other = CaseResult.from_dict({**one.as_dict(), "suite": "Other: suite"})
    record = record_of(edition, [one, other])
    assert script_name(one, record_of(edition, [one])) == "create-performance.sh"
    assert script_name(other, record) == "Other-suite-create-performance.sh"
