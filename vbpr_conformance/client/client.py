"""The FHIR REST client: one method for each interaction of https://hl7.org/fhir/R4/http.html.

Every method gives the `Exchange`, whatever the status: what an answer means is judged elsewhere. A request without an
answer raises `NoAnswerError`, one that cannot be made of what the server named `UnusableUrlError`. Nothing is ever sent
to another host than that of the base URL.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self
from urllib.parse import quote, unquote

import httpx

from vbpr_conformance import __version__
from vbpr_conformance.client.answer_body import ACCEPT_ENCODING
from vbpr_conformance.client.client_errors import NoAnswerError, UnusableUrlError
from vbpr_conformance.client.connection import Connection
from vbpr_conformance.client.created import CreatedResources
from vbpr_conformance.client.credentials import Credentials, basic
from vbpr_conformance.client.paging import PagingLimits, follow
from vbpr_conformance.client.redact import Redactor, Secret
from vbpr_conformance.client.sending import Sender, open_transport
from vbpr_conformance.client.side_doors import HasSideDoors, SideDoor, open_side_door, side_door_options, side_door_url
from vbpr_conformance.client.unsent_request import header_bytes, unsent_request
from vbpr_conformance.client.urls import Parameters, checked_base, origin, query, with_query
from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.json_codec import dumps
from vbpr_conformance.fhir.type_structure import Structure
from vbpr_conformance.rest.curl import curl_line
from vbpr_conformance.rest.exchange import Exchange

JSON = "application/fhir+json"
XML = "application/fhir+xml"
JSON_PATCH = "application/json-patch+json"
FORM = "application/x-www-form-urlencoded"
_FRESH = {"Cache-Control": "no-cache"}
"""Some servers answer an equal search from a result they kept, unless asked not to."""

_USUAL = Connection()

Resource = Mapping[str, Any]
Fields = Mapping[str, str]


class FhirClient:
    """A client for one server. `structure` is needed for XML; `transport` replaces the network in tests.

    `headers` go with every request, and their values are taken for secrets. `recorder` is called with each exchange,
    redirects, waits and requests for tokens included. `created` is the register of what the client creates, in memory
    if none is given. `secrets` are masked wherever they turn up, as those of the credentials are.
    """

    def __init__(  # noqa: PLR0913  each is a setting of its own
        self,
        base_url: str,
        *,
        credentials: Credentials | None = None,
        headers: Fields | None = None,
        connection: Connection = _USUAL,
        secrets: Collection[Secret] = (),
        recorder: Callable[[Exchange], None] | None = None,
        created: CreatedResources | None = None,
        structure: Structure | None = None,
        media_type: str = JSON,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._root, user, password = checked_base(base_url)
        self.base_url = self._root.rstrip("/")
        """The base URL without a slash at its end, and without credentials."""
        self._paging = PagingLimits()
        self.requests = 0
        """How many requests were sent."""
        if credentials is None and user is not None:
            credentials = basic(unquote(user), unquote(password or ""))
        self.credentials = credentials
        """How the client is let in, None where it shows nothing."""
        self._own_headers = {
            "User-Agent": f"vbpr-conformance/{__version__}",
            "Accept": media_type,
            "Accept-Encoding": ACCEPT_ENCODING,
            **(headers or {}),
        }
        self._media_type = media_type
        self._structure = structure
        self._recorder = recorder
        self.created = created or CreatedResources.in_memory(self.base_url)
        """The register of what this client creates."""
        self._connection = connection
        self._transport = transport or open_transport(self.base_url, connection, credentials)
        self._redactor = Redactor(
            lambda: [*secrets, *(credentials.secrets if credentials is not None else ())], headers
        )
        self._sender = Sender(
            self._transport, connection, credentials, self._redactor, record=self._record, structure=structure
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections, and the journal of its register: it goes where nothing is left of what was created."""
        self._transport.close()
        self.created.release()

    def limit(self, seconds: float | None) -> None:
        """Let no request end later than so many seconds from now; None takes the limit away."""
        self._sender.limit(seconds)

    @property
    def pace_note(self) -> str:
        """What there is to say of how often the server let itself be asked, empty where nothing is."""
        return self._sender.pace.note

    def request(  # noqa: PLR0913  the parts of a request
        self,
        method: str,
        path: str,
        *,
        body: Resource | Sequence[Any] | bytes | str | None = None,
        params: Parameters | None = None,
        headers: Fields | None = None,
        interaction: str = "request",
    ) -> Exchange:
        """Send any request; `path` is below the base or an absolute URL of this server.

        A resource is written in the format that `Content-Type` names, the client's own if it names none.
        """
        sent_headers = header_bytes({**self._own_headers, **(headers or {})})
        content = None
        if body is not None:
            sent_headers.setdefault("Content-Type", self._media_type)
            content = self._content(body, sent_headers["Content-Type"])
        url = with_query(self._url(path), params)
        request = unsent_request(method, url, sent_headers, content)
        noted = self.created.before(method, url, body, sent_headers)
        if noted is None:
            return self._sender.send(interaction, request)
        try:
            exchange = self._sender.send(interaction, request)
        except NoAnswerError as error:
            if not error.sent:
                self.created.nothing_sent(noted)
            raise
        self.created.after(noted, exchange)
        return exchange

    def log_in(self, flow: Generator[httpx.Request, Exchange, Secret]) -> Secret:
        """Get another token than that which lets this client in; raises `LoginError`."""
        return self._sender.log_in(flow)

    def page(self, url: str, *, headers: Fields | None = None) -> Exchange:
        """Get what a link of a Bundle leads to; raises `UsageError` for one to another server."""
        return self.request("GET", url, headers=headers, interaction="page")

    def curl_of_delete(self, reference: str) -> str:
        """The command that deletes a resource (`Type/id`); secrets are variables to be set."""
        try:
            request = unsent_request("DELETE", self._url(reference), header_bytes(self._own_headers))
        except UnusableUrlError as error:
            return f"# {error}"
        return curl_line(self._sender.unsent(request))

    def _record(self, exchange: Exchange) -> None:
        self.requests += 1
        if self._recorder is not None:
            self._recorder(exchange)

    def _url(self, path: str) -> str:
        if "://" in path.partition("?")[0]:
            if origin(path) != origin(self.base_url):
                raise UsageError(f"{path} is not on {self.base_url}: nothing is sent to another server")
            return path
        relative = path.lstrip("/")
        if not relative or relative.startswith("?"):
            return self._root + relative
        return f"{self.base_url}/{relative}"

    def _content(self, body: Resource | Sequence[Any] | bytes | str, media_type: str) -> bytes:
        if isinstance(body, bytes):
            return body
        if isinstance(body, str):
            return body.encode()
        if "xml" in media_type and isinstance(body, Mapping):
            from vbpr_conformance.fhir.xml_codec import dumps as to_xml  # noqa: PLC0415  JSON alone needs no lxml

            if self._structure is None:
                raise UsageError("a resource cannot be sent as XML: no structure of the types was given")
            return to_xml(dict(body), self._structure)
        return dumps(body).encode()

    # ---- interactions with one resource

    def read(
        self, kind: str, identity: str, *, headers: Fields | None = None, params: Parameters | None = None
    ) -> Exchange:
        """Read a resource."""
        return self.request("GET", _path(kind, identity), params=params, headers=headers, interaction="read")

    def vread(self, kind: str, identity: str, version: str, *, headers: Fields | None = None) -> Exchange:
        """Read one version of a resource."""
        path = f"{_path(kind, identity)}/_history/{quote(version, safe='')}"
        return self.request("GET", path, headers=headers, interaction="vread")

    def create(self, resource: Resource, *, prefer: str | None = None, headers: Fields | None = None) -> Exchange:
        """Create a resource under an id of the server's; `prefer` is representation, minimal or OperationOutcome."""
        asked = _headers(headers, prefer=prefer)
        return self.request("POST", resource["resourceType"], body=resource, headers=asked, interaction="create")

    def update(
        self,
        resource: Resource,
        *,
        if_match: str | None = None,
        prefer: str | None = None,
        headers: Fields | None = None,
    ) -> Exchange:
        """Update a resource, or create it under its id; `if_match` is the version it must have."""
        path = _path(resource["resourceType"], resource["id"])
        asked = _headers(headers, prefer=prefer, if_match=if_match)
        return self.request("PUT", path, body=resource, headers=asked, interaction="update")

    def patch(
        self,
        kind: str,
        identity: str,
        operations: Sequence[Mapping[str, Any]],
        *,
        if_match: str | None = None,
        headers: Fields | None = None,
    ) -> Exchange:
        """Patch a resource by JSON Patch: https://www.rfc-editor.org/rfc/rfc6902."""
        asked = {"Content-Type": JSON_PATCH, **_headers(headers, if_match=if_match)}
        return self.request("PATCH", _path(kind, identity), body=operations, headers=asked, interaction="patch")

    def delete(
        self, kind: str, identity: str, *, if_match: str | None = None, headers: Fields | None = None
    ) -> Exchange:
        """Delete a resource."""
        asked = _headers(headers, if_match=if_match)
        return self.request("DELETE", _path(kind, identity), headers=asked, interaction="delete")

    # ---- conditional interactions: `where` are search parameters

    def conditional_create(self, resource: Resource, where: Parameters, *, headers: Fields | None = None) -> Exchange:
        """Create a resource unless one matches."""
        asked = {**(headers or {}), "If-None-Exist": query(where)}
        kind = resource["resourceType"]
        return self.request("POST", kind, body=resource, headers=asked, interaction="conditional_create")

    def conditional_update(self, resource: Resource, where: Parameters, *, headers: Fields | None = None) -> Exchange:
        """Update the one resource that matches, or create it."""
        kind = resource["resourceType"]
        return self.request("PUT", kind, body=resource, params=where, headers=headers, interaction="conditional_update")

    def conditional_patch(
        self,
        kind: str,
        operations: Sequence[Mapping[str, Any]],
        where: Parameters,
        *,
        headers: Fields | None = None,
    ) -> Exchange:
        """Patch the one resource that matches."""
        asked = {"Content-Type": JSON_PATCH, **(headers or {})}
        return self.request(
            "PATCH", kind, body=operations, params=where, headers=asked, interaction="conditional_patch"
        )

    def conditional_delete(self, kind: str, where: Parameters, *, headers: Fields | None = None) -> Exchange:
        """Delete what matches."""
        return self.request("DELETE", kind, params=where, headers=headers, interaction="conditional_delete")

    # ---- searches, histories, bundles

    def search(
        self,
        kind: str | None,
        params: Parameters = "",
        *,
        method: str = "GET",
        in_url: Parameters | None = None,
        headers: Fields | None = None,
    ) -> Exchange:
        """Search a type, or all of them where `kind` is None, by GET or by POST of a form, past any cache.

        `in_url` are parameters that stand in the URL of a POST.
        """
        if method.upper() != "POST":
            asked = {**_FRESH, **(headers or {})}
            return self.request("GET", kind or "", params=params, headers=asked, interaction="search")
        asked = {"Content-Type": FORM, **_FRESH, **(headers or {})}
        path = f"{kind}/_search" if kind else "_search"
        return self.request("POST", path, params=in_url, body=query(params), headers=asked, interaction="search")

    def history(
        self,
        kind: str | None = None,
        identity: str | None = None,
        *,
        params: Parameters | None = None,
        headers: Fields | None = None,
    ) -> Exchange:
        """Read the history of a resource, of a type, or of the whole server."""
        above = "/".join(quote(each, safe="") for each in (kind, identity) if each)
        path = f"{above}/_history" if above else "_history"
        return self.request("GET", path, params=params, headers=headers, interaction="history")

    def batch(self, entries: Resource | Iterable[Resource], *, headers: Fields | None = None) -> Exchange:
        """Send entries, or a Bundle as it is, as a batch."""
        return self._bundle("batch", entries, headers)

    def transaction(self, entries: Resource | Iterable[Resource], *, headers: Fields | None = None) -> Exchange:
        """Send entries, or a Bundle as it is, as a transaction."""
        return self._bundle("transaction", entries, headers)

    def _bundle(self, kind: str, entries: Resource | Iterable[Resource], headers: Fields | None) -> Exchange:
        is_whole = isinstance(entries, Mapping)
        bundle = entries if is_whole else {"resourceType": "Bundle", "type": kind, "entry": [*entries]}
        return self.request("POST", "", body=bundle, headers=headers, interaction=kind)  # type: ignore[arg-type]

    def capabilities(self, *, headers: Fields | None = None, params: Parameters | None = None) -> Exchange:
        """Read the CapabilityStatement."""
        return self.request("GET", "metadata", params=params, headers=headers, interaction="capabilities")

    def capabilities_by(self, door: SideDoor) -> Exchange:
        """Ask for the CapabilityStatement by another way than that of the base URL, without anything secret.

        Where nothing answers there, the exchange has the status 0 and says why.
        """
        own = self._transport
        transport = (
            own.side_door(door)
            if isinstance(own, HasSideDoors)
            else open_side_door(self.base_url, door, self._connection, self.credentials)
        )
        sender = Sender(
            transport,
            replace(self._connection, retries=0),
            None,
            self._redactor,
            record=self._record,
            structure=self._structure,
            curl_options=side_door_options(door, self.credentials),
        )
        shown = {name: self._own_headers[name] for name in ("User-Agent", "Accept")}
        try:
            url = f"{side_door_url(self.base_url, door)}/metadata"
            return sender.send("capabilities", unsent_request("GET", url, header_bytes(shown)))
        except NoAnswerError as error:
            return error.exchange
        finally:
            transport.close()

    def pages(self, first: Exchange, aliases: Sequence[str] = ()) -> Iterator[Exchange]:
        """Give the page and those after it; a page that is no Bundle is the last, a wrong link a `PagingError`.

        `aliases` are other base URLs that the server calls itself by, behind a proxy for example.
        """

        def get(url: str) -> Exchange:
            return self.request("GET", url, headers=_accepted(first), interaction="page")

        return follow(first, get, self.base_url, aliases, self._paging)


def _path(kind: str, identity: str) -> str:
    return f"{quote(kind, safe='')}/{quote(identity, safe='')}"


def _accepted(first: Exchange) -> dict[str, str]:
    return {"Accept": first.request_headers["Accept"]} if "Accept" in first.request_headers else {}


def _headers(headers: Fields | None, *, prefer: str | None = None, if_match: str | None = None) -> dict[str, str]:
    made = dict(headers or {})
    if prefer:
        made["Prefer"] = f"return={prefer}"
    if if_match:
        made["If-Match"] = if_match if '"' in if_match else f'W/"{if_match}"'
    return made
