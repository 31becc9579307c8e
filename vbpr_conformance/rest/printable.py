"""Text that a target sent, made harmless for terminals and pages."""

from __future__ import annotations

import re

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Give the text with control characters shown by their numbers: no target draws on the user's screen."""
    return CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)
