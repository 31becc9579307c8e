"""FHIRPath expressions of suites in words: what a resource was expected to have, and what it has instead.

For plain ones, of which most are: a path compared with a value, there or not there, so many times, joined by `and` and
`or`. What is none of these a suite says in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_MATCHES = "entry.where(search.mode.empty() or search.mode = 'match')"
_VALUE = r"(?P<value>'[^']*'|@[-\w:.+]+|-?[\d.]+|true|false)"
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[str, str], str]], ...] = tuple(
    (re.compile(rf"(?P<path>.+?){pattern}"), words)
    for pattern, words in (
        (rf"\.count\(\) = {_VALUE}", lambda path, value: f"has {path} exactly {_times(value)}"),
        (rf"\.count\(\) >= {_VALUE}", lambda path, value: f"has {path} at least {_times(value)}"),
        (rf"\.where\(\$this = {_VALUE}\)\.exists\(\)", lambda path, value: f"has {path} {_plain(value)}"),
        (rf"\.endsWith\({_VALUE}\)", lambda path, value: f"has {path} that ends with {_plain(value)}"),
        (rf"\.startsWith\({_VALUE}\)", lambda path, value: f"has {path} that begins with {_plain(value)}"),
        (rf"\.contains\({_VALUE}\)", lambda path, value: f"has {path} that holds {_plain(value)}"),
        (r"\.exists\(\)(?P<value>)", lambda path, _: f"has {path}"),
        (r"\.empty\(\)(?P<value>)", lambda path, _: f"has no {path}"),
        (rf"(\.toString\(\))? = {_VALUE}", lambda path, value: f"has {path} {_plain(value)}"),
        (rf" != {_VALUE}", lambda path, value: f"has another {path} than {_plain(value)}"),
        (rf" >= {_VALUE}", lambda path, value: f"has {path} {_plain(value)} or later"),
    )
)
_WITH = re.compile(r"\.where\((?P<member>\w+) = '(?P<value>[^']*)'\)")
_PLAIN_PATH = re.compile(r"[\w.\[\] :/,'-]+")


def conjuncts(expression: str) -> list[str]:
    """Take apart what is joined by `and`; an expression with `or` beside it stays whole."""
    return _split(expression, " and ") if len(_split(expression, " or ")) == 1 else [expression]


def in_words(expression: str) -> str:
    """Say what an expression demands as the end of "expected that it …"; empty where it is none of the plain ones."""
    for joined, word in ((" or ", ", or "), (" and ", " and ")):
        parts = _split(expression, joined)
        if len(parts) > 1:
            said = [in_words(each) for each in parts]
            return word.join(said) if all(said) else ""
    for pattern, words in _PATTERNS:
        found = pattern.fullmatch(expression)
        path = _path(found["path"]) if found else ""
        if found and path:
            return words(path, found["value"])
    return ""


def compared_path(expression: str) -> str:
    """The path whose values say what is there instead of what an expression demands; empty where there is none."""
    for pattern, _ in _PATTERNS:
        found = pattern.fullmatch(expression)
        if found and _path(found["path"]):
            return found["path"] if found["value"] and ".count()" not in expression else ""
    return ""


def _path(path: str) -> str:
    """A path as people read it; empty where it is more than a path."""
    shown = path.replace(_MATCHES, "match").replace(".first()", "[first]").replace(".last()", "[last]")
    shown = _WITH.sub(lambda found: f" with {found['member']} {found['value']}", shown)
    return shown if _PLAIN_PATH.fullmatch(shown) else ""


def _plain(value: str) -> str:
    return value.strip("'@")


def _times(number: str) -> str:
    return {"1": "once", "2": "twice"}.get(number, f"{number} times")


def _split(expression: str, joined: str) -> list[str]:
    """Take an expression apart where it is joined, outside of brackets and texts."""
    return [each.strip() for each in _parts(expression, joined)]


def _parts(expression: str, joined: str) -> Iterator[str]:
    depth, is_text, start = 0, False, 0
    for at, sign in enumerate(expression):
        is_text ^= sign == "'"
        if not is_text:
            depth += (sign in "([") - (sign in ")]")
            if depth == 0 and expression.startswith(joined, at):
                yield expression[start:at]
                start = at + len(joined)
    yield expression[start:]
