"""The points at which the server's behaviour can be changed.

By a fault, which breaks a rule, or by a permitted variation, which R4 leaves to each server. The good server runs with
a `Behaviour` that changes nothing. What the points are called here they are called in the tables of `changes`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vbpr_conformance.reference.http_messages import Pairs, Request, Response
from vbpr_conformance.reference.store import IndexRow, Store

Resource = dict[str, Any]


def _short_id() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Behaviour:
    """What happens at each point. The first group are pipelines: each function takes and gives the thing in hand."""

    request: tuple[Callable[[Store, Request], Request | Response], ...] = ()
    """Sees each request, the entries of Bundles included, before it is carried out; may answer it."""
    response: tuple[Callable[[Request, Response], Response], ...] = ()
    """Sees each answer that is no refusal of the server's own making before it is sent."""
    refusal: tuple[Callable[[Request, Response], Response], ...] = ()
    """Sees each answer that refuses a request."""
    format: tuple[Callable[[Request, str], str], ...] = ()
    """Sees the format that was negotiated for the answer, json or xml."""
    query: tuple[Callable[[str, Pairs], Pairs], ...] = ()
    """Sees the search parameters of every search (also those that conditions make) with the resource type."""
    index: tuple[Callable[[str, list[IndexRow]], list[IndexRow]], ...] = ()
    """Sees the index rows of a resource of a type before they are stored."""
    found: tuple[Callable[[str, Pairs, list[int]], list[int]], ...] = ()
    """Sees the matches of a search by a client, all pages of them."""
    page: tuple[Callable[[int, list[int]], list[int]], ...] = ()
    """Sees the matches that one page shows, with the place of the first among all."""
    stored: tuple[Callable[[Resource], Resource], ...] = ()
    """Sees each resource before it is stored."""
    sent: tuple[Callable[[str, Resource], Resource], ...] = ()
    """Sees each stored resource before it is sent, with the server's base URL."""
    capabilities: tuple[Callable[[Resource], Resource], ...] = ()
    """Sees the CapabilityStatement before it is sent."""
    bundle: tuple[Callable[[str, Resource], Resource], ...] = ()
    """Sees each searchset and history Bundle before it is sent, with the server's base URL."""

    xml: bool = True
    validates: bool = True
    transactions: bool = True
    atomic: bool = True
    references_resolved: bool = True
    names_resolved: str = ""
    """What the full URLs of the entries begin with to which references are resolved: all of them by default."""
    resolves_in_updates: bool = True
    links_left_in: str = ""
    """The member in which links between entries of a transaction stay as they are (extension, div), or later-items."""
    unmatched_references_taken: bool = False
    """Whether a conditional reference that nothing matches becomes one to nothing."""
    overlap_taken: bool = False
    """Whether a transaction may be about one resource twice."""
    first_of_several: bool = False
    """Whether a condition that several resources match is taken for the first of them."""
    deletes_one: bool = False
    """Whether a conditional delete deletes one match only."""
    validates_in_bundles: bool = True
    index_stays_for: str = ""
    """The interaction whose updates are not found anew, `bundle` for entries of Bundles, `*` for all."""
    page_overlap: int = 0
    update_as_create: bool = True
    unchanged_keeps_version: bool = False
    references_must_exist: bool = False
    keeps_what_is_referred_to: bool = False
    unknown_parameter_refused: bool = False
    preferences: bool = True
    minimal: bool = False
    gzip: bool = False
    gzip_always: bool = False
    transaction_ordered: bool = True
    pretty: bool = False
    most_per_page: int = 1000
    client_id_on_create: bool = False
    any_id: bool = False
    """Whether updates take ids that FHIR does not allow."""
    id_may_differ: bool = False
    """Whether the id in the body of an update may be another than that in the URL."""
    forgets: str = ""
    """The interaction (create or update) that is answered, but stores nothing."""
    uuid_ids: bool = False
    uuid_versions: bool = False
    anonymous: str = ""
    """The interaction that needs no credentials although the server asks for them."""
    closed_metadata: bool = False
    token_in_url: bool = False
    old_tls: bool = False
    """Whether TLS 1.0 and 1.1 are spoken, where TLS is."""
    plain_beside_tls: bool = False
    """Whether HTTP without TLS is answered at the same port."""
    any_token: bool = False
    expired_tokens: bool = False
    foreign_tokens: bool = False
    scopes_ignored: bool = False
    includes_without_scope: bool = False
    refusals_tell_data: bool = False
    new_id: Callable[[], str] = _short_id

    def also(self, **pipelines: Any) -> Behaviour:
        """Append one function to each of the named pipelines."""
        longer: dict[str, Any] = {name: (*getattr(self, name), each) for name, each in pipelines.items()}
        return replace(self, **longer)

    def found_by(self, resource_type: str, query: Pairs, seqs: list[int]) -> list[int]:
        """Pass the matches of a search through its pipeline."""
        for change in self.found:
            seqs = change(resource_type, query, seqs)
        return seqs


Change = Callable[[Behaviour], Behaviour]


def changed(changes: Sequence[Change]) -> Behaviour:
    """Apply faults and variations, one after the other, to the behaviour of the good server."""
    behaviour = Behaviour()
    for change in changes:
        behaviour = change(behaviour)
    return behaviour
