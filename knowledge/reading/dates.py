"""Dates as editors write them."""

from __future__ import annotations

import re
from datetime import date, datetime

from knowledge.model import BERLIN
from knowledge.reading.cleaning import one_line

_MONTHS = ("januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober",
           "november", "dezember")  # fmt: skip
_FIRST_LINES = 5  # how far down a date may stand alone and still be the text's date
_WEEKDAY = r"(?:(?:Mon|Diens|Donners|Frei|Sams|Sonn)tag|Mittwoch|Sonnabend),?\s+(?:den\s+)?"
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMERIC = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_WORDED = re.compile(rf"(\d{{1,2}})\.\s?({'|'.join(_MONTHS)})\s(\d{{4}})", re.IGNORECASE)


def parse_day(text: str) -> date | None:
    """The calendar day `text` consists of: 2020-06-24, 24.06.2020, 24. Juni 2020, the German forms also with
    the weekday in front. None for anything else, days that do not exist included."""
    iso = _ISO.fullmatch(text)
    if iso:
        return _day(int(iso[1]), int(iso[2]), int(iso[3]))
    text = re.sub(f"^{_WEEKDAY}", "", text, flags=re.IGNORECASE)
    numeric = _NUMERIC.fullmatch(text)
    if numeric:
        return _day(int(numeric[3]), int(numeric[2]), int(numeric[1]))
    worded = _WORDED.fullmatch(text)
    if worded:
        return _day(int(worded[3]), _MONTHS.index(worded[2].lower()) + 1, int(worded[1]))
    return None


def parse_moment(text: str) -> datetime | date | None:
    """A day as parse_day() takes it, or an ISO date with time as a datetime in Europe/Berlin; a time without
    an offset is Berlin's own. None for anything else."""
    day = parse_day(text)
    if day is not None or ":" not in text:
        return day
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(BERLIN) if moment.tzinfo else moment.replace(tzinfo=BERLIN)
    except (ValueError, OverflowError):
        return None


def day_of(moment: datetime | date) -> date:
    """The calendar day of a date or datetime."""
    return moment.date() if isinstance(moment, datetime) else moment


def take_day(lines: list[str]) -> date | None:
    """The date that stands alone in one of the first non-empty lines; that line is removed from `lines`."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    for number in filled[:_FIRST_LINES]:
        day = parse_day(one_line(lines[number]))
        if day is not None:
            del lines[number]
            return day
    return None


def moment_text(moment: datetime | date) -> str:
    """What parse_moment() reads back as an equal value; Berlin times stand without their offset."""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    local = moment.astimezone(BERLIN)
    if not local.fold:  # the second of two equal wall-clock hours in autumn needs its offset
        local = local.replace(tzinfo=None)
    whole = local.second == local.microsecond == 0
    return local.isoformat(timespec="minutes" if whole else "auto")


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
