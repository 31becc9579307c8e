"""No secret is in anything that is recorded or shown."""

from __future__ import annotations

import pickle
import shlex

import httpx
import pytest

from vbpr_conformance.client.client_errors import NoAnswerError
from vbpr_conformance.client.credentials import basic, bearer
from vbpr_conformance.client.redact import Redactor, Secret
from vbpr_conformance.rest.curl import curl_line
from vbpr_conformance.rest.headers import Headers

TOKEN = "t0ken-that-nobody-may-see"  # noqa: S105  made up


def answer(request):
    echo = f"no {request.headers.get('Authorization')} for {request.headers.get('X-Api-Key')} {TOKEN}"
    return httpx.Response(401, headers={"X-Seen": TOKEN, "WWW-Authenticate": "Bearer"}, content=echo.encode())


@pytest.mark.parametrize(
    "settings",
    [
        {"credentials": bearer(TOKEN)},
        {"credentials": basic("me", TOKEN)},
        {"headers": {"X-Api-Key": TOKEN}},
    ],
)
def test_credentials_are_sent_and_never_recorded(client_of, settings):
    """Whatever lets the client in reaches the server and is masked in headers, URL, bodies and the curl line."""
    sent = []

    def look(request):
        sent.append(str(request.headers.raw) + (request.headers.get("Authorization", "")))
        return answer(request)

    client = client_of(look, **settings)
    exchange = client.search("Measure", {"access_token": TOKEN, "name": TOKEN}, method="POST")
    exchange_of_get = client.search("Measure", {"access_token": "other-secret"})
    hidden = settings["credentials"]._credentials.reveal() if "credentials" in settings else TOKEN
    assert hidden in sent[0]
    for each in (exchange, exchange_of_get):
        fields = (each.request_headers.fields, each.headers.fields)
        everything = f"{each!r} {fields} {curl_line(each)} {client!r} {settings.get('credentials')!r}"
        for secret in (TOKEN, hidden, "other-secret"):
            assert secret not in everything
            assert secret.encode() not in each.body + each.request_body


def test_given_headers_are_masked_and_payloads_are_not_touched(client_of):
    """The value of any header that the user gave is masked, yet a plain word of it stays where a payload has it."""
    client = client_of(
        lambda request: httpx.Response(200, json={"title": request.headers["X-Tenant"]}),
        headers={"X-Tenant": "a tenant with a long name"},
        credentials=basic("me", "default"),
    )
    exchange = client.create({"resourceType": "Measure", "title": "default"})
    assert exchange.request_headers["x-tenant"] == "***"
    assert exchange.request_body == b'{"resourceType":"Measure","title":"default"}'
    assert exchange.resource == {"title": "a tenant with a long name"}


def test_credentials_in_the_base_url_are_used_and_taken_out(client_of):
    """User and password of a base URL log in and are in no URL afterwards."""
    client = client_of(
        lambda request: httpx.Response(200, json={"got": request.headers["Authorization"]}),
        base=f"http://me:{TOKEN}@payer.example/fhir",
    )
    exchange = client.capabilities()
    assert client.base_url == "http://payer.example/fhir"
    assert exchange.url == "http://payer.example/fhir/metadata"
    assert exchange.resource == {"got": "Basic ***"}


def test_errors_hold_no_secrets(client_of):
    """A request without answer is told and recorded without its secrets."""

    def fail(request):
        raise httpx.ReadError("reset", request=request)

    client = client_of(fail, credentials=bearer(TOKEN))
    with pytest.raises(NoAnswerError) as caught:
        client.search("Measure", {"access_token": "other-secret"})
    assert "other-secret" not in f"{caught.value} {caught.value.exchange!r}"
    assert "access_token=***" in str(caught.value)
    assert TOKEN not in repr(client.seen)


def test_search_parameters_are_no_secrets():
    """Values of FHIR's own parameters stay readable."""
    url = "http://x/fhir/Measure?code=a&identifier=s%7Cv&_token_like=1"
    assert Redactor(lambda: [Secret("abc")]).url(url) == url


def test_a_secret_shows_itself_only_when_asked():
    """A secret is masked wherever it is printed, compared by value, and cannot be pickled."""
    secret = Secret(TOKEN)
    assert f"{secret} {secret!r} {[secret]}" == "*** *** [***]"
    assert secret == Secret(TOKEN) != Secret("x")
    assert len({secret, Secret(TOKEN)}) == 1
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_curl_can_be_copied(client_of):
    """The line repeats the request in a shell: quoted, in one piece, credentials as variables."""
    client = client_of(answer, credentials=bearer(TOKEN), headers={"X-Api-Key": TOKEN})
    resource = {"resourceType": "Measure", "title": 'it\'s "$HOME" `x` \\ \u00e9'}
    line = curl_line(client.create(resource, headers={"Prefer": "return=minimal"}))
    assert "\n" not in line
    assert '-H "Authorization: Bearer $VBPR_TOKEN"' in line
    assert '-H "X-Api-Key: $VBPR_X_API_KEY"' in line
    words = shlex.split(line)
    assert words[:2] == ["curl", "-s"]
    assert words[-1] == "http://payer.example/fhir/Measure"
    assert (
        words[words.index("--data-binary") + 1]
        == '{"resourceType":"Measure","title":"it\'s \\"$HOME\\" `x` \\\\ \u00e9"}'
    )
    assert "Prefer: return=minimal" in words
    assert not any(each.lower().startswith(("host", "user-agent")) for each in words)


