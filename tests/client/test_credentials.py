"""Every way to be let in, tried against a real endpoint; every trouble of one is one sentence."""

from __future__ import annotations

import json
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from login_server import EC, RSA, LoginServer, jwk, pem

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.client.client_errors import LoginError
from vbpr_conformance.client.credentials import basic, bearer, bearer_from_command, bearer_from_file
from vbpr_conformance.client.oauth import ClientCredentials
from vbpr_conformance.client.redact import Secret
from vbpr_conformance.client.scopes import missing_scopes
from vbpr_conformance.client.smart import SmartBackend, signing_key
from vbpr_conformance.errors import UsageError


@pytest.fixture
def server(serve):
    """A server that asks for a token, and its base URL."""
    made = LoginServer()
    made.base = serve(made)
    return made


@pytest.fixture
def logged_in(server):
    """Open a client with credentials; what it exchanged is in `client.seen`."""
    opened = []

    def make(credentials):
        client = FhirClient(server.base, credentials=credentials)
        client.seen = []
        client._recorder = client.seen.append
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


def smart(server, key=None, scopes="system/Measure.rs", **settings):
    return SmartBackend(server.base, "my-client", Secret(key or pem(RSA)), scopes, **settings)


@pytest.mark.parametrize(
    ("key", "settings", "head"),
    [
        (pem(RSA), {}, {"alg": "RS384"}),
        (pem(EC), {"key_id": "mine"}, {"alg": "ES384", "kid": "mine"}),
        (pem(EC, "open sesame"), {"key_password": Secret("open sesame")}, {"alg": "ES384"}),
        (json.dumps(jwk(RSA, "r")), {}, {"alg": "RS384", "kid": "r"}),
        (json.dumps({"keys": [jwk(RSA, "r"), jwk(EC, "e")]}), {"algorithm": "ES384"}, {"alg": "ES384", "kid": "e"}),
        (json.dumps({"keys": [jwk(RSA, "r"), jwk(EC, "e")]}), {"key_id": "e"}, {"alg": "ES384", "kid": "e"}),
    ],
)
def test_smart_backend_services(server, logged_in, key, settings, head):
    """A signed assertion gets a token, whatever form the key has, and two requests more are all it costs."""
    client = logged_in(smart(server, key, **settings))
    assert [client.search("Measure").status for _ in range(3)] == [200, 200, 200]
    assert server.seen == ["GET /.well-known/smart-configuration", "POST /token", *["GET /Measure"] * 3]
    assert server.head.items() >= head.items()
    assert server.head["kid"]
    assert server.claims["iss"] == "my-client"
    assert len(client.seen) == client.requests == 5


def test_the_token_endpoint_may_be_in_the_capability_statement(server, logged_in):
    """Older servers have no configuration: their CapabilityStatement names the endpoint."""
    server.configured = False
    uris = {"url": "token", "valueUri": f"{server.base.removesuffix('/fhir')}/token"}
    extension = {"url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris", "extension": [uris]}
    server.statement = {"rest": [{"security": {"extension": [extension]}}]}
    assert logged_in(smart(server)).search("Measure").status == 200


def test_an_endpoint_that_is_named_needs_no_discovery(server, logged_in):
    """`token-url` is used as it is, also on another host than the server."""
    credentials = smart(server, token_url=f"{server.base.removesuffix('/fhir')}/token")
    assert logged_in(credentials).search("Measure").status == 200
    assert server.seen == ["POST /token", "GET /Measure"]


@pytest.mark.parametrize(("method", "place"), [("basic", 0), ("post", 1)])
def test_client_credentials(server, logged_in, method, place):
    """Client id and secret travel as HTTP Basic, each form-encoded, or in the form."""
    server.verify = server.by_secret
    endpoint = f"{server.base.removesuffix('/fhir')}/token"
    credentials = ClientCredentials(endpoint, "id:1", Secret("secret of the client"), "a b", method=method)
    assert logged_in(credentials).search("Measure").status == 200
    assert server.shown[place]
    assert not server.shown[1 - place]


def test_a_token_is_renewed_before_it_expires(server, logged_in):
    """A token that is about to expire is not sent any more."""
    client = logged_in(smart(server))
    client.search("Measure")
    client.credentials._renew_at -= 280
    client.search("Measure")
    assert len(server.issued) == 2
    assert [each.status for each in client.seen] == [200] * 5


