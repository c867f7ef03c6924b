"""Which time a question about events means, in Europe/Berlin."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from knowledge.model import BERLIN, Document

Period = tuple[date, date]  # first and last day, both included

_MONTHS = (
    "januar|january",
    "februar|february",
    "märz|maerz|march",
    "april",
    "mai|may",
    "juni|june",
    "juli|july",
    "august",
    "september",
    "oktober|october",
    "november",
    "dezember|december",
)
_LISTING = re.compile(
    r"(welche|gibt es|gibts|sind|stehen|any|what|which|are there|list)\b.*"
    r"(veranstaltung|termin|event|workshop|tagung|konferenz|conference|seminar)"
    r"|(kommende|nächste|naechste|anstehende|geplante|künftige|upcoming|next|coming|planned)\w*\s+"
    r"(veranstaltung|termin|event|workshop|tagung|konferenz|conference|seminar)"
    r"|\b(wann|when)\b.*\b(nächste|naechste|next)\b",
    re.IGNORECASE,
)
# "was" is a question word in German, "haben Sie" no perfect tense.
_PAST = re.compile(
    r"\b(war|waren|wurde|wurden|fand|fanden|gab|hat|haben(?! sie\b)|hatte|were|did|ging|had)\b"
    r"|\b(when|where|who|what|how|there|it|event|conference|workshop) was\b|^was (the|there|it)\b",
    re.IGNORECASE,
)
_FAR = date.max


def asked_period(text: str, now: datetime) -> Period | None:
    """The days a question about coming events asks for; None when it does not ask for coming events.
    "nächste Woche" is the next Monday to Sunday; a month without a year is the next such month."""
    lowered = text.lower()
    today = now.astimezone(BERLIN).date()
    named = _named_period(lowered.replace("guten morgen", ""), today)
    if named is not None:
        return named
    if _PAST.search(lowered) or re.search(r"\b(19|20)\d\d\b", lowered):
        return None
    return (today, _FAR) if _LISTING.search(lowered) else None


def overlaps(document: Document, period: Period) -> bool:
    """True when the event takes place on at least one day of `period`."""
    if document.starts is None:
        return False
    first = _day(document.starts)
    last = _day(document.ends) if document.ends is not None else first
    return first <= period[1] and last >= period[0]


def _named_period(text: str, today: date) -> Period | None:
    monday = today - timedelta(days=today.weekday())
    if re.search(r"\b(heute|today)\b", text):
        return today, today
    if re.search(r"\b(übermorgen|uebermorgen|day after tomorrow)\b", text):
        return (today + timedelta(days=2),) * 2
    if re.search(r"\b(morgen|tomorrow)\b", text):
        return (today + timedelta(days=1),) * 2
    if re.search(r"\b(diese[rn]?|this) (woche|week)\b", text):
        return today, monday + timedelta(days=6)
    if re.search(r"\b(nächste[rn]?|naechste[rn]?|kommende[rn]?|next) (woche|week)\b", text):
        return monday + timedelta(days=7), monday + timedelta(days=13)
    if re.search(r"\b(wochenende|weekend)\b", text):
        return monday + timedelta(days=5), monday + timedelta(days=6)
    if re.search(r"\b(diese[nms]?|this) (monat|month)\b", text):
        return today, _last_day(today.year, today.month)
    if re.search(r"\b(nächste[nrms]?|naechste[nrms]?|kommende[nrms]?|next) (monat|month)\b", text):
        year, month = (today.year + today.month // 12, today.month % 12 + 1)
        return date(year, month, 1), _last_day(year, month)
    if re.search(r"\b(nächste[nrs]?|naechste[nrs]?|kommende[nrs]?|next) (jahr|year)\b", text):
        return date(today.year + 1, 1, 1), date(today.year + 1, 12, 31)
    return _named_month(text, today)


def _named_month(text: str, today: date) -> Period | None:
    for month, names in enumerate(_MONTHS, start=1):
        found = re.search(rf"\b(?:im|in)\s+(?:{names})\b(?:\s+((?:19|20)\d\d))?", text)
        if found is None:
            continue
        if not found.group(1) and _PAST.search(text):
            return None
        year = int(found.group(1)) if found.group(1) else today.year + (month < today.month)
        last = _last_day(year, month)
        return (date(year, month, 1), last) if last >= today else None
    return None


def _last_day(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _day(moment: datetime | date) -> date:
    return moment.astimezone(BERLIN).date() if isinstance(moment, datetime) else moment
