"""`run`: the suites against a server, or against the embedded reference server."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbpr_conformance.commands import options, target
from vbpr_conformance.commands.certify import refuse_settings, write_bundle
from vbpr_conformance.commands.options import Subparsers
from vbpr_conformance.errors import UsageError

if TYPE_CHECKING:
    from vbpr_conformance.target.target_file import Target

DEFAULTS: dict[str, Any] = {"edition": None, "suite": [], "read_only": False, "strict": False, "workers": None}
OPTIONS = (
    *("edition", "suite", "k", "read_only", "examples", "seed", "workers", "out", "strict"),
    *("shard", "failed", "resume", "stable", "max_failures", "redact_bodies"),
)
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
    parser.add_argument("--shard", metavar="I/N", help="only the I-th of N parts of the cases; `merge` joins them")
    parser.add_argument("--failed", metavar="DIR", type=Path, help="again what was not green in the run of this folder")
    parser.add_argument("--resume", metavar="DIR", type=Path, help="go on with the interrupted run of this folder")
    parser.add_argument(
        "--stable", metavar="N", type=options.whole_number(2), help="repeat each case N times and tell the flaky ones"
    )
    parser.add_argument("--max-failures", metavar="N", type=options.whole_number(1), help="end after N failing cases")
    parser.add_argument("--summary", metavar="FILE.md", type=Path, help="also write a summary in Markdown")
    parser.add_argument(
        "--record-deviations", metavar="FILE", type=Path, help="also write what is broken, as known deviations to edit"
    )
    parser.add_argument("--events", metavar="FILE", type=Path, help="also write what happens, as NDJSON, as it happens")
    parser.add_argument(
        "--redact-bodies", action="store_true", default=None, help="keep what is exchanged out of all reports"
    )
    parser.add_argument("--certify", action="store_true", help="write a signed certification bundle; needs --key")
    parser.add_argument("--key", dest="key_file", metavar="FILE", type=Path, help="Ed25519 private key that signs it")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("-v", dest="verbosity", action="store_const", const=1, help="show every failure, with exchanges")
    shown.add_argument("-q", dest="verbosity", action="store_const", const=-1, help="show one line")
    options.access(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Run, show what happens, write the reports, and give the exit code that the verdict has."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows fewer characters shows the rest
    described = target.described(args)
    if args.show_config:
        from vbpr_conformance.target.shown_config import shown_config

        print("\n".join(shown_config(described)))
        return 0
    config = target.options_of_run(described)
    earlier = _earlier(args)
    chosen = _chosen(args, config, earlier)
    refuse_settings(args, chosen, described)
    url = args.url or earlier.get("url") or config.get("url")
    run_id = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{secrets.token_hex(2)}"
    out = Path(chosen.get("out") or args.resume or Path("reports") / run_id)
    options.refuse_folder(out)
    with _target(url, chosen["edition"]) as base:
        words = [f"--vbpr-run-id={run_id}", *_plugin_options(chosen), *_deviations(described)]
        return _run(args, base, out, [*words, *(["--vbpr-embedded"] if url is None else [])])


def _run(args: argparse.Namespace, base: str, out: Path, words: list[str]) -> int:
    from vbpr_conformance.report.deviations_yaml import DeviationsYaml
    from vbpr_conformance.report.events_ndjson import EventsNdjson
    from vbpr_conformance.report.progress import Progress
    from vbpr_conformance.report.summary_markdown import SummaryMarkdown
    from vbpr_conformance.report.terminal_style import is_watched, styled
    from vbpr_conformance.report.terminal_summary import summary, verdict_line
    from vbpr_conformance.runner import run_suites

    live = is_watched(sys.stdout)
    verbosity = args.verbosity or 0
    writers: list[Any] = [Progress(sys.stdout, live=live, verbosity=verbosity)]
    writers += [SummaryMarkdown(args.summary)] if args.summary else []
    writers += [DeviationsYaml(args.record_deviations)] if args.record_deviations else []
    writers += [EventsNdjson(args.events)] if args.events else []
    ended = run_suites(base, out, writers=writers, options=words)
    lines = ["", *summary(ended.record, ended.summary, folder=str(out), report=str(out / "report.html"))]
    shown = [verdict_line(ended.record, ended.summary)] if verbosity < 0 else lines
    print("\n".join(styled(shown, watched=live)))
    if ended.troubles:
        raise UsageError("\n".join(ended.troubles))
    if args.certify:
        print(f"bundle   {write_bundle(ended, out, args.key_file)}")
    return EXIT_CODES[ended.summary.verdict]


def _deviations(described: Target) -> list[str]:
    """Give the known deviations that the target file lists, for all processes of the run."""
    from vbpr_conformance.target.access import known_deviations

    known = [each.as_dict() for each in known_deviations(described)]
    return [f"--vbpr-deviations={json.dumps(known)}"] if known else []


def _earlier(args: argparse.Namespace) -> dict[str, Any]:
    """Give the settings of the run that is repeated or resumed, none where there is none."""
    folder = args.failed or args.resume
    if folder is None:
        return {}
    if args.failed and args.resume:
        raise UsageError("--failed repeats and --resume goes on: expected one of them")
    from vbpr_conformance.report.record_file import read_record
    from vbpr_conformance.suite.selection import not_green

    record = read_record(folder)
    if args.failed and not not_green(record.results):
        raise UsageError(f"{folder}: nothing to repeat, all that applies passed")
    return {
        "url": None if record.embedded else record.url,
        "edition": record.edition.version,
        "suite": list(record.suites),
        "seed": record.seed,
        "examples": record.examples,
        "strict": record.strict,
        "read_only": record.read_only,
    }


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


def _chosen(args: argparse.Namespace, config: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """Take each option from the command line, else from the run that is repeated, else from the configuration."""
    chosen = dict(DEFAULTS)
    for name in OPTIONS:
        given = (getattr(args, name), earlier.get(name), config.get(name))
        value = next((each for each in given if each is not None), None)
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
        f"--vbpr-{name}={chosen[name]}"
        for name in ("edition", "examples", "seed", "shard", "failed", "resume", "stable")
        if chosen.get(name) is not None
    ]
    flags = ("read_only", "strict", "redact_bodies")
    words += [f"--vbpr-{name.replace('_', '-')}" for name in flags if chosen.get(name)]
    words += [f"--maxfail={chosen['max_failures']}"] if chosen.get("max_failures") else []
    if chosen["workers"]:
        words.append(f"-n{chosen['workers']}")
    if chosen.get("k"):
        words.append(f"-k{chosen['k']}")
    return words


def _suite(name: str) -> str:
    """Give the name of a packaged suite as it is, that of a file as the path of one that is there."""
    from vbpr_conformance.suite.suite_file import is_suite

    if Path(name).suffix not in {".yaml", ".yml"}:
        return name
    if not Path(name).is_file():
        raise UsageError(f"there is no suite file {name}")
    if not is_suite(Path(name)):
        raise UsageError(f"{name} is no suite file, expected YAML with the key `suite` at its top")
    return str(Path(name).resolve())


def _workers(text: str) -> str:
    from vbpr_conformance.target.target_model import MOST_WORKERS

    if text != "auto" and not (text.isdecimal() and 0 < float(text) <= MOST_WORKERS):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number from 1 to {MOST_WORKERS} nor `auto`")
    return text