def test_a_refused_token_is_renewed_once(server, logged_in):
    """A 401 brings a new token and the request again; while that does not help, no further one does."""
    client = logged_in(smart(server))
    client.search("Measure")
    server.valid = "revoked"
    assert client.search("Measure").status == 200
    assert len(server.issued) == 2
    give = server.give_token
    server.give_token = lambda *args: (give(*args), setattr(server, "valid", None))
    server.valid = None
    assert [client.search("Measure").status for _ in range(4)] == [401] * 4
    assert len(server.issued) == 3


SHORT = pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505  it is to be refused
TROUBLES = [
    ({"status": 503, "raw": b"later"}, r"token endpoint \S+ answered 503 with no media type, expected JSON"),
    (
        {"raw": b"<html>", "headers": {"Content_Type": "text/html"}},
        "gave no access_token, it answered 200 with text/html",
    ),
    ({"answer": {"token_type": "mac", "expires_in": 300}}, "gave a token of type 'mac', expected `bearer`"),
    ({"answer": {"expires_in": 300}}, "gave a token of type None"),
    ({"answer": {"token_type": "Bearer"}}, "expires_in None, expected the seconds that it lives"),
    ({"answer": {"token_type": "Bearer", "expires_in": -1}}, "expires_in -1"),
    (
        {"answer": {"token_type": "Bearer", "expires_in": 9, "scope": "system/Organization.rs"}},
        "granted fewer scopes than asked: it lacks system/Measure.rs",
    ),
    ({"verify": lambda *_: "unknown client"}, r"answered 400 \(invalid_client: unknown client\)$"),
    (
        {
            "verify": lambda *_: "assertion expired",
            "ahead_s": 600,
        },
        r"assertion expired\); its clock is [56]\d\d s ahead of that of this machine, set the wrong one",
    ),
    (
        {"status": 307, "raw": b"", "headers": {"Location": "https://evil.example/token"}},
        "redirects to https://evil.example/token, which is not followed",
    ),
    ({"raw": b"[" * 100_000}, "gave no access_token"),
    ({"configured": False}, r"no token endpoint was discovered \(\S+smart-configuration answered 404"),
]


@pytest.mark.parametrize(("trouble", "sentence"), TROUBLES)
def test_trouble_of_a_token_endpoint_is_a_sentence(server, logged_in, trouble, sentence):
    """It says which step failed and what the endpoint said; nothing else is sent."""
    for name, value in trouble.items():
        setattr(server, name, value)
    client = logged_in(smart(server))
    with pytest.raises(LoginError, match=sentence) as caught:
        client.search("Measure")
    assert str(caught.value).startswith("logging in: ")
    assert "GET /Measure" not in server.seen
    assert client.seen[-1].interaction == "login"


def test_an_endpoint_that_is_not_there_is_a_sentence(server, logged_in):
    """A token endpoint that is down is told as that."""
    with pytest.raises(LoginError, match=r"token endpoint gave no answer: http://127\.0\.0\.1:9 could not be reached"):
        logged_in(smart(server, token_url="http://127.0.0.1:9/token")).search("Measure")  # noqa: S106  no password


def test_tokens_and_assertions_are_in_no_record(server, logged_in):
    """What comes while a run goes on is masked like what was there before, pieces of it in error messages included."""
    client = logged_in(smart(server))
    client.search("Measure")
    server.verify = lambda _, form: f"bad assertion {form['client_assertion'][0][:20]}"
    server.valid = None
    with pytest.raises(LoginError) as caught:
        client.search("Measure")
    everything = f"{client.seen!r} {caught.value} {client.credentials!r}"
    assertions = [each.reveal() for each in client.credentials.secrets]
    assert len(assertions) >= 4
    for secret in [*assertions, *server.issued, *(each[:20] for each in assertions)]:
        assert secret not in everything
    assert b"client_assertion=***" in client.seen[1].request_body
    assert b'"access_token": "***' in client.seen[1].body


