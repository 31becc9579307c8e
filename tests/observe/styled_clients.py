"""More clients that do every task rightly: each gets at the data in a way of its own, and shows it in a way of its own.

They are the ways that R4 leaves to clients and the ways that programs put out what they know, one class each.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from decimal import Decimal
from urllib.parse import quote, urljoin

from reading_client import ReadingClient

from vbpr_conformance.fhir import xml_codec
from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.ig.loader import load_edition

XML = "application/fhir+xml"
_STRUCTURE = load_edition("1.1.0").structure
_ALTERNATE = "alternate-measurescore"
_GERMAN = str.maketrans(",.", ".,")


# How the data is got.


class PostingClient(ReadingClient):
    """Searches by POST only; what it knows the reference of, it searches by `_id`."""

    def get(self, url, parameters=None):
        path = url if "://" not in url else ""
        steps = path.split("/")
        if parameters is not None or (path and len(steps) == 1):
            answer = self.request("POST", f"{path}/_search", data=dict(parameters or {}))
        else:
            answer = self.request("GET", url)
        return self.fault.answer(self, json.loads(answer.content, parse_float=Decimal))


class XmlClient(ReadingClient):
    """Speaks XML and nothing else."""

    def get(self, url, parameters=None):
        answer = self.request("GET", url, params=parameters or None, headers={"Accept": XML})
        if not answer.headers["content-type"].startswith(XML):
            raise SystemExit(f"{url}: no XML")
        return xml_codec.loads(answer.content, _STRUCTURE)


class ReadAllClient(ReadingClient):
    """Reads everything of a type, page by page, and chooses by itself."""

    def search(self, parameters):
        wanted = dict(parameters)
        kind = wanted.pop("type")
        wanted.pop("profile", None)
        found = []
        for page in self.pages(kind):
            found += [
                each["resource"]
                for each in page.get("entry", ())
                if each.get("search", {}).get("mode", "match") == "match"
            ]
        kept = [each for each in found if all(self.meets(each, *one) for one in wanted.items() if one[0] != "_include")]
        cited = {
            self.below(one["reference"])
            for each in kept
            for one in each.get("evaluatedResource", ())
            if "reference" in one
        }
        return kept, [each for each in found if f"{kind}/{each['id']}" in cited]

    def below(self, reference):
        """A reference as it stands below the base."""
        return reference.removeprefix(f"{self.base}/")

    def meets(self, each, code, value):
        """Whether a resource meets a criterion."""
        extensions = {one["url"].rpartition("/")[2]: one for one in each.get("extension", ())}
        if code in {"date", "_lastUpdated"}:
            return each.get("date", "").startswith(value)
        if code == "period":
            period = each.get("period", {})
            return period.get("start", "0") <= f"{value}-12-31" and period.get("end", "9")[:4] >= value
        if code == "identifier":
            system, _, token = value.partition("|")
            return any((one.get("system"), one.get("value")) == (system, token) for one in each.get("identifier", ()))
        if code in {"measure", "url"}:
            return each.get("measure", each.get("url", "")).partition("|")[0] == value
        if code == "category":
            concept = extensions.get("measurereport-category", {}).get("valueCodeableConcept", {})
            return value.partition("|")[2] in {one.get("code") for one in concept.get("coding", ())}
        if code == "subject-organization":
            inner = each.get("subject", {}).get("extension", ())
            return value in {self.below(one.get("valueReference", {}).get("reference", "")) for one in inner}
        if code == "evaluated-resource":
            return value in {
                self.below(one.get("reference", "")) for one in each.get("evaluatedResource", ()) if "reference" in one
            }
        held = each.get(code)
        return self.below(held.get("reference", "")) == value if isinstance(held, dict) else held == value


class BatchClient(ReadingClient):
    """Puts every read and first page into a batch of its own."""

    def get(self, url, parameters=None):
        if "://" in url or "_page" in url:
            return super().get(url, parameters)
        query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in (parameters or {}).items())
        entry = [{"request": {"method": "GET", "url": f"{url}?{query}" if query else url}}]
        bundle = json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entry})
        answer = self.request("POST", self.base, content=bundle, headers={"Content-Type": "application/fhir+json"})
        inner = json.loads(answer.content, parse_float=Decimal)["entry"][0]
        if "resource" not in inner:
            raise SystemExit(f"{url}: {inner['response']['status']}")
        return inner["resource"]


class ThoroughClient(ReadingClient):
    """Asks for the capabilities first, sorts, counts, includes, asks again by what it knows, uses absolute URLs."""

    def do(self):
        self.get("metadata")
        super().do()

    def get(self, url, parameters=None):
        if url == "metadata" or parameters is None or "_include" in parameters:
            return super().get(urljoin(f"{self.base}/", url), parameters)
        more = {"_sort": "-_lastUpdated", "_count": "20", "_total": "accurate", "_format": "json"}
        if url == "MeasureReport":
            more["_include"] = "MeasureReport:reporter"
        return super().get(f"{self.base}/{url}", {**parameters, **more})

    def resolve(self, reference, holder):
        found = super().resolve(reference, holder)
        url = reference.get("reference", "")
        if found is not None and url and not url.startswith("#"):
            headers = {"If-None-Match": f'W/"{found["meta"]["versionId"]}"'}
            self.http.get(urljoin(f"{self.base}/", url), headers={"Accept": "application/fhir+json", **headers})
        return found


class OneByOneClient(ReadingClient):
    """Asks for the ids alone and reads each resource by its id; versions by their number, one after the other."""

    def search(self, parameters):
        found, included = super().search(parameters)
        return [self.get(f"{each['resourceType']}/{each['id']}") for each in found], included

    def do_versions(self):
        reference = self.task["resource"]
        self.shown = [self.get(reference)]
        entries = [entry for page in self.pages(f"{reference}/_history") for entry in page.get("entry", ())]
        for each in entries:
            version = each["resource"]["meta"]["versionId"]
            self.beside.append(self.get(f"{reference}/_history/{version}"))


class BrowsingClient(ReadingClient):
    """Looks around before it does the task: other types, histories, a report that is not there, other criteria."""

    def do(self):
        for url in ("metadata", "MeasureReport?_summary=count", "MeasureReport/_history", "Organization", "_history"):
            self.request("GET", url)
        super().do()


# How it is shown.


LIMITS = {"<": "(less than this)", ">=": "(at least)"}


def score_of(group):
    """The score of a group as a text with its unit; nothing where there is none."""
    score = group.get("measureScore", {})
    for each in score.get("extension", ()):
        if each["url"].endswith(_ALTERNATE):
            return _alternate(each)
    if "value" not in score:
        return ""
    return (
        f"{score['value']} {score.get('unit', score.get('code', ''))} {LIMITS.get(score.get('comparator'), '')}".strip()
    )


def _alternate(extension):
    kind, value = next((name, each) for name, each in extension.items() if name.startswith("value"))
    if kind == "valueMoney":
        return f"{value['value']} {value['currency']}"
    if kind == "valueCodeableConcept":
        return concept(value)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def concept(value):
    """A concept as it is said."""
    return value.get("text") or next((each.get("display", each.get("code")) for each in value.get("coding", ())), "")


def name_of(reference, client, holder):
    """Who a reference means, as far as the client has found out."""
    url = reference.get("reference", "")
    inside = {f"#{each['id']}": each for each in holder.get("contained", ())}
    around = {f"{each['resourceType']}/{each['id']}": each for each in client.beside}
    found = inside.get(url) or around.get("/".join(url.partition("/_history")[0].split("/")[-2:]))
    name = found.get("name", "") if found else ""
    said = reference.get("display") or (name if isinstance(name, str) else "")
    return f"{said} {reference.get('identifier', {}).get('value', '')} {url}".strip()


def rows_of(resource, client):
    """What there is to say of a resource: pairs of a label and a text."""
    rows = [("id", resource["id"])]
    rows += [("identifier", each["value"]) for each in resource.get("identifier", ()) if "value" in each]
    rows += [
        (name, resource[name])
        for name in ("status", "title", "name", "url", "version", "measure", "date")
        if isinstance(resource.get(name), str)
    ]
    period = resource.get("period") or resource.get("effectivePeriod")
    if period:
        rows.append(("period", f"{period.get('start', '…')} .. {period.get('end', 'open')}"))
    if "reporter" in resource:
        rows.append(("from", name_of(resource["reporter"], client, resource)))
    for each in resource.get("subject", {}).get("extension", ()):
        if "valueReference" in each:
            rows.append(("about", name_of(each["valueReference"], client, resource)))
    rows += [("cites", each.get("reference", "")) for each in resource.get("evaluatedResource", ())]
    return rows


def metrics_of(resource):
    """The metrics of a report: each with what it is called and its score; strata follow theirs."""
    for group in resource.get("group", ()):
        if group.get("modifierExtension"):
            continue
        called = concept(group.get("code", {})) or group.get("id", "")
        yield called, score_of(group)
        for stratifier in group.get("stratifier", ()):
            for each in stratifier.get("stratum", ()):
                said = [concept(each["value"])] if "value" in each else []
                said += [f"{concept(one['code'])} {concept(one['value'])}" for one in each.get("component", ())]
                yield ", ".join(said) or each["id"], score_of(each)


def leaves(value, path=""):
    """Every plain value of a resource, with its path."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}[{index}]")
    else:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


