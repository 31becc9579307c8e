"""A client of our own that does every task of the scenarios rightly, and, by name, each of them wrongly.

It stands for a provider's system: plain httpx, no code shared with what judges it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from urllib.parse import urljoin

import httpx

JSON = "application/fhir+json"


class ReadingClient:
    """Does tasks at a base URL. `faults` are the names of what it does wrongly."""

    def __init__(  # noqa: PLR0913  # what a client is made of
        self, base, task, *, send=None, faults=(), sleep=time.sleep, token=None
    ):
        self.base = base
        self.task = task
        self.faults = set(faults)
        self.sleep = sleep
        self.http = httpx.Client(transport=send, timeout=10) if send is not None else httpx.Client(timeout=10)
        self.token = token
        self.shown = []

    def get(self, url, **params):
        """Read a URL (or a path below the base), with patience where the server asks for it."""
        target = url if "://" in url else f"{self.base}/{url}"
        for _ in range(3):
            answer = self.http.get(target, params=params or None, headers=self.headers())
            if answer.status_code in {429, 503} and "retry-after" in answer.headers:
                self.sleep(float(answer.headers["retry-after"]))
                continue
            break
        if answer.status_code >= 400:
            raise SystemExit(f"{target}: {answer.status_code}")
        return answer.json()

    def headers(self):
        return {"Accept": JSON}

    def search(self, **params):
        """All matches of a search, page by page."""
        page = self.get(params.pop("type"), **params)
        found = []
        seen = set()
        while True:
            entries = page.get("entry", ())
            found += [each["resource"] for each in entries if each.get("search", {}).get("mode", "match") == "match"]
            following = [each["url"] for each in page.get("link", ()) if each["relation"] == "next"]
            if not following or following[0] in seen:
                return found
            seen.add(following[0])
            page = self.get(urljoin(f"{self.base}/", following[0]))

    def do(self):
        getattr(self, "do_" + self.task["do"].replace("-", "_"))()

    def do_find_reports(self):
        find = {key: value for key, value in self.task["find"].items() if key != "profile"}
        self.shown += self.search(**find)

    def show(self, folder):
        Path(folder, "shown.json").write_text(json.dumps(self.shown, indent=1))


if __name__ == "__main__":
    client = ReadingClient(
        os.environ["VBPR_BASE"], json.loads(Path(os.environ["VBPR_TASK_JSON"]).read_text()), faults=sys.argv[1:]
    )
    client.do()
    client.show(os.environ["VBPR_OUTPUT"])
