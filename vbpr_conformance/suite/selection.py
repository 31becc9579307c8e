"""Which of the collected cases a run judges: one shard of them, what failed before, or what is left of a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from vbpr_conformance.errors import UsageError
from vbpr_conformance.suite.verdicts import CaseKey, CaseResult, Verdict

_SHARD = re.compile(r"([1-9]\d*)/([1-9]\d*)")


def shard_of(text: str) -> tuple[int, int]:
    """Read `I/N`: the I-th of N shards, counted from 1; anything else is a `UsageError`."""
    match = _SHARD.fullmatch(text)
    if not match or int(match[1]) > int(match[2]):
        raise UsageError(f"--shard is {text!r}, expected I/N with I from 1 to N, as 2/3")
    return int(match[1]), int(match[2])


def in_shard(keys: Sequence[CaseKey], shard: str) -> frozenset[CaseKey]:
    """Give every N-th key from the I-th on: each is in exactly one shard, and long suites are spread over all."""
    number, of = shard_of(shard)
    return frozenset(keys[number - 1 :: of])


def not_green(results: Iterable[CaseResult]) -> frozenset[CaseKey]:
    """Give the cases that may come out better: all but those that passed, and those that do not apply."""
    return frozenset(each.key for each in results if each.verdict is not Verdict.PASS and each.applicable)


def judged(results: Iterable[CaseResult]) -> list[CaseResult]:
    """Give the results that a resumed run keeps: an error says nothing, and is tried again."""
    return [each for each in results if each.verdict is not Verdict.ERROR]
