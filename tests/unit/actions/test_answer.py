from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, cast

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import AnswerAction, rendering
from knowledge.answering import Knowledge
from knowledge.model import Answer, Citation, Question

FIRST = Citation(
    "talk",
    "digital.talk",
    "Staatskanzlei",
    date(2020, 6, 24),
    "https://example.org/t",
    "Erstens.",
    "Erstens. Na.",
    False,
)
SECOND = replace(FIRST, document_id="ä b", title="KI.Forum", publisher="", date=None, url="", quote="Zweitens.")
ANSWERED = Answer("answered", (FIRST,), ("Und?",), 0.9, "r1")


@dataclass
class FakeKnowledge:
    """Gives the same answer to everything."""

    given: Answer = ANSWERED
    asked: list[Question] = field(default_factory=list)

    def answer(self, question: Question) -> Answer:
        self.asked.append(question)
        return self.given


def ran(knowledge: FakeKnowledge, text: str, intent: str | None, language: str | None = None) -> dict[str, Any]:
    """The one message that the action sends."""
    latest = {"text": text, "intent": {"name": intent, "confidence": 0.9}}
    tracker = Tracker("c", {"language": language}, latest, [], False, None, {}, None)
    dispatcher = CollectingDispatcher()
    action = AnswerAction(cast("Knowledge", knowledge))
    assert asyncio.run(action.run(dispatcher, tracker, {})) == []
    message: dict[str, Any]
    (message,) = dispatcher.messages
    return message


def test_an_answer_is_framed_and_carries_the_public_payload() -> None:
    shown = rendering(ANSWERED)
    assert shown.response == "utter_answered"
    assert shown.values["source"] == "digital.talk (Staatskanzlei, 24.06.2020)"
    assert shown.values["iso_source"] == "digital.talk (Staatskanzlei, 2020-06-24)"
    assert shown.values["quote"] == "„Erstens.“"
    assert shown.payload == {
        "status": "answered",
        "citations": [
            {
                "document_id": "talk",
                "title": "digital.talk",
                "publisher": "Staatskanzlei",
                "date": "2020-06-24",
                "url": "https://example.org/t",
                "quote": "Erstens.",
                "passage": "Erstens. Na.",
                "outdated": False,
            }
        ],
        "suggestions": ["Und?"],
        "release": "r1",
    }


def test_a_text_without_address_publisher_and_date_is_cited_all_the_same() -> None:
    shown = rendering(replace(ANSWERED, citations=(SECOND,)))
    assert shown.values["source"] == "KI.Forum"
    assert shown.payload["citations"][0]["url"] == "/texte/%C3%A4%20b"
    assert shown.payload["citations"][0]["date"] is None


def test_further_quotes_name_their_source_when_it_is_another() -> None:
    again = replace(FIRST, quote="Noch etwas.")
    shown = rendering(replace(ANSWERED, citations=(FIRST, again, SECOND)))
    assert shown.values["quote"] == "„Erstens.“\n\n„Noch etwas.“\n\nKI.Forum:\n\n„Zweitens.“"
    assert len(shown.payload["citations"]) == 3


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "utter_answered"),
        ({"outdated": True}, "utter_answered_outdated"),
        ({"past": True}, "utter_answered_event_past"),
        ({"past": True, "outdated": True}, "utter_answered_event_past"),
    ],
)
def test_old_texts_and_past_events_are_framed_as_such(change: dict[str, Any], expected: str) -> None:
    assert rendering(replace(ANSWERED, citations=(replace(FIRST, **change),))).response == expected


@pytest.mark.parametrize(
    ("answer", "response"),
    [
        (Answer("candidates", (), ("Dies?", "Das?"), 0.4, "r1"), "utter_candidates"),
        (Answer("no_answer", (), ("Dies?",), 0.1, "r1"), "utter_no_answer"),
        (Answer("no_answer", (), (), 1.0, "r1", reason="no_events"), "utter_no_events"),
    ],
)
def test_without_an_answer_it_is_said_why(answer: Answer, response: str) -> None:
    shown = rendering(answer)
    assert shown.response == response
    assert shown.payload["status"] == answer.status
    assert shown.payload["suggestions"] == list(answer.suggestions)


def test_something_off_topic_is_declined_as_such_unless_the_texts_answer_it() -> None:
    for answer in (
        Answer("no_answer", (), (), 0.1, "r1"),
        Answer("candidates", (FIRST,), ("Dies?",), 0.4, "r1"),
    ):
        shown = rendering(answer, out_of_scope=True)
        assert (shown.response, shown.payload["status"]) == ("utter_out_of_scope", "out_of_scope")
        assert shown.payload["citations"] == []
    assert rendering(ANSWERED, out_of_scope=True).response == "utter_answered"


@pytest.mark.parametrize(
    ("intent", "topic"),
    [
        ("ask_ki_nrw", "ki_nrw"),
        ("ask_sme_support", "sme_support"),
        ("ask_events", "events"),
        ("ask_other_initiatives", "other"),
        ("nlu_fallback", None),
        ("out_of_scope", None),
        (None, None),
    ],
)
def test_the_intent_gives_the_topic(intent: str | None, topic: str | None) -> None:
    knowledge = FakeKnowledge()
    ran(knowledge, "Wer?", intent)
    assert (knowledge.asked[0].text, knowledge.asked[0].topic, knowledge.asked[0].language) == (
        "Wer?",
        topic,
        "de",
    )


def test_the_action_asks_in_the_conversations_language() -> None:
    knowledge = FakeKnowledge()
    message = ran(knowledge, "Who?", "ask_ki_nrw", "en")
    assert knowledge.asked[0].language == "en"
    assert message["response"] == "utter_answered"
    assert message["custom"]["status"] == "answered"
    assert message["quote"] == "„Erstens.“"


def test_the_action_declines_what_is_off_topic() -> None:
    knowledge = FakeKnowledge(Answer("no_answer", (), (), 0.1, "r1"))
    assert ran(knowledge, "Wetter?", "out_of_scope")["response"] == "utter_out_of_scope"
    assert ran(knowledge, "Wetter?", "nlu_fallback")["response"] == "utter_no_answer"
