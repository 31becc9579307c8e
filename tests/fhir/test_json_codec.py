"""JSON is read without loss, refused with a place, and written back as it was."""

from __future__ import annotations

import copy
import io
import json
import pickle
import tarfile
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.json_codec import MAX_DEPTH, FormatError, dumps, iter_ndjson, loads, written

NUMBERS = [
    "0",
    "-0",
    "-0.0",
    "0.10",
    "10.50",
    "1.0e2",
    "1E-7",
    "1e+05",
    "0.00000001",
    "123456789012345678901234567890.10",
]


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_come_back_as_written(text):
    """A number is written exactly as it was read: digits, trailing zeros, sign and exponent."""
    assert dumps(loads(f'{{"value":{text}}}')) == f'{{"value":{text}}}'


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_survive_copies(text):
    """A copied or pickled payload still holds its numbers as they were written."""
    value = loads(f"[{text}]")
    through_pickle = pickle.loads(pickle.dumps(value))  # noqa: S301  our own bytes
    assert dumps(copy.deepcopy(value)) == dumps(copy.copy(value)) == dumps(through_pickle) == f"[{text}]"


@pytest.mark.parametrize(
    "text", ["[-0]", "[-0,1]", '{"a": -0}', "[1, -0\n]", " -0 ", '["2024-01-01T00:00:00-05:00",-0]']
)
def test_minus_zero_is_kept_wherever_it_stands(text):
    """No int holds -0, so it is a decimal, beside dates with the same characters too."""
    assert json.loads(dumps(loads(text)), parse_int=str) == json.loads(text, parse_int=str)


@given(st.text(), st.text())
def test_texts_are_read_whatever_they_hold(one, other):
    """Quotes, backslashes and escapes in names and texts neither hide a name given twice nor feign one."""
    for ascii_only in (True, False):
        name, value = (json.dumps(each, ensure_ascii=ascii_only) for each in (one, other))
        assert loads(f"{{{name}: {value}, {name[:-1]}{{{name[-1]}: [{value}]}}") == {one: other, f"{one}{{": [other]}
        with pytest.raises(FormatError, match="is there twice"):
            loads(f"[{{{name}: {value}, {name}: [{value}]}}]")


