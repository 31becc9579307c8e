"""A target file says what a server is and how it is reached; every mistake is a line with its place."""

from __future__ import annotations

import json

import jsonschema
import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.target.shown_config import shown_config
from vbpr_conformance.target.target_file import (
    TARGET_FILE,
    find_target_file,
    hand_on,
    handed_on,
    keep_credentials,
    read_target,
)
from vbpr_conformance.target.target_model import json_schema_of_targets

SECRET = "canary-that-nobody-may-see"  # noqa: S105  made up


@pytest.fixture
def read(tmp_path):
    """Read a target file of this text."""

    def make(text, options=None, environment=None):
        path = tmp_path / TARGET_FILE
        path.write_text(text, encoding="utf-8")
        return read_target(path, options, environment or {})

    return make


def test_a_file_says_all_of_a_target(read):
    """Every part has its type; what is not said has its default."""
    spec = read(
        """
url: https://payer.example/fhir
edition: 1.1.0
suite: [search, crud]
read-only: true
headers: {X-Tenant: a}
auth: {type: basic, user: me, password: p}
tls: {ca: ca.pem}
timeouts: {connect: 2, run: 3600.5}
retries: 0
requests-per-second: 2.5
existing: {Measure: [m1, m2]}
leave-out: [{case: search-*, reason: no search yet}]
deviations: [{case: update-stale, says: answered 409, reason: ticket, link: https://x.example, expires: 2027-06-30}]
"""
    ).spec
    assert (spec.url, spec.suite, spec.read_only, spec.strict) == (
        "https://payer.example/fhir", ["search", "crud"], True, False,
    )  # fmt: skip
    assert (spec.timeouts.connect, spec.timeouts.read, spec.timeouts.run) == (2.0, 30.0, 3600.5)
    assert (spec.retries, spec.requests_per_second) == (0, 2.5)
    assert spec.existing == {"Measure": ["m1", "m2"]}
    assert (spec.leave_out[0].case, spec.deviations[0].expires.isoformat()) == ("search-*", "2027-06-30")
    assert str(spec.tls.ca).endswith("/ca.pem")
    assert read("").spec.requests_per_second == "auto"


MISTAKES = [
    ("url: 5", "1: 'url' holds 5; expected text"),
    ("read-only: no", "1: 'read-only' holds 'no'; expected true or false"),
    ("strict: 1", "1: 'strict' holds 1; expected true or false"),
    ("\nauht: {}", "2: unknown key 'auht'; did you mean 'auth'?"),
    ("seed: -3", "1: 'seed': input should be greater than or equal to 0"),
    ("timeouts: {read: -5}", "1: 'read': input should be greater than 0"),
    ("timeouts:\n  read: soon", "2: 'read' holds 'soon'; expected a number"),
    ("requests-per-second: 0", "1: 0 is no rate, expected a number above 0 or `auto`"),
    ("workers: many", "1: 'many' is no number of workers, expected a whole number from 1 to 100 or `auto`"),
    ("workers: 99999", "1: 99999 is no number of workers, expected a whole number from 1 to 100 or `auto`"),
    ("auth: {type: smart-backend, key: k}", "1: auth of type smart-backend lacks client-id, scopes"),
    ("auth: {type: basic, user: a, password: b, key: c}", "1: auth of type basic has no key; expected password, user"),
    ("auth: {type: bearer}", "1: auth of type bearer takes one of token, token-file and token-command"),
    ("auth:\n  type: oauth", "2: 'type': input should be 'none', 'bearer'"),
    ("auth: {type: bearer, token: 123}", "1: 'token' holds what is no text; expected text, in quotes"),
    ("tls: {key: k.pem}", "1: tls has a key or its password, and no cert; expected `cert: FILE`"),
    ("deviations:\n  - case: a\n    says: b", "2: a deviation tells what is said and why it is known; expected"),
    ("deviations:\n- {case: a, says: b, reason: c, expires: soon}", "2: 'soon' is no date, expected one as 2027-06-30"),
    ("leave-out:\n- {reason: c}", "2: what is left out is named by `case` or by `requirement`, by one of them"),
    ("url: ${NOWHERE}", "1: the environment variable 'NOWHERE' is not set; expected it for ${NOWHERE}"),
    ("\nproxy: ${file:missing}", "2: the file 'missing' cannot be read: No such file or directory"),
    ("- a", "1: no mapping at the top; expected options and values, as `url: https://…`"),
    ("a: [", "expected"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), MISTAKES)
def test_a_mistake_is_told_with_its_line(read, tmp_path, text, sentence):
    """File, line, what it is and what was expected."""
    with pytest.raises(UsageError) as caught:
        read(text)
    assert str(caught.value).startswith(f"{tmp_path / TARGET_FILE}:")
    assert sentence in str(caught.value)


def test_all_mistakes_are_told_at_once(read):
    """One line each, in the order of the file."""
    with pytest.raises(UsageError) as caught:
        read("url: 5\nstrict: x\nnone: 1")
    assert len(str(caught.value).splitlines()) == 3


