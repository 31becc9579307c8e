"""What recording costs: a request through `observe` beside the same on the bare reference server, memory, the page.

    python benchmarks/observe.py [NUMBER]

NUMBER exchanges (default 100,000) are recorded in one scenario. Prints the time of a read and of a search through the
recorder as a ratio to the bare server and the difference in ms, what the recording takes in MB, and the page's time.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable

from vbpr_conformance.ig.loader import editions, load_edition
from vbpr_conformance.observe.client_story import ClientStory
from vbpr_conformance.observe.guidance_page import GuidancePage
from vbpr_conformance.observe.live_verdicts import LiveVerdicts
from vbpr_conformance.observe.observe_app import ObserveApp
from vbpr_conformance.observe.observe_session import ObserveSession
from vbpr_conformance.observe.scenario_file import load_scenarios

_ADDED_MS = 0.2
_MOST_MB = 300
_PAGE_MS = 100
_SAMPLES = 2000
_HEADERS = {"host": "localhost", "accept": "application/fhir+json", "user-agent": "benchmark"}


def each_takes(act: Callable[[], object]) -> float:
    """The median time of an act, in ms."""
    times = []
    for _ in range(_SAMPLES):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def memory() -> float:
    """The most that this process has taken, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    edition = load_edition(editions()[-1])
    session = ObserveSession("s1", edition, load_scenarios(edition), 4711)
    plain = session.scenario("plain")
    bare, recorded, root = plain.app, ObserveApp(session), "/s1/plain/fhir"
    report = plain.data.held["first"].reference
    for name, target in (("read", f"{root}/{report}"), ("search", f"{root}/MeasureReport?status=complete")):
        without = each_takes(lambda target=target: bare.handle("GET", target, dict(_HEADERS)))
        through = each_takes(lambda target=target: recorded.answer("GET", target, dict(_HEADERS), b""))
        added = through - without
        print(f"{name:8} {through / without:5.2f} x the bare server, {added:.3f} ms more (aim {_ADDED_MS})")
    before = memory()
    for at in range(number):
        recorded.answer("GET", f"{root}/{report}?_=x" if at % 2 else f"{root}/{report}", dict(_HEADERS), b"")
    print(f"memory   {memory() - before:5.0f} MB for {number} exchanges (aim {_MOST_MB})")
    live = LiveVerdicts(session, lambda seen: ClientStory(session=[seen]))
    time.sleep(0.5)
    began = time.perf_counter()
    live.refresh()
    print(f"judged   {time.perf_counter() - began:5.1f} s for all of them, once")
    page = GuidancePage(session, live, lambda: None)
    began = time.perf_counter()
    page("GET", "/s1", {"accept": "text/html"}, b"")
    print(f"page     {(time.perf_counter() - began) * 1000:5.1f} ms (aim {_PAGE_MS})")


if __name__ == "__main__":
    main()
