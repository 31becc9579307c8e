"""The reference server as a process of its own, on a core of its own, for as long as it is needed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from vbpr_conformance.errors import TargetError

READY = "ready on "
_PATIENCE = 10
"""How many seconds a server may take to end."""


@contextmanager
def running(
    version: str,
    *,
    fault: str | None = None,
    variations: Sequence[str] = (),
    data: Sequence[Path] = (),
    store: Path | None = None,
) -> Iterator[str]:
    """Start a server of an edition on a free port and give its URL; it ends with the block, and never outlives us."""
    command = [sys.executable, "-m", "vbpr_conformance.reference", "--edition", version]
    command += ["--fault", fault] if fault else []
    command += [part for each in variations for part in ("--variation", each)]
    command += [part for each in data for part in ("--data", str(each))]
    command += ["--store", str(store)] if store else []
    # The child reads its standard input until that is closed: by us, or by the system when we are gone.
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(  # noqa: S603  # our own module, arguments apart
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            yield _url(process, errors)
        finally:
            _end(process)


def _url(process: subprocess.Popen[str], errors: IO[str]) -> str:
    """Wait until the server says where it answers; if it ends instead, tell why."""
    assert process.stdout is not None  # noqa: S101  # it is a pipe
    for line in process.stdout:
        if line.startswith(READY):
            return line.removeprefix(READY).strip()
    errors.seek(0)
    text = errors.read().strip().splitlines()
    raise TargetError(f"the reference server did not start: {text[-1] if text else 'it text nothing'}")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
