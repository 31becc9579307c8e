"""What can be made again, kept on disk between runs.

Unpacking a pickle runs what it says, so only files of the user's own in a folder that nobody else may write to are
read; anything else, and anything broken, is as good as not there. https://docs.python.org/3/library/pickle.html
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import stat
import tempfile
from pathlib import Path
from typing import Any

_MAGIC = b"vbpr-conformance cache 1\n"
_DIGEST = 32


def key_of(*parts: str) -> bytes:
    """The key of what was made from these parts."""
    return hashlib.sha256("\0".join(parts).encode()).digest()


def load(folder: Path, name: str, key: bytes) -> Any | None:
    """What was stored under the name, if it was made from the same; None where there is nothing to be trusted."""
    try:
        if not _is_ours(folder.stat()):
            return None
        with os.fdopen(os.open(folder / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
            if not _is_ours(os.fstat(file.fileno())):
                return None
            content = file.read()
    except OSError:
        return None
    start = len(_MAGIC) + 2 * _DIGEST
    payload = memoryview(content)[start:]
    if content[:start] != _head(key, payload):
        return None
    try:
        return pickle.loads(payload)  # noqa: S301 - written by this user, and unchanged since
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it can be made again
        return None


def store(folder: Path, name: str, key: bytes, value: Any) -> None:
    """Keep a value for the next run; where that is not possible, the next run makes it again."""
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(folder.stat()):
            return
        payload = pickle.dumps(value, protocol=5)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_head(key, payload))
                file.write(payload)
            Path(temporary).replace(folder / name)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def keep_newest(folder: Path, pattern: str, count: int) -> None:
    """Of the files that fit the pattern keep so many, those used last."""
    with contextlib.suppress(OSError):
        files = sorted(folder.glob(pattern), key=lambda each: each.stat().st_mtime, reverse=True)
        for file in files[count:]:
            file.unlink(missing_ok=True)


def _head(key: bytes, payload: bytes | memoryview) -> bytes:
    return _MAGIC + key + hashlib.sha256(payload).digest()


def _is_ours(status: os.stat_result) -> bool:
    """Whether it is this user's and nobody else can have written to it; Windows keeps it in the user's own profile."""
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
