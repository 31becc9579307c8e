"""YAML is read by the core schema of YAML 1.2, and a mistake is one line that says where it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir.yaml12 import YamlDict, YamlList, load, load_file


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("10", 10),
        ("010", 10),
        ("+7", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-03-15", "2024-03-15"),
        ("2024-03-15T10:00:00Z", "2024-03-15T10:00:00Z"),
        ("1..*", "1..*"),
        ("'10'", "10"),
        ('"true"', "true"),
        ("<<", "<<"),
        ("-", "-"),
        (".", "."),
    ],
)
def test_scalars_follow_the_core_schema(written, value):
    """A plain scalar becomes what YAML 1.2 says, a quoted one stays text."""
    read = load(f"key: {written}\n" if written != "-" else "key: '-'", "f.yaml")["key"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("written", ["1.10", "0.0", "-3.50", "1.0E+2", "12345678901234567890.12345"])
def test_decimals_stay_as_written(written):
    """A decimal keeps every digit and its exponent."""
    read = load(f"- {written}", "f.yaml")[0]
    assert isinstance(read, Decimal)
    assert read.as_tuple() == Decimal(written).as_tuple()


def test_lines_are_remembered():
    """Mappings know the line of each key, lists that of each item."""
    read = load("# comment\nfirst: 1\nsecond:\n  - a\n  - {b: 2}\n", "f.yaml")
    assert isinstance(read, YamlDict)
    assert read.key_lines == {"first": 2, "second": 3}
    assert isinstance(read["second"], YamlList)
    assert read["second"].item_lines == [4, 5]
    assert read["second"][1].line == 5


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' stands twice (line 1)"),
        ("a:\n  - b: c: d\n", 2, "a text with `: ` needs quotes"),
        ("a: 1\n\tb: 2\n", 2, "spaces for indentation"),
        ("a: &x 1\nb: *x\n", 1, "anchor or alias"),
        ("a: 1\nb: !date 2024\n", 2, "the tag !date"),
        ("a: .nan\n", 1, "no number in JSON"),
        ("a: -.inf\n", 1, "no number in JSON"),
        ("a: 1\n---\nb: 2\n", 2, "a second document"),
        ("a: [1, 2\n", 2, "expected"),
        ("ä: ä\nb: \x01\n", 2, "a control character"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        ("[1]: 2\n", 1, "not plain text"),
        ("[" * 100, 1, "levels of nesting"),
    ],
)
def test_a_mistake_is_one_line(text, line, part):
    """An error says the file, the line, what was found and what was expected."""
    with pytest.raises(UsageError) as caught:
        load(text, "suite.yaml")
    message = str(caught.value)
    assert message.startswith(f"suite.yaml:{line}: ")
    assert part in message
    assert "expected" in message
    assert "\n" not in message


def test_an_empty_document_is_nothing():
    """Comments alone are no content."""
    assert load("# nothing here\n", "f.yaml") is None


def test_keys_are_text():
    """A key is text as in JSON, whatever it looks like."""
    assert load("404: a\ntrue: b\n1.0: c\n", "f.yaml") == {"404": "a", "true": "b", "1.0": "c"}


def test_a_file_that_is_not_there(tmp_path):
    """A file that cannot be read is one sentence."""
    with pytest.raises(UsageError, match="cannot be read"):
        load_file(tmp_path / "missing.yaml")


def test_a_byte_order_mark_is_no_content(tmp_path):
    """Editors on Windows may put a byte order mark in front."""
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert load_file(tmp_path / "a.yaml") == {"a": 1, "b": 2}
