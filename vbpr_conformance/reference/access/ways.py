"""The ways of asking for credentials, by the name of `serve --auth`."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from vbpr_conformance.reference.access.access_control import AccessControl, Basic, StaticBearer
from vbpr_conformance.reference.access.token_endpoint import SmartEndpoint, TokenEndpoint

_CONTROLS: Mapping[str, Callable[[], AccessControl]] = {
    "bearer": StaticBearer,
    "basic": Basic,
    "client-credentials": TokenEndpoint,
    "smart-backend": SmartEndpoint,
}
WAYS = (*_CONTROLS, "mtls")


class Door(NamedTuple):
    """How a server is guarded: by credentials in requests, or by TLS, whose settings are uvicorn's."""

    control: AccessControl | None = None
    tls: Mapping[str, Any] = {}
    client_files: Mapping[str, str] = {}

    def client_settings(self, url: str) -> dict[str, Any]:
        """What a client needs to get in, as a configuration of `run`."""
        settings = self.control.client_settings(url) if self.control else {}
        return {"url": url} | settings | ({"tls": dict(self.client_files)} if self.client_files else {})


def door(way: str | None, folder: Path, host: str) -> Door:
    """Guard a server in one of `WAYS`, or leave it open; files go into `folder`."""
    if way is None:
        return Door()
    if way in _CONTROLS:
        return Door(_CONTROLS[way]())
    from vbpr_conformance.reference.access.throwaway_keys import certificates  # noqa: PLC0415  only for TLS

    files = certificates(folder, host)
    tls = {
        "ssl_certfile": str(files.server),
        "ssl_keyfile": str(files.server_key),
        "ssl_ca_certs": str(files.ca),
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
    }
    client = {"ca": str(files.ca), "cert": str(files.client), "key": str(files.client_key)}
    return Door(None, tls, client)