def test_curl_names_a_file_for_a_large_body(client_of):
    """A body too large for a line is read from a file."""
    exchange = client_of(answer).update({"resourceType": "Measure", "id": "a", "title": "x" * 5000})
    assert curl_line(exchange, "big one.json").endswith(
        "--data-binary '@big one.json' http://payer.example/fhir/Measure/a"
    )
    assert " -X PUT " in curl_line(exchange)


def test_curl_uses_the_password_variable(client_of):
    """HTTP Basic becomes curl's own option."""
    assert '-u "$VBPR_BASIC"' in curl_line(client_of(answer, credentials=basic("me", TOKEN)).capabilities())


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("abcdefgh", "***"),
        ("abcdefg", "abcdefg"),
        ("the token mnopqrst is bad", "the token *** is bad"),
        ("(ijklmnopq) and (bcdefghi)", "(***) and (***)"),
        ("cdefghij, again cdefghijk", "***, again ***"),
        ("abcdefghijklmnopqrst", "***"),
        ("tsrqponmlkji", "tsrqponmlkji"),
        ("ghijkl+", "ghijkl+"),
        ("abcdefghabcdefgh", "***"),
        ("bcdefghx and xjklmnopq", "bcdefghx and x***"),
    ],
)
def test_pieces_of_a_secret_are_masked_in_what_a_server_says(said, shown):
    """Eight letters in a row of a token are masked wherever they stand; fewer are a word by chance."""
    redactor = Redactor(lambda: [Secret("abcdefghijklmnopqrst")])
    assert redactor.message(said.encode()).decode() == shown
    assert redactor.sentence(said) == shown
    assert redactor.body(said.encode()).decode() == said.replace("abcdefghijklmnopqrst", "***")


@pytest.mark.parametrize(
    ("secret", "body", "message"),
    [
        ("abc", "abc", "abc"),
        ("abcd", "abcd", "***"),
        ("fifteen-letters", "fifteen-letters", "***"),
        ("sixteen-letters.", "***", "***"),
    ],
)
def test_short_secrets_stay_in_payloads(secret, body, message):
    """A short password is masked in what a server says, not in payloads, and a very short one is a word."""
    redactor = Redactor(lambda: [Secret(secret)])
    assert redactor.body(secret.encode()).decode() == body
    assert redactor.text(secret) == body
    assert redactor.message(secret.encode()).decode() == message


@pytest.mark.parametrize(
    "form",
    ["a secret/with%22 all", "a%20secret%2Fwith%2522%20all", "a+secret%2Fwith%2522+all"],
)
def test_a_secret_is_masked_as_it_may_be_written_in_a_url(form):
    """Plain, and as the two ways of escaping have it."""
    redactor = Redactor(lambda: [Secret("a secret/with%22 all")])
    assert redactor.text(f"<{form}>") == "<***>"


@pytest.mark.parametrize("form", ['say \\"friend\\" & enter', "say &quot;friend&quot; &amp; enter"])
def test_a_secret_is_masked_as_it_may_be_written_in_an_answer(form):
    """As JSON and HTML escape it; not even the quotes beside it are taken."""
    redactor = Redactor(lambda: [Secret('say "friend" & enter')])
    assert redactor.body(f'"{form}"'.encode()) == b'"***"'


def test_headers_that_tell_nothing_stay_as_they_are():
    """Secret ones are masked by their name or by what they hold, and user and password leave URLs in any of them."""
    redactor = Redactor(lambda: [Secret(TOKEN)], given={"X-Tenant": "t", "Cookie": "abcdef0123456789"})
    plain = Headers([("Content-Type", "application/fhir+json"), ("From", "a@b.example")])
    assert redactor.headers(plain) == plain
    given = [("Location", "http://me:pw@h/x"), ("X-Seen", f"<{TOKEN}>"), ("x-tenant", "t"), ("Set-Cookie", "a=b")]
    shown = redactor.headers(Headers([*given, ("Authorization", "DPoP abc"), ("X-Of", "abcdef0123456789")])).fields
    assert list(shown) == [
        ("Location", "http://h/x"),
        ("X-Seen", "<***>"),
        ("x-tenant", "***"),
        ("Set-Cookie", "***"),
        ("Authorization", "DPoP ***"),
        ("X-Of", "***"),
    ]


def test_secrets_that_come_later_are_masked_from_then_on():
    """A token got during the run is masked as one that was given."""
    known = [Secret("first-secret-of-all")]
    redactor = Redactor(lambda: known)
    assert redactor.text("second-secret-of-all first-secret-of-all") == "second-secret-of-all ***"
    known.append(Secret("second-secret-of-all"))
    assert redactor.text("second-secret-of-all first-secret-of-all") == "*** ***"


def test_what_a_token_endpoint_gets_and_says_is_masked_by_name():
    """In forms and in JSON."""
    redactor = Redactor()
    assert redactor.login_body(b"grant_type=x&client_secret=abc&scope=s") == b"grant_type=x&client_secret=***&scope=s"
    assert redactor.login_body(b'{"access_token": "a\\"b", "scope": "s"}') == b'{"access_token": "***", "scope": "s"}'
