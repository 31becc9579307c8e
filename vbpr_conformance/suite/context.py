"""What all cases of a run share: the target, what it claims, and the resources made for several cases."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from vbpr_conformance.client.client_errors import ForeignLinkError, PagingError
from vbpr_conformance.errors import TargetError
from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.fhir.search_index import search_env
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import SearchParameter
from vbpr_conformance.rest.located import located
from vbpr_conformance.suite.claims import declared
from vbpr_conformance.suite.env import Answer, CreatedResource
from vbpr_conformance.suite.findings import Finding, NotTestedError, refuse_when_locked_out
from vbpr_conformance.suite.language import Seed
from vbpr_conformance.suite.randomness import rng
from vbpr_conformance.suite.record import Tally
from vbpr_conformance.suite.seed_payloads import Payloads, Tag
from vbpr_conformance.suite.targets import Targets
from vbpr_conformance.suite.templating import fill

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient
    from vbpr_conformance.rest.exchange import Exchange
    from vbpr_conformance.suite.expand import Case
    from vbpr_conformance.suite.suite_file import Suite
    from vbpr_conformance.validate.validator import Validator

_OK = 200
_CREATED = 201
_LAG_S = 8.0
"""How long a server's search may lag behind its writes before it is taken to miss what it holds."""
_MOST_PAGES = 400
_PAGES_OF_EXISTING = 3
_MOST_EXISTING = 30


@dataclass(frozen=True)
class Settings:
    """How to run: what the user chose, and nothing about the target."""

    seed: int = 0
    examples: int = 10
    read_only: bool = False
    strict: bool = False
    requests_per_case: int = 2000
    """A case that would need more is not tested, with this as the reason."""


