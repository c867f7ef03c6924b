from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.answering import Knowledge
from knowledge.model import BERLIN, Document, Question
from knowledge.releases import open_release
from tests.workshop import NOW, SUPPORT, TALK, TEXTS, Workshop, knowledge_over


def asking(text: str, **values: object) -> Question:
    return replace(Question(text, now=NOW), **values)


def test_an_answer_quotes_the_sentence_with_its_passage_and_source() -> None:
    sourced = replace(TALK, publisher="Staatskanzlei", date=date(2020, 6, 24), url="https://example.org/talk")
    answer = knowledge_over([sourced, SUPPORT]).answer(asking("Hat ein Algorithmus Taktgefühl?"))
    assert answer.status == "answered"
    first = answer.citations[0]
    assert "Ein Algorithmus hat kein Taktgefühl." in first.quote
    assert first.passage == "Der Staatssekretär eröffnete den Abend. Ein Algorithmus hat kein Taktgefühl."
    assert (first.document_id, first.title, first.publisher) == ("talk", TALK.title, "Staatskanzlei")
    assert (first.date, first.url) == (date(2020, 6, 24), "https://example.org/talk")
    assert (first.outdated, first.past) == (False, False)
    assert answer.release == "r1"


def test_a_single_sentence_is_quoted_when_no_more_are_allowed() -> None:
    one = knowledge_over(TEXTS, answering={"quote_sentences": 1})
    (citation,) = one.answer(asking("Hat ein Algorithmus Taktgefühl?")).citations
    assert citation.quote == "Ein Algorithmus hat kein Taktgefühl."


def test_neighbouring_sentences_become_one_quote_in_the_order_of_the_text() -> None:
    both = knowledge_over(TEXTS, answering={"quote_sentences": 2, "sentence_margin": 100})
    (citation,) = both.answer(asking("Wie hoch ist der Zuschuss höchstens?")).citations
    assert citation.quote == SUPPORT.text


def test_without_confidence_nothing_is_cited() -> None:
    answer = knowledge_over(TEXTS, bias=-10).answer(asking("Wie wird das Wetter?"))
    assert (answer.status, answer.citations) == ("no_answer", ())
    assert 0 <= answer.confidence < 0.01


def test_between_answer_and_decline_near_questions_are_offered_and_nothing_is_cited() -> None:
    answer = knowledge_over(TEXTS, bias=-0.5).answer(asking("Welche Förderung?"))
    assert (answer.status, answer.citations) == ("candidates", ())
    assert set(answer.suggestions) <= {document.questions[0] for document in TEXTS}
    assert answer.suggestions[0] == SUPPORT.questions[0]


def test_a_release_whose_texts_have_no_lay_questions_offers_none() -> None:
    bare = [replace(document, questions=()) for document in TEXTS]
    assert knowledge_over(bare, bias=-0.5).answer(asking("Welche Förderung?")).suggestions == ()


def test_a_search_is_cut_after_top_k_and_goes_on_in_the_rejected() -> None:
    knowledge = knowledge_over(TEXTS, retrieval={"top_k": 1})
    question = asking("Wer führte durch die Runde?")
    short, long = knowledge.search(question), knowledge.search(question, top_k=2)
    assert (len(short.hits), len(long.hits)) == (1, 2)
    assert short.hits + short.rejected == long.hits + long.rejected
    scores = [hit.score for hit in short.hits + short.rejected]
    assert scores == sorted(scores, reverse=True)
    assert 0 <= short.confidence <= 1


def test_what_the_agent_finds_first_is_what_the_citizen_is_shown() -> None:
    knowledge = knowledge_over(TEXTS)
    for text in ("Wer führte durch die Runde?", "Wie hoch ist der Zuschuss?", "Taktgefühl"):
        assert (
            knowledge.search(asking(text)).hits[0].document.id
            == knowledge.answer(asking(text)).citations[0].document_id
        )


def test_an_expired_text_is_marked_when_it_is_quoted() -> None:
    expired = replace(SUPPORT, valid_until=date(2026, 3, 10))
    last_day = replace(SUPPORT, valid_until=date(2026, 3, 11))
    for document, outdated in ((expired, True), (last_day, False), (SUPPORT, False)):
        (first, *_) = knowledge_over([document]).answer(asking("Wie hoch ist der Zuschuss?")).citations
        assert first.outdated is outdated


