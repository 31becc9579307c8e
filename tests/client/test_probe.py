"""Is this a FHIR server at all?"""

from __future__ import annotations

import httpx
import pytest

from vbpr_conformance.client.probe import check_fhir_endpoint
from vbpr_conformance.errors import TargetError


def resource(kind, status=200):
    return httpx.Response(status, json={"resourceType": kind}, headers={"Content-Type": "application/fhir+json"})


def html(status=200):
    return httpx.Response(status, text="<html></html>", headers={"Content-Type": "text/html; charset=utf-8"})


@pytest.mark.parametrize("answer", [resource("CapabilityStatement"), resource("OperationOutcome", 500)])
def test_one_fhir_answer_is_enough(client_of, answer):
    """Whatever its status; whether it is right is judged by the cases."""
    client = client_of(lambda _: answer)
    assert check_fhir_endpoint(client, "Basic") == answer.json()
    assert [each.method for each in client.seen] == ["GET", "GET"]


@pytest.mark.parametrize(("status", "said"), [(401, "asks who is there"), (403, "does not let this client in")])
def test_who_is_not_let_in_hears_how_to_log_in(client_of, status, said):
    """Metadata may be open to all: the search tells. One sentence with the server's own words and the ways in."""
    outcome = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "token\nmissing"}]}
    locked = httpx.Response(status, json=outcome)
    client = client_of(lambda request: resource("CapabilityStatement") if "metadata" in request.url.path else locked)
    with pytest.raises(TargetError, match=rf"{said}: .* answered {status} \(token missing\)\. Log in with"):
        check_fhir_endpoint(client, "Basic")


def test_not_found_everywhere_is_a_wrong_path(client_of):
    """The server speaks FHIR, but not here; its own hint is part of the sentence."""
    outcome = {"resourceType": "OperationOutcome", "issue": [{"details": {"text": "Known paths: /r4"}}]}
    client = client_of(lambda _: httpx.Response(404, json=outcome))
    with pytest.raises(TargetError, match=r"its path is wrong: .*404 \(Known paths: /r4\)"):
        check_fhir_endpoint(client, "Basic")


@pytest.mark.parametrize("issue", [None, [], "x", [None], [{"diagnostics": 7, "details": []}]])
def test_a_hint_of_any_form_is_no_crash(client_of, issue):
    """What stands in an OperationOutcome is the server's."""
    client = client_of(lambda _: httpx.Response(404, json={"resourceType": "OperationOutcome", "issue": issue}))
    with pytest.raises(TargetError, match=r"404$"):
        check_fhir_endpoint(client, "Basic")


def test_a_broken_capability_statement_gates_nothing(client_of):
    """Where `/metadata` is broken, a search that answers with a Bundle is enough."""
    client = client_of(lambda request: html(500) if request.url.path.endswith("metadata") else resource("Bundle"))
    check_fhir_endpoint(client, "Basic")
    assert [each.status for each in client.seen] == [500, 200]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (html(), "200 with text/html"),
        (html(404), "404 with text/html"),
        (httpx.Response(200), "200 and nothing else"),
        (
            httpx.Response(200, json=[1]),
            "200 with application/json (a resource is a JSON object, found list)",
        ),
        (httpx.Response(302, headers={"Location": "/login"}), "302, a redirect to /login"),
    ],
)
def test_what_is_no_fhir_server_is_said_in_one_sentence(client_of, answer, said):
    """The sentence names the URL, what it answered and what was expected."""
    client = client_of(lambda _: answer)
    with pytest.raises(TargetError) as error:
        check_fhir_endpoint(client, "Basic")
    assert str(error.value) == (
        "http://payer.example/fhir is not the base URL of a FHIR server: GET http://payer.example/fhir/metadata "
        f"answered {said}, expected a CapabilityStatement"
    )


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (
            "<h1>400 Bad Request</h1>No required SSL certificate was sent",
            "asks for a client certificate: .* --cert and --cert-key",
        ),
        ("<h1>400 Bad Request</h1>The SSL certificate error", "does not take this client certificate"),
        (
            "<h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port",
            "speaks TLS: its URL begins with https",
        ),
    ],
)
def test_what_a_proxy_says_is_told_with_what_to_do(client_of, page, said):
    """A proxy that asks for a certificate answers 400 in HTML: the sentence names the option."""
    client = client_of(lambda _: httpx.Response(400, text=page, headers={"Content-Type": "text/html"}))
    with pytest.raises(TargetError, match=said):
        check_fhir_endpoint(client, "Basic")


def test_a_server_that_answers_429_to_everything_is_named(client_of, monkeypatch):
    """It is no wrong URL: the sentence says to wait, or to go slower."""
    monkeypatch.setattr("vbpr_conformance.client.pace.time.sleep", lambda _: None)
    client = client_of(lambda _: httpx.Response(429, text="", headers={"Retry-After": "120"}))
    with pytest.raises(TargetError, match=r"429 \(too many requests\).* --requests-per-second"):
        check_fhir_endpoint(client, "Basic")


def test_a_server_that_is_unavailable_is_said_in_one_sentence(client_of, monkeypatch):
    """503 with `Retry-After: 0` for ever is asked a few times, with growing pauses, and not hundreds."""
    pauses = []
    monkeypatch.setattr("vbpr_conformance.client.pace.time.sleep", pauses.append)
    client = client_of(lambda _: httpx.Response(503, text="", headers={"Retry-After": "0"}))
    with pytest.raises(TargetError, match=r"answers 503 \(unavailable\) to the first requests"):
        check_fhir_endpoint(client, "MeasureReport")
    assert len(pauses) < 20
