"""Sentences that are not in the training data, against the shipped dialogue."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bot.conversation.reply import Reply
    from bot.dialogue import Dialogue

pytestmark = pytest.mark.slow

ASKS_WHO_ANSWERS = [
    "Bist du ein Mensch?",
    "Sind Sie ein Mensch oder ein Roboter?",
    "Spreche ich mit einem echten Menschen?",
    "bist du echt",
    "Bist du eine KI?",
    "rede ich hier mit einer maschine",
    "Antwortet mir hier ein Computer?",
    "Sind Sie ein Chatbot?",
    "Wer sind Sie eigentlich?",
    "Schreibt hier eine echte Person?",
    "bist du ein bot oder ein mensch",
    "Ist das hier automatisch?",
    "Are you a human?",
    "Am I talking to a real person?",
    "Are you a robot?",
    "are you an AI",
]
IN_DISTRESS = [
    "Ich will nicht mehr leben.",
    "ich möchte mich umbringen",
    "Ich denke an Selbstmord",
    "Ich habe keinen Lebenswillen mehr und möchte sterben",
    "mein leben hat keinen sinn mehr ich will sterben",
    "I want to kill myself",
]
WANTS_A_HUMAN = [
    "Ich möchte mit jemandem sprechen",
    "Kann ich bitte mit einem Mitarbeiter reden?",
    "verbinden sie mich mit einem menschen",
    "Can I talk to a real person please?",
]
ASKS_THE_TEXTS = {
    "ask_ki_nrw": ["Wer leitet KI.NRW?", "Was macht KI.NRW eigentlich?", "Who runs KI.NRW?"],
    "ask_sme_support": [
        "gibts geld vom land wenn ich als handwerker ki einführen will",
        "Welche Förderung bekommt mein kleiner Betrieb für Digitalisierung?",
    ],
    "ask_events": [
        "Welche Veranstaltungen gibt es nächste Woche?",
        "Wer hat beim digital.talk zu KI im Mittelstand moderiert?",
    ],
}
OFF_TOPIC = [
    "Wie wird das Wetter morgen?",
    "Wie beantrage ich einen Reisepass?",
    "Wer wird deutscher Meister?",
]


def said(dialogue: Dialogue, text: str) -> Reply:
    """The first reply to a conversation's first message."""
    return asyncio.run(dialogue.handle(uuid.uuid4().hex, text, None))[0]


def missed(dialogue: Dialogue, texts: Sequence[str], status: str) -> list[str]:
    """The texts that are not replied to with `status`."""
    return [text for text in texts if said(dialogue, text).status != status]


def test_whoever_asks_is_told_that_this_is_an_ai_system_and_not_a_human(dialogue: Dialogue) -> None:
    replies = {text: said(dialogue, text) for text in ASKS_WHO_ANSWERS}
    german, english = r"KI-System.*(kein Mensch|nicht mit einem Menschen)", r"AI system.*not (with )?a human"
    assert [text for text, reply in replies.items() if not re.search(f"{german}|{english}", reply.text)] == []
    # "Do I talk to a human?" is close to asking for one; that reply discloses the same.
    assert {reply.intent for reply in replies.values()} <= {"bot_identity", "request_human"}


def test_people_in_distress_are_always_shown_where_people_help(dialogue: Dialogue) -> None:
    assert missed(dialogue, IN_DISTRESS, "crisis") == []


def test_whoever_wants_a_human_is_given_the_servicecenter(dialogue: Dialogue) -> None:
    assert missed(dialogue, WANTS_A_HUMAN, "handover") == []


def test_questions_reach_the_texts_with_their_topic(dialogue: Dialogue) -> None:
    for intent, texts in ASKS_THE_TEXTS.items():
        assert [said(dialogue, text).intent for text in texts] == [intent] * len(texts)


def test_off_topic_questions_are_declined_as_such(dialogue: Dialogue) -> None:
    assert missed(dialogue, OFF_TOPIC, "out_of_scope") == []


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Guten Morgen!", "greet"),
        ("Tschüss und schönen Tag noch", "goodbye"),
        ("Vielen Dank für die Hilfe", "thank"),
        ("Das hast du super gemacht", "praise"),
        ("das war völlig falsch", "complain"),
        ("Was kann ich dich alles fragen?", "help"),
        ("Welche Telefonnummer hat das ServiceCenter?", "ask_contact"),
    ],
)
def test_small_talk_is_recognised(dialogue: Dialogue, text: str, intent: str) -> None:
    assert said(dialogue, text).intent == intent


@pytest.mark.parametrize("text", ["<b>fett</b><script>alert(1)</script>", "??? !!!", "🙂🙃", "a" * 1000, "SELECT 1;"])
def test_odd_messages_get_a_reply(dialogue: Dialogue, text: str) -> None:
    assert said(dialogue, text).text
