"""Habits that R4 leaves to each server: none of them breaks a rule, so no check may take offence at one."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.reference.behaviour import Behaviour, Change, Resource
from vbpr_conformance.reference.faults.fault import at
from vbpr_conformance.reference.faults.hooks import without_headers
from vbpr_conformance.reference.http_messages import Request, Response
from vbpr_conformance.reference.literal_references import literal_references, local_key, redirected

if TYPE_CHECKING:
    from vbpr_conformance.reference.server import Server

_ZERO_OFFSET = re.compile(r"^(\d{4}-\d\d-\d\dT[\d:.]+)\+00:00$")


@dataclass(frozen=True)
class Variation:
    """One variation: `description` says what the server does, in a user's words."""

    name: str
    description: str
    change: Change


def find_variation(name: str) -> Variation:
    """Find a variation by its name."""
    if name not in PERMITTED_VARIATIONS:
        raise UsageError(f"there is no variation {name}: {', '.join(PERMITTED_VARIATIONS)} are known")
    return PERMITTED_VARIATIONS[name]


def _with(**choices: Any) -> Change:
    return lambda behaviour: replace(behaviour, **choices)


def _new_uuid(*_: object) -> str:
    return str(uuid.uuid4())


def _absolute_references(base: str, resource: Resource) -> Resource:
    """https://hl7.org/fhir/R4/references.html#literal."""
    keys = {each: local_key(each, "") for each in literal_references(resource)}
    found: Resource = redirected(resource, {each: f"{base}/{each}" for each, key in keys.items() if key is not None})
    return found


def _more_meta(_: str, resource: Resource) -> Resource:
    tag = {"system": "http://example.org/partitions", "code": "default"}
    meta = resource["meta"] | {"source": "#1f2e3d4c", "tag": [*resource["meta"].get("tag", ()), tag]}
    return resource | {"meta": meta}


def _narrative(_: str, resource: Resource) -> Resource:
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">generated</div>'}
    return {"resourceType": resource["resourceType"], "text": text} | resource


def _bundle(edit: Callable[[str, Resource], Resource]) -> Change:
    return at(bundle=edit)


def _without_sort(_: Server, asked: Request) -> Request:
    """https://hl7.org/fhir/R4/search.html#sort."""
    if all(name != "_sort" for name, _ in asked.query):
        return asked
    return replace(asked, query=[pair for pair in asked.query if pair[0] != "_sort"])


def _without_total(_: str, bundle: Resource) -> Resource:
    return {name: each for name, each in bundle.items() if name != "total"}


def _relative_links(base: str, bundle: Resource) -> Resource:
    """https://hl7.org/fhir/R4/http.html#paging (links are URLs; relative ones are taken against the base)."""
    host = base.rpartition("/")[0]
    links = [each | {"url": each["url"].removeprefix(host)} for each in bundle["link"]]
    return bundle | {"link": links}


def _more_entries(base: str, bundle: Resource) -> Resource:
    if bundle["type"] != "searchset":
        return bundle
    said = {"severity": "information", "code": "informational", "diagnostics": "searched"}
    outcome = {"resource": {"resourceType": "OperationOutcome", "issue": [said]}, "search": {"mode": "outcome"}}
    group = {"resourceType": "Group", "id": "not-asked-for", "type": "practitioner", "actual": True}
    include = {"fullUrl": f"{base}/Group/not-asked-for", "resource": group, "search": {"mode": "include"}}
    return bundle | {"entry": [*bundle.get("entry", ()), include, outcome]}


def _deleted_unknown(request: Request, answer: Response) -> Response:
    """Forget that a resource ever was: https://hl7.org/fhir/R4/http.html#read leaves 410 to those who keep track."""
    if answer.status == 410 and request.interaction == "read":  # noqa: PLR2004  # gone
        answer.status = 404
    return answer


def _delete_with_outcome(request: Request, answer: Response) -> Response:
    if request.interaction != "delete":
        return answer
    said = {"severity": "information", "code": "informational", "diagnostics": "deleted"}
    return replace(answer, status=200, resource={"resourceType": "OperationOutcome", "issue": [said]})


