"""How a target is reached: what the command line, a configuration file and the environment say about access.

Secrets travel by the environment alone (`VBPR_TOKEN`, `VBPR_BASIC`, `VBPR_HEADERS`), also to the workers of a
parallel run: never by arguments, which other processes and logs can see.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbpr_conformance.errors import UsageError

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient

DEFAULT_TIMEOUT_S = 30.0


@dataclass(frozen=True, repr=False)
class Access:
    """What a target asks for before it lets a client in. `timeout` is in seconds, for each request."""

    token: str | None = None
    basic: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ca: str | None = None
    timeout: float = DEFAULT_TIMEOUT_S

    def __repr__(self) -> str:
        """Say nothing: this is printed where failures are shown."""
        return "Access(…)"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Access:
        """Read what the environment says; what it does not say has its default."""
        timeout = environment.get("VBPR_TIMEOUT", str(DEFAULT_TIMEOUT_S))
        try:
            seconds = float(timeout)
        except ValueError:
            raise UsageError(f"VBPR_TIMEOUT is {timeout!r}, expected a number of seconds") from None
        return cls(
            token=environment.get("VBPR_TOKEN") or None,
            basic=environment.get("VBPR_BASIC") or None,
            headers=_headers(environment.get("VBPR_HEADERS", "{}")),
            ca=environment.get("VBPR_CA") or None,
            timeout=seconds,
        )

    def to_environment(self, environment: MutableMapping[str, str]) -> None:
        """Hand this on to what is started from here."""
        settings = {
            "VBPR_TOKEN": self.token,
            "VBPR_BASIC": self.basic,
            "VBPR_HEADERS": json.dumps(dict(self.headers)) if self.headers else None,
            "VBPR_CA": self.ca,
            "VBPR_TIMEOUT": str(self.timeout),
        }
        environment.update({name: value for name, value in settings.items() if value is not None})


def open_client(url: str, access: Access, **settings: Any) -> FhirClient:
    """Make a client for the target at `url`, logged in as `access` says; `settings` go to the client as they are."""
    from vbpr_conformance.client.client import FhirClient  # noqa: PLC0415  httpx waits until a target is opened
    from vbpr_conformance.client.connection import Connection  # noqa: PLC0415
    from vbpr_conformance.client.credentials import basic, bearer  # noqa: PLC0415

    credentials = None
    if access.token:
        credentials = bearer(access.token)
    elif access.basic:
        credentials = basic(*access.basic.split(":", 1))
    connection = Connection(read=access.timeout, ca=access.ca)
    return FhirClient(url, credentials=credentials, headers=access.headers, connection=connection, **settings)


def read_config(path: Path) -> dict[str, Any]:
    """Read a configuration file: YAML whose keys are the options of `run`, with `_` or `-`, and `url`."""
    from vbpr_conformance.fhir import yaml12  # noqa: PLC0415  YAML waits until a file is read

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as a configuration: {error}") from None
    data = yaml12.load(text, str(path))
    if not isinstance(data, dict):
        raise UsageError(f"{path}:1: a configuration is a mapping of options to values, as `url: https://…`")
    return {str(key).replace("-", "_"): value for key, value in data.items()}


def _headers(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise UsageError('VBPR_HEADERS is not a JSON object of header names and values, as {"X-Api-Key": "…"}')
    return found
