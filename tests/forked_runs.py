"""Runs of the command line that cost what they do and no more, with their streams, exit code and memory."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent / "nursery.py"


@dataclass
class Ended:
    """A run that has ended."""

    code: int
    seconds: float
    rss_mb: int
    out: str
    err: str
    folder: Path

    @property
    def text(self) -> str:
        """All that it printed, the lines joined where they were wrapped."""
        return self.out + self.err

    @property
    def results(self) -> dict[str, Any]:
        """Its results.json, empty where it wrote none."""
        file = self.folder / "results.json"
        return json.loads(file.read_text()) if file.exists() else {}

    @property
    def said(self) -> str:
        """All sentences: of the screen and of the cases."""
        return self.text + "\n".join(each["message"] for each in self.results.get("cases", []))


@dataclass
class Nursery:
    """Starts runs one after the other, each a fork of a process that has imported everything."""

    process: subprocess.Popen[str]

    def run(  # noqa: PLR0913 - the parts of a run
        self,
        argv,
        *,
        cwd,
        env=None,
        stdin="",
        limits=None,
        seconds=60,
        interrupt=None,
        group=False,
        name="run",
        start_in=None,
    ) -> Ended:
        """Run to the end, or `pytest` where that is the first word; Fails past `seconds`.

        What `env` gives as None is not there. It starts in `start_in`, or in `cwd`, where all that it writes is kept.
        `interrupt` is called while it runs and may give a signal to send: to its process, or with `group` to all it
        started, as a terminal does.
        """
        out, err, folder = cwd / f"{name}.out", cwd / f"{name}.err", cwd / f"{name}-reports"
        environment = {**os.environ, "VBPR_STATE_DIR": str(cwd / "state"), **(env or {})}
        environment = {name: value for name, value in environment.items() if value is not None}
        argv = [*map(str, argv)]
        argv += ["--out", str(folder)] if argv[0] == "run" and "--out" not in argv else []
        given = cwd / f"{name}.in" if stdin else Path(os.devnull)
        if stdin:
            given.write_text(stdin, encoding="utf-8")
        streams = {"in": str(given), "out": str(out), "err": str(err)}
        job = {"argv": argv, "cwd": str(start_in or cwd), "env": environment, **streams, "limits": limits}
        start = time.monotonic()
        self._write(job)
        self._read()
        while not self._ready():
            spent = time.monotonic() - start
            sent = interrupt(spent) if interrupt is not None else None
            if sent is not None:
                self._write({"signal": int(sent), "group": group})
            if spent > seconds:
                self._write({"signal": int(signal.SIGKILL), "group": True})
                self._read()
                pytest.fail(f"the run did not end within {seconds} s:\n{out.read_text()}\n{err.read_text()}")
        ended = self._read()
        return Ended(ended["code"], time.monotonic() - start, ended["rss_mb"], out.read_text(), err.read_text(), folder)

    def _ready(self) -> bool:
        return bool(select.select([self.process.stdout], [], [], 0.02)[0])

    def _write(self, words: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())


@contextlib.contextmanager
def opened() -> Iterator[Nursery]:
    """Start the process that starts the runs, and end it."""
    command = [sys.executable, str(SCRIPT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        yield Nursery(process)
        process.stdin.close()
