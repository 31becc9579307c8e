"""What a CodeSystem says of its own content."""

from __future__ import annotations

import pytest

from vbpr_conformance.validate.judge import code_systems

CONCEPTS = [{"code": "a", "concept": [{"code": "b"}]}]


@pytest.mark.parametrize(
    ("code_system", "said"),
    [
        ({"content": "complete", "count": 2, "concept": CONCEPTS}, None),
        ({"content": "complete", "count": 1, "concept": CONCEPTS}, ".count: 1 found"),
        ({"content": "complete", "concept": CONCEPTS}, None),
        ({"content": "fragment", "count": 99, "concept": CONCEPTS}, None),
        ({"content": "not-present", "count": 99}, None),
        ({"content": "not-present", "concept": CONCEPTS}, ".concept[0]: A concept found"),
        ({"content": "supplement", "concept": CONCEPTS}, ": supplements is missing"),
        ({"content": "supplement", "supplements": "http://example.org/a"}, None),
        ({"content": "complete", "count": "1", "concept": [None, {"concept": 1}]}, None),
    ],
)
def test_the_content_is_as_it_is_said_to_be(code_system, said):
    """Complete with its count, not present without concepts, a supplement of another."""
    found = [f"{''.join(reversed(each.steps))}: {each.message}" for each in code_systems.issues(code_system)]
    assert found == [] if said is None else len(found) == 1 and found[0].startswith(said)
