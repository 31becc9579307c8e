"""`observe`: plays the Server for a client under test, and judges the client."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vbpr_conformance.commands import options
from vbpr_conformance.commands.options import Subparsers
from vbpr_conformance.errors import UsageError
from vbpr_conformance.interrupts import drop_output

if TYPE_CHECKING:
    from vbpr_conformance.ig.edition import Edition

EXIT_CODES = {"conformant": 0, "non-conformant": 1, "error": 3, "incomplete": 4}


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "observe",
        help="play the Server for a client under test, and judge the client",
        description="Serves each scenario at http://H:P/SESSION/SCENARIO/fhir, records what the client asks, looks at "
        "what it shows, and judges it scenario by scenario.",
    )
    options.edition(parser)
    parser.add_argument("--scenario", metavar="NAME", action="append", default=[], help="only this one (repeatable)")
    parser.add_argument("--list-scenarios", action="store_true", help="print the names of the scenarios, one a line")
    parser.add_argument("--host", metavar="H", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", metavar="P", type=options.whole_number(0), default=0, help="default: a free one")
    parser.add_argument(
        "--session",
        metavar="NAME",
        help="name of the session, in each base URL; it goes on after a restart",
    )
    parser.add_argument("--auth", choices=("open", "smart"), default="open", help="how clients are let in")
    parser.add_argument("--client-cmd", metavar="CMD", help="run by the shell once for each scenario")
    parser.add_argument(
        "--witness", metavar="FILE|DIR|URL", action="append", default=[], help="what the client shows (repeatable)"
    )
    parser.add_argument("--answers", metavar="FILE", type=Path, help="answers to the questions of scenarios")
    parser.add_argument(
        "--for",
        dest="seconds",
        metavar="SECONDS",
        type=options.seconds,
        help="how long to serve; with --client-cmd, how long the client may take for one scenario",
    )
    parser.add_argument("--seed", metavar="N", type=options.whole_number(0), help="repeat the data of another run")
    parser.add_argument("--out", metavar="DIR", type=Path, help="where to write (default: reports/<run id>/)")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Serve, judge, write the reports, and give the exit code that the verdict has."""
    from vbpr_conformance.ig.loader import load_edition
    from vbpr_conformance.observe.observe_session import SESSION_NAME
    from vbpr_conformance.observe.scenario_file import load_scenarios
    from vbpr_conformance.observe.scenario_questions import check_answers
    from vbpr_conformance.observe.witness_sources import check_witnesses, read_answers
    from vbpr_conformance.suite.suite_file import did_you_mean

    edition = load_edition(args.edition)
    scenarios = load_scenarios(edition)
    if args.list_scenarios:
        print("\n".join(each.id for each in scenarios))
        return 0
    known = [each.id for each in scenarios]
    for name in args.scenario:
        if name not in known:
            raise UsageError(f"there is no scenario {name!r}; {did_you_mean(name, known)}")
    session = args.session or f"s{secrets.token_hex(3)}"
    if not SESSION_NAME.fullmatch(session):
        raise UsageError(f"{session!r} is no name of a session: letters, digits, '-', '.' and '_' are expected")
    check_witnesses(args.witness)
    check_answers(read_answers(args.answers), scenarios)
    chosen = [each for each in scenarios if not args.scenario or each.id in args.scenario]
    return _run(args, edition, chosen, session, whole=len(chosen) == len(scenarios))


def _run(args: argparse.Namespace, edition: Edition, chosen: list, session: str, *, whole: bool) -> int:  # type: ignore[type-arg]
    from vbpr_conformance.observe.observe_run import ObserveRun, ObserveSettings
    from vbpr_conformance.observe.session_archive import SessionArchive
    from vbpr_conformance.observe.session_pages import session_pages
    from vbpr_conformance.observe.witness_sources import read_answers
    from vbpr_conformance.report.outputs import standard_writers
    from vbpr_conformance.report.progress import Progress
    from vbpr_conformance.report.report_writer import RunWriters
    from vbpr_conformance.report.terminal_style import is_watched, styled
    from vbpr_conformance.report.terminal_summary import summary
    from vbpr_conformance.suite.record import RunRecord

    archive = None
    if args.session:
        facts = {"edition": edition.version, "seed": args.seed if args.seed is not None else secrets.randbelow(2**31)}
        archive = SessionArchive.open(session, facts)
        if archive.facts.get("edition") != edition.version:
            raise UsageError(f"the session {session!r} is one of edition {archive.facts.get('edition')}")
    run_id = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{secrets.token_hex(2)}"
    out = args.out or Path("reports") / run_id
    options.refuse_folder(out)
    seed = archive.facts["seed"] if archive else args.seed if args.seed is not None else secrets.randbelow(2**31)
    settings = ObserveSettings(
        host=args.host,
        port=args.port,
        session=session,
        auth=args.auth,
        command=args.client_cmd,
        witnesses=args.witness,
        answers=read_answers(args.answers),
        seconds=args.seconds,
        seed=seed,
        archive=archive,
    )
    record = RunRecord(
        run_id=run_id,
        edition=edition,
        url="",
        suites=tuple(dict.fromkeys(each.suite for each in chosen)),
        seed=seed,
        examples=1,
        started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        actor="client",
        whole=whole,
    )
    live = is_watched(sys.stdout)
    outputs = standard_writers(out, lambda _: session_pages(run.session))
    writers = RunWriters([*outputs, Progress(sys.stdout, live=live)])
    run = ObserveRun(edition, chosen, settings, record, writers, _say)
    found = run.run()
    lines = summary(record, found, folder=str(out), report=str(out / "report.html"))
    _say("\n".join(styled(["", *lines], watched=live)))
    return EXIT_CODES[found.verdict]


def _say(line: str) -> None:
    """Show a line; a reader who goes away (`| head`) ends neither the session nor its reports."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        drop_output()
