"""Typed access to what a server answered, for tests written in Python."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.rest.exchange import Exchange
from vbpr_conformance.rest.headers import Headers

REPORT = b"""{"resourceType": "MeasureReport", "id": "b7", "status": "complete", "type": "summary",
 "measure": "http://payer.example/Measure/m", "period": {"start": "2024-01-01", "end": "2024-12-31"},
 "group": [{"measureScore": {"value": 10.50, "unit": "%"}}]}"""


def answer(body: bytes, status: int = 200) -> Exchange:
    headers = Headers({"Content-Type": "application/fhir+json"})
    return Exchange("read", "GET", "http://x/MeasureReport/b7", Headers({}), b"", status, headers, body, 0.1)


def test_elements_are_attributes_with_types():
    """Dates are dates, repeating elements lists."""
    model = answer(REPORT).model
    assert model.period.start.year == 2024
    assert model.group[0].measureScore.unit == "%"


def test_the_plain_json_is_untouched_by_the_model():
    """R4B's classes round; what is compared and sent is the JSON, in which every digit stays."""
    exchange = answer(REPORT)
    assert str(exchange.model.group[0].measureScore.value) in {"10.5", "10.50"}
    assert str(exchange.resource["group"][0]["measureScore"]["value"]) == "10.50"


def test_a_model_is_made_once():
    """It is read lazily, and then the same object."""
    exchange = answer(REPORT)
    assert exchange.model is exchange.model


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "answered 200 without a resource"),
        (b'{"resourceType": "Nothing"}', "no R4B class for 'Nothing'"),
        (b'{"resourceType": "MeasureReport", "status": {}}', "is no R4B MeasureReport to fhir.resources: "),
        (b'{"resourceType": 7}', "no R4B class for 7"),
    ],
)
def test_what_has_no_model_is_one_sentence(body, sentence):
    """No traceback of another library reaches the user."""
    with pytest.raises(UsageError, match=sentence):
        _ = answer(body).model


def test_a_run_does_not_load_the_library():
    """The classes take half a second to import: only who asks for a model pays for it."""
    code = "import sys, vbpr_conformance.rest.exchange; print([each for each in sys.modules if each[:5] == 'fhir.'])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
