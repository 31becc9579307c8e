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


@pytest.mark.parametrize(
    "answer", [resource("CapabilityStatement"), resource("OperationOutcome", 500), html(401), html(403)]
)
def test_a_server_that_answers_with_a_resource_or_asks_for_credentials_is_greeted(client_of, answer):
    """One FHIR answer is enough, whatever its status; whether it is right is judged by the cases."""
    client = client_of(lambda _: answer)
    check_fhir_endpoint(client, "Basic")
    assert len(client.seen) == 1


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
        (httpx.Response(200, json=[1]), "200 with application/json"),
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
