from __future__ import annotations

from pathlib import Path

import pytest

from bot.conversation.wording import Wording

DOMAIN = """
responses:
  utter_hello:
  - text: "Guten Tag, {name}! {limit}"
  - text: "Hello, {name}!"
    condition:
    - {type: slot, name: language, value: en}
"""


@pytest.fixture
def wording(tmp_path: Path) -> Wording:
    path = tmp_path / "domain.yml"
    path.write_text(DOMAIN, "utf-8")
    return Wording.load(path)


def test_the_language_chooses_the_variation(wording: Wording) -> None:
    assert wording.text("utter_hello", "en", name="A") == "Hello, A!"
    assert wording.text("utter_hello", "de", name="A", limit=5) == "Guten Tag, A! 5"


def test_an_unknown_language_gets_german(wording: Wording) -> None:
    assert wording.text("utter_hello", "fr", name="A", limit=5).startswith("Guten Tag")


def test_values_are_inserted_as_they_are(wording: Wording) -> None:
    assert wording.text("utter_hello", "en", name="{name} 0[1]", other=1) == "Hello, {name} 0[1]!"


def test_unknown_names_and_missing_values_are_errors(wording: Wording) -> None:
    with pytest.raises(KeyError):
        wording.text("utter_goodbye", "de")
    with pytest.raises(KeyError):
        wording.text("utter_hello", "de", name="A")


def test_the_products_own_wording_is_the_default() -> None:
    assert "KI-System" in Wording.load().text("utter_notice", "de")