def test_a_text_expires_at_midnight_in_berlin() -> None:
    knowledge = knowledge_over([replace(SUPPORT, valid_until=date(2026, 3, 11))])
    for now, outdated in (
        (datetime(2026, 3, 11, 22, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 11, 23, 1, tzinfo=UTC), True),
    ):
        assert knowledge.answer(asking("Wie hoch ist der Zuschuss?", now=now)).citations[0].outdated is outdated


def test_a_replaced_text_is_marked_when_it_is_quoted() -> None:
    old = replace(SUPPORT, superseded_by="anderes")
    assert knowledge_over([old]).answer(asking("Wie hoch ist der Zuschuss?")).citations[0].outdated


def test_the_successor_is_quoted_instead_of_the_replaced_text() -> None:
    old = replace(SUPPORT, id="alt", superseded_by="foerderung", text=SUPPORT.text.replace("15.000", "9.000"))
    citations = (
        knowledge_over([old, SUPPORT, TALK]).answer(asking("Beträgt der Zuschuss höchstens 9.000 Euro?")).citations
    )
    assert {each.document_id for each in citations} == {"foerderung"}


def event(name: str, starts: date | datetime, ends: date | datetime | None = None) -> Document:
    return Document(
        name,
        f"Treffen {name}",
        f"Das Treffen {name} zeigt KI. Eintritt frei.",
        kind="event",
        topics=("events",),
        starts=starts,
        ends=ends,
    )


GONE = event("gestern", date(2026, 3, 10))
TODAY = event("heute", datetime(2026, 3, 11, 9, tzinfo=BERLIN))
RUNNING = event("laufend", date(2026, 3, 1), date(2026, 3, 20))
ENDED = event("beendet", datetime(2026, 3, 11, 8, tzinfo=BERLIN), datetime(2026, 3, 11, 11, tzinfo=BERLIN))
NEXT_WEEK = event("bald", datetime(2026, 3, 18, 10, tzinfo=BERLIN))
NEXT_YEAR = event("spaeter", date(2027, 2, 3))
EVENTS = [TALK, NEXT_YEAR, GONE, ENDED, TODAY, RUNNING, NEXT_WEEK]


def listed(knowledge: Knowledge, text: str, now: datetime = NOW) -> list[str]:
    return [each.document_id for each in knowledge.answer(asking(text, topic="events", now=now)).citations]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Welche Veranstaltungen gibt es?", ["laufend", "heute", "bald", "spaeter"]),
        ("Welche Veranstaltungen gibt es heute?", ["laufend", "heute"]),
        ("Welche Veranstaltungen gibt es morgen?", ["laufend"]),
        ("Welche Veranstaltungen gibt es nächste Woche?", ["laufend", "bald"]),
        ("Welche Veranstaltungen gibt es im März?", ["laufend", "heute", "bald"]),
        ("Welche Veranstaltungen gibt es im Februar?", ["spaeter"]),
        ("Which events are there next year?", ["spaeter"]),
    ],
)
def test_coming_events_are_listed_by_their_beginning(text: str, expected: list[str]) -> None:
    assert listed(knowledge_over(EVENTS), text) == expected


def test_a_listed_event_is_quoted_from_its_text_and_not_marked_as_past() -> None:
    answer = knowledge_over(EVENTS).answer(asking("Gibt es nächste Woche Termine?", topic="events"))
    assert answer.status == "answered"
    assert [each.past for each in answer.citations] == [False, False]
    assert answer.citations[1].quote in NEXT_WEEK.text


def test_no_event_in_the_time_asked_for_is_said_as_such() -> None:
    answer = knowledge_over([TALK, GONE, ENDED]).answer(asking("Welche Termine gibt es nächste Woche?", topic="events"))
    assert (answer.status, answer.citations, answer.reason) == ("no_answer", (), "no_events")


def test_only_events_are_listed_however_the_other_texts_are_dated() -> None:
    dated = replace(SUPPORT, date=date(2026, 3, 18))
    assert listed(knowledge_over([dated, NEXT_WEEK]), "Welche Termine gibt es nächste Woche?") == ["bald"]


