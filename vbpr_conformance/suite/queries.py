"""What a search family asks for: values that the resources hold, and near-misses of them.

A value is taken from each resource as its search parameter sees it, then turned into the form of the row, as it is and
slightly wrong: the same code of another system, the beginning of a code, the day before and after, another type with
the same id, another version. The rules of FHIR search decide for each resource whether it has to be found.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vbpr_conformance.fhir import fhirpath
from vbpr_conformance.fhir.dates import Interval
from vbpr_conformance.fhir.match import Match
from vbpr_conformance.fhir.search_index import DateValue, index_values, search_env
from vbpr_conformance.fhir.search_match import matches
from vbpr_conformance.fhir.search_values import escape, is_url, parse_date, split, unescape
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import SearchParameter
from vbpr_conformance.suite.created_resource import CreatedResource, another_id

_OTHER_SYSTEM = "urn:vbpr-conformance:other"
_OTHER_BASE = "https://other.example.org/fhir"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ZONE = re.compile(r"T.*[-+](?!00:00)\d\d:\d\d$")
_MOST_VALUES = 12


@dataclass(frozen=True)
class Query:
    """One thing to ask for: `name` is the parameter with its modifier, `value` with its prefix."""

    type: str
    parameter: SearchParameter
    name: str
    value: str

    @property
    def modifier(self) -> str:
        """The modifier without its colon, empty where there is none."""
        return self.name.partition(":")[2]


def queries(
    row: Mapping[str, str], parameter: SearchParameter, resources: Iterable[CreatedResource], bases: Sequence[str]
) -> list[Query]:
    """Give what a row asks for, over the values that these resources hold, what is simplest first.

    `bases` are the base URLs that the server is known by, its own first.
    """
    values = [value for each in resources if each.type == row["type"] for value in values_of(each, parameter)]
    texts = dict.fromkeys(_texts(row["form"], parameter, values, bases))
    return [Query(row["type"], parameter, row["query"], text) for text in list(texts)[:_MOST_VALUES]]


def parameter_of(row: Mapping[str, str], edition: Edition) -> SearchParameter:
    """The search parameter of a row."""
    known = edition.search_parameters(row["type"])
    return next(parameter for parameter in known if parameter.code == row["param"])


def _texts(form: str, parameter: SearchParameter, values: Sequence[Any], bases: Sequence[str]) -> Iterator[str]:
    if form == "missing":
        return iter(("false", "true"))
    if parameter.type == "date":
        return _dates(form, values)
    if parameter.type == "token":
        return _tokens(form, values)
    return _references(form, parameter, values, bases)


# ---- tokens: https://hl7.org/fhir/R4/search.html#token


def _tokens(form: str, values: Sequence[Any]) -> Iterator[str]:
    pairs = list(dict.fromkeys(_pairs(values)))
    codes = list(dict.fromkeys(code for _, code in pairs if code))
    systems = list(dict.fromkeys(system for system, _ in pairs if system))
    if form in {"code", "not"}:
        yield from map(escape, codes)
        if form == "code":
            yield from (escape(code[:-1]) for code in codes if len(code) > 1 and code[:-1] not in codes)
    elif form == "system-code":
        with_system = [(system, code) for system, code in pairs if system and code]
        yield from (f"{escape(system)}|{escape(code)}" for system, code in with_system)
        yield from (f"{_OTHER_SYSTEM}|{escape(code)}" for _, code in with_system[:2])
        yield from (f"{escape(system)}|{escape(code[:-1])}" for system, code in with_system[:2])
    elif form == "no-system":
        yield from (f"|{escape(code)}" for code in codes)
    elif form == "system-only":
        yield from (f"{escape(system)}|" for system in systems)
        yield f"{_OTHER_SYSTEM}|"
    elif form == "or" and codes:
        yield ",".join(map(escape, codes[:2]))
        yield ",".join([escape(codes[0]), "not-" + escape(codes[0])])


def _pairs(values: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for value in values:
        if isinstance(value, str):
            yield "", value
        elif isinstance(value, Mapping):
            codings = value.get("coding", [value])
            for coding in codings:
                code = coding.get("code", coding.get("value"))
                if isinstance(code, str):
                    yield coding.get("system", ""), code


# ---- dates: https://hl7.org/fhir/R4/search.html#date


def _dates(form: str, values: Sequence[Any]) -> Iterator[str]:
    prefix = "" if form in {"day", "or"} else form
    written = sorted(dict.fromkeys(_written(values)))
    middle = written[len(written) // 2 : len(written) // 2 + 1]
    zoned = [each for each in written if _ZONE.search(each)]
    if form == "or":
        yield from (f"{written[0]},{each}" for each in written[1:])
        return
    anchors = [*middle, *zoned[:1], *written[:1], *written[-1:]]
    yield from dict.fromkeys(prefix + probe for anchor in anchors for probe in _near(anchor))


def _written(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from (value[key] for key in ("start", "end") if isinstance(value.get(key), str))


def _near(written: str) -> Iterator[str]:
    """The value as written, the day of it, the days around it, its month and its year."""
    yield written
    if _DAY.match(written):
        day = dt.date.fromisoformat(written[:10])
        yield day.isoformat()
        yield (day - dt.timedelta(days=1)).isoformat()
        yield (day + dt.timedelta(days=1)).isoformat()
    if len(written) >= 7:  # noqa: PLR2004  YYYY-MM
        yield written[:7]
    yield written[:4]


# ---- references and canonicals: https://hl7.org/fhir/R4/search.html#reference


def _references(form: str, parameter: SearchParameter, values: Sequence[Any], bases: Sequence[str]) -> Iterator[str]:
    canonicals = list(dict.fromkeys(value for value in values if isinstance(value, str)))
    literals = dict.fromkeys(each.get("reference", "") for each in values if isinstance(each, Mapping))
    relative = [each for each in (local_reference(literal, bases) for literal in literals) if each]
    elsewhere = [each for each in literals if is_url(each) and not local_reference(each, bases)]
    if form == "or":
        asked = [_canonical(each) for each in canonicals[:2]] or relative[:2] or [*map(escape, elsewhere[:2])]
        yield from [",".join(asked)] if len(asked) > 1 else []
    elif form == "url":
        urls = list(dict.fromkeys(each.partition("|")[0] for each in canonicals))
        yield from map(escape, urls)
        yield from (escape(url[:-1]) for url in urls[:2] if url[:-1] not in urls)
    elif form == "url-and-version":
        versioned = [each for each in canonicals if "|" in each]
        yield from map(_canonical, versioned)
        yield from (_canonical(each.partition("|")[0] + "|0.0.0-other") for each in versioned[:2])
    elif form == "type-and-id":
        yield from relative
        others = ((_other_type(each, parameter), each.partition("/")[2]) for each in relative[:2])
        yield from (f"{other}/{identity}" for other, identity in others if other)
        yield from (_other_id(each) for each in relative[:1])
        yield from (
            f"{kind}/{another_id(identity)}" for kind, _, identity in (each.partition("/") for each in relative[:1])
        )
    elif form == "id":
        yield from (each.partition("/")[2] for each in relative)
        yield from (_other_id(each.partition("/")[2]) for each in relative[:1])
    elif form == "absolute":
        yield from (f"{bases[0]}/{each}" for each in relative)
        yield from (f"{_OTHER_BASE}/{each}" for each in relative[:1])
        yield from map(escape, elsewhere)
        yield from (escape(_other_id(each)) for each in elsewhere[:1])


def local_reference(literal: str, bases: Sequence[str]) -> str | None:
    """A reference to a resource of the server as type and id, None for any other."""
    base = next((base for base in bases if literal.startswith(f"{base}/")), None)
    relative = literal if base is None else literal[len(base) + 1 :]
    return relative if re.fullmatch(r"[A-Za-z]+/[A-Za-z0-9.-]+", relative) else None


def _canonical(written: str) -> str:
    """A canonical as a search value: the bar before its version is the separator that FHIR search knows there."""
    return "|".join(map(escape, written.split("|")))


def _other_type(reference: str, parameter: SearchParameter) -> str | None:
    """Another type that the parameter can be about; a server may refuse one that it cannot."""
    kinds = sorted(set(parameter.targets) or {"Location", "Organization"}, key=lambda kind: (kind != "Location", kind))
    return next((kind for kind in kinds if kind != reference.partition("/")[0]), None)


def _other_id(reference: str) -> str:
    """An id that differs in one character: one more might be too long for an id."""
    return reference[:-1] + ("y" if reference.endswith("x") else "x")


def refers_elsewhere(
    row: Mapping[str, str], parameter: SearchParameter, resources: Iterable[CreatedResource], bases: Sequence[str]
) -> bool:
    """Whether all references of a parameter lead to other places: then a search by a local id means nothing."""
    values = [value for each in resources if each.type == row["type"] for value in values_of(each, parameter)]
    literals = [each["reference"] for each in values if isinstance(each, Mapping) and "reference" in each]
    return any(map(is_url, literals)) and not any(local_reference(each, bases) for each in literals)


def is_mere_id(query: Query) -> bool:
    """Whether a reference is asked for by its id alone, which may be the id of resources of several types.

    https://hl7.org/fhir/R4/search.html#reference
    """
    return query.parameter.type == "reference" and re.fullmatch(r"[A-Za-z0-9.-]+", query.value) is not None


# ---- what has to be found


def values_of(resource: CreatedResource, parameter: SearchParameter) -> list[Any]:
    """The values of a resource as the search parameter sees them."""
    return fhirpath.compile(parameter.expression).evaluate(resource.sent, search_env(resource.sent))


def judge(query: Query, resource: CreatedResource, base: str) -> Match:
    """Decide by the rules of FHIR search whether a resource has to be found; `base` is the server's own base URL."""
    found = matches(query.parameter, query.modifier or None, query.value, resource.scope(), base=base)
    return Match.UNDECIDED if _left_open(query, resource, found) else found


