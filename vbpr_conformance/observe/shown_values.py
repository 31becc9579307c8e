"""Judges what a client shows: values with the things they belong to, lists, and what must not be shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from vbpr_conformance.errors import UsageError
from vbpr_conformance.generate.json_location import locations
from vbpr_conformance.generate.paths import resolve
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.observe.made_up_values import ThingShown, exchanged_ends, made_up_end, zero_stands_for
from vbpr_conformance.observe.scenario_data import HeldResource, ScenarioData, plain_leaves
from vbpr_conformance.observe.scenario_language import ValuesCheck
from vbpr_conformance.observe.shown_facts import EXACT, OutputText, ShownFact, facts_of, names_of
from vbpr_conformance.observe.witness_tree import Piece, RecordIndex, plain, read_outputs
from vbpr_conformance.suite.must_support import select

_DISTINCT = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z\d]{5,}")
"""A word that stands in no language: letters and digits."""
_WHOLE = 0.75
"""What part of all values is nearly all: who shows as much has not chosen to leave one out."""


@dataclass(frozen=True)
class SoughtValue:
    """A value that a client should show: `thing` is the record that it belongs to, `name` how a message calls it."""

    name: str
    thing: str
    facts: tuple[ShownFact, ...]
    any_of_them: bool = False


@dataclass
class ValueSighting:
    """How a value was shown: `exact`, what is lost, or nothing; `thing_shown`: the output speaks of its thing.

    `is_sure`: the value would be found anywhere, as it occurs once.
    """

    value: SoughtValue
    said: str
    fact: ShownFact | None
    thing_shown: bool
    is_sure: bool = False


@dataclass
class ClientOutput:
    """Everything that a client put out for one scenario, ready to be asked."""

    outputs: Sequence[tuple[str, bytes]]
    data: ScenarioData
    edition: Edition
    _indexes: dict[tuple[tuple[str, str], ...], RecordIndex] = field(default_factory=dict)

    @cached_property
    def tree(self) -> Piece:
        """The output as a tree."""
        return read_outputs(self.outputs)

    @cached_property
    def text(self) -> OutputText:
        """The output as one text."""
        return OutputText([self.tree])

    @property
    def is_empty(self) -> bool:
        """Whether nothing was put out."""
        return not self.tree.text.strip()

    @cached_property
    def targets(self) -> dict[str, dict[str, Any]]:
        """The scenario's resources by reference and canonical URL."""
        found: dict[str, dict[str, Any]] = {}
        for held in self.data.held.values():
            found[held.reference] = held.resource
            if "url" in held.resource:
                found[held.resource["url"]] = held.resource
        return found

    @cached_property
    def _counted(self) -> Counter[str]:
        """How often each plain value occurs in the scenario."""
        return Counter(
            plain(str(leaf))
            for held in self.data.held.values()
            for each in held.versions[-1:]
            for leaf in plain_leaves(each)
        )

    def proof_of(self, fact: ShownFact) -> ShownFact | None:
        """Give a fact in those ways only that occur once: finding one of them anywhere proves it; None without any."""
        if not fact.is_sure or any("/" in each for each in fact.ways):  # references: others are called so too
            return None
        ways = tuple(
            each
            for each in fact.ways
            if self._counted[plain(each)] <= 1 and (fact.kind != "text" or _DISTINCT.search(each))
        )
        kept = replace(fact, ways=ways) if ways else None
        return kept if kept is not None and kept.is_sure else None

    def is_unique(self, fact: ShownFact) -> bool:
        """Whether finding a fact anywhere can prove that it is this one."""
        return self.proof_of(fact) is not None

    def index(self, labels: Mapping[str, str]) -> RecordIndex:
        """Find the pieces that speak of each thing; `labels` maps what a thing is called to the thing."""
        key = tuple(sorted(labels.items()))
        if key not in self._indexes:
            self._indexes[key] = RecordIndex(self.tree, labels)
        return self._indexes[key]

    def shows_any(self, held: Iterable[HeldResource]) -> bool:
        """Whether any of these resources is named, or one of its own values shown."""
        return any(self.names(each) for each in held)

    def names(self, held: HeldResource) -> bool:
        """Whether a resource is shown: called by a name of its own, or by two of its own values."""
        called = [ShownFact("text", (each,)) for each in names_of(held.resource)]
        if any(self.is_unique(each) and self.text.shows(each) == EXACT for each in called):
            return True
        return self.own_values_shown(held) > 1

    def own_values_shown(self, held: HeldResource) -> int:
        """How many values are shown that only this resource has."""
        proofs = (self.proof_of(each) for each in facts_of(held.resource, {}))
        return sum(self.text.shows(each) == EXACT for each in proofs if each is not None)


