"""The end of a run as people read it: the verdict, what is broken, what was not tested, how to see it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

WORDS = {
    "conformant": "CONFORMANT",
    "non-conformant": "NOT CONFORMANT",
    "incomplete": "INCOMPLETE",
    "error": "ERROR",
}
MOST_LINES = 20
"""More lines of one kind than this are in the report, not on the screen."""


def head(run: Mapping[str, Any]) -> list[str]:
    """Say what runs against what: two lines, from `run` of results.json."""
    target = run["target"]
    suites = f"suites {', '.join(run['suites'])}" if run["suites"] else "server suites"
    software = " ".join(part for part in (target.get("software"), target.get("version")) if part)
    parts = (f"vbpr-conformance {run['harness']}", f"VBPR {run['edition']}", suites)
    first = " · ".join((*parts, f"seed {run['seed']}", f"{run['examples']} examples"))
    return [first, " · ".join(part for part in (f"target   {target['url']}", software) if part)]


def summary(results: Mapping[str, Any], *, report: str | None, again: Sequence[str]) -> list[str]:
    """Sum up results.json: `report` is where it was written, `again` the command line that repeats the run."""
    cases = {case["id"]: case for case in results["cases"]}
    lines = [f"{WORDS[results['verdict']]}   {_sentence(results)}"]
    lines += _requirements(results, "fail", "fail", cases)
    lines += _requirements(results, "warn", "warn", cases)
    lines += _requirements(results, "error", "error", cases)
    lines += _untested(results, cases)
    if report:
        lines.append(f"report   {report}")
    failed = [case["id"] for case in results["cases"] if case["verdict"] == "fail"]
    if failed:
        lines.append("again    " + _again(results, again, failed))
    lines.append("left     " + _left(results["run"]))
    return lines


def _sentence(results: Mapping[str, Any]) -> str:
    shall = [each for each in results["requirements"] if each["expectation"] == "SHALL" and each["applicable"]]
    should = [each for each in results["requirements"] if each["expectation"] == "SHOULD"]
    broken = sum(1 for each in shall if each["verdict"] == "fail")
    met = sum(1 for each in shall if each["verdict"] in {"pass", "warn"})
    missed = sum(1 for each in should if each["verdict"] == "fail")
    missed += sum(1 for each in results["requirements"] if each["verdict"] == "warn")
    run = results["run"]
    said = [f"{broken} of {len(shall)} SHALL requirements broken" if broken else f"{met} of {len(shall)} SHALL met"]
    untested = len(shall) - met - broken
    if untested:
        said[0] += f", {untested} not tested"
    if missed:
        said.append(f"{missed} SHOULD missed")
    if outside := sum(1 for each in results["requirements"] if not each["applicable"]):
        said.append(f"{outside} not applicable")
    said.append(f"{run['requests']:,} requests in {run['duration_s']:.0f} s")
    return " · ".join(said)


def _requirements(
    results: Mapping[str, Any], verdict: str, case_verdict: str, cases: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    found = [each for each in results["requirements"] if each["verdict"] == verdict]
    width = max((len(each["id"]) for each in found), default=0)
    lines = []
    for each in found[:MOST_LINES]:
        guilty = [cases[name] for name in each["cases"] if name in cases and cases[name]["verdict"] == case_verdict]
        message = guilty[0]["message"].splitlines()[0] if guilty and guilty[0]["message"] else ""
        more = f" (+{len(guilty) - 1} more)" if len(guilty) > 1 else ""
        name = guilty[0]["id"] if guilty else ""
        weight = "SHOULD" if verdict == "warn" else each["expectation"]
        lines.append(f"  {weight:<7} {each['id']:<{width}}  {message}   {name}{more}".rstrip())
    if len(found) > MOST_LINES:
        lines.append(f"  … and {len(found) - MOST_LINES} more, in the report")
    return lines


def _untested(results: Mapping[str, Any], cases: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Group what was not tested by its reason: a read-only run leaves many for the same one."""
    reasons: dict[str, list[str]] = {}
    for each in results["requirements"]:
        if each["expectation"] != "SHALL" or each["verdict"] not in {"skip", "untested"} or not each["applicable"]:
            continue
        skipped = [cases[name]["message"] for name in each["cases"] if name in cases]
        reason = next((message.splitlines()[0] for message in skipped if message), "no case ran")
        reasons.setdefault(reason, []).append(each["id"])
    lines = []
    for reason, names in list(reasons.items())[:MOST_LINES]:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        lines.append(f"  not tested   {names[0]}{more}   {reason}")
    if len(reasons) > MOST_LINES:
        lines.append(f"  … and {len(reasons) - MOST_LINES} more reasons, in the report")
    return lines


def _again(results: Mapping[str, Any], again: Sequence[str], failed: Sequence[str]) -> str:
    chosen = failed[:MOST_LINES]
    # The test names of a case hold characters that `-k` reads as an expression; the words of its id select it.
    expression = " or ".join(chosen)
    return shlex.join([*again, "--seed", str(results["run"]["seed"]), "-k", expression])


def _left(run: Mapping[str, Any]) -> str:
    created, deleted, left = run.get("created", 0), run.get("deleted", 0), run.get("left", [])
    if left:
        names = ", ".join(left[:5]) + (" …" if len(left) > 5 else "")  # noqa: PLR2004
        return (
            f"{len(left)} of {created} created: {names}; `vbpr-conformance cleanup {run['target']['url']}` tries again"
        )
    return f"nothing ({created} created, {deleted} deleted)"
