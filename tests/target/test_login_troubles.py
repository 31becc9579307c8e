"""A run that cannot log in ends with exit code 3, and one sentence says which step failed and what was said there."""

from __future__ import annotations

import json
import re
import time

import pytest
from login_server import RSA, LoginServer, pem
from served import served


@pytest.fixture
def server():
    """A server that asks for a token."""
    with served() as serve:
        made = LoginServer()
        made.base = serve(made)
        yield made


def slow(_server, _form):
    time.sleep(3)


TROUBLES = {
    "down": ({"status": 503, "raw": b"later"}, r"token endpoint \S+ answered 503"),
    "slow": ({"verify": slow}, "the token endpoint gave no answer"),
    "HTML": ({"raw": b"<html>", "headers": {"Content_Type": "text/html"}}, "gave no access_token"),
    "another token type": ({"answer": {"token_type": "mac", "expires_in": 300}}, "a token of type 'mac'"),
    "no expiry": ({"answer": {"token_type": "Bearer"}}, "expires_in None"),
    "fewer scopes": (
        {"answer": {"token_type": "Bearer", "expires_in": 9, "scope": "system/Organization.rs"}},
        "granted fewer scopes than asked: it lacks system/Measure.rs",
    ),
    "a clock ten minutes off": (
        {"verify": lambda *_: "assertion expired", "ahead_s": 600},
        r"assertion expired\); its clock is [56]\d\d s ahead",
    ),
    "another host by a redirect": (
        {"status": 307, "raw": b"", "headers": {"Location": "https://evil.example/token"}},
        "redirects to https://evil.example/token, which is not followed",
    ),
    "not there": ({"token_url": "http://127.0.0.1:9/token"}, "the token endpoint gave no answer"),
    "no discovery": ({"configured": False}, "no token endpoint was discovered"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_trouble_of_the_login_is_one_sentence_and_no_verdict(nursery, server, tmp_path, name):
    """Nothing is judged, nothing is called non-conformant, and the key is nowhere."""
    trouble, sentence = TROUBLES[name]
    for key, value in trouble.items():
        setattr(server, key, value)
    auth = {"type": "smart-backend", "client-id": "me", "key": pem(RSA), "scopes": "system/Measure.rs"}
    auth |= {"token-url": trouble["token_url"]} if "token_url" in trouble else {}
    target = {"url": server.base, "auth": auth, "timeouts": {"connect": 1, "read": 1}}
    (tmp_path / "vbpr.yaml").write_text(json.dumps(target), encoding="utf-8")
    ended = nursery.run(["run", "-k", "read-unknown"], cwd=tmp_path)
    assert ended.code == 3, ended.text
    said = " ".join(ended.text.split())
    assert re.search(f"logging in: .*{sentence}", said), said
    assert "Traceback" not in said
    assert pem(RSA).splitlines()[1] not in said