def sought_values(check: ValuesCheck, output: ClientOutput) -> tuple[list[SoughtValue], dict[str, str]]:
    """Give the values that a check asks for, and what each thing is called."""
    found: list[SoughtValue] = []
    called: list[tuple[str, str]] = []
    for held in output.data.named(check.of):
        for thing, inside in _records(held, check):
            for path in check.label:
                values = [
                    value for at, value in select(held.resource, _id(path, held), held.profile) if _in(at, inside)
                ]
                called += [(way, thing) for fact in facts_of(values, {}) for way in fact.ways]
            if not check.label:
                called += [(name, thing) for name in names_of(held.resource)]
            for path in check.value:
                for at, value in select(held.resource, _id(path, held), held.profile):
                    facts = facts_of(value, _near(held, output), with_unit=check.with_unit)
                    if _in(at, inside) and facts:
                        facts += _ends(value, held)
                        found.append(SoughtValue(at, thing, tuple(facts)))
    return found, _labels(called)


def _ends(value: Any, held: HeldResource) -> list[ShownFact]:
    """Of a period it is to be shown too which end is which, and that one is open: by no date that was made up."""
    if not isinstance(value, dict) or not set(value) <= {"start", "end", "id", "extension"}:
        return []
    start, end = (str(value.get(each, "")) for each in ("start", "end"))
    if start and end:
        return [ShownFact("ends", (start, end))] if start != end else []
    if not (start or end):
        return []
    others = [str(each) for each in plain_leaves(held.resource) if str(each) not in {start, end}]
    return [ShownFact("open end", (start or end, start, end, *others))]


def made_up(check: ValuesCheck, output: ClientOutput) -> Iterator[tuple[str, str]]:
    """What is shown as zero though it is absent: the path of the record, and the line that shows it."""
    values, labels = sought_values(check, output)
    index = output.index(labels)
    numbers = {each.thing: Decimal(each.facts[0].ways[0]) for each in values if each.facts[0].kind == "number"}
    valued = {each.thing for each in values}

    def shown(thing: str) -> ThingShown:
        names = [name for name, owner in labels.items() if owner == thing]
        return ThingShown(index.of(thing), names, numbers.get(thing))

    for held in output.data.named(check.of):
        for thing, _ in _records(held, check):
            if thing not in valued:
                line = zero_stands_for(shown(thing), map(shown, numbers))
                if line:
                    yield thing.partition(" ")[2], line