class _Shown:
    """What is shown, whatever the way: the resources of the task, as far as a modifier does not forbid it."""

    @property
    def whole(self):
        """Whether the task asks for everything."""
        return self.task["do"] == "find-all"

    def all_shown(self):
        """The resources of the task, with their versions where these are asked for."""
        shown = self.beside if self.task["do"] == "versions" else self.shown
        made = [self.fault.show(self, each) for each in shown]
        return [each for each in made if each is not None]


class TextScreen(_Shown):
    """Lines of text, as on a terminal."""

    def output(self):
        lines = []
        for each in self.all_shown():
            lines.append(f"== {each['resourceType']} {each['id']}")
            if self.whole:
                lines += [f"  {path}: {value}" for path, value in leaves(each)]
                continue
            lines += [f"  {label}: {value}" for label, value in rows_of(each, self)]
            lines += [f"    {called}: {score or 'not given'}" for called, score in metrics_of(each)]
        return self.fault.written("\n".join(lines) + "\n")


class CsvFile(_Shown):
    """One table of comma-separated values: a row for each metric."""

    def output(self):
        made = io.StringIO()
        writer = csv.writer(made)
        writer.writerow(["report", "what", "value"])
        for each in self.all_shown():
            rows = list(leaves(each)) if self.whole else [*rows_of(each, self), *metrics_of(each)]
            for label, value in rows:
                writer.writerow([each["id"], label, value])
        return self.fault.written(made.getvalue())


