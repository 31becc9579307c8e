"""The days around a moment."""

import pytest

from vbpr_conformance.suite.moment_days import days_around


def test_a_moment_lies_on_one_of_the_days_around_it_in_every_time_zone():
    """The days before and after them are none that it could lie on."""
    assert days_around("2026-03-01T23:59:59.5+13:00") == {
        "dayBefore": "2026-02-27",
        "daysAround": "2026-02-28,2026-03-01,2026-03-02",
        "dayAfter": "2026-03-03",
    }


@pytest.mark.parametrize("instant", ["", "yesterday", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
def test_what_is_no_moment_has_no_days(instant):
    """Nor has one at the ends of the calendar."""
    assert days_around(instant) == {}
