"""What HAR 1.2 asks of an archive, as a JSON Schema: http://www.softwareishard.com/blog/har-12-spec/."""

from __future__ import annotations

from typing import Any

TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
SIZE = {"type": "integer", "minimum": -1}
TEXT = {"type": "string"}
TOOK = {"type": "number", "minimum": -1}


def fields(*optional: str, **kinds: Any) -> dict[str, Any]:
    """An object with these fields and no others but comments; all but the optional ones are required."""
    return {
        "type": "object",
        "properties": {**kinds, "comment": TEXT},
        "required": [name for name in kinds if name not in optional],
        "additionalProperties": False,
    }


def lists(item: dict[str, Any]) -> dict[str, Any]:
    """A list of such items."""
    return {"type": "array", "items": item}


PAIRS = lists(fields(name=TEXT, value=TEXT))
COOKIES = lists(
    fields("path", "domain", "expires", "httpOnly", "secure", name=TEXT, value=TEXT, path=TEXT, domain=TEXT)
)
REQUEST = fields(
    "postData",
    method=TEXT,
    url={"type": "string", "pattern": "^https?://"},
    httpVersion=TEXT,
    cookies=COOKIES,
    headers=PAIRS,
    queryString=PAIRS,
    postData=fields("params", mimeType=TEXT, params=PAIRS, text=TEXT),
    headersSize=SIZE,
    bodySize=SIZE,
)
CONTENT = fields(
    "compression", "text", "encoding", size=SIZE, compression=SIZE, mimeType=TEXT, text=TEXT, encoding=TEXT
)
RESPONSE = fields(
    status={"type": "integer", "minimum": 0, "maximum": 999},
    statusText=TEXT,
    httpVersion=TEXT,
    cookies=COOKIES,
    headers=PAIRS,
    content=fields(
        "compression", "text", "encoding", size=SIZE, compression=SIZE, mimeType=TEXT, text=TEXT, encoding=TEXT
    ),
    redirectURL=TEXT,
    headersSize=SIZE,
    bodySize=SIZE,
)
_EARLIER = ("blocked", "dns", "connect", "ssl")
TIMINGS = fields(*_EARLIER, **dict.fromkeys((*_EARLIER, "send", "wait", "receive"), TOOK))
ENTRY = fields(
    "pageref",
    "serverIPAddress",
    "connection",
    pageref=TEXT,
    startedDateTime=TIME,
    time={"type": "number", "minimum": 0},
    request=REQUEST,
    response=RESPONSE,
    cache=fields("beforeRequest", "afterRequest", beforeRequest={}, afterRequest={}),
    timings=TIMINGS,
    serverIPAddress=TEXT,
    connection=TEXT,
)
PAGE = fields(
    startedDateTime=TIME,
    id=TEXT,
    title=TEXT,
    pageTimings=fields("onContentLoad", "onLoad", onContentLoad=TOOK, onLoad=TOOK),
)
PROGRAM = fields(name=TEXT, version=TEXT)
LOG = fields(
    "browser",
    "pages",
    version={"const": "1.2"},
    creator=PROGRAM,
    browser=PROGRAM,
    pages=lists(PAGE),
    entries=lists(ENTRY),
)
HAR = fields(log=LOG)
