"""The command line: which command, its options, its exit code."""

from __future__ import annotations

import argparse
import contextlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from vbpr_conformance import __version__
from vbpr_conformance.commands import (
    cleanup,
    compare_runs,
    generate,
    ig,
    merge,
    observe,
    report,
    requirements,
    run,
    schema,
    selftest_command,
    serve,
    validate,
    verify,
)
from vbpr_conformance.errors import UsageError, VbprError
from vbpr_conformance.interrupts import drop_output

COMMANDS = (
    *(run, validate, generate, serve, observe, requirements),
    *(report, compare_runs, merge, selftest_command, verify, cleanup, ig, schema),
)
USAGE, TARGET, INTERRUPTED = 2, 3, 130
_MOST_LINES = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what a user can cause is one sentence on stderr."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if sys.stdout is None:  # closed by who started this (`>&-`)
            raise UsageError("There is no standard output to write to.")  # noqa: TRY301 - said as any other
        code: int = options.main(options)
        sys.stdout.flush()
    except UsageError as error:
        _complain(str(error))
        return USAGE
    except UnicodeEncodeError as error:
        _complain(f"The output cannot be written in {error.encoding}: set PYTHONIOENCODING=utf-8.")
        return USAGE
    except VbprError as error:  # the target, or the harness itself: nothing is said about conformance
        _complain(str(error))
        return TARGET
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        drop_output()  # the reader went away (`| head`)
        return 0
    except MemoryError:
        _complain("there is no memory left")
        return TARGET
    except OSError as error:  # a full disk, a folder that may not be looked into
        _complain(_said(error))
        drop_output()
        return USAGE
    except Exception as error:  # noqa: BLE001  a mistake of ours says nothing about conformance, which exit code 1 would
        _complain(f"the harness broke down, please report this: {_place(error)}")
        return TARGET
    return code


def _place(error: Exception) -> str:
    """Say what went wrong and in which of our lines, the innermost first."""
    lines = traceback.extract_tb(error.__traceback__)[::-1][:_MOST_LINES]
    where = " < ".join(f"{Path(each.filename).name}:{each.lineno}" for each in lines)
    return f"{type(error).__name__}: {error} ({where})"


def _complain(sentence: str) -> None:
    """Say what went wrong; what a target sent is part of it and must not draw on the screen."""
    from vbpr_conformance.rest.printable import printable  # noqa: PLC0415  most commands say nothing here

    with contextlib.suppress(AttributeError, OSError, ValueError):  # standard error may be closed or full
        print(f"vbpr-conformance: {printable(sentence)}", file=sys.stderr, flush=True)


def _said(error: OSError) -> str:
    what = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {what}." if error.filename else f"{what}."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vbpr-conformance",
        description="Conformance tests for servers of the HL7 Da Vinci Value-Based Performance Reporting guide.",
    )
    parser.add_argument("--version", action="version", version=f"vbpr-conformance {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(subparsers)
    return parser
