"""`exchanges.har`: what was exchanged, for a browser's developer tools: http://www.softwareishard.com/blog/har-12-spec/."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from vbpr_conformance import __version__
from vbpr_conformance.report.report_writer import AtTheEnd, write_whole
from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.run_summary import RunSummary

FILE = "exchanges.har"
_PHRASES = {each.value: each.phrase for each in HTTPStatus}


@dataclass(frozen=True)
class HarPage:
    """What was exchanged for one thing: a case, or a scenario. Exchanges are as `CaseResult.exchanges` has them.

    One that says when it was `started` (in seconds since 1970) began then; others follow each other.
    """

    id: str
    title: str
    started: datetime
    exchanges: Iterable[Mapping[str, Any]]


class ExchangesHar(AtTheEnd):
    """Writes exchanges.har into a folder; `pages` gives what was exchanged, by default that of all cases."""

    def __init__(self, folder: Path, pages: Callable[[RunRecord], Iterable[HarPage]] | None = None) -> None:
        self._path = folder / FILE
        self._pages = pages if pages is not None else pages_of_cases

    def end(self, record: RunRecord, summary: RunSummary) -> None:  # noqa: ARG002  as all writers are called
        """Write the file."""
        write_whole(self._path, har_text(self._pages(record)))


def pages_of_cases(record: RunRecord) -> Iterator[HarPage]:
    """Give the exchanges of all cases, a page for each case."""
    started = datetime.fromisoformat(record.started)
    for result in record.results:
        if result.exchanges:
            started = datetime.fromisoformat(result.started) if result.started else started
            title = f"{result.verdict.value}: {result.id} ({result.title})"
            yield HarPage(f"{result.suite}: {result.id}", title, started, result.exchanges)
            started += timedelta(seconds=result.duration_s)


def har_text(pages: Iterable[HarPage]) -> Iterator[str]:
    """Give the text of the file, piece by piece: what a long session recorded need not fit into memory."""
    creator = {"name": "vbpr-conformance", "version": __version__}
    yield f'{{"log": {{"version": "1.2", "creator": {json.dumps(creator)}, "entries": ['
    listed = []
    separator = "\n"
    for page in pages:
        listed.append(_page(page))
        for entry in _entries(page):
            yield separator + json.dumps(entry, ensure_ascii=False)
            separator = ",\n"
    yield f'\n], "pages": {json.dumps(listed, ensure_ascii=False)}}}}}\n'


def _page(page: HarPage) -> dict[str, Any]:
    return {
        "id": page.id,
        "title": page.title,
        "startedDateTime": page.started.isoformat(timespec="milliseconds"),
        "pageTimings": {},
    }


def _entries(page: HarPage) -> Iterator[dict[str, Any]]:
    started = page.started
    for exchange in page.exchanges:
        took = exchange["elapsed_s"] * 1000
        if "started" in exchange:
            started = datetime.fromtimestamp(exchange["started"], UTC)
        yield {
            "pageref": page.id,
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
