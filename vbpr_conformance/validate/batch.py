"""Many resources: files, folders, NDJSON and standard input, on all cores, in the order in which they came."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.loader import PackagesCache, load_edition
from vbpr_conformance.validate.issue import Issue, is_valid
from vbpr_conformance.validate.reading import read
from vbpr_conformance.validate.sources import Source, known_beside, sources
from vbpr_conformance.validate.validator import validator_for

_CHUNK_BYTES = 256 * 1024
_CHUNK_ITEMS = 64
_ALONE_BYTES = 4 * 1024 * 1024
"""Up to so much is judged in this process: starting others would take longer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found in one resource; `source` is the file, with the line of an NDJSON file."""

    source: str
    resource_type: str
    id: str
    profiles: tuple[str, ...]
    issues: tuple[Issue, ...]

    @property
    def valid(self) -> bool:
        """Whether there is no error."""
        return is_valid(self.issues)


@dataclass(frozen=True, slots=True)
class _Job:
    """What every worker needs to know; small, so that it can be sent."""

    edition: str
    profile: str | None
    packages: tuple[Path, ...]
    beside: tuple[bytes, ...]


def validate_paths(  # noqa: PLR0913 - the options of the command, by name
    paths: Sequence[str | Path],
    *,
    edition: str,
    profile: str | None = None,
    packages: Iterable[str | Path] = (),
    progress: Callable[[int], None] | None = None,
    warn: Callable[[str], None] = lambda _: None,
    workers: int | None = None,
) -> Iterator[Outcome]:
    """Judge everything that is named, one outcome per resource, holding only a few at a time.

    Measures among what is named are at hand for the reports that name them. `progress` is told how many are done,
    `warn` what is odd about the packages, a sentence each.
    """
    named = [str(each) for each in paths]
    job = _Job(edition, profile, tuple(map(Path, packages)), tuple(known_beside(named)))
    worker = _Worker(job)
    for error in worker.troubles:
        warn(error)
    judged = _judged(worker, job, _chunks(sources(named)), workers or os.cpu_count() or 1)
    try:
        for count, outcome in enumerate(judged, start=1):
            if progress is not None:
                progress(count)
            yield outcome
    finally:
        worker.save()


class _Worker:
    """Judges one resource after the other."""

    def __init__(self, job: _Job) -> None:
        self._packages = PackagesCache(job.edition, job.packages) if job.packages else None
        edition = load_edition(job.edition) if self._packages is None else self._packages.edition
        self._validator = validator_for(edition)
        self._profiles = [job.profile] if job.profile is not None else None
        if job.profile is not None and self._validator.edition.find_profile(job.profile) is None:
            known = ", ".join(each.id for each in self._validator.edition.profiles)
            raise UsageError(f"There is no profile {job.profile!r}; those of the guide are {known}.")
        self._beside = {}
        for data in job.beside:
            resource, _ = read(data, self._validator.edition)
            if type(resource) is dict and isinstance(resource.get("url"), str):
                self._beside[resource["url"]] = resource
                self._beside[f"{resource['url']}|{resource.get('version')}"] = resource

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is odd about the packages, a sentence each."""
        return self._validator.edition.troubles

    def save(self) -> None:
        """Keep what was made of the packages for the next run."""
        if self._packages is not None:
            self._packages.save()

    def outcome(self, source: Source) -> Outcome:
        """Judge one resource."""
        resource, issues = read(source.data, self._validator.edition)
        if resource is not None or not issues:
            issues += self._validator.issues(resource, self._profiles, resolver=self._beside.get)
        about = resource if type(resource) is dict else {}
        return Outcome(
            source.name,
            _text(about.get("resourceType")),
            _text(about.get("id")),
            tuple(self._judged_by(about)),
            tuple(issues),
        )

    def _judged_by(self, resource: dict[str, Any]) -> list[str]:
        if self._profiles is not None:
            found = self._validator.edition.find_profile(self._profiles[0])
            return [found.url] if found is not None else []
        return self._validator.profiles_of(resource)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _chunks(items: Iterable[Source]) -> Iterator[list[Source]]:
    chunk: list[Source] = []
    size = 0
    for each in items:
        chunk.append(each)
        size += len(each.data)
        if size >= _CHUNK_BYTES or len(chunk) >= _CHUNK_ITEMS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _judged(worker: _Worker, job: _Job, chunks: Iterator[list[Source]], workers: int) -> Iterator[Outcome]:
    """Judge the first chunks here; if more follow, on several processes."""
    done = 0
    for chunk in chunks:
        if workers > 1 and done > _ALONE_BYTES:
            worker.save()  # so that the others need not make it again
            yield from _spread(job, chain([chunk], chunks), workers)
            return
        for each in chunk:
            done += len(each.data)
            yield worker.outcome(each)


def _spread(job: _Job, chunks: Iterator[list[Source]], workers: int) -> Iterator[Outcome]:
    """Keep a few chunks per process under way, and give the results in order."""
    waiting: deque[Future[list[Outcome]]] = deque()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start, (job,)) as pool:
        try:
            for chunk in chunks:
                waiting.append(pool.submit(_work, chunk))
                if len(waiting) > workers * 3:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_process: dict[str, _Worker] = {}


def _start(job: _Job) -> None:
    _process["worker"] = _Worker(job)
    gc.freeze()  # what was compiled stays: the garbage collector need not look at it again and again
    gc.set_threshold(50_000, 20, 20)


def _work(chunk: list[Source]) -> list[Outcome]:
    return [_process["worker"].outcome(each) for each in chunk]
