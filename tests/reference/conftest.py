"""The server without a socket: requests go straight into the application."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any

import pytest

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.reference.app import App, make_app
from vbpr_conformance.reference.store import Store

BASE = "http://testserver/fhir"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json_codec.loads(self.body)

    @property
    def ids(self) -> list[str]:
        """Ids of the matches in a searchset."""
        entries = self.json.get("entry", [])
        return [each["resource"]["id"] for each in entries if each["search"]["mode"] == "match"]

    @property
    def links(self) -> dict[str, str]:
        return {each["relation"]: each["url"] for each in self.json["link"]}

    @property
    def place(self) -> str:
        """The path of what was created, without its version."""
        return self.headers["Location"].removeprefix(f"{BASE}/").partition("/_history")[0]


class Client:
    """Speaks to an application as a client would, by paths below the base."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.server = app.server

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {"host": "testserver"} | {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, dict | list):
            body = json_codec.dumps(body)
            kind = "application/json-patch+json" if method == "PATCH" else "application/fhir+json"
            sent.setdefault("content-type", kind)
        content = body.encode() if isinstance(body, str) else body or b""
        path = path.removeprefix(BASE).lstrip("/")
        target = f"/fhir{path}" if path.startswith("?") else f"/fhir/{path}"
        return Answer(*self.app.handle(method, target, sent, content))

    def get(self, path: str, **headers: str) -> Answer:
        return self("GET", path, **headers)

    def create(self, resource: dict[str, Any], **headers: str) -> Answer:
        return self("POST", resource["resourceType"], resource, **headers)

    def put(self, resource: dict[str, Any], **headers: str) -> Answer:
        return self("PUT", f"{resource['resourceType']}/{resource['id']}", resource, **headers)

    def search(self, query: str, resource_type: str = "MeasureReport") -> Answer:
        return self.get(f"{resource_type}?{query}")


@pytest.fixture
def serve(edition):
    """Make a client of a server with faults or habits."""

    def make(*, store: Store | None = None, validate: bool = True, countable: bool = False, **options: Any) -> Client:
        app = make_app(edition, store or Store(), validate=validate, **options)
        if countable:
            numbers = itertools.count(1)
            app.server.behaviour = replace(app.server.behaviour, new_id=lambda: f"n{next(numbers)}")
        return Client(app)

    return make


@pytest.fixture
def client(serve) -> Client:
    """A client of the good server."""
    return serve()
