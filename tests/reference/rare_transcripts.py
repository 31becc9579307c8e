"""The rarer part of a conversation with a server: conditions, formats, histories, and what makes no sense."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from small_resources import bundle, entry, organization, report

from vbpr_conformance.fhir.format_error import FormatError

_SEARCHES = (
    "status=",
    "_id=RARE",
    "_id=rare&_revinclude=MeasureReport:evaluated-resource",
    "_lastUpdated=lt2001",
    "_profile=http://example.org/none",
    "_tag=urn:t|none",
    "_summary=true&_id=rare",
    "_count=1&_include=MeasureReport:evaluated-resource&_id=citing-rare,later-rare",
    "status:no-such-modifier=complete",
)
_FORM_OF_JSON = "application/fhir+json; charset=utf-8"
_RARE = {"url": "http://example.org/not", "valueBoolean": True}


def rare_interactions(ask: Callable[..., Any], note: Callable[[str], None]) -> None:
    """Use what few clients use; `note` writes down what only a comparison of answers shows."""
    rare = report(
        id="rare",
        modifierExtension=[_RARE],
        group=[{"population": [{"count": 0}]}],
        text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">rare</div>'},
    )
    ask("PUT", "MeasureReport/rare", rare)
    ask(
        "PUT",
        "MeasureReport/citing-rare",
        report(id="citing-rare", evaluatedResource=[{"reference": "MeasureReport/rare"}]),
    )
    ask("PUT", "MeasureReport/later-rare", report(id="later-rare"))
    for query in _SEARCHES:
        ask("GET", f"MeasureReport?{query}")
    ask("GET", "MeasureReport?nonsense=1", prefer="handling=lenient")
    for query in ("?_type=MeasureReport&_id=rare", "?_type=Organization&_id=rare"):
        ask("GET", query)
    ask("GET", "MeasureReport/RARE")
    ask("GET", "MeasureReport/rare", if_none_match='W/"0"')
    ask("GET", "MeasureReport/rare", accept_encoding="identity")
    ask("GET", "MeasureReport/rare", accept="image/png")
    ask("GET", "MeasureReport/rare", accept="application/fhir+json")
    ask("GET", "MeasureReport/rare?_summary=text")
    ask("PATCH", "MeasureReport/none", [{"op": "remove", "path": "/date"}])
    ask("PATCH", "MeasureReport/rare", [{"op": "remove", "path": "/none"}])
    ask("PATCH", "MeasureReport?_id=rare", [{"op": "replace", "path": "/status", "value": "pending"}])
    ask("PUT", "MeasureReport/rare", rare)
    ask("DELETE", "MeasureReport/never")
    ask("GET", "MeasureReport/rare/_history?_count=1")
    ask("GET", "MeasureReport/rare/_history?_since=2101-01-01T00:00:00Z")
    ask("GET", "MeasureReport/never/_history")
    ask("POST", "Nonsense", {"resourceType": "Nonsense"})
    ask("POST", "MeasureReport", json.dumps(report()), content_type=_FORM_OF_JSON)
    ask(
        "POST",
        "",
        bundle("transaction", entry("GET", "MeasureReport/rare"), entry("DELETE", "MeasureReport/citing-rare")),
    )
    ask("GET", "MeasureReport/citing-rare/_history")
    ask("GET", "MeasureReport/_history?_count=3")
    ask("POST", "", bundle("transaction", entry("GET", "MeasureReport/rare"), entry("PUT", "MeasureReport/rare", rare)))
    known = entry("POST", "Organization", organization(identifier=[{"system": "urn:x", "value": "1"}]))
    known["request"]["ifNoneExist"] = "identifier=urn:x|1"
    ask("POST", "", bundle("transaction", known))
    stale = entry("PUT", "MeasureReport/rare", rare)
    stale["request"]["ifMatch"] = 'W/"1"'
    ask("POST", "", bundle("transaction", stale))
    _of_versions_and_conditions(ask, note)
    first, second = ask("GET", "MeasureReport/rare"), ask("GET", "MeasureReport/rare")
    ask("PUT", "MeasureReport/rare", rare)
    times = [_updated(first), _updated(second)]
    note(f"the time of the last change stays: {times[0] == times[1]}")
    said = first.headers.get("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
    try:
        modified = parsedate_to_datetime(said).strftime("%Y-%m-%dT%H:%M:%S")
    except ValueError:
        modified = "no date of HTTP"
    note(f"Last-Modified is that time: {modified == times[0][:19]}")


def _of_versions_and_conditions(ask: Callable[..., Any], note: Callable[[str], None]) -> None:
    """Look at old versions, deletions, conditions of two parts, and what is not possible."""
    ask("POST", "metadata", {"resourceType": "Parameters"})
    ask(
        "PATCH",
        "MeasureReport/rare",
        [{"op": "replace", "path": "/implicitRules", "value": "http://example.org/rules"}],
    )
    ask("PUT", "MeasureReport/ruled", report(id="ruled", implicitRules="http://example.org/rules"))
    made = ask("PUT", "MeasureReport/ruled", report(id="ruled", status="pending"))
    past = ask("GET", "MeasureReport/ruled/_history/1")
    note(f"an old version is of its time: {_updated(past)[:10] == _updated(made)[:10]}")
    ask("DELETE", "MeasureReport/ruled")
    ask("GET", "MeasureReport/ruled/_history/3")
    ask("POST", "MeasureReport", report(), if_none_exist="_id=later-rare&status=error")
    ask("GET", "MeasureReport/later-rare", if_none_match='W/"1"')
    named = "https://example.org/fhir/MeasureReport/named"
    cited = {"reference": named}
    grouped = [{"extension": [{"url": "http://example.org/cites", "valueReference": cited}]}]
    citing = report(id="citing-named", evaluatedResource=[cited], group=grouped)
    ask("PUT", "MeasureReport/citing-named", report(id="citing-named"))
    created = entry("POST", "MeasureReport", report(), named)
    ask("POST", "", bundle("transaction", created, entry("PUT", "MeasureReport/citing-named", citing)))
    ask("GET", "MeasureReport/citing-named")
    fresh = ask("POST", "MeasureReport", report())
    note(f"what is created is of now: {_updated(fresh)[:10] == _updated(made)[:10]}")


def _updated(answer: Any) -> str:
    try:
        return str(answer.json["meta"]["lastUpdated"])
    except (FormatError, KeyError, TypeError, ValueError):
        return ""