def test_secrets_come_from_the_environment_and_from_files(read, tmp_path):
    """Placeholders stand for them; `$$` is a dollar sign; a URL is no secret."""
    (tmp_path / "key.pem").write_text(f"{SECRET}\n")
    target = read(
        "url: ${URL}/fhir\nheaders: {X-Key: 'a${PW}b', X-Price: '$$5'}\n"
        "auth: {type: smart-backend, client-id: c, key: '${file:key.pem}', scopes: s}",
        environment={"PW": "from-the-environment", "URL": "https://payer.example"},
    )
    assert target.spec.url == "https://payer.example/fhir"
    assert target.spec.headers["X-Key"].get_secret_value() == "afrom-the-environmentb"
    assert target.spec.headers["X-Price"].get_secret_value() == "$5"
    assert target.spec.auth.key.get_secret_value() == SECRET
    assert {each.reveal() for each in target.secrets} >= {SECRET, "from-the-environment"}
    assert "https://payer.example" not in {each.reveal() for each in target.secrets}
    assert SECRET not in repr(target) + repr(target.spec) + str(target.spec)


def test_the_command_line_outweighs_the_file_and_that_the_environment(read):
    """Headers, times and TLS are put together; of the rest the last word counts."""
    environment = {"VBPR_TOKEN": "t", "VBPR_TIMEOUT": "9", "VBPR_HEADERS": '{"A": "1", "B": "2"}'}
    target = read(
        "headers: {B: '3'}\nauth: {type: basic, user: u, password: p}\nseed: 1",
        {"seed": 2, "timeouts": {"connect": 1.5}},
        environment,
    )
    assert (target.spec.seed, target.spec.auth.type) == (2, "basic")
    assert (target.spec.timeouts.connect, target.spec.timeouts.read) == (1.5, 9.0)
    assert {name: value.get_secret_value() for name, value in target.spec.headers.items()} == {"A": "1", "B": "3"}


def test_the_settings_say_where_they_come_from(read, tmp_path):
    """`--show-config` names file and line, and shows no secret."""
    target = read(
        f"url: https://me:{SECRET}@payer.example/fhir\nauth:\n  type: bearer\n  token: {SECRET}",
        {"seed": 4},
        {"VBPR_HEADERS": json.dumps({"X-Key": SECRET})},
    )
    lines = "\n".join(shown_config(target))
    path = tmp_path / TARGET_FILE
    assert SECRET not in lines
    for line in (
        rf"url                  https://payer.example/fhir  ({path}:1)",
        f"auth.token           ***  ({path}:4)",
        "seed                 4  (command line)",
        "headers.X-Key        ***  (environment)",
        "retries              2  (default)",
    ):
        assert line in lines


def test_a_file_in_the_working_folder_is_found(tmp_path):
    """`vbpr.yaml` is taken where none is named."""
    assert find_target_file(None, tmp_path) is None
    (tmp_path / TARGET_FILE).write_text("")
    assert find_target_file(None, tmp_path) == tmp_path / TARGET_FILE
    assert find_target_file(tmp_path / "other.yaml", tmp_path) == tmp_path / "other.yaml"


def test_other_processes_read_the_same_target(tmp_path):
    """File and options travel by the environment; credentials of a URL stay there alone."""
    path = tmp_path / TARGET_FILE
    path.write_text("retries: 5")
    environment = {}
    hand_on(path, {"seed": 3}, environment)
    assert keep_credentials(f"https://me:{SECRET}@payer.example/fhir", environment) == "https://payer.example/fhir"
    target = handed_on(environment)
    assert (target.spec.retries, target.spec.seed) == (5, 3)
    assert SECRET in target.spec.url


@pytest.mark.parametrize("variable", ["VBPR_TIMEOUT", "VBPR_HEADERS", "VBPR_BASIC"])
def test_a_variable_that_says_nothing_sensible_is_told(variable):
    """The name of the variable, and what it should hold; never the value of one that holds a secret."""
    with pytest.raises(UsageError) as caught:
        read_target(None, {}, {variable: "no-colon-here"})
    assert "no-colon-here" not in str(caught.value) or variable == "VBPR_TIMEOUT"


def test_editors_get_the_schema_of_a_target_file():
    """What the reader takes the schema takes, and mistakes of name and type are none to either."""
    validator = jsonschema.Draft202012Validator(json_schema_of_targets())
    validator.check_schema(validator.schema)
    good = {
        "url": "https://payer.example/fhir",
        "auth": {"type": "smart-backend", "client-id": "a", "key": "k", "algorithm": "ES384", "scopes": "system/*.rs"},
        "tls": {"ca": "ca.pem", "cert": "client.pem"},
        "timeouts": {"connect": 5, "read": 30, "run": 3600},
        "requests-per-second": "auto",
        "refused-tokens": {"expired": "${OLD_TOKEN}"},
        "deviations": [{"case": "update-stale", "says": "409", "reason": "ticket", "expires": "2027-06-30"}],
    }
    assert list(validator.iter_errors(good)) == []
    for wrong in ({"urls": "x"}, {"auth": {"type": "magic"}}, {"retries": "many"}, {"tls": {"cafile": "x"}}):
        assert list(validator.iter_errors(wrong)), wrong
