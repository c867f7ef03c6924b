from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge.lexical import Analysis, LexicalIndex, ngrams, words

TEXTS = [
    "Das Land fördert kleine Betriebe im Handwerk.",
    "Die Veranstaltung findet in Düsseldorf statt.",
    "Digitalisierungsförderung für Unternehmen.",
]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("für", "fuer"),
        ("FÖRDERUNG", "förderung"),
        ("Straße", "strasse"),
        ("Betriebe", "Betrieb"),
        ("Länder", "laender"),
    ],
)
def test_spellings_and_inflections_of_a_word_are_the_same(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_punctuation_is_no_word() -> None:
    assert words("KI.NRW – „so“!") == words("ki nrw so")
    assert words("?! …") == []


def test_ngrams_of_a_word_are_its_four_and_five_letters() -> None:
    assert ngrams("Gelder") == [["geld", "elde", "lder", "gelde", "elder"]]


def test_short_words_are_their_own_ngram() -> None:
    assert ngrams("ki im land") == [["ki"], ["im"], ["land"]]


@pytest.mark.parametrize(
    ("analysis", "question", "best"),
    [
        ("words", "Wo findet die Veranstaltung statt?", 1),
        ("words", "handwerksbetriebe im handwerk", 0),
        ("ngrams", "Veranstalltung duesseldorf", 1),
        ("ngrams", "Unternehmensdigitalisierung", 2),
    ],
)
def test_the_text_that_shares_most_scores_best(analysis: Analysis, question: str, best: int) -> None:
    scores = LexicalIndex.build(TEXTS, analysis).scores(question)
    assert scores.shape == (3,)
    assert int(scores.argmax()) == best
    assert (scores >= 0).all()


@pytest.mark.parametrize("question", ["", "?!", "xylophon zzz"])
def test_a_question_without_a_known_word_scores_nothing(question: str) -> None:
    assert not LexicalIndex.build(TEXTS, "words").scores(question).any()


@pytest.mark.parametrize("analysis", ["words", "ngrams"])
def test_a_saved_index_gives_the_same_scores(tmp_path: Path, analysis: Analysis) -> None:
    index = LexicalIndex.build(TEXTS, analysis)
    index.save(tmp_path / "index")
    loaded = LexicalIndex.load(tmp_path / "index")
    for question in ("Förderung für das Handwerk", "Düsseldorf", "nichts davon"):
        assert np.array_equal(loaded.scores(question), index.scores(question))


def test_a_text_without_any_word_scores_nothing() -> None:
    scores = LexicalIndex.build(["…", *TEXTS], "words").scores("Das Land fördert Betriebe")
    assert scores[0] == 0 < scores[1]
