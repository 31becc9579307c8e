"""Cases against servers with ways that R4 allows and that lie between server and network: none of them is a fail."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.fhir import json_codec
from vbpr_conformance.reference.app import make_app
from vbpr_conformance.reference.store import Store
from vbpr_conformance.selftest.in_process import BASE, InProcess
from vbpr_conformance.suite.case import run_case
from vbpr_conformance.suite.context import Context, Settings
from vbpr_conformance.suite.verdicts import Verdict

PUBLIC = "https://payer.example.org/r4"
LAG_S = 0.5


def refusal(status: int) -> httpx.Response:
    """An answer that refuses and explains itself."""
    issue = {"severity": "error", "code": "processing"}
    return httpx.Response(status, json={"resourceType": "OperationOutcome", "issue": [issue]})


def edited(answer: httpx.Response, content: bytes) -> httpx.Response:
    """The answer with another body."""
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return httpx.Response(answer.status_code, headers=headers, content=content)


class WantsIfMatch(InProcess):
    """Requires If-Match for every change: https://hl7.org/fhir/R4/http.html#concurrency."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        is_there = super().handle_request(httpx.Request("GET", request.url)).status_code == 200
        if request.method in {"PUT", "PATCH"} and is_there and "if-match" not in request.headers:
            return refusal(400)
        return super().handle_request(request)


class Lagging(InProcess):
    """Finds by search only what was created some time ago."""

    def __init__(self, app):
        super().__init__(app)
        self.created: dict[str, float] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        location = answer.headers.get("location", "").partition("/_history")[0]
        if location and answer.status_code == 201:
            self.created[location] = time.monotonic()
        bundle = json.loads(answer.content) if b'"searchset"' in answer.content else None
        if bundle is None:
            return answer
        old = time.monotonic() - LAG_S
        entries = [each for each in bundle.get("entry", ()) if self.created.get(each["fullUrl"], 0) <= old]
        return edited(answer, json.dumps(bundle | {"entry": entries}).encode())


class OnlyReports(InProcess):
    """Has no other types than those that the guide's statement lists."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        kind = request.url.path.removeprefix("/fhir/").partition("/")[0]
        return refusal(404) if kind in {"Organization", "Practitioner", "Group"} else super().handle_request(request)


class SlowToValidate(InProcess):
    """Does not end a validation in time."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if "$validate" in str(request.url):
            raise httpx.ReadTimeout("too slow", request=request)
        return super().handle_request(request)


class BehindProxy(InProcess):
    """Calls itself by another base URL than the one it is asked by."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url).replace(PUBLIC, BASE)
        inner = httpx.Request(request.method, url, headers=request.headers, content=request.read())
        answer = super().handle_request(inner)
        changed = edited(answer, answer.content.replace(BASE.encode(), PUBLIC.encode()))
        changed.headers.update({name: text.replace(BASE, PUBLIC) for name, text in answer.headers.items()})
        changed.headers["content-length"] = str(len(changed.content))
        return changed


class CapitalMediaTypes(InProcess):
    """Writes media types in capitals, which mean nothing: https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if "content-type" in answer.headers:
            answer.headers["content-type"] = answer.headers["content-type"].replace("fhir+", "FHIR+")
        return answer


class PagesHistories(InProcess):
    """Gives one version on each page of a history: https://hl7.org/fhir/R4/http.html#history."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/_history"):
            paged = request.url.copy_merge_params({"_count": "1"})
            return super().handle_request(httpx.Request("GET", paged, headers=request.headers))
        return super().handle_request(request)


class RefusesForms(InProcess):
    """Refuses a modifier that R4 leaves to servers, and several values for one parameter."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        names = request.url.params
        refused = "status:not" in names or "," in names.get("status", "")
        return refusal(400) if refused else super().handle_request(request)


class BreaksOnLarge(InProcess):
    """Breaks on reports with much in them."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        is_large = request.method == "POST" and len(request.read()) > 3_000
        return refusal(500) if is_large else super().handle_request(request)


class RefusesReports(InProcess):
    """Takes no report."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        is_refused = request.method == "POST" and b'"MeasureReport"' in request.read()
        return refusal(422) if is_refused else super().handle_request(request)