def test_whole_numbers_are_ints_and_others_decimals():
    """Only numbers without point and exponent are ints; no number ever becomes a float."""
    assert [type(each).__mro__[-2] for each in loads("[1, 1.0, 1e0]")] == [int, Decimal, Decimal]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "line 1, column 1: nothing to read: the input is empty"),
        (b" \n ", "line 1, column 1: nothing to read: the input is empty"),
        (b'{"a": 1,\n "b": "\xff"}', "line 2, column 8: not UTF-8: byte 0xFF"),
        (b'{"a": 1,\n "b": {"c": 1, "c": 2}}', "line 2, column 16: the property 'c' is there twice"),
        (b'{"c": 1, "\\u0063": 2}', "line 1, column 10: the property 'c' is there twice"),
        (b'{"c" :1, "c"\t:"\\u0022:"}', "line 1, column 10: the property 'c' is there twice"),
        (b'{"c":1,"c":2,"d":"\\u0022\\u0022"}', "line 1, column 8: the property 'c' is there twice"),
        (b'[{"c":"\\\\\\""},{"c":{"d":"e"},"c":[]}]', "line 1, column 30: the property 'c' is there twice"),
        (b'{"a": NaN}', "line 1, column 7: NaN is no number in JSON"),
        (b"[1, -Infinity]", "line 1, column 5: -Infinity is no number in JSON"),
        (b'["\\ud800"]', "line 1, column 3: half of a surrogate pair: no character"),
        (b'["\\ud83d\\u0041"]', "line 1, column 3: half of a surrogate pair: no character"),
        (b'["a\\ude00"]', "line 1, column 4: half of a surrogate pair: no character"),
        ('["\ud800"]', "line 1, column 3: half of a surrogate pair: no character"),
        (b"[1e99999999999999999999]", "line 1, column 2: a number too large to be read"),
        (b"[" + b"5" * 5000 + b"]", "line 1, column 2: a number too large to be read"),
        (b'{"a": 1} x', "line 1, column 10: expected the end after the first value, found 'x'"),
        (b'["a\nb"]', "line 1, column 4: a control character inside a string"),
        (b'["a', "line 1, column 2: a string without its closing quote"),
        (
            b'{"a": 1',
            "line 1, column 8: expected a comma or the end of the array or object, found the end of the input",
        ),
        (b'{"a": 01}', "line 1, column 8: expected a comma or the end of the array or object, found '1}'"),
        (b"<html>", "line 1, column 1: this is XML or HTML, not JSON"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(data, message):
    """Text that is no JSON, or would lose data when read, is refused with line and column."""
    with pytest.raises(FormatError) as caught:
        loads(data)
    assert str(caught.value) == message
    assert isinstance(caught.value, UsageError)


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"extension":[', '[ \n {"a}":\n'])
def test_too_deep_nesting_is_refused(opening):
    """Nesting beyond the limit is an error with a place, however deep it goes; just below it is fine."""
    levels = sum(opening.count(each) for each in "[{")
    closing = "".join({"[": "]", "{": "}"}.get(each, "") for each in reversed(opening.replace("}", "")))
    fine = MAX_DEPTH // levels
    assert loads(opening * fine + "1" + closing * fine)
    for count in (fine + 1, 100_000):
        with pytest.raises(FormatError, match=rf"nested deeper than {MAX_DEPTH} levels"):
            loads(opening * count + "1" + closing * count)


def test_brackets_inside_strings_are_no_nesting():
    """Any number of brackets inside strings changes nothing."""
    value = ["[" * 1000, {"}": "{" * 1000}]
    assert loads(dumps(value)) == value


def test_byte_order_mark_and_surrogate_pairs_are_read():
    """A byte order mark is skipped, and an escaped pair is one character."""
    assert loads(b'\xef\xbb\xbf["\\ud83d\\ude00"]') == ["\U0001f600"]


def test_what_json_cannot_hold_is_not_written():
    """Numbers that are not finite, and objects of other types, are refused instead of written wrongly."""
    for value in (Decimal("NaN"), float("inf")):
        with pytest.raises(ValueError, match=r"JSON|compliant"):
            dumps([value])
    with pytest.raises(TypeError, match="JSON has no form for set"):
        dumps({1, 2})


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values, st.sampled_from([None, 2]))
def test_reading_is_the_inverse_of_writing(value, indent):
    """Every JSON value comes back equal from its text, compact or indented, non-ASCII strings included."""
    text = dumps(value, indent=indent)
    assert loads(text) == value
    assert loads(text.encode()) == value
    assert dumps(loads(text), indent=indent) == text


@given(values)
def test_what_we_write_is_json_for_others(value):
    """The standard library reads what we write."""
    assert json.loads(dumps(value), parse_float=Decimal) == loads(dumps(value))


def test_official_examples_are_kept_exactly(packages):
    """Every example of the guide comes back as the same JSON tokens that it was read from."""
    count = 0
    with tarfile.open(packages / "hl7.fhir.us.davinci-vbpr-1.1.0.tgz") as archive:
        for member in archive:
            if "/example/" in member.name or member.name.startswith("package/MeasureReport"):
                raw = archive.extractfile(member).read()
                same = json.loads(raw, parse_float=lambda text: f"<{text}>", parse_int=lambda text: f"<{text}>")
                back = dumps(loads(raw))
                assert json.loads(back, parse_float=lambda t: f"<{t}>", parse_int=lambda t: f"<{t}>") == same
                assert [written(each) for each in _decimals(loads(raw))] == [
                    str(each) for each in _decimals(loads(raw))
                ]
                count += 1
    assert count > 30


def _decimals(value):
    todo = [value]
    while todo:
        each = todo.pop()
        todo.extend(each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        if isinstance(each, Decimal):
            yield each


def test_ndjson_is_read_line_by_line(tmp_path):
    """Lines come with their numbers, empty ones and line ends left out, from a path as from a stream."""
    data = b'\xef\xbb\xbf{"a":1}\r\n\n{"b":2}\n  \n{"c":3}'
    file = tmp_path / "some.ndjson"
    file.write_bytes(data)
    expected = [(1, b'{"a":1}'), (3, b'{"b":2}'), (5, b'{"c":3}')]
    assert list(iter_ndjson(file)) == list(iter_ndjson(str(file))) == list(iter_ndjson(io.BytesIO(data))) == expected


def test_an_endless_line_of_ndjson_is_refused(monkeypatch):
    """A line beyond the limit is an error with its number, not a full memory."""
    monkeypatch.setattr("vbpr_conformance.fhir.json_codec.MAX_LINE", 1024 * 1024)
    with pytest.raises(FormatError, match="line 2, column 1: a line of NDJSON is longer than 1 MiB"):
        list(iter_ndjson(io.BytesIO(b"{}\n" + b" " * 2_000_000)))
