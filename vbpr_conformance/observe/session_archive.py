"""What is kept of a named session, so that it goes on after a restart: its seed, its data, its requests, its answers.

Secrets are not in it: headers are masked as they are recorded, and who had a token gets a new one.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.observe.recording import RecordedRequest, Recording, RequestIssue
from vbpr_conformance.rest.headers import Headers

FOLDER = Path("reports", "sessions")
_KEPT_BESIDE = frozenset({"headers", "answer_headers", "body_key", "answer_key", "issues"})


@dataclass
class SessionArchive:
    """The folder of one session, held by one process at a time; `facts` are its seed, port and edition."""

    folder: Path
    facts: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    _lock: IO[bytes] | None = None

    @classmethod
    def open(cls, name: str, facts: dict[str, Any], root: Path = FOLDER) -> SessionArchive:
        """Open the session of a name; `facts` hold where it is new. `UsageError` if another process has it."""
        archive = cls(root / name)
        try:
            archive.folder.mkdir(parents=True, exist_ok=True)
            archive._take()
            if archive._about.is_file():
                held = json.loads(archive._about.read_text(encoding="utf-8"))
                archive.facts, archive.answers = held["facts"], held["answers"]
            else:
                archive.facts = dict(facts)
                archive.save()
        except OSError as error:
            raise UsageError(f"{archive.folder}: the session cannot be kept there ({error.strerror})") from error
        except (ValueError, KeyError, TypeError):
            archive.close()
            raise UsageError(f"{archive.folder}: is no session, choose another --session or remove it") from None
        return archive

    def _take(self) -> None:
        try:
            import fcntl  # noqa: PLC0415  not on Windows
        except ImportError:
            return
        self._lock = (self.folder / "lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise UsageError(f"the session {self.folder.name!r} is being served by another process") from None

    def close(self) -> None:
        """Leave the session to other processes."""
        if self._lock is not None:
            self._lock.close()

    @property
    def _about(self) -> Path:
        return self.folder / "session.json"

    def save(self) -> None:
        """Write what is known of the session."""
        text = json.dumps({"facts": self.facts, "answers": self.answers}, indent=1)
        self._about.write_text(text, encoding="utf-8")

    def database(self, scenario: str) -> Path:
        """The file of the data of a scenario."""
        return self.folder / f"{scenario}.db"

    def forget(self, scenario: str) -> None:
        """Drop what is kept of a scenario, and what was answered about it."""
        for each in (*self.folder.glob(f"{scenario}.db*"), self.folder / f"{scenario}.ready"):
            each.unlink(missing_ok=True)
        self._requests(scenario).unlink(missing_ok=True)
        self.answers = {key: each for key, each in self.answers.items() if not key.startswith(f"{scenario}/")}
        self.save()

    def _requests(self, scenario: str) -> Path:
        return self.folder / f"{scenario}.requests"

    def keep(self, scenario: str, recording: Recording, request: RecordedRequest) -> None:
        """Add a request to what is kept."""
        plain = {name: each for name, each in asdict(request).items() if name not in _KEPT_BESIDE}
        line = {
            **plain,
            "issues": [list(each) for each in request.issues],
            "headers": request.headers.fields,
            "answer_headers": request.answer_headers.fields,
            "body": _packed(recording.body(request)),
            "answer": _packed(recording.answer(request)),
        }
        with self._requests(scenario).open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(line)}\n")

    def recall(self, scenario: str, recording: Recording) -> None:
        """Put what is kept into a recording; a last line that a killed process did not finish is left out."""
        for line in self._lines(scenario):
            held = {**line, "headers": Headers(_pairs(line["headers"]))}
            held["answer_headers"] = Headers(_pairs(line["answer_headers"]))
            held["issues"] = [RequestIssue(*each) for each in line["issues"]]
            held["body_key"] = recording.keep(_unpacked(held.pop("body")))
            held["answer_key"] = recording.keep(_unpacked(held.pop("answer")))
            recording.add(RecordedRequest(**held))

    def _lines(self, scenario: str) -> Iterator[dict[str, Any]]:
        try:
            text = self._requests(scenario).read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        for line in text.splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                return


def _pairs(fields: list[list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in fields]


def _packed(body: bytes) -> str:
    return base64.b64encode(zlib.compress(body, 1)).decode() if body else ""


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text)) if text else b""
