"""Starts runs of the command line by fork, with everything imported already: a run then costs what it does, no more.

One line of JSON in, `{"argv": …, "cwd": …, "env": …, "in": …, "out": …, "err": …, "limits": …}`, one out: `{"pid": …}`
when it runs and `{"code": …, "rss_mb": …}` when it has ended. A line `{"signal": …, "group": …}` in between is sent to
its process, or to that and all it started.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import select
import signal
import sys
import tempfile
import time

import pytest


def main() -> None:
    """Serve until standard input ends."""
    _warm_up()
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(job)
        _say(pid=pid)
        _say(**_ended(pid))


def _warm_up() -> None:
    """Import and compile what runs share, which their children then need not do again."""
    import _hypothesis_pytestplugin  # noqa: F401
    import allure_pytest.plugin  # noqa: F401
    import anyio.pytest_plugin  # noqa: F401
    import xdist.plugin  # noqa: F401

    import vbpr_conformance.commands.observe
    import vbpr_conformance.commands.run
    import vbpr_conformance.reference.listener
    import vbpr_conformance.runner
    import vbpr_conformance.suite.case
    import vbpr_conformance.validate.sources  # noqa: F401
    from vbpr_conformance import cli  # noqa: F401
    from vbpr_conformance.generate.builder import build
    from vbpr_conformance.ig.loader import load_edition
    from vbpr_conformance.suite.coverage import all_cases

    edition = load_edition("1.1.0")
    all_cases(edition)
    for profile in edition.profiles:
        build(profile, edition, random.Random(1), size="maximal")  # which it also validates
    gc.freeze()  # what is here now stays: children need not look at it again, and copy it


def _say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _child(job: dict) -> None:
    """Become the run: its own session, streams, folder and limits."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    tempfile.tempdir = None  # where that is, the environment says
    for name, value in (job.get("limits") or {}).items():
        resource.setrlimit(getattr(resource, name), (value, value))
    for descriptor, path in ((0, job["in"]), (1, job["out"]), (2, job["err"])):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | (os.O_TRUNC if descriptor else 0), 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    # as an interpreter opens them when it starts
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    is_pytest = job["argv"][0] == "pytest"
    sys.argv = job["argv"] if is_pytest else ["vbpr-conformance", *job["argv"]]
    from vbpr_conformance import cli

    code = 70
    try:
        code = pytest.main(job["argv"][1:]) if is_pytest else cli.main(job["argv"])
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 - what an interpreter would print at its end
        import traceback

        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code or 0)


def _ended(pid: int) -> dict[str, object]:
    """Wait for the run, passing signals on."""
    while True:
        found, status, usage = os.wait4(pid, os.WNOHANG)
        if found:
            code = os.waitstatus_to_exitcode(status)
            return {"code": code, "rss_mb": usage.ru_maxrss // 1024}
        if select.select([sys.stdin], [], [], 0.01)[0]:
            wanted = json.loads(sys.stdin.readline())
            (os.killpg if wanted["group"] else os.kill)(pid, wanted["signal"])
        time.sleep(0.01)


if __name__ == "__main__":
    main()