@dataclass
class Context:
    """The shared part of a run in one process."""

    edition: Edition
    client: FhirClient
    run_id: str
    settings: Settings = field(default_factory=Settings)
    created: int = 0
    deleted: int = 0
    troubles: int = 0
    """How many cases in a row ended because the target could not be reached or broke down."""
    examples: int = 0

    def __post_init__(self) -> None:
        self.tag = Tag(self.run_id)
        self.references: set[str] = set()
        """What this run has created, as `Type/id`: references to it are kept as they are."""
        self.targets = Targets(self)
        self.payloads = Payloads(self)
        self._populations: dict[str, dict[str, CreatedResource] | Exception] = {}
        self._shared: list[CreatedResource] = []
        self._kept: list[CreatedResource] = []
        self._lost: list[str] = []
        """What the server did not delete."""
        self._scoped: dict[str, bool] = {}
        self._existing: dict[str, list[CreatedResource]] = {}
        self.lag = 0.0
        self._unsettled = False
        self._bases: list[str] = []

    @cached_property
    def validator(self) -> Validator:
        """The validator of the edition."""
        from vbpr_conformance.validate.validator import Validator  # noqa: PLC0415  collecting needs no validator

        return Validator(self.edition)

    @cached_property
    def statement(self) -> Mapping[str, Any]:
        """The server's CapabilityStatement, empty where it gives none. It never gates what R4 or the guide require."""
        found = self.client.capabilities().resource or {}
        return found if found.get("resourceType") == "CapabilityStatement" else {}

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self.client.requests

    def tally(self) -> Tally:
        """What was done to the target so far."""
        software = self.__dict__.get("statement", {}).get("software", {})
        return Tally(
            requests=self.requests,
            created=self.created,
            deleted=self.deleted,
            left=[*(live.reference for live in self._kept), *self._lost],
            software=str(software.get("name", "")),
            version=str(software.get("version", "")),
        )

    def claims(self, about: Mapping[str, str]) -> bool:
        """Whether the server claims what `about` names."""
        return declared(about, self.statement)

    @property
    def own_base(self) -> str:
        """The base URL that the server uses for itself: behind a proxy it may be another than the client uses."""
        return self._bases[0] if self._bases else self.client.base_url

    @property
    def bases(self) -> tuple[str, ...]:
        """All base URLs that the server is known by."""
        return (self.client.base_url, *self._bases)

    def wrote(self, exchange: Exchange) -> None:
        """Note that something was written, and under which base URL the server says it is."""
        self._unsettled = True
        location = exchange.headers.get("Location", "")
        base, found, _ = location.partition(f"/{located(location).reference}")
        if found and "://" in base and base not in self.bases:
            self._bases.append(base)

    def is_true(self, expression: str, resource: dict[str, Any]) -> bool:
        """Whether a FHIRPath expression is true of a resource."""
        return fhirpath.compile(expression).holds(resource, search_env(resource))

    def search_values(self, resource: dict[str, Any], parameter: SearchParameter) -> list[Any]:
        """The values of a resource as a search parameter sees them."""
        return fhirpath.compile(parameter.expression).evaluate(resource, search_env(resource))

    # ---- what the run creates

    def create(self, name: str, resource: dict[str, Any]) -> CreatedResource:
        """Create a resource that a case needs; where the server does not, the case cannot be tested."""
        live, exchange = self._created(name, resource)
        if live is None:
            said = _said(exchange)
            raise NotTestedError(
                f"the {resource['resourceType']} that it needs ({name}) could not be created: the server answered "
                f"{exchange.status}{said}; let the client create it"
            )
        return live

    def try_create(self, name: str, resource: dict[str, Any]) -> CreatedResource | None:
        """Create a resource that others refer to, if the server takes it."""
        live, _ = self._created(name, resource)
        if live is not None:
            self._shared.append(live)
        return live

    def _created(self, name: str, resource: dict[str, Any]) -> tuple[CreatedResource | None, Exchange]:
        exchange = self.client.create(resource)
        self.wrote(exchange)
        place = exchange.located
        if exchange.status not in {_OK, _CREATED} or place.id is None or place.type != resource["resourceType"]:
            return None, exchange
        self.created += 1
        self.references.add(f"{place.type}/{place.id}")
        return CreatedResource(name, place.id, resource, exchange), exchange

    def remove(self, lives: Iterable[CreatedResource]) -> None:
        """Delete what was created, the newest first, because others may refer to the older ones.

        What the server keeps because something refers to it is tried again once the rest is gone, and at the end of the
        run (https://hl7.org/fhir/R4/http.html#delete).
        """
        waiting = list(reversed(list(lives)))
        while waiting:
            kept = self._still_there(waiting)
            if len(kept) == len(waiting):
                self._kept += reversed(kept)
                return
            waiting = kept

    def _still_there(self, lives: Sequence[CreatedResource]) -> list[CreatedResource]:
        """Delete each, and give those that are still there; without a server nothing more is tried."""
        kept: list[CreatedResource] = []
        for index, live in enumerate(lives):
            try:
                status = self.client.delete(live.type, live.id).status
            except TargetError:
                return [*kept, *lives[index:]]
            if status in {200, 202, 204, 404, 410}:
                self.deleted += 1
            else:
                kept.append(live)
        return kept

    def close(self) -> None:
        """Delete everything that was made for several cases, and what could not be deleted before."""
        lives = [*self._shared, *self._kept]
        self._shared, self._kept, self._populations = [], [], {}
        self.remove(lives)
        with contextlib.suppress(TargetError):  # where the server is gone, the journal stays for a later cleanup
            gone, self._lost = self.client.recover({live.reference for live in self._kept})
            self.created += gone + len(self._lost)
            self.deleted += gone

    # ---- the population of a suite

    def resources_for(self, case: Case) -> dict[str, CreatedResource]:
        """Give what the cases of a suite share: resources of this run, or in a read-only run what the server holds."""
        if not self.settings.read_only:
            return self.population(case.suite)
        kinds = {self.edition.profile(seed_spec.profile).type for seed_spec in case.suite.spec.population.values()}
        return {live.reference: live for kind in sorted(kinds) for live in self.existing(kind)}

    def existing(self, kind: str) -> list[CreatedResource]:
        """Give some of the resources of a type that the server holds: those of the first pages of a plain search."""
        if kind not in self._existing:
            first = self.client.search(kind)
            refuse_when_locked_out(first)
            answer = Answer("search", first)
            self.read_pages(answer, enough=_PAGES_OF_EXISTING)
            found = [each for each in answer.matches if each.get("resourceType") == kind and "id" in each]
            self._existing[kind] = [
                CreatedResource(f"existing {each['id']}", str(each["id"]), each) for each in found[:_MOST_EXISTING]
            ]
        return self._existing[kind]

    def population(self, suite: Suite) -> dict[str, CreatedResource]:
        """Give the resources that all cases of a suite share, created when first asked for: all of them, or none."""
        if suite.name not in self._populations:
            try:
                self._populations[suite.name] = self._populated(suite)
            except TargetError:
                raise
            except Exception as reason:  # noqa: BLE001  whatever it is, it ends every case of the suite
                self._populations[suite.name] = reason
        found = self._populations[suite.name]
        if isinstance(found, Exception):
            raise found
        return found

    def _populated(self, suite: Suite) -> dict[str, CreatedResource]:
        made: dict[str, CreatedResource] = {}
        for name, seed_spec in suite.spec.population.items():
            scope = {**{each.name: each.scope() for each in made.values()}, **self.names(f"{suite.name}-{name}")}
            filled = Seed.model_validate(fill(seed_spec.model_dump(), scope), by_name=True)
            payload = self.payloads.make(filled, rng(self.settings.seed, suite.name, name))
            made[name] = self.create(name, payload)
            self._shared.append(made[name])
        self._find_out(made.values())
        self._unsettled = False
        return made

    def names(self, purpose: str) -> dict[str, Any]:
        """The names that every `{{name.path}}` of a run can use."""
        return {
            "run": {"id": self.run_id, "system": self.tag.system, "tag": self.tag.value, "token": self.tag.token},
            "targets": self.targets.scope(),
            "existing": ExistingResources(self),
            "server": {"base": self.client.base_url.rstrip("/")},
            "unique": {"value": f"{self.run_id}-{purpose}", "id": _identity(self.run_id, purpose)},
        }

    def settle(self, lives: Iterable[CreatedResource]) -> None:
        """Wait after a write as long as the server's search was seen to lag behind; find that out with the first."""
        if not self._unsettled:
            return
        self._find_out([live for live in lives if live.type not in self._scoped])
        self._unsettled = False
        if self.lag > 0:
            time.sleep(min(2 * self.lag, _LAG_S))

    def scope_of(self, kind: str) -> list[tuple[str, str]]:
        """The parameter that keeps a search to this run's resources, if the server's search by it works."""
        return [("identifier", self.tag.token)] if self._scoped.get(kind) else []

    def _find_out(self, lives: Iterable[CreatedResource]) -> None:
        """Find out whether a search by the run's tag finds what was created, waiting for a search that lags."""
        by_type: dict[str, set[str]] = {}
        for live in lives:
            if self.tag.identifier in live.sent.get("identifier", []):
                by_type.setdefault(live.type, set()).add(live.reference)
        for kind, expected in by_type.items():
            patience = 0.0 if self._scoped.get(kind) is False else _LAG_S
            waited = self._waited_for(kind, expected, patience)
            self._scoped[kind] = waited is not None
            self.lag = max(self.lag, waited or 0.0)

    def _waited_for(self, kind: str, expected: set[str], patience: float) -> float | None:
        """Search by the run's tag until all of `expected` is found, and give the seconds that took; None for never."""
        started = time.monotonic()
        waited = 0.0
        while True:
            answer = Answer("search", self.client.search(kind, [("identifier", self.tag.token)]))
            if answer.exchange.status != _OK:
                return None
            try:
                self.read_pages(answer)
            except (Finding, NotTestedError):
                return None  # what is wrong with pages is told by the cases about them
            if expected <= answer.match_references:
                return waited
            if waited >= patience:
                return None
            time.sleep(0.2)
            waited = time.monotonic() - started

    # ---- reading

    def read_pages(self, answer: Answer, *, enough: int | None = None) -> None:
        """Read the pages of a search, all of them or `enough`; a page that is no Bundle is a finding."""
        answer.pages = []
        try:
            for page in self.client.pages(answer.exchange, self._bases):
                answer.pages.append(page)
                _take(page, answer)
                if len(answer.pages) == enough:
                    return
                if len(answer.pages) >= _MOST_PAGES:
                    raise NotTestedError(f"the search has more than {_MOST_PAGES} pages; test against a smaller store")
        except ForeignLinkError as trouble:
            raise NotTestedError(f"{trouble}; give the URL that the server itself uses") from trouble
        except PagingError as trouble:
            raise Finding(str(trouble), (), answer.pages[-1:]) from trouble


