"""What was recorded is written down whole: `exchanges.har` of a session has every request, and no secret."""

from __future__ import annotations

import json

import httpx
from client_bench import ROOT, make_bench

from vbpr_conformance.observe.session_pages import session_pages
from vbpr_conformance.report.exchanges_har import har_text

KNOWN = "sesame-of-the-tester"
HEADERS = {"authorization": f"Bearer {KNOWN}", "x-client-token": KNOWN}


def archive(bench):
    return json.loads("".join(har_text(session_pages(bench.session))))["log"]


def test_every_request_is_in_the_archive_whoever_it_was_for():
    """Also where no case looks at it, where it was refused, and where it came to no scenario."""
    bench = make_bench()
    bench.visit("versions")
    bench.visit("html")
    with httpx.Client(transport=bench.transport()) as client:
        client.get(f"{ROOT}/s1/versions/fhir/no-such-type")
        client.get(f"{ROOT}/s1/versions/fihr/MeasureReport")
    log = archive(bench)
    opened = bench.session.opened.values()
    assert len(log["entries"]) == sum(len(each.recording.requests) for each in opened) + 1
    assert [each["id"] for each in log["pages"]] == ["versions", "html", "no scenario"]
    assert log["entries"][-1]["request"]["url"] == f"{ROOT}/s1/versions/fihr/MeasureReport"
    assert "does not lie below the base URL" in log["entries"][-1]["comment"]
    times = [each["startedDateTime"] for each in log["entries"] if each["pageref"] == "versions"]
    assert times == sorted(times)


def test_an_archive_holds_no_secret():
    """Neither of headers nor of URLs, nor of a form that went astray."""
    bench = make_bench()
    form = {"content-type": "application/x-www-form-urlencoded"}
    with httpx.Client(transport=bench.transport(), headers=HEADERS) as client:
        for base in (f"{ROOT}/s1/plain/fhir", f"{ROOT}/s1/nowhere"):
            client.get(f"{base}/MeasureReport?status=complete&access_token={KNOWN}")
            client.post(f"{base}/token", content=f"client_secret={KNOWN}&status=complete", headers=form)
    text = json.dumps(archive(bench))
    assert text.count("status=complete") >= 3
    assert KNOWN not in text
