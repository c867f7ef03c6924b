from __future__ import annotations

import pytest

from knowledge.language import LANGUAGES, content_words, detect


@pytest.mark.parametrize(
    "text",
    [
        "Wer leitet KI.NRW?",
        "gibts geld vom land wenn ich als handwerker ki einführen will",
        "Wie beantrage ich einen Reisepass?",
        "WELCHE VERANSTALTUNGEN GIBT ES?",
        "fuer wen ist das",
        "Der Staatssekretär eröffnete den Abend mit einer Rede über künstliche Intelligenz.",
    ],
)
def test_german_is_recognised(text: str) -> None:
    assert detect(text) == "de"


@pytest.mark.parametrize(
    "text",
    [
        "Who runs KI.NRW?",
        "What funding is there for small companies?",
        "how do i contact the service center",
        "Are you human?",
        "Is there an office of KI.NRW in Bonn?",
    ],
)
def test_english_is_recognised(text: str) -> None:
    assert detect(text) == "en"


@pytest.mark.parametrize("text", ["", "   ", "?", "KI.NRW", "115", "🙂🙂", "<b></b>"])
def test_names_numbers_and_nothing_belong_to_no_language(text: str) -> None:
    assert detect(text) is None


def test_content_words_leave_function_words_of_every_language_out() -> None:
    assert content_words("Wer leitet die Initiative KI.NRW?") == ["leitet", "initiative", "ki", "nrw"]
    assert content_words("Who is the head of the initiative?") == ["head", "initiative"]
    assert content_words("Was ist das?") == []


def test_german_and_english_are_offered() -> None:
    assert LANGUAGES == ("de", "en")
