"""What everything in a suite is made of: strict models, and texts of a fixed form."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

_STATUS = re.compile(r"[1-5]([0-9]{2}|xx)")
_CASE_ID = re.compile(r"(\{\{[a-z.-]+\}\}|[A-Za-z0-9._-])+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _expressions(value: Any) -> Any:
    return value if isinstance(value, dict) else dict.fromkeys(_as_list(value), "")


def _status(value: Any) -> list[str]:
    codes = [str(each) for each in _as_list(value)]
    for code in codes:
        if not _STATUS.fullmatch(code):
            raise ValueError(f"{code} is no HTTP status, expected one like 201 or 4xx, or a list of them")
    return codes


def _case_id(value: Any) -> str:
    if not isinstance(value, str) or not _CASE_ID.fullmatch(value):
        raise ValueError(f"{value!r} is no case id, expected letters, digits, '-', '.' and '_' (no brackets, no ::)")
    return value


def _names(value: Any) -> Any:
    for name in value if isinstance(value, dict) else ():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name, expected letters, digits, '-' and '_', a letter first")
    return value


_ONE_OR_MORE: dict[str, Any] = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_STATUS_SCHEMA: dict[str, Any] = {"type": ["integer", "string", "array"]}
Texts = Annotated[list[str], BeforeValidator(_as_list), WithJsonSchema(_ONE_OR_MORE)]
Expressions = Annotated[
    dict[str, str],
    BeforeValidator(_expressions),
    WithJsonSchema({"oneOf": [*_ONE_OR_MORE["oneOf"], {"type": "object", "additionalProperties": {"type": "string"}}]}),
]
"""FHIRPath expressions, each with what it means to people: the end of "expected that it …", empty where it is plain."""
Status = Annotated[list[str], BeforeValidator(_status), WithJsonSchema(_STATUS_SCHEMA)]
CaseId = Annotated[str, BeforeValidator(_case_id), WithJsonSchema({"type": "string"})]
Names = BeforeValidator(_names)


def kebab(name: str) -> str:
    """The name of a field as a suite writes it: `as_` is `as`, `full_url` is `full-url`."""
    return name.rstrip("_").replace("_", "-")


class Strict(BaseModel):
    """Base of everything in a suite: nothing unknown, nothing coerced, nothing changed later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=kebab)
