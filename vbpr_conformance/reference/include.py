"""Resources that come along with matches: those they refer to, and those that refer to them.

https://hl7.org/fhir/R4/search.html#include
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from vbpr_conformance.reference.search_sql import Canonical, any_reference

if TYPE_CHECKING:
    from vbpr_conformance.reference.http_messages import Pairs
    from vbpr_conformance.reference.server import Server
    from vbpr_conformance.reference.store import StoredVersion


MOST_INCLUDED = 1000
"""How many resources that refer to one match come along with it."""


class _IncludeRequest(NamedTuple):
    back: bool
    again: bool
    source: str
    code: str
    target: str


def understands(server: Server, name: str, value: str) -> bool:
    """Whether an `_include` or `_revinclude` names a reference that is indexed here."""
    asked = _asked(name, value)
    if asked.source == "*":
        return not asked.back
    parameters = server.parameters.get(asked.source, {})
    known = asked.code == "*" or (asked.code in parameters and parameters[asked.code].type == "reference")
    return known and (not asked.target or asked.target in server.types)


def included(server: Server, matches: list[StoredVersion], query: Pairs) -> list[StoredVersion]:
    """Give what comes along with the matches of one page, each once."""
    wanted = [
        _asked(name, value)
        for name, value in query
        if name.startswith(("_include", "_revinclude")) and understands(server, name, value)
    ]
    seen = {row.seq for row in matches}
    extra: list[StoredVersion] = []
    near, asked = matches, wanted
    while near and asked:
        seqs = [seq for each in asked for seq in _step(server, near, each) if seq not in seen]
        near = server.store.rows(list(dict.fromkeys(seqs)))
        seen |= {row.seq for row in near}
        extra += near
        asked = [each for each in wanted if each.again]
    return extra


def _asked(name: str, value: str) -> _IncludeRequest:
    source, _, rest = value.partition(":")
    code, _, target = rest.partition(":")
    kind, _, modifier = name.partition(":")
    return _IncludeRequest(kind == "_revinclude", modifier == "iterate", source, code or "*", target)


def _step(server: Server, rows: Iterable[StoredVersion], asked: _IncludeRequest) -> Iterable[int]:
    for row in rows:
        if asked.back:
            yield from _referring(server, row, asked)
        elif asked.source in {"*", row.type}:
            yield from _referred(server, row, asked)


def _params(server: Server, source: str, code: str) -> list[int]:
    codes = [each.code for each in server.parameters[source].values() if each.type == "reference"]
    return [server.store.param(f"{source}.{each}") for each in codes if code in {"*", each}]


def _referred(server: Server, row: StoredVersion, asked: _IncludeRequest) -> Iterable[int]:
    """Find what a resource refers to, by `Type/id` or by canonical URL."""
    params = _params(server, row.type, asked.code)
    marks = ",".join("?" * len(params))
    sql = f"SELECT DISTINCT system, value, exact FROM search_value WHERE seq = ? AND param IN ({marks})"  # noqa: S608  # only marks
    for system, value, exact in server.store.select(sql, [row.seq, *params]):
        if system is not None and asked.target in {"", system}:
            target = server.store.current(system, value)
            if target is not None and target.body is not None:
                yield target.seq
        elif system is None and exact is not None:
            for each in [asked.target] if asked.target else server.types:
                yield from _by_canonical(server, each, exact, value)


def _by_canonical(server: Server, resource_type: str, url: str, version: str | None) -> Iterable[int]:
    known = server.parameters.get(resource_type, {})
    if "url" not in known or (version and "version" not in known):
        return
    sql = "SELECT seq FROM search_value WHERE param = ? AND exact = ?"
    for (seq,) in server.store.select(sql, [server.store.param(f"{resource_type}.url"), url]):
        if not version or version in _versions(server, resource_type, seq):
            yield seq


def _versions(server: Server, resource_type: str, seq: int) -> list[str]:
    sql = "SELECT value FROM search_value WHERE seq = ? AND param = ?"
    return [value for (value,) in server.store.select(sql, [seq, server.store.param(f"{resource_type}.version")])]


def _referring(server: Server, row: StoredVersion, asked: _IncludeRequest) -> Iterable[int]:
    """Find what refers to a resource, by `Type/id` or by its canonical URL; not without end."""
    if asked.target not in {"", row.type}:
        return
    for param in _params(server, asked.source, asked.code):
        refers = any_reference(param, [row], canonicals(server, [row])).anywhere
        sql = f"SELECT DISTINCT seq FROM search_value WHERE {refers.sql} LIMIT {MOST_INCLUDED:d}"  # noqa: S608  # SQL of this package
        yield from (seq for (seq,) in server.store.select(sql, refers.values))


def canonicals(server: Server, rows: Iterable[StoredVersion]) -> list[Canonical]:
    """Give the canonical URLs of resources, each with its version."""
    found: list[Canonical] = []
    for row in rows:
        known = server.parameters[row.type]
        if "url" in known:
            sql = "SELECT exact FROM search_value WHERE seq = ? AND param = ?"
            urls = server.store.select(sql, [row.seq, server.store.param(f"{row.type}.url")])
            versions = _versions(server, row.type, row.seq) if urls and "version" in known else []
            found += [(url, versions[0] if versions else None) for (url,) in urls]
    return found
