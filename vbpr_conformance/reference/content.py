"""Representations: which one a request is in, which one its answer shall have, and the way between.

https://hl7.org/fhir/R4/http.html#mime-type
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

from vbpr_conformance.fhir import json_codec, xml_codec
from vbpr_conformance.fhir.format_error import FormatError
from vbpr_conformance.reference.http_messages import Pairs, Request, Response, pairs
from vbpr_conformance.reference.problems import ProblemError

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server

JSON = "application/fhir+json"
XML = "application/fhir+xml"
JSON_PATCH = "application/json-patch+json"
FORM = "application/x-www-form-urlencoded"
_MEDIA = {
    "application/fhir+json": "json",
    "application/json": "json",
    "application/json+fhir": "json",
    "text/json": "json",
    "json": "json",
    "application/fhir+xml": "xml",
    "application/xml": "xml",
    "application/xml+fhir": "xml",
    "text/xml": "xml",
    "xml": "xml",
}
_RANGES = {"*/*", "application/*", "*"}


def media_type(header: str) -> str:
    """Give the media type of a header without its parameters."""
    return header.partition(";")[0].strip().lower()


def negotiate(server: Server, request: Request) -> str:
    """Give the format of the answer, json or xml: `_format` over `Accept`; what cannot be served is refused with 406.

    https://hl7.org/fhir/R4/http.html#parameters
    """
    wanted = next((value for name, value in request.query if name == "_format"), "")
    # A `+` of a media type that was not escaped arrives as a space.
    accepted = [media_type(wanted).replace(" ", "+")] if wanted else _by_quality(request.header("accept"))
    for each in accepted:
        found = "json" if each in _RANGES else _MEDIA.get(each)
        if found == "json" or (found == "xml" and server.behaviour.xml):
            return found
    if not accepted:
        return "json"
    raise ProblemError(406, f"cannot answer as {', '.join(accepted)}: {JSON} and {XML} are served")


def _by_quality(accept: str) -> list[str]:
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate(each for each in accept.split(",") if each.strip()):
        quality = 1.0
        for parameter in part.split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        if quality > 0:
            weighed.append((-quality, place, media_type(part)))
    return [each for _, _, each in sorted(weighed)]


def read_resource(server: Server, request: Request) -> dict[str, Any]:
    """Give the resource that a request carries; 415 for another media type, 400 for what is none."""
    if request.in_bundle:
        value = request.resource
    else:
        _not_encoded(request)
        kind = media_type(request.header("content-type"))
        form = _MEDIA.get(kind) if kind else ("xml" if request.body.lstrip()[:1] == b"<" else "json")
        if form is None or (form == "xml" and not server.behaviour.xml):
            raise ProblemError(415, f"cannot read {kind}: {JSON} and {XML} are taken")
        try:
            if form == "json":
                value = json_codec.loads(request.body)
            else:
                value = xml_codec.loads(request.body, server.edition.structure)
        except FormatError as error:
            raise ProblemError(400, str(error), code="structure") from None
    if not isinstance(value, dict):
        raise ProblemError(400, "a resource was expected", code="structure")
    if not isinstance(value.get("resourceType"), str):
        raise ProblemError(400, "a resource was expected: resourceType is missing", code="structure")
    return value


def _not_encoded(request: Request) -> None:
    """Refuse compressed bodies: a small one may unfold to any size.

    https://www.rfc-editor.org/rfc/rfc9110.html#section-8.4-6
    """
    encoding = request.header("content-encoding").strip().lower()
    if encoding not in {"", "identity"}:
        raise ProblemError(
            415, f"the content encoding {encoding} is not taken", headers={"Accept-Encoding": "identity"}
        )


def read_patch(request: Request) -> Any:
    """Give the JSON Patch that a request carries.

    https://hl7.org/fhir/R4/http.html#patch
    """
    _not_encoded(request)
    kind = media_type(request.header("content-type"))
    if kind != JSON_PATCH:
        raise ProblemError(415, f"cannot patch with {kind or 'no media type'}: {JSON_PATCH} is taken")
    try:
        return json_codec.loads(request.body)
    except FormatError as error:
        raise ProblemError(400, str(error), code="structure") from None


def read_form(request: Request) -> Pairs:
    """Give the parameters of a search by POST: those of the URL, then those of the body.

    https://hl7.org/fhir/R4/http.html#search
    """
    kind = media_type(request.header("content-type"))
    if kind and kind != FORM:
        raise ProblemError(415, f"cannot search with {kind}: {FORM} is taken")
    try:
        return request.query + pairs(request.body.decode())
    except UnicodeDecodeError:
        raise ProblemError(400, "the form is not UTF-8", code="structure") from None


def render(server: Server, request: Request, response: Response, form: str) -> bytes:
    """Write the answer in its format and say so in its headers."""
    if not response.has_content:
        return b""
    if form == "xml":
        body = xml_codec.dumps(response.parsed(), server.edition.structure)
        response.headers.setdefault("Content-Type", f"{XML}; charset=utf-8")
    else:
        pretty = server.behaviour.pretty or ("_pretty", "true") in request.query
        text = json_codec.dumps(response.parsed(), indent=2) if pretty else response.json()
        body = text.encode()
        response.headers.setdefault("Content-Type", f"{JSON}; charset=utf-8")
    behaviour = server.behaviour
    if behaviour.gzip_always or (behaviour.gzip and "gzip" in request.header("accept-encoding")):
        response.headers["Content-Encoding"] = "gzip"
        return gzip.compress(body)
    return body
