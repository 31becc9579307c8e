"""What a client does wrongly, one thing each; `turns` are the cases that it must turn red."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from decimal import Decimal
from urllib.parse import unquote, urljoin

import httpx


@dataclass
class ClientFault:
    """One fault; every method gives back what it is given unless the fault changes it."""

    name: str = ""
    says: str = ""
    turns: tuple[str, ...] = ()
    tries: int = 0
    waits: bool = True
    endless: bool = False
    modes: frozenset = frozenset()
    changes: dict = field(default_factory=dict)

    def _changed(self, what, value, *more):
        change = self.changes.get(what)
        return change(value, *more) if change else value

    def request(self, client, request):
        return self._changed("request", request, client)

    def answer(self, client, resource):
        return self._changed("answer", resource, client)

    def next_page(self, client, url):
        return self._changed("next", url, client)

    def parameters(self, client, parameters):
        return self._changed("parameters", parameters, client)

    def reference(self, client, url):
        return self._changed("reference", url, client)

    def body(self, client, resource):
        return self._changed("body", resource, client)

    def write_headers(self, headers):
        return self._changed("headers", headers)

    def show(self, client, resource):
        return self._changed("show", resource, client)

    def written(self, text):
        return self._changed("text", text)

    def after(self, client):
        if "after" in self.changes:
            self.changes["after"](None, client)

    def shows_mode(self, mode):
        return mode in self.modes


NO_FAULT = ClientFault()


def find_client_fault(name):
    """Find a fault by its name."""
    return next(each for each in CLIENT_FAULTS if each.name == name)


def _walk(value, change):
    """Change every object, innermost first; `change` gives the object back, or None to leave it out."""
    if isinstance(value, dict):
        made = {name: _walk(each, change) for name, each in value.items()}
        return change({name: each for name, each in made.items() if each is not GONE})
    if isinstance(value, list):
        return [made for made in (_walk(each, change) for each in value) if made is not GONE]
    return value


GONE = object()


def _leaves(change):
    """A fault of showing that changes every plain value of a report."""

    def fault(resource, _):
        def one(value):
            if isinstance(value, dict):
                made = {name: one(each) for name, each in value.items()}
                return {name: each for name, each in made.items() if each is not GONE}
            if isinstance(value, list):
                return [made for made in (one(each) for each in value) if made is not GONE]
            return change(value)

        return one(resource)

    return fault


def _objects(change):
    return lambda resource, _: _walk(resource, change)


def _without(*names):
    return _objects(lambda each: {name: value for name, value in each.items() if name not in names})


def _decimals(change):
    return _leaves(lambda value: change(value) if isinstance(value, Decimal) else value)


def _texts(pattern, change):
    compiled = re.compile(pattern)
    return _leaves(lambda value: compiled.sub(change, value) if isinstance(value, str) else value)


def _alternate(kind):
    """Leave out extensions with a value of one type."""
    return _objects(lambda each: GONE if kind in each and "url" in each else each)


def _strata(gone):
    def change(each):
        if "stratum" in each:
            return {**each, "stratum": [stratum for stratum in each["stratum"] if not gone(stratum)]}
        return each

    return _objects(change)


def _renamed(old, new):
    def change(parameters, _):
        return {new if name == old else name: value for name, value in parameters.items()}

    return change


def _added(**more):
    return lambda parameters, _: {**parameters, **{name.replace("__", ":"): value for name, value in more.items()}}


def _changed(name, change):
    def fault(parameters, _):
        return {key: change(value) if key == name else value for key, value in parameters.items()}

    return fault


def _left_out(*names):
    return lambda parameters, _: {name: value for name, value in parameters.items() if name not in names}


def _url(change):
    """A fault of every request's URL."""

    def fault(request, _):
        return httpx.Request(request.method, change(str(request.url)), headers=request.headers, content=request.content)

    return fault


def _headers(**named):
    def fault(request, _):
        for name, value in named.items():
            request.headers[name.replace("_", "-")] = value
        return request

    return fault


def _quietly(act):
    """Something that is done after the task, whatever comes of it."""

    def fault(_, client):
        try:
            act(client)
        except SystemExit:
            return

    return fault


def _again(url, client):
    for _ in range(4):
        client.get(urljoin(f"{client.base}/", url))
    return url


def _tired():
    """Give up after many answers, or an endless client would never end."""
    count = [0]

    def fault(resource, _):
        count[0] += 1
        if count[0] > 25:
            count[0] = 0
            raise SystemExit("tired")
        return resource

    return fault


