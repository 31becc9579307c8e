"""The server behind the socket: what it holds, and the way of a request through it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import SearchParameter
from vbpr_conformance.reference import served
from vbpr_conformance.reference.access.access_control import AccessControl, authorize
from vbpr_conformance.reference.behaviour import Behaviour
from vbpr_conformance.reference.http_messages import Request, Response
from vbpr_conformance.reference.indexing import Indexer
from vbpr_conformance.reference.problems import ProblemError, issue, outcome
from vbpr_conformance.reference.store import Store, StoredVersion
from vbpr_conformance.validate.issue import is_valid
from vbpr_conformance.validate.validation_outcome import operation_outcome as validation_outcome
from vbpr_conformance.validate.validator import validator_for

"""https://hl7.org/fhir/R4/datatypes.html#id"""

Handler = Callable[["Server", Request], Response]
_log = logging.getLogger(__name__)


class Server:
    """An edition served from a store."""

    def __init__(
        self, edition: Edition, store: Store, behaviour: Behaviour | None = None, *, validate: bool = True
    ) -> None:
        self.edition = edition
        self.store = store
        self.behaviour = behaviour or Behaviour()
        self.types: tuple[str, ...] = edition.owned(served.types)
        self.parameters: Mapping[str, Mapping[str, SearchParameter]] = edition.owned(served.parameters_of_types)
        self.indexer = edition.owned(_indexer)
        store.add_params(self.indexer.names)
        self._validator = validator_for(edition) if validate else None
        self.access: AccessControl | None = None
        self._route: Callable[[Request], Handler] | None = None
        self._bring_index_up_to_date()

    def route_with(self, route: Callable[[Request], Handler]) -> None:
        """Say who finds the handler of a request."""
        self._route = route

    def answer(self, request: Request) -> Response:
        """Carry out a request; whatever happens, the answer is a FHIR answer."""
        try:
            response = self._carried_out(request)
        except ProblemError as problem:
            response = self.refused(request, problem)
        except Exception:  # noqa: BLE001  # whatever breaks down, the client gets a FHIR answer; it is logged
            _log.exception("%s /%s", request.method, "/".join(request.steps))
            response = Response(500, {}, outcome([issue("exception", "the server broke down over this request")]))
        return response

    def refused(self, request: Request, problem: ProblemError) -> Response:
        """Say why a request is not carried out."""
        response = Response(problem.status, problem.headers, problem.resource)
        for change in self.behaviour.refusal:
            response = change(request, response)
        return response

    def _carried_out(self, request: Request) -> Response:
        if self._route is None:
            raise LookupError("no routes")
        handler = self._route(request)
        if self.access is not None:
            self._let_in(self.access, request)
        for step in self.behaviour.request:
            changed = step(self.store, request)
            if isinstance(changed, Response):
                return changed
            if changed is not request:
                request = changed
                handler = self._route(request)
        response = handler(self, request)
        for change in self.behaviour.response:
            response = change(request, response)
        return response

    def _let_in(self, access: AccessControl, request: Request) -> None:
        try:
            authorize(access, request, self.behaviour)
        except ProblemError as problem:
            row = self.store.current(request.type, request.id) if self.behaviour.refusals_tell_data else None
            if row is not None and row.body is not None:
                problem.issues[0]["diagnostics"] = row.body
            raise

    def check(self, resource: dict[str, Any]) -> None:
        """Refuse a resource that breaks a rule of its profiles or of its type.

        https://hl7.org/fhir/R4/http.html#create
        """
        if self._validator is None or not self.behaviour.validates:
            return
        found = self.found_in(resource)
        if found:
            raise ProblemError(422, "the resource is not valid", issues=found)

    def found_in(self, resource: dict[str, Any]) -> list[dict[str, Any]]:
        """Give the issues of an OperationOutcome about a resource that breaks a rule; none for one that is valid."""
        found = self._validator.issues(resource) if self._validator is not None else []
        return [] if is_valid(found) else list(validation_outcome(found)["issue"])

    def put(
        self, resource: dict[str, Any], request: Request, resource_id: str, previous: StoredVersion | None
    ) -> StoredVersion:
        """Store a checked resource as the next version of `Type/id`."""
        now = timestamp()
        version = self._next_version(previous)
        meta = dict(resource.get("meta") or {}) | {"versionId": version, "lastUpdated": now}
        whole = {"resourceType": resource["resourceType"], "id": resource_id, "meta": meta}
        whole |= {name: value for name, value in resource.items() if name not in whole}
        for change in self.behaviour.stored:
            whole = change(whole)
        index = self.indexer.rows(whole, request.base)
        for alter in self.behaviour.index:
            index = alter(whole["resourceType"], index)
        if previous is not None and self._index_stays(request):
            index = self.store.index_of(previous)
        row = StoredVersion(
            0, whole["resourceType"], resource_id, version, now, request.method, json_codec.dumps(whole)
        )
        if request.interaction == self.behaviour.forgets and (previous is None) is (request.interaction == "create"):
            return row
        return self.store.add(row, index, previous)

    def _index_stays(self, request: Request) -> bool:
        stays = self.behaviour.index_stays_for
        return stays in {"*", request.interaction} or (stays == "bundle" and request.in_bundle)

    def _next_version(self, previous: StoredVersion | None) -> str:
        if self.behaviour.uuid_versions:
            return str(uuid.uuid4())
        return str(int(previous.version) + 1 if previous else 1)

    def remove(self, row: StoredVersion) -> StoredVersion:
        """Store the deletion of a resource as its next version."""
        version = self._next_version(row)
        return self.store.add(StoredVersion(0, row.type, row.id, version, timestamp(), "DELETE", None), (), row)

    def show(self, row: StoredVersion, base: str) -> str:
        """Give the JSON text of a stored resource as it is sent."""
        if not self.behaviour.sent:
            return row.text
        resource = json_codec.loads(row.text)
        for change in self.behaviour.sent:
            resource = change(base, resource)
        return json_codec.dumps(resource)

    def alive(self, reference: str) -> bool:
        """Whether `Type/id` is here and not deleted."""
        resource_type, _, resource_id = reference.partition("/")
        row = self.store.current(resource_type, resource_id)
        return row is not None and row.body is not None

    def _bring_index_up_to_date(self) -> None:
        """Index a file anew that was written under another edition or by another way of indexing."""
        signature = self.indexer.signature
        if self.store.setting("index") == signature:
            return
        with self.store.transaction():
            for row in self.store.living():
                self.store.reindex(row, self.indexer.rows(json_codec.loads(row.text), ""))
            self.store.set_setting("index", signature)


def timestamp() -> str:
    """Give the present moment as an instant."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def known_type(server: Server, name: str) -> None:
    """Refuse a resource type that is not served.

    https://hl7.org/fhir/R4/http.html#read
    """
    if name not in server.types:
        raise ProblemError(404, f"{name} is not served here: {_listed(server.types)} are")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _indexer(edition: Edition) -> Indexer:
    return Indexer(edition, edition.owned(served.parameters_of_types))
