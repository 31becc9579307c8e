"""Each verb of the suite language is one FHIR interaction: https://hl7.org/fhir/R4/http.html."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from plain_evidence import BASE, answered, report

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.errors import TargetError
from vbpr_conformance.fhir.yaml12 import YamlDict
from vbpr_conformance.suite.case_run import CaseRun
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.expand import Case
from vbpr_conformance.suite.findings import Finding, HarnessError, NotTestedError
from vbpr_conformance.suite.interactions import Performer
from vbpr_conformance.suite.language import CaseSpec, Step, SuiteSpec
from vbpr_conformance.suite.run_resources import RunResources
from vbpr_conformance.suite.search_settling import SearchSettling
from vbpr_conformance.suite.seed_payloads import Tag
from vbpr_conformance.suite.suite_file import Suite
from vbpr_conformance.suite.system_under_test import SystemUnderTest


class Server:
    """Answers every request the same, or from a list, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    @property
    def lines(self) -> list[str]:
        return [f"{each.method} {unquote(str(each.url)).removeprefix(BASE)}" for each in self.asked]


def performer_of(server: Server, edition) -> tuple[Performer, CaseRun]:
    client = FhirClient(BASE, structure=edition.structure, transport=httpx.MockTransport(server))
    system = SystemUnderTest(client)
    performer = Performer(system, SearchSettling(system, Tag("run")), RunResources(system))
    spec = CaseSpec.model_validate({"id": "x", "title": "x", "steps": [{"capabilities": {}}]})
    suite = Suite(Path("x.yaml"), SuiteSpec(suite="X", actor="server", cases=[spec]), YamlDict())
    case = Case("x", "x", suite, spec, 1, "SHALL", ())
    return performer, CaseRun(case, edition, system, {"unique": {"id": "u"}}, lambda: None)


def step(**verb: Any) -> Step:
    return Step.model_validate({name.replace("_", "-"): value for name, value in verb.items()})


OK = httpx.Response(200, json={"resourceType": "Bundle", "type": "searchset"})
STEPS: list[tuple[Mapping[str, Any], str]] = [
    ({"capabilities": {}}, "GET /metadata"),
    ({"read": {"type": "MeasureReport", "id": "{{seed.id}}"}}, "GET /MeasureReport/7"),
    ({"vread": {"type": "MeasureReport", "id": "7", "version": "2"}}, "GET /MeasureReport/7/_history/2"),
    ({"create": {"body": "payload"}}, "POST /MeasureReport"),
    ({"create": {"raw": "{", "type": "Measure"}}, "POST /Measure"),
    ({"update": {"body": "seed"}}, "PUT /MeasureReport/7"),
    ({"update": {"body": "payload", "id": "{{unique.id}}"}}, "PUT /MeasureReport/u"),
    (
        {"patch": {"type": "MeasureReport", "id": "7", "operations": []}},
        "PATCH /MeasureReport/7",
    ),
    ({"delete": {"type": "MeasureReport", "id": "7"}}, "DELETE /MeasureReport/7"),
    ({"search": {"type": "MeasureReport", "status": "complete"}}, "GET /MeasureReport?status=complete"),
    ({"search": {"type": "MeasureReport", "via": "POST", "status": "x"}}, "POST /MeasureReport/_search"),
    ({"history": {"type": "MeasureReport", "id": "7"}}, "GET /MeasureReport/7/_history"),
    ({"history": {}}, "GET /_history"),
    ({"conditional_create": {"body": "payload", "where": {"identifier": "a|b"}}}, "POST /MeasureReport"),
    ({"conditional_update": {"body": "payload", "where": {"identifier": "a|b"}}}, "PUT /MeasureReport?identifier=a|b"),
    ({"conditional_delete": {"type": "MeasureReport", "where": {"status": "x"}}}, "DELETE /MeasureReport?status=x"),
    ({"batch": {"entries": [{"read": {"type": "MeasureReport", "id": "7"}}]}}, "POST /"),
]