def _records(change):
    """Change each metric and each stratum."""
    return _objects(lambda each: change(each) if "code" in each or "stratum" in each or "value" in each else each)


def _with_zero(record):
    """A metric or stratum whose score is given as zero; anything else as it is."""
    is_record = "id" in record or isinstance(record.get("value"), dict)
    return {**record, "measureScore": {"value": Decimal(0)}} if is_record else record


def _periods(change):
    return lambda resource, _: {**resource, "period": change(resource["period"])} if "period" in resource else resource


def _sent(change):
    """A fault of what is sent."""

    def fault(request, _):
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        return httpx.Request(request.method, request.url, headers=headers, content=change(request.content))

    return fault


def _entries(change):
    """A fault of those entries of a transaction that bring no resource."""

    def fault(bundle, client):
        entries = [each if "resource" in each else change(each, client) for each in bundle["entry"]]
        return {**bundle, "entry": entries}

    return fault


def _another(client):
    """A report that the task does not name."""
    found, _ = client.search({"type": "MeasureReport"})
    return next(each for each in (f"MeasureReport/{one['id']}" for one in found) if each != client.task["resource"])


def _delete_others(_, client):
    for each in client.search({"type": "MeasureReport"})[0]:
        client.request("DELETE", f"MeasureReport/{each['id']}")


def _next_ones_score(resource, _):
    groups = resource.get("group", [])
    scores = [each.get("measureScore") for each in groups]
    return {**resource, "group": [{**each, "measureScore": scores[at - 1]} for at, each in enumerate(groups)]}


def _show_twice(_, client):
    client.shown = [*client.shown, *client.shown]


def _show_the_last_alone(_, client):
    client.beside = []


def _show_also_all(_, client):
    client.shown += client.search({"type": "MeasureReport"})[0]


def _fault(name, says, turns, **more):
    known = {each.name for each in fields(ClientFault)}
    options = {key: more.pop(key) for key in list(more) if key in known}
    return ClientFault(name, says, tuple(turns.split()), changes=more, **options)


