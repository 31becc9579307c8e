"""What logging in by SMART Backend Services costs a run: requests, and time for each request.

    python benchmarks/login.py [NUMBER]

NUMBER reads (default 3,000) are made with a login and without, in turn, by clients whose answers come at once, so that
what differs is the client's own. The aim is two requests more in a run and less than 1 ms more for each request. A run
against the reference server behind that door counts the requests of a real one.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.client.redact import Secret
from vbpr_conformance.client.smart import SmartBackend
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.reference.access.token_endpoint import SmartEndpoint
from vbpr_conformance.reference.app import make_app
from vbpr_conformance.reference.store import Store
from vbpr_conformance.selftest.in_process import InProcess

BASE = "https://payer.example/fhir"
_REQUESTS, _MS = 2, 1.0


def at_once(request: httpx.Request) -> httpx.Response:
    """Answer every read with the same resource, and what a login asks for."""
    if request.url.path.endswith("smart-configuration"):
        return httpx.Response(200, json={"token_endpoint": f"{BASE}/token"})
    if request.url.path.endswith("/token"):
        return httpx.Response(200, json={"access_token": "t" * 900, "token_type": "bearer", "expires_in": 300})
    return httpx.Response(200, json={"resourceType": "MeasureReport", "id": "1"})


def timed(client: FhirClient) -> float:
    """Read once; give the milliseconds."""
    start = time.perf_counter()
    client.read("MeasureReport", "1")
    return (time.perf_counter() - start) * 1000


def main() -> int:
    """Measure and print; 1 where an aim is missed."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    endpoint = SmartEndpoint()
    auth = endpoint.client_settings(BASE)["auth"]

    def login() -> SmartBackend:
        scopes, key = auth["scopes"], Secret(auth["key"])
        return SmartBackend(BASE, auth["client-id"], key, scopes, algorithm=auth["algorithm"], key_id=auth["key-id"])

    logged_in = FhirClient(BASE, credentials=login(), transport=httpx.MockTransport(at_once))
    plain = FhirClient(BASE, transport=httpx.MockTransport(at_once))
    first = timed(logged_in)
    timed(plain)
    times = [(timed(logged_in), timed(plain)) for _ in range(number)]
    with_login, without = (statistics.median(each) for each in zip(*times, strict=True))
    more = logged_in.requests - plain.requests
    print(f"login by SMART: {more} requests more; the first request took {first:.0f} ms")
    print(f"each request: {with_login:.3f} ms with a login, {without:.3f} ms without: {with_login - without:+.3f} ms")

    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store.db")
        app = make_app(load_edition(None), store, access=endpoint)
        client = FhirClient(BASE, credentials=login(), transport=InProcess(app))
        statuses = [client.read("MeasureReport", "none").status for _ in range(100)]
        store.close()
    print(f"against the reference server: {json.dumps(sorted(set(statuses)))}, {client.requests} requests for 100")
    is_missed = more > _REQUESTS or client.requests > 100 + _REQUESTS or with_login - without > _MS
    return int(is_missed)


if __name__ == "__main__":
    sys.exit(main())