@pytest.mark.parametrize(("verb", "line"), STEPS, ids=[f"{next(iter(verb))}-{line}" for verb, line in STEPS])
def test_a_verb_is_an_interaction(edition, verb, line):
    """Its method and place, with every name filled in; the exchange is kept with the case."""
    server = Server(OK)
    performer, run = performer_of(server, edition)
    run.resources["seed"] = CreatedResource("seed", "7", report())
    run.payloads["payload"] = report()
    answer = performer.perform(step(**verb), run)
    assert server.lines == [line] or (line == "POST /" and server.lines == ["POST "])
    assert [each.url for each in run.exchanges] == [answer.exchange.url]


def test_what_is_sent_has_the_changes_of_the_step(edition):
    """The payload itself stays as it is; the format decides about both media types."""
    server = Server(httpx.Response(201, headers={"Location": f"{BASE}/MeasureReport/9"}))
    performer, run = performer_of(server, edition)
    run.payloads["payload"] = report(date="2024")
    verb = {"body": "payload", "set": {"date": None, "status": "error"}, "format": "xml", "headers": {"X-A": "b"}}
    answer = performer.perform(step(create=verb, **{"as": "made"}), run)
    [asked] = server.asked
    assert asked.headers["Content-Type"] == asked.headers["Accept"] == "application/fhir+xml"
    assert asked.headers["X-A"] == "b"
    assert b"<status" in asked.content
    assert answer.sent == {"resourceType": "MeasureReport", "status": "error"}
    assert run.payloads["payload"] == report(date="2024")


@pytest.mark.parametrize(
    ("verb", "answer", "made"),
    [
        ({"create": {"body": "payload"}}, httpx.Response(201, headers={"Location": f"{BASE}/MeasureReport/9"}), ["9"]),
        ({"create": {"body": "payload"}}, httpx.Response(400, headers={"Location": f"{BASE}/MeasureReport/9"}), []),
        ({"create": {"body": "payload"}}, httpx.Response(201, headers={"Location": f"{BASE}/Measure/9"}), []),
        (
            {"transaction": {"entries": [{"create": {"body": "payload"}}]}},
            httpx.Response(
                200,
                json={
                    "resourceType": "Bundle",
                    "entry": [
                        {"response": {"status": "201 Created", "location": "MeasureReport/9/_history/1"}},
                        {"response": {"status": "200", "location": "MeasureReport/8/_history/1"}},
                        None,
                    ],
                },
            ),
            ["9"],
        ),
        ({"read": {"type": "MeasureReport", "id": "7"}}, httpx.Response(200, json=report("7")), []),
    ],
)
def test_what_a_step_created_is_known(edition, verb, answer, made):
    """So that it is deleted after the case."""
    performer, run = performer_of(Server(answer), edition)
    run.payloads["payload"] = report()
    performer.perform(step(**verb), run)
    assert [each.id for each in run.own()] == made


@pytest.mark.parametrize(("status", "again"), [(412, True), (428, True), (400, True), (409, False), (200, False)])
def test_a_change_is_sent_again_with_the_version_that_a_server_may_miss(edition, status, again):
    """Servers can require If-Match: https://hl7.org/fhir/R4/http.html#concurrency."""
    current = httpx.Response(200, headers={"ETag": 'W/"3"'}, json=report("7"))
    server = Server(httpx.Response(status), current, httpx.Response(200))
    performer, run = performer_of(server, edition)
    run.resources["seed"] = CreatedResource("seed", "7", report())
    performer.perform(step(update={"body": "seed"}), run)
    sent = [each.headers.get("If-Match") for each in server.asked if each.method == "PUT"]
    assert sent == [None, 'W/"3"'] if again else [None]


def test_a_stated_version_is_sent_as_it_is(edition):
    """What is wrong with it is the point of the case."""
    server = Server(httpx.Response(412))
    performer, run = performer_of(server, edition)
    run.resources["seed"] = CreatedResource("seed", "7", report())
    performer.perform(step(update={"body": "seed", "headers": {"if-match": 'W/"1"'}}), run)
    assert [each.headers["If-Match"] for each in server.asked] == ['W/"1"']


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, NotTestedError, "credentials"),
        (403, NotTestedError, "grant"),
        (503, TargetError, "overloaded"),
    ],
)
def test_who_is_not_let_in_has_tested_nothing(edition, status, error, said):
    """And an overloaded server is trouble, no finding."""
    performer, run = performer_of(Server(httpx.Response(status)), edition)
    with pytest.raises(error, match=said):
        performer.perform(step(delete={"type": "MeasureReport", "id": "7"}), run)


