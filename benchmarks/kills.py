"""Whether `serve --store` loses anything that it acknowledged, under `kill -9` at random moments.

    python benchmarks/kills.py [KILLS] [SEED]

Writes from several clients at once (creates, updates, deletes, transactions), kills the server at a random moment,
starts it over the same file and compares with what the clients were told; 200 kills by default. Prints what was lost:
nothing, else it ends with 1.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from vbpr_conformance.ig.loader import editions

_CLIENTS = 3


class Writer(threading.Thread):
    """A client that writes until the server is gone, and remembers what it was told.

    `told` has for each resource what must be there: its JSON, or None where it was deleted. What was sent last and not
    answered may be there or not: that is `open`.
    """

    def __init__(self, url: str, seed: int, name: str) -> None:
        super().__init__(name=name)
        self.url = url
        self.told: dict[str, Any] = {}
        self.open: set[str] = set()
        self._draw = random.Random(seed)
        self._number = 0

    def run(self) -> None:
        """Write until the server is gone."""
        with httpx.Client(timeout=30) as http:
            while True:
                try:
                    self._write(http)
                except httpx.TransportError:
                    return

    def _write(self, http: httpx.Client) -> None:
        self._number += 1
        known = [key for key, value in self.told.items() if value is not None]
        kind = self._draw.choice(["create", "update", "transaction", "delete"]) if known else "update"
        if kind == "create":
            made = http.post(f"{self.url}/Organization", json=self._resource()).json()
            self.told[f"Organization/{made['id']}"] = made
        elif kind == "update":
            key = self._draw.choice(known) if known and self._draw.random() < 0.5 else self._key()  # noqa: PLR2004
            self.open = {key}
            self.told[key] = http.put(f"{self.url}/{key}", json=self._resource(key)).json()
        elif kind == "delete":
            key = self._draw.choice(known)
            self.open = {key}
            http.delete(f"{self.url}/{key}").raise_for_status()
            self.told[key] = None
        else:
            self._transact(http)
        self.open = set()

    def _transact(self, http: httpx.Client) -> None:
        keys = [f"{self._key()}-{part}" for part in "abc"]
        self.open = set(keys)
        entries = [{"resource": self._resource(key), "request": {"method": "PUT", "url": key}} for key in keys]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = http.post(self.url, json=bundle, headers={"Prefer": "return=representation"}).json()
        for key, entry in zip(keys, answer["entry"], strict=True):
            self.told[key] = entry["resource"]

    def _key(self) -> str:
        return f"Organization/{self.name}-{self._number}"

    def _resource(self, key: str = "") -> dict[str, Any]:
        made = {"resourceType": "Organization", "name": f"{self.name} {self._number}"}
        return made | ({"id": key.rpartition("/")[2]} if key else {})


def started(file: Path) -> tuple[subprocess.Popen[str], str]:
    """Start the server over a file and give its URL."""
    command = [sys.executable, "-m", "vbpr_conformance.reference", "--edition", editions()[-1], "--store", str(file)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, (process.stdout or sys.stdin).readline().removeprefix("ready on ").strip()


def lost(url: str, told: dict[str, Any], opened: list[set[str]]) -> list[str]:
    """Name the resources that are not as the clients were told; `opened` is what each of them had not been told of."""
    wrong = []
    may_differ = set().union(*opened)
    with httpx.Client() as http:
        for key, expected in told.items():
            if key not in may_differ:
                answer = http.get(f"{url}/{key}")
                there = answer.json() if answer.status_code == 200 else None  # noqa: PLR2004
                if there != expected:
                    wrong.append(f"{key}: told {expected}, found {answer.status_code} {there}")
        wrong += [
            f"{', '.join(keys)}: a transaction is there in part"
            for keys in opened
            if len({http.get(f"{url}/{key}").status_code for key in keys}) > 1
        ]
    return wrong


def killed_once(file: Path, seed: int) -> tuple[list[str], int]:
    """Write, kill, start again, compare: what was lost, and how many resources were looked at."""
    process, url = started(file)
    writers = [Writer(url, seed * 10 + each, f"s{seed}c{each}") for each in range(_CLIENTS)]
    for writer in writers:
        writer.start()
    time.sleep(random.Random(seed).uniform(0.02, 1.0))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    for writer in writers:
        writer.join()
    process, url = started(file)
    told = {key: value for writer in writers for key, value in writer.told.items()}
    wrong = lost(url, told, [writer.open for writer in writers])
    process.terminate()
    process.communicate()
    return wrong, len(told)


def main() -> int:
    """Kill again and again over one file; 1 if anything was lost."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1  # noqa: PLR2004
    wrong: list[str] = []
    looked_at = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(kills):
            found, resources = killed_once(Path(folder) / "store.db", seed + number)
            wrong += found
            looked_at += resources
    print("\n".join([*wrong, f"{kills} kills, {looked_at} resources acknowledged, {len(wrong)} lost"]))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
