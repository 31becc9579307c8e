"""What all cases of a run share in one process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.suite.circuit_breaker import CircuitBreaker
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.existing_resources import ExistingResources
from vbpr_conformance.suite.language import Seed
from vbpr_conformance.suite.names import RunNames
from vbpr_conformance.suite.other_tokens import OtherTokens
from vbpr_conformance.suite.populations import Populations
from vbpr_conformance.suite.randomness import rng
from vbpr_conformance.suite.record import Tally
from vbpr_conformance.suite.recorder import CaseRecorder
from vbpr_conformance.suite.referenced_resources import ReferencedResources
from vbpr_conformance.suite.run_resources import RunResources
from vbpr_conformance.suite.search_settling import SearchSettling
from vbpr_conformance.suite.seed_payloads import SeedPayloads, Tag, filled
from vbpr_conformance.suite.system_under_test import SystemUnderTest
from vbpr_conformance.suite.target_terms import TargetTerms
from vbpr_conformance.suite.untrusted import member, string

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient
    from vbpr_conformance.suite.expand import Case
    from vbpr_conformance.validate.validator import Validator


@dataclass(frozen=True)
class Settings:
    """How to run: what the user chose, and what the user says of the target."""

    seed: int = 0
    examples: int = 10
    read_only: bool = False
    strict: bool = False
    terms: TargetTerms = field(default_factory=TargetTerms)
    requests_per_case: int = 2000
    """A case that would need more is not tested, with this as the reason."""


@dataclass
class Context:
    """The parts of a run, each with one duty; what a case needs of them is handed to it.

    `system` is the server under test, `resources` what the run creates there, `settling` how its search lags,
    `targets` what payloads refer to, `existing` what was there before, `populations` what the cases of a suite share.
    """

    edition: Edition
    client: FhirClient
    run_id: str
    settings: Settings = field(default_factory=Settings)
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    recorder: CaseRecorder = field(default_factory=CaseRecorder)
    examples: int = 0
    """How many examples were run, which gives each its own names."""

    def __post_init__(self) -> None:
        tag = Tag(self.run_id)
        self.system = SystemUnderTest(self.client)
        self.resources = RunResources(self.system)
        self.settling = SearchSettling(self.system, tag)
        self._payloads = SeedPayloads(self.edition, tag)
        held = self.settings.terms.existing
        self.targets = ReferencedResources(
            self.edition, self._payloads, self.resources, self.settings.seed, existing=held
        )
        self.existing = ExistingResources(self.system, held)
        self.names = RunNames(
            self.run_id,
            tag,
            self.client.base_url,
            targets=self.targets.of_type,
            existing=self.existing.scope,
            login=OtherTokens(self.client, self.settings.terms.refused_tokens).look_up,
        )
        self.populations = Populations(self.resources, self.settling, self._population_payload)

    @cached_property
    def validator(self) -> Validator:
        """The validator of the edition."""
        from vbpr_conformance.validate.validator import validator_for  # noqa: PLC0415  collecting needs no validator

        return validator_for(self.edition)

    def payload(self, spec: Seed, scope: Mapping[str, Any], random: Any, size: str = "typical") -> dict[str, Any]:
        """Generate what a suite asks for, its references pointing to what exists; `random` is a `random.Random`."""
        return self.targets.point(self._payloads.make(filled(spec, scope), random, size))

    def _population_payload(self, spec: Seed, scope: Mapping[str, Any], suite: str, name: str) -> dict[str, Any]:
        names = {**scope, **self.names.of(f"{suite}-{name}")}
        return self.payload(spec, names, rng(self.settings.seed, suite, name))

    def resources_for(self, case: Case) -> dict[str, CreatedResource]:
        """Give what the cases of a suite share: resources of this run, or in a read-only run what the server holds."""
        if not self.settings.read_only:
            return self.populations.of(case.suite)
        kinds = {self.edition.profile(spec.profile).type for spec in case.suite.spec.population.values()}
        return {each.reference: each for kind in sorted(kinds) for each in self.existing.of_type(kind)}

    def tally(self) -> Tally:
        """What was done to the target so far."""
        software = member(self.system.known_statement, "software")
        return Tally(
            requests=self.client.requests,
            created=self.resources.created,
            deleted=self.resources.deleted,
            left=self.resources.left,
            removal=self.resources.removal,
            left_because=self.resources.left_because,
            software=string(software, "name"),
            version=string(software, "version"),
            limits=[*filter(None, [self.client.pace_note]), *self.settling.limits, *self.system.limits],
        )
