"""References inside a resource: finding them, and pointing them elsewhere.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any


def literal_references(value: Any) -> Iterator[str]:
    """Yield each `Reference.reference` in a resource, contained ones included."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "reference" and isinstance(inner, str):
                yield inner
            else:
                yield from literal_references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from literal_references(inner)


def local_key(reference: str, base: str) -> str | None:
    """Give `Type/id` of a reference to a resource on this server; None for any other reference."""
    reference = reference.removeprefix(f"{base}/") if base else reference
    parts = reference.partition("/_history/")[0].split("/")
    if len(parts) != 2 or "#" in reference or ":" in reference or not parts[0][:1].isupper():  # noqa: PLR2004  # Type/id
        return None
    return "/".join(parts)


LATER_ITEMS = "later-items"
"""Stands for the items of each list but the first."""


def redirected(value: Any, names: Mapping[str, str], left: str = "") -> Any:
    """Copy a resource with its references, URIs and the links in its narrative pointed elsewhere.

    What is in members of the name `left` stays as it is; `LATER_ITEMS` are all items of a list but the first.
    """
    if isinstance(value, dict):
        return {
            name: inner if name == left else _redirected_member(name, inner, names, left)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        done = value[:1] if left == LATER_ITEMS else value
        items = [names.get(each, each) if isinstance(each, str) else redirected(each, names, left) for each in done]
        return items + value[len(done) :]
    return value


_NO_URI = {"value", "valueString", "display", "text", "id", "system", "code"}
"""Members that hold text, or URIs that name no resource, although they may look like one."""
_LINK = re.compile(r"""(?<=\s)(?:href|src)\s*=\s*(["'])(?P<url>[^"']*)\1""")


def _redirected_member(name: str, inner: Any, names: Mapping[str, str], left: str) -> Any:
    if not isinstance(inner, str):
        return redirected(inner, names, left)
    if name == "div":
        return _LINK.sub(lambda found: found[0].replace(found["url"], names.get(found["url"], found["url"])), inner)
    return inner if name in _NO_URI else names.get(inner, inner)
