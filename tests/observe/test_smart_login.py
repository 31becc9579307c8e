"""With `--auth smart` a client has to find out where to log in, to do it rightly, and to keep its token to itself."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from client_bench import make_bench
from client_faults import find_client_fault
from reading_client import ReadingClient

from vbpr_conformance.observe.client_story import ClientStory
from vbpr_conformance.observe.scenario_verdicts import ScenarioJudge
from vbpr_conformance.observe.smart_login import ClientRegistration
from vbpr_conformance.suite.verdicts import Verdict

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="module")
def smart():
    made = make_bench()
    made.session.registration = ClientRegistration()
    return made


class Login:
    """The ways to a token."""

    def __init__(self, bench, scenario):
        self.bench = bench
        self.observed = bench.session.repeat(scenario)
        self.base = self.observed.base
        self.registration = bench.session.registration
        self.http = httpx.Client(transport=bench.transport())
        self.places = self.http.get(f"{self.base}/.well-known/smart-configuration").json()

    def token(self, **form):
        auth = form.pop("auth", None)
        return self.http.post(self.places["token_endpoint"], data=form, auth=auth)

    def by_secret(self, scope="system/*.rs"):
        auth = (self.registration.id, self.registration.secret)
        return self.token(grant_type="client_credentials", scope=scope, auth=auth)

    def by_key(self, algorithm="RS384", seconds=240, **claims):
        now = time.time()
        said = {
            "iss": self.registration.id,
            "sub": self.registration.id,
            "aud": self.places["token_endpoint"],
            "exp": now + seconds,
            "jti": secrets.token_hex(8),
        }
        assertion = jwt.encode(said | claims, self.registration.key_pem, algorithm=algorithm)
        return self.token(
            grant_type="client_credentials",
            scope="system/*.rs",
            client_assertion_type=JWT_BEARER,
            client_assertion=assertion,
        )

    def by_code(self, **changes):
        verifier = secrets.token_urlsafe(40)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.registration.id,
            "redirect_uri": "http://client.test/back",
            "scope": "user/*.rs",
            "state": "s-1",
            "aud": self.base,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        asked = {name: value for name, value in (asked | changes).items() if value is not None}
        sent = self.http.get(self.places["authorization_endpoint"], params=asked)
        back = parse_qs(urlsplit(sent.headers.get("location", "")).query)
        if "code" not in back:
            return sent
        assert back["state"] == ["s-1"]
        return self.token(
            grant_type="authorization_code",
            code=back["code"][0],
            redirect_uri="http://client.test/back",
            code_verifier=changes.get("verifier", verifier),
            client_id=self.registration.id,
        )

    def read(self, token):
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/fhir+json"}
        return self.http.get(f"{self.base}/MeasureReport", headers=headers)

    def verdict(self):
        story = ClientStory(session=[self.observed], smart=True)
        results = {each.id.partition("/")[2]: each for each in ScenarioJudge(self.observed, story).results()}
        return results["token"]


@pytest.mark.parametrize("way", ["by_secret", "by_key", "by_code"])
def test_every_kind_of_client_gets_in(smart, way):
    login = Login(smart, "plain")
    assert login.http.get(f"{login.base}/MeasureReport").status_code == 401
    answer = getattr(login, way)()
    assert answer.status_code == 200
    assert login.read(answer.json()["access_token"]).status_code == 200
    assert login.verdict().verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda login: login.by_code(code_challenge=None), "code_challenge is missing"),
        (lambda login: login.by_code(code_challenge_method="plain"), "is not S256"),
        (lambda login: login.by_code(state=None), "state is missing"),
        (lambda login: login.by_code(aud="http://elsewhere.test"), "aud is not the base URL"),
        (lambda login: login.by_code(verifier="short"), "code_verifier"),
        (lambda login: login.by_key(algorithm="RS256"), "assertion is not good"),
        (lambda login: login.by_key(seconds=3600), "more than five minutes"),
        (lambda login: login.by_key(aud="http://elsewhere.test"), "assertion is not good"),
        (lambda login: login.token(grant_type="client_credentials", auth=("nobody", "x")), "do not belong together"),
        (lambda login: login.http.get(f"{login.base}/MeasureReport?access_token=x"), "stands in the URL"),
        (lambda login: login.read("made-up"), "was not given here"),
        (lambda login: login.read(Login(login.bench, "report").by_secret().json()["access_token"]), "another scenario"),
        (
            lambda login: login.http.post(
                f"{login.base}/MeasureReport",
                headers={"Authorization": f"Bearer {login.by_secret().json()['access_token']}"},
            ),
            "do not cover",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "login",
)
def test_what_is_wrong_with_a_login_is_said(smart, act, said):
    login = Login(smart, "plain")
    act(login)
    found = login.verdict()
    assert found.verdict is Verdict.FAIL
    assert said in found.message


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("system/MeasureReport.rs", "MeasureReport", 200),
        ("system/MeasureReport.rs", "Measure", 403),
        ("system/MeasureReport.rs system/Measure.r", "Measure", 200),
        ("user/MeasureReport.read", "_history", 403),
        ("user/*.read", "_history", 200),
    ],
)
def test_a_scope_is_good_for_its_type(smart, scope, path, status):
    """Asking for more is refused, and a warning: what a client does then is its affair."""
    login = Login(smart, "plain")
    token = login.by_secret(scope).json()["access_token"]
    answer = login.http.get(f"{login.base}/{path}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == status
    assert login.verdict().verdict is (Verdict.PASS if status == 200 else Verdict.WARN)


def test_a_token_ends(smart):
    login = Login(smart, "plain")
    token = login.by_secret().json()["access_token"]
    smart.sleep(301)
    assert login.read(token).status_code == 401


@pytest.mark.parametrize("scenario", ["next-elsewhere", "references-elsewhere"])
@pytest.mark.parametrize("leaks", [False, True])
def test_a_token_that_leaks_to_another_host_is_seen(smart, scenario, leaks):
    """The links of these scenarios lead there; to follow them is no fault, to take the token along is one."""
    login = Login(smart, scenario)
    token = login.by_secret().json()["access_token"]
    fault = find_client_fault("token-to-anybody") if leaks else find_client_fault("finds-nothing").__class__()
    client = ReadingClient(smart.session.task_data(scenario), send=smart.transport(), fault=fault, token=token)
    if leaks and scenario == "references-elsewhere":
        client.fault.changes["reference"] = lambda url, _: url
        report = client.get(client.task["report"])
        client.request("GET", report["reporter"]["reference"])
    else:
        client.do()
    assert login.verdict().verdict is (Verdict.FAIL if leaks else Verdict.PASS)


def test_secrets_are_not_recorded(smart):
    login = Login(smart, "plain")
    token = login.by_secret().json()["access_token"]
    login.read(token)
    recording = login.observed.recording
    login.http.get(f"{login.base}/MeasureReport?access_token={token}")
    login.token(
        grant_type="client_credentials", client_id=login.registration.id, client_secret=login.registration.secret
    )
    exchanges = [recording.exchange(each) for each in recording.requests]
    kept = json.dumps([repr((e.url, e.request_headers, e.request_body, e.headers, e.body)) for e in exchanges])
    assert token not in kept
    assert login.registration.secret not in kept
