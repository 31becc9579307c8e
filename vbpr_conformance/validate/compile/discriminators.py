"""How an item's slice is found: by the discriminators of its slicing.

https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from vbpr_conformance.fhir.fhirpath.expression_paths import step_texts
from vbpr_conformance.fhir.primitive_formats import FORMATS
from vbpr_conformance.ig.model import Discriminator, Slicing
from vbpr_conformance.validate.compile.known_definitions import KnownDefinitions
from vbpr_conformance.validate.element_ref import ElementRef, ElementRefs
from vbpr_conformance.validate.judge.scope import Scope
from vbpr_conformance.validate.pattern_match import equal, matches

Classifier = Callable[[Any, Scope], int | None]
"""Gives the index of the slice that an item is in."""

Predicate = Callable[[Any, Scope], bool]


def classifier(known: KnownDefinitions, type_name: str, slices: ElementRefs, slicing: Slicing | None) -> Classifier:
    """Make what finds the slice of an item; a slice that nothing tells apart has no items."""
    discriminators = slicing.discriminators if slicing else ()
    plain = _by_value(known, type_name, slices, discriminators)
    if plain is not None:
        return plain
    tests = [_slice_test(known, type_name, view, discriminators) for view in slices]

    def classify(item: Any, scope: Scope) -> int | None:
        for index, test in enumerate(tests):
            if test is not None and test(item, scope):
                return index
        return None

    return classify


def _by_value(
    known: KnownDefinitions, type_name: str, slices: ElementRefs, discriminators: tuple[Discriminator, ...]
) -> Classifier | None:
    """One discriminator that comes down to a string in one property of each slice: a look into a table.

    A fixed value or pattern of that property, or a pattern of the item itself that names no other property.
    """
    if len(discriminators) != 1 or discriminators[0].type not in {"value", "pattern"}:
        return None
    path = discriminators[0].path
    table: dict[str, int] = {}
    if path == "$this":
        patterns = [view.element.pattern if view.element.fixed is None else None for view in slices]
        names = {tuple(each) if isinstance(each, dict) else () for each in patterns}
        if len(names) != 1 or len(name := names.pop()) != 1:
            return None
        path = name[0]
        values = [each[path] for each in patterns if isinstance(each, dict)]
    elif path.isalnum():
        reached = [walk(known, type_name, view, (path,)) for view in slices]
        if any(each.element.is_choice for one in reached for each in one):
            return None  # `value` is `valueString` in JSON
        values = [_fixed(each) for each in reached]
    else:
        return None
    for index, value in enumerate(values):
        if not isinstance(value, str):
            return None
        table.setdefault(value, index)

    def classify(item: Any, _: Scope) -> int | None:
        value = item.get(path) if type(item) is dict else None
        return table.get(value) if type(value) is str else None

    return classify


def _fixed(reached: ElementRefs) -> Any:
    """The value that one of the definitions fixes."""
    wanted = (each.element.fixed if each.element.fixed is not None else each.element.pattern for each in reached)
    return next((each for each in wanted if each is not None), None)


def _slice_test(
    known: KnownDefinitions, type_name: str, view: ElementRef, discriminators: tuple[Discriminator, ...]
) -> Predicate | None:
    tests = [_test(known, type_name, view, each) for each in discriminators]
    if not tests or any(test is None for test in tests):
        return None
    sure = [test for test in tests if test is not None]
    return sure[0] if len(sure) == 1 else lambda item, scope: all(test(item, scope) for test in sure)


def _test(known: KnownDefinitions, type_name: str, view: ElementRef, discriminator: Discriminator) -> Predicate | None:
    steps = step_texts(discriminator.path)
    if not steps:  # no path of a discriminator: nothing can be told by it
        return None
    steps = tuple(step for step in steps if step != "$this")
    if discriminator.type in {"type", "profile"} and steps == ("reference",) and type_name == "Reference":
        steps = ("resolve()",)
    if steps[-1:] == ("resolve()",):
        return _resolved(known, type_name, view, steps[:-1])
    reached = walk(known, type_name, view, steps)
    if discriminator.type == "exists":
        return _exists(reached, steps)
    if discriminator.type == "type":
        return _typed(reached, steps)
    if discriminator.type == "profile":
        return _profiled(reached, steps)
    wanted = [test for one in reached for test in _value_tests(known, one)]
    implied = _implied(known, type_name, view, steps)
    if not wanted and not implied:
        return _test_of_slices(known, type_name, view, steps)

    def test(item: Any, scope: Scope) -> bool:
        values = select(item, steps)
        if not all(any(each(value) for value in values) for each in implied):
            return False
        return not wanted or any(all(each(value, scope) for each in wanted) for value in values)

    return test


def _test_of_slices(
    known: KnownDefinitions, type_name: str, view: ElementRef, steps: tuple[str, ...]
) -> Predicate | None:
    """Tell by slices on the way that must be there: each has a value at the end of the path that is as it says."""
    at: list[tuple[str, ElementRef]] = [(type_name, view)]
    reached: list[tuple[str, ElementRef]] = []
    for step in steps:
        children = [one for kind, each in at for one in _down(known, kind, each, step)]
        reached = [one for kind, each in reached for one in _down(known, kind, each, step)]
        reached += [(kind, slice_) for kind, each in children for slice_ in known.slices(each) if slice_.element.min]
        at = children
    wanted = [tests for _, each in reached if (tests := _value_tests(known, each))]
    if not wanted:
        return None

    def test(item: Any, scope: Scope) -> bool:
        values = select(item, steps)
        return all(any(all(each(value, scope) for each in tests) for value in values) for tests in wanted)

    return test


def _implied(
    known: KnownDefinitions, type_name: str, view: ElementRef, steps: tuple[str, ...]
) -> list[Callable[[Any], bool]]:
    """What a fixed value or pattern further up the path says of what stands at its end, each to be met by one value."""
    found: list[Callable[[Any], bool]] = []
    for depth in range(len(steps)):
        for each in walk(known, type_name, view, steps[:depth]):
            fixed = each.element.fixed
            parts = select(each.element.pattern if fixed is None else fixed, steps[depth:])
            found += [partial(matches if fixed is None else equal, part) for part in parts]
    return found


def walk(known: KnownDefinitions, type_name: str, view: ElementRef, steps: tuple[str, ...]) -> ElementRefs:
    """Follow a discriminator's path through the definitions, from a slice."""
    at: list[tuple[str, ElementRef]] = [(type_name, view)]
    for step in steps:
        at = [one for kind, each in at for one in _down(known, kind, each, step)]
    return tuple(one for _, one in at)


