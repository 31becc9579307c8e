"""Whether a resource meets one criterion of a search, by what R4 says of it.

`matches` is the oracle of searches: YES and NO only where R4 decides, UNDECIDED where it leaves it to the server.
https://hl7.org/fhir/R4/search.html#modifiers and the parameter types below it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.fhir.dates import compare
from vbpr_conformance.fhir.match import Match, all_of, any_of
from vbpr_conformance.fhir.search_index import (
    DateValue,
    IndexValue,
    NumberValue,
    ParameterDefinition,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
    has_values,
    index_values,
    search_env,
)
from vbpr_conformance.fhir.search_numbers import match_number, match_quantity
from vbpr_conformance.fhir.search_references import match_identifier, match_reference
from vbpr_conformance.fhir.search_values import (
    SearchToken,
    SearchValueError,
    alternatives,
    parse_date,
    parse_number,
    parse_quantity,
    parse_token,
    unescape,
)

MODIFIERS = {
    "token": frozenset({"text", "not", "above", "below", "in", "not-in", "of-type"}),
    "string": frozenset({"contains", "exact"}),
    "uri": frozenset({"above", "below"}),
    "reference": frozenset({"identifier", "above", "below"}),
}
"""The modifiers that R4 has for a parameter type, besides `missing`; a reference also takes a resource type."""

_PARSERS: dict[str, Callable[[str], object]] = {
    "token": parse_token,
    "date": parse_date,
    "number": parse_number,
    "quantity": parse_quantity,
}


def matches(  # noqa: PLR0913 - a criterion and what it is asked of
    parameter: ParameterDefinition,
    modifier: str | None,
    value: str,
    resource: dict[str, Any],
    env: fhirpath.Environment | None = None,
    *,
    base: str | None = None,
) -> Match:
    """Answer whether a resource is found by `parameter:modifier=value`.

    `value` is as in the URL, decoded, with its commas and escapes. `env` is that of `search_env`; `base` the URL of
    the server, needed to tell whether an absolute reference is one to the server itself.
    """
    env = env or search_env(resource)
    if modifier == "missing":
        if value not in {"true", "false"}:
            raise SearchValueError(f"{value!r} cannot be given to :missing: true or false is expected")
        return Match.of(has_values(parameter, resource, env) is (value == "false"))
    return matches_values(parameter, modifier, value, index_values(parameter, resource, env), base=base)


def matches_values(
    parameter: ParameterDefinition,
    modifier: str | None,
    value: str,
    values: Sequence[IndexValue],
    *,
    base: str | None = None,
) -> Match:
    """Like `matches`, on the values that `index_values` gave; `missing` cannot be answered from them."""
    kind = parameter.type
    if kind in {"composite", "special"}:
        return Match.UNDECIDED
    _check_modifier(parameter, modifier)
    wanted = alternatives(value)
    if modifier in {None, "not"} and kind in _PARSERS:
        for text in wanted:
            _PARSERS[kind](text)  # a value that cannot be read is an error whatever the resource holds
    if kind == "token" and modifier == "not":
        return any_of(_token(None, text, each) for text in wanted for each in values).opposite
    return any_of(_one(kind, modifier, text, each, base) for text in wanted for each in values)


def _check_modifier(parameter: ParameterDefinition, modifier: str | None) -> None:
    known = MODIFIERS.get(parameter.type, frozenset())
    if modifier is None or modifier in known or (parameter.type == "reference" and modifier[:1].isupper()):
        return
    expected = ", ".join(f":{each}" for each in sorted({*known, "missing"}))
    raise SearchValueError(f"{parameter.code}:{modifier} is not possible: {parameter.type} parameters take {expected}")


def _one(kind: str, modifier: str | None, text: str, value: IndexValue, base: str | None) -> Match:
    """Match one alternative with one value of the resource."""
    match value:
        case TokenValue():
            return _token(modifier, text, value)
        case DateValue(interval=interval):
            wanted = parse_date(text)
            return compare(wanted.prefix, wanted.interval, interval)
        case StringValue(text=found):
            return _STRINGS[modifier](unescape(text), found)
        case UriValue(uri=uri):
            return _uri(modifier, unescape(text), uri)
        case ReferenceValue():
            if modifier == "identifier":
                return match_identifier(parse_token(text), value)
            return match_reference(modifier, unescape(text), value, base)
        case NumberValue(value=number):
            return match_number(parse_number(text), number)
        case QuantityValue():
            return match_quantity(parse_quantity(text), value)
    raise SearchValueError(f"a value of a {kind} parameter cannot be compared")


def _token(modifier: str | None, text: str, value: IndexValue) -> Match:
    if not isinstance(value, TokenValue):
        return Match.NO
    if modifier == "text":
        return any_of(_starts(unescape(text), each) for each in value.texts)
    if modifier == "of-type":
        return _of_type(text, value)
    if modifier is not None:
        return Match.UNDECIDED  # in, not-in, above, below: what a code implies is the terminology's to say
    return match_token(parse_token(text), value)


def match_token(wanted: SearchToken, value: TokenValue) -> Match:
    """Match a token: codes literally, but a server may take them without regard to case."""
    code = _code(wanted.code, value.code)
    if wanted.system is None:
        return code
    if value.implied and value.system is None:
        return all_of([code, Match.UNDECIDED])
    if wanted.system == "":
        return all_of([code, Match.of(value.system is None)])
    return all_of([code, Match.of(wanted.system == value.system)])


def _code(wanted: str | None, found: str | None) -> Match:
    if wanted is None:
        return Match.YES
    if found is None or wanted == found:
        return Match.of(found is not None)
    return Match.UNDECIDED if wanted.casefold() == found.casefold() else Match.NO


def _of_type(text: str, value: TokenValue) -> Match:
    """`system|code|value`: the type of an identifier, and its value."""
    parts = [unescape(part) for part in text.split("|")]
    if len(parts) != 3:  # noqa: PLR2004 - system, code and value
        raise SearchValueError(f"{text!r} is not possible with :of-type: system|code|value is expected")
    typed = any(system == parts[0] and code == parts[1] for system, code in value.type)
    return all_of([Match.of(typed), _code(parts[2], value.code)])


def normalized(text: str) -> str:
    """Give a text without case and accents, as string search compares it."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def _plain(text: str) -> str:
    """Without punctuation and spacing too, which a server may leave out of account."""
    return "".join(letter for letter in normalized(text) if letter.isalnum())


def _starts(wanted: str, found: str) -> Match:
    if normalized(found).startswith(normalized(wanted)):
        return Match.YES
    return Match.UNDECIDED if _plain(wanted) and _plain(found).startswith(_plain(wanted)) else Match.NO


def _contains(wanted: str, found: str) -> Match:
    if normalized(wanted) in normalized(found):
        return Match.YES
    return Match.UNDECIDED if _plain(wanted) and _plain(wanted) in _plain(found) else Match.NO


_STRINGS: dict[str | None, Callable[[str, str], Match]] = {
    None: _starts,
    "contains": _contains,
    "exact": lambda wanted, found: Match.of(wanted == found),
}


def _uri(modifier: str | None, wanted: str, found: str) -> Match:
    """Match a URI: exactly, and `:below` and `:above` by its path."""
    if modifier == "below":
        return Match.of(_is_below(found, wanted))
    if modifier == "above":
        return Match.of(_is_below(wanted, found))
    if wanted == found:
        return Match.YES
    return Match.UNDECIDED if wanted == found.partition("|")[0] or found == wanted.partition("|")[0] else Match.NO


def _is_below(longer: str, shorter: str) -> bool:
    return longer == shorter or longer.startswith(shorter.rstrip("/") + "/")
