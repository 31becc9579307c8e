"""The command line for a shell that repeats a request."""

from __future__ import annotations

import re
import shlex

from vbpr_conformance.rest.exchange import MASK, Exchange
from vbpr_conformance.rest.printable import CONTROL

OWN_HEADERS = {"host", "user-agent", "accept-encoding", "connection", "content-length"}
"""What every HTTP client says by itself: left out of a command to be copied."""
_LARGEST_INLINE = 2000


def curl_line(exchange: Exchange, body_file: str = "request.json") -> str:
    """Give one line for a shell that repeats the request; secrets are variables to be set, as `$VBPR_TOKEN`.

    A body of more than 2,000 bytes is not part of the line: it is read from `body_file`.
    """
    words = ["curl", "-s", *exchange.curl_options]
    if exchange.method != ("POST" if exchange.request_body else "GET"):
        words += ["-X", exchange.method]
    for name, value in exchange.request_headers.fields:
        if name.lower() not in OWN_HEADERS:
            words += header_words(name, value)
    if exchange.request_body:
        words += ["--data-binary", _body_word(exchange.request_body, body_file)]
    return " ".join([*words, shell_word(exchange.url)])


def _body_word(body: bytes, body_file: str) -> str:
    if len(body) > _LARGEST_INLINE:
        return shlex.quote(f"@{body_file}")
    return shell_word(body.decode("utf-8", "replace"))


def shell_word(text: str) -> str:
    """Quote a text for a POSIX shell; control characters are made by `printf`, so that the line can be looked at."""
    if not CONTROL.search(text):
        return shlex.quote(text)
    octal = CONTROL.sub(
        lambda found: "".join(f"\\0{byte:03o}" for byte in found[0].encode()), text.replace("\\", "\\\\")
    )
    return f'"$(printf %b {shlex.quote(octal)})"'


def header_words(name: str, value: str) -> list[str]:
    """The words of one header; a value that was masked is a variable of the environment."""
    if MASK not in value:
        return ["-H", shell_word(f"{name}: {value}")]
    if value == f"Basic {MASK}":
        return ["-u", '"$VBPR_BASIC"']
    if value == f"Bearer {MASK}":
        return ["-H", f'"{name}: Bearer $VBPR_TOKEN"']
    return ["-H", f'"{name}: $VBPR_{re.sub("[^A-Z0-9]", "_", name.upper())}"']
