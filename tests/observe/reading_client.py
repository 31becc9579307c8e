"""A client of our own that does every task of the scenarios rightly and, by the names of faults, wrongly.

It stands for a provider's system: plain httpx, nothing of what judges it. What it does wrongly is in `client_faults`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
from client_faults import NO_FAULT, find_client_fault

JSON = "application/fhir+json"
PATIENCE = 3


class ReadingClient:
    """Does one task. `send` is an httpx transport, `payloads` the resources that it is given to write."""

    def __init__(self, task, *, send=None, fault=NO_FAULT, sleep=time.sleep, payloads=None, token=None):  # noqa: PLR0913
        self.base = task["base"]
        self.task = task
        self.fault = fault
        self.sleep = sleep
        self.payloads = payloads or {}
        self.token = token
        self.http = httpx.Client(transport=send, timeout=10)
        self.shown = []
        self.beside = []

    def request(self, method, url, **options):
        """Send a request to a URL, or a path below the base; wait where the server asks for time."""
        target = url if "://" in url else f"{self.base}/{url}"
        headers = {"Accept": JSON, "User-Agent": "reading-client/1.0", **options.pop("headers", {})}
        if self.token and target.startswith(self.base):
            headers["Authorization"] = f"Bearer {self.token}"
        request = self.http.build_request(method, target, headers=headers, **options)
        request = self.fault.request(self, request)
        for _ in range(self.fault.tries or PATIENCE):
            answer = self.http.send(request)
            if answer.status_code in {429, 503} and "retry-after" in answer.headers and self.fault.waits:
                self.sleep(_seconds(answer.headers["retry-after"]) * 1.05)
            elif answer.status_code < 400 or not self.fault.tries:
                break
        if answer.status_code >= 400:
            raise SystemExit(f"{method} {target}: {answer.status_code}")
        return answer

    def get(self, url, parameters=None):
        """Read a resource, or a Bundle."""
        answer = self.request("GET", url, params=parameters or None)
        resource = json.loads(answer.content, parse_float=Decimal)
        if "resourceType" not in resource:
            raise SystemExit(f"{url}: no resource")
        return self.fault.answer(self, resource)

    def pages(self, url, parameters=None):
        """Every page of a search or history, once."""
        page = self.get(url, parameters)
        seen = set()
        while True:
            if page["resourceType"] != "Bundle":
                raise SystemExit(f"{url}: no Bundle")
            yield page
            links = [each["url"] for each in page.get("link", ()) if each["relation"] == "next"]
            following = self.fault.next_page(self, links[0]) if links else None
            if following is None or following in seen:
                return
            if not self.fault.endless:
                seen.add(following)
            page = self.get(urljoin(f"{self.base}/", following))

    def search(self, parameters):
        """What a search finds, and what comes along."""
        parameters = dict(parameters)
        parameters.pop("profile", None)
        kind = parameters.pop("type")
        found, included = [], []
        for page in self.pages(kind, self.fault.parameters(self, parameters)):
            for entry in page.get("entry", ()):
                mode = entry.get("search", {}).get("mode", "match")
                if mode == "match" or self.fault.shows_mode(mode):
                    found.append(entry["resource"])
                elif mode == "include":
                    included.append(entry["resource"])
        return found, included

    def resolve(self, reference, holder):
        """What a reference leads to: inside its holder, or on the server; None where only an identifier is given."""
        url = self.fault.reference(self, reference.get("reference", ""))
        if url.startswith("#"):
            return next(each for each in holder["contained"] if each["id"] == url[1:])
        if not url or ("://" in url and not url.startswith(self.base)):
            return None
        return self.get(url)

    def do(self):
        """Do the task."""
        getattr(self, "do_" + self.task["do"].replace("-", "_"))()
        self.fault.after(self)

    def do_find_reports(self):
        self.shown, self.beside = self.search(self.task["find"])
        self.beside = []

    def do_find_all(self):
        self.shown, _ = self.search(self.task["find"])

    def do_read_report(self):
        report = self.get(self.task["report"])
        self.shown = [report]
        if "reporter" in report:
            self.beside = [each for each in [self.resolve(report["reporter"], report)] if each]

    def do_contract_of(self):
        report = self.get(self.task["report"])
        url, _, version = report["measure"].partition("|")
        criteria = {"type": "Measure", "url": url, **({"version": version} if version else {})}
        self.shown, _ = self.search(criteria)

    def do_cited_reports(self):
        report = self.get(self.task["report"])
        self.shown = [self.resolve(each, report) for each in report.get("evaluatedResource", ())]

    def do_find_with_cited(self):
        found, included = self.search({**self.task["find"], "_include": self.task["include"]})
        self.shown, self.beside = found, included

    def do_versions(self):
        kind, _, identity = self.task["resource"].partition("/")
        self.shown = [self.get(self.task["resource"])]
        versions = []
        for page in self.pages(f"{kind}/{identity}/_history"):
            versions += [each["resource"] for each in page.get("entry", ()) if "resource" in each]
        self.beside = versions

    def do_create_unless_there(self):
        condition = "&".join(f"{name}={value}" for name, value in self.task["where"].items())
        self.write("POST", "MeasureReport", self.payloads["new"], {"If-None-Exist": condition})

    def do_update_what_matches(self):
        found, _ = self.search({"type": "MeasureReport", **self.task["where"]})
        changed = {name: each for name, each in found[0].items() if name != "meta"} | {"status": "complete"}
        self.write("PUT", "MeasureReport", changed, {}, self.task["where"])

    def do_delete_what_matches(self):
        self.request("DELETE", "MeasureReport", params=self.task["where"])

    def do_patch(self):
        patch = [{"op": "replace", "path": "/status", "value": "complete"}]
        headers = {"Content-Type": "application/json-patch+json"}
        self.request(
            "PATCH", self.task["resource"], content=json.dumps(patch), headers=self.fault.write_headers(headers)
        )

    def do_transaction(self):
        created = {"resource": self.payloads["new"], "request": {"method": "POST", "url": "MeasureReport"}}
        deleted = {"request": {"method": "DELETE", "url": self.task["resource"]}}
        self.write("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [created, deleted]}, {})

    def do_batch(self):
        read = [{"request": {"method": "GET", "url": self.task[name]}} for name in ("resource", "other")]
        self.write("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": read}, {})

    def write(self, method, path, resource, headers, parameters=None):
        """Send a resource."""
        body = json.dumps(self.fault.body(self, resource), cls=_Written)
        media = self.fault.write_headers({"Content-Type": JSON, **headers})
        self.request(method, path or self.base, content=body, headers=media, params=parameters)

    def output(self):
        """What is shown: the report file, as it would be printed or put on a page."""
        shown = [self.fault.show(self, each) for each in self.shown]
        content = {"reports": [each for each in shown if each is not None], "beside": self.beside}
        return self.fault.written(json.dumps(content, cls=_Written, indent=1, ensure_ascii=False))


def _seconds(retry_after):
    """Seconds, or the date until which to wait."""
    if retry_after.isdigit():
        return float(retry_after)
    return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())


class _Written(json.JSONEncoder):
    """Writes decimals with the digits that they came with."""

    def default(self, value):
        return _Number(value) if isinstance(value, Decimal) else super().default(value)


class _Number(float):
    """A decimal that is written as it came."""

    def __new__(cls, value):
        made = super().__new__(cls, value)
        made.text = str(value)
        return made

    def __repr__(self):
        return self.text


def host_of(url):
    """The host of a URL."""
    return urlsplit(url).netloc


def main():
    """Do the task of the environment, as `observe --client-cmd` gives it."""
    task = json.loads(Path(os.environ["VBPR_TASK_JSON"]).read_text(encoding="utf-8"))
    payloads = {
        name: json.loads(Path(path).read_text(encoding="utf-8")) for name, path in task.get("payloads", {}).items()
    }
    fault = find_client_fault(sys.argv[1]) if len(sys.argv) > 1 else NO_FAULT
    client = ReadingClient(task, fault=fault, payloads=payloads)
    client.do()
    Path(os.environ["VBPR_OUTPUT"], "shown.json").write_text(client.output(), encoding="utf-8")


if __name__ == "__main__":
    main()
