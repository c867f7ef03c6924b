from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.calendar import asked_period, overlaps
from knowledge.model import BERLIN, Document

WEDNESDAY = datetime(2026, 3, 11, 12, tzinfo=BERLIN)
SUNDAY = datetime(2026, 3, 15, 23, 59, tzinfo=BERLIN)
MONDAY = datetime(2026, 3, 16, 0, 0, tzinfo=BERLIN)
YEAR_END = datetime(2026, 12, 29, 9, tzinfo=BERLIN)  # a Tuesday
NEW_YEARS_EVE = datetime(2026, 12, 31, 18, tzinfo=BERLIN)


def days(first: str, last: str | None = None) -> tuple[date, date]:
    return date.fromisoformat(first), date.fromisoformat(last or first)


@pytest.mark.parametrize(
    ("text", "now", "period"),
    [
        ("Welche Veranstaltungen gibt es nächste Woche?", WEDNESDAY, days("2026-03-16", "2026-03-22")),
        ("Welche Veranstaltungen gibt es nächste Woche?", SUNDAY, days("2026-03-16", "2026-03-22")),
        ("Welche Veranstaltungen gibt es nächste Woche?", MONDAY, days("2026-03-23", "2026-03-29")),
        ("was ist in der naechsten woche los", WEDNESDAY, days("2026-03-16", "2026-03-22")),
        ("Termine kommende Woche", YEAR_END, days("2027-01-04", "2027-01-10")),
        ("What is on next week?", SUNDAY, days("2026-03-16", "2026-03-22")),
        ("Gibt es diese Woche Termine?", WEDNESDAY, days("2026-03-11", "2026-03-15")),
        ("Gibt es diese Woche Termine?", SUNDAY, days("2026-03-15")),
        ("Gibt es diese Woche Termine?", YEAR_END, days("2026-12-29", "2027-01-03")),
        ("Was läuft heute?", WEDNESDAY, days("2026-03-11")),
        ("Was läuft heute?", SUNDAY, days("2026-03-15")),
        ("Welche Events gibt es morgen?", WEDNESDAY, days("2026-03-12")),
        ("Welche Events gibt es morgen?", SUNDAY, days("2026-03-16")),
        ("Any events tomorrow?", NEW_YEARS_EVE, days("2027-01-01")),
        ("Und übermorgen?", NEW_YEARS_EVE, days("2027-01-02")),
        ("Any events the day after tomorrow?", WEDNESDAY, days("2026-03-13")),
        ("Was gibt es am Wochenende?", WEDNESDAY, days("2026-03-14", "2026-03-15")),
        ("Was gibt es am Wochenende?", SUNDAY, days("2026-03-14", "2026-03-15")),
        ("Was gibt es am Wochenende?", YEAR_END, days("2027-01-02", "2027-01-03")),
        ("Welche Workshops gibt es diesen Monat?", WEDNESDAY, days("2026-03-11", "2026-03-31")),
        ("Welche Workshops gibt es nächsten Monat?", WEDNESDAY, days("2026-04-01", "2026-04-30")),
        ("Welche Workshops gibt es nächsten Monat?", YEAR_END, days("2027-01-01", "2027-01-31")),
        ("events next month", datetime(2028, 1, 31, 8, tzinfo=BERLIN), days("2028-02-01", "2028-02-29")),
        ("Was ist für nächstes Jahr geplant?", WEDNESDAY, days("2027-01-01", "2027-12-31")),
        ("Welche Veranstaltungen sind im März?", WEDNESDAY, days("2026-03-01", "2026-03-31")),
        ("Welche Veranstaltungen sind im Februar?", WEDNESDAY, days("2027-02-01", "2027-02-28")),
        ("Welche Veranstaltungen sind im Dezember?", NEW_YEARS_EVE, days("2026-12-01", "2026-12-31")),
        ("Welche Veranstaltungen sind im Januar?", NEW_YEARS_EVE, days("2027-01-01", "2027-01-31")),
        ("Was ist im Maerz 2027?", WEDNESDAY, days("2027-03-01", "2027-03-31")),
        ("Are there events in May?", WEDNESDAY, days("2026-05-01", "2026-05-31")),
        ("Guten Morgen, welche Veranstaltungen gibt es im Mai?", WEDNESDAY, days("2026-05-01", "2026-05-31")),
    ],
)
def test_a_named_time_is_resolved_from_the_day_of_the_question(
    text: str, now: datetime, period: tuple[date, date]
) -> None:
    assert asked_period(text, now) == period


