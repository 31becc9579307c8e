"""The file in which a run notes what it is about to create, has created and has deleted on a target.

Lines of JSON, appended one by one, so that an end at any moment loses none; ids and types only, no payload, no secret.
The file is locked while its run goes on and removed when nothing of it is left on the target.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from vbpr_conformance.errors import UsageError

_FORMAT = 1


class Intent(NamedTuple):
    """A resource that a request may create: its id only where the client gives it."""

    type: str
    id: str | None = None


@dataclass
class JournalState:
    """What the lines of a file add up to. `created` is in order; `unknown` are intents without a clear outcome."""

    url: str = ""
    run: str = ""
    tag: tuple[str, str] | None = None
    created: dict[str, None] = field(default_factory=dict)
    unknown: dict[int, list[Intent]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left on the target."""
        return not self.created and not self.unknown

    def apply(self, line: dict[str, Any]) -> None:
        """Take in one line."""
        if "format" in line:
            self.url, self.run = line["url"], line["run"]
            self.tag = tuple(line["tag"]) if line.get("tag") else None
        elif "intends" in line:
            self.unknown[line["n"]] = [Intent(*each) for each in line["intends"]]
        elif "deleted" in line:
            self.created.pop(line["deleted"], None)
        elif "n" in line:
            self.created |= dict.fromkeys(line["created"])
            self.unknown.pop(line["n"], None)
            if line["unknown"]:
                self.unknown[line["n"]] = [Intent(*each) for each in line["unknown"]]


class Journal:
    """The open file of one process of a run; it comes into being with its first line. Without a path there is none."""

    def __init__(self, path: Path | None, url: str, run: str, tag: tuple[str, str] | None = None) -> None:
        self.path = path
        self.state = JournalState(url, run, tag)
        self._file: int | None = None
        self._last = 0

    @classmethod
    def reopened(cls, path: Path) -> Journal:
        """Open the file that a process left; what is noted from now on is added to it."""
        state = read_journal(path)
        made = cls(path, state.url, state.run, state.tag)
        made.state = state
        made._last = max(state.unknown, default=0)
        made._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        _lock(made._file)
        os.write(made._file, b"\n")  # ends a line that was cut off in the middle
        return made

    def intend(self, intents: Sequence[Intent]) -> int:
        """Note what the next request may create; the number says which outcome belongs to it."""
        self._last += 1
        try:
            self._write({"n": self._last, "intends": [list(each) for each in intents]})
        except OSError as error:
            raise _not_noted(self.path, error) from None
        return self._last

    def settle(self, number: int, created: Sequence[str] = (), unknown: Sequence[Intent] = ()) -> None:
        """Note what came of it; where the disk is full by now, what was intended stays noted."""
        self._add({"n": number, "created": [*created], "unknown": [list(each) for each in unknown]})

    def deleted(self, reference: str) -> None:
        """Note that a resource is no longer there."""
        self._add({"deleted": reference})

    def close(self) -> None:
        """Close the file, and remove it where nothing is left."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
            if self.state.is_empty and self.path is not None:
                self.path.unlink(missing_ok=True)

    def _add(self, line: dict[str, Any]) -> None:
        """Write a line, and know it also where it cannot be written."""
        try:
            self._write(line)
        except OSError:
            self.state.apply(line)

    def _write(self, line: dict[str, Any]) -> None:
        if self.path is not None:
            if self._file is None:
                self._file = self._open(self.path)
            _put(self._file, line)
        self.state.apply(line)

    def _open(self, path: Path) -> int:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise _not_noted(path, error) from None
        _lock(file)
        head = {"format": _FORMAT, "url": self.state.url, "run": self.state.run, "tag": self.state.tag}
        _put(file, head)
        return file


def _put(file: int, line: dict[str, Any]) -> None:
    """Write a line as a whole or, where there is no room for it, not at all."""
    data = json.dumps(line).encode() + b"\n"
    written = os.write(file, data)
    if written < len(data):
        os.ftruncate(file, os.fstat(file).st_size - written)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _not_noted(path: Path | None, error: OSError) -> UsageError:
    where = path.parent if path is not None else ""
    return UsageError(f"what a run creates cannot be noted in {where}: {error.strerror}; set VBPR_STATE_DIR")


def journal_path(base_url: str, run: str) -> Path:
    """Give the file of this process for a run against a target."""
    return _folder(base_url) / f"{quote(run, safe='')}.{os.getpid()}.jsonl"


def journals(base_url: str, run: str | None) -> Iterator[tuple[Path, JournalState]]:
    """Yield the files that runs against a target left, those of a run's parallel workers (`-gw0`) among them."""
    name = quote(run or "", safe="")
    patterns = ["*.jsonl"] if run is None else [f"{name}.*.jsonl", f"{name}-gw[0-9]*.jsonl"]
    for pattern in patterns:
        for path in sorted(_folder(base_url).glob(pattern)):
            yield path, read_journal(path)


def read_journal(path: Path) -> JournalState:
    """Add up the lines of a file; a last line that was cut off in the middle is none."""
    state = JournalState()
    for line in path.read_bytes().split(b"\n"):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            state.apply(json.loads(line))
    return state


def is_open(path: Path) -> bool:
    """Whether the run that writes the file still goes on."""
    file = os.open(path, os.O_WRONLY)
    try:
        return not _lock(file)
    finally:
        os.close(file)


def _folder(base_url: str) -> Path:
    digest = hashlib.sha256(base_url.rstrip("/").encode()).hexdigest()[:12]
    return _state_folder() / "created" / f"{urlsplit(base_url).hostname}-{digest}"


def _state_folder() -> Path:
    """`VBPR_STATE_DIR`, or the place the operating system has for that.

    Where nothing can be written there, as where a container runs under a number that has no home, it is a folder of
    the user beside the temporary files.
    """
    told = os.environ.get("VBPR_STATE_DIR")
    if told:
        return Path(told)
    instead = Path(tempfile.gettempdir()) / f"vbpr-conformance-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    try:
        usual = _usual_folder() / "vbpr-conformance"
    except RuntimeError:  # this user has no home
        return instead
    return usual if _can_be_made(usual) or not _can_be_made(instead) else instead


def _usual_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home()))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")


def _can_be_made(folder: Path) -> bool:
    """Whether there is such a folder of this user, or could be one."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK) and (there != folder or _is_ours(folder))


def _is_ours(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _lock(file: int) -> bool:
    """Lock a file until it is closed; where the system has no such locks, every file counts as free."""
    try:
        import fcntl  # noqa: PLC0415  not on Windows
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
