"""Signals end a block once, wherever they come."""

from __future__ import annotations

import gc
import signal
import threading
import time
from types import SimpleNamespace

import pytest

from vbpr_conformance import interrupts
from vbpr_conformance.errors import TargetError


@pytest.fixture
def while_collecting():
    """Do something once while garbage is collected."""
    added = []

    def make(act):
        def callback(phase, _info):
            if phase == "start" and added:
                gc.callbacks.remove(added.pop())
                act()

        added.append(callback)
        gc.callbacks.append(callback)

    yield make
    for each in added:
        gc.callbacks.remove(each)


def wait_after(act):
    """Act, and wait long enough for anything that comes soon, in steps in which a signal is taken."""
    act()
    for _ in range(1000):
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_a_keyboard_interrupt(number):
    """Whichever it is."""
    with pytest.raises(KeyboardInterrupt), interrupts.handled():
        wait_after(lambda: signal.raise_signal(number))


def test_a_signal_while_garbage_is_collected_is_not_lost(while_collecting, capsys):
    """Python shows what is raised there and goes on: the signal comes again, and nothing is shown."""
    while_collecting(lambda: signal.raise_signal(signal.SIGTERM))
    while_collecting(lambda: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(KeyboardInterrupt), interrupts.handled():
        wait_after(gc.collect)
    assert "Traceback" not in capsys.readouterr().err


def test_a_signal_that_comes_while_another_is_made_to_come_again_is_not_lost(while_collecting, capsys, monkeypatch):
    """On a busy machine the next one is there before what lets it come has ended."""
    start = threading.Thread.start

    def slow(thread):
        start(thread)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(threading.Thread, "start", slow)
    while_collecting(lambda: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(KeyboardInterrupt), interrupts.handled():
        wait_after(gc.collect)
    assert "Traceback" not in capsys.readouterr().err


def test_the_end_of_the_time_for_deleting_is_not_lost_either(while_collecting, capsys):
    """It comes again by itself."""
    while_collecting(lambda: signal.raise_signal(signal.SIGALRM))
    with interrupts.handled(), pytest.raises(TargetError, match="no time was left"), interrupts.within(60):
        wait_after(gc.collect)
    assert "Traceback" not in capsys.readouterr().err


WORKERINPUT = {"workerid": "gw0"}


def test_what_the_first_process_passes_on_is_no_second_signal():
    """Ctrl-C in a terminal reaches the worker and the first process, which tells the worker once more."""
    passed_on = signal.SIGUSR1
    before = signal.getsignal(passed_on)
    try:
        with pytest.raises(KeyboardInterrupt), interrupts.handled():  # noqa: PT012
            interrupts.join(WORKERINPUT)
            try:
                wait_after(lambda: signal.raise_signal(signal.SIGINT))
            except KeyboardInterrupt:
                signal.raise_signal(passed_on)  # before it deletes
                with interrupts.within(60):
                    signal.raise_signal(passed_on)  # while it deletes
                raise
    finally:
        signal.signal(passed_on, before)


def test_a_worker_is_interrupted_by_what_the_first_process_passes_on():
    """Where the signal reached the first process alone."""
    before = signal.getsignal(signal.SIGUSR1)
    try:
        with pytest.raises(KeyboardInterrupt), interrupts.handled():  # noqa: PT012
            interrupts.join(WORKERINPUT)
            wait_after(lambda: signal.raise_signal(signal.SIGUSR1))
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_what_a_worker_told_at_its_end_is_counted():
    """Also of one that ended before the first process took notice, and whatever became of its other messages."""
    node = SimpleNamespace(workerinput={"workerid": "gw0"}, gateway=SimpleNamespace(id="gw0"))
    workers = interrupts.Workers()
    workers.expect(node)
    before = signal.getsignal(signal.SIGUSR1)
    try:
        with interrupts.handled():
            interrupts.join(node.workerinput)
    finally:
        signal.signal(signal.SIGUSR1, before)
    interrupts.tell(node.workerinput, {"requests": 7})
    assert workers.interrupt() == {"gw0": {"requests": 7}}
