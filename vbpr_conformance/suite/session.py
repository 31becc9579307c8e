"""A run as pytest drives it: from options to cases, from cases to results, and everything deleted at the end."""

from __future__ import annotations

import argparse
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbpr_conformance.client.urls import checked_base
from vbpr_conformance.errors import TargetError, UsageError
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.suite.context import Context, Settings
from vbpr_conformance.suite.expand import Case, expand
from vbpr_conformance.suite.record import RunRecord, Tally
from vbpr_conformance.suite.rows import NotExpanded
from vbpr_conformance.suite.seed_payloads import Tag
from vbpr_conformance.suite.suite_file import did_you_mean, is_suite, load_suite, packaged
from vbpr_conformance.suite.verdicts import CaseResult

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient

DEFAULT_EXAMPLES = 10


@dataclass(frozen=True)
class ServerUnderTest:
    """The server under test, for tests written in Python."""

    url: str
    edition: Edition
    settings: Settings


class Session:
    """One run, or one worker's part of it. `option` holds the `vbpr_…` options; a parallel run shares them.

    `open_client` makes a client for a URL, let in as the user chose; further settings go to the client as they are.
    """

    def __init__(
        self, option: argparse.Namespace, worker: Mapping[str, Any] | None, open_client: Callable[..., FhirClient]
    ) -> None:
        if option.vbpr_seed is None:
            option.vbpr_seed = secrets.randbelow(2**31)
        if option.vbpr_run_id is None:
            option.vbpr_run_id = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{secrets.token_hex(2)}"
        if option.vbpr_examples is not None and option.vbpr_examples < 1:
            raise UsageError(f"--vbpr-examples is {option.vbpr_examples}, expected a whole number from 1 on")
        self._option = option
        self._open_client = open_client
        self._worker = worker["workerid"] if worker is not None else ""
        self._suites: tuple[str, ...] = tuple(option.vbpr_suite or ())
        self._results: dict[str, CaseResult] = {}
        self._order: list[str] = []
        self._not_expanded: list[NotExpanded] = []
        self._started = time.time()
        self._trouble = ""
        self.tally = Tally()
        checked_base(option.vbpr_server)
        self.target = ServerUnderTest(
            option.vbpr_server.rstrip("/"),
            load_edition(option.vbpr_edition),
            Settings(
                seed=option.vbpr_seed,
                examples=option.vbpr_examples or DEFAULT_EXAMPLES,
                read_only=option.vbpr_read_only,
                strict=option.vbpr_strict,
            ),
        )
        self._check_suites()

    def _check_suites(self) -> None:
        known = [path.stem for path in packaged()]
        for name in self._suites:
            if name not in known and not Path(name).suffix:
                raise UsageError(f"no suite {name!r}; {did_you_mean(name, known)}")

    @property
    def folder(self) -> Path:
        """Where the packaged suites are."""
        return packaged()[0].parent

    def takes(self, path: Path) -> bool:
        """Whether a YAML file is a suite of this run."""
        return is_suite(path) and (not self._suites or path.stem in self._suites or str(path) in self._suites)

    def cases(self, path: Path) -> Iterator[Case]:
        """Expand a suite file."""
        expansion = expand(load_suite(path), self.target.edition)
        self._not_expanded += expansion.not_expanded
        cases = [case for case in expansion.cases if self.target.settings.read_only or case.spec.mode != "read-only"]
        self._order += [case.id for case in cases]
        yield from cases

    def labels(self, case: Case) -> Iterator[tuple[str, str]]:
        """What Allure groups and filters by."""
        yield "epic", f"edition {self.target.edition.version}"
        yield "feature", case.suite.spec.suite
        yield "story", case.id.partition("/")[0]
        yield "severity", {"SHALL": "critical", "SHOULD": "normal"}.get(case.expectation, "minor")
        for requirement in case.requirements:
            yield "tag", requirement.id

    @cached_property
    def context(self) -> Context:
        """What the cases of this process share; the server is first spoken to here."""
        from vbpr_conformance.client.created import CreatedResources  # noqa: PLC0415  collecting opens no connection

        run_id = f"{self._option.vbpr_run_id}-{self._worker}" if self._worker else self._option.vbpr_run_id
        tag = Tag(run_id)
        created = CreatedResources.of_run(self.target.url, run_id, (tag.system, tag.value))
        client = self._open_client(self.target.url, structure=self.target.edition.structure, created=created)
        return Context(self.target.edition, client, run_id, self.target.settings)

    def probe(self) -> None:
        """Raise `TargetError` if the target does not answer, or not as a FHIR server."""
        from vbpr_conformance.client.probe import check_fhir_endpoint  # noqa: PLC0415  collecting opens no connection

        resource_type = self.target.edition.profiles[0].type
        try:
            with self._open_client(self.target.url) as client:
                check_fhir_endpoint(client, resource_type)
        except TargetError as trouble:
            self._trouble = str(trouble)
            raise

    def run(self, case: Case) -> CaseResult:
        """Run a case."""
        from vbpr_conformance.suite.case import run_case  # noqa: PLC0415  collecting runs nothing

        return run_case(case, self.context)

    def keep(self, data: dict[str, Any]) -> None:
        """Keep a result."""
        result = CaseResult.from_dict(data)
        self._results[result.id] = result

    def collected(self) -> dict[str, Any]:
        """What was collected, for the process that puts a parallel run together and collects nothing itself."""
        return {"order": self._order, "not_expanded": [asdict(each) for each in self._not_expanded]}

    def take(self, collected: Mapping[str, Any]) -> None:
        """Take what a worker collected; all collect the same."""
        if not self._order:
            self._order = list(collected["order"])
            self._not_expanded = [NotExpanded(**each) for each in collected["not_expanded"]]

    def close(self) -> None:
        """Delete what was created, and count what was done."""
        if "context" not in self.__dict__:
            return
        self.context.resources.close()
        self.tally.add(self.context.tally().as_dict())

    def record(self) -> RunRecord:
        """Put the run together, the cases in the order of their suites."""
        place = {name: index for index, name in enumerate(self._order)}
        return RunRecord(
            run_id=self._option.vbpr_run_id,
            edition=self.target.edition,
            url=self.target.url,
            suites=self._suites,
            seed=self.target.settings.seed,
            examples=self.target.settings.examples,
            strict=self.target.settings.strict,
            read_only=self.target.settings.read_only,
            started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._started)),
            duration_s=time.time() - self._started,
            trouble=self._trouble,
            tally=self.tally,
            results=sorted(self._results.values(), key=lambda each: place.get(each.id, len(place))),
            not_expanded=self._not_expanded,
        )
