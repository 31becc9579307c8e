"""What a client shows is recognized in any style, and told from what was rounded, cut or left out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbpr_conformance.observe.shown_dates import date_shown
from vbpr_conformance.observe.shown_facts import EXACT, OutputText, ShownFact
from vbpr_conformance.observe.shown_numbers import number_tokens, rounded_from
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
        ("2031-07-05", "2031-07-05T13:42:11-05:00", "time of day is lost"),
        ("5 July 2032", "2031-07-05", ""),
    ],
)
def test_what_is_lost_of_a_date_is_said(text, value, said):
    told = date_shown(text, value)
    assert said in told if said else told == ""


@pytest.mark.parametrize(
    ("output", "name"),
    [
        (b'{"group": [{"code": {"text": "k7"}, "score": 0}, {"code": {"text": "k8"}, "score": 1}]}', ""),
        (b'{"k7": 0, "k8": {"score": 1}}', ""),
        (b"metric,score\nk7,0\nk8,1\n", "scores.csv"),
        (b"k7;k8\n0;1\n", "scores.csv"),
        (b"metric,score,members\nk7,0,5\nk8,1,6\n", ""),
        (b"<table><tr><th>k7</th><td>0</td></tr><tr><th>k8</th><td>1</td></tr></table>", ""),
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


@given(st.binary(max_size=300))
def test_no_output_is_refused(output):
    read_outputs([("x.html", output), ("y.csv", output), ("z", output)])
