"""Lets the answers of a good server arrive with one thing in them changed: any JSON, at any level."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import httpx

from vbpr_conformance.reference.app import App
from vbpr_conformance.selftest.in_process import InProcess

_OTHER: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "http://[",
    "../..",
    [],
    [None],
    [[]],
    {},
    {"": None},
    [{}, "x", 7],
)
_WHOLE = (b"", b"null", b"[]", b'"x"', b"7", b"{}", b"[{}]", b'{"resourceType": null}', b"<x/>", b"{", b"\xff\xfe")


class Mutated(InProcess):
    """Changes one member of each answer with this probability; `interesting` says of a URL that it may be changed."""

    def __init__(self, app: App, seed: int, share: float) -> None:
        super().__init__(app)
        self._random = random.Random(seed)
        self._share = share

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if not answer.content or self._random.random() > self._share:
            return answer
        return _answered(answer, mutated(answer.content, self._random))


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Give a body in which one value is another, missing, or doubled; sometimes it is another body as a whole."""
    try:
        value = json.loads(content)
    except ValueError:
        return rng.choice(_WHOLE)
    places = list(_places(value))
    if not places or rng.random() < 0.05:
        return rng.choice(_WHOLE)
    made = copy.deepcopy(value)
    *way, last = rng.choice(places)
    holder = made
    for step in way:
        holder = holder[step]
    change = rng.randrange(4)
    if change == 0:
        del holder[last]
    elif change == 1 and isinstance(holder, list):
        holder.insert(last, copy.deepcopy(holder[last]))
    else:
        holder[last] = copy.deepcopy(rng.choice(_OTHER))
    return json.dumps(made).encode()


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (*way, key)
        yield from _places(each, (*way, key))


def _answered(answer: httpx.Response, content: bytes) -> httpx.Response:
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return httpx.Response(answer.status_code, headers=headers, content=content)
