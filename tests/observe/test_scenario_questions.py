"""What is not shown can be answered for, and at last attested; neither turns green what was seen to be wrong."""

from __future__ import annotations

import pytest
from client_faults import find_client_fault

from vbpr_conformance.errors import UsageError
from vbpr_conformance.observe.client_story import ClientStory
from vbpr_conformance.observe.scenario_questions import check_answers
from vbpr_conformance.suite.verdicts import Verdict

SCORES = {"zero-scores/scores#1": "0", "zero-scores/scores#2": "0 %", "zero-scores/scores#3": "5.2187"}
WORD = {"zero-scores/scores": "attested by Test Person on 2026-11-28"}


def judged(bench, answers, outputs=()):
    bench.visit("zero-scores")
    bench.stories["zero-scores"] = ClientStory(outputs=list(outputs), answers=answers)
    return bench.verdicts("zero-scores")["scores"]


def test_every_question_stands_in_the_task(bench):
    """With words that do not tell the answer."""
    asked = {each["id"]: each["question"] for each in bench.session.task_data("zero-scores")["questions"]}
    assert set(asked) == set(SCORES)
    assert asked["zero-scores/scores#3"].startswith("What is measureScore of 'shared savings xq9mc' in MeasureReport/")
    assert "5.2187" not in asked["zero-scores/scores#3"]


def test_right_answers_pass_and_say_that_they_are_answers(bench):
    found = judged(bench, SCORES)
    assert found.verdict is Verdict.PASS
    assert ("evidence", "answer") in found.details


def test_a_period_may_be_answered_in_any_style(bench):
    bench.visit("partial-dates")
    bench.stories["partial-dates"].outputs = []
    period = bench.session.scenario("partial-dates").data.held["odd"].resource["period"]
    (key,) = (
        each["id"] for each in bench.session.task_data("partial-dates")["questions"] if "period" in each["question"]
    )
    ends = ["/".join(reversed(period[each].split("-"))) for each in ("start", "end")]
    bench.stories["partial-dates"].answers = {key: " - ".join(ends)}
    found = bench.verdicts("partial-dates")["dates"]
    assert (found.verdict, key in str(found.details)) == (Verdict.SKIP, False)  # the date is still asked for


def test_what_is_not_answered_is_asked(bench):
    found = judged(bench, {"zero-scores/scores#1": "0"})
    assert found.verdict is Verdict.SKIP
    assert "question zero-scores/scores#3" in dict(found.details)


def test_a_wrong_answer_fails_and_no_word_changes_that(bench):
    found = judged(bench, {**SCORES, **WORD, "zero-scores/scores#3": "5.2"})
    assert found.verdict is Verdict.FAIL
    assert "rounded" in found.message or "5.2" in found.message


def test_a_word_stands_where_nothing_was_seen(bench):
    found = judged(bench, WORD)
    assert (found.verdict, found.message) == (Verdict.PASS, "attested by Test Person on 2026-11-28")
    assert ("evidence", "attestation") in found.details


def test_nothing_said_turns_green_what_was_seen_to_be_wrong(bench):
    """The client rounds decimals; right answers about them are not what its user sees."""
    bench.visit("decimals", find_client_fault("rounded"))
    right = {
        "decimals/scores#1": "0.8765432198",
        "decimals/scores#2": "98765.4321987",
        "decimals/scores#3": "17.500625",
    }
    bench.stories["decimals"].answers = {**right, "decimals/scores": "attested by Test Person on 2026-11-28"}
    found = bench.verdicts("decimals")["scores"]
    assert found.verdict is Verdict.FAIL
    assert "it is rounded" in found.message


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"zero-scores/score#1": "0"}, "did you mean 'zero-scores/scores'?"),
        ({"zero-scores/scores": "yes"}, "is no attestation; expected `attested by NAME on YYYY-MM-DD`"),
    ],
)
def test_an_answer_to_nothing_is_refused(bench, answers, said):
    with pytest.raises(UsageError, match=r"asked|attestation") as error:
        check_answers(answers, bench.session.scenarios)
    assert said in str(error.value)
