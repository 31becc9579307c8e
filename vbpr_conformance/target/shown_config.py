"""`--show-config`: each value of a target and where it came from; secrets are masked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

from vbpr_conformance.client.redact import Redactor
from vbpr_conformance.rest.exchange import MASK
from vbpr_conformance.target.target_file import Target


def shown_config(target: Target) -> list[str]:
    """Give a line for each value: its name, the value, and where it came from."""
    redact = Redactor(lambda: target.secrets)
    rows = [(".".join(at), value, _origin(at, target)) for at, value in _values(target.spec)]
    wide = max(len(name) for name, _, _ in rows)
    return [f"{name:{wide}}  {redact.sentence(value)}  ({origin})" for name, value, origin in rows]


def _values(spec: BaseModel, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for name in type(spec).model_fields:
        value = getattr(spec, name)
        at = (*above, name.replace("_", "-"))
        if isinstance(value, BaseModel):
            yield from _values(value, at)
        elif isinstance(value, dict) and value:
            yield from (((*at, str(key)), _text(part)) for key, part in value.items())
        elif not above or name in spec.model_fields_set:
            yield at, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value) or "-"
    if isinstance(value, BaseModel):
        return " ".join(f"{name}={_text(part)}" for name, part in value if part not in {None, ""})
    if value is None or value == {}:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _origin(at: tuple[str, ...], target: Target) -> str:
    found = (target.origins.get(at[:length]) for length in range(len(at), 0, -1))
    return next((each for each in found if each), "default")
