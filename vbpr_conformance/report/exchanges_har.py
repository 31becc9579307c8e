"""`exchanges.har`: what was exchanged, for a browser's developer tools: http://www.softwareishard.com/blog/har-12-spec/."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from vbpr_conformance import __version__
from vbpr_conformance.report.report_writer import AtTheEnd, write_whole
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary
from vbpr_conformance.suite.verdicts import CaseResult

FILE = "exchanges.har"
_PHRASES = {each.value: each.phrase for each in HTTPStatus}


class ExchangesHar(AtTheEnd):
    """Writes exchanges.har into a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def end(self, record: RunRecord, summary: RunSummary) -> None:  # noqa: ARG002  as all writers are called
        """Write the file."""
        write_whole(self._path, json.dumps(har(record), ensure_ascii=False) + "\n")


def har(record: RunRecord) -> dict[str, Any]:
    """Give the exchanges of all cases, a page for each case."""
    started = datetime.fromisoformat(record.started)
    pages, entries = [], []
    for result in record.results:
        if result.exchanges:
            started = datetime.fromisoformat(result.started) if result.started else started
            pages.append(_page(result, started))
            entries += list(_entries(result, started))
            started += timedelta(seconds=result.duration_s)
    creator = {"name": "vbpr-conformance", "version": __version__}
    return {"log": {"version": "1.2", "creator": creator, "pages": pages, "entries": entries}}


def _page(result: CaseResult, started: datetime) -> dict[str, Any]:
    return {
        "id": f"{result.suite}: {result.id}",
        "title": f"{result.verdict.value}: {result.id} ({result.title})",
        "startedDateTime": started.isoformat(timespec="milliseconds"),
        "pageTimings": {},
    }


def _entries(result: CaseResult, started: datetime) -> Iterator[dict[str, Any]]:
    for exchange in result.exchanges:
        took = exchange["elapsed_s"] * 1000
        yield {
            "pageref": f"{result.suite}: {result.id}",
            "startedDateTime": started.isoformat(timespec="milliseconds"),
            "time": took,
            "request": _request(exchange),
            "response": _response(exchange),
            "cache": {},
            "timings": {"send": 0, "wait": took, "receive": 0},
            "comment": exchange["phase"],
        }
        started += timedelta(milliseconds=took)


def _request(exchange: Mapping[str, Any]) -> dict[str, Any]:
    query = parse_qsl(urlsplit(exchange["url"]).query, keep_blank_values=True)
    body = exchange["request_body"]
    made = {
        "method": exchange["method"],
        "url": exchange["url"],
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(exchange["request_headers"].items()),
        "queryString": _pairs(query),
        "headersSize": -1,
        "bodySize": len(body.encode()),
    }
    if body:
        made["postData"] = {"mimeType": _kind(exchange["request_headers"]), "text": body}
    return made


def _response(exchange: Mapping[str, Any]) -> dict[str, Any]:
    status = exchange["status"]
    size = len(exchange["body"].encode())
    return {
        "status": status,
        "statusText": _PHRASES.get(status, exchange["error"]),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(exchange["headers"].items()),
        "content": {"size": size, "mimeType": _kind(exchange["headers"]), "text": exchange["body"]},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": size,
    }


def _pairs(fields: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in fields]


def _kind(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == "content-type"), "")