def _upper_headers(request: Request, answer: Response) -> Response:
    if request.in_bundle:  # an entry has no headers of its own
        return answer
    return replace(answer, headers={name.upper(): text for name, text in answer.headers.items()})


def _never_unchanged(behaviour: Behaviour) -> Behaviour:
    """https://hl7.org/fhir/R4/http.html#cread leaves it to the server to answer 304."""

    def said(statement: Resource) -> Resource:
        rest = [
            each | {"resource": [one | {"conditionalRead": "not-supported"} for one in each["resource"]]}
            for each in statement["rest"]
        ]
        return statement | {"rest": rest}

    overlooked = without_headers("if-none-match", "if-modified-since")
    return overlooked(behaviour).also(capabilities=said)


def _zero_offset_as_z(resource: Resource) -> Resource:
    """Both are the same offset: https://hl7.org/fhir/R4/datatypes.html#dateTime."""

    def written(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: written(each) for name, each in value.items()}
        if isinstance(value, list):
            return [written(each) for each in value]
        return _ZERO_OFFSET.sub(r"\1Z", value) if isinstance(value, str) else value

    found: Resource = written(resource)
    return found


def _members_sorted(_: str, resource: Resource) -> Resource:
    def ordered(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: ordered(value[name]) for name in sorted(value)}
        return [ordered(each) for each in value] if isinstance(value, list) else value

    found: Resource = ordered(resource)
    return found


def _own_ids(behaviour: Behaviour) -> Behaviour:
    return replace(behaviour, update_as_create=False)


_ALL = (
    Variation("own-ids-only", "ids are given by the server: an update of what is not there is refused", _own_ids),
    Variation("uuid-ids", "ids are UUIDs", _with(new_id=_new_uuid)),
    Variation("uuid-versions", "versions are UUIDs", _with(new_version=_new_uuid)),
    Variation("absolute-references", "references come back as absolute URLs", at(outgoing=_absolute_references)),
    Variation("no-total", "searchsets have no total", _bundle(_without_total)),
    Variation("gzip", "answers are compressed if the client takes that", _with(gzip=True)),
    Variation("pretty", "JSON is written with line breaks", _with(pretty=True)),
    Variation("sorted-members", "members of objects are sorted by name", at(outgoing=_members_sorted)),
    Variation(
        "unchanged-no-version", "an update that changes nothing makes no version", _with(unchanged_keeps_version=True)
    ),
    Variation(
        "references-must-exist", "references to what is not there are refused", _with(references_must_exist=True)
    ),
    Variation("small-pages", "a page has at most five entries", _with(most_per_page=5)),
    Variation(
        "unknown-parameter-refused", "unknown search parameters are refused", _with(unknown_parameter_refused=True)
    ),
    Variation("relative-links", "links in Bundles are relative to the host", _bundle(_relative_links)),
    Variation("unsorted", "_sort is ignored", at(request=_without_sort)),
    Variation(
        "more-entries", "searchsets hold an include and an outcome that nobody asked for", _bundle(_more_entries)
    ),
    Variation("more-meta", "resources come back with a source and a tag more", at(outgoing=_more_meta)),
    Variation("narrative", "resources without narrative come back with one", at(outgoing=_narrative)),
    Variation("prefer-ignored", "Prefer: return is ignored", _with(preferences=False)),
    Variation("minimal", "writes are answered without the resource", _with(minimal=True)),
    Variation("no-410", "what was deleted is unknown", at(refusal=_deleted_unknown)),
    Variation(
        "delete-with-outcome", "delete is answered 200 with an OperationOutcome", at(response=_delete_with_outcome)
    ),
    Variation("unvalidated", "what is no valid resource is taken too", _with(validates=False)),
    Variation("always-in-full", "a read that asks for what has changed is always answered in full", _never_unchanged),
    Variation("zero-offset-as-z", "times with the offset +00:00 come back with Z", at(incoming=_zero_offset_as_z)),
    Variation("upper-case-headers", "names of headers are in upper case", at(response=_upper_headers)),
)
PERMITTED_VARIATIONS = {each.name: each for each in _ALL}
"""All variations by name."""