@pytest.mark.parametrize(
    ("key", "settings", "sentence"),
    [
        ("nonsense", {}, "no private key"),
        ("{", {}, "is no JSON"),
        (pem(EC, "open sesame"), {}, "encrypted, and no password"),
        (pem(EC, "open sesame"), {"password": Secret("wrong")}, "is the password right"),
        (pem(RSA), {"algorithm": "ES384"}, "not one for ES384"),
        (pem(RSA), {"algorithm": "RS256"}, "signs with RS384 or ES384"),
        (SHORT, {}, "at least 2048 bits"),
        (pem(ec.generate_private_key(ec.SECP256R1())), {}, "P-384"),
        (json.dumps({"keys": [jwk(RSA.public_key(), "r")]}), {}, "hold no private key"),
        (json.dumps(jwk(EC, "e")), {"key_id": "f"}, "no private key with kid 'f'"),
    ],
)
def test_a_key_that_does_not_fit_is_a_mistake_of_the_user(key, settings, sentence):
    """It is told before anything is sent, and never printed."""
    with pytest.raises(UsageError, match=sentence) as caught:
        signing_key(Secret(key), **settings)
    assert key[-60:] not in str(caught.value) or len(key) < 60


@pytest.mark.parametrize(
    ("asked", "granted", "missing"),
    [
        ("system/Measure.rs", "system/*.cruds", ""),
        ("system/Measure.cruds", "system/Measure.read system/Measure.write", ""),
        ("system/Measure.read", "system/Measure.rs", ""),
        ("system/*.read", "system/Measure.read", "system/*.read"),
        ("system/Measure.cruds", "system/Measure.rs", "system/Measure.cruds"),
        ("system/Measure.rs", "patient/Measure.rs", "system/Measure.rs"),
        ("openid a", "a", "openid"),
        ("system/Measure.rs", "system/Measure.rs?status=x", "system/Measure.rs"),
    ],
)
def test_scopes_are_compared_across_versions(asked, granted, missing):
    """v1 and v2 name the same rights; less than asked is told."""
    assert " ".join(missing_scopes(asked.split(), granted.split())) == missing


def test_basic_and_bearer(serve):
    """Both travel in one header."""
    seen = []

    def answer(server):
        seen.append(server.headers["Authorization"])
        server.reply(200, {})

    base = serve(answer)
    for credentials in (basic("me", "p:w"), bearer("abc")):
        with FhirClient(base, credentials=credentials) as client:
            client.capabilities()
    assert seen == ["Basic bWU6cDp3", "Bearer abc"]


def test_a_token_from_a_file_is_read_again_after_401(server, logged_in, tmp_path):
    """Tokens that others renew in a file are taken up; the same token is not sent twice."""
    file = tmp_path / "token"
    file.write_text("first\n")
    client = logged_in(bearer_from_file(file))
    server.valid = "first"
    assert client.search("Measure").status == 200
    server.valid = "second"
    assert client.search("Measure").status == 401
    file.write_text("second")
    assert client.search("Measure").status == 200
    assert server.seen == ["GET /Measure"] * 4


def test_a_token_from_a_command_is_asked_for_again_after_401(server, logged_in, tmp_path):
    """The command runs once, and again when its token is refused."""
    file = tmp_path / "count"
    code = (
        f"from pathlib import Path; p = Path({str(file)!r}); p.write_text(p.read_text() + 'x' if p.exists() else 'x');"
    )
    (tmp_path / "ask.py").write_text(f"{code} print('token' + p.read_text())")
    client = logged_in(bearer_from_command(f"{sys.executable} {tmp_path / 'ask.py'}"))
    server.valid = "tokenx"
    assert [client.search("Measure").status for _ in range(3)] == [200] * 3
    server.valid = "tokenxx"
    assert client.search("Measure").status == 200
    assert file.read_text() == "xx"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [("exit 3", "exit code 3, expected 0"), ("true", "gave no token"), ("echo two words", "gave no token")],
)
def test_a_command_that_gives_no_token_is_a_sentence(logged_in, command, sentence):
    """What the command did is said; what it printed is not."""
    with pytest.raises(LoginError, match=sentence):
        logged_in(bearer_from_command(command)).search("Measure")


def test_a_request_may_bring_its_own_credentials(server, logged_in):
    """A case that sends a wrong token sends that, and is not helped."""
    client = logged_in(smart(server))
    assert client.search("Measure", headers={"Authorization": "Bearer wrong"}).status == 401
    assert server.seen == ["GET /Measure"]
