"""The store: every version of every resource as JSON text, and the search index of the current ones, in SQLite.

In memory, or in a file whose commits are on disk before they are acknowledged
(https://sqlite.org/pragma.html#pragma_synchronous: WAL with FULL).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from vbpr_conformance.errors import UsageError

LAYOUT = 3
"""Raised whenever the tables change: a file of another layout is refused."""
KEPT_RESULTS = 2000
"""How many results of searches with several pages are kept for their later pages."""
KEPT_LARGE_RESULTS = 8
"""How many of them may be large."""
_LARGE_RESULT = 200_000
"""In characters."""
KEPT_PAST = 10_000
"""How many replaced and deleted versions a store in memory keeps: a file has room for all of them."""
_SWEEP = 1000
"""After how many writes what is too old is looked for."""

_TABLES = """
CREATE TABLE IF NOT EXISTS version (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL,
    updated TEXT NOT NULL, method TEXT NOT NULL, current INTEGER NOT NULL, body TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS version_key ON version (type, id, version);
CREATE UNIQUE INDEX IF NOT EXISTS version_current ON version (type, id) WHERE current = 1;
CREATE INDEX IF NOT EXISTS version_living ON version (type, seq) WHERE current = 1 AND body IS NOT NULL;
CREATE INDEX IF NOT EXISTS version_past ON version (seq) WHERE current = 0 OR body IS NULL;
CREATE TABLE IF NOT EXISTS param (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS search_value (
    seq INTEGER NOT NULL, param INTEGER NOT NULL, place INTEGER NOT NULL,
    system TEXT, value TEXT, exact TEXT, low, high,
    PRIMARY KEY (seq, param, place)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_param ON search_value (param, seq);
CREATE INDEX IF NOT EXISTS by_value ON search_value (param, value, seq, system) WHERE value IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_exact ON search_value (param, exact, seq, system, value) WHERE exact IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_low ON search_value (param, low, high) WHERE low IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_high ON search_value (param, high) WHERE high IS NOT NULL;
CREATE VIEW IF NOT EXISTS search_index AS
    SELECT s.seq, p.name AS param, s.system, s.value, s.exact, s.low, s.high
    FROM search_value s JOIN param p ON p.number = s.param;
CREATE TABLE IF NOT EXISTS result (
    number INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_COLUMNS = "seq, type, id, version, updated, method, body"


class IndexRow(NamedTuple):
    """One value of one search parameter; which columns are used follows from the parameter's type.

    token: `system`, `value` (the code), `exact` (text to search with `:text`) · string: `value` (normalised),
    `exact` · uri: `exact` · reference: `system` (target type), `value` (target id), `exact` (`Type/id`, a URL or a
    canonical, of which `value` is then the version) · date and number: `low`, `high` · quantity: `low`, `high`,
    `system`, `value` (the code), `exact` (the unit). With nothing but `param` it says that there is a value.
    """

    param: str
    system: str | None = None
    value: str | None = None
    exact: str | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version of a resource; `body` is its JSON text, None where it was deleted."""

    seq: int
    type: str
    id: str
    version: str
    updated: str
    method: str
    body: str | None

    @property
    def key(self) -> str:
        """`Type/id`, as a relative reference names it."""
        return f"{self.type}/{self.id}"

    @property
    def text(self) -> str:
        """The JSON text of a version that was not deleted."""
        if self.body is None:
            raise LookupError(f"{self.key} version {self.version} is deleted")
        return self.body


class Store:
    """Resources with their versions, and SQL over their index."""

    def __init__(self, path: Path | None = None) -> None:
        self._depth = 0
        self._in_memory = path is None
        self._writes = 0
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError as error:
            raise UsageError(f"cannot keep data in {path}: {_reason(error)}") from None
        self._params: dict[str, int] = dict(self._db.execute("SELECT name, number FROM param"))

    def close(self) -> None:
        """Close the file; all that was acknowledged is in it."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that happens inside, or nothing of it; inside another transaction it is part of that one."""
        if self._depth == 0:
            self._db.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("ROLLBACK")
            raise
        self._depth -= 1
        if self._depth == 0:
            self._db.execute("COMMIT")

    def current(self, resource_type: str, resource_id: str) -> StoredVersion | None:
        """Give the newest version of a resource, which may be its deletion; None if there never was one."""
        return self._one("type = ? AND id = ? AND current = 1", (resource_type, resource_id))

    def version(self, resource_type: str, resource_id: str, version: str) -> StoredVersion | None:
        """Give one version of a resource."""
        return self._one("type = ? AND id = ? AND version = ?", (resource_type, resource_id, version))

    def add(self, row: StoredVersion, index: Iterable[IndexRow], previous: StoredVersion | None) -> StoredVersion:
        """Put a new version over the previous one; gives it with its place in the sequence of all versions."""
        with self.transaction():
            if previous is not None:
                self._db.execute("UPDATE version SET current = 0 WHERE seq = ?", (previous.seq,))
                self._db.execute("DELETE FROM search_value WHERE seq = ?", (previous.seq,))
            seq = self._db.execute(
                "INSERT INTO version (type, id, version, updated, method, current, body) VALUES (?, ?, ?, ?, ?, 1, ?)",
                (row.type, row.id, row.version, row.updated, row.method, row.body),
            ).lastrowid
            assert seq is not None  # noqa: S101  # SQLite gives it after every INSERT
            self._insert_index(seq, index)
            self._writes += 1
            if self._in_memory and self._writes % _SWEEP == 0:
                self._forget_past()
        return StoredVersion(seq, row.type, row.id, row.version, row.updated, row.method, row.body)

    def _forget_past(self) -> None:
        """Drop the oldest of the versions that were replaced or are deletions, so that the memory does not grow.

        How long versions are kept is the server's choice: https://hl7.org/fhir/R4/http.html#history.
        """
        self._db.execute(
            "DELETE FROM version WHERE seq IN (SELECT seq FROM version WHERE current = 0 OR body IS NULL "
            "ORDER BY seq DESC LIMIT -1 OFFSET ?)",
            (KEPT_PAST,),
        )

    def reindex(self, row: StoredVersion, index: Iterable[IndexRow]) -> None:
        """Make the index of a current version anew."""
        self._db.execute("DELETE FROM search_value WHERE seq = ?", (row.seq,))
        self._insert_index(row.seq, index)

    def index_of(self, row: StoredVersion) -> list[IndexRow]:
        """Give the index rows of a current version."""
        sql = "SELECT param, system, value, exact, low, high FROM search_index WHERE seq = ?"
        return [IndexRow(*each) for each in self._db.execute(sql, (row.seq,))]

    def refers_to(self, key: str) -> bool:
        """Whether a current resource refers to `Type/id` in a search parameter."""
        sql = "SELECT 1 FROM search_value WHERE exact = ? AND system IS NOT NULL LIMIT 1"
        return self._db.execute(sql, (key,)).fetchone() is not None

    def _insert_index(self, seq: int, index: Iterable[IndexRow]) -> None:
        rows = [(seq, self.param(each.param), place, *each[1:]) for place, each in enumerate(index)]
        self._db.executemany("INSERT INTO search_value VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def param(self, name: str) -> int:
        """Give the number under which the index has a search parameter, `Type.code`; raises `KeyError` for others."""
        return self._params[name]

    def add_params(self, names: Iterable[str]) -> None:
        """Give numbers to search parameters that shall be indexed."""
        with self.transaction():
            new = [(name,) for name in names if name not in self._params]
            self._db.executemany("INSERT INTO param (name) VALUES (?)", new)
        self._params = dict(self._db.execute("SELECT name, number FROM param"))

    def select(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run a query that was built by this package."""
        return self._db.execute(sql, values).fetchall()

    def rows(self, seqs: Sequence[int]) -> list[StoredVersion]:
        """Give versions by their place in the sequence, in the order asked for."""
        found: dict[int, StoredVersion] = {}
        for start in range(0, len(seqs), 500):
            part = seqs[start : start + 500]
            marks = ",".join("?" * len(part))
            for each in self._db.execute(f"SELECT {_COLUMNS} FROM version WHERE seq IN ({marks})", part):  # noqa: S608  # only marks
                found[each[0]] = StoredVersion(*each)
        return [found[seq] for seq in seqs if seq in found]

    def living(self) -> Iterator[StoredVersion]:
        """Every current version that is not a deletion."""
        seqs = [seq for (seq,) in self._db.execute("SELECT seq FROM version WHERE current = 1 AND body IS NOT NULL")]
        for start in range(0, len(seqs), 500):
            yield from self.rows(seqs[start : start + 500])

    def deleted_since(self, seqs: Sequence[int]) -> set[int]:
        """Of some versions, those whose resource has been deleted meanwhile."""
        gone: set[int] = set()
        for start in range(0, len(seqs), 500):
            part = seqs[start : start + 500]
            marks = ",".join("?" * len(part))
            sql = (
                "SELECT v.seq FROM version v JOIN version c ON c.type = v.type AND c.id = v.id AND c.current = 1 "  # noqa: S608  # only marks
                f"WHERE v.seq IN ({marks}) AND c.body IS NULL"
            )
            gone.update(seq for (seq,) in self._db.execute(sql, part))
        return gone

    def keep_result(self, token: str, content: Any) -> None:
        """Keep what later pages of a search need; the oldest go when there are too many, or too many large ones.

        It may get lost with the power: nothing waits for the disk here.
        """
        text = json.dumps(content, separators=(",", ":"))
        if self._depth == 0:
            self._db.execute("PRAGMA synchronous = NORMAL")
        with self.transaction():
            number = self._db.execute(
                "INSERT OR REPLACE INTO result (token, size, content) VALUES (?, ?, ?)", (token, len(text), text)
            ).lastrowid
            self._db.execute("DELETE FROM result WHERE number <= ?", ((number or 0) - KEPT_RESULTS,))
            if len(text) > _LARGE_RESULT:
                sql = (
                    "DELETE FROM result WHERE size > ? AND number NOT IN "
                    "(SELECT number FROM result WHERE size > ? ORDER BY number DESC LIMIT ?)"
                )
                self._db.execute(sql, (_LARGE_RESULT, _LARGE_RESULT, KEPT_LARGE_RESULTS))
        if self._depth == 0:
            self._db.execute("PRAGMA synchronous = FULL")

    def kept_result(self, token: str) -> Any:
        """Give back what was kept, or None."""
        found = self._db.execute("SELECT content FROM result WHERE token = ?", (token,)).fetchone()
        return json.loads(found[0]) if found else None

    def setting(self, name: str) -> str | None:
        """Give a note that the store keeps about itself."""
        found = self._db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return found[0] if found else None

    def set_setting(self, name: str, value: str) -> None:
        """Keep a note about the store itself."""
        self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def _one(self, where: str, values: Sequence[Any]) -> StoredVersion | None:
        found = self._db.execute(f"SELECT {_COLUMNS} FROM version WHERE {where}", values).fetchone()  # noqa: S608  # constants of this class
        return StoredVersion(*found) if found else None


def _open(path: Path | None) -> sqlite3.Connection:
    db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=0, check_same_thread=False)
    if path is not None:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")  # two servers over one file would not see each other
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
    layout = db.execute("PRAGMA user_version").fetchone()[0]
    others = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if layout != LAYOUT and (layout or others):
        raise UsageError(f"cannot keep data in {path}: it is a database of something else or of another version")
    db.executescript(_TABLES)
    db.execute(f"PRAGMA user_version = {LAYOUT}")
    return db


def _reason(error: sqlite3.DatabaseError) -> str:
    text = str(error)
    if "locked" in text:
        return "another server is using it"
    if "unable to open" in text:
        return "it is a folder, or its folder is not there or cannot be written to"
    if "not a database" in text:
        return "it is a file of something else"
    return text
