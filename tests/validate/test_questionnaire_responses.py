"""Answers against their Questionnaire."""

from __future__ import annotations

import pytest

from vbpr_conformance.validate.judge import questionnaire_responses
from vbpr_conformance.validate.judge.scope import Scope

CODES = "http://example.org/codes"
OLDER = [{"question": "age", "operator": ">", "answerInteger": 10}]
QUESTIONNAIRE = {
    "resourceType": "Questionnaire",
    "id": "q",
    "item": [
        {
            "linkId": "about",
            "type": "group",
            "required": True,
            "item": [
                {"linkId": "age", "type": "integer", "required": True},
                {
                    "linkId": "colour",
                    "type": "choice",
                    "answerOption": [{"valueCoding": {"system": CODES, "code": "red"}}],
                    "item": [
                        {
                            "linkId": "why",
                            "type": "text",
                            "enableWhen": [
                                {
                                    "question": "colour",
                                    "operator": "=",
                                    "answerCoding": {"system": CODES, "code": "red"},
                                }
                            ],
                        }
                    ],
                },
                {"linkId": "other", "type": "open-choice", "answerOption": [{"valueInteger": 1}]},
                {"linkId": "name", "type": "string", "maxLength": 3},
                {"linkId": "said", "type": "display"},
                {"linkId": "job", "type": "string", "required": True, "enableWhen": OLDER},
                {
                    "linkId": "computed",
                    "type": "string",
                    "required": True,
                    "extension": [{"url": "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-enableWhenExpression"}],
                },
                {"linkId": "weights", "type": "decimal", "repeats": True},
            ],
        },
        {
            "linkId": "visit",
            "type": "group",
            "repeats": True,
            "item": [
                {"linkId": "ill", "type": "boolean"},
                {
                    "linkId": "pain",
                    "type": "string",
                    "enableWhen": [{"question": "ill", "operator": "=", "answerBoolean": True}],
                },
            ],
        },
    ],
}


def answer(link, *values, **more):
    return {"linkId": link, "answer": list(values), **more}


def visit(*items):
    return {"linkId": "visit", "item": list(items)}


def about(*items, age=5):
    return {"linkId": "about", "item": [answer("age", {"valueInteger": age}), *items]}


def judged(*items, status="completed"):
    response = {
        "resourceType": "QuestionnaireResponse",
        "status": status,
        "questionnaire": "#q",
        "contained": [QUESTIONNAIRE],
        "item": list(items),
    }
    drafts = questionnaire_responses.issues(response, Scope(None, response))
    return [(each.severity, "".join(reversed(each.steps)), each.message) for each in drafts]


RED, BLUE = ({"valueCoding": {"system": CODES, "code": each}} for each in ("red", "blue"))
ILL, WELL = (answer("ill", {"valueBoolean": each}) for each in (True, False))
PAIN = answer("pain", {"valueString": "yes"})
JOB = answer("job", {"valueString": "cook"})
WHY = answer("why", {"valueString": "warm"})


@pytest.mark.parametrize(
    "items",
    [
        [
            about(
                answer("colour", RED), answer("other", {"valueString": "free"}), answer("name", {"valueString": "abc"})
            )
        ],
        [about(answer("weights", {"valueDecimal": 1}, {"valueDecimal": 2})), visit(ILL, PAIN), visit(WELL)],
        [about(JOB, age=11)],
        [about(answer("colour", {**RED, "item": [WHY]}))],
        [about({"linkId": "said"}, answer("weights", {"extension": [{"url": "http://example.org/none"}]}))],
    ],
)
def test_a_response_that_fits_its_questionnaire_brings_no_issue(items):
    """Choices, free text, what is enabled by answers beside it, and answers without value."""
    assert judged(*items) == []


@pytest.mark.parametrize(
    ("items", "place", "said"),
    [
        ([about(answer("name", {"valueInteger": 1}))], ".item[0].item[1].answer[0].value", "asks for valueString"),
        ([about(answer("nobody", {"valueInteger": 1}))], ".item[0].item[1]", "not in the Questionnaire"),
        ([about(), PAIN], ".item[1]", "elsewhere"),
        ([visit(ILL), about()], ".item[1]", "after items that follow it"),
        (
            [about(answer("name", {"valueString": "a"}, {"valueString": "b"}))],
            ".item[0].item[1].answer[1]",
            "2 answers",
        ),
        ([about(), about()], ".item[1]", "found again"),
        ([about(answer("colour", BLUE))], ".item[0].item[1].answer[0].value", "no choice"),
        ([about(answer("other", {"valueInteger": 2}))], ".item[0].item[1].answer[0].value", "2 found, which is no"),
        ([about(answer("name", {"valueString": "abcd"}))], ".item[0].item[1].answer[0].value", "4 characters"),
        ([about(answer("said", {"valueString": "a"}))], ".item[0].item[1].answer[0]", "is a display"),
        ([about(), answer("visit", {"valueString": "a"})], ".item[1].answer[0]", "is a group"),
        ([about({"linkId": "colour", "item": [WHY]})], ".item[0].item[1].item[0]", "no group"),
        ([{"linkId": "about", "item": [answer("name", {"valueString": "a"})]}], ".item[0]", "'age' is missing"),
        ([visit(ILL)], "", "'about' is missing"),
        ([about(age=11)], ".item[0]", "'job' is missing"),
        ([about(JOB)], ".item[0].item[1]", "would enable it"),
        ([about(answer("colour", {**BLUE, "item": [WHY]}))], ".item[0].item[1].answer[0].item[0]", "would enable it"),
        ([about(), visit(ILL), visit(WELL, PAIN)], ".item[2].item[1]", "would enable it"),
    ],
)
def test_what_does_not_fit_is_told_where_it_stands(items, place, said):
    """Each way to differ from the Questionnaire, once."""
    assert [(each[0], each[1]) for each in judged(*items) if said in each[2]] == [("error", place)]


def test_what_is_missing_while_somebody_still_answers_is_a_warning():
    """Items are required of a completed response."""
    assert {each[0] for each in judged(visit(ILL), status="in-progress")} == {"warning"}


@pytest.mark.parametrize("question", ["nobody", "a", "a.1"])
def test_an_item_depends_on_another_question(question):
    """One that is there, and is neither the item nor inside it."""
    item = {"linkId": "a", "item": [{"linkId": "a.1"}], "enableWhen": [{"question": question, "operator": "exists"}]}
    (found,) = questionnaire_responses.questionnaire_issues({"item": [item, {"linkId": "b"}]})
    assert "".join(reversed(found.steps)) == ".item[0].enableWhen[0].question"
    item["enableWhen"][0]["question"] = "b"
    assert questionnaire_responses.questionnaire_issues({"item": [item, {"linkId": "b"}]}) == []


def test_another_text_of_a_question_is_a_warning():
    """It may be a translation."""
    ((severity, place, _),) = judged(about({**answer("name", {"valueString": "a"}), "text": "Name?"}))
    assert (severity, place) == ("warning", ".item[0].item[1]")
