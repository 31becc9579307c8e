"""What a client shows is recognized in any style, and told from what was rounded, cut or left out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.observe.made_up_values import ThingShown, exchanged_ends, made_up_end, zero_stands_for
from vbpr_conformance.observe.scenario_data import HeldResource, ScenarioData
from vbpr_conformance.observe.shown_dates import date_shown
from vbpr_conformance.observe.shown_facts import EXACT, OutputText, ShownFact, facts_of
from vbpr_conformance.observe.shown_numbers import number_tokens, rounded_from
from vbpr_conformance.observe.shown_values import ClientOutput
from vbpr_conformance.observe.shown_versions import versions_named, versions_shown
from vbpr_conformance.observe.witness_tree import RecordIndex, read_outputs


def shows(text, number):
    return any(Decimal(number) in token.readings for token in number_tokens(text))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$1,234.50", "1234.50"),
        ("1.234,50 €", "1234.5"),
        ("1 234,50", "1234.5"),
        ("1'234'567.8", "1234567.8"),
        ("USD 12,345", "12345"),
        ("87.65%", "0.8765"),
        ("87,65 %", "87.65"),
        ("($12.50)", "-12.5"),
        ("\u2212$ 12.5", "-12.5"),
        ("12.50-", "-12.5"),
        ("score -0.25;", "-0.25"),
        ("9.50E-1", "0.95"),
        ("k7: 0", "0"),
        ("12 345", "345"),
        ("visits kw7fd,72.9183", "72.9183"),
    ],
)
def test_a_number_is_found_in_every_style(text, number):
    assert shows(text, number)


@pytest.mark.parametrize(("text", "number"), [("-12.5", "12.5"), ("10", "0"), ("2025-03-04", "-3"), ("k-7", "-7")])
def test_another_number_is_not_taken_for_it(text, number):
    assert not shows(text, number)


@given(st.decimals(min_value=-(10**7), max_value=10**7, places=4), st.sampled_from(["us", "german", "french", "plain"]))
def test_every_decimal_is_found_in_the_style_of_a_locale(value, style):
    text = {
        "us": f"{value:,}",
        "german": f"{value:,}".translate(str.maketrans(",.", ".,")),
        "french": f"{value:,}".translate(str.maketrans(",.", "\u202f,")),
        "plain": str(value),
    }[style]
    assert shows(f"score: {text} per member", value)


@given(st.decimals(min_value=1, max_value=10**5, places=5), st.integers(0, 4))
def test_a_rounded_decimal_is_never_exact(value, places):
    near = round(value, places)
    if near not in {value, 0}:
        assert (
            OutputText([read_outputs([("", f"value {near}".encode())])]).shows(ShownFact("number", (str(value),)))
            != EXACT
        )
        assert rounded_from(near, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2031-07-05", "2031-07-05"),
        ("07/05/2031", "2031-07-05"),
        ("5.7.2031", "2031-07-05"),
        ("7/5/31", "2031-07-05"),
        ("July 5, 2031", "2031-07-05"),
        ("5 juli 2031", "2031-07-05"),
        ("07/2031", "2031-07"),
        ("July 2031", "2031-07"),
        ("2031-07-05T18:42:11Z", "2031-07-05T13:42:11-05:00"),
        ("7/5/2031, 1:42:11 PM GMT-5", "2031-07-05T13:42:11-05:00"),
        ("Sat Jul 05 2031 18:42:11 GMT+0000", "2031-07-05T13:42:11-05:00"),
        ("05.07.2031 13:42:11 Uhr (UTC-05:00)", "2031-07-05T13:42:11-05:00"),
        ("06.07.2031, 03:42:11 +09:00", "2031-07-05T13:42:11-05:00"),
        ("05.07.2031 20:42:11 MESZ", "2031-07-05T13:42:11-05:00"),
        ("5 juillet 2031 à 13h42 (America/Chicago)", "2031-07-05T13:42:11-05:00"),
    ],
)
def test_a_date_is_found_in_every_style(text, value):
    assert date_shown(f"on {text}, final", value) == EXACT


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("2031-07-01", "2031-07", "a day was added"),
        ("2031-07-05T00:00:00Z", "2031-07-05", "a time of day was added"),
        ("2031-07-05 13:42:11", "2031-07-05T13:42:11-05:00", "time zone is lost"),
        ("05.07.2031 13:42:11 Uhr", "2031-07-05T13:42:11-05:00", "time zone is lost"),
        ("2031-07-05 13:42:11 - 06.07.2031", "2031-07-05T13:42:11-05:00", "time zone is lost"),
        ("2031-07-05T13:42:11Z", "2031-07-05T13:42:11-05:00", "time zone is changed"),
        ("2031-07-05", "2031-07-05T13:42:11-05:00", "time of day is lost"),
        ("5 July 2032", "2031-07-05", ""),
    ],
)
def test_what_is_lost_of_a_date_is_said(text, value, said):
    told = date_shown(text, value)
    assert said in told if said else told == ""


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("01.05.2031..30.06.2031", "2031-05-01", "2031-06-30"),
        ("2031-05-01..2031-06-30", "2031-05-01", "2031-06-30"),
        ("5/1/2031-6/30/2031", "2031-05-01", "2031-06-30"),
        ("1.5.2031\u201330.6.2031", "2031-05-01", "2031-06-30"),
        ("05/2031-06/2032", "2031-05", "2032-06"),
        ("2031-05..2032-06", "2031-05", "2032-06"),
        ("05.2031..06.2032", "2031-05", "2032-06"),
        ("2031..2032", "2031", "2032"),
        ("2031-2032", "2031", "2032"),
        ("2031/2032", "2031", "2032"),
    ],
)
def test_both_ends_of_a_period_are_found_whatever_stands_between(text, start, end):
    assert date_shown(text, start) == EXACT
    assert date_shown(text, end) == EXACT


@pytest.mark.parametrize(
    "text", ["2031-05", "05.2031", "5/2031", "2031-05-01", "01.05.2031", "12031", "20310501", "-2031"]
)
def test_a_year_is_not_found_in_what_says_more(text):
    assert not date_shown(f"on {text}, final", "2031")


@pytest.mark.parametrize(
    ("output", "name"),
    [
        (b'{"group": [{"code": {"text": "k7"}, "score": 0}, {"code": {"text": "k8"}, "score": 1}]}', ""),
        (b'{"k7": 0, "k8": {"score": 1}}', ""),
        (b"metric,score\nk7,0\nk8,1\n", "scores.csv"),
        (b"k7;k8\n0;1\n", "scores.csv"),
        (b"metric,score,members\nk7,0,5\nk8,1,6\n", ""),
        (b"<table><tr><th>k7</th><td>0</td></tr><tr><th>k8</th><td>1</td></tr></table>", ""),
        (b"<table><tr><th>k<th>score<tr><td>k7<td>0<tr><td>k8<td>1</table>", ""),
        (b"<html><p><span>k7</span><span>0</span></p><p><span>k8</span><span>1</span></p>", ""),
        (b"Report\n k7\n   score: 0\n k8\n   score: 1\n", ""),
        (b"k7 0, k8 1", ""),
        (b'<r><g><t value="k7"/><s value="0"/></g><g><t value="k8"/><s value="1"/></g></r>', ""),
        (b'loading ...\n{\n "k7": 0,\n "k8": 1\n}\ndone', ""),
    ],
)
def test_a_value_is_found_with_the_thing_it_belongs_to(output, name):
    index = RecordIndex(read_outputs([(name, output)]), {"k7": "k7", "k8": "k8"})
    for thing, value in (("k7", "0"), ("k8", "1")):
        text = OutputText(index.of(thing))
        assert text.shows(ShownFact("number", (value,))) == EXACT
        other = "1" if value == "0" else "0"
        assert text.shows(ShownFact("number", (other,))) == ""


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        (b"<table><tr><th>Metric<th>Score</table><p>tail</p>", "tail"),
        (b"<table><tr><td>12.5<br>34</table>", "12.5 34"),
        (b"<html><p>$<b>1,234</b><sup>.50</sup></p>", "$1,234.50"),
    ],
)
def test_a_page_is_read_as_browsers_read_it(output, shown):
    """End tags of cells may be left out; parts of one number stay together."""
    assert shown in read_outputs([("", output)]).text


@pytest.mark.parametrize(
    ("text", "made_up"),
    [
        ("2030-03-22 \u2013 9999-12-31", "9999-12-31"),
        ("from: 2030-03-22\nto: 2026-11-28", "2026-11-28"),
        ("22.03.2030 bis 31.12.2099", "31.12.2099"),
        ("since 22.03.2030, dated 19.08.2031", ""),
        ("start: 2030-03-22\nlastUpdated: 2026-11-28", ""),
        ("2030-03-22 │  │ 2026-11-28", ""),
        ("from March 22, 2030", ""),
    ],
)
def test_an_end_that_is_made_up_for_an_open_period_is_seen(text, made_up):
    assert made_up_end(text, "2030-03-22", "", ["2031-08-19"]) == made_up


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("period: 2030-09-30 to 2030-03-22", "2030-09-30 to 2030-03-22"),
        ("30.09.2030 \u2013 22.03.2030", "30.09.2030 \u2013 22.03.2030"),
        ("start: 2030-09-30\nend: 2030-03-22", "start: 2030-09-30, end: 2030-03-22"),
        ("2030-03-22 to 2030-09-30", ""),
        ("2030-03-22/2030-09-30 - 2030-03-22/2030-09-30", ""),
        ("end: 2030-09-30\nstart: 2030-03-22", ""),
        ("- 2030-09-30\n- 2030-03-22", ""),
        ("2030-09-30 \u2502 2030-03-22", ""),
        ("until 2030-09-30, since 2030-03-22", ""),
    ],
)
def test_ends_of_a_period_that_are_exchanged_are_seen(text, shown):
    assert exchanged_ends(text, "2030-03-22", "2030-09-30") == shown


@pytest.mark.parametrize(
    ("output", "is_seen"),
    [
        (b"k7: 12.5\nk8: 0\n", True),
        (b'[{"metric": "k7", "score": 12.5}, {"metric": "k8", "score": 0.0}]', True),
        (b"metric,strata,score\nk7,0,12.5\nk8,0,0\n", True),
        (b"metric,strata,score\nk7,0,12.5\nk8,0,\n", False),
        (b"metric,score\nk7,12.5\nk8,0%\n", True),
        (b'[{"metric": "k7", "strata": 0, "score": 12.5}, {"metric": "k8", "strata": 0, "score": null}]', False),
        (b"k7: 12.5\nk8: none (0 strata)\n", False),
    ],
)
def test_zero_for_a_score_that_is_absent_is_seen(output, is_seen):
    """Only where the others have their scores."""
    index = RecordIndex(read_outputs([("", output)]), {"k7": "k7", "k8": "k8"})
    present = ThingShown(index.of("k7"), ["k7"], Decimal("12.5"))
    assert bool(zero_stands_for(ThingShown(index.of("k8"), ["k8"]), [present])) is is_seen


def test_a_version_is_shown_by_the_name_of_what_it_is_a_version_of():
    targets = {"Organization/o7": {"resourceType": "Organization", "id": "o7", "name": "Seven Hills"}}
    (fact,) = facts_of({"reference": "Organization/o7/_history/1"}, targets)
    assert "Seven Hills" in fact.ways
    assert "1" not in fact.ways


@given(st.binary(max_size=300))
def test_no_output_is_refused(output):
    read_outputs([("x.html", output), ("y.csv", output), ("z", output)])


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("score 70.3911, then 71.2834, now 72.9183", 3),
        ("score 70.39, then 71.28, now 72.92", 3),
        ("score 72.9183", 1),
        ("three versions", 0),
    ],
)
def test_versions_are_told_apart_by_their_own_values(output, shown):
    versions = [
        {"resourceType": "MeasureReport", "id": "r7", "group": [{"measureScore": {"value": Decimal(each)}}]}
        for each in ("70.3911", "71.2834", "72.9183")
    ]
    edition = load_edition("1.1.0")
    held = HeldResource("report", edition.find_profile("MeasureReport"), versions)
    seen, hidden = versions_shown(held, ClientOutput([("", output.encode())], ScenarioData({"r": held}), edition))
    assert (len(seen), len(hidden)) == (shown, 3 - shown)


@pytest.mark.parametrize("output", ["r7/_history/1 r7/_history/2", '{"versionId": "1"} {"versionId": "2"}', "v1, v2"])
def test_versions_may_be_named_by_their_ids(output):
    data = ScenarioData({})
    assert versions_named(["1", "2", "12"], ClientOutput([("", output.encode())], data, load_edition("1.1.0"))) == 2
