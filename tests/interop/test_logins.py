"""Runs that log in to servers that others wrote come to the verdicts that they come to without."""

from __future__ import annotations

import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from login_server import pem
from servers import SHARED, Server, running
from tls_server import Authority, certificate_asking_proxy

pytestmark = pytest.mark.interop

SELECTED = "search-status or read-unknown or update-stale or security-anonymous"
RSA, EC = rsa.generate_private_key(public_exponent=65537, key_size=2048), ec.generate_private_key(ec.SECP384R1())
TOKEN, PASSWORD = "a-token-of-a-test-server", "a-password-of-a-test-server"


def jwks(key, algorithm):
    kind = jwt.algorithms.RSAAlgorithm if algorithm == "RS384" else jwt.algorithms.ECAlgorithm
    return {"keys": [{**json.loads(kind.to_jwk(key.public_key())), "kid": algorithm, "alg": algorithm, "use": "sig"}]}


def smart(key, algorithm):
    client = {"client_id": "me", "jwks": jwks(key, algorithm), "scopes": "system/*.*"}
    auth = {"type": "smart-backend", "client-id": "me", "key": pem(key), "key-id": algorithm, "scopes": "system/*.*"}
    return {"types": ["smart"], "smart_clients": [client]}, {**auth, "algorithm": algorithm}


LOGINS = {
    "basic": ({"types": ["basic"], "users": {"me": PASSWORD}}, {"type": "basic", "user": "me", "password": PASSWORD}),
    "bearer": ({"types": ["bearer"], "tokens": [TOKEN]}, {"type": "bearer", "token": TOKEN}),
    "SMART RS384": smart(RSA, "RS384"),
    "SMART ES384": smart(EC, "ES384"),
}


@pytest.fixture(scope="module")
def judged(nursery):
    """Run by a target file; gives the verdict of each case."""

    def make(folder, name, **target):
        (folder / "vbpr.yaml").write_text(json.dumps(target), encoding="utf-8")
        ended = nursery.run(
            ["run", "-k", SELECTED, "--examples", "1", "--seed", "1"], cwd=folder, seconds=300, name=name
        )
        assert ended.code in {0, 1}, ended.text
        return {each["id"]: each["verdict"] for each in ended.results["cases"]}

    return make


@pytest.fixture(scope="module")
def verdicts(judged):
    """Run against SEKMET, which asks for this, by these settings; gives the verdict of each case."""

    def make(folder, asks, auth):
        if not SHARED.is_dir():
            pytest.skip("servers of others are tried where ../shared is beside the project")
        name = f"sekmet-{folder.name}"
        with running(Server(name, "sekmet", {"rows": True, **({"auth": asks} if asks else {})})) as url:
            return judged(folder, "run", url=url, **({"auth": auth} if auth else {}))

    return make


@pytest.fixture(scope="module")
def without(verdicts, tmp_path_factory):
    """What comes out where nobody is asked for anything."""
    return verdicts(tmp_path_factory.mktemp("open"), None, None)


@pytest.mark.parametrize("name", LOGINS)
def test_who_logs_in_sees_what_all_see(verdicts, without, tmp_path, name):
    """The cases of security are judged; all others come out as they do without."""
    found = verdicts(tmp_path, *LOGINS[name])
    others = {case: verdict for case, verdict in found.items() if not case.startswith("security-")}
    assert others == {case: verdict for case, verdict in without.items() if not case.startswith("security-")}
    assert {found[case] for case in found if case.startswith("security-")} <= {"pass", "warn", "fail"}


def test_a_certificate_opens_hapi_behind_a_proxy(judged, tmp_path):
    """HAPI behind a proxy that speaks TLS and asks for a certificate: the verdicts are those without it."""
    if not SHARED.is_dir():
        pytest.skip("servers of others are tried where ../shared is beside the project")
    authority = Authority(tmp_path)
    cert, key = authority.files("client")
    tls = {"ca": str(authority.file), "cert": cert, "key": key}
    with running(Server("hapi-behind-tls", "hapi")) as url, certificate_asking_proxy(authority, url) as secured:
        plain = judged(tmp_path, "plain", url=url)
        assert judged(tmp_path, "secured", url=secured, tls=tls) == plain