def reason(query: Query, resource: CreatedResource, base: str) -> str:
    """Say what a resource holds of what a query asks for, and so what has to be."""
    text = {Match.YES: "has to be found", Match.NO: "does not match"}.get(judge(query, resource, base), "may be found")
    return f"{held_text(resource, query.parameter)}; {text}"


def held_text(resource: CreatedResource, parameter: SearchParameter) -> str:
    """Say what a resource holds of what a parameter searches for."""
    shown = ", ".join(_shown(value) for value in values_of(resource, parameter)) or "nothing"
    return f"{parameter.code} is {shown}"


def _left_open(query: Query, resource: CreatedResource, found: Match) -> bool:
    """Whether R4 says two things here, so that a server may answer either way.

    A comparison of dates whose ranges overlap at the border: "greater or equal" in one column of the table of prefixes,
    and not so in the other; and what lies within the precision of the value is neither before nor after it
    (https://hl7.org/fhir/R4/search.html#prefix). `:missing` where the element is there and holds nothing to search for:
    no literal reference, or one into the resource itself. A canonical without its version: R4 has `:below` to leave the
    version out, and does not say what is found without it (https://hl7.org/fhir/R4/search.html#versions). Not open: a
    reference given relative and asked for by its absolute URL here matches, and the other way round
    (https://hl7.org/fhir/R4/search.html#reference).
    """
    if found is Match.NO and query.parameter.type == "date" and query.value[:2] in _AT_BORDERS:
        wanted = parse_date(query.value).interval
        indexed = index_values(query.parameter, resource.scope(), search_env(resource.scope()))
        is_open = _AT_BORDERS[query.value[:2]]
        return any(isinstance(each, DateValue) and is_open(wanted, each.interval) for each in indexed)
    if query.parameter.type == "reference" and query.modifier == "missing":
        values = values_of(resource, query.parameter)
        literals = [value if isinstance(value, str) else value.get("reference", "") for value in values]
        return bool(values) and not any(literal and not literal.startswith("#") for literal in literals)
    if found is Match.YES and query.parameter.type == "reference" and not query.modifier:
        canonicals = [value for value in values_of(resource, query.parameter) if isinstance(value, str)]
        asked = [unescape(each) for each in split(query.value, ",")]
        return bool(canonicals) and not set(canonicals) & set(asked)
    return False


