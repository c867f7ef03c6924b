"""Which of the offered languages a text is written in."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from knowledge.model import Language

LANGUAGES: tuple[Language, ...] = ("de", "en")
_LEAST_WORDS = 2
_SURE = 0.95  # least probability; names and single words stay below it


def detect(text: str) -> Language | None:
    """The text's language, None when it is too short or too mixed to tell."""
    found = set(re.findall(r"\w+", text.casefold()))
    # Function words decide short questions full of names ("Who runs KI.NRW?"), on which letters alone are unsure.
    german, english = _function_words()["de"], _function_words()["en"]
    counts = {"de": len(found & german - english), "en": len(found & english - german)}
    if (counts["de"] == 0) != (counts["en"] == 0):
        return "de" if counts["de"] else "en"
    if len(found) < _LEAST_WORDS:
        return None
    language, probability = _identifier().classify(text)
    return language if probability >= _SURE else None


def content_words(text: str) -> list[str]:
    """The words of `text` that are no function words of an offered language, lower case, in their order."""
    return [
        word
        for word in re.findall(r"\w+", text.casefold())
        if not any(word in each for each in _function_words().values())
    ]


@cache
def _function_words() -> dict[str, frozenset[str]]:
    words = yaml.safe_load(Path(__file__).with_name("function_words.yml").read_text("utf-8"))
    return {language: frozenset(each.split()) for language, each in words.items()}


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
