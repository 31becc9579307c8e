"""Whatever a target does: no crash, no hang, little memory, the right exit code, and a sentence that says what it did.

The targets are a table in `targets.py`; `protocol_targets.py`, `odd_targets.py` and `deleting_targets.py` add to it.
"""

from __future__ import annotations

import re

import deleting_targets  # noqa: F401  its targets are put into the table
import odd_targets  # noqa: F401
import protocol_targets  # noqa: F401
import pytest
from hostile_server import hostile
from targets import TARGETS

MOST_MB = 300
LOOKED_AT = {".xml", ".html", ".sh", ".md", ".csv", ".txt", ".svg"}
"""What people look at with a terminal or a browser: files of these kinds."""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
CRASH = re.compile(r"Traceback|INTERNALERROR|please report|Error: ")


SAMPLE = [
    "hangs_after_the_headers",
    "resets_in_the_body",
    "promises_more_than_it_sends",
    "html_for_everything",
    "invalid_utf8",
    "json_nested_100000_deep",
    "redirects_to_another_host",
    "capabilities_with_nulls",
    "entries_that_are_texts",
    "next_leads_to_itself",
    "control_characters_in_texts",
    "refuses_deletes",
    "escapes_in_every_header",
    "versions_of_other_types",
]
"""The targets that every run of the tests tries; .ci/run tries all (`-m hostile`)."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in SAMPLE else pytest.mark.hostile) for name in TARGETS]
)
def test_a_hostile_target(name, nursery, good_server, tmp_path):
    """A run ends in bounded time and memory, never by a fault of ours, and tells what the target did."""
    target = TARGETS[name]
    with hostile(target.answering, good_server if target.good else None) as server:
        ended = nursery.run(
            [
                "run",
                server.url,
                "--examples",
                "1",
                "--seed",
                "1",
                "--timeout",
                "2",
                "-k",
                target.select,
                *target.options,
            ],
            cwd=tmp_path,
            seconds=target.seconds,
        )
    assert not CRASH.search(ended.text), ended.text
    assert ended.code in target.codes, f"{ended.code}\n{ended.said}"
    assert re.search(target.says, ended.said, re.IGNORECASE), ended.said
    assert ended.rss_mb < MOST_MB
    assert not CONTROL.search(ended.text.replace("\n", "").replace("\r", "")), ended.text
    for file in ended.folder.rglob("*"):
        if file.suffix in LOOKED_AT:
            assert not CONTROL.search(re.sub(r"[\n\t]", "", file.read_text())), file
