"""From a target's description to a client that is let in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.client.connection import Connection
from vbpr_conformance.client.credentials import (
    Credentials,
    MutualTls,
    basic,
    bearer,
    bearer_from_command,
    bearer_from_file,
)
from vbpr_conformance.client.redact import Secret
from vbpr_conformance.client.tls import ClientCertificate
from vbpr_conformance.client.transport import Proxy
from vbpr_conformance.client.urls import checked_base
from vbpr_conformance.errors import UsageError
from vbpr_conformance.suite.deviations import Deviation
from vbpr_conformance.suite.target_terms import LeftOut, TargetTerms
from vbpr_conformance.target.target_file import Target

if TYPE_CHECKING:
    from pydantic import SecretStr

    from vbpr_conformance.target.target_model import AuthSpec


def open_target(url: str, target: Target, **settings: Any) -> FhirClient:
    """Make a client for `url`, let in as the target says; `settings` go to the client as they are."""
    spec = target.spec
    rate = spec.requests_per_second
    connection = Connection(
        connect=spec.timeouts.connect,
        read=spec.timeouts.read,
        run=spec.timeouts.run,
        retries=spec.retries,
        requests_per_second=None if isinstance(rate, str) else rate / _workers(),
        ca=spec.tls.ca,
        proxy=Proxy.read(spec.proxy.get_secret_value()) if spec.proxy is not None else None,
    )
    return FhirClient(
        url,
        credentials=credentials_of(url, target),
        headers={name: value.get_secret_value() for name, value in spec.headers.items()},
        connection=connection,
        secrets=target.secrets,
        **settings,
    )


def terms_of(target: Target) -> TargetTerms:
    """Give what is left out, and what the target is said to hold."""
    left_out = [LeftOut(each.reason, each.case, each.requirement) for each in target.spec.leave_out]
    tokens = {name: _secret(value) for name, value in vars(target.spec.refused_tokens).items() if value is not None}
    return TargetTerms(left_out, target.spec.existing, tokens)


def known_deviations(target: Target) -> list[Deviation]:
    """Give what the target is known to do otherwise than asked."""
    return [
        Deviation(
            tuple(each.case),
            each.requirement,
            each.says,
            each.differs or "",
            each.verdict or "",
            each.reason,
            each.link,
            each.expires,
        )
        for each in target.spec.deviations
    ]


def credentials_of(url: str, target: Target) -> Credentials | None:
    """Make what lets the client in, None where nothing is said; raises `UsageError` for unfit keys and files."""
    spec, tls = target.spec.auth, target.spec.tls
    found = _credentials(url, spec) if spec is not None else _of_url(target.spec.url)
    if tls.cert is not None:
        return MutualTls(ClientCertificate(tls.cert, tls.key, _optional(tls.password)), found)
    if spec is not None and spec.type == "mtls":
        raise UsageError("auth of type mtls asks for a certificate of the client: tls: {cert, key}, or --cert FILE")
    return found


def _of_url(url: str | None) -> Credentials | None:
    """Make HTTP Basic of the user and password in a base URL."""
    _, user, password = checked_base(url) if url else ("", None, None)
    return basic(unquote(user), unquote(password or "")) if user is not None else None


def _credentials(url: str, spec: AuthSpec) -> Credentials | None:
    if spec.type == "basic":
        return basic(spec.user or "", _secret(spec.password))
    if spec.type == "token-command":
        return bearer_from_command(spec.command or "")
    if spec.type == "bearer":
        if spec.token_file is not None:
            return bearer_from_file(Path(spec.token_file))
        return bearer_from_command(spec.token_command) if spec.token_command else bearer(_secret(spec.token))
    if spec.type == "client-credentials":
        from vbpr_conformance.client.oauth import ClientCredentials, token_url_of_user  # noqa: PLC0415  when used

        return ClientCredentials(
            token_url_of_user(spec.token_url or ""),
            spec.client_id or "",
            _secret(spec.client_secret),
            spec.scopes or "",
            method=spec.method,
            audience=spec.audience or "",
        )
    if spec.type == "smart-backend":
        from vbpr_conformance.client.oauth import token_url_of_user  # noqa: PLC0415  when used
        from vbpr_conformance.client.smart import SmartBackend  # noqa: PLC0415  keys are read when used

        return SmartBackend(
            url,
            spec.client_id or "",
            _key(_secret(spec.key)),
            spec.scopes or "",
            algorithm=spec.algorithm,
            key_id=spec.key_id,
            key_password=_optional(spec.key_password),
            token_url=token_url_of_user(spec.token_url) if spec.token_url else None,
            jwks_url=spec.jwks_url,
        )
    return None


def _key(given: Secret) -> Secret:
    """Give the text of a private key, where its file is named too."""
    text = given.reveal()
    if text.lstrip().startswith(("-----BEGIN", "{")):
        return given
    try:
        return Secret(Path(text).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError):
        raise UsageError(
            "the key in `auth` is neither a private key (PEM or JSON Web Keys) nor a file that holds one; "
            "expected key: ${file:client.pem}"
        ) from None


def _secret(value: SecretStr | None) -> Secret:
    return Secret(value.get_secret_value() if value is not None else "")


def _optional(value: SecretStr | None) -> Secret | None:
    return Secret(value.get_secret_value()) if value is not None else None


def _workers() -> int:
    """How many processes share the pace that the user set."""
    found = os.environ.get("PYTEST_XDIST_WORKER_COUNT", "")
    return int(found) if found.isdecimal() and int(found) else 1
