"""What is wrong with the value of a search parameter: https://hl7.org/fhir/R4/search.html#ptypes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vbpr_conformance.fhir.search_index import ParameterDefinition
from vbpr_conformance.fhir.search_values import (
    SearchValueError,
    alternatives,
    parse_date,
    parse_number,
    parse_quantity,
    parse_token,
    split,
)
from vbpr_conformance.observe.recording import RequestIssue


def value_issues(
    definition: ParameterDefinition, modifier: str | None, name: str, value: str
) -> Iterator[RequestIssue]:
    """Say what is wrong with the value of a search parameter, by the grammar of its type."""
    if modifier == "missing":
        if value not in {"true", "false"}:
            yield wrong("value", f"{name}={value}: true or false is expected")
        return
    parsers: dict[str, Callable[[str], object]] = {
        "token": parse_token,
        "date": parse_date,
        "number": parse_number,
        "quantity": parse_quantity,
    }
    if modifier not in {None, "not"} or definition.type not in parsers:
        return
    if definition.type == "token" and any(len(split(each, "|")) > 2 for each in alternatives(value)):  # noqa: PLR2004
        yield wrong("escaping", rf"{name}={value}: a | that belongs to the code is written \|")
        return
    if definition.type == "date" and " " in value:
        yield wrong("escaping", f"{name}={value}: the + of a time zone is written %2B")
        return
    yield from _checked(name, value, parsers[definition.type])


def _checked(name: str, value: str, parse: Callable[[str], object]) -> Iterator[RequestIssue]:
    for each in alternatives(value):
        try:
            parse(each)
        except SearchValueError as error:
            yield wrong("value", f"{name}={value}: {error}")


def date_issues(name: str, value: str) -> Iterator[RequestIssue]:
    """Say what is wrong with a date to search by."""
    yield from _checked(name, value, parse_date)


def wrong(rule: str, message: str) -> RequestIssue:
    """An error of a request."""
    return RequestIssue(rule, is_error=True, message=message)
