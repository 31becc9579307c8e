"""The days around a moment, whatever time zone a server counts its days in."""

from __future__ import annotations

from datetime import date, timedelta


def days_around(instant: str) -> dict[str, str]:
    """Give days by name: `daysAround`, one of which is that of the moment, `dayBefore` and `dayAfter`, which are not.

    A day is the server's own, which may be the one before or after that which the instant is written with
    (https://hl7.org/fhir/R4/search.html#date). Nothing for what is no instant.
    """
    try:
        day = date.fromisoformat(instant[:10])
        near = [(day + timedelta(days=days)).isoformat() for days in range(-2, 3)]
    except (ValueError, OverflowError):
        return {}
    return {"dayBefore": near[0], "daysAround": ",".join(near[1:4]), "dayAfter": near[4]}
