from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import building
from knowledge.decision import FEATURES, Decision, coverage, features, fit
from knowledge.model import Question
from knowledge.settings import AnsweringSettings
from tests.workshop import NOW, SUPPORT, TALK, decision, retriever_over


def samples(count: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows whose first feature tells mostly whether the first hit is right; the rest is noise."""
    chance = np.random.default_rng(3)
    right = np.arange(count) % 2 == 0
    rows = chance.normal(size=(count, len(FEATURES)))
    rows[:, 0] += np.where(right, 2.0, -2.0)
    return rows, right, right.astype(int), np.arange(count)


def fitted(tolerated_wrong_rate: float = 0.02, answerable_share: float = 0.9) -> Decision:
    settings = AnsweringSettings(tolerated_wrong_rate=tolerated_wrong_rate, answerable_share=answerable_share)
    return fit(*samples(), settings)


def test_what_tells_right_from_wrong_is_learned() -> None:
    rows, right, *_ = samples()
    learned = fitted()
    confidence = np.array([learned.confidence(row) for row in rows])
    assert ((confidence > 0.5) == right).mean() > 0.95
    assert ((confidence >= 0) & (confidence <= 1)).all()


def test_at_the_threshold_the_wrong_answers_stay_near_what_is_tolerated() -> None:
    rows, right, *_ = samples()
    learned = fitted(0.05, 0.5)
    answered = np.array([learned.confidence(row) >= learned.threshold for row in rows])
    assert answered.sum() > 150
    assert (answered & ~right).sum() / answered.sum() <= 0.07


def test_tolerating_less_or_expecting_more_unanswerable_questions_raises_the_threshold() -> None:
    assert fitted(0.001).threshold > fitted(0.2).threshold
    assert fitted(0.01, 0.5).threshold >= fitted(0.01, 0.99).threshold


def test_candidates_are_offered_below_the_threshold() -> None:
    assert 0 < fitted().candidates < fitted().threshold <= 1


def test_fitting_twice_gives_the_same_decision() -> None:
    assert fitted() == fitted()


def test_questions_whose_text_was_taken_away_teach_to_be_careful() -> None:
    rows, right, answerable, groups = samples()
    removed = np.concatenate([answerable, np.full(100, -1)])
    lures = np.random.default_rng(5).normal(size=(100, rows.shape[1]))
    lures[:, 0] += 2.0
    warned = fit(
        np.concatenate([rows, lures]),
        np.concatenate([right, np.zeros(100, bool)]),
        removed,
        np.concatenate([groups, np.arange(100)]),
        AnsweringSettings(),
    )
    row = np.zeros(rows.shape[1])
    row[0] = 2.0
    assert warned.confidence(row) < fitted().confidence(row)


def test_a_stored_decision_decides_the_same() -> None:
    learned = fitted()
    assert Decision.from_json(json.loads(json.dumps(learned.as_json()))) == learned


def test_a_decision_over_other_features_is_refused() -> None:
    with pytest.raises(ValueError, match="moon"):
        Decision.from_json(decision(0).as_json() | {"features": ["moon"]})


def test_the_shipped_decision_fits_the_features() -> None:
    shipped = Decision.from_json(json.loads(Path(building._DEFAULT_DECISION).read_text("utf-8")))
    assert len(shipped.weights) == len(shipped.mean) == len(shipped.scale) == len(FEATURES)
    assert 0 < shipped.candidates < shipped.threshold < 1


@given(st.text(max_size=60), st.sampled_from(["de", "en"]))
def test_every_question_has_finite_features(text: str, language: str) -> None:
    question = Question(text, "en" if language == "en" else "de", now=NOW)
    row = features(question, RETRIEVER.rank(question).hits)
    assert row.shape == (len(FEATURES),)
    assert np.isfinite(row).all()


RETRIEVER = retriever_over([TALK, SUPPORT])


def test_a_single_text_without_rivals_has_features() -> None:
    question = Question("Wie hoch ist der Zuschuss?", now=NOW)
    assert np.isfinite(features(question, retriever_over([SUPPORT]).rank(question).hits)).all()


def test_coverage_is_the_share_of_the_content_words_that_a_text_contains() -> None:
    text = "Das Land bezuschusst Betriebe im Handwerk."
    assert coverage("Was bekommt ein Handwerk-Betrieb vom Land?", text) > 0.5
    assert coverage("Land Handwerk", text) == 1
    assert coverage("Xylophon", text) == 0
    assert 0 < coverage("Land Xylophon", text) < 1


@pytest.mark.parametrize("question", ["", "Wer ist das?", "?!"])
def test_a_question_without_content_words_is_not_covered(question: str) -> None:
    assert coverage(question, "Wer ist das? Das ist es.") == 0


@given(st.text(max_size=80), st.text(max_size=80))
def test_coverage_is_a_share(question: str, text: str) -> None:
    assert 0 <= coverage(question, text) <= 1
