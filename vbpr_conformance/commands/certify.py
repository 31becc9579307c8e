"""`run --certify`: the settings that a certified run has, and the bundle that it leaves."""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbpr_conformance.commands import selftest_command
from vbpr_conformance.errors import TargetError, UsageError, VbprError

if TYPE_CHECKING:
    from vbpr_conformance.runner import EndedRun
    from vbpr_conformance.target.target_file import Target

EXAMPLES = 10
"""How many generated payloads a case of a certified run has."""
_NOT_WITH = ("k", "suite", "seed", "examples", "read_only", "shard", "failed", "resume", "stable", "max_failures")
_LEFT_OUT = frozenset({"certification.zip"})


def refuse_settings(args: argparse.Namespace, chosen: dict[str, Any], described: Target) -> None:
    """Raise `UsageError` for every setting that a certified run must not have; nothing was sent yet."""
    from vbpr_conformance.report.certification_bundle import read_private_key

    if not args.certify:
        if args.key_file:
            raise UsageError("--key signs a certification bundle; expected --certify beside it")
        return
    if args.key_file is None:
        raise UsageError("--certify needs --key FILE, the Ed25519 private key that signs the bundle")
    read_private_key(args.key_file)
    wrong = [f"--{name.replace('_', '-')}" for name in _NOT_WITH if chosen.get(name)]
    wrong += ["known deviations"] if described.spec.deviations else []
    wrong += ["parts left out"] if described.spec.leave_out else []
    if wrong:
        raise UsageError(f"a certified run is fixed by the suite: it takes no {' and no '.join(wrong)}")
    out = Path(chosen.get("out") or "")
    if chosen.get("out") and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"--out {out} holds something already: a bundle holds one run, expected a new folder")
    chosen["examples"] = EXAMPLES


def write_bundle(ended: EndedRun, out: Path, key_file: Path) -> Path:
    """Compute the self-test of this build and sign everything that the run left; gives the archive."""
    from vbpr_conformance.report.certification_bundle import FILE, read_private_key, signed_bundle
    from vbpr_conformance.report.report_writer import write_whole

    if ended.record.interrupted or ended.record.trouble:
        raise TargetError("the run was not finished: nothing is certified")
    print("self-test of this build; it takes some minutes", file=sys.stderr)
    matrix = selftest_command.computed(ended.record.edition)
    selftest_command.write(matrix, out)
    if not matrix.is_proven:
        raise VbprError(f"the self-test of this build failed: its verdicts certify nothing; see {out}/selftest.html")
    write_whole(out / "environment.json", json.dumps(_environment(), indent=1) + "\n")
    files = {file.relative_to(out).as_posix(): file.read_bytes() for file in _files(out)}
    bundle = signed_bundle(files, _about(ended), read_private_key(key_file))
    write_whole(out / FILE, bundle)
    return out / FILE


def _files(out: Path) -> Iterator[Path]:
    for file in sorted(out.rglob("*")):
        if file.is_file() and file.name not in _LEFT_OUT and "allure-results" not in file.parts:
            yield file


def _about(ended: EndedRun) -> dict[str, Any]:
    from vbpr_conformance import __version__

    record = ended.record
    run = {
        "id": record.run_id,
        "target": record.url,
        "edition": record.edition.version,
        "started": record.started,
        "seed": record.seed,
        "examples": record.examples,
        "strict": record.strict,
        "harness": __version__,
    }
    return {"run": run, "verdict": ended.summary.verdict.value, "counts": dict(ended.summary.counts)}


def _environment() -> dict[str, Any]:
    """Say what the run was made with: versions, and the digests of every suite, edition and file of the program."""
    from importlib.metadata import distributions

    from vbpr_conformance.ig.folders import suites_folder

    code = Path(__file__).parents[1]
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": dict(sorted((each.metadata["Name"], each.version) for each in distributions())),
        "suites": _digests(suites_folder()),
        "code": _digests(code),
    }


def _digests(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file that was installed, by its path."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }
