"""Dates and times as people and programs write them: ISO 8601, numbers in any order, names of months.

What was shown is told from what was meant by precision: a month is not its first day, a time without a zone is not
the instant (https://hl7.org/fhir/R4/datatypes.html#dateTime).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_MONTHS = (
    ("january", "jan", "januar", "janvier", "enero", "januari", "gennaio"),
    ("february", "feb", "februar", "février", "febrero", "februari", "febbraio"),
    ("march", "mar", "märz", "mars", "marzo", "maart"),
    ("april", "apr", "avril", "abril", "aprile"),
    ("may", "mai", "mayo", "mei", "maggio"),
    ("june", "jun", "juni", "juin", "junio", "giugno"),
    ("july", "jul", "juli", "juillet", "julio", "luglio"),
    ("august", "aug", "août", "agosto", "augustus"),
    ("september", "sep", "sept", "septembre", "septiembre", "settembre"),
    ("october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre"),
    ("november", "nov", "novembre", "noviembre"),
    ("december", "dec", "dezember", "dez", "décembre", "diciembre", "dicembre"),
)
_FHIR = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<time>\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?"
)
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|UTC|GMT|[+-]\d\d:?\d\d)(?![\d])", re.IGNORECASE
)
_CLOCK = re.compile(r"[T\s,]*(?:at\s+|um\s+|à\s+)?(\d\d?)[:.h](\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)?\s?([AaPp]\.?[Mm]\.?)?")
_ZONE = re.compile(
    r"\s?(?:Uhr|hrs?|h|o'clock|uur)?[\s(\[]{0,2}"
    r"(?P<zero>Z\b|UTC|GMT)?(?P<name>[A-Z]{2,4}T\b|MES?Z\b|[A-Z][a-z]+/[A-Z]\w+)?\s?"
    r"(?:(?P<sign>[+\u2212-])(?P<hours>\d\d?):?(?P<minutes>\d\d)?(?![\d./]))?",
    re.IGNORECASE,
)
_BEGINS = r"(?<!\d)(?<!\d\.)"
"""Where a number of a date may begin: not inside of another number, but behind the dots of `1.5.2025..3.6.2025`."""
_MONTH_BEGINS = rf"{_BEGINS}(?<!\d/)(?:(?<=\d{{4}}-)|(?<!-))"
_YEAR_BEGINS = r"(?<!\d)(?:(?<=\d{4}[-/.])|(?<!-)(?<!\d[./]))"
_YEAR_ENDS = r"(?!\d)(?![-./]\d(?!\d{3}(?!\d)))"
"""A year is no part of a date of more parts, but may be one of two, as in `2025-2026`."""
_QUARTER = timedelta(minutes=15)
"""Zones differ by whole ones of these (https://www.iana.org/time-zones)."""
_FARTHEST = timedelta(hours=14)


@dataclass(frozen=True)
class FhirMoment:
    """A FHIR date, dateTime or instant taken apart; `instant` is None where there is no time of day."""

    year: int
    month: int = 0
    day: int = 0
    clock: str = ""
    instant: datetime | None = None

    @classmethod
    def parse(cls, text: str) -> FhirMoment | None:
        """Take a FHIR date apart; None if it is none."""
        found = _FHIR.fullmatch(text)
        if found is None:
            return None
        year, month, day = int(found["year"]), int(found["month"] or 0), int(found["day"] or 0)
        if not found["time"]:
            return cls(year, month, day)
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            return None
        return cls(year, month, day, found["time"], instant)


def date_shown(text: str, value: str) -> str:
    """Say how `text` shows a FHIR date: `exact`, nothing, or a few words on what of it is lost or was added."""
    moment = FhirMoment.parse(value)
    if moment is None:
        return ""
    if moment.instant is not None:
        return _time_shown(text, moment)
    if moment.day:
        ways = _day_pattern(moment.year, moment.month, moment.day)
        found = list(ways.finditer(text))
        if not found:
            return ""
        plain = [each for each in found if not re.match(r"[T ,]+\d\d?:\d\d", text[each.end() : each.end() + 8])]
        return "exact" if plain else "a time of day was added to it"
    if moment.month:
        if _month_pattern(moment.year, moment.month).search(text):
            return "exact"
        return "a day was added to it" if _day_pattern(moment.year, moment.month, 1).search(text) else ""
    return "exact" if re.search(rf"{_YEAR_BEGINS}{moment.year}{_YEAR_ENDS}", text) else ""


def date_places(text: str, value: str) -> list[tuple[int, int]]:
    """Where a text shows a FHIR date, or the day of a time: where each begins and ends."""
    moment = FhirMoment.parse(value)
    if moment is None or not moment.month:
        return []
    day = _day_pattern(moment.year, moment.month, moment.day) if moment.day else None
    return [each.span() for each in (day or _month_pattern(moment.year, moment.month)).finditer(text)]


def _time_shown(text: str, moment: FhirMoment) -> str:
    instant = moment.instant
    if instant is None:
        return ""
    if instant.tzinfo is not None and any(_same_instant(found, instant) for found in _ISO.finditer(text)):
        return "exact"
    told = _wall_clock(text, instant)
    day = _day_pattern(moment.year, moment.month, moment.day).search(text)
    return told or ("its time of day is lost" if day else "")


def _same_instant(found: re.Match[str], instant: datetime) -> bool:
    zone = found[3].upper()
    zone = "+00:00" if zone in {"Z", "UTC", "GMT"} else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    try:
        seen = datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}")
    except ValueError:
        return False
    return abs(seen - instant) < timedelta(seconds=1)


def _wall_clock(text: str, instant: datetime) -> str:
    """Look for the instant in any style and in any zone that the text names behind it."""
    told = ""
    for shift in (0, -1, 1):  # its day may be another one in the zone that the reader lives in
        date = instant + timedelta(days=shift)
        for day in _day_pattern(date.year, date.month, date.day).finditer(text):
            rest = text[day.end() : day.end() + 64]
            clock = _CLOCK.match(rest)
            shown = _moment_of(date, clock, instant.second) if clock is not None else None
            if clock is None or shown is None:
                continue
            if instant.tzinfo is None:
                if shown == instant.replace(microsecond=0):
                    return "exact"
                continue
            ahead = shown - instant.astimezone(UTC).replace(tzinfo=None, microsecond=0)
            zone = _ZONE.match(rest, clock.end())
            if zone is not None and _is_zone(zone, ahead):
                return "exact"
            if ahead in {instant.utcoffset(), timedelta()} and (zone is None or not zone["sign"]):
                told = "its time zone is changed" if zone is not None and zone["zero"] else "its time zone is lost"
    return told


def _moment_of(date: datetime, clock: re.Match[str], second: int) -> datetime | None:
    """The date with the time of a clock; a clock without seconds shows those that are wanted."""
    hour = int(clock[1]) % 12 + 12 * clock[4].lower().startswith("p") if clock[4] else int(clock[1])
    try:
        return datetime(  # noqa: DTZ001  the zone is compared apart
            date.year, date.month, date.day, hour, int(clock[2]), second if clock[3] is None else int(clock[3])
        )
    except ValueError:
        return None


def _is_zone(zone: re.Match[str], ahead: timedelta) -> bool:
    """Whether a zone, as written, is so far ahead of UTC; of a name only that there is a zone like this is known."""
    if zone["sign"]:
        offset = timedelta(hours=int(zone["hours"]), minutes=int(zone["minutes"] or 0))
        return ahead == (offset if zone["sign"] == "+" else -offset)
    if zone["zero"]:
        return not ahead
    return bool(zone["name"]) and not ahead % _QUARTER and abs(ahead) <= _FARTHEST


def _names(month: int) -> str:
    return "(?:" + "|".join(re.escape(each) for each in sorted(_MONTHS[month - 1], key=len, reverse=True)) + r")\.?"


@lru_cache(maxsize=4096)
def _day_pattern(year: int, month: int, day: int) -> re.Pattern[str]:
    names = _names(month)
    years = rf"(?:{year}|{year % 100:02d}(?!\d))"
    ways = (
        rf"{year}[-/.]0?{month}[-/.]0?{day}(?!\d)",
        rf"(?<!\d){year}{month:02d}{day:02d}(?!\d)",
        rf"{_BEGINS}0?{day}[-/. ]{{1,2}}0?{month}[-/. ]{{1,2}}{years}(?!\d)",
        rf"{_BEGINS}0?{month}[-/]0?{day}[-/]{years}(?!\d)",
        rf"(?<!\d)0?{day}(?:st|nd|rd|th|\.)?[-\s]*(?:of |de )?{names}(?: de)?,?[-\s]*{year}(?!\d)",
        rf"(?<!\w){names}\s*0?{day}(?:st|nd|rd|th)?,?\s*{year}(?!\d)",
        rf"(?<!\d){year}[-\s]{names}[-\s]0?{day}(?!\d)",
    )
    return re.compile("|".join(ways), re.IGNORECASE)


@lru_cache(maxsize=4096)
def _month_pattern(year: int, month: int) -> re.Pattern[str]:
    ways = (
        rf"(?<![\d-]){year}[-/.]0?{month}(?![-/.]?\d)",
        rf"{_MONTH_BEGINS}0?{month}[-/. ]{year}(?!\d)",
        rf"(?<![\d.] )(?<!\d)(?<!\w){_names(month)}(?: de)?,?[-\s]*{year}(?!\d)",
        rf"(?<!\d){year}[-\s]{_names(month)}(?![-\s]?\d)",
    )
    return re.compile("|".join(ways), re.IGNORECASE)