class WebPage(_Shown):
    """A page: a section for each resource with its facts, and a table of its metrics."""

    def output(self):
        parts = []
        for each in self.all_shown():
            facts = leaves(each) if self.whole else rows_of(each, self)
            said = "".join(f"<dt>{html.escape(label)}</dt><dd>{html.escape(value)}</dd>" for label, value in facts)
            metrics = "".join(
                f"<tr><th>{html.escape(called)}</th><td>{html.escape(score) or '(none)'}</td></tr>"
                for called, score in (() if self.whole else metrics_of(each))
            )
            parts.append(f"<section><h2>{each['id']}</h2><dl>{said}</dl><table>{metrics}</table></section>")
        return self.fault.written(f"<!doctype html><html><title>Reports</title><body>{''.join(parts)}</body></html>")


class OwnModel(_Shown):
    """JSON of the program's own making, with names that are not FHIR's."""

    def output(self):
        found = []
        for each in self.all_shown():
            if self.whole:
                found.append({"key": each["id"], "facts": dict(leaves(each))})
                continue
            own = {}
            for label, value in rows_of(each, self):
                own.setdefault(label, value)
            own["metrics"] = [{"metric": called, "score": score or None} for called, score in metrics_of(each)]
            found.append(own)
        return self.fault.written(json.dumps({"items": found, "count": len(found)}, ensure_ascii=False))


