"""Options that several commands share, and what is wrong with a value in one sentence."""

from __future__ import annotations

import argparse
from typing import TypeAlias

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  it has no public name


def edition(parser: argparse.ArgumentParser) -> None:
    """Add `--edition`; without it the newest is used."""
    parser.add_argument("--edition", metavar="E", default=None, help="edition of the guide (default: the newest)")


def whole_number(least: int) -> type[int]:
    """Give an argparse type that takes whole numbers from `least` on."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
        return value

    return parse  # type: ignore[return-value]  # argparse takes any callable as a type


def access(parser: argparse.ArgumentParser) -> None:
    """Add what a target asks for before it lets a client in. Secrets are better given by the environment."""
    group = parser.add_argument_group("access to the target")
    group.add_argument("--token", metavar="TOKEN", help="bearer token (better: the environment variable VBPR_TOKEN)")
    group.add_argument("--basic", metavar="USER:PASSWORD", help="HTTP Basic (better: VBPR_BASIC)")
    group.add_argument(
        "--header", metavar="'NAME: VALUE'", action="append", default=[], help="a header for each request (repeatable)"
    )
    group.add_argument("--ca", metavar="FILE", help="certificates of authorities to trust besides (PEM)")
    group.add_argument(
        "--timeout", metavar="S", type=float, default=None, help="seconds a request may take (default: 30)"
    )
