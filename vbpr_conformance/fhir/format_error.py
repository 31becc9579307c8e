"""The one error of both codecs: text that is no JSON or XML representation of a resource."""

from __future__ import annotations

from vbpr_conformance.errors import UsageError


class FormatError(UsageError):
    """Text that cannot be read as a resource; says what is wrong and, where known, at which line and column."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        self.problem = message
        self.line = line
        self.column = column
        super().__init__(message if line is None else f"line {line}, column {column}: {message}")

    def __reduce__(self) -> tuple[type[FormatError], tuple[str, int | None, int | None]]:
        return type(self), (self.problem, self.line, self.column)
