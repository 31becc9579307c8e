"""From the options of a command to the target: what it is told of it, and a client for it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbpr_conformance.errors import UsageError

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient
    from vbpr_conformance.target.target_file import Target

_TLS = {"ca": "ca", "cert": "cert", "cert_key": "key"}
_TIMES = {"timeout": "read", "connect_timeout": "connect", "run_timeout": "run"}
_PLAIN = {"retries": "retries", "requests_per_second": "requests-per-second", "proxy": "proxy"}
_OF_RUN = frozenset(
    {
        *("url", "edition", "suite", "k", "read_only", "examples", "seed", "workers", "out", "strict"),
        *("shard", "stable", "max_failures", "redact_bodies"),
    }
)
_WAYS = ("client_id", "token_file", "token_command", "token", "basic")
_AUTH = ("client_id", "key_id", "algorithm", "scopes", "token_url")


def told(args: argparse.Namespace, environment: Mapping[str, str]) -> dict[str, Any]:
    """Give what the options of access say, by the names of a target file; secrets may be in the environment."""
    found: dict[str, Any] = {
        "tls": _given(args, _TLS),
        "timeouts": _given(args, _TIMES),
        "auth": _auth(args, environment),
        **_given(args, _PLAIN),
    }
    if getattr(args, "url", None):
        found["url"] = args.url
    headers = dict(_header(line) for line in args.header)
    if headers:
        found["headers"] = headers
    files = {"cert": found["tls"].get("cert"), "ca": found["tls"].get("ca"), "token-file": args.token_file}
    for name, file in files.items():
        if file is not None and not Path(file).exists():
            raise UsageError(f"--{name}: no file {file}")
    if found["tls"].get("cert") and environment.get("VBPR_CERT_PASSWORD"):
        found["tls"]["password"] = environment["VBPR_CERT_PASSWORD"]
    return {name: value for name, value in found.items() if value not in ({}, None)}


def described(args: argparse.Namespace, environment: MutableMapping[str, str] = os.environ) -> Target:
    """Read the target: the options of the command, the target file, the environment; hand it on to other processes."""
    from vbpr_conformance.target.target_file import find_target_file, hand_on, read_target

    path = find_target_file(getattr(args, "config", None))
    options = told(args, environment)
    hand_on(path, options, environment)
    return read_target(path, options, environment)


def options_of_run(described: Target) -> dict[str, Any]:
    """Give the options of `run` that a target file sets, by their names."""
    spec = described.spec
    return {name: getattr(spec, name) for name in spec.model_fields_set if name in _OF_RUN}


def client(url: str, described: Target) -> FhirClient:
    """Open a client for the FHIR server at `url`."""
    from vbpr_conformance.target.access import open_target

    return open_target(url, described)


def _given(args: argparse.Namespace, names: Mapping[str, str]) -> dict[str, Any]:
    return {theirs: getattr(args, ours) for ours, theirs in names.items() if getattr(args, ours) is not None}


def _auth(args: argparse.Namespace, environment: Mapping[str, str]) -> dict[str, Any] | None:
    """Tell from the options that are given in which way to log in."""
    _refuse_contradictions(args)
    if args.client_id is not None:
        more = {name.replace("_", "-"): getattr(args, name) for name in _AUTH if getattr(args, name) is not None}
        if args.client_key is not None:
            password = environment.get("VBPR_KEY_PASSWORD")
            more |= {"key-password": password} if password else {}
            return {"type": "smart-backend", "key": _text(args.client_key, "--client-key"), **more}
        if args.client_secret_file is not None:
            secret = _text(args.client_secret_file, "--client-secret-file")
        else:
            secret = environment.get("VBPR_CLIENT_SECRET", "")
        if not secret:
            raise UsageError("--client-id goes with --client-key FILE, --client-secret-file FILE or VBPR_CLIENT_SECRET")
        return {"type": "client-credentials", "client-secret": secret, **more}
    if args.token_file is not None:
        return {"type": "bearer", "token-file": args.token_file}
    if args.token_command is not None:
        return {"type": "token-command", "command": args.token_command}
    if args.token is not None:
        return {"type": "bearer", "token": args.token}
    if args.basic is not None:
        user, colon, password = args.basic.partition(":")
        if not colon:
            raise UsageError("HTTP Basic takes USER:PASSWORD, no `:` was found in what was given")
        return {"type": "basic", "user": user, "password": password}
    return None


def _refuse_contradictions(args: argparse.Namespace) -> None:
    ways, parts = _options_given(args, _WAYS), _options_given(args, (*_AUTH[1:], "client_key", "client_secret_file"))
    if len(ways) > 1:
        raise UsageError(f"{' and '.join(ways)} are different ways to log in; expected one of them")
    if parts and args.client_id is None:
        raise UsageError(f"{parts[0]} goes with --client-id ID, which was not given")


def _options_given(args: argparse.Namespace, names: Iterable[str]) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name in names if getattr(args, name) is not None]


def _text(file: str, option: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise UsageError(f"{option}: {file} cannot be read: {why}") from None


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip() or any(character in line for character in "\r\n"):
        raise UsageError("--header takes 'NAME: VALUE', as --header 'X-Api-Key: …'")
    return name.strip(), value.strip()
