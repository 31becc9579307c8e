"""What expressions demand, in words."""

import pytest

from vbpr_conformance.suite.expression_words import compared_path, conjuncts, in_words

MATCH = "entry.where(search.mode.empty() or search.mode = 'match')"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("status = 'pending'", "has status pending"),
        ("meta.lastUpdated.toString() = '2024-01-01'", "has meta.lastUpdated 2024-01-01"),
        ("meta.lastUpdated >= @2024-01-01", "has meta.lastUpdated 2024-01-01 or later"),
        ("meta.versionId != '1'", "has another meta.versionId than 1"),
        ("id.exists()", "has id"),
        ("total.empty() or total = 3", "has no total, or has total 3"),
        (f"{MATCH}.count() = 1", "has match exactly once"),
        ("identifier.where(value = 'a and b').count() = 2", "has identifier with value a and b exactly twice"),
        ("entry.first().resource.status = 'x'", "has entry[first].resource.status x"),
        ("reporter.reference.endsWith('Organization/1')", "has reporter.reference that ends with Organization/1"),
        ("group.population.count.where($this = 0).exists()", "has group.population.count 0"),
        ("a.exists() and b.empty()", "has a and has no b"),
        ("entry.all(fullUrl.exists())", ""),
        ("status in ('a' | 'b')", ""),
    ],
)
def test_plain_expressions_are_put_into_words(expression, words):
    """Those that are not plain are left to the suite."""
    assert in_words(expression) == words


def test_what_is_joined_is_taken_apart():
    """Outside of brackets and texts; what has an `or` stays whole."""
    assert conjuncts("a = 'x and y' and (b and c).exists()") == ["a = 'x and y'", "(b and c).exists()"]
    assert conjuncts("a.exists() and b.exists() or c.exists()") == ["a.exists() and b.exists() or c.exists()"]


def test_what_is_compared_is_shown():
    """Not where something is there or not."""
    assert compared_path("meta.versionId != '1'") == "meta.versionId"
    assert compared_path("meta.versionId.exists()") == ""
    assert compared_path("identifier.count() = 1") == ""