def _down(known: KnownDefinitions, kind: str, view: ElementRef, step: str) -> Iterator[tuple[str, ElementRef]]:
    if step.startswith("ofType("):
        yield step[7:-1], view
        return
    name, _, argument = step.partition("(")
    for content in known.contents(kind, (view,)):
        for child in known.children(content):
            if child.element.name.removesuffix("[x]") != name:
                continue
            if argument:
                url = argument.strip("')")
                for each in known.slices(child):
                    if known.extension_url(each) == url:
                        yield "Extension", each
                        yield from (("Extension", inner) for inner in known.slices(each))  # reslices: `kind/A`
            else:
                types = child.element.types
                yield (types[0].code if types else "BackboneElement"), child


def select(item: Any, steps: tuple[str, ...]) -> list[Any]:
    """Follow a discriminator's path through a value."""
    found = [item]
    for step in steps:
        found = [value for each in found for value in _select(each, step)]
    return found


def _select(item: Any, step: str) -> Iterator[Any]:
    if type(item) is not dict:
        return
    if step.startswith("extension('"):
        listed = item.get("extension")
        url = step[11:-2]
        for each in listed if type(listed) is list else ():
            if type(each) is dict and each.get("url") == url:
                yield each
        return
    if step.startswith("ofType("):
        yield item
        return
    value = item.get(step)
    if value is None:
        value = next((each for key, each in item.items() if _is_choice(key, step)), None)
    if type(value) is list:
        yield from value
    elif value is not None:
        yield value


