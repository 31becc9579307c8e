"""Runs the command of a client under test for one scenario, and keeps what it put out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_NOT_FOUND = 127
_NOT_EXECUTABLE = 126
_MOST_SHOWN = 400
_MOST_OUTPUT = 64 * 1024 * 1024
_GRACE = 3.0


@dataclass(frozen=True)
class ClientEnd:
    """How the client of a scenario ended: its exit code (None if it had to be stopped), and what it put out."""

    code: int | None
    outputs: list[tuple[str, bytes]] = field(default_factory=list)
    errors: bytes = b""
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def last_output(self) -> str:
        """The end of what it said, on its standard error or else its standard output, in one line.

        Of a stack trace, whose frames are indented, what was raised.
        """
        text = self.errors.strip() or next((content for name, content in self.outputs if name == "stdout"), b"").strip()
        lines = [each for each in text.decode("utf-8", "replace").splitlines() if each.strip()]
        told = [each for each in lines if not each[0].isspace()] or lines
        return " ".join(" ".join(told[-2:]).split())[-_MOST_SHOWN:]

    @property
    def gave_up(self) -> bool:
        """Whether it ran, and ended by itself with an error."""
        return self.code not in {0, None, _NOT_FOUND, _NOT_EXECUTABLE}

    def trouble(self, seconds: float | None, *, may_fail: bool) -> str:
        """Say why it says nothing about conformance; nothing if it ended well.

        `may_fail`: the server's answers were faulty, so that giving up with an error is right.
        """
        text = f"; it last said: {self.last_output}" if self.last_output else ""
        if self.code is None:
            return f"the client did not end within {seconds:g} s and was stopped{text}"
        if self.code == _NOT_FOUND:
            return f"the client's command was not found{text}"
        if self.code == _NOT_EXECUTABLE:
            return f"the client's command cannot be executed{text}"
        if self.code and not may_fail:
            return f"the client ended with exit code {self.code}{text}"
        return ""


def run_client(
    command: str,
    task: Mapping[str, Any],
    payloads: Mapping[str, Any],
    access: Mapping[str, str],
    seconds: float | None,
) -> ClientEnd:
    """Run the command by the shell, with the task in its environment; its process and all its children end with it.

    `seconds` is how long it may take, None for as long as it likes.
    """
    with tempfile.TemporaryDirectory(prefix="vbpr-observe-") as folder:
        output = Path(folder, "output")
        output.mkdir()
        for name, content in payloads.items():
            Path(folder, name).write_bytes(content)
        data = dict(task)
        if payloads:
            data["payloads"] = {Path(name).stem: str(Path(folder, name)) for name in payloads}
        task_file = Path(folder, "task.json")
        task_file.write_text(json.dumps(data, indent=1, ensure_ascii=False, default=str), encoding="utf-8")
        environment = {
            **os.environ,
            "VBPR_BASE": str(task["base"]),
            "VBPR_SCENARIO": str(task["scenario"]),
            "VBPR_TASK": str(task["task"]),
            "VBPR_TASK_JSON": str(task_file),
            "VBPR_OUTPUT": str(output),
            **access,
        }
        code, text, errors = _run(command, environment, seconds)
        outputs = [("stdout", text), *_files(output)] if text.strip() else list(_files(output))
        return ClientEnd(code, outputs, errors, _answers(output))


def _run(command: str, environment: Mapping[str, str], seconds: float | None) -> tuple[int | None, bytes, bytes]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S602  # the command is the tester's own, and is documented to run by the shell
            command,
            shell=True,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            start_new_session=True,
        )
        code: int | None
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _stop(process)
        return code, _read(out), _read(errors)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the client, and of what it started."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
        except (ProcessLookupError, PermissionError):
            break
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            continue
        break


def _read(file: Any) -> bytes:
    file.seek(0)
    content: bytes = file.read(_MOST_OUTPUT)
    return content


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a folder, in order of their names; no links are followed out of it."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            yield str(path.relative_to(folder)), file.read(_MOST_OUTPUT)


def _answers(folder: Path) -> dict[str, str]:
    """The answers that a client wrote itself: `answers.json`, question ids to texts; it attests nothing."""
    path = folder / "answers.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items() if "#" in str(key)} if isinstance(found, dict) else {}
