"""A client without a socket: requests go straight into the application."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.reference.app import App

BASE = "http://testserver/fhir"
_CHANGING = (
    (re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), b"TIME"),
    (re.compile(rb"_page=[\w-]+\."), b"_page="),
    (re.compile(rb'"id":"[0-9a-f]{16}"'), b'"id":"RANDOM"'),
)


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
        try:
            return {each["relation"]: each["url"] for each in self.json.get("link", [])}
        except (FormatError, UnicodeDecodeError):  # some fault turns it into what is no JSON
            return {}

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


def washed(answer: Answer) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    """Give an answer without what differs from run to run."""
    body = answer.body
    for pattern, instead in _CHANGING:
        body = pattern.sub(instead, body)
    headers = {
        name: "" if name == "Content-Length" or (name == "Last-Modified" and text.endswith("GMT")) else text
        for name, text in answer.headers.items()
    }
    return answer.status, tuple(sorted(headers.items())), body