class KeepsWhatItKnows(InProcess):
    """Forgets the extensions that HL7 did not define."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if b"example.org" not in answer.content or "json" not in answer.headers.get("content-type", ""):
            return answer
        return edited(answer, json_codec.dumps(without_foreign(json_codec.loads(answer.content))).encode())


def without_foreign(value):
    """The value without the extensions that HL7 did not define, and without what is empty then; None for nothing."""
    if isinstance(value, list):
        kept = [without_foreign(each) for each in value if not is_foreign(each)]
        return kept if any(each is not None for each in kept) else None
    if isinstance(value, dict):
        made = {name: without_foreign(each) for name, each in value.items()}
        return {name: each for name, each in made.items() if each is not None} or None
    return value


def is_foreign(value) -> bool:
    return isinstance(value, dict) and str(value.get("url", "")).startswith("http://example.org/fhir/StructureDef")


def judged(transport, names, edition, cases, variations=(), examples=1):  # noqa: PLR0913, PLR0917  one server, and what it is asked
    """The results of cases against a server behind a transport."""
    app = make_app(edition, Store(), variations=variations)
    client = FhirClient(BASE, structure=edition.structure, transport=transport(app))
    context = Context(edition, client, "other", Settings(examples=examples, seed=1))
    found = [run_case(cases[name], context) for name in names]
    context.resources.close()
    client.close()
    assert context.resources.created == context.resources.deleted > 0
    return found


@pytest.mark.parametrize(
    ("transport", "variations", "names"),
    [
        (WantsIfMatch, [], ["update/quality", "patch", "update-other-id", "patch-failed-test", "measure-update"]),
        (Lagging, [], ["conditional-create", "format-search/json", "measure-search", "search-status/code"]),
        (OnlyReports, [], ["create/quality", "search-reporter/absolute", "search-subject-organization/or"]),
        (BehindProxy, ["absolute-references"], ["create/quality", "references-literal", "search-reporter/absolute"]),
        (BehindProxy, ["small-pages"], ["search-paging", "search-status/code"]),
        (CapitalMediaTypes, [], ["format/json", "format-search/xml"]),
        (PagesHistories, [], ["history-instance", "measure-history-instance"]),
    ],
    ids=lambda given: getattr(given, "__name__", None),
)
def test_what_r4_allows_passes(edition, cases, transport, variations, names):
    """A server may require If-Match, lag in its search, hold no other types, and stand behind a proxy."""
    for result in judged(transport, names, edition, cases, variations):
        assert result.verdict is Verdict.PASS, result.message


def test_an_operation_that_takes_long_breaks_nothing_down(edition, cases):
    """R4 sets no time for operations: one that is not answered in time is left open, and the run goes on."""
    slow, *others = judged(SlowToValidate, ["claim-validate", "read", "create/quality"], edition, cases)
    assert (slow.verdict, slow.applicable) == (Verdict.SKIP, False)
    assert "did not answer within" in slow.message
    assert {each.verdict for each in others} == {Verdict.PASS}


def test_what_was_not_observed_is_no_pass(edition, cases):
    """A search that the server may refuse, and does, is left out of the account: neither pass nor fail."""
    [result] = judged(OnlyReports, ["search-reporter/id"], edition, cases)
    assert (result.verdict, result.applicable) == (Verdict.SKIP, False), result.message


@pytest.mark.parametrize("name", ["search-status/or", "search-status/not"])
def test_a_form_that_r4_defines_and_a_server_refuses_is_a_warning(edition, cases, name):
    """R4 does not say that every server has to support each modifier, nor that one may do without."""
    [result] = judged(RefusesForms, [name], edition, cases)
    assert result.verdict is Verdict.WARN
    assert "is refused with 400: R4 defines it" in result.message


@pytest.mark.parametrize("name", ["create/performance", "create/quality", "ms-performance/group"])
def test_an_extension_that_nobody_asks_for_may_go(edition, cases, name):
    """Wherever it stands: a server should keep it, and is warned."""
    [result] = judged(KeepsWhatItKnows, [name], edition, cases, examples=8)
    assert result.verdict is Verdict.WARN, result.message


def test_what_a_conformant_payload_is_refused_with_surfaces_once(edition, cases):
    """The first case that meets it fails, however often it is repeated; others go on and note it."""
    names = ["ms-quality/status", "ms-quality/type", "ms-quality/period"]
    first, *others = judged(BreaksOnLarge, names, edition, cases, examples=6)
    assert first.verdict is Verdict.FAIL, first.message
    assert "answered 500, expected 201" in first.message
    assert "differently" not in first.message
    assert first.check.interaction == "create"
    for result in others:
        assert result.verdict is Verdict.PASS, result.message
        assert any("answered 500" in each for each in result.notes)


def test_a_refused_resource_that_a_case_needs_surfaces_in_the_first_case(edition, cases):
    """Its repetitions tell the same; later cases could not be tested because of it."""
    first, second = judged(RefusesReports, ["read", "update-other-id"], edition, cases, examples=3)
    assert first.verdict is Verdict.FAIL, first.message
    assert "answered 422 to a conformant MeasureReport, expected 201" in first.message
    assert second.verdict is Verdict.SKIP, second.message
    assert "as in a case before" in second.message
