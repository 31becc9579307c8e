"""One record of several: the shards of one run, or runs against several targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vbpr_conformance.errors import UsageError
from vbpr_conformance.suite.record import RunRecord, Tally
from vbpr_conformance.suite.run_summary import SelectedCase
from vbpr_conformance.suite.selection import shard_of
from vbpr_conformance.suite.verdicts import CaseKey, CaseResult

_SAME = ("edition", "actor", "strict", "read_only")


def merged(records: Sequence[tuple[Path, RunRecord]]) -> RunRecord:
    """Join the records of runs; those of several targets keep their cases apart by the target's URL.

    Records that differ in what makes verdicts comparable, or that judged the same case, are a `UsageError`.
    """
    (first_folder, first), *others = records
    for folder, record in others:
        _refuse_different(first_folder, first, folder, record)
    urls = list(dict.fromkeys(record.url for _, record in records))
    several = len(urls) > 1
    seen: dict[CaseKey, Path] = {}
    results: list[CaseResult] = []
    selected: list[SelectedCase] = []
    tally = Tally(software=first.tally.software, version=first.tally.version)
    for folder, record in records:
        at = f" @ {record.url}" if several else ""
        for result in record.results:
            made = replace(result, suite=f"{result.suite}{at}")
            if made.key in seen:
                raise UsageError(
                    f"{folder}: the case {made.id!r} was judged in {seen[made.key]} too; merge takes shards"
                )
            seen[made.key] = folder
            results.append(made)
        selected += [replace(each, suite=f"{each.suite}{at}") for each in record.selected]
        tally.add(record.tally.as_dict())
    return replace(
        first,
        run_id=f"merged-{first.run_id}",
        url=", ".join(urls),
        duration_s=sum(record.duration_s for _, record in records),
        trouble="; ".join(dict.fromkeys(record.trouble for _, record in records if record.trouble)),
        interrupted=any(record.interrupted for _, record in records),
        shard="",
        whole=_is_whole([record for _, record in records]),
        tally=tally,
        results=results,
        selected=tuple(selected),
    )


def _refuse_different(first_folder: Path, first: RunRecord, folder: Path, other: RunRecord) -> None:
    for name in _SAME:
        mine, theirs = (
            getattr(each.edition, "version", "") if name == "edition" else getattr(each, name)
            for each in (first, other)
        )
        if mine != theirs:
            raise UsageError(
                f"{folder}: its {name} is {theirs}, that of {first_folder} is {mine}; they do not belong together"
            )


def _is_whole(records: Sequence[RunRecord]) -> bool:
    """Whether everything there is was selected: in each target's run as a whole, or in all of its shards together."""
    by_url: dict[str, list[RunRecord]] = {}
    for record in records:
        by_url.setdefault(record.url, []).append(record)
    return all(_is_whole_target(each) for each in by_url.values())


def _is_whole_target(records: Sequence[RunRecord]) -> bool:
    if any(record.whole for record in records):
        return True
    shards = [shard_of(record.shard) for record in records if record.shard and record.whole_before_shard]
    return bool(shards) and {number for number, _ in shards} == set(range(1, shards[0][1] + 1))
