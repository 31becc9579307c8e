"""Answers against their Questionnaire, and what the questions of a Questionnaire depend on.

A response "must be consistent with the Questionnaire", its values "must match the datatype" of the items
(https://hl7.org/fhir/R4/questionnaireresponse-definitions.html#QuestionnaireResponse.questionnaire,
`.item.answer.value[x]`), required items "must be present in a completed QuestionnaireResponse", and no more than
`maxLength` characters make a valid one (https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vbpr_conformance.validate.issue import Drafts, IssueDraft, Severity, below, shown
from vbpr_conformance.validate.judge.enable_when import AnsweredPart, Enabling, link_ids
from vbpr_conformance.validate.judge.listed_objects import objects
from vbpr_conformance.validate.judge.scope import Scope

_BASE = "http://hl7.org/fhir/StructureDefinition/"
_COMPLETE = frozenset({"completed", "amended"})
_OPTIONS = ("Coding", "Date", "Time", "Integer", "String", "Reference")
_TYPES = {
    "boolean": ("Boolean",),
    "decimal": ("Decimal",),
    "integer": ("Integer",),
    "date": ("Date",),
    "dateTime": ("DateTime",),
    "time": ("Time",),
    "string": ("String",),
    "text": ("String",),
    "url": ("Uri",),
    "choice": _OPTIONS,
    "open-choice": _OPTIONS,
    "attachment": ("Attachment",),
    "reference": ("Reference",),
    "quantity": ("Quantity",),
}
"""What `value[x]` ends with in an answer to an item of each type."""


def issues(response: dict[str, Any], scope: Scope) -> Drafts:
    """Judge a QuestionnaireResponse by the Questionnaire it names, where that is at hand."""
    canonical = response.get("questionnaire")
    target = scope.canonical(canonical) if type(canonical) is str else None
    if target is None or target.resource.get("resourceType") != "Questionnaire":
        return []
    return _ResponseJudge(response, target.resource, scope).items((AnsweredPart(target.resource, response),))


def questionnaire_issues(questionnaire: dict[str, Any]) -> Drafts:
    """Judge whether what an item depends on is a question, and another one."""
    known = link_ids(questionnaire)
    found: Drafts = []
    for step, item in _all_items(questionnaire, ""):
        for index, each in enumerate(objects(item, "enableWhen")):
            question = each.get("question")
            if type(question) is str and (question not in known or question in link_ids(item)):
                where = "an item that is not there" if question not in known else "itself or a part of itself"
                message = f"{shown(question)} found, so the item depends on {where}."
                draft = _told("enableWhen.question", message, profile="Questionnaire")
                found += below(draft, f"{step}.enableWhen[{index}].question")
    return found


def _all_items(part: dict[str, Any], step: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, item in enumerate(objects(part, "item")):
        yield f"{step}.item[{index}]", item
        yield from _all_items(item, f"{step}.item[{index}]")


class _ResponseJudge:
    """Judges the parts of one response."""

    def __init__(self, response: dict[str, Any], questionnaire: dict[str, Any], scope: Scope) -> None:
        self._scope = scope
        self._known = link_ids(questionnaire)
        self._enabling = Enabling()
        self._missing: Severity = "error" if str(response.get("status")) in _COMPLETE else "warning"

    def items(self, around: tuple[AnsweredPart, ...]) -> Drafts:
        """Judge the items of the innermost part: each has its definition, in its place and number."""
        part = around[-1]
        defined = objects(part.defined, "item")
        links = [each.get("linkId") for each in defined]
        places = {link: place for place, link in enumerate(links) if type(link) is str}
        found: Drafts = []
        met: dict[Any, int] = {}
        latest = 0
        for index, item in enumerate(objects(part.answered, "item")):
            link = item.get("linkId")
            told: Drafts = []
            if type(link) is not str:
                continue
            if link not in places:
                inside = "which the Questionnaire has elsewhere" if link in self._known else "not in the Questionnaire"
                told += _told("item.linkId", f"Item {shown(link)} found, {inside}.")
            else:
                met[link] = met.get(link, 0) + 1
                definition = defined[places[link]]
                if places[link] < latest:
                    told += _told("item", f"Item {shown(link)} found after items that follow it in the Questionnaire.")
                if met[link] == 2 and definition.get("repeats") is not True:  # noqa: PLR2004 - the first that is one too many
                    told += _told("item", f"Item {shown(link)} found again, but it does not repeat.")
                latest = max(latest, places[link])
                told += self._item(item, definition, around)
            found += below(told, f".item[{index}]")
        for link, place in places.items():
            each = defined[place]
            if each.get("required") is True and link not in met and self._enabling.is_enabled(each, around):
                found += _told("item", f"Item {shown(link)} is missing: it is required.", self._missing)
        return found

    def _item(self, item: dict[str, Any], defined: dict[str, Any], around: tuple[AnsweredPart, ...]) -> Drafts:
        link, kind = shown(defined.get("linkId")), str(defined.get("type"))
        answers, items = objects(item, "answer"), objects(item, "item")
        found: Drafts = []
        if type(item.get("text")) is str and item["text"] != defined.get("text"):
            found += _told("item.text", f"The text of item {link} is not that of the Questionnaire.", "warning")
        enabled = self._enabling.is_enabled(defined, around)
        if enabled is False and (answers or items):
            found += _told("item", f"Item {link} is answered, but the answers that would enable it are not there.")
        if defined.get("required") is True and enabled and not (answers or items):
            found += _told("item", f"Item {link} has no answer: it is required.", self._missing)
        if kind in {"group", "display"} and answers:
            found += below(_told("item.answer", f"An answer found, but item {link} is a {kind}."), ".answer[0]")
            return found
        if kind != "group" and items:
            message = f"Items found below {link}, which is no group: items below a question stand in its answers."
            return found + below(_told("item", message), ".item[0]")
        if len(answers) > 1 and defined.get("repeats") is not True:
            message = f"{len(answers)} answers found, but item {link} does not repeat."
            found += below(_told("item.answer", message), ".answer[1]")
        for index, answer in enumerate(answers):
            alone = {name: each for name, each in answer.items() if name != "item"}
            part = {"linkId": defined.get("linkId"), "answer": [alone], "item": answer.get("item")}
            told = self._answer(answer, defined) + self.items((*around, AnsweredPart(defined, part)))
            found += below(told, f".answer[{index}]")
        return found + (self.items((*around, AnsweredPart(defined, item))) if kind == "group" else [])

    def _answer(self, answer: dict[str, Any], defined: dict[str, Any]) -> Drafts:
        name = next((each for each in answer if each.startswith("value")), None)
        wanted = _TYPES.get(str(defined.get("type")))
        if name is None or wanted is None:
            return []
        value, link = answer[name], shown(defined.get("linkId"))
        kind = name.removeprefix("value")
        if kind not in wanted:
            types = " or ".join(f"value{each}" for each in wanted)
            return below(_told("item.answer.value[x]", f"{name} found, item {link} asks for {types}."), ".value")
        longest = defined.get("maxLength")
        if type(value) is str and type(longest) is int and len(value) > longest:
            message = f"{len(value)} characters found, item {link} allows at most {longest}."
            return below(_told("item.answer.value[x]", message), ".value")
        return self._choice(value, kind, defined) if wanted is _OPTIONS else []

    def _choice(self, value: Any, kind: str, defined: dict[str, Any]) -> Drafts:
        """Judge whether a value is one of those to choose from."""
        if kind == "String" and defined.get("type") == "open-choice":
            return []
        options = objects(defined, "answerOption")
        if options:
            chosen = any(_is_option(value, each.get(f"value{kind}")) for each in options)
        elif kind == "Coding" and type(defined.get("answerValueSet")) is str:
            chosen = self._scope.judge.member_of(value, defined["answerValueSet"]) is not False
        else:
            return []
        if chosen:
            return []
        said = value.get("code") if type(value) is dict else value
        message = f"{shown(said)} found, which is no choice of item {shown(defined.get('linkId'))}."
        return below(_told("item.answer.value[x]", message), ".value")


def _is_option(value: Any, option: Any) -> bool:
    if type(value) is dict and type(option) is dict and "code" in option:
        return all(value.get(each) == option.get(each) for each in ("system", "code"))
    if type(value) is dict and type(option) is dict:
        return bool(value.get("reference") == option.get("reference"))
    return bool(value == option)


def _told(
    element: str, message: str, severity: Severity = "error", *, profile: str = "QuestionnaireResponse"
) -> Drafts:
    within = f"{profile}.{element}" if profile == "QuestionnaireResponse" else f"{profile}.item.{element}"
    return [IssueDraft(severity, "business-rule", f"questionnaire:{within}", _BASE + profile, message)]
