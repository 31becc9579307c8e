"""`run`: the suites against a server, or against the embedded reference server."""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vbpr_conformance.commands import options, target
from vbpr_conformance.commands.options import Subparsers
from vbpr_conformance.errors import UsageError

DEFAULTS: dict[str, Any] = {"edition": None, "suite": [], "read_only": False, "strict": False, "workers": None}
EXIT_CODES = {"conformant": 0, "non-conformant": 1, "error": 3, "incomplete": 4}


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "run",
        help="run the server suites against a server",
        description="Runs the server suites against URL; without URL, against the embedded reference server.",
    )
    parser.add_argument("url", metavar="URL", nargs="?", help="base URL, as https://payer.example/fhir")
    options.edition(parser)
    parser.add_argument("--suite", metavar="NAME|FILE", action="append", help="only this suite (repeatable)")
    parser.add_argument("-k", metavar="EXPR", help="only cases whose name matches, as pytest's -k")
    parser.add_argument("--read-only", action="store_true", default=None, help="write nothing to the target")
    parser.add_argument("--examples", metavar="N", type=options.whole_number(1), help="generated payloads for a case")
    parser.add_argument("--seed", metavar="N", type=options.whole_number(0), help="repeat the payloads of another run")
    parser.add_argument("--workers", metavar="N|auto", type=_workers, help="processes that run cases side by side")
    parser.add_argument("--out", metavar="DIR", type=Path, help="where to write (default: reports/<run id>/)")
    parser.add_argument("--strict", action="store_true", default=None, help="a SHOULD counts as a SHALL")
    parser.add_argument("--config", metavar="FILE", type=Path, help="target file (default: vbpr.yaml here, if any)")
    parser.add_argument("--show-config", action="store_true", help="show each setting and where it comes from")
    options.access(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Run, show what happens, write the reports, and give the exit code that the verdict has."""
    described = target.described(args)
    if args.show_config:
        from vbpr_conformance.target.shown_config import shown_config

        print("\n".join(shown_config(described)))
        return 0
    config = target.options_of_run(described)
    chosen = _chosen(args, config)
    url = config.get("url")
    run_id = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{secrets.token_hex(2)}"
    out = Path(chosen.get("out") or Path("reports") / run_id)
    with _target(url, chosen["edition"]) as base:
        return _run(base, run_id, out, chosen)


def _run(base: str, run_id: str, out: Path, chosen: dict[str, Any]) -> int:
    from vbpr_conformance.report.progress import Progress
    from vbpr_conformance.report.terminal_summary import summary
    from vbpr_conformance.report.terminal_text import printable
    from vbpr_conformance.runner import run_suites

    live = sys.stdout.isatty() and not {"NO_COLOR", "CI"} & set(os.environ)
    options = [f"--vbpr-run-id={run_id}", *_plugin_options(chosen)]
    record, found = run_suites(base, out, writers=[Progress(sys.stdout, live=live)], options=options)
    lines = summary(record, found, folder=str(out), report=str(out / "results.json"))
    print("\n".join(printable(line) for line in ["", *lines]))
    return EXIT_CODES[found.verdict]


@contextlib.contextmanager
def _target(url: str | None, edition: str | None) -> Iterator[str]:
    """Yield the base URL to test: the one given, or that of a reference server started for this run."""
    if url is not None:
        yield url
        return
    from vbpr_conformance.ig.loader import load_edition
    from vbpr_conformance.reference.process import running

    with running(load_edition(edition).version) as base:
        yield base


def _chosen(args: argparse.Namespace, config: dict[str, Any]) -> dict[str, Any]:
    """Take each option from the command line, else from the configuration, else its default."""
    chosen = dict(DEFAULTS)
    for name in ("edition", "suite", "k", "read_only", "examples", "seed", "workers", "out", "strict"):
        value = getattr(args, name)
        if value is None:
            value = config.get(name)
        if value is not None:
            chosen[name] = value
    return chosen


def _plugin_options(chosen: dict[str, Any]) -> list[str]:
    names = [_suite(name) for name in chosen["suite"]]
    files = [name for name in names if Path(name).suffix]
    words = [f"--vbpr-suite={name}" for name in names]
    if files:
        from vbpr_conformance.suite.suite_file import packaged

        words += files if len(files) == len(names) else [str(packaged()[0].parent), *files]
    words += [
        f"--vbpr-{name}={chosen[name]}" for name in ("edition", "examples", "seed") if chosen.get(name) is not None
    ]
    words += [f"--vbpr-{name.replace('_', '-')}" for name in ("read_only", "strict") if chosen[name]]
    if chosen["workers"]:
        words.append(f"-n{chosen['workers']}")
    if chosen.get("k"):
        words.append(f"-k{chosen['k']}")
    return words


def _suite(name: str) -> str:
    """Give the name of a packaged suite as it is, that of a file as the path of one that is there."""
    if Path(name).suffix not in {".yaml", ".yml"}:
        return name
    if not Path(name).is_file():
        raise UsageError(f"there is no suite file {name}")
    return str(Path(name).resolve())


def _workers(text: str) -> str:
    if text != "auto" and not (text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number from 1 on nor `auto`")
    return text
