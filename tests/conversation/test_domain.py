"""The wording and the rules as they are shipped; no model is needed."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest
import yaml

from bot.conversation.reply import Status
from bot.conversation.wording import Wording
from knowledge.settings import ServiceCenter

ROOT = Path(__file__).resolve().parents[2]
DOMAIN: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "bot/data/rules.yml").read_text("utf-8"))["rules"]
RESPONSES: dict[str, list[dict[str, Any]]] = DOMAIN["responses"]
INTENTS = {intent if isinstance(intent, str) else next(iter(intent)) for intent in DOMAIN["intents"]}

EXPECTED = {
    "notice answered answered_outdated answered_event_past candidates no_answer no_events out_of_scope",
    "contact contact_details handover greet goodbye thank praise complain bot_identity help crisis",
    "empty too_long only_symbols degraded error",
}
FILLED = {
    "utter_answered": {"source", "quote"},
    "utter_answered_outdated": {"source", "quote"},
    "utter_answered_event_past": {"source", "quote"},
    "utter_contact_details": {"details"},
    "utter_too_long": {"limit"},
}
STATUSES = {
    "utter_greet": "smalltalk",
    "utter_goodbye": "smalltalk",
    "utter_thank": "smalltalk",
    "utter_praise": "smalltalk",
    "utter_complain": "smalltalk",
    "utter_bot_identity": "smalltalk",
    "utter_help": "smalltalk",
    "utter_crisis": "crisis",
}


def texts(name: str) -> tuple[str, str]:
    """The German and the English wording of a response."""
    (german,) = [each for each in RESPONSES[name] if "condition" not in each]
    (english,) = [each for each in RESPONSES[name] if "condition" in each]
    assert english["condition"] == [{"type": "slot", "name": "language", "value": "en"}]
    return german["text"], english["text"]


def test_everything_that_has_to_be_said_can_be_said() -> None:
    assert {f"utter_{name}" for names in EXPECTED for name in names.split()} <= set(RESPONSES)


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_every_response_is_worded_in_german_and_english(name: str) -> None:
    german, english = texts(name)
    assert german != english
    assert not re.search(r"\b(du|dir|dich|dein\w*|euch|euer)\b", german, re.IGNORECASE)
    assert re.search(r"\b(the|is|are|you|in|to)\b", english, re.IGNORECASE)


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_response_needs_only_the_values_it_is_given(name: str) -> None:
    for text in texts(name):
        needed = {field.removeprefix("iso_") for _, field, _, _ in Formatter().parse(text) if field}
        assert needed == FILLED.get(name, set())


def test_what_rules_say_directly_has_its_public_status() -> None:
    said = {step["action"] for rule in RULES for step in rule["steps"] if "action" in step}
    direct = {action for action in said if action.startswith("utter_")}
    assert direct == set(STATUSES)
    for name in direct:
        assert {each["custom"]["status"] for each in RESPONSES[name]} == {STATUSES[name]}


def test_every_status_in_the_domain_is_public() -> None:
    statuses = {each["custom"]["status"] for one in RESPONSES.values() for each in one if "custom" in each}
    assert statuses <= set(get_args(Status))


def test_every_intent_has_one_rule_and_training_sentences() -> None:
    ruled = [rule["steps"][0]["intent"] for rule in RULES]
    assert sorted(ruled) == sorted(INTENTS)
    taught = {path.stem for path in (ROOT / "bot/data/nlu").glob("*.yml")}
    assert taught == INTENTS - {"nlu_fallback"}


def test_the_ai_notice_says_what_the_law_asks_for() -> None:
    german = Wording.load().text("utter_notice", "de")
    assert german == (
        "Sie chatten mit einem KI-System, nicht mit einem Menschen. Antworten können Fehler enthalten. "
        "Bitte geben Sie keine persönlichen Daten ein."
    )
    assert "not with a human" in Wording.load().text("utter_notice", "en")


@pytest.mark.parametrize("language", ["de", "en"])
def test_people_in_distress_are_given_every_number(language: str) -> None:
    text = Wording.load().text("utter_crisis", language)
    for number in ("112", "0800 111 0 111", "0800 111 0 222", "116 123"):
        assert number in text


@pytest.mark.parametrize(
    "name", ["utter_no_answer", "utter_no_events", "utter_out_of_scope", "utter_contact", "utter_handover"]
)
def test_whoever_gets_no_answer_is_told_who_helps(name: str) -> None:
    for text in texts(name):
        assert "Nordrhein-Westfalen direkt" in " ".join(text.split())
        assert "115" in text
        assert set(re.findall(r"\d+", text)) == {"115"}, "no invented numbers"


def test_an_empty_servicecenter_is_the_default() -> None:
    assert set(ServiceCenter().model_dump().values()) == {""}
