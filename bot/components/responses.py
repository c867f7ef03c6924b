"""Rasa's response generator, filling in values as they are."""

from __future__ import annotations

from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig


class Responses(TemplatedNaturalLanguageGenerator):
    """Chooses responses as Rasa does. Rasa 3.6's own filling leaves every placeholder empty when a value
    contains "0[", as a quote with a footnote like "2020[1]" does."""

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        super().__init__(domain.responses if domain else {})

    def _fill_response(
        self, response: dict[str, Any], filled_slots: dict[str, Any] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        if "text" in response:
            response["text"] = response["text"].format_map({**(filled_slots or {}), **kwargs})
        return response
