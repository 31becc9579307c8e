"""`requirements`: what the guide asks for, and which cases test it."""

from __future__ import annotations

import argparse
import sys

from vbpr_conformance.commands import options
from vbpr_conformance.commands.options import Subparsers


def add(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "requirements",
        help="list the requirements and the cases that test each",
        description="Lists the requirements of an edition and the cases of the packaged suites that test each.",
    )
    options.edition(parser)
    parser.add_argument("--format", choices=("table", "json", "csv", "md"), default="table")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Print the requirements in the format asked for."""
    from vbpr_conformance.ig.loader import load_edition
    from vbpr_conformance.observe.scenario_file import load_scenarios
    from vbpr_conformance.report.requirements_table import write
    from vbpr_conformance.suite.coverage import cases_by_requirement

    edition = load_edition(args.edition)
    cases = cases_by_requirement(edition)
    for scenario in load_scenarios(edition):
        for case in scenario.cases:
            for requirement in case.requirements:
                cases[requirement.id].append(case.id)
    write(edition, cases, args.format, sys.stdout)
    return 0
