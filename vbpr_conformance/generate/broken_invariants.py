"""How invariants are broken: by their shape, by what is known of FHIR's own, else by changing what they name."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from operator import setitem
from typing import Any

from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.expression_paths import compared_url, text_argument
from vbpr_conformance.fhir.fhirpath.parser import parse
from vbpr_conformance.fhir.fhirpath.syntax import MemberName, Syntax, walk
from vbpr_conformance.generate.fault_case import Edit, FaultCase
from vbpr_conformance.generate.json_location import locations
from vbpr_conformance.generate.members import Member, Object
from vbpr_conformance.generate.shapes import AT_LEAST_ONE, EXACTLY_ONE, ExistenceRule, Term, shape
from vbpr_conformance.ig.model import Constraint

_INSIDE = {"resourceType": "Organization", "id": "inside", "name": "Synthetic inside"}


def invariant(case: FaultCase) -> Iterator[Edit]:
    """Edits that may break an invariant, the likely ones first."""
    known = _KNOWN.get(case.rule.id)
    for target in case.objects()[:3]:
        if known is not None:
            yield from known(target, case)
    made = shape(Constraint(case.rule.id, "error", str(case.rule.detail)))
    if made is not None:
        yield from _by_shape(case, made)
    for target in case.objects()[:3]:
        yield from _by_names(target, str(case.rule.detail))
    yield from _by_value(case)


def _by_shape(case: FaultCase, made: ExistenceRule) -> Iterator[Edit]:
    """Take sides out, put terms in, or both: one side alone, where the other one was."""
    terms = [term for side in made.sides for term in side]
    inside = [each for target in case.objects()[:3] for each in _below(target, made.prefix)]
    members = {term: _member(case, made.prefix, term) for term in terms}
    for target in inside:
        if made.kind in (EXACTLY_ONE, AT_LEAST_ONE):
            yield partial(_turn, target, terms, None, case)
        for side in () if made.kind == AT_LEAST_ONE else made.sides if made.kind == EXACTLY_ONE else made.sides[-1:]:
            yield partial(_turn, target, side, None, case)
        for member in members.values():
            if member is not None:
                yield partial(_turn, target, (), member, case)
    for term, member in members.items():
        for target in inside if member is not None else ():
            yield partial(_turn, target, [each for each in terms if each != term], member, case)


def _turn(target: Object, gone: Sequence[Term], member: Member | None, case: FaultCase) -> None:
    """Take terms out of an object, and put an element in."""
    for term in gone:
        _drop(target, term)
    if member is not None:
        member.into(target, case.b)


def _below(target: Object, prefix: tuple[str, ...]) -> Iterator[Object]:
    if not prefix:
        yield target
        return
    found = target.get(prefix[0], ())
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, dict):
            yield from _below(each, prefix[1:])


def _drop(target: Object, term: Term) -> None:
    if term.url:
        kept = [each for each in target.get("extension", ()) if each.get("url") != term.url]
        target.pop("extension", None)
        if kept:
            target["extension"] = kept
        return
    name, rest = term.path[0], term.path[1:]
    for key in [key for key in target if key == name or (key.startswith(name) and key[len(name) :][:1].isupper())]:
        if not rest:
            del target[key]
            continue
        found = target[key]
        for each in found if isinstance(found, list) else [found]:
            if isinstance(each, dict):
                _drop(each, Term(rest))


def _member(case: FaultCase, prefix: tuple[str, ...], term: Term) -> Member | None:
    return case.member((*prefix, *term.path)) if term.path else None


def _by_names(target: Object, expression: str) -> Iterator[Edit]:
    """Take out, one after the other, the extensions and elements that the expression names, and change values."""
    try:
        nodes = walk(parse(expression))
    except ExpressionError:
        return
    urls = [url for node in nodes if (url := compared_url(node) or _url_argument(node))]
    for url in dict.fromkeys(reversed(urls)):
        found = list(_holders(target, "extension"))
        for holder in found:
            yield partial(_drop, holder, Term(url=url))
        yield partial(_drop_all, found, Term(url=url))
    for name in dict.fromkeys(node.name for node in nodes if isinstance(node, MemberName) and node.name != "extension"):
        found = list(_holders(target, name))
        for holder in found[:2]:
            yield partial(holder.pop, name)
            for value in _changed(holder[name]):
                yield partial(setitem, holder, name, value)
        if len(found) > 1:
            yield partial(_drop_all, found, Term((name,)))


def _url_argument(node: Syntax) -> str | None:
    """The URL that a function is given: that of an extension, or of a profile."""
    text = text_argument(node)
    return text if text and text.startswith(("http", "urn")) else None


def _drop_all(found: Sequence[Object], term: Term) -> None:
    for holder in found:
        _drop(holder, term)


def _holders(target: Any, name: str) -> Iterator[Object]:
    """The objects at or below a target that have a property."""
    if isinstance(target, dict):
        if name in target:
            yield target
        for key, each in target.items():
            if key not in ("contained", "meta"):
                yield from _holders(each, name)
    elif isinstance(target, list):
        for each in target:
            yield from _holders(each, name)


def _changed(value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        yield from (value.partition("|")[0], value[:7], value[:4], "x", "1")
    elif isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        yield from (value + 5, -value - 1)
    elif isinstance(value, bool):
        yield not value


def _by_value(case: FaultCase) -> Iterator[Edit]:
    if case.path is not None:
        for location in list(locations(case.resource, case.path))[:3]:
            for value in _changed(location.value):
                yield partial(location.replace, value)


def _period_backwards(target: Object, _: FaultCase) -> Iterator[Edit]:
    yield partial(target.update, start="2024-02-01", end="2024-01-01")


def _range_backwards(target: Object, _: FaultCase) -> Iterator[Edit]:
    yield partial(target.update, low={"value": Decimal(10)}, high={"value": Decimal(5)})


def _empty(target: Object, _: FaultCase) -> Iterator[Edit]:
    yield target.clear


def _nowhere(target: Object, _: FaultCase) -> Iterator[Edit]:
    yield partial(target.update, reference="#nowhere")


def _text(*bodies: str) -> Callable[[Object, FaultCase], Iterator[Edit]]:
    def edits(_: Object, case: FaultCase) -> Iterator[Edit]:
        for body in bodies:
            div = f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'
            holder = case.resource.setdefault("text", {"status": "generated"})
            yield partial(setitem, holder, "div", div)

    return edits


def _containing(*inside: Object, told: bool = True) -> Callable[[Object, FaultCase], Iterator[Edit]]:
    """Put a resource inside that the resource refers to, unless it shall not."""

    def edits(target: Object, _: FaultCase) -> Iterator[Edit]:
        for each in inside:
            yield partial(_contain, target, {**_INSIDE, **copy.deepcopy(each)}, told=told)

    return edits


def _contain(target: Object, inside: Object, *, told: bool) -> None:
    target["contained"] = [*target.get("contained", ()), inside]
    if told:
        pointing = {
            "url": "http://example.org/fhir/StructureDefinition/synthetic",
            "valueReference": {"reference": "#inside"},
        }
        target["extension"] = [*target.get("extension", ()), pointing]


def _home(target: Object, _: FaultCase) -> Iterator[Edit]:
    yield partial(target.update, use="home")


def _no_value(target: Object, _: FaultCase) -> Iterator[Edit]:
    yield partial(target.pop, "value", None)


def _with_comparator(target: Object, _: FaultCase) -> Iterator[Edit]:
    yield partial(target.update, comparator="<")


def _no_denominator(target: Object, _: FaultCase) -> Iterator[Edit]:
    yield partial(target.pop, "denominator", None)


def _instead(**parts: object) -> Callable[[Object, FaultCase], Iterator[Edit]]:
    """Put these parts in the place of all there are."""

    def edits(target: Object, _: FaultCase) -> Iterator[Edit]:
        def edit() -> None:
            target.clear()
            target.update(copy.deepcopy(parts))

        yield edit

    return edits


_EVENT = {"type": "named-event", "name": "synthetic-event"}


_KNOWN: dict[str, Callable[[Object, FaultCase], Iterator[Edit]]] = {
    "dom-2": _containing(
        {
            "contained": [{"resourceType": "Organization", "id": "deeper", "name": "Synthetic deeper"}],
            "partOf": {"reference": "#deeper"},
        }
    ),
    "dom-3": _containing({}, told=False),
    "dom-4": _containing({"meta": {"versionId": "1"}}, {"meta": {"lastUpdated": "2024-01-01T00:00:00Z"}}),
    "dom-5": _containing({"meta": {"security": [{"system": "http://example.org/security", "code": "x"}]}}),
    "drt-1": _no_value,
    "ele-1": _empty,
    "org-2": _home,
    "org-3": _home,
    "per-1": _period_backwards,
    "rat-1": _no_denominator,
    "ref-1": _nowhere,
    "rng-2": _range_backwards,
    "sqty-1": _with_comparator,
    "tim-9": _instead(when=["C"], offset=10),
    "tim-10": _instead(timeOfDay=["10:00:00"], when=["MORN"]),
    "trd-1": _instead(**_EVENT, data=[{"type": "Patient"}], timingDate="2024-03-15"),
    "trd-2": _instead(**_EVENT, condition={"language": "text/cql", "expression": "true"}),
    "txt-1": _text("<script>x</script>", "<p onclick='x()'>x</p>"),
    "txt-2": _text("", "<p> </p>"),
}
"""Invariants of FHIR itself whose expression does not say how they are broken."""
