"""A run as pytest drives it: from options to cases, from cases to results, and everything deleted at the end."""

from __future__ import annotations

import argparse
import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbpr_conformance.client.urls import checked_base
from vbpr_conformance.errors import TargetError, UsageError
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.suite.context import Context, Settings
from vbpr_conformance.suite.deviations import Deviation, mark_known
from vbpr_conformance.suite.expand import Case, expand
from vbpr_conformance.suite.record import RunRecord, Tally
from vbpr_conformance.suite.recorder import CaseRecorder
from vbpr_conformance.suite.run_summary import SelectedCase
from vbpr_conformance.suite.seed_payloads import Tag
from vbpr_conformance.suite.selection import in_shard, judged, shard_of
from vbpr_conformance.suite.stability import steadiest
from vbpr_conformance.suite.suite_file import did_you_mean, is_suite, load_suite, packaged
from vbpr_conformance.suite.target_terms import TargetTerms
from vbpr_conformance.suite.untrusted import member, string
from vbpr_conformance.suite.verdicts import CaseKey, CaseResult

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
    `terms` are what the user says of the target.
    """

    def __init__(
        self,
        option: argparse.Namespace,
        worker: Mapping[str, Any] | None,
        open_client: Callable[..., FhirClient],
        terms: TargetTerms | None = None,
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
        self._selected: dict[CaseKey, SelectedCase] = {}
        self._files: list[Path] = []
        self._started, self._began = time.time(), time.monotonic()
        self._tallies: dict[str, Tally] = {}
        base, _, _ = checked_base(option.vbpr_server)
        self.target = ServerUnderTest(
            base.rstrip("/"),
            load_edition(option.vbpr_edition),
            Settings(
                seed=option.vbpr_seed,
                examples=option.vbpr_examples or DEFAULT_EXAMPLES,
                read_only=option.vbpr_read_only,
                strict=option.vbpr_strict,
                terms=terms or TargetTerms(),
            ),
        )
        self.record = RunRecord(
            run_id=option.vbpr_run_id,
            edition=self.target.edition,
            url=self.target.url,
            suites=self._suites,
            seed=self.target.settings.seed,
            examples=self.target.settings.examples,
            strict=self.target.settings.strict,
            read_only=self.target.settings.read_only,
            started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._started)),
            interrupted=True,
            embedded=option.vbpr_embedded,
            shard=option.vbpr_shard or "",
            deviations=tuple(Deviation.from_dict(each) for each in json.loads(option.vbpr_deviations or "[]")),
        )
        """The run as far as it got: its results are added as they come."""
        self._wanted: frozenset[CaseKey] | None = None
        self._earlier = RunRecord("", self.target.edition, "", (), 0, 0, "")
        if self.record.shard:
            shard_of(self.record.shard)
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
        """Expand a suite file; a case with the suite and id of another is a `UsageError`."""
        expansion = expand(load_suite(path), self.target.edition)
        if path not in self._files:
            self._files.append(path)
            self.record.not_expanded += expansion.not_expanded
        for case in expansion.cases:
            if case.spec.mode == "read-only" and not self.target.settings.read_only:
                continue
            made = _selected(case)
            other = self._selected.setdefault(made.key, made)
            if other.source != made.source:
                raise UsageError(
                    f"{made.source}: the suite {made.suite!r} has a case {made.id!r} already, "
                    f"{other.source}; rename one"
                )
            yield case

    def repeat(self, wanted: frozenset[CaseKey]) -> None:
        """Judge only these cases."""
        self._wanted = wanted

    def resume(self, earlier: RunRecord) -> None:
        """Go on with a run that was interrupted: keep what it judged, and judge the rest of what it had selected."""
        self._earlier = earlier
        self.record.results = judged(earlier.results)
        self.record.run_id, self.record.started = earlier.run_id, earlier.started
        self.record.shard, self.record.whole_before_shard = earlier.shard, earlier.whole_before_shard
        done = {each.key for each in self.record.results}
        self._wanted = frozenset(each.key for each in earlier.selected if each.key not in done)

    def choose(self, cases: Sequence[Case]) -> list[Case]:
        """Give those of the collected cases that this run judges."""
        chosen = [case for case in cases if self._wanted is None or _selected(case).key in self._wanted]
        if self.record.shard and not self._earlier.selected:
            keys = in_shard([_selected(case).key for case in chosen], self.record.shard)
            chosen = [case for case in chosen if _selected(case).key in keys]
        return chosen

    def select(self, cases: Iterable[Case]) -> None:
        """Note which of the expanded cases are to be judged, once nothing more is left out."""
        if self._earlier.selected:
            self.record.selected, self.record.whole = self._earlier.selected, self._earlier.whole
            return
        chosen = [_selected(case) for case in cases]
        everything = set(packaged()) <= set(self._files) and not self._suites
        self.record.whole = everything and len(chosen) == len(self._selected)
        narrowed = bool(self._option.keyword or self._option.markexpr) or self._wanted is not None
        self.record.whole_before_shard = everything and not narrowed
        self.record.selected = tuple(chosen)

    def select_named(self, named: Iterable[tuple[Path, str]]) -> None:
        """Note the same from the files and ids that the workers of a parallel run collected."""
        wanted: dict[Path, set[str]] = {}
        for path, name in named:
            wanted.setdefault(path, set()).add(name)
        self.select(case for path, names in wanted.items() for case in list(self.cases(path)) if case.id in names)

    @cached_property
    def context(self) -> Context:
        """What the cases of this process share; the server is first spoken to here."""
        from vbpr_conformance.client.created import CreatedResources  # noqa: PLC0415  collecting opens no connection

        run_id = f"{self._option.vbpr_run_id}-{self._worker}" if self._worker else self._option.vbpr_run_id
        tag = Tag(run_id)
        created = CreatedResources.of_run(self.target.url, run_id, (tag.system, tag.value))
        recorder = CaseRecorder(redact_bodies=self._option.vbpr_redact_bodies)
        client = self._open_client(
            self.target.url, structure=self.target.edition.structure, created=created, recorder=recorder
        )
        return Context(self.target.edition, client, run_id, self.target.settings, recorder=recorder)

    def probe(self) -> None:
        """Raise `TargetError` if the target does not answer, or not as a FHIR server."""
        from vbpr_conformance.client.probe import check_fhir_endpoint  # noqa: PLC0415  collecting opens no connection

        resource_type = self.target.edition.profiles[0].type
        try:
            with self._open_client(self.target.url) as client:
                software = member(check_fhir_endpoint(client, resource_type), "software")
        except TargetError as error:
            self.record.trouble = str(error)
            raise
        self.record.tally.software = string(software, "name")
        self.record.tally.version = string(software, "version")

    def run(self, case: Case) -> CaseResult:
        """Run a case."""
        from vbpr_conformance.suite.case import run_case  # noqa: PLC0415  collecting runs nothing

        times = self._option.vbpr_stable or 1
        result = steadiest([run_case(case, self.context) for _ in range(times)])
        return mark_known(result, self.record.deviations, datetime.now(UTC).date())

    def keep(self, data: dict[str, Any]) -> CaseResult:
        """Keep a result; one of the same case before it is replaced."""
        result = CaseResult.from_dict(data)
        self.record.results = [each for each in self.record.results if each.key != result.key]
        self.record.results.append(result)
        self.record.duration_s = self._earlier.duration_s + time.monotonic() - self._began
        return result

    def tally(self) -> dict[str, Any]:
        """What this process did to the target so far, as plain data."""
        return self.context.tally().as_dict() if "context" in self.__dict__ else Tally().as_dict()

    def count(self, process: str, tally: dict[str, Any]) -> None:
        """Note what a process of the run did so far; it counts from its beginning each time."""
        self._tallies[process] = Tally(**tally)
        self.record.tally = Tally(**self._earlier.tally.as_dict())
        for each in self._tallies.values():
            self.record.tally.add(each.as_dict())

    def close(self) -> None:
        """Delete what was created."""
        if "context" in self.__dict__:
            self.context.resources.close()
            self.context.client.close()

    def finish(self, *, interrupted: bool) -> RunRecord:
        """Put the run together, the cases in the order of their suites."""
        place = {case.key: index for index, case in enumerate(self.record.selected)}
        self.record.results.sort(key=lambda each: place.get(each.key, len(place)))
        self.record.interrupted = interrupted
        self.record.duration_s = self._earlier.duration_s + time.monotonic() - self._began
        return self.record


def _selected(case: Case) -> SelectedCase:
    return SelectedCase(
        suite=case.suite.spec.suite,
        id=case.id,
        title=case.title,
        expectation=case.expectation,
        requirements=tuple(requirement.id for requirement in case.requirements),
        source=case.source,
    )
