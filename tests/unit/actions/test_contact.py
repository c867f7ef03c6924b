from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.contact import ContactAction, contact_details
from knowledge.settings import ServiceCenter


def ran(action: ContactAction, intent: str) -> list[dict[str, Any]]:
    tracker = Tracker("c", {}, {"text": "?", "intent": {"name": intent}}, [], False, None, {}, None)
    dispatcher = CollectingDispatcher()
    asyncio.run(action.run(dispatcher, tracker, {}))
    messages: list[dict[str, Any]] = dispatcher.messages
    return messages


def test_only_filled_fields_are_named() -> None:
    assert contact_details(ServiceCenter()) == ""
    assert (
        contact_details(ServiceCenter(phone=" 0123 45 ", url="https://example.org")) == "0123 45\nhttps://example.org"
    )


@pytest.mark.parametrize(
    ("intent", "response", "status"),
    [("ask_contact", "utter_contact", "contact"), ("request_human", "utter_handover", "handover")],
)
def test_without_contact_data_the_servicecenter_is_named_alone(intent: str, response: str, status: str) -> None:
    (message,) = ran(ContactAction(ServiceCenter()), intent)
    assert (message["response"], message["custom"]["status"]) == (response, status)


def test_contact_data_follow_in_a_second_message() -> None:
    _, details = ran(ContactAction(ServiceCenter(hours="Montag bis Freitag")), "request_human")
    assert (details["response"], details["details"]) == ("utter_contact_details", "Montag bis Freitag")
    assert details["custom"]["status"] == "handover"


def test_left_alone_the_action_reads_the_operators_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "settings.yml"
    settings.write_text('servicecenter: {phone: "0123 45"}', "utf-8")
    monkeypatch.setenv("AUSKUNFT_SETTINGS", str(settings))
    assert ran(ContactAction(), "ask_contact")[1]["details"] == "0123 45"
