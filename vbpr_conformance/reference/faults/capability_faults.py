"""Faults of the CapabilityStatement: what it says is wrong, missing or not valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vbpr_conformance.reference.behaviour import Change, Resource
from vbpr_conformance.reference.faults.fault import Fault, at
from vbpr_conformance.reference.faults.hooks import instead, not_supported


def faults(main: str) -> Iterator[Fault]:
    """Yield the faults; `main` is the type of which the statement then says too little."""
    for name, words, change in (*_of_all(), *_of_type(main)):
        yield Fault(f"capabilities-{name}", {"topic": "capabilities"}, words, change)


_Faults = Iterator[tuple[str, str, Change]]


def _of_all() -> _Faults:
    yield "missing", "there is no CapabilityStatement", instead("capabilities", do=lambda _, _r: not_supported(404))
    yield "wrong-version", "fhirVersion says 3.0.2", _changed(lambda said: said | {"fhirVersion": "3.0.2"})
    yield (
        "invalid",
        "the CapabilityStatement has no kind and no date",
        _changed(lambda said: _less(said, "kind", "date")),
    )
    yield "no-formats", "no format is named", _changed(lambda said: said | {"format": ["application/fhir+turtle"]})
    yield (
        "no-xml",
        "XML is served, but not named",
        _changed(lambda said: said | {"format": [each for each in said["format"] if "xml" not in each]}),
    )
    yield "no-patch-format", "JSON Patch is taken, but not named", _changed(lambda said: _less(said, "patchFormat"))
    yield (
        "no-transaction",
        "transaction is possible, but not named",
        _rest(
            lambda rest: rest | {"interaction": [each for each in rest["interaction"] if each["code"] != "transaction"]}
        ),
    )
    yield "no-interactions", "of no type an interaction is named", _rest(_without_interactions)
    yield "client-mode", "the mode is client", _rest(lambda rest: rest | {"mode": "client"})


def _of_type(main: str) -> _Faults:
    yield (
        "missing-search-params",
        f"of {main} no search parameter is named but _id",
        _resource(
            main, lambda each: each | {"searchParam": [one for one in each["searchParam"] if one["name"] == "_id"]}
        ),
    )
    yield (
        "missing-search-param",
        f"of {main} the last search parameter is not named",
        _resource(main, lambda each: each | {"searchParam": each["searchParam"][:-1]}),
    )
    yield (
        "wrong-search-param-type",
        f"the search parameters of {main} are said to be strings",
        _resource(main, lambda each: each | {"searchParam": [one | {"type": "string"} for one in each["searchParam"]]}),
    )
    yield (
        "missing-interaction",
        f"of {main} patch is possible, but not named",
        _resource(
            main, lambda each: each | {"interaction": [one for one in each["interaction"] if one["code"] != "patch"]}
        ),
    )
    yield (
        "missing-profiles",
        f"of {main} no supported profile is named",
        _resource(main, lambda each: _less(each, "supportedProfile")),
    )
    yield (
        "missing-conditional",
        f"of {main} conditional interactions are not named",
        _resource(main, lambda each: _less(each, "conditionalCreate", "conditionalUpdate", "conditionalDelete")),
    )
    yield (
        "missing-include",
        f"of {main} no include is named",
        _resource(main, lambda each: _less(each, "searchInclude")),
    )
    yield (
        "missing-resource",
        f"{main} is not named at all",
        _rest(lambda rest: rest | {"resource": [each for each in rest["resource"] if each["type"] != main]}),
    )


def _without_interactions(rest: dict[str, Any]) -> dict[str, Any]:
    return rest | {"resource": [_less(each, "interaction") for each in rest["resource"]]}


def _changed(edit: Callable[[Resource], Resource]) -> Change:
    return at(capabilities=edit)


def _rest(edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    return _changed(lambda said: said | {"rest": [edit(each) for each in said["rest"]]})


def _resource(main: str, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    def edited(rest: dict[str, Any]) -> dict[str, Any]:
        return rest | {"resource": [edit(each) if each["type"] == main else each for each in rest["resource"]]}

    return _rest(edited)


def _less(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: each for name, each in value.items() if name not in names}
