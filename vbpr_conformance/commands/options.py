"""Options that several commands share, and what is wrong with a value in one sentence."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TypeAlias

from vbpr_conformance.errors import UsageError

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  it has no public name


def edition(parser: argparse.ArgumentParser) -> None:
    """Add `--edition`; without it the newest is used."""
    parser.add_argument("--edition", metavar="E", default=None, help="edition of the guide (default: the newest)")


def refuse_folder(out: Path) -> None:
    """Raise `UsageError` where no folder for results can be made, before a run takes its time for nothing."""
    there = next((each for each in (out, *out.absolute().parents) if each.exists() or each.is_symlink()), out)
    if there.exists() and not there.is_dir():
        raise UsageError(f"nothing can be written into {out}: {there} is a file; expected a folder, named with --out")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"nothing can be written into {out}: {there} may not be written to; name another with --out")


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


def seconds(text: str) -> float:
    """Read a time of an option; an argparse type."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def rate(text: str) -> float | str:
    """Read a rate of an option; an argparse type."""
    if text == "auto":
        return text
    try:
        return seconds(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number above 0 nor `auto`") from None


def access(parser: argparse.ArgumentParser) -> None:
    """Add what a target asks for before it lets a client in. Secrets are better given by files and the environment."""
    group = parser.add_argument_group("access to the target", "a target file (--config, or vbpr.yaml here) may say all")
    add = group.add_argument
    add("--token", metavar="TOKEN", help="bearer token (better: the environment variable VBPR_TOKEN)")
    add("--token-file", metavar="FILE", help="file that holds a bearer token, read again after a 401")
    add("--token-command", metavar="CMD", help="command that prints a bearer token, started again after a 401")
    add("--basic", metavar="USER:PASSWORD", help="HTTP Basic (better: VBPR_BASIC)")
    add("--client-id", metavar="ID", help="OAuth 2.0 client: with a key SMART Backend Services, else a client secret")
    add("--client-key", metavar="FILE", help="private key of the client, PEM or JSON Web Keys (VBPR_KEY_PASSWORD)")
    add("--client-secret-file", metavar="FILE", help="secret of the client (or VBPR_CLIENT_SECRET)")
    add("--key-id", metavar="KID", help="name of the key (default: that in the JSON Web Keys, or its thumbprint)")
    add("--algorithm", choices=("RS384", "ES384"), help="what the key signs with (default: what it fits)")
    add("--scopes", metavar="SCOPES", help="scopes to ask for, as 'system/MeasureReport.cruds'")
    add("--token-url", metavar="URL", help="token endpoint (SMART: discovered if not given)")
    add("--header", metavar="'NAME: VALUE'", action="append", default=[], help="a header for each request (repeatable)")
    add("--ca", metavar="FILE", help="certificates of authorities to trust besides (PEM)")
    add("--cert", metavar="FILE", help="certificate of the client, PEM or PKCS#12 (VBPR_CERT_PASSWORD)")
    add("--cert-key", metavar="FILE", help="its key, where the certificate's file does not hold it (PEM)")
    add("--proxy", metavar="URL", help="HTTP proxy (default: HTTP_PROXY, HTTPS_PROXY, NO_PROXY)")
    add("--timeout", metavar="S", type=seconds, help="seconds until an answer must be complete (default: 30)")
    add("--connect-timeout", metavar="S", type=seconds, help="seconds to connect (default: 5)")
    add("--run-timeout", metavar="S", type=seconds, help="seconds for all requests of the run (default: no limit)")
    add("--retries", metavar="N", type=whole_number(0), help="attempts more where no connection comes (default: 2)")
    add("--requests-per-second", metavar="N|auto", type=rate, help="pace (default: auto, what the server allows)")
