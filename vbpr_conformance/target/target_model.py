"""What a target file may say: the server, how it is reached, what is known of it, and the options of `run`."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

AuthType = Literal["none", "bearer", "token-command", "basic", "client-credentials", "smart-backend", "mtls"]
MOST_WORKERS = 100
"""Each is a process of its own: so many keep a slip of the keyboard from taking a machine down."""
_FIELDS_OF: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "none": (frozenset(), frozenset()),
    "mtls": (frozenset(), frozenset()),
    "bearer": (frozenset(), frozenset({"token", "token-file", "token-command"})),
    "token-command": (frozenset({"command"}), frozenset()),
    "basic": (frozenset({"user", "password"}), frozenset()),
    "client-credentials": (
        frozenset({"token-url", "client-id", "client-secret"}),
        frozenset({"scopes", "method", "audience"}),
    ),
    "smart-backend": (
        frozenset({"client-id", "key", "scopes"}),
        frozenset({"algorithm", "key-id", "key-password", "token-url", "jwks-url"}),
    ),
}
"""For each way to log in, the fields that it needs and those that it may have."""


_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _kebab(name: str) -> str:
    return name.replace("_", "-")


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_date(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is no date, expected one as 2027-06-30") from None
    return value


def _as_rate(value: Any) -> Any:
    if value == "auto" or (isinstance(value, int | float) and not isinstance(value, bool) and value > 0):
        return value
    raise ValueError(f"{value!r} is no rate, expected a number above 0 or `auto`")


def _as_workers(value: Any) -> Any:
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_WORKERS):
        return str(value)
    raise ValueError(f"{value!r} is no number of workers, expected a whole number from 1 to {MOST_WORKERS} or `auto`")


def _as_headers(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    """Refuse what HTTP cannot send (https://www.rfc-editor.org/rfc/rfc9110#section-5); no value is shown."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header; expected one as X-Api-Key")
        if not value.get_secret_value().isascii() or not value.get_secret_value().isprintable():
            raise ValueError(f"the header {name} has a value that HTTP cannot send; expected one line of ASCII")
    return headers


Seconds = Annotated[float, Field(gt=0)]
Names = Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=list[str] | str)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=_kebab, populate_by_name=True, frozen=True)


class AuthSpec(_Part):
    """How the client is let in; `type` says which of the fields count."""

    type: AuthType
    token: SecretStr | None = None
    token_file: str | None = None
    token_command: str | None = None
    command: str | None = None
    user: str | None = None
    password: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    key: SecretStr | None = None
    key_id: str | None = None
    key_password: SecretStr | None = None
    algorithm: Literal["RS384", "ES384"] | None = None
    scopes: str | None = None
    token_url: str | None = None
    jwks_url: str | None = None
    audience: str | None = None
    method: Literal["basic", "post"] = "basic"

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        given = {_kebab(name) for name in self.model_fields_set} - {"type"}
        needed, allowed = _FIELDS_OF[self.type]
        missing = sorted(needed - given)
        if missing:
            raise ValueError(f"auth of type {self.type} lacks {', '.join(missing)}")
        foreign = sorted(given - needed - allowed)
        if foreign:
            known = ", ".join(sorted(needed | allowed)) or "nothing"
            raise ValueError(f"auth of type {self.type} has no {', '.join(foreign)}; expected {known}")
        if self.type == "bearer" and len(given) != 1:
            raise ValueError("auth of type bearer takes one of token, token-file and token-command")
        return self


class TlsSpec(_Part):
    """Authorities to trust besides the usual ones, and the certificate of the client (PEM or PKCS#12)."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    password: SecretStr | None = None

    @model_validator(mode="after")
    def _has_a_certificate(self) -> Self:
        if self.cert is None and (self.key is not None or self.password is not None):
            raise ValueError("tls has a key or its password, and no cert; expected `cert: FILE`")
        return self


class RefusedTokensSpec(_Part):
    """Bearer tokens that the server must refuse: one that has expired, and one that was given for another server."""

    expired: SecretStr | None = None
    foreign: SecretStr | None = None


class TimeoutsSpec(_Part):
    """Seconds: to connect, until an answer is complete, and for the whole run."""

    connect: Seconds = 5.0
    read: Seconds = 30.0
    run: Seconds | None = None


class LeftOutSpec(_Part):
    """Cases that are not run, by id (`*` stands for anything) or by a requirement, and why."""

    case: str = ""
    requirement: str = ""
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if bool(self.case) == bool(self.requirement):
            raise ValueError("what is left out is named by `case` or by `requirement`, by one of them")
        return self


class DeviationSpec(_Part):
    """A known deviation: still shown, no longer counted while it says the same and is not expired.

    `case` names one case or several. What they come to (`verdict`), what was seen (`seen`), a title (`what`) and the
    requirements that it breaks (`breaks`) may stand here for readers.
    """

    what: str = ""
    case: Names = Field(default_factory=list)
    requirement: str = ""
    says: str = ""
    differs: Literal["precision"] | None = None
    verdict: Literal["fail", "warn", "skip"] | None = None
    reason: str = ""
    link: str = ""
    seen: str = ""
    breaks: Names = Field(default_factory=list)
    expires: Annotated[date | None, BeforeValidator(_as_date)] = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if bool(self.case) == bool(self.requirement):
            raise ValueError("a deviation is named by `case` or by `requirement`, by one of them")
        if bool(self.says) and self.differs is not None:
            raise ValueError("a deviation is told by `says` or by `differs`, by one of them")
        if not (self.says or self.differs) or not self.reason:
            lacking = "reason" if self.says or self.differs else "says"
            raise ValueError(f"a deviation tells what is said and why it is known; expected `{lacking}:` here")
        return self


class TargetSpec(_Part):
    """A target file: one server, and how to test it."""

    url: str | None = None
    edition: str | None = None
    suite: Names = Field(default_factory=list)
    k: str | None = None
    read_only: bool = False
    strict: bool = False
    redact_bodies: bool = False
    examples: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    workers: Annotated[str | None, BeforeValidator(_as_workers)] = None
    out: str | None = None
    shard: str | None = None
    stable: Annotated[int, Field(ge=2)] | None = None
    max_failures: Annotated[int, Field(ge=1)] | None = None
    headers: Annotated[dict[str, SecretStr], AfterValidator(_as_headers)] = Field(default_factory=dict)
    auth: AuthSpec | None = None
    refused_tokens: RefusedTokensSpec = RefusedTokensSpec()
    tls: TlsSpec = TlsSpec()
    timeouts: TimeoutsSpec = TimeoutsSpec()
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    requests_per_second: Annotated[float | Literal["auto"], BeforeValidator(_as_rate)] = "auto"
    proxy: SecretStr | None = None
    existing: dict[str, Names] = Field(default_factory=dict)
    leave_out: list[LeftOutSpec] = Field(default_factory=list)
    deviations: list[DeviationSpec] = Field(default_factory=list)


def json_schema_of_targets() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a target file, made from the model."""
    made = TargetSpec.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "title": "A target of vbpr-conformance (vbpr.yaml)",
    }
