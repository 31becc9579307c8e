"""`run` on the reference server behind every door: each way to log in comes to the verdicts that there are without."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from types import SimpleNamespace

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate
from served_here import serving
from tls_server import serve_proxy

from vbpr_conformance.reference.access.ways import WAYS, door

SELECTED = "search-status or security-anonymous/nobody"
PASSWORD = "opens the key"  # noqa: S105  made up


@pytest.fixture(scope="module")
def doors(edition, tmp_path_factory):
    """For each way of asking, and for none: the URL of a server that asks so, and what a client needs."""
    with contextlib.ExitStack() as stack:
        found = {}
        for way in (None, *WAYS):
            guard = door(way, tmp_path_factory.mktemp("door"), "127.0.0.1")
            url = stack.enter_context(serving(edition, access=guard.control, tls=guard.tls))
            found[way] = SimpleNamespace(url=url, control=guard.control, settings=guard.client_settings(url))
            if way == "mtls":  # the same authority, and nobody is asked for a certificate
                tls = {name: guard.tls[name] for name in ("ssl_certfile", "ssl_keyfile")}
                url = stack.enter_context(serving(edition, access=guard.control, tls=tls))
                found["own-ca"] = SimpleNamespace(url=url, settings={"tls": {"ca": guard.client_files["ca"]}})
        yield found


@pytest.fixture(scope="module")
def proxy():
    server = serve_proxy()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def run(nursery):
    """Run by a target file; gives the exit code, the verdict of each case and all that was said."""

    def make(folder, url, settings, **environment):
        (folder / "vbpr.yaml").write_text(json.dumps({**settings, "url": url}), encoding="utf-8")
        ended = nursery.run(["run", "-k", SELECTED, "--examples", "1"], cwd=folder, env=environment, seconds=170)
        verdicts = {each["id"]: each["verdict"] for each in ended.results.get("cases", [])}
        return SimpleNamespace(code=ended.code, verdicts=verdicts, said=ended.text)

    return make


@pytest.fixture(scope="module")
def open_verdicts(doors, run, tmp_path_factory):
    """What comes out where nobody is asked for anything."""
    ended = run(tmp_path_factory.mktemp("open"), doors[None].url, {})
    assert ended.code == 0, ended.said
    return ended.verdicts


def is_security(case):
    return case.startswith("security-")


def judged_as_without(ended, open_verdicts, *, sees_security=True):
    """The cases of security are judged where credentials are shown; all others come out as they do without."""
    assert ended.code == 0, ended.said
    assert {each: ended.verdicts[each] for each in open_verdicts if not is_security(each)} == {
        each: verdict for each, verdict in open_verdicts.items() if not is_security(each)
    }
    assert {ended.verdicts[each] for each in ended.verdicts if is_security(each)} == {
        "pass" if sees_security else "skip"
    }


def auth_of(doors, way, **changed):
    return {"auth": {**doors[way].settings["auth"], **changed}}


def smart(doors, algorithm, *, form):
    """Settings for a key of an algorithm, as PEM or as JSON Web Keys."""
    text, key_id = doors["smart-backend"].control.key(algorithm)
    if form == "jwks":
        key = load_pem_private_key(text.encode(), None)
        kind = jwt.algorithms.RSAAlgorithm if algorithm == "RS384" else jwt.algorithms.ECAlgorithm
        text = json.dumps({"keys": [{**json.loads(kind.to_jwk(key)), "kid": key_id, "alg": algorithm}]})
    return auth_of(doors, "smart-backend", key=text, algorithm=algorithm, **{"key-id": key_id})


def token_of(doors):
    return doors["bearer"].settings["auth"]["token"]


def bearer_from_environment(doors, _folder):
    return {"auth": {"type": "bearer", "token": "${TOKEN}"}}, {"TOKEN": token_of(doors)}


def bearer_from_file(doors, folder):
    (folder / "token").write_text(token_of(doors), encoding="ascii")
    return {"auth": {"type": "bearer", "token-file": "token"}}, {}


def bearer_from_command(doors, folder):
    (folder / "token").write_text(token_of(doors), encoding="ascii")
    return {"auth": {"type": "token-command", "command": "cat token"}}, {}


HTTP = {
    "bearer": ("bearer", lambda doors, _: (auth_of(doors, "bearer"), {})),
    "bearer ${ENV}": ("bearer", bearer_from_environment),
    "bearer file": ("bearer", bearer_from_file),
    "bearer command": ("bearer", bearer_from_command),
    "basic": ("basic", lambda doors, _: (auth_of(doors, "basic"), {})),
    "client credentials, basic": ("client-credentials", lambda doors, _: (auth_of(doors, "client-credentials"), {})),
    "client credentials, post": (
        "client-credentials",
        lambda doors, _: (auth_of(doors, "client-credentials", method="post"), {}),
    ),
    "SMART RS384 PEM": ("smart-backend", lambda doors, _: (smart(doors, "RS384", form="pem"), {})),
    "SMART ES384 PEM": ("smart-backend", lambda doors, _: (smart(doors, "ES384", form="pem"), {})),
    "SMART RS384 JWKS": ("smart-backend", lambda doors, _: (smart(doors, "RS384", form="jwks"), {})),
    "SMART ES384 JWKS": ("smart-backend", lambda doors, _: (smart(doors, "ES384", form="jwks"), {})),
}


@pytest.mark.parametrize("name", HTTP)
def test_who_logs_in_sees_what_all_see_of_an_open_server(doors, run, open_verdicts, tmp_path, name):
    """Every way to log in lets the run in, and the cases of security apply."""
    way, settings = HTTP[name]
    made, environment = settings(doors, tmp_path)
    judged_as_without(run(tmp_path, doors[way].url, made, **environment), open_verdicts)


@pytest.mark.parametrize("form", ["PEM", "encrypted key", "PKCS#12"])
def test_who_shows_a_certificate(doors, run, open_verdicts, tmp_path, form):
    """A certificate of the client, in each form, opens the connection."""
    tls = dict(doors["mtls"].settings["tls"])
    key = load_pem_private_key(Path(tls["key"]).read_bytes(), None)
    how = BestAvailableEncryption(PASSWORD.encode())
    if form == "encrypted key":
        (tmp_path / "client.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
        tls |= {"key": "client.key", "password": PASSWORD}
    if form == "PKCS#12":
        certificate = load_pem_x509_certificate(Path(tls["cert"]).read_bytes())
        packed = pkcs12.serialize_key_and_certificates(b"client", key, certificate, None, how)
        (tmp_path / "client.p12").write_bytes(packed)
        tls = {"ca": tls["ca"], "cert": "client.p12", "password": PASSWORD}
    judged_as_without(run(tmp_path, doors["mtls"].url, {"tls": tls}), open_verdicts, sees_security=False)


def test_an_authority_of_the_payers_own(doors, run, open_verdicts, tmp_path):
    """A server whose certificate only the payer's authority vouches for is trusted with `ca`, and not without."""
    judged_as_without(run(tmp_path, doors["own-ca"].url, doors["own-ca"].settings), open_verdicts, sees_security=False)
    refused = run(tmp_path, doors["own-ca"].url, {})
    assert refused.code == 3
    assert "certificate" in refused.said


def test_a_proxy_that_asks_for_credentials(doors, run, proxy, open_verdicts, tmp_path):
    """All goes through it, with the user and password in its URL."""
    place = f"http://me:proxy%20secret@127.0.0.1:{proxy.server_port}"
    ended = run(tmp_path, doors["own-ca"].url, {**doors["own-ca"].settings, "proxy": place})
    judged_as_without(ended, open_verdicts, sees_security=False)
    assert proxy.seen
    refused = run(tmp_path, doors["own-ca"].url, {**doors["own-ca"].settings, "proxy": place.replace("secret", "x")})
    assert refused.code == 3
    assert "407" in refused.said