class ExistingResources(Mapping[str, Mapping[str, Any]]):
    """What `{{existing.Type.…}}` gives in a suite: a resource of that type which the server held before the run."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __getitem__(self, kind: str) -> Mapping[str, Any]:
        found = self._context.existing(kind)
        if not found:
            raise NotTestedError(f"the server shows no {kind}; load some, or let the client read them")
        return found[0].sent

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _take(page: Exchange, answer: Answer) -> None:
    """Sort the entries of a page into matches and what was included; an OperationOutcome is neither."""
    bundle = page.resource
    if page.status != _OK or bundle is None or bundle.get("resourceType") != "Bundle":
        raise Finding(f"page {len(answer.pages)} of the search answered {page.status}{_said(page)}", (), [page])
    for entry in bundle.get("entry", []):
        resource = entry.get("resource")
        mode = entry.get("search", {}).get("mode", "match")
        if isinstance(resource, dict) and resource.get("resourceType") != "OperationOutcome":
            (answer.included if mode == "include" else answer.matches).append(resource)


def _identity(run_id: str, purpose: str) -> str:
    """Make a resource id that nothing else has."""
    return hashlib.sha256(f"{run_id} {purpose}".encode()).hexdigest()[:32]


def _said(exchange: Exchange) -> str:
    from vbpr_conformance.suite.matchers.http_answer import said_in  # noqa: PLC0415  the matchers import this module's names

    said = said_in(Answer("", exchange))
    return f" ({said})" if said else ""
