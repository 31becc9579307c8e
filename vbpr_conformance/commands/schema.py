"""`schema`: the JSON Schema of the files that users write, for editors to check them, and of results.json."""

from __future__ import annotations

import argparse
import json

from vbpr_conformance.commands.options import Subparsers


def add(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "schema",
        help="print the JSON Schema of suite, scenario or target files, or of results.json",
        description="Prints the JSON Schema of cases for servers (suite), of scenarios for clients or of target "
        "files, for editors to check them, or of results.json.",
    )
    parser.add_argument(
        "of", nargs="?", choices=("suite", "scenarios", "target", "results"), default="suite", help="what it describes"
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Print the schema."""
    if args.of == "results":
        from vbpr_conformance.report.results_json import schema

        print(schema(), end="")
        return 0
    if args.of == "target":
        from vbpr_conformance.target.target_model import json_schema_of_targets

        print(json.dumps(json_schema_of_targets(), indent=2, ensure_ascii=False))
        return 0
    if args.of == "scenarios":
        from vbpr_conformance.observe.scenario_language import json_schema_of_scenarios

        print(json.dumps(json_schema_of_scenarios(), indent=2, ensure_ascii=False))
        return 0
    from vbpr_conformance.suite.json_schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0
