"""How much of a run is the harness itself? Records a run against the reference server and replays its requests bare.

    python benchmarks/run.py [--examples N]

Prints, from one run: the time of the run, how much of it httpx took to make and send requests and to read answers, the
rest (the harness's own time), and the time the same requests take when a bare httpx.Client sends them to a fresh
server. The aim is a ratio of own time to replay of at most 1.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.reference.process import running
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.headers import Headers
from vbpr_conformance.runner import run_suites
from vbpr_conformance.target import access
from vbpr_conformance.target.target_file import Target

EDITION = "1.1.0"
SEED = 4711


class Sent(NamedTuple):
    """What is kept of an exchange: the answers read in a run are let go, as they are without this benchmark."""

    method: str
    url: str
    headers: Headers
    body: bytes
    location: str
    elapsed: float

    @classmethod
    def of(cls, each: Exchange) -> Sent:
        """Take it from an exchange."""
        location = each.headers.get("location", "")
        return cls(each.method, each.url, each.request_headers, each.request_body, location, each.elapsed)


def record(examples: int) -> tuple[list[Sent], str, float, float]:
    """Run all suites once; give the exchanges in order, the server's URL, and the seconds in all and spent in httpx."""
    exchanges: list[Sent] = []
    plain, build = access.open_target, httpx.Request.__init__
    building = 0.0

    def open_target(url: str, target: Target, **more: object) -> FhirClient:
        kept = more.pop("recorder", None)

        def recorder(each: Exchange) -> None:
            exchanges.append(Sent.of(each))
            if callable(kept):
                kept(each)

        return plain(url, target, **more, recorder=recorder)

    def build_request(request: httpx.Request, *args: Any, **more: Any) -> None:
        nonlocal building
        start = time.perf_counter()
        build(request, *args, **more)
        building += time.perf_counter() - start

    access.open_target = open_target
    httpx.Request.__init__ = build_request  # type: ignore[method-assign]
    with running(EDITION) as url, tempfile.TemporaryDirectory() as folder:
        options = [f"--vbpr-seed={SEED}", f"--vbpr-examples={examples}"]
        start = time.perf_counter()
        worked = time.process_time()
        ended = run_suites(url, Path(folder), writers=[], options=options)
        spent = time.perf_counter() - start
        worked = time.process_time() - worked
    access.open_target = plain
    httpx.Request.__init__ = build  # type: ignore[method-assign]
    print(f"processor time of the harness, its HTTP client included: {worked:.1f} s")
    print(f"{ended.summary.verdict}, {len(ended.record.results)} cases, {len(exchanges)} requests")
    return exchanges, url, spent, building + sum(each.elapsed for each in exchanges)


def replay(exchanges: list[Sent], recorded_at: str) -> float:
    """Send the same requests to a fresh server; give the seconds spent in the client.

    Ids that the server gave then are replaced by those it gives now, outside the time that is measured.
    """
    ids: dict[str, str] = {}
    spent = 0.0
    with running(EDITION) as url, httpx.Client(timeout=60) as client:
        for each in exchanges:
            address, body = _renamed(each, ids, recorded_at, url)
            headers = {name: value for name, value in each.headers.items() if name.lower() not in OWN}
            start = time.perf_counter()
            response = client.request(each.method, address, headers=headers, content=body)
            spent += time.perf_counter() - start
            _learn(each, response, ids)
    return spent


OWN = {"host", "content-length", "connection", "accept-encoding"}
ID = re.compile(rb"[0-9a-f]{16}")


def _renamed(each: Sent, ids: dict[str, str], old: str, new: str) -> tuple[str, bytes]:
    def known(match: re.Match[bytes]) -> bytes:
        return ids.get(match[0].decode(), match[0].decode()).encode()

    address = ID.sub(known, each.url.encode()).decode().replace(old, new)
    return address, ID.sub(known, each.body).replace(old.encode(), new.encode())


def _learn(each: Sent, response: httpx.Response, ids: dict[str, str]) -> None:
    """Pair the ids of what was created then and now, in the order in which the answers name them."""
    before, after = each.location, response.headers.get("location", "")
    pairs = zip(ID.findall(before.encode()), ID.findall(after.encode()), strict=False)
    ids.update({old.decode(): new.decode() for old, new in pairs})


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=10)
    exchanges, recorded_at, total, inside = record(parser.parse_args().examples)
    own = total - inside
    bare = replay(exchanges, recorded_at)
    print(f"run {total:.1f} s = requests in httpx {inside:.1f} s + the harness itself {own:.1f} s")
    print(f"replayed bare {bare:.1f} s")
    print(f"harness / replay = {own / bare:.2f}")


if __name__ == "__main__":
    main()