def _is_choice(key: str, stem: str) -> bool:
    return key.startswith(stem) and key[len(stem) : len(stem) + 1].isupper()


def _value_tests(known: KnownDefinitions, view: ElementRef) -> list[Predicate]:
    """What a definition says of a value: fixed, pattern, required binding; else what its children say."""
    element = view.element
    if element.fixed is not None:
        return [lambda value, _: equal(element.fixed, value)]
    if element.pattern is not None:
        return [lambda value, _: matches(element.pattern, value)]
    found: list[Predicate] = []
    for content in known.contents(element.types[0].code, (view,)) if element.types else ():
        for child in known.children(content):
            if child.element.min or child.element.fixed is not None or child.element.pattern is not None:
                found += _child_tests(known, child)
    if not found and element.binding and element.binding.strength == "required" and element.binding.value_set:
        members = known.terminology.members(element.binding.value_set)
        return [lambda value, _: any(members.has_plain(code) for code in _codes(value))]
    return found


def _child_tests(known: KnownDefinitions, child: ElementRef) -> list[Predicate]:
    name = child.element.name
    return [
        lambda value, scope, each=each: any(each(one, scope) for one in _select(value, name))  # type: ignore[misc]
        for each in _value_tests(known, child)
    ]


def _codes(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        if isinstance(value.get("code"), str):
            yield value["code"]
        coding = value.get("coding")
        for each in coding if isinstance(coding, list) else ():
            if isinstance(each, dict) and isinstance(each.get("code"), str):
                yield each["code"]


def _exists(reached: ElementRefs, steps: tuple[str, ...]) -> Predicate | None:
    if any(view.element.max == 0 for view in reached):
        return lambda item, _: not select(item, steps)
    if any(view.element.min for view in reached):
        return lambda item, _: bool(select(item, steps))
    return None


def _typed(reached: ElementRefs, steps: tuple[str, ...]) -> Predicate | None:
    wanted = frozenset(each.code for view in reached for each in view.element.types)
    if not wanted:
        return None
    if not steps:
        return lambda item, _: _json_type(item, wanted)
    stem = steps[-1]
    owner = steps[:-1]

    def test(item: Any, _: Scope) -> bool:
        keys = {stem + code[0].upper() + code[1:] for code in wanted}
        return any(type(each) is dict and not keys.isdisjoint(each) for each in select(item, owner)) or any(
            type(each) is dict and each.get("resourceType") in wanted for each in select(item, steps)
        )

    return test


def _json_type(item: Any, wanted: frozenset[str]) -> bool:
    if type(item) is dict and "resourceType" in item:
        return item["resourceType"] in wanted
    return any((code in FORMATS) != (type(item) is dict) for code in wanted)


def _profiled(reached: ElementRefs, steps: tuple[str, ...]) -> Predicate | None:
    profiles = [name for view in reached for each in view.element.types for name in each.profiles]
    if not profiles:
        return None

    def test(item: Any, scope: Scope) -> bool:
        return any(scope.judge.conforms(value, name, scope) for value in select(item, steps) for name in profiles)

    return test


def _resolved(known: KnownDefinitions, type_name: str, view: ElementRef, steps: tuple[str, ...]) -> Predicate | None:
    """Tell by what a reference resolves to: its type, or whether it is meant to conform to a target profile."""
    reached = walk(known, type_name, view, steps)
    targets = [name for one in reached for each in one.element.types for name in each.targets]
    if not targets:
        return None
    types = {name: _type_name(known, name) for name in targets}

    def test(item: Any, scope: Scope) -> bool:
        for value in select(item, steps):
            reference = value.get("reference") if type(value) is dict else None
            target = scope.resolve(reference) if type(reference) is str else None
            if target is None:
                continue
            for name, wanted in types.items():
                if target.resource.get("resourceType") != wanted and wanted != "Resource":
                    continue
                if scope.judge.claims(target, name):
                    return True
        return False

    return test


def _type_name(known: KnownDefinitions, url: str) -> str:
    profile = known.profile(url)
    return profile.type if profile is not None else url.rpartition("/")[2]
