"""The detailed part of a conversation with a server: what few values say, and what is asked in rare ways."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from small_resources import bundle, entry, organization, report

_FORM = "application/x-www-form-urlencoded"
_ONE, _TWO = "urn:uuid:11111111-5c0b-4f0e-8a3d-0f6a5b7c8d94", "urn:uuid:22222222-5c0b-4f0e-8a3d-0f6a5b7c8d95"
_SEARCHES = (
    "x-no-such-parameter=1",
    "_security=urn:s|none",
    "_source=urn:none",
    "reporter:Organization.name=none",
    "reporter:identifier=urn:x|none",
    "_sort=-date&_id=details,later-details",
    "_elements=date&_id=details",
    "_id=details&status:missing=true",
)


def detailed_report() -> dict[str, Any]:
    """A report whose values say more than most do."""
    coding = {"system": "urn:1", "version": "2.0", "code": "aBc", "display": "A & <b> 😀"}
    score = {"value": Decimal("12.50"), "comparator": "<=", "unit": "percent", "system": "urn:u", "code": "P"}
    return report(
        id="details",
        language="en-US",
        date="2024-03-15T23:30:00-05:00",
        measure="http://example.org/Measure/m|1.0",
        identifier=[{"use": "official", "system": "urn:x", "value": "d", "assigner": {"display": "Assigner"}}],
        evaluatedResource=[{"reference": "MeasureReport/z"}, {"reference": "MeasureReport/a"}],
        group=[{"code": {"coding": [coding]}, "measureScore": score, "population": [{"count": 3}]}],
    )


def detailed_interactions(ask: Callable[..., Any]) -> None:
    """Ask for what the other parts leave out."""
    ask("PUT", "MeasureReport/details", detailed_report())
    ask("PUT", "MeasureReport/later-details", report(id="later-details", date="2024-04"))
    for method in ("GET", "HEAD"):
        ask(method, "MeasureReport/details")
    ask("GET", "Organization/details")
    ask("GET", "MeasureReport/details", if_modified_since="Mon, 01 Jan 2001 00:00:00 GMT")
    ask("GET", "MeasureReport/details", if_modified_since="Fri, 01 Jan 2100 00:00:00 GMT")
    for query in _SEARCHES:
        ask("GET", f"MeasureReport?{query}")
    ask("POST", "MeasureReport/_search?_id=details", "status=complete", content_type=_FORM)
    ask("POST", "Organization", organization(), prefer="return=minimal")
    ask("PUT", "Organization/merged", organization(id="merged", alias=["Alias"]))
    ask("PUT", "Organization/merged", organization(id="merged"))
    ask("PUT", "Organization/merged", organization(id="merged", alias=["More"]), if_match='W/"2"')
    ask("PUT", "Organization?_id=merged&name=nobody", organization(alias=["By condition"]))
    ask("PATCH", "Organization/merged", [{"op": "test", "path": "/name", "value": "none"}])
    moves = [
        {"op": "copy", "from": "/alias", "path": "/extra"},
        {"op": "remove", "path": "/extra"},
        {"op": "move", "from": "/alias/0", "path": "/alias/-"},
    ]
    ask("PATCH", "Organization/merged", moves)
    ask("PATCH", "Organization/merged", [{"op": "add", "path": "/alias/-", "value": "End"}, *moves[2:]])
    ask("GET", "Organization/merged")
    ask("GET", "Organization/merged/_history/none")
    ask("GET", "MeasureReport/_history?_since=2101-01-01T00:00:00Z")
    ask("POST", "MeasureReport/$validate", report())
    ask("POST", "MeasureReport/$validate", {"resourceType": "MeasureReport"})
    _bundles(ask)


def _bundles(ask: Callable[..., Any]) -> None:
    uri = {"url": "http://example.org/uri", "valueUri": _TWO}
    inside = {"url": "http://example.org/reference", "valueReference": {"reference": _TWO}}
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{_TWO}">two</a></div>'
    linked = report(id="linked", text={"status": "generated", "div": div}, extension=[uri, inside])
    two = entry("POST", "Organization", organization(), _TWO)
    ask("POST", "", bundle("transaction", entry("PUT", "MeasureReport/linked", linked, _ONE), two))
    ask("GET", "MeasureReport/linked")
    twice = [entry("PUT", "MeasureReport/linked", linked), entry("DELETE", "MeasureReport/linked")]
    ask("POST", "", bundle("transaction", *twice))
    unmatched = report(id="unmatched", reporter={"reference": "Organization?identifier=urn:x|never"})
    ask("POST", "", bundle("transaction", entry("PUT", "MeasureReport/unmatched", unmatched)))
    wrong = entry("PUT", "MeasureReport/wrong", report(id="wrong", status="no-such-status"))
    ask("POST", "", bundle("transaction", wrong))
    changed = entry("PUT", "MeasureReport/later-details", report(id="later-details", status="pending"))
    ask("POST", "", bundle("batch", changed, entry("GET", "MeasureReport?_id=details")))
    ask("POST", "", bundle("batch", entry("POST", "Organization", organization())))
    ask("POST", "", bundle("batch", entry("DELETE", "MeasureReport/later-details")))
    ask("GET", "MeasureReport/later-details")
