"""What the bot says where Rasa does not speak: before the first input and when the dialogue cannot be
used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_DOMAIN = Path(__file__).resolve().parents[2] / "domain.yml"


class Wording:
    """The responses of domain.yml in German and English."""

    def __init__(self, responses: dict[str, list[dict[str, Any]]]) -> None:
        self._responses = responses

    @classmethod
    def load(cls, path: Path = _DOMAIN) -> Wording:
        """Reads the responses of a Rasa domain file."""
        return cls(yaml.safe_load(path.read_text("utf-8"))["responses"])

    def text(self, response: str, language: str, **values: object) -> str:
        """The response in `language`, in German where there is no such variation, with `values` filled in;
        values that it does not use are ignored. Raises KeyError for an unknown response or a missing
        value."""
        variations = self._responses[response]
        fitting = [each for each in variations if _language(each) == language]
        default = [each for each in variations if _language(each) is None]
        text: str = (fitting or default)[0]["text"]
        return text.format_map(values).strip()


def _language(variation: dict[str, Any]) -> str | None:
    for condition in variation.get("condition", ()):
        if condition["name"] == "language":
            return str(condition["value"])
    return None
