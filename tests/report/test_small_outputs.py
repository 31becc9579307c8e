"""The outputs that say the same in the form of one kind of reader."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import jsonschema
import pytest
from browser import chromium
from har_schema import HAR

from vbpr_conformance.report import results_json
from vbpr_conformance.report.badge_svg import BadgeSvg
from vbpr_conformance.report.events_ndjson import EventsNdjson
from vbpr_conformance.report.exchanges_har import ExchangesHar, har_text, pages_of_cases
from vbpr_conformance.report.requirements_csv import RequirementsCsv
from vbpr_conformance.report.summary_markdown import markdown


def test_results_json_keeps_to_its_schema(record):
    """The published one, which `schema results` prints."""
    schema = json.loads(results_json.schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(json.dumps(results_json.content(record, record.summary()))), schema)


def test_results_json_names_each_cause_once(record):
    """With all that shows it and all that it breaks."""
    found = results_json.content(record, record.summary())
    first = found["causes"][0]
    assert (first["breaks"], [each["id"] for each in first["cases"]]) == (
        ["mr-search-date"],
        ["search-date/ge", "search-date/le"],
    )
    assert [each["known"] for each in found["causes"]][-1] == "until 2027-06-30: ticket 4711"
    requirement = next(each for each in found["requirements"] if each["id"] == "mr-search-date")
    assert requirement["broken_by"] == [first["id"]]


def test_the_table_of_requirements_opens_in_a_spreadsheet(tmp_path, record):
    """One row each; no cell is a formula."""
    record.results = [replace(each, message="=1+1") if each.id == "patch" else each for each in record.results]
    RequirementsCsv(tmp_path).end(record, record.summary())
    rows = list(csv.DictReader((tmp_path / "requirements.csv").read_text().splitlines()))
    found = {row["id"]: row for row in rows}
    assert found["mr-search-date"]["verdict"] == "fail"
    assert found["mr-search-date"]["cases"] == "search-date/ge search-date/le"
    assert found["mr-patch"]["reason"] == "'=1+1"
    assert len(rows) == sum(1 for each in record.edition.requirements if each.actor == "server")


@pytest.mark.parametrize(("whole", "said"), [(True, "non-conformant"), (False, "non-conformant in part")])
def test_the_badge_says_the_verdict(tmp_path, record, whole, said):
    """Also to those who cannot see it, and whether it is about everything."""
    record.whole = whole
    BadgeSvg(tmp_path).end(record, record.summary())
    badge = ET.parse(tmp_path / "badge.svg").getroot()  # noqa: S314  our own
    assert badge.get("aria-label") == f"VBPR 1.1.0: {said}"


def har(record):
    return json.loads("".join(har_text(pages_of_cases(record))))


def test_the_archive_of_exchanges_is_one_that_browsers_open(record):
    """Every entry belongs to a page, which is a case."""
    log = har(record)["log"]
    pages = {each["id"] for each in log["pages"]}
    assert {each["pageref"] for each in log["entries"]} == pages
    entry = log["entries"][0]
    assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
    assert entry["request"]["queryString"] == [{"name": "date", "value": "ge2024-03"}]
    assert entry["response"]["content"]["text"].endswith("12.50}")


def test_the_archive_of_exchanges_keeps_to_har(record):
    """What HAR 1.2 requires is there and nothing else; pages are told apart, and what took time adds up."""
    exchange = record.results[1].exchanges[0]
    unanswered = {**exchange, "status": 0, "error": "no answer in 30 s", "headers": {}, "body": ""}
    sent = {**exchange, "method": "PUT", "request_body": "{}", "status": 799}
    record.results.append(replace(record.results[0], id="x", exchanges=(unanswered, sent)))
    made = har(record)
    jsonschema.Draft202012Validator(HAR).validate(made)
    pages = [each["id"] for each in made["log"]["pages"]]
    assert len(pages) == len(set(pages))
    for entry in made["log"]["entries"]:
        assert entry["time"] == pytest.approx(sum(each for each in entry["timings"].values() if each > 0))


@pytest.mark.slow
def test_a_browser_reads_the_archive(tmp_path, record):
    """Chromium answers from it what was asked, as it was answered."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright")
    exchange = record.results[1].exchanges[0]
    ExchangesHar(tmp_path).end(record, record.summary())
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        context = browser.new_context()
        context.route_from_har(tmp_path / "exchanges.har", not_found="abort")
        assert context.new_page().goto(exchange["url"]).text() == exchange["body"]
        browser.close()


def test_the_summary_for_a_pull_request(record, snapshot):
    """Verdict, causes, and how to see each again."""
    snapshot("summary-markdown", markdown(record, record.summary()))


def test_what_a_target_said_is_no_markdown(record):
    """No link, no tag, no table cell of its own."""
    record.results = [replace(each, message="<img src=x> | [a](b)") for each in record.results[3:4]]
    assert r"\<img src=x\> \| \[a\](b)" in markdown(record, record.summary())


def test_events_are_written_as_they_happen(tmp_path, record):
    """A reader sees a case as soon as it is judged."""
    file = tmp_path / "new" / "events.ndjson"
    writer = EventsNdjson(file)
    writer.begin(record)
    writer.add(record, record.results[1])
    seen = [json.loads(line) for line in file.read_text().splitlines()]
    assert [each["event"] for each in seen] == ["begin", "case"]
    assert (seen[0]["seed"], seen[1]["id"], seen[1]["verdict"]) == (4711, "search-date/ge", "fail")
    writer.end(record, record.summary())
    assert json.loads(file.read_text().splitlines()[-1])["verdict"] == "non-conformant"