def test_an_answer_that_does_not_tell_what_the_next_step_needs_is_a_finding(edition):
    """A name that nothing has is a mistake of the suite."""
    performer, run = performer_of(Server(OK), edition)
    run.answers["first"] = answered(report("7"))
    read = {"type": "MeasureReport", "id": "7", "version": "{{first.meta.versionId}}"}
    with pytest.raises(Finding, match=r"does not tell meta.versionId, which the next step \(vread\) needs"):
        performer.perform(step(vread=read), run)
    with pytest.raises(HarnessError, match=r"x.yaml:1: .*nobody.id"):
        performer.perform(step(read={"type": "MeasureReport", "id": "{{nobody.id}}"}), run)


def test_the_entries_of_a_bundle_are_requests(edition):
    """Method and URL of each, with the resource where there is one."""
    server = Server(OK)
    performer, run = performer_of(server, edition)
    run.resources["seed"] = CreatedResource("seed", "7", report())
    entries = [
        {"create": {"body": "seed"}, "full-url": "urn:uuid:1"},
        {"update": {"body": "seed"}},
        {"delete": {"type": "MeasureReport", "id": "7"}},
        {"read": {"type": "MeasureReport", "id": "7"}},
    ]
    performer.perform(step(transaction={"entries": entries}), run)
    sent = json.loads(server.asked[0].content)
    assert sent["type"] == "transaction"
    assert [(each["request"]["method"], each["request"]["url"]) for each in sent["entry"]] == [
        ("POST", "MeasureReport"),
        ("PUT", "MeasureReport/7"),
        ("DELETE", "MeasureReport/7"),
        ("GET", "MeasureReport/7"),
    ]
    assert (sent["entry"][0]["fullUrl"], "resource" in sent["entry"][2]) == ("urn:uuid:1", False)


def test_a_search_is_kept_to_this_run_where_that_works(edition):
    """Unless the step says otherwise."""
    server = Server(OK)
    performer, run = performer_of(server, edition)
    performer.settling._is_found["MeasureReport"] = True
    performer.perform(step(search={"type": "MeasureReport", "status": "x"}), run)
    performer.perform(step(search={"type": "MeasureReport", "status": "x", "scope": "none"}), run)
    assert [line.partition("?")[2] for line in server.lines] == [
        "status=x&identifier=urn:vbpr-conformance:run|run",
        "status=x",
    ]


@pytest.mark.parametrize("version", [7, ["1"], {"a": 1}])
def test_what_an_answer_gives_in_another_type_is_a_finding(edition, version):
    """A version that is a number cannot be asked for: that is the server's, and no trouble of ours."""
    performer, run = performer_of(Server(OK), edition)
    run.answers["made"] = answered({"resourceType": "A", "id": "1", "meta": {"versionId": version}})
    with pytest.raises(Finding, match=r"an answer gives .* where the next step .vread. needs its version"):
        performer.perform(step(vread={"type": "A", "id": "1", "version": "{{made.meta.versionId}}"}), run)


def test_an_id_of_which_no_url_can_be_made_is_a_finding(edition):
    """Of a hundred thousand letters, for example."""
    performer, run = performer_of(Server(OK), edition)
    with pytest.raises(Finding, match=r"no request can be made of GET .*: URL too long"):
        performer.perform(step(read={"type": "A", "id": "x" * 100_000}), run)


def test_more_than_memory_can_hold_is_not_asked_for(edition):
    """The answers to one case are kept for its verdict."""
    performer, run = performer_of(Server(OK), edition)
    run.exchanges.append(answered(b" " * 25 * 1024 * 1024).exchange)
    with pytest.raises(NotTestedError, match="more than 24 MiB"):
        performer.perform(step(read={"type": "A", "id": "1"}), run)
