"""From the options of a command to the target: how it is let in, and a client for it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.settings import Access, open_client

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient


def access(args: argparse.Namespace, config: Mapping[str, Any] | None = None) -> Access:
    """Give the access that options, a configuration and the environment say, in this order of weight."""
    config = config or {}
    told = Access.from_environment()
    wanted = {
        name: next((value for value in (getattr(args, name, None), config.get(name)) if value is not None), None)
        for name in ("token", "basic", "ca", "timeout")
    }
    told = Access(
        token=wanted["token"] or told.token,
        basic=wanted["basic"] or told.basic,
        headers=told.headers,
        ca=wanted["ca"] or told.ca,
        timeout=float(wanted["timeout"] or told.timeout),
    )
    if told.basic is not None and ":" not in told.basic:
        raise UsageError("HTTP Basic takes USER:PASSWORD, no `:` was found in what was given")
    if told.ca is not None and not Path(told.ca).is_file():
        raise UsageError(f"--ca: no file {told.ca}")
    lines = [*_config_headers(config), *args.header]
    return replace(told, headers={**told.headers, **dict(_header(line) for line in lines)})


def client(url: str, how: Access) -> FhirClient:
    """Open a client for the FHIR server at `url`."""
    return open_client(url, how)


def _config_headers(config: Mapping[str, Any]) -> list[str]:
    headers = config.get("headers", {})
    if not isinstance(headers, Mapping):
        raise UsageError("headers in the configuration: expected a mapping of names to values")
    return [f"{name}: {value}" for name, value in headers.items()]


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip() or any(character in line for character in "\r\n"):
        raise UsageError("--header takes 'NAME: VALUE', as --header 'X-Api-Key: …'")
    return name.strip(), value.strip()
