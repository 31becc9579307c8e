"""What is kept of the exchanges of a case."""

from __future__ import annotations

from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.headers import Headers
from vbpr_conformance.suite.recorder import HIDDEN, MOST_BODY, MOST_BODY_OF_A_PASS, MOST_EXCHANGES, CaseRecorder


def exchange(name: str, body: bytes = b"{}") -> Exchange:
    return Exchange("read", "GET", f"http://x/{name}", Headers(), b"", 200, Headers(), body, 0.1)


def urls(recorder: CaseRecorder, *failed: Exchange) -> list[tuple[str, str, bool]]:
    return [(each["phase"], each["url"][-1], each["failed"]) for each in recorder.exchanges(failed)]


def test_each_exchange_is_kept_with_its_part_of_the_case():
    """The one that shows the failure is marked."""
    recorder = CaseRecorder()
    recorder.begin()
    recorder(exchange("a"))
    recorder.enter("step 1")
    guilty = exchange("b")
    recorder(guilty)
    recorder.enter("teardown")
    recorder(exchange("c"))
    assert urls(recorder, guilty) == [("setup", "a", False), ("step 1", "b", True), ("teardown", "c", False)]


def test_of_several_examples_the_last_is_kept():
    """It is the smallest that fails; what failed before it is kept as well."""
    recorder = CaseRecorder()
    first = exchange("a")
    recorder(first)
    recorder.begin()
    recorder(exchange("b"))
    assert urls(recorder) == [("setup", "b", False)]
    assert urls(recorder, first) == [("earlier", "a", True), ("setup", "b", False)]


def test_what_is_kept_has_a_limit():
    """In number and in size."""
    recorder = CaseRecorder()
    for _ in range(MOST_EXCHANGES + 5):
        recorder(exchange("a", b"x" * (MOST_BODY + 1)))
    kept = recorder.exchanges()
    assert len(kept) == MOST_EXCHANGES
    assert kept[0]["body"] == "x" * MOST_BODY_OF_A_PASS + f"… ({MOST_BODY + 1:,} bytes)"


def test_bodies_can_be_hidden():
    """For targets with real data; an empty one is shown as that."""
    recorder = CaseRecorder(redact_bodies=True)
    recorder(exchange("a", b'{"name": "Real Person"}'))
    [kept] = recorder.exchanges()
    assert (kept["body"], kept["request_body"]) == (HIDDEN, "")
