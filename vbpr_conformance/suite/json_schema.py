"""The JSON Schema of suite files, so that editors complete and check them."""

from __future__ import annotations

from typing import Any

from vbpr_conformance.suite.language import SuiteSpec


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a suite file, made from the model."""
    made = SuiteSpec.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "title": "A suite of vbpr-conformance",
    }
