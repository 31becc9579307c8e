"""What is wrong with a request by itself: the grammar of R4's REST API, held against the definitions of the edition.

https://hl7.org/fhir/R4/http.html and https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.fhir.json_codec import loads
from vbpr_conformance.fhir.resource_ids import RESOURCE_ID
from vbpr_conformance.fhir.search_index import ParameterDefinition
from vbpr_conformance.fhir.search_match import MODIFIERS
from vbpr_conformance.fhir.search_values import ParameterName
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.observe.recording import RequestIssue
from vbpr_conformance.observe.search_value_rules import date_issues, value_issues, wrong
from vbpr_conformance.reference import served
from vbpr_conformance.reference.content import FORM
from vbpr_conformance.validate.validator import Validator

_TYPE_NAMES = "http://hl7.org/fhir/ValueSet/resource-types"
_RESULT_PARAMETERS = frozenset(
    {
        "_sort", "_count", "_include", "_revinclude", "_summary", "_total", "_elements", "_contained",
        "_containedType", "_format", "_pretty", "_type", "_text", "_content", "_list", "_has", "_query",
        "_filter", "_since", "_at", "_id", "_lastUpdated", "_tag", "_profile", "_security", "_source",
    }
)  # fmt: skip
_HISTORY_PARAMETERS = frozenset(
    {"_count", "_since", "_at", "_list", "_format", "_pretty", "_sort", "_summary", "_elements"}
)
_READ_PARAMETERS = frozenset({"_format", "_pretty", "_summary", "_elements"})
_SUMMARY = frozenset({"true", "text", "data", "count", "false"})
_TOTAL = frozenset({"none", "estimate", "accurate"})
_ACCEPTED = re.compile(
    r"(application|\*)/(fhir\+json|fhir\+xml|json|xml|json\+fhir|xml\+fhir|\*)|text/(json|xml)|\*", re.IGNORECASE
)
_FORMATS = re.compile(r"(application/)?(fhir\+)?(json|xml)(; ?fhirVersion=[\d.]+)?|text/(json|xml)", re.IGNORECASE)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_TWICE = re.compile(r"%(?:2[0-9A-Fa-f]|3[A-Fa-f]|7[Cc]|5[Cc])")
_BARE = re.compile(r"[^\x21-\x7e]|[\"<>`]")
_RARE = re.compile(r"[\\^{|}]")
"""What a URL does not hold and browsers send all the same."""
_ETAG = re.compile(r'(W/)?"[^"]*"')
_PATCH_TYPES = frozenset(
    {"application/json-patch+json", "application/xml-patch+xml", "application/fhir+json", "application/fhir+xml"}
)
_CLOSE = 0.75


@dataclass(frozen=True)
class AskedRequest:
    """A request as it arrived: `target` is path and query below the base, undecoded; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path, undecoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query, undecoded."""
        return self.target.partition("?")[2]

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The steps of the path, decoded, without empty ones at its ends."""
        return tuple(unquote(each) for each in self.path.strip("/").split("/")) if self.path.strip("/") else ()

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The parameters of the query, decoded, in order."""
        return decoded(self.query)


def decoded(query: str) -> list[tuple[str, str]]:
    """Read a query or a form: `+` is a space."""
    found = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            found.append((unquote(name.replace("+", " ")), unquote(value.replace("+", " "))))
    return found


class RequestRules:
    """The rules, for one edition. `stated_as` are parameter names that its statement uses by mistake: tolerated."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._validator = Validator(edition)
        types = edition.value_set(_TYPE_NAMES)
        self._types = {code for _, code in types.codes} if types is not None else set()
        self._known: dict[str, dict[str, Any]] = {}
        self._served = served.types(edition)
        self._stated_as = {each.stated_as for each in edition.requirements if each.stated_as}

    def parameters(self, resource_type: str) -> dict[str, Any]:
        """The search parameters of a type; none for a type that the edition does not define."""
        if resource_type not in self._known:
            self._known[resource_type] = (
                served.parameters(self._edition, resource_type) if resource_type in self._served else {}
            )
        return self._known[resource_type]

    def issues(self, asked: AskedRequest, interaction: str) -> list[RequestIssue]:
        """Everything that is wrong with a request; `interaction` is FHIR's name for it, empty if it has none."""
        found = [*self._path(asked, interaction), *self._escaping(asked), *self._formats(asked), *self._headers(asked)]
        if interaction in {
            "search-type",
            "search-system",
            "conditional-update",
            "conditional-delete",
            "conditional-patch",
        }:
            found += self._search(
                asked.steps[0] if asked.steps and asked.steps[0] != "_search" else "", asked.parameters
            )
            if asked.method == "POST":
                found += self._form(asked)
        elif interaction.startswith("history"):
            found += self._only(asked, _HISTORY_PARAMETERS, "a history")
        elif interaction in {"read", "vread"}:
            found += self._only(asked, _READ_PARAMETERS, "a read")
        if asked.method in {"POST", "PUT"} and interaction not in {"search-type", "search-system"}:
            found += self._body(asked, interaction)
        if asked.method == "PATCH":
            found += self._patch(asked)
        return found

    def _form(self, asked: AskedRequest) -> list[RequestIssue]:
        """https://hl7.org/fhir/R4/http.html#search: the parameters of a search by POST are those of a form."""
        media = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
        if asked.body.strip() and media != FORM:
            return [wrong("format", f"Content-Type: {media or 'none'}; a search by POST is sent as {FORM}")]
        return list(self._search(asked.steps[0] if len(asked.steps) > 1 else "", decoded(_text(asked.body))))

    def _path(self, asked: AskedRequest, interaction: str) -> Iterator[RequestIssue]:
        if "://" in asked.path:
            yield wrong("path", f"{asked.path}: an absolute URL was put behind the base")
        elif "//" in asked.path:
            yield wrong("path", f"the path {asked.path} has an empty step: base and path were joined with two slashes")
        if not asked.steps:
            if asked.method == "GET" and not asked.query:
                yield wrong("path", "GET of the base itself is no interaction: a type, an id or parameters are missing")
            return
        name = asked.steps[0]
        if name.startswith(("_", "$", ".well-known")) or name == "metadata":
            return
        if self._types and name not in self._types:
            close = difflib.get_close_matches(name, self._types, 1, 0.6) or [
                each for each in self._types if each.lower() == name.lower()
            ]
            yield wrong("path", f"{name} is no resource type of R4{f'; did you mean {close[0]}?' if close else ''}")
        elif (
            len(asked.steps) > 1
            and not asked.steps[1].startswith(("_", "$"))
            and not RESOURCE_ID.fullmatch(asked.steps[1])
        ):
            yield wrong("path", f"{asked.steps[1]!r} is no id: letters, digits, - and ., at most 64")
        elif not interaction:
            yield wrong("path", f"{asked.method} {asked.path} is no interaction of R4")

    def _escaping(self, asked: AskedRequest) -> Iterator[RequestIssue]:
        bare = _BARE.search(asked.target)
        if bare:
            yield wrong("escaping", f"{bare[0]!r} stands unescaped in {asked.target}")
        rare = _RARE.search(asked.target)
        if rare and not bare:
            text = f"{rare[0]!r} stands unescaped in {asked.target}: RFC 3986 has it as %{ord(rare[0]):02X}"
            yield RequestIssue("escaping", is_error=False, message=text)
        bad = _BAD_ESCAPE.search(asked.target)
        if bad:
            yield wrong("escaping", f"% without two hexadecimal digits in {asked.target}")
        for name, value in asked.parameters:
            if _TWICE.search(value) or _TWICE.search(name):
                yield wrong("escaping", f"{name}={value} is escaped twice")

    def _formats(self, asked: AskedRequest) -> Iterator[RequestIssue]:
        accept = asked.headers.get("accept", "")
        ranges = [each.partition(";")[0].strip() for each in accept.split(",") if each.strip()]
        override = [value for name, value in asked.parameters if name == "_format"]
        token_place = asked.steps[:1] == (".well-known",)
        if ranges and not override and not token_place and not any(_ACCEPTED.fullmatch(each) for each in ranges):
            yield wrong("format", f"Accept: {accept} asks for no format of FHIR")
        for each in override:
            if not _FORMATS.fullmatch(each.replace(" ", "+")):
                yield wrong("format", f"_format={each} is no format of FHIR")
        charset = re.search(r"charset=\"?([\w-]+)", asked.headers.get("content-type", ""), re.IGNORECASE)
        if charset and charset[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
            yield wrong("format", f"FHIR is always UTF-8, not {charset[1]}")

    def _headers(self, asked: AskedRequest) -> Iterator[RequestIssue]:
        for name in ("if-match", "if-none-match"):
            value = asked.headers.get(name)
            if value and value != "*" and not all(_ETAG.fullmatch(each.strip()) for each in value.split(",")):
                yield wrong("conditional", f'{name.title()}: {value} is no ETag: W/"version" is expected')
        since = asked.headers.get("if-modified-since")
        if since:
            try:
                parsedate_to_datetime(since)
            except (ValueError, TypeError):
                yield wrong("conditional", f"If-Modified-Since: {since} is no HTTP date")
        condition = asked.headers.get("if-none-exist")
        if condition is not None:
            query = condition.partition("?")[2] if "?" in condition else condition
            if "=" not in query:
                yield wrong("conditional", f"If-None-Exist: {condition} holds no search parameters")
            elif asked.steps:
                yield from self._search(asked.steps[0], decoded(query))

    def _only(self, asked: AskedRequest, known: Iterable[str], what: str) -> Iterator[RequestIssue]:
        for name, value in asked.parameters:
            if name not in known:
                yield wrong("parameter", f"{name} is no parameter of {what}")
            elif name == "_since" and not re.fullmatch(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+ -]\d\d:\d\d)", value
            ):
                yield wrong("value", f"{name}={value} is no instant: date, time to the second and zone are expected")
            else:
                yield from self._result(name, value)

    def _search(self, resource_type: str, parameters: list[tuple[str, str]]) -> Iterator[RequestIssue]:
        for name, value in parameters:
            code = re.split(r"[:.]", name)[0]
            if code in _RESULT_PARAMETERS and code not in self.parameters(resource_type):
                yield from (
                    self._include(name, value) if code in {"_include", "_revinclude"} else self._result(code, value)
                )
                continue
            if not resource_type:
                continue
            known = self.parameters(resource_type)
            if not known:
                continue
            yield from self._parameter(resource_type, known, name, value)

    def _parameter(self, resource_type: str, known: Mapping[str, Any], name: str, value: str) -> Iterator[RequestIssue]:
        parts = ParameterName.parse(name)
        definition = known.get(parts.code)
        if definition is None:
            if parts.code in self._stated_as:
                text = f"{parts.code} is the name in the guide's statement; the parameter's code is another"
                yield RequestIssue("parameter", is_error=False, message=text)
                return
            close = difflib.get_close_matches(parts.code, known, 1, _CLOSE)
            hint = f"; did you mean {close[0]}?" if close else ""
            yield wrong("parameter", f"{resource_type} has no search parameter {parts.code!r}{hint}")
            return
        if not value:
            yield wrong("value", f"{name} has no value")
            return
        yield from self._modifier(definition, parts, name)
        if parts.chain is None:
            yield from value_issues(definition, parts.modifier, name, value)
        else:
            targets = [parts.modifier] if parts.modifier else list(definition.targets)
            code = ParameterName.parse(parts.chain).code
            checked = [each for each in targets if self.parameters(each)]
            if definition.type != "reference":
                yield wrong("parameter", f"{name}: only reference parameters can be chained")
            elif checked and not any(code in self.parameters(each) for each in checked):
                yield wrong("parameter", f"{name}: none of {', '.join(checked)} has a search parameter {code!r}")

    def _modifier(self, definition: ParameterDefinition, parts: ParameterName, name: str) -> Iterator[RequestIssue]:
        if parts.modifier is None or parts.modifier == "missing":
            return
        if parts.modifier in MODIFIERS.get(definition.type, frozenset()):
            return
        if definition.type == "reference" and (parts.modifier in self._types or not self._types):
            return
        yield wrong("modifier", f"{name}: a {definition.type} parameter has no modifier :{parts.modifier}")

    def _include(self, name: str, value: str) -> Iterator[RequestIssue]:
        if value == "*":
            return
        source, _, rest = value.partition(":")
        code = rest.partition(":")[0]
        known = self.parameters(source)
        if source not in self._types or not code:
            yield wrong("parameter", f"{name}={value}: Type:parameter is expected")
        elif known and code != "*" and (code not in known or known[code].type != "reference"):
            if code in self._stated_as:
                yield RequestIssue("parameter", is_error=False, message=f"{value}: {code} is not the parameter's code")
            else:
                yield wrong("parameter", f"{name}={value}: {source} has no reference parameter {code!r}")

    def _result(self, name: str, value: str) -> Iterator[RequestIssue]:
        refused = {
            "_count": not (value.isascii() and value.isdigit()),
            "_summary": value not in _SUMMARY,
            "_total": value not in _TOTAL,
            "_sort": not value or any(not re.fullmatch(r"-?[A-Za-z_][\w-]*", each) for each in value.split(",")),
        }
        if refused.get(name):
            yield wrong("value", f"{name}={value} has no value that {name} may have")
        if name == "_lastUpdated":
            yield from date_issues(name, value)

    def _body(self, asked: AskedRequest, interaction: str) -> Iterator[RequestIssue]:
        media = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media not in {"application/fhir+json", "application/fhir+xml"}:
            yield wrong(
                "format", f"Content-Type: {media or 'none'}; a resource is sent as application/fhir+json or +xml"
            )
        resource = self._resource(asked, media)
        if not isinstance(resource, dict):
            yield wrong("body", f"the body of {asked.method} {asked.path} is no resource: {resource}")
            return
        expected = "Bundle" if interaction in {"transaction", "batch"} else (asked.steps[0] if asked.steps else "")
        if resource.get("resourceType") != expected:
            yield wrong(
                "body", f"the body is a {resource.get('resourceType')}, {expected} was expected at {asked.path}"
            )
            return
        if interaction == "update" and resource.get("id") != asked.steps[1]:
            yield wrong("body", f"the id in the body is {resource.get('id')!r}, that in the path {asked.steps[1]!r}")
        if expected == "Bundle" and resource.get("type") not in {"transaction", "batch"}:
            yield wrong("body", f"a Bundle of type {resource.get('type')} cannot be carried out")
        for issue in self._validator.issues(resource):
            if issue.is_error:
                yield wrong("body", f"{issue.expression}: {issue.message}")

    def _resource(self, asked: AskedRequest, media: str) -> Any:
        try:
            if "xml" in media or asked.body.lstrip()[:1] == b"<":
                from vbpr_conformance.fhir.xml_codec import loads as from_xml  # noqa: PLC0415  JSON alone needs no lxml

                return from_xml(asked.body, self._edition.structure)
            return loads(asked.body)
        except FormatError as error:
            return str(error)

    def _patch(self, asked: AskedRequest) -> Iterator[RequestIssue]:
        media = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media not in _PATCH_TYPES:
            yield wrong("format", f"Content-Type: {media or 'none'}; a patch is sent as application/json-patch+json")
            return
        if media == "application/json-patch+json":
            try:
                patch = loads(asked.body)
            except FormatError as error:
                yield wrong("body", f"the patch is no JSON: {error}")
                return
            if not isinstance(patch, list) or not all(
                isinstance(each, dict) and "op" in each and "path" in each for each in patch
            ):
                yield wrong("body", "a JSON Patch is a list of operations with op and path (RFC 6902)")


def _text(body: bytes) -> str:
    return body.decode("latin-1")