def _overlap(one: Interval, other: Interval) -> bool:
    return _begins_before_end(one, other) and _begins_before_end(other, one)


def _reaches_in_from_below(wanted: Interval, held: Interval) -> bool:
    """Whether a range begins before what is asked for and ends within it."""
    return (
        _overlap(wanted, held) and wanted.low is not None and (held.low is None or held.low.moment < wanted.low.moment)
    )


def _reaches_in_from_above(wanted: Interval, held: Interval) -> bool:
    """Whether a range begins within what is asked for and ends after it."""
    above = wanted.high is not None and (held.high is None or held.high.moment > wanted.high.moment)
    return _overlap(wanted, held) and above


def _begins_before_end(one: Interval, other: Interval) -> bool:
    return one.low is None or other.high is None or one.low.moment < other.high.moment


_AT_BORDERS = {"ge": _overlap, "le": _overlap, "gt": _reaches_in_from_below, "lt": _reaches_in_from_above}
"""By prefix: where ranges of dates that do not match may be found all the same."""


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        if "reference" in value:
            return str(value["reference"])
        if "start" in value or "end" in value:
            return f"{value.get('start', '…')} to {value.get('end', '…')}"
        return " or ".join(f"{system}|{code}" if system else code for system, code in _pairs([value]))
    return str(value)