class GermanScreen(_Shown):
    """Text with numbers and dates as they are written in German."""

    def output(self):
        lines = []
        for each in self.all_shown():
            lines.append(f"Bericht {each['id']}")
            if self.whole:
                lines += [f"  {path}: {value}" for path, value in leaves(each)]
                continue
            for label, value in rows_of(each, self):
                lines.append(f"  {label}: {' .. '.join(_german_date(part) for part in value.split(' .. '))}")
            lines += [f"    {called}: {_german(score) or 'keine Angabe'}" for called, score in metrics_of(each)]
        return self.fault.written("\n".join(lines))


def _german_date(text):
    day = text.split("-")
    if len(text) == 10 and len(day) == 3 and all(part.isdigit() for part in day):
        return f"{day[2]}.{day[1]}.{day[0]}"
    return f"{day[1]}/{day[0]}" if len(text) == 7 and len(day) == 2 and text.replace("-", "").isdigit() else text


def _german(score):
    number, _, unit = score.partition(" ")
    try:
        return f"{Decimal(number):,f} {unit}".translate(_GERMAN).strip()
    except ArithmeticError:
        return {"yes": "ja", "no": "nein"}.get(score, score)


class XmlDump(_Shown):
    """The resources in FHIR's XML, one document for all of them."""

    def output(self):
        entries = [{"resource": each} for each in self.all_shown() if not _modified(each)]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        return self.fault.written(_as_xml(bundle))


def _as_xml(value):
    """In XML, without elements that R4 has not."""
    while True:
        try:
            return xml_codec.dumps(value, _STRUCTURE).decode()
        except FormatError as error:
            value = _without(value, re.search(r"'(\w+)' is no element", str(error))[1])


def _without(value, name):
    if isinstance(value, list):
        return [_without(each, name) for each in value]
    return (
        {key: _without(each, name) for key, each in value.items() if key != name} if isinstance(value, dict) else value
    )


def _modified(each):
    return any(group.get("modifierExtension") for group in each.get("group", ()))


class PostingText(TextScreen, PostingClient):
    """POST only, and text."""


class XmlPage(WebPage, XmlClient):
    """XML only, and a page."""


class ReadAllCsv(CsvFile, ReadAllClient):
    """Reads everything, and a table."""


class BatchModel(OwnModel, BatchClient):
    """Batches, and a model of its own."""


class ThoroughGerman(GermanScreen, ThoroughClient):
    """Thorough, and German."""


class OneByOneXml(XmlDump, OneByOneClient):
    """One by one, and XML."""


class BrowsingText(TextScreen, BrowsingClient):
    """Browses, and text."""


class TextOfFaults(TextScreen, ReadingClient):
    """The plain client, that shows what it has as text."""


class TableOfFaults(CsvFile, ReadingClient):
    """The plain client, that shows what it has as a table."""


class PageOfFaults(WebPage, ReadingClient):
    """The plain client, that shows what it has as a page."""


FAULTY_STYLES = (TextOfFaults, TableOfFaults, PageOfFaults)
"""Ways to show in which single faults are to be told as well."""
STYLES = (PostingText, XmlPage, ReadAllCsv, BatchModel, ThoroughGerman, OneByOneXml, BrowsingText)
