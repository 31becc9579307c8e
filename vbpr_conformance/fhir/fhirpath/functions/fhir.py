"""What FHIR adds to FHIRPath (https://hl7.org/fhir/R4/fhirpath.html#functions), and the time of evaluation."""

from __future__ import annotations

from typing import Any

from vbpr_conformance.fhir.fhirpath.evaluation import (
    EMPTY,
    FALSE,
    Environment,
    Items,
    TypedElement,
    boolean,
    has_value,
    raw,
    single,
)
from vbpr_conformance.fhir.fhirpath.expression_error import ExpressionError
from vbpr_conformance.fhir.fhirpath.functions.signature import Function
from vbpr_conformance.fhir.fhirpath.narrative import html_faults
from vbpr_conformance.fhir.fhirpath.temporal import DATE, DATE_TIME, TIME, Temporal
from vbpr_conformance.fhir.fhirpath.types import type_of


class UndecidedError(ExpressionError):
    """The answer lies in terminology or profiles that are not at hand: it is neither true nor false here."""


def _get_value(items: Items, _args: list[Items], _env: Environment) -> Items:
    return [raw(items[0])] if has_value(items) else EMPTY


def _resolve(items: Items, _args: list[Items], env: Environment) -> Items:
    found: Items = []
    for item in items:
        value = raw(item)
        reference = value.get("reference") if type(value) is dict else value
        if isinstance(reference, str):
            target = _contained(reference, env) if reference.startswith("#") else None
            if target is None and env.resolve is not None:
                target = env.resolve(reference)
            if target is not None:
                found.append(target)
    return found


def _contained(reference: str, env: Environment) -> Any:
    root = env.root_resource
    if type(root) is not dict:
        return None
    if reference == "#":
        return root
    contained = root.get("contained")
    candidates = contained if isinstance(contained, list) else []
    return next((each for each in candidates if isinstance(each, dict) and each.get("id") == reference[1:]), None)


def _member_of(items: Items, args: list[Items], env: Environment) -> Items:
    url = single(args[0], "memberOf()")
    if not items or url is None:
        return EMPTY
    answer = env.member_of(single(items, "memberOf()"), url) if env.member_of else None
    if answer is None:
        raise UndecidedError(f"whether a code is in the value set {url} cannot be answered here")
    return boolean(answer)


def _conforms_to(items: Items, args: list[Items], env: Environment) -> Items:
    url = single(args[0], "conformsTo()")
    if not items or url is None:
        return EMPTY
    answer = env.conforms_to(single(items, "conformsTo()"), url) if env.conforms_to else None
    if answer is None:
        raise UndecidedError(f"the profile {url} is not known here")
    return boolean(answer)


def _html_checks(items: Items, _args: list[Items], _env: Environment) -> Items:
    if not items:
        return EMPTY
    value = single(items, "htmlChecks()")
    return boolean(not html_faults(value)) if isinstance(value, str) else FALSE


def _type(items: Items, _args: list[Items], _env: Environment) -> Items:
    names = [type_of(item) for item in items]
    return [{"namespace": name.namespace, "name": name.name} for name in names]


def _now(_items: Items, _args: list[Items], env: Environment) -> Items:
    return _temporal(env.moment().isoformat(timespec="milliseconds"))


def _today(_items: Items, _args: list[Items], env: Environment) -> Items:
    moment = env.moment()
    return [Temporal(DATE, (moment.year, moment.month, moment.day))]


def _time_of_day(_items: Items, _args: list[Items], env: Environment) -> Items:
    moment = Temporal.parse(env.moment().isoformat(timespec="milliseconds"))
    return [] if moment is None else [Temporal(TIME, moment.parts[3:])]


def _temporal(text: str) -> Items:
    found = Temporal.parse(text)
    return [] if found is None else [Temporal(DATE_TIME, found.parts, found.zone)]


def extensions(items: Items, url: str) -> Items:
    """Give the extensions of the items that have this URL."""
    found: Items = []
    for item in items:
        owner = item
        if type(item) is TypedElement:
            owner = item.value if type(item.value) is dict else item.element
        if type(owner) is dict:
            all_of_them = owner.get("extension")
            if type(all_of_them) is list:
                found += [each for each in all_of_them if type(each) is dict and each.get("url") == url]
    return found


FUNCTIONS = {
    "hasValue": Function(lambda items, _args, _env: boolean(has_value(items))),
    "getValue": Function(_get_value),
    "resolve": Function(_resolve),
    "memberOf": Function(_member_of, 1, 1),
    "conformsTo": Function(_conforms_to, 1, 1),
    "htmlChecks": Function(_html_checks),
    "type": Function(_type),
    "now": Function(_now),
    "today": Function(_today),
    "timeOfDay": Function(_time_of_day),
}
