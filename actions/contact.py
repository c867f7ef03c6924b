"""Naming the people who help."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from knowledge.settings import ServiceCenter, load_settings


class ContactAction(Action):
    """Names the ServiceCenter and whatever contact data the operator has entered. Who asks for a human also
    hears that nobody can take over here. Without `servicecenter` it reads settings.yml when it is first
    asked."""

    def __init__(self, servicecenter: ServiceCenter | None = None) -> None:
        self._servicecenter = servicecenter

    def name(self) -> str:
        return "action_contact"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        wants_human = (tracker.latest_message.get("intent") or {}).get("name") == "request_human"
        payload = {"status": "handover" if wants_human else "contact"}
        response = "utter_handover" if wants_human else "utter_contact"
        dispatcher.utter_message(response=response, json_message=payload)
        if self._servicecenter is None:
            self._servicecenter = load_settings().servicecenter
        details = contact_details(self._servicecenter)
        if details:
            dispatcher.utter_message(response="utter_contact_details", json_message=payload, details=details)
        return []


def contact_details(servicecenter: ServiceCenter) -> str:
    """The fields that are filled in, one a line; empty when there is none."""
    fields = (servicecenter.phone, servicecenter.email, servicecenter.hours, servicecenter.url)
    return "\n".join(field.strip() for field in fields if field.strip())