_ALL_SCORES = "decimals/scores"
CLIENT_FAULTS = [
    # requests
    _fault(
        "parameter-misspelt",
        "a parameter is misspelt",
        "plain/requests",
        parameters=_renamed("subject-organization", "subject-organisation"),
    ),
    _fault(
        "parameter-of-element",
        "an element's name stands for a parameter",
        "search-evaluated-resource/requests",
        parameters=_renamed("evaluated-resource", "evaluatedResources"),
    ),
    _fault(
        "prefix-unknown",
        "a prefix that there is not",
        "search-period/requests",
        parameters=_changed("period", lambda value: f"after{value}"),
    ),
    _fault(
        "date-american",
        "a date in American form",
        "search-date/requests",
        parameters=_changed("date", lambda _: "07/21/2025"),
    ),
    _fault(
        "date-without-zone-escape",
        "the + of a zone is not escaped",
        "search-date/requests",
        request=_url(lambda url: url.replace("date=2025-07", "date=ge2025-07-01T00:00:00+02:00")),
    ),
    _fault(
        "modifier-unknown",
        "a modifier that there is not",
        "search-status/requests",
        parameters=_renamed("status", "status:exactly"),
    ),
    _fault(
        "modifier-of-another-type",
        "a modifier of strings for a token",
        "search-identifier/requests",
        parameters=_renamed("identifier", "identifier:contains"),
    ),
    _fault(
        "missing-maybe",
        ":missing has another value than true or false",
        "search-status/requests",
        parameters=lambda _, __: {"status:missing": "maybe"},
    ),
    _fault(
        "escaped-twice",
        "a value is escaped twice",
        "search-identifier/requests",
        request=_url(lambda url: url.replace("%7C", "%257C")),
    ),
    _fault(
        "system-dropped",
        "a token is sent without its system",
        "search-identifier/nothing-else",
        parameters=_changed("identifier", lambda value: value.rpartition("|")[2]),
    ),
    _fault(
        "search-as-json",
        "a search by POST is sent as JSON",
        "plain/requests",
        request=lambda request, _: (
            httpx.Request(
                "POST",
                f"{str(request.url).partition('?')[0]}/_search",
                headers={"Accept": "application/fhir+json", "Content-Type": "application/json"},
                content=json.dumps(dict(request.url.params)),
            )
            if "period=" in str(request.url) and request.method == "GET"
            else request
        ),
    ),
    _fault("value-empty", "a parameter without a value", "plain/requests", parameters=_added(reporter="")),
    _fault(
        "type-plural",
        "a resource type in the plural",
        "plain/requests",
        request=_url(lambda url: url.replace("/MeasureReport?", "/MeasureReports?")),
    ),
    _fault(
        "type-lower-case",
        "a resource type in small letters",
        "report/requests",
        request=_url(lambda url: url.replace("/MeasureReport/", "/measurereport/")),
    ),
    _fault(
        "absolute-appended",
        "an absolute URL is put behind the base",
        "absolute-reporter/requests",
        reference=lambda url, client: f"{client.base}/{url}" if url.startswith("http") else url,
    ),
    _fault(
        "next-unescaped",
        "links to other pages are unescaped",
        "opaque-next/paging",
        next=lambda url, _: unquote(url),
    ),
    _fault(
        "two-slashes",
        "base and path are joined with two slashes",
        "report/requests",
        request=_url(lambda url: url.replace("/fhir/", "/fhir//")),
    ),
    _fault("accepts-html", "asks for a web page", "plain/requests", request=_headers(accept="text/html")),
    _fault("format-unknown", "a format that there is not", "plain/requests", parameters=_added(_format="yaml")),
    _fault("count-negative", "less than no entries", "plain/requests", parameters=_added(_count="-5")),
    _fault("sort-like-sql", "an order as in SQL", "plain/requests", parameters=_added(_sort="date desc")),
    _fault("summary-unknown", "a summary that there is not", "plain/requests", parameters=_added(_summary="short")),
    _fault(
        "include-by-path",
        "an include by the path of an element",
        "with-cited/requests",
        parameters=_changed("_include", lambda _: "MeasureReport.evaluatedResource"),
    ),
    _fault(
        "chain-unknown",
        "a chain to a parameter that there is not",
        "plain/requests",
        parameters=lambda parameters, _: {**parameters, "reporter:Organization.nam": "x"},
    ),
    _fault("etag-bare", "a version instead of an ETag", "report/requests", request=_headers(If_None_Match="1")),
    _fault(
        "since-iso",
        "If-Modified-Since is no HTTP date",
        "report/requests",
        request=_headers(If_Modified_Since="2025-07-01"),
    ),
    _fault(
        "history-since-a-year",
        "_since is no instant",
        "versions/requests",
        request=_url(lambda url: f"{url}?_since=2025" if url.endswith("_history") else url),
    ),
    _fault(
        "read-with-search",
        "a read with a search parameter",
        "report/requests",
        request=_url(lambda url: f"{url}?status=complete" if "MeasureReport/" in url else url),
    ),
    _fault(
        "base-asked",
        "the base itself is asked",
        "plain/requests",
        after=_quietly(lambda client: client.request("GET", client.base)),
    ),
    _fault(
        "outside-base",
        "something beside the base is asked",
        "plain/within-base",
        after=_quietly(lambda client: client.request("GET", urljoin(client.base, "/fhir/metadata"))),
    ),
    _fault(
        "base-without-fhir",
        "the base without its last step is asked",
        "plain/within-base",
        after=_quietly(lambda client: client.request("GET", f"{client.base.removesuffix('/fhir')}/MeasureReport")),
    ),
    # bodies and conditions
    _fault(
        "condition-without-parameter",
        "If-None-Exist without a parameter",
        "create-unless-there/requests",
        headers=lambda named: {**named, **({"If-None-Exist": "new"} if "If-None-Exist" in named else {})},
    ),
    _fault(
        "condition-misspelt",
        "If-None-Exist by a parameter that there is not",
        "create-unless-there/requests",
        headers=lambda named: {**named, **({"If-None-Exist": "identifer=a|b"} if "If-None-Exist" in named else {})},
    ),
    _fault(
        "body-as-plain-json",
        "a resource is sent as application/json",
        "create-unless-there/requests",
        headers=lambda named: {**named, "Content-Type": "application/json"},
    ),
    _fault(
        "body-invalid",
        "a report without its status is sent",
        "create-unless-there/requests",
        body=lambda resource, _: {name: each for name, each in resource.items() if name != "status"},
    ),
    _fault(
        "body-of-another-type",
        "a Measure is sent where reports are",
        "create-unless-there/requests",
        body=lambda resource, _: {**resource, "resourceType": "Measure"},
    ),
    _fault(
        "body-unprofiled-subject",
        "a report without the organization that it is about",
        "create-unless-there/requests",
        body=lambda resource, _: {name: each for name, each in resource.items() if name != "subject"},
    ),
    _fault(
        "patch-as-json",
        "a patch is sent as application/json",
        "patch/requests",
        headers=lambda named: {**named, "Content-Type": "application/json"},
    ),
    _fault(
        "transaction-of-another-type",
        "a Bundle that cannot be carried out",
        "transaction/requests",
        body=lambda bundle, _: {**bundle, "type": "collection"},
    ),
    # pages, patience
    _fault(
        "first-page-only",
        "only the first page is read",
        "pages-of-one/delivered pages-of-one/shown opaque-next/delivered relative-next/delivered",
        next=lambda _, __: None,
    ),
    _fault("page-again-and-again", "a page is read five times", "pages-of-one/paging", next=_again),
    _fault(
        "next-with-more",
        "something is added to the link",
        "pages-of-one/paging",
        next=lambda url, _: f"{url}&_count=50",
    ),
    _fault(
        "next-guessed",
        "the link is made up",
        "pages-of-one/requests pages-of-one/delivered",
        next=lambda _, client: f"{client.base}/MeasureReport?page=2&_count=1",
    ),
    _fault("endless", "paging has no end", "looping-pages/paging", endless=True, answer=_tired()),
    _fault(
        "storm",
        "what fails is repeated without end",
        "plain/patience",
        tries=12,
        after=_quietly(lambda client: client.request("GET", "MeasureReport/nobody-named-this")),
    ),
    _fault(
        "impatient", "Retry-After is ignored", "too-many-once/patience unavailable-once/patience", tries=3, waits=False
    ),
    _fault(
        "made-up-id",
        "an id that nobody named is read",
        "plain/requests",
        after=_quietly(lambda client: client.request("GET", "MeasureReport/nobody-named-this")),
    ),
    # references
    _fault(
        "contained-at-base",
        "what is contained is asked for at the base",
        "contained-reporter/requests",
        reference=lambda url, client: f"{client.base}/" if url.startswith("#") else url,
    ),
    _fault(
        "contained-as-id",
        "what is contained is read by its id",
        "contained-reporter/requests",
        reference=lambda url, _: f"Organization/{url[1:]}" if url.startswith("#") else url,
    ),
    _fault(
        "logical-as-id",
        "an identifier is read as an id",
        "logical-reporter/requests",
        reference=lambda url, _: url or "Organization/PLAN-7KQ4WZ2",
    ),
    _fault(
        "logical-dropped",
        "a reference by identifier is dropped",
        "logical-reporter/reporter",
        show=_objects(
            lambda each: (
                {name: value for name, value in each.items() if name != "reporter"}
                if "reference" not in each.get("reporter", {})
                else each
            )
        ),
    ),
    _fault(
        "reporter-dropped",
        "who reports is dropped",
        "report/reporter contained-reporter/reporter",
        show=_without("reporter", "contained"),
        after=lambda _, client: client.beside.clear(),
    ),
    # values
    _fault(
        "rounded",
        "decimals are rounded to two places",
        f"{_ALL_SCORES} exponents/scores",
        show=_decimals(lambda value: round(value, 2)),
    ),
    _fault("cut-to-integers", "decimals are cut to whole numbers", f"{_ALL_SCORES} plain/scores", show=_decimals(int)),
    _fault(
        "binary",
        "decimals have the noise of binary fractions",
        _ALL_SCORES,
        show=_decimals(lambda value: value + Decimal("0.0000000000000004")),
    ),
    _fault(
        "zero-absent",
        "zero is taken for absent",
        "zero-scores/scores",
        show=_leaves(lambda value: GONE if not isinstance(value, bool) and value == 0 else value),
    ),
    _fault(
        "false-absent",
        "false is taken for absent",
        "alternate-scores/scores",
        show=_leaves(lambda value: GONE if value is False else value),
    ),
    _fault("minus-lost", "a minus is lost", "negative-scores/scores", show=_decimals(abs)),
    _fault(
        "negative-dropped",
        "what is below zero is dropped",
        "negative-scores/scores",
        show=_leaves(lambda value: GONE if isinstance(value, Decimal) and value < 0 else value),
    ),
    _fault(
        "exponent-lost",
        "an exponent is lost",
        "exponents/scores",
        show=_decimals(lambda value: value.scaleb(-value.adjusted()) if value else value),
    ),
    _fault(
        "day-made-up", "a month becomes its first day", "partial-dates/dates", show=_texts(r"^(\d{4}-\d\d)$", r"\1-01")
    ),
    _fault(
        "midnight-made-up",
        "a day becomes midnight",
        "report/reporter",
        show=_texts(r"^(\d{4}-\d\d-\d\d)$", r"\1T00:00:00Z"),
    ),
    _fault("day-before", "a day becomes the day before", "report/reporter", show=_texts(r"^2025-07-21$", "2025-07-20")),
    _fault(
        "zone-lost", "a time zone is lost", "times/dates", show=_texts(r"([T]\d\d:\d\d:\d\d)([+-]\d\d:\d\d)$", r"\1")
    ),
    _fault("time-lost", "a time of day is lost", "times/dates", show=_texts(r"T\d\d:\d\d:\d\d[+-]\d\d:\d\d$", "")),
    _fault(
        "end-made-up", "an open period gets an end and loses its start", "open-period/dates", show=_without("start")
    ),
    _fault("start-made-up", "an open period is given its end alone", "open-start/dates", show=_without("end", "date")),
    _fault("day-of-a-year", "a year becomes its first day", "years/dates", show=_texts(r"^(20\d\d)$", r"\1-01-01")),
    _fault(
        "twenty-only",
        "no more than twenty are shown",
        "many-reports/shown",
        after=lambda _, client: client.shown.__delitem__(slice(20, None)),
    ),
    _fault(
        "contract-ignored",
        "reports under other contracts are shown",
        "search-measure/nothing-else",
        parameters=_left_out("measure"),
    ),
    _fault(
        "status-ignored",
        "any status is shown",
        "search-status/nothing-else",
        parameters=_left_out("status"),
    ),
    _fault(
        "category-ignored",
        "reports of any guide are shown",
        "search-category/nothing-else",
        parameters=_left_out("category"),
    ),
    _fault(
        "date-ignored-retry", "the date of Retry-After is ignored", "unavailable-until/patience", tries=3, waits=False
    ),
    _fault("endless-429", "what is refused is asked for ever", "too-many-always/patience", tries=12, waits=False),
    _fault("unit-dropped", "units are dropped", "units/units", show=_without("unit", "code", "system")),
    _fault("comparator-dropped", "a limit is shown as the score", "comparators/scores", show=_without("comparator")),
    _fault("title-alone", "of a contract only the title is shown", "contract/period", show=_without("effectivePeriod")),
    _fault("currency-dropped", "currencies are dropped", "alternate-scores/scores", show=_without("currency")),
    *(
        _fault(
            f"alternate-{kind[5:].lower()}-dropped",
            f"a score given as {kind} is dropped",
            "alternate-scores/scores",
            show=_alternate(kind),
        )
        for kind in ("valueMoney", "valueCodeableConcept", "valueInteger", "valueDecimal", "valueBoolean")
    ),
    _fault(
        "alternates-dropped",
        "every score that is no quantity is dropped",
        "alternate-scores/scores",
        show=_without("extension"),
    ),
    _fault(
        "by-component-dropped",
        "strata by components are dropped",
        "strata/by-component",
        show=_strata(lambda stratum: "component" in stratum),
    ),
    _fault(
        "by-value-dropped",
        "strata by value are dropped",
        "strata/by-value",
        show=_strata(lambda stratum: "value" in stratum),
    ),
    _fault(
        "component-code-dropped",
        "of components only the values are shown",
        "strata/by-component",
        show=_objects(
            lambda each: (
                {**each, "component": [{"value": one["value"]} for one in each["component"]]}
                if "component" in each
                else each
            )
        ),
    ),
    _fault("strata-dropped", "strata are dropped", "strata/by-value strata/by-component", show=_without("stratifier")),
    _fault(
        "listed-twice",
        "what it has found is shown twice",
        "plain/shown pages-of-one/shown",
        after=_show_twice,
    ),
    _fault(
        "scores-exchanged",
        "each metric has the score of the next one",
        "decimals/scores plain/scores",
        show=_next_ones_score,
    ),
    _fault(
        "absent-as-zero",
        "a score that is absent is shown as zero",
        "absent-score/absent strata-without-scores/absent",
        show=_records(lambda each: each if "value" in each.get("measureScore", {}) else _with_zero(each)),
    ),
    _fault(
        "end-of-an-open-period",
        "a period that goes on is given an end",
        "open-period/dates",
        show=_periods(lambda each: {**each, "end": each.get("end", "9999-12-31")}),
    ),
    _fault(
        "ends-exchanged",
        "a period is shown from its end to its start",
        "report/reporter partial-dates/dates",
        show=_periods(lambda each: {**each, "start": each.get("end"), "end": each.get("start")}),
    ),
    _fault(
        "start-of-an-open-period",
        "a period without a start is given one",
        "open-start/dates",
        show=_periods(lambda each: {"start": "1900-01-01", **each}),
    ),
    _fault(
        "percent-times-100",
        "percent are taken for a ratio",
        "units/units",
        show=_objects(lambda each: {**each, "value": each["value"] * 100} if each.get("code") == "%" else each),
    ),
    _fault(
        "percent-as-ratio",
        "percent are shown as a ratio",
        "units/units",
        show=_objects(
            lambda each: (
                {**each, "value": each["value"] / 100, "unit": "", "code": ""} if each.get("code") == "%" else each
            )
        ),
    ),
    _fault(
        "metric-dropped",
        "the last metric is dropped",
        "plain/scores",
        show=lambda resource, _: {**resource, "group": resource.get("group", [])[:-1]},
    ),
    _fault(
        "modifier-ignored",
        "a modifier extension is ignored",
        "modifier-extension/withheld",
        show=_without("modifierExtension"),
    ),
    # what is listed
    _fault(
        "pending-dropped",
        "reports that are pending are dropped",
        "plain/shown search-category/shown",
        show=lambda resource, _: None if resource.get("status") == "pending" else resource,
    ),
    _fault("year-ignored", "reports of other years are shown", "plain/nothing-else", parameters=_left_out("period")),
    _fault(
        "organization-ignored",
        "reports about others are shown",
        "plain/nothing-else",
        parameters=_left_out("subject-organization"),
    ),
    _fault(
        "includes-as-matches",
        "what is included is shown as found",
        "with-cited/not-a-match more-entries/nothing-else",
        modes=frozenset({"include"}),
    ),
    _fault(
        "outcome-as-match", "an outcome is shown as a report", "more-entries/nothing-else", modes=frozenset({"outcome"})
    ),
    _fault("any-contract", "any contract is shown", "contract/nothing-else", parameters=_left_out("url", "version")),
    _fault("all-as-cited", "every report is shown as cited", "cited/nothing-else", after=_show_also_all),
    _fault(
        "last-version-only",
        "of a history the first entry is read",
        "versions/versions contract-by-id/versions",
        request=_url(lambda url: f"{url}?_count=1" if url.endswith("_history") else url),
        next=lambda _, __: None,
    ),
    _fault(
        "last-version-shown",
        "of all versions the last alone is shown",
        "versions/versions-shown",
        after=_show_the_last_alone,
    ),
    _fault(
        "token-to-anybody",
        "every host gets the token",
        "next-elsewhere/token references-elsewhere/token",
        request=lambda request, client: (
            request.headers.__setitem__("Authorization", f"Bearer {client.token or 'none'}"),
            request,
        )[1],
    ),
    # what is written
    _fault(
        "writes-otherwise",
        "another status is written",
        "update-what-matches/left",
        body=lambda resource, _: {**resource, "status": "error"},
    ),
    _fault(
        "writes-less",
        "of what is sent the extensions are left out",
        "create-unless-there/left transaction/left",
        body=_without("extension"),
    ),
    _fault(
        "patches-otherwise",
        "another status is patched",
        "patch/left",
        request=_sent(lambda content: content.replace(b'"complete"', b'"error"')),
    ),
    _fault(
        "deletes-too-much",
        "what was not meant is deleted besides",
        "delete-what-matches/left batch/left",
        after=_delete_others,
    ),
    _fault(
        "deletes-by-status",
        "all that are pending are deleted",
        "delete-what-matches/left",
        request=_url(lambda url: f"{url.partition('?')[0]}?status=pending" if "identifier=" in url else url),
    ),
    _fault(
        "deletes-again",
        "a deletion that was accepted is asked for again and again",
        "delete-accepted/patience",
        after=lambda _, client: [client.do_delete_what_matches() for _ in range(10)],
    ),
    _fault(
        "deletes-another",
        "another one than was meant is deleted",
        "transaction/left",
        body=_entries(lambda each, client: {**each, "request": {**each["request"], "url": _another(client)}}),
    ),
    _fault(
        "finds-nothing",
        "another question is asked",
        "",
        request=_url(
            lambda url: f"{url.partition('/fhir')[0]}/fhir/MeasureReport?identifier=nowhere" if "/fhir" in url else url
        ),
    ),
]
