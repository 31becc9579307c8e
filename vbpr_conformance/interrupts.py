"""How a run is ended from outside: Ctrl-C, SIGTERM and SIGHUP alike, once, and what follows them in bounded time.

A first signal ends the cases, and what was created is deleted; a second one ends that too, and what is left is told.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from vbpr_conformance.errors import TargetError

DELETING_S = 10.0
"""How long an interrupted run goes on deleting what it created; `cleanup` does the rest."""
WORKERS_S = DELETING_S + 3.0
"""How long the first process waits for the workers of a parallel run to do the same."""
_AGAIN_S = 0.2
_SOON_S = 0.01
_FOLDER = "vbpr_workers"
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_PASSED_ON = getattr(signal, "SIGUSR1", signal.SIGINT)
"""What the first process sends to workers: Ctrl-C in a terminal reached them too, and this is no second one."""


class _OutOfTimeError(TargetError):
    """The time for deleting is over; raised again and again, so that one which is lost is no loss."""


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise `KeyboardInterrupt`, once for all signals: they often come in twos, from a terminal and from a parent."""
    if _is_hook_at_work(frame):  # what is raised there is lost
        _SENDER.send_until_taken(number)
        return
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)


def _is_hook_at_work(frame: FrameType | None) -> bool:
    code = getattr(sys.unraisablehook, "__code__", None)
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


class _Sender:
    """Lets a signal that was lost come again."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal comes while the main thread has it
        self._is_sending = False

    def send_until_taken(self, number: int) -> None:
        """Send this process a signal, a little later, until `_interrupt` has raised: it takes no other then."""
        with self._lock:
            if self._is_sending:
                return
            self._is_sending = True
            threading.Thread(target=self._send, args=(number,), daemon=True).start()

    def _send(self, number: int) -> None:
        while True:
            time.sleep(_SOON_S)
            with self._lock:
                if signal.getsignal(number) is not _interrupt:
                    self._is_sending = False
                    return
            os.kill(os.getpid(), number)


_SENDER = _Sender()


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    """Raise `KeyboardInterrupt` unless this process was interrupted before."""
    if any(signal.getsignal(each) is _interrupt for each in _SIGNALS):
        _interrupt(number, frame)


@contextlib.contextmanager
def handled() -> Iterator[None]:
    """Take the signals that end a process as `KeyboardInterrupt`, for a block."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = {each: signal.getsignal(each) for each in _SIGNALS}
    hook = sys.unraisablehook
    handle()
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for each, handler in before.items():
            signal.signal(each, handler if handler is not None else signal.SIG_DFL)


def handle() -> None:
    """Take the signals so from now on; one that was ignored before (`nohup`) stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        return
    taken = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    for each in taken:
        signal.signal(each, _interrupt)
    before = sys.unraisablehook

    def repeat(lost: sys.UnraisableHookArgs) -> None:
        """What is raised while garbage is collected is lost: let the signal come again when that is over."""
        if isinstance(lost.exc_value, KeyboardInterrupt) and taken:
            for each in taken:
                signal.signal(each, _interrupt)
            _SENDER.send_until_taken(taken[0])
        elif not isinstance(lost.exc_value, _OutOfTimeError):
            before(lost)

    sys.unraisablehook = repeat


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let no wait for the target outlast `seconds`, nor a further Ctrl-C: both raise `TargetError` where it waits."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def give_up(_number: int, _frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S, _AGAIN_S)  # whatever waits next is ended at once
        raise _OutOfTimeError("no time was left to delete it")

    kept = {each: signal.signal(each, give_up) for each in (signal.SIGALRM, *_SIGNALS)}
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for each, handler in kept.items():
            signal.signal(each, handler if handler is not None else signal.SIG_DFL)


class Workers:
    """The worker processes of a parallel run, so that the first process can end them as it is ended itself.

    xdist does not tell their process ids: each worker leaves its own in a folder that it is told of.
    """

    def __init__(self) -> None:
        self._folder = ""
        self._nodes: list[Any] = []

    def expect(self, node: Any) -> None:
        """Tell a worker that is about to be started where to leave its process id."""
        if not self._folder:
            self._folder = tempfile.mkdtemp(prefix="vbpr-workers-")
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        node.workerinput[_FOLDER] = self._folder
        self._nodes.append(node)

    def interrupt(self) -> dict[str, dict[str, Any]]:
        """Interrupt those that are at work, wait until each has told what it did, and give what they told.

        By files: a signal that comes while a worker writes to the first process garbles all that it says there later.
        """
        at_work = {node.gateway.id: pid for node in self._nodes if (pid := self._pid(node))}
        for worker, pid in at_work.items():
            if self._is_at_work(worker, pid):
                with contextlib.suppress(OSError):
                    os.kill(pid, _PASSED_ON)
        end = time.monotonic() + WORKERS_S
        while any(self._is_at_work(*each) for each in at_work.items()) and time.monotonic() < end:
            time.sleep(0.05)
        return {
            worker: json.loads(file.read_text(encoding="utf-8"))
            for worker in at_work
            if (file := _told_in(self._folder, worker)).exists()
        }

    def _pid(self, node: Any) -> int:
        with contextlib.suppress(OSError, ValueError):
            return int(Path(self._folder, node.gateway.id).read_text(encoding="ascii"))
        return 0

    def _is_at_work(self, worker: str, pid: int) -> bool:
        if _told_in(self._folder, worker).exists():
            return False
        try:
            os.kill(pid, 0)
        except OSError:
            return False
        return True


def join(worker: Mapping[str, Any]) -> None:
    """In a worker, of which `worker` is xdist's `workerinput`: let the first process end this one in order."""
    handle()
    if _PASSED_ON not in _SIGNALS:
        signal.signal(_PASSED_ON, _interrupt_once)
    folder = worker.get(_FOLDER)
    if folder:
        with contextlib.suppress(OSError):
            Path(folder, worker["workerid"]).write_text(str(os.getpid()), encoding="ascii")


def tell(worker: Mapping[str, Any], done: Mapping[str, Any]) -> None:
    """In a worker at its end: tell the first process what was done, as plain data."""
    folder = worker.get(_FOLDER)
    if folder:
        file = _told_in(folder, worker["workerid"])
        with contextlib.suppress(OSError):
            file.with_suffix(".part").write_text(json.dumps(done), encoding="utf-8")
            file.with_suffix(".part").replace(file)


def _told_in(folder: str, worker: str) -> Path:
    return Path(folder, f"{worker}.json")


def drop_output() -> None:
    """Point stdout at nothing, once its reader went away: Python complains again at exit of what it could not write."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
