"""Whether an item of a Questionnaire is enabled by the answers given so far.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from vbpr_conformance.validate.judge.listed_objects import objects

_EXPRESSION = "enableWhenExpression"
"""How the URL of an extension ends that asks for what `enableWhen` cannot say; what it means is not judged here."""
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


class AnsweredPart(NamedTuple):
    """A group or question of a Questionnaire, or all of it, and the part of the response that answers it."""

    defined: dict[str, Any]
    answered: dict[str, Any]


class Enabling:
    """Tells which items of a Questionnaire the answers of one response enable."""

    def __init__(self) -> None:
        self._links: dict[int, tuple[dict[str, Any], set[str]]] = {}
        self._answers: dict[int, tuple[dict[str, Any], dict[Any, list[Any]]]] = {}

    def is_enabled(self, item: dict[str, Any], around: Sequence[AnsweredPart]) -> bool | None:
        """Tell whether an item is enabled, by the parts around it, the whole first; None: not to be told here."""
        if any(str(each.get("url")).endswith(_EXPRESSION) for each in objects(item, "extension")):
            return None
        conditions = objects(item, "enableWhen")
        if not conditions:
            return True
        met = [self._is_met(each, around) for each in conditions]
        if item.get("enableBehavior") == "all":
            return False if False in met else None if None in met else True
        return True if True in met else None if None in met else False

    def _is_met(self, condition: dict[str, Any], around: Sequence[AnsweredPart]) -> bool | None:
        question, wanted, how = condition.get("question"), value_of(condition, "answer"), condition.get("operator")
        if type(question) is not str:
            return None
        # The answers that count are those in the innermost part that the question belongs to as well.
        nearest = next((part for part in reversed(around) if question in self._links_in(part.defined)), None)
        if nearest is None:
            return None
        answers = self._answers_in(nearest.answered).get(question, [])
        if how == "exists":
            return bool(answers) is (wanted is True)
        judged = [_compare(each, wanted, str(how)) for each in answers]
        return True if True in judged else None if None in judged else False

    def _links_in(self, part: dict[str, Any]) -> set[str]:
        known = self._links.get(id(part))
        if known is None:
            known = self._links[id(part)] = (part, link_ids(part))
        return known[1]

    def _answers_in(self, part: dict[str, Any]) -> dict[Any, list[Any]]:
        """The values in a part of the response, at any depth, by the linkId of their question."""
        known = self._answers.get(id(part))
        if known is None:
            found: dict[Any, list[Any]] = {}
            for link, value in _answered(part):
                found.setdefault(link, []).append(value)
            known = self._answers[id(part)] = (part, found)
        return known[1]


def _compare(answer: Any, wanted: Any, how: str) -> bool | None:
    if type(answer) is dict and type(wanted) is dict:
        names = ("value", "code", "system") if "value" in wanted else ("code", "system") if "code" in wanted else ()
        same = all(answer.get(each) == wanted[each] for each in names if each in wanted) if names else answer == wanted
        if how in {"=", "!="}:
            return same is (how == "=")
        answer, wanted = answer.get("value"), wanted.get("value")
    elif how in {"=", "!="}:
        return (answer == wanted) is (how == "=")
    comparable = all(isinstance(each, int | Decimal) for each in (answer, wanted)) or (
        isinstance(answer, str) and isinstance(wanted, str)
    )
    return _ORDER[how](answer, wanted) if how in _ORDER and comparable else None


def _answered(part: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    link = part.get("linkId")
    if type(link) is str:
        yield from ((link, value_of(each, "value")) for each in objects(part, "answer"))
    for owner in (part, *objects(part, "answer")):
        for item in objects(owner, "item"):
            yield from _answered(item)


def link_ids(part: dict[str, Any]) -> set[str]:
    """The linkIds of all items inside a part of a Questionnaire, and its own."""
    link = part.get("linkId")
    found = {link} if type(link) is str else set()
    for item in objects(part, "item"):
        found |= link_ids(item)
    return found


def value_of(owner: dict[str, Any], name: str) -> Any:
    """The value of a choice such as `value[x]`; None if it has none."""
    return next(
        (value for key, value in owner.items() if key.startswith(name) and key[len(name) :][:1].isupper()), None
    )
