"""Which of the offered languages a text is written in."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from knowledge.model import Language

LANGUAGES: tuple[Language, ...] = ("de", "en")
_LEAST_WORDS = 2
_SURE = 0.95  # least probability; names and single words stay below it

# Words of one language only. They decide short questions full of names ("Who runs KI.NRW?"),
# on which a model of letter sequences is unsure.
_FUNCTION_WORDS: dict[Language, frozenset[str]] = {
    "de": frozenset(
        [
            "der",
            "die",
            "das",
            "den",
            "dem",
            "ein",
            "eine",
            "einen",
            "und",
            "oder",
            "nicht",
            "ist",
            "sind",
            "wird",
            "werden",
            "wer",
            "wo",
            "wann",
            "wie",
            "wieviel",
            "warum",
            "wieso",
            "welche",
            "welcher",
            "welches",
            "gibt",
            "gibts",
            "kann",
            "ich",
            "wir",
            "sie",
            "mein",
            "meine",
            "für",
            "fuer",
            "von",
            "mit",
            "zum",
            "zur",
            "bei",
            "auf",
            "über",
            "ueber",
            "noch",
            "auch",
            "nur",
            "bekomme",
            "bekommt",
            "kriege",
            "krieg",
            "kriegt",
            "danke",
            "hallo",
            "bitte",
            "war",
            "waren",
            "wurde",
            "wurden",
            "gab",
            "können",
            "könnte",
            "es",
            "er",
            "man",
            "dem",
            "des",
            "in",
            "im",
            "an",
            "am",
            "aus",
            "um",
            "nach",
            "vor",
            "bis",
            "seit",
            "zu",
            "sich",
            "hat",
            "haben",
            "hatte",
            "macht",
            "machen",
            "wie",
            "viel",
            "viele",
            "was",
            "eigentlich",
            "denn",
            "da",
            "so",
            "wenn",
            "als",
            "schon",
            "mal",
            "jetzt",
            "dieser",
            "diese",
            "dieses",
            "einem",
            "einer",
            "meinen",
            "meiner",
            "wem",
            "wen",
        ]
    ),
    "en": frozenset(
        [
            "the",
            "a",
            "an",
            "and",
            "or",
            "not",
            "is",
            "are",
            "who",
            "what",
            "where",
            "when",
            "how",
            "why",
            "which",
            "does",
            "do",
            "did",
            "can",
            "could",
            "i",
            "we",
            "you",
            "my",
            "our",
            "for",
            "of",
            "with",
            "to",
            "on",
            "about",
            "there",
            "still",
            "only",
            "get",
            "thanks",
            "thank",
            "hello",
            "hi",
            "please",
            "yes",
            "it",
            "be",
            "from",
            "has",
            "have",
            "had",
            "much",
            "many",
        ]
    ),
}
_AMBIGUOUS = _FUNCTION_WORDS["de"] & _FUNCTION_WORDS["en"]
_ALL = tuple(_FUNCTION_WORDS.values())


def detect(text: str) -> Language | None:
    """The text's language, None when it is too short or too mixed to tell."""
    found = set(re.findall(r"\w+", text.casefold())) - _AMBIGUOUS
    counts = {language: len(found & words) for language, words in _FUNCTION_WORDS.items()}
    if (counts["de"] == 0) != (counts["en"] == 0):
        return "de" if counts["de"] else "en"
    if len(found) < _LEAST_WORDS:
        return None
    language, probability = _identifier().classify(text)
    return language if probability >= _SURE else None


def content_words(text: str) -> list[str]:
    """The words of `text` that are no function words of an offered language, lower case, in their order."""
    return [word for word in re.findall(r"\w+", text.casefold()) if not any(word in each for each in _ALL)]


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