def _labels(called: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What things are called; what several are called alike names none of them."""
    owners: dict[str, set[str]] = {}
    for name, thing in called:
        owners.setdefault(plain(name), set()).add(thing)
    return {name: next(iter(things)) if len(things) == 1 else "" for name, things in owners.items()}


def _near(held: HeldResource, output: ClientOutput) -> dict[str, dict[str, Any]]:
    """What references in a resource can lead to: the scenario's resources, and those that it contains."""
    contained = {f"#{each['id']}": each for each in held.resource.get("contained", ())}
    return {**output.targets, **contained}


def _records(held: HeldResource, check: ValuesCheck) -> Iterator[tuple[str, str]]:
    """The records of a resource: the name of each thing, and the path that all its values begin with."""
    if check.record is None:
        yield held.reference, held.profile.type
        return
    for at, _ in select(held.resource, _id(check.record, held), held.profile):
        yield f"{held.reference} {at}", at


def _id(path: str, held: HeldResource) -> str:
    return path if path.startswith(f"{held.profile.type}.") else f"{held.profile.type}.{path}"


def _in(path: str, start: str) -> bool:
    return path == start or path.startswith((f"{start}.", f"{start}["))


def form_values(prefix: str, output: ClientOutput) -> tuple[dict[str, list[SoughtValue]], dict[str, str]]:
    """Give, for each must-support form, the values in the resource that was made to show it; and the labels."""
    found: dict[str, list[SoughtValue]] = {}
    called: list[tuple[str, str]] = []
    for held in output.data.named([prefix]):
        if held.form is None:
            continue
        called += [(name, held.reference) for name in names_of(held.resource)]
        found[held.form.name] = list(_form_values(held, output))
    return found, _labels(called)


def _form_values(held: HeldResource, output: ClientOutput) -> Iterator[SoughtValue]:
    form = held.form
    if form is None:
        return
    try:
        path = resolve(form.path, held.profile, output.edition)
    except UsageError:
        return
    element = held.profile.by_id.get(form.element_id)
    is_backbone = element is not None and any(each.code in {"BackboneElement", "Element"} for each in element.types)
    for each in locations(held.resource, path):
        facts = tuple(facts_of(each.value, output.targets))
        if facts:
            yield SoughtValue(form.name, held.reference, facts, any_of_them=is_backbone)
            return


def sightings(values: Sequence[SoughtValue], labels: Mapping[str, str], output: ClientOutput) -> list[ValueSighting]:
    """Look for values: those that occur once anywhere, others (and what is lost of them) with their thing."""
    strong = {name: thing if output.is_unique(ShownFact("text", (name,))) else "" for name, thing in labels.items()}
    index, weak = output.index(strong), output.index(labels)
    records: dict[str, OutputText] = {}
    found = []
    for value in values:
        if value.thing not in records:
            records[value.thing] = OutputText(index.of(value.thing) or weak.of(value.thing))
        found.append(_sighted(value, records[value.thing], output))
    called = {thing: name for name, thing in reversed(list(labels.items()))}
    for at, other in _exchanged(values, records):
        sentence = f"it is shown as that of {called.get(other, other)!r}"
        found[at] = replace(found[at], said=sentence, fact=values[at].facts[0])
    return found


def _exchanged(values: Sequence[SoughtValue], records: Mapping[str, OutputText]) -> Iterator[tuple[int, str]]:
    """The numbers that stand beside the names of others: the index of each value, and the thing that it is shown for.

    Only where that is so for every record of a resource: there is no style in which all of them are meant otherwise.
    """
    alike: dict[str, dict[str, int]] = {}
    for at, value in enumerate(values):
        if value.facts[0].kind == "number" and value.facts[0].is_sure:
            alike.setdefault(value.thing.partition(" ")[0], {})[value.thing] = at
    for things in alike.values():
        facts = {thing: values[at].facts[0] for thing, at in things.items()}
        shown = {thing: [each for each in facts if records[thing].shows(facts[each]) == EXACT] for thing in things}
        if len(things) > 1 and all(len(each) == 1 and each != [thing] for thing, each in shown.items()):
            yield from ((things[whose], thing) for thing, (whose,) in shown.items())


def _sighted(value: SoughtValue, record: OutputText, output: ClientOutput) -> ValueSighting:
    thing_shown = bool(record.text.strip())
    sentence: list[tuple[str, ShownFact]] = []
    sure = [each for each in value.facts if output.is_unique(each)] if value.any_of_them else []
    for fact in sure or value.facts:
        seen = _shown(fact, record, output)
        if value.any_of_them and seen == EXACT:
            return ValueSighting(value, EXACT, None, thing_shown)
        sentence.append((seen, fact))
    lost = next(((seen, fact) for seen, fact in sentence if seen not in {EXACT, ""}), None)
    missing = next(((seen, fact) for seen, fact in sentence if seen == ""), None)
    worst = lost or missing
    if worst is None:
        return ValueSighting(value, EXACT, None, thing_shown)
    seen, fact = worst
    if fact.kind in {"unit", "comparator"} and seen == "" and sentence[0][0] == EXACT:
        seen = f"its {'/'.join(fact.ways) if fact.kind == 'unit' else fact.told()} is lost"
    return ValueSighting(value, seen, fact, thing_shown, output.is_unique(fact))


def _shown(fact: ShownFact, record: OutputText, output: ClientOutput) -> str:
    if fact.kind == "open end":
        _, start, end, *others = fact.ways
        sentence = made_up_end(output.text.text, start, end, others)
        return f"it has no {'end' if start else 'start'}, and {sentence} is shown as such" if sentence else EXACT
    if fact.kind == "ends":
        sentence = exchanged_ends(output.text.text, *fact.ways)
        return f"its ends are exchanged: {sentence!r} is shown" if sentence else EXACT
    own = record.shows(fact) if record.text else ""
    if own == EXACT:
        return EXACT
    proof = output.proof_of(fact)
    if proof is not None:
        anywhere = output.text.shows(proof)
        if anywhere == EXACT or (anywhere and fact.kind == "date"):
            return anywhere
        if anywhere and not own and record.text == "":
            return anywhere
    if fact.kind == "number" and record.text and not own:
        near = record.roughly(Decimal(fact.ways[0]), 2)
        return f"it is rounded: {near} is shown" if near else ""
    return own


def nearly_all(found: Iterable[bool]) -> bool:
    """Whether nearly all of some values were shown."""
    seen = list(found)
    return bool(seen) and sum(seen) / len(seen) >= _WHOLE
