"""`serve --auth`: nothing but the CapabilityStatement without credentials, and all with them."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import sys
import time
import uuid
from urllib.parse import parse_qs, urlencode

import httpx
import jwt
import pytest
from small_resources import bundle, entry, organization, report
from straight_client import BASE, Client

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.client.connection import Connection
from vbpr_conformance.client.credentials import MutualTls
from vbpr_conformance.client.tls import ClientCertificate
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.reference.access.access_control import Basic, StaticBearer
from vbpr_conformance.reference.access.grant import Grant
from vbpr_conformance.reference.access.token_endpoint import SmartEndpoint, TokenEndpoint
from vbpr_conformance.reference.app import make_app
from vbpr_conformance.reference.faults import catalogue
from vbpr_conformance.reference.store import Store
from vbpr_conformance.rest.curl import curl_line

ASKED = (
    ("GET", "MeasureReport/a"),
    ("GET", "MeasureReport/a/_history/1"),
    ("GET", "MeasureReport/a/_history"),
    ("GET", "MeasureReport/_history"),
    ("GET", "_history"),
    ("GET", "MeasureReport?status=complete"),
    ("GET", "?_lastUpdated=gt2000"),
    ("GET", "MeasureReport/not-there"),
    ("GET", "?_page=x.0"),
    ("POST", "MeasureReport/_search"),
    ("POST", "MeasureReport"),
    ("POST", ""),
    ("PUT", "MeasureReport/a"),
    ("PATCH", "MeasureReport/a"),
    ("DELETE", "MeasureReport/a"),
    ("DELETE", "MeasureReport?status=complete"),
)
FAULTS = catalogue(load_edition("1.1.0"))


def guarded(edition, access, **options):
    """A client of a guarded server that holds a report and its organization, put there before the door was shut."""
    app = make_app(edition, Store(), **options)
    client = Client(app)
    client.put(organization(id="o", name="Secret Clinic"))
    for each in "abc":
        client.put(report(id=each, reporter={"reference": "Organization/o"}))
    app.server.access = access
    return client


@pytest.fixture
def endpoint():
    return TokenEndpoint()


@pytest.fixture
def client(edition, endpoint):
    return guarded(edition, endpoint)


def bearer(token):
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("access", [StaticBearer(), Basic(), TokenEndpoint()], ids=lambda each: type(each).__name__)
@pytest.mark.parametrize(("method", "path"), ASKED)
def test_nothing_without_credentials(edition, access, method, path):
    """Every interaction is 401 with a challenge and an OperationOutcome that says nothing of the data."""
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic d3Jvbmc6d3Jvbmc="}):
        answer = guarded(edition, access)(method, path, **headers)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].partition(" ")[0] in {"Bearer", "Basic"}
        assert answer.json["resourceType"] == "OperationOutcome"
        assert b"Secret" not in answer.body


def test_the_statement_is_open_and_tells_how_to_get_in(client):
    """Metadata needs no credentials and names the token endpoint, as the configuration of SMART does."""
    security = client.get("metadata").json["rest"][0]["security"]
    named = security["extension"][0]["extension"][0]["valueUri"]
    assert named == "http://testserver/oauth/token"
    configuration = client.get(".well-known/smart-configuration")
    assert configuration.headers["Content-Type"] == "application/json"
    assert configuration.json["token_endpoint"] == named


def token_of(client, form, **headers):
    sent = {"host": "testserver", "content-type": "application/x-www-form-urlencoded", **headers}
    status, answered, body = client.app.handle("POST", "/oauth/token", sent, urlencode(form).encode())
    assert answered["Cache-Control"] == "no-store"
    return status, json.loads(body)


@pytest.mark.parametrize("scope", ["system/*.cruds", "system/*.*", "system/*.read system/*.write"])
def test_client_credentials(client, endpoint, scope):
    """Id and secret, in the header or the form, give a token that opens the server."""
    settings = endpoint.client_settings(BASE)["auth"]
    form = {"grant_type": "client_credentials", "scope": scope}
    pair = base64.b64encode(f"{settings['client-id']}:{settings['client-secret']}".encode()).decode()
    status, by_header = token_of(client, form, authorization=f"Basic {pair}")
    assert (status, by_header["token_type"], by_header["expires_in"]) == (200, "Bearer", 300)
    posted = {"client_id": settings["client-id"], "client_secret": settings["client-secret"]}
    _, by_form = token_of(client, form | posted)
    for given in (by_header, by_form):
        assert given["scope"] == scope
        assert client.get("MeasureReport/a", **bearer(given["access_token"])).status == 200
        assert client.create(organization(), **bearer(given["access_token"])).status == 201


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "client_credentials", "scope": "patient/everything"}, "invalid_scope"),
    ],
)
def test_the_endpoint_refuses_in_its_own_words(client, endpoint, form, error):
    """Refusals are those of OAuth, as JSON."""
    settings = endpoint.client_settings(BASE)["auth"]
    known = {"client_id": settings["client-id"], "client_secret": settings["client-secret"]}
    status, answer = token_of(client, known | form)
    assert (status, answer["error"]) == (401 if error == "invalid_client" else 400, error)


@pytest.fixture(scope="module")
def smart():
    return SmartEndpoint()


def assertion(smart, algorithm, /, header=None, **claims):
    pem, key_id = smart.key(algorithm)
    now = int(time.time())
    whole = {"iss": "vbpr-client", "sub": "vbpr-client", "aud": "http://testserver/oauth/token", "exp": now + 240}
    whole |= {"jti": uuid.uuid4().hex} | claims
    whole = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(whole, pem, algorithm=algorithm, headers={"kid": key_id} | (header or {}))


def smart_form(signed):
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    grant = {"grant_type": "client_credentials", "scope": "system/*.rs"}
    return grant | {"client_assertion_type": kind, "client_assertion": signed}


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_smart_backend_services(edition, smart, algorithm):
    """An assertion signed by a registered key gives a token with the scopes that were asked for, once."""
    client = guarded(edition, smart)
    form = smart_form(assertion(smart, algorithm))
    status, given = token_of(client, form)
    assert (status, given["scope"]) == (200, "system/*.rs")
    assert client.get("MeasureReport/a", **bearer(given["access_token"])).status == 200
    assert client("DELETE", "MeasureReport/a", **bearer(given["access_token"])).status == 403
    assert token_of(client, form)[1]["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"aud": "http://elsewhere/token"}, None),
        ({"iss": "another"}, None),
        ({"exp": 1_700_000_000}, None),
        ({"exp": int(time.time()) + 3600}, None),
        ({"jti": None}, None),
        ({}, {"kid": "unknown"}),
    ],
)
def test_assertions_that_are_not_taken(edition, smart, claims, header):
    """Another audience or issuer, one that is over or lives too long, without id or by an unknown key: 401."""
    signed = assertion(smart, "ES384", header=header, **claims)
    assert token_of(guarded(edition, smart), smart_form(signed))[1]["error"] == "invalid_client"
    assert token_of(guarded(edition, smart), smart_form("rubbish"))[0] == 401


def test_tokens_that_are_not_taken(client, endpoint):
    """One that has expired and one for another server: 401."""
    for token in (endpoint.issue("system/*.rs", BASE, -1), endpoint.issue("system/*.rs", "http://other/fhir")):
        answer = client.get("MeasureReport/a", **bearer(token))
        assert (answer.status, "invalid_token" in answer.headers["WWW-Authenticate"]) == (401, True)
    token = endpoint.issue("system/*.rs", BASE)
    assert client.get(f"MeasureReport/a?access_token={token}").status == 401


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("system/MeasureReport.r", "GET", "MeasureReport/a", 200),
        ("system/MeasureReport.s", "GET", "MeasureReport/a", 403),
        ("system/MeasureReport.r", "GET", "MeasureReport?_id=a", 403),
        ("system/MeasureReport.rs", "GET", "Organization/o", 403),
        ("system/MeasureReport.read", "GET", "MeasureReport?_id=a", 200),
        ("system/MeasureReport.read", "DELETE", "MeasureReport/a", 403),
        ("system/*.d", "DELETE", "MeasureReport/a", 204),
        ("system/MeasureReport.rs", "GET", "?_type=Organization", 403),
        ("system/MeasureReport.rs", "GET", "MeasureReport/a/_history", 200),
        ("system/MeasureReport.rs", "GET", "Organization/not-there", 403),
        ("system/*.cruds", "GET", "MeasureReport/not-there", 404),
    ],
)
def test_narrow_scopes(client, endpoint, scope, method, path, status):  # noqa: PLR0913, PLR0917  # one request
    """What a scope does not allow is 403, whether it is there or not."""
    answer = client(method, path, **bearer(endpoint.issue(scope, BASE)))
    assert answer.status == status
    assert ("WWW-Authenticate" in answer.headers) is (status == 403 and "?_type" not in path)


def test_narrow_scopes_in_searches_and_bundles(client, endpoint):
    """Neither includes, nor searches over all types, nor pages, nor entries of Bundles bring what is not allowed."""
    narrow = bearer(endpoint.issue("system/MeasureReport.rs", BASE))
    whole = bearer(endpoint.issue("system/*.cruds", BASE))
    found = client.search("_id=a&_include=MeasureReport:reporter", "MeasureReport")
    assert found.status == 401
    included = client.get("MeasureReport?_id=a&_include=MeasureReport:reporter", **narrow).json["entry"]
    assert [each["resource"]["resourceType"] for each in included] == ["MeasureReport"]
    assert len(client.get("MeasureReport?_id=a&_include=MeasureReport:reporter", **whole).json["entry"]) == 2
    everywhere = client.get("?_lastUpdated=gt2000", **narrow).json["entry"]
    assert {each["resource"]["resourceType"] for each in everywhere} == {"MeasureReport"}
    history = client.get("_history", **narrow).json["entry"]
    assert {each["resource"]["resourceType"] for each in history} == {"MeasureReport"}
    page = client.get("Organization?_count=1", **whole)
    page = client.get("MeasureReport?_count=1", **whole).links["next"]
    assert client.get(page, **bearer(endpoint.issue("system/Organization.rs", BASE))).status == 403
    assert client.get(page, **narrow).status == 200
    assert client.get(page).status == 401
    batch = bundle("batch", entry("GET", "MeasureReport/a"), entry("GET", "Organization/o"))
    statuses = [each["response"]["status"][:3] for each in client("POST", "", batch, **narrow).json["entry"]]
    assert statuses == ["200", "403"]


@pytest.mark.parametrize(
    ("granted", "wanted", "covered"),
    [
        ("system/*.cruds", "system/Measure.rs", True),
        ("system/*.read", "system/*.rs", True),
        ("system/Measure.rs", "system/*.rs", False),
        ("system/Measure.r", "system/Measure.rs", False),
    ],
)
def test_scopes_cover_others(granted, wanted, covered):
    """Scopes of both versions say the same in two ways."""
    assert Grant.of(granted).covers(wanted.split()) is covered


@pytest.mark.parametrize("wrong", ["system/*.sr", "system/*.", "user/*.rs", "system/measure.rs", "openid"])
def test_scopes_that_are_none(wrong):
    """Letters out of order, other contexts and words are not understood."""
    with pytest.raises(ValueError, match=wrong.replace("*", r"\*")):
        Grant.of(wrong)


def conversation(edition, **options):
    """What those without credentials, with poor ones and with good ones see."""
    endpoint = TokenEndpoint()
    client = guarded(edition, endpoint, **options)
    whole, narrow = (bearer(endpoint.issue(each, BASE)) for each in ("system/*.cruds", "system/MeasureReport.rs"))
    poor = [endpoint.issue("system/*.cruds", BASE, -1), endpoint.issue("system/*.cruds", "http://other/fhir"), "wrong"]
    said = [client(method, path) for method, path in ASKED]
    said += [client.get("MeasureReport/a", **bearer(each)) for each in poor]
    said += [client.get(path, **narrow) for path in ("Organization/o", "MeasureReport?_include=MeasureReport:reporter")]
    said.append(client.get("MeasureReport/a?access_token=" + whole["authorization"].partition(" ")[2]))
    said.append(client.get(client.get("MeasureReport?_count=1", **whole).links["next"]))
    said += [client.get("MeasureReport/a", **whole), client.get("metadata", origin="https://elsewhere.example")]
    return [
        (each.status, sorted(each.headers), b"Secret" in each.body or b"MeasureReport/m" in each.body) for each in said
    ]


OF_TLS = {"security-old-tls", "security-plain-http"}
"""Faults of how the server is reached, which conversations in one process do not show: see below."""


@pytest.mark.parametrize(
    "name",
    [name for name, fault in FAULTS.items() if fault.breaks.get("topic") == "security" and name not in OF_TLS],
)
def test_each_fault_of_security_is_visible(edition, name):
    """A client sees something else than with the good server."""
    good = conversation(edition)
    assert conversation(edition) == good
    assert conversation(edition, fault=name) != good


@pytest.fixture(params=["bearer", "basic", "client-credentials", "smart-backend", "mtls"])
def printed(request):
    """What `serve --auth` prints for a client, while it serves."""
    command = [sys.executable, "-m", "vbpr_conformance", "serve", "--port", "0", "--auth", request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        settings = json.loads(process.stdout.readline())
        ready = process.stdout.readline().strip()
        yield settings, ready
        process.terminate()


def test_serve_prints_what_a_client_needs(printed):
    """One line of JSON in the form of a configuration, then that it is ready; with it a client gets in."""
    settings, ready = printed
    url = settings["url"]
    assert ready == f"ready on {url}"
    auth = settings.get("auth", {})
    if "tls" in settings:
        context = ssl.create_default_context(cafile=settings["tls"]["ca"])
        with httpx.Client(verify=context) as http, pytest.raises(httpx.TransportError):
            http.get(f"{url}/metadata")
        context.load_cert_chain(settings["tls"]["cert"], settings["tls"]["key"])
        with httpx.Client(verify=context) as http:
            assert http.get(f"{url}/MeasureReport").json()["link"][0]["url"].startswith("https://")
        return
    headers = {}
    if auth["type"] == "bearer":
        headers = {"Authorization": f"Bearer {auth['token']}"}
    elif auth["type"] == "basic":
        pair = base64.b64encode(f"{auth['user']}:{auth['password']}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"}
    else:
        headers = {"Authorization": f"Bearer {fetched(url, auth)}"}
    assert httpx.get(f"{url}/MeasureReport").status_code == 401
    assert httpx.get(f"{url}/metadata").status_code == 200
    assert httpx.get(f"{url}/MeasureReport", headers=headers).status_code == 200


@pytest.mark.parametrize("fault", [None, *sorted(OF_TLS)])
def test_a_server_with_tls_is_reached_by_nothing_else(fault):
    """Neither by TLS 1.1 nor by HTTP at the same port, but for the faults that are about that."""
    command = [sys.executable, "-m", "vbpr_conformance", "serve", "--port", "0", "--auth", "mtls"]
    command += ["--fault", fault] if fault else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        settings = json.loads(process.stdout.readline())
        process.stdout.readline()
        tls = settings["tls"]
        shown = MutualTls(ClientCertificate(tls["cert"], tls["key"]))
        with FhirClient(settings["url"], credentials=shown, connection=Connection(ca=tls["ca"])) as client:
            found = {door: client.capabilities_by(door) for door in ("old-tls", "plain-http")}
            assert client.capabilities().status == 200
        process.terminate()
    assert {f"security-{door}" for door, each in found.items() if each.resource} == ({fault} if fault else set())
    assert "--tls-max 1.1" in curl_line(found["old-tls"])
    assert "VBPR_CERT" not in curl_line(found["plain-http"])


def fetched(url, auth):
    """A token, as a client gets it from what was printed."""
    form = {"grant_type": "client_credentials", "scope": auth["scopes"]}
    if auth["type"] == "client-credentials":
        pair = (auth["client-id"], auth["client-secret"])
        return httpx.post(auth["token-url"], data=form, auth=pair).json()["access_token"]
    endpoint = httpx.get(f"{url}/.well-known/smart-configuration").json()["token_endpoint"]
    claims = {"iss": auth["client-id"], "sub": auth["client-id"], "aud": endpoint, "exp": int(time.time()) + 200}
    signed = jwt.encode(
        claims | {"jti": uuid.uuid4().hex}, auth["key"], algorithm=auth["algorithm"], headers={"kid": auth["key-id"]}
    )
    given = httpx.post(
        endpoint, data={name: values[0] for name, values in parse_qs(urlencode(smart_form(signed))).items()}
    )
    return given.json()["access_token"]
