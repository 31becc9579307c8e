"""Conversations with a server, written down so that two of them can be compared."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from detailed_transcripts import detailed_interactions
from rare_transcripts import rare_interactions
from small_resources import bundle, entry, organization, report

_CHANGING = (
    (re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), b"TIME"),
    (re.compile(rb"_page=[\w-]+\."), b"_page="),
    (re.compile(rb'"id":"[0-9a-f]{16}"'), b'"id":"RANDOM"'),
)
_FORM = "application/x-www-form-urlencoded"
_SEARCHES = (
    "status=pending&_count=2",
    "status=pending",
    "status=pending&date=2024-02",
    "date=ge2024-02&date=lt2024-04",
    "status=pending&date=ge2024-02&date=lt2024-03",
    "date:missing=true",
    "_id=p1&_include=MeasureReport:reporter",
    "_id=x&_include=MeasureReport:reporter",
    "_id=citing&_include=MeasureReport:evaluated-resource",
    "_sort=-_id",
    r"identifier=a\,status",
    "identifier=a%2525",
    "identifier=%C3%A9",
    "_id=rich",
    "nonsense=1",
)
_CITED = [{"reference": "MeasureReport/p1"}, {"reference": "MeasureReport/p2"}]
_UNREADABLE = (
    ("{", "application/fhir+json"),
    ("x", "text/turtle"),
    ('{"resourceType":"Organization"}', "application/fhir+json"),
)
URN = "urn:uuid:7d3f6a54-59f3-4b36-a3c6-30ee3c0f6a01"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def washed(answer: Any) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    """Give an answer without what differs from run to run."""
    body = answer.body
    for pattern, instead in _CHANGING:
        body = pattern.sub(instead, body)
    headers = {
        name: "" if name == "Content-Length" or (name == "Last-Modified" and text.endswith("GMT")) else text
        for name, text in answer.headers.items()
    }
    return answer.status, tuple(sorted(headers.items())), body


def rich_report(**members: Any) -> dict[str, Any]:
    """A report with something of all that a fault may lose."""
    nested = {
        "url": "http://example.org/n",
        "extension": [{"url": "a", "valueCode": "x"}, {"url": "b", "valueDate": "2024-05"}],
    }
    money = {"url": "http://example.org/m", "valueMoney": {"value": Decimal("10.50"), "currency": "USD"}}
    codings = [{"system": "urn:1", "code": "a", "display": "A"}, {"system": "urn:2", "code": "b"}]
    stratum = [{"value": {"text": text}, "population": [{"count": 1}, {"count": 2}]} for text in ("one  and", "zwei ä")]
    return report(
        contained=[organization(id="c")],
        extension=[nested, money, money | {"valueMoney": {"value": 7, "currency": "USD"}}],
        _status={"extension": [{"url": "http://example.org/p", "valueString": "p"}]},
        date="2024-03-15T10:00:00+00:00",
        reporter={"reference": "#c", "display": "Contained", "identifier": {"system": "urn:x", "value": "c"}},
        group=[
            {
                "id": "g",
                "code": {"coding": codings, "text": "t" * 300},
                "measureScore": {"extension": [money]},
                "stratifier": [{"stratum": stratum}, {"stratum": stratum[:1]}],
            },
            {"code": {"coding": codings[:1]}, "measureScore": {"value": Decimal("1.250")}},
        ],
        text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">text</div>'},
        **members,
    )


def interactions(client: Any) -> list[Any]:
    """Use every interaction, each in the ways that a fault can break."""
    said: list[Any] = []

    def ask(*request: Any, **headers: str) -> Any:
        answer = client(*request, **headers)
        said.append(washed(answer))
        return answer

    def there(value: str) -> dict[str, Any]:
        return organization(identifier=[{"system": "urn:x", "value": value}])

    ask("GET", "metadata")
    ask("POST", "Organization", there("1") | {"id": "mine"})
    ask("POST", "Organization", there("1"), if_none_exist="identifier=urn:x|1")
    ask("PUT", "Organization/o", organization(id="o", name="Old"))
    ask("PUT", "Organization/o", organization(id="o", name="New"))
    ask("PUT", "Organization/o", organization(id="o", name="Stale"), if_match='W/"1"')
    ask("PUT", "Organization/o", organization(id="other"))
    ask("PUT", "Organization/o", organization(id="o", name=""))
    for path in ("o", "o/_history/1", "o/_history/2", "o/_history", "none", "?name=old", "?name=new"):
        ask("GET", f"Organization/{path}".replace("/?", "?"))
    for path in ("Organization/_history", "_history"):
        ask("GET", path)
    ask("GET", "Organization/o", if_none_match='W/"2"')
    ask("PATCH", "Organization/o", [{"op": "replace", "path": "/name", "value": "Patched"}])
    ask("PATCH", "Organization/o", [{"op": "add", "path": "/alias", "value": ["Added"]}])
    ask("PATCH", "Organization/o", [], if_match='W/"1"')
    ask("GET", "Organization/o")
    ask("PUT", "Organization?identifier=urn:x|1", there("1"))
    ask("PUT", "Organization?identifier=urn:x|2", there("2"))
    ask("POST", "Organization", there("2"))
    ask("POST", "Organization", there("2"), if_none_exist="identifier=urn:x|2")
    ask("PUT", "Organization?identifier=urn:x|2", there("2"))
    ask("DELETE", "Organization?identifier=urn:x|2")
    ask("GET", "Organization?identifier=urn:x|2")
    ask("DELETE", "Organization/o")
    ask("GET", "Organization/o")
    ask("PUT", "MeasureReport/rich", rich_report(id="rich"))
    ask("GET", "MeasureReport/rich")
    ask("GET", "MeasureReport/rich?_format=xml")
    ask("GET", "MeasureReport/rich", accept="application/fhir+xml")
    for body, kind in _UNREADABLE:
        ask("POST", "Organization", body, content_type=kind)
    ask("GET", "Nonsense")
    urn = report(id="x", reporter={"reference": URN})
    ask(
        "POST",
        "",
        bundle("transaction", entry("PUT", "MeasureReport/x", urn), entry("POST", "Organization", there("3"), URN)),
    )
    ask("GET", "MeasureReport/x")
    ask(
        "POST",
        "",
        bundle("transaction", entry("PUT", "Organization/left", organization(id="left")), entry("GET", "Nonsense/1")),
    )
    ask("GET", "Organization/left")
    ask("POST", "", bundle("batch", entry("GET", "Nonsense/1"), entry("GET", "MeasureReport/x")))
    for number in range(5):
        ask("PUT", f"MeasureReport/p{number}", report(id=f"p{number}", status="pending", date=f"2024-0{number + 1}"))
    ask("PUT", "MeasureReport/citing", report(id="citing", evaluatedResource=_CITED))
    for query in _SEARCHES:
        answer = ask("GET", f"MeasureReport?{query}", prefer="handling=strict" if "nonsense" in query else "")
        while answer.status == 200 and "next" in answer.links and len(said) < 150:
            answer = ask("GET", answer.links["next"])
    ask("POST", "MeasureReport/_search", "status=pending", content_type=_FORM)
    rare_interactions(ask, lambda text: said.append((0, (), text.encode())))
    detailed_interactions(ask)
    return said


def queries(client: Any, resource_type: str, code: str) -> list[str]:
    """Make searches by one parameter of what the server holds: hits, near misses and every form of value."""
    kind = client.server.parameters[resource_type][code].type
    rows = client.server.store.select(
        "SELECT DISTINCT system, value, exact, low, high FROM search_index WHERE param = ? ORDER BY seq",
        [f"{resource_type}.{code}"],
    )
    values = [each for row in rows for each in _WAYS[kind](*row)]
    plain = [f"{code}={value}" for value in values]
    joined = [f"{code}={one},{other}" for one, other in itertools.pairwise(values)]
    return [*plain, *joined[:6], *(f"{code}:not={value}" for value in values[:2] if kind == "token")]


def _tokens(system: Any, value: Any, *_: Any) -> list[str]:
    alone = [f"{system}|"] if system else []
    ways = (f"{system or ''}|{value}", f"urn:other|{value}", value, f"|{value}", *alone)
    return [each for each in ways if value] or ["nothing"]


def _references(system: Any, value: Any, exact: Any, *_: Any) -> list[str]:
    if system:
        local = f"http://testserver/fhir/{system}/{value}"
        return [f"{system}/{value}", f"List/{value}", value, local]
    return [exact, f"{exact}|{value}", f"{exact}|other", exact.rpartition("/")[0]] if exact else ["nothing"]


def _dates(_system: Any, _value: Any, _exact: Any, low: Any, high: Any) -> list[str]:
    ends = [EPOCH + timedelta(microseconds=each) for each in (low, high - 1) if abs(each) < 10**17]
    days = [f"{end:%Y-%m-%d}" for end in ends] + [f"{end:%Y-%m}" for end in ends] + [f"{end:%Y}" for end in ends]
    zone = f"{ends[0] + timedelta(hours=5):%Y-%m-%dT%H:%M:%S}%2B05:00" if ends else "2024"
    return [f"{prefix}{day}" for day in days for prefix in ("", "ge", "gt", "le", "lt", "ne", "sa", "eb")] + [
        zone,
        f"lt{zone}",
        f"gt{zone}",
    ]


def _texts(_system: Any, value: Any, exact: Any, *_: Any) -> list[str]:
    return [value or exact or "nothing"]


def _numbers(_system: Any, _value: Any, _exact: Any, low: Any, *_: Any) -> list[str]:
    return [str(low)]


_WAYS = {
    "token": _tokens,
    "reference": _references,
    "date": _dates,
    "string": _texts,
    "uri": _texts,
    "quantity": _numbers,
}


def searchable() -> list[dict[str, Any]]:
    """Two reports and two measures that together have a value for every search parameter, and one of each with few."""
    category = "http://hl7.org/fhir/StructureDefinition/measurereport-category"
    of_subject = "http://hl7.org/fhir/us/davinci-vbpr/StructureDefinition/organization-subject"
    concept = {"coding": [{"system": "urn:1", "code": "a"}, {"system": "urn:2", "code": "b"}], "text": "Text"}
    meta = {
        "tag": [{"system": "urn:t", "code": "one"}, {"system": "urn:t", "code": "two"}],
        "security": [{"system": "urn:s", "code": "R"}, {"system": "urn:s", "code": "N"}],
        "profile": ["http://example.org/p", "http://example.org/q"],
        "source": "http://example.org/source",
    }
    both = [{"system": "urn:a", "value": "1"}, {"system": "urn:b", "value": "2"}]
    subject = {
        "extension": [{"url": of_subject, "valueReference": {"reference": "Organization/o"}}],
        "reference": "Patient/p",
    }
    full = report(
        id="full",
        meta=meta,
        extension=[{"url": category, "valueCodeableConcept": concept}],
        identifier=both,
        date="2024-03",
        measure="http://example.org/Measure/m|1",
        subject=subject,
        reporter={"reference": "Organization/o"},
        evaluatedResource=[{"reference": "MeasureReport/few"}, {"reference": "MeasureReport/other"}],
    )
    artifacts = [
        {"type": kind, "resource": f"http://example.org/Library/{kind}{number}|1"}
        for kind in ("composed-of", "depends-on", "derived-from", "predecessor", "successor")
        for number in (1, 2)
    ]
    context, venue = ({"code": {"system": "urn:c", "code": each}} for each in ("focus", "venue"))
    full_measure = {
        "resourceType": "Measure", "id": "full", "meta": meta, "url": "http://example.org/Measure/m", "version": "1",
        "identifier": both, "name": "Name", "title": "Title", "status": "active", "date": "2024-03",
        "publisher": "Publisher", "description": "Description", "topic": [concept],
        "useContext": [context | {"valueCodeableConcept": concept}, venue | {"valueQuantity": {"value": 5}}],
        "jurisdiction": [concept], "effectivePeriod": {"start": "2024-03-10", "end": "2024-03-20"},
        "relatedArtifact": artifacts,
    }  # fmt: skip
    other = {"profile": ["http://example.org/r"], "source": "http://example.org/other"}
    few = report(
        id="few",
        meta=other,
        identifier=[{"system": "urn:c", "value": "1"}],
        date="2024-03-15T10:00:00+05:00",
        period={"start": "2025"},
    )
    exact = report(
        id="exact",
        date="2024-03-15T05:00:00Z",
        period={"end": "2025-06"},
        measure="http://example.org/Measure/m|1.5",
        reporter={"reference": "Practitioner/o"},
    )
    exact["subject"] = {
        "reference": "Group/p",
        "extension": [{"url": of_subject, "valueReference": {"reference": "Organization/q"}}],
    }
    few_measure = {
        "resourceType": "Measure", "id": "few", "meta": other, "status": "draft", "date": "2024-03-15T10:00:00+05:00",
        "effectivePeriod": {"start": "2025"}, "url": "http://example.org/Measure/n", "version": "2", "name": "Another",
        "title": "Another", "publisher": "Another", "description": "Another",
        "useContext": [context | {"valueQuantity": {"value": 7}}],
    }  # fmt: skip
    more = {"id": "more", "date": "2024-03-15T05:00:00Z"}
    return [
        few,
        full,
        exact,
        full | {"id": "again"},
        few_measure,
        full_measure,
        full_measure | {"id": "again"},
        few_measure | more,
    ]