def test_questions_on_another_topic_are_not_answered_with_a_list_of_events() -> None:
    answer = knowledge_over(EVENTS).answer(asking("Wird nächste Woche ein Zuschuss gezahlt?", topic="sme_support"))
    assert answer.reason == ""


def test_a_past_event_that_is_quoted_is_marked_as_past() -> None:
    answer = knowledge_over([GONE, TALK]).answer(asking("Was zeigte das Treffen gestern?", topic="events"))
    assert answer.citations[0].document_id == "gestern"
    assert answer.citations[0].past


@settings(deadline=None, max_examples=60)
@given(
    st.integers(-400, 400).map(lambda days: NOW + timedelta(days=days, hours=days % 24)),
    st.sampled_from(["", "heute", "morgen", "diese Woche", "nächste Woche", "im März", "am Wochenende"]),
)
def test_a_past_event_is_never_offered_as_coming(now: datetime, when: str) -> None:
    answer = CALENDAR.answer(asking(f"Welche Veranstaltungen gibt es {when}?", topic="events", now=now))
    assert not any(each.past for each in answer.citations)
    cited = [CALENDAR.documents[each.document_id] for each in answer.citations]
    assert not any(document.past(now) for document in cited)


CALENDAR = knowledge_over(EVENTS)


words = st.sampled_from(
    [
        "KI",
        "Land",
        "fördert",
        "Betriebe",
        "„so“",
        "z. B.",
        "Nr. 5",
        "(neu)",
        "2,5 Mio.",
        "Straße",
        "*Stern*",
        "1.",
        "#Nr",
    ]
)
ends = st.sampled_from([".", "!", "?", ".“", ";", " –", ""])
sentences = st.builds(
    lambda parts, end: " ".join(["Dies", *parts]) + end, st.lists(words, min_size=1, max_size=6), ends
)
bodies = st.lists(sentences, min_size=1, max_size=5).map(" ".join)
headed = st.builds(
    lambda body, head: f"## {head}\n\n{body}" if head else body, bodies, st.sampled_from(["", "Stand", "Geld"])
)
texts = st.lists(headed, min_size=1, max_size=4).map("\n\n".join)
documents = st.lists(texts, min_size=1, max_size=3).map(
    lambda found: [Document(f"text-{number}", f"Titel {number}", text) for number, text in enumerate(found)]
)
questions = st.lists(words, min_size=1, max_size=5).map(" ".join)


def assert_verbatim(knowledge: Knowledge, question: Question) -> None:
    answer = knowledge.answer(question)
    assert answer.status == "answered" and answer.citations
    for each in answer.citations:
        text = knowledge.documents[each.document_id].text
        assert each.quote and each.quote in each.passage
        assert each.passage in text


@settings(deadline=None, max_examples=60)
@given(documents, questions, st.integers(1, 4), st.sampled_from(["de", "en"]))
def test_quotes_and_passages_are_always_verbatim(
    found: list[Document], text: str, quote_sentences: int, language: str
) -> None:
    knowledge = knowledge_over(found, answering={"quote_sentences": quote_sentences}, retrieval={"passage_words": 20})
    assert_verbatim(knowledge, asking(text, language=language))


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(documents, questions)
def test_quotes_from_a_stored_release_are_verbatim_in_its_texts(found: list[Document], text: str) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        workshop = Workshop(Path(folder), patch)
        workshop.publish(found)
        assert_verbatim(open_release(workshop.settings), asking(text))


def test_suggestions_are_one_per_topic_or_all_of_one() -> None:
    knowledge = knowledge_over(TEXTS)
    questions = {"ki_nrw": ("A?", "B?"), "sme_support": ("C?",), "events": (), "other": ("D?",)}
    release = replace(knowledge.release, suggestions={"de": questions})
    known = Knowledge(release, knowledge._retriever, knowledge._decision, knowledge._settings, 5)
    assert known.suggestions("de") == ("A?", "C?", "D?")
    assert known.suggestions("de", "ki_nrw") == ("A?", "B?")
    assert known.suggestions("en") == known.suggestions("de", "events") == ()