@pytest.mark.parametrize(
    "text",
    [
        "Welche Veranstaltungen gibt es?",
        "Was gibt es für Veranstaltungen?",
        "Was für Workshops sind geplant, gibt es Termine?",
        "Welche Veranstaltungen haben Sie im Programm?",
        "Wann ist die nächste Konferenz?",
        "kommende termine",
        "Gibt es anstehende Tagungen?",
        "What events are there?",
        "Upcoming workshops",
        "Guten Morgen, gibt es Veranstaltungen?",
    ],
)
def test_without_a_named_time_all_coming_days_are_meant(text: str) -> None:
    assert asked_period(text, WEDNESDAY) == (WEDNESDAY.date(), date.max)


@pytest.mark.parametrize(
    "text",
    [
        "Wer hat beim digital.talk moderiert?",
        "Wann war die Konferenz?",
        "Welche Veranstaltungen gab es im Februar?",
        "Welche Veranstaltungen haben stattgefunden?",
        "Fand im März ein Workshop statt?",
        "Was war im März 2020?",
        "Welche Veranstaltungen waren 2019 geplant?",
        "When was the next conference announced?",
        "Wo findet die Konferenz statt?",
        "Guten Morgen!",
        "Wer leitet KI.NRW?",
        "",
    ],
)
def test_questions_about_the_past_or_about_something_else_ask_for_no_coming_days(text: str) -> None:
    assert asked_period(text, WEDNESDAY) is None


def test_the_day_is_the_one_in_berlin() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # half past midnight in Berlin
    assert asked_period("Was läuft heute?", late) == days("2027-01-01")
    summer = datetime(2026, 7, 31, 22, 30, tzinfo=UTC)
    assert asked_period("Gibt es diesen Monat Termine?", summer) == days("2026-08-01", "2026-08-31")


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(BERLIN)),
    st.sampled_from(["heute", "morgen", "diese Woche", "nächste Woche", "diesen Monat", "nächsten Monat", "im Mai"]),
)
def test_every_period_ends_today_or_later_and_not_before_it_begins(now: datetime, when: str) -> None:
    period = asked_period(f"Welche Termine gibt es {when}?", now)
    assert period is not None
    assert period[0] <= period[1]
    assert period[1] >= now.date()


def event(starts: date | datetime | None, ends: date | datetime | None = None) -> Document:
    return Document("e", "Treffen", "Ein Treffen.", kind="event", starts=starts, ends=ends)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (event(date(2026, 3, 15)), False),
        (event(date(2026, 3, 16)), True),
        (event(date(2026, 3, 22)), True),
        (event(date(2026, 3, 23)), False),
        (event(date(2026, 3, 1), date(2026, 3, 16)), True),
        (event(date(2026, 3, 22), date(2026, 4, 2)), True),
        (event(date(2026, 3, 1), date(2026, 4, 1)), True),
        (event(datetime(2026, 3, 22, 23, tzinfo=BERLIN)), True),
        (event(datetime(2026, 3, 15, 23, 30, tzinfo=UTC)), True),  # the 16th in Berlin
        (event(None), False),
    ],
)
def test_an_event_is_in_a_period_when_one_of_its_days_is(document: Document, expected: bool) -> None:
    assert overlaps(document, days("2026-03-16", "2026-03-22")) is expected
