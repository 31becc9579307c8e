"""`${NAME}` and `${file:PATH}` in a target file: what is secret stays outside of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vbpr_conformance.client.redact import Secret

_PLACEHOLDER = re.compile(r"\$(?:\$|\{(file:)?([^}]*)\})")


class PlaceholderError(ValueError):
    """A placeholder that stands for nothing."""


@dataclass
class Placeholders:
    """Fills placeholders from an environment and from files, relative to a folder, and remembers what it filled in."""

    environment: Mapping[str, str]
    folder: Path
    secrets: list[Secret] = field(default_factory=list)

    def fill(self, text: str) -> str:
        """Give the text with what its placeholders stand for; `$$` is a dollar sign."""
        return _PLACEHOLDER.sub(self._filled, text) if "$" in text else text

    def _filled(self, match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        found = self._file(match[2]) if match[1] else self._variable(match[2])
        self.secrets.append(Secret(found))
        return found

    def _variable(self, name: str) -> str:
        found = self.environment.get(name)
        if found is None:
            raise PlaceholderError(f"the environment variable {name!r} is not set; expected it for ${{{name}}}")
        return found

    def _file(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
            raise PlaceholderError(f"the file {name!r} cannot be read: {why}; it is asked for here") from None
