"""Whether a case comes out the same each time that it is repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vbpr_conformance.suite.verdicts import CaseResult, Verdict

_WORST_FIRST = (Verdict.FAIL, Verdict.ERROR, Verdict.WARN, Verdict.SKIP, Verdict.PASS)


def steadiest(results: Sequence[CaseResult]) -> CaseResult:
    """Give one result for all repetitions: the first if all have its verdict, else the worst one, called flaky.

    A flaky one shows what was exchanged when it came out worst, and when it came out best.
    """
    duration, requests = sum(each.duration_s for each in results), sum(each.requests for each in results)
    ranked = sorted(results, key=lambda each: _WORST_FIRST.index(each.verdict))
    worst, best = ranked[0], ranked[-1]
    if worst.verdict is best.verdict:
        return replace(results[0], duration_s=duration, requests=requests)
    times = sum(1 for each in results if each.verdict is worst.verdict)
    other = [{**each, "phase": f"other time, {each['phase']}", "failed": False} for each in best.exchanges]
    return replace(
        worst,
        message=f"flaky, {worst.verdict.value} {times} of {len(results)} times: {worst.message}",
        duration_s=duration,
        requests=requests,
        exchanges=(*worst.exchanges, *other),
        flaky=True,
    )
