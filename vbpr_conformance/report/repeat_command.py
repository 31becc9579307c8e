"""The command lines that repeat a run, or one case of it."""

from __future__ import annotations

import shlex
from pathlib import Path

from vbpr_conformance.suite.record import RunRecord
from vbpr_conformance.suite.suite_file import packaged
from vbpr_conformance.suite.verdicts import CaseResult, Verdict

_NOT_GREEN = frozenset({Verdict.FAIL, Verdict.ERROR})


def of_case(case: CaseResult, record: RunRecord) -> str:
    """Give the command that runs a case again with the same payloads."""
    if record.actor == "client":
        return shlex.join([*words(record), "--scenario", case.id.partition("/")[0]])
    file = Path(case.source.rpartition(":")[0])
    own = ["--suite", str(file)] if file not in packaged() else []
    return shlex.join([*words(record), *own, "-k", case.id])


def of_failed(folder: str, record: RunRecord) -> str:
    """Give the command that runs again what was not green, by the exact ids that the folder of a run holds.

    Of a client the scenarios are named.
    """
    if record.actor == "client":
        wrong = (each.id.partition("/")[0] for each in record.results if each.verdict in _NOT_GREEN)
        return shlex.join([*words(record), *(word for name in dict.fromkeys(wrong) for word in ("--scenario", name))])
    return shlex.join(["vbpr-conformance", "run", "--failed", folder])


def words(record: RunRecord) -> list[str]:
    """Give the words that start the same run again, against the same target, with the same payloads."""
    if record.actor == "client":
        return ["vbpr-conformance", "observe", "--edition", record.edition.version, "--seed", str(record.seed)]
    made = ["vbpr-conformance", "run", record.url, "--edition", record.edition.version]
    made += ["--seed", str(record.seed), "--examples", str(record.examples)]
    made += ["--strict"] if record.strict else []
    return [*made, *(["--read-only"] if record.read_only else [])]
