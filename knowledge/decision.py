"""One calibrated probability that the first hit answers the question, and the threshold that follows from it.

A logistic regression over a few figures of the ranking, fitted when a release is built: on questions its texts
answer, on the same questions with their text taken away, and on questions that no text answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

import numpy as np

from knowledge.language import content_words
from knowledge.lexical import ngrams
from knowledge.model import Hit, Question
from knowledge.settings import AnsweringSettings

FEATURES = (
    "passage_cosine",
    "sentence_cosine",
    "question_cosine",  # of the document's most similar lay question
    "score",
    "margin",  # to the mean score of the next ten passages of other documents
    "coverage",  # how much of the question's content words the document and its lay questions contain
    "words",  # length of the question
    "foreign",  # 1 when the question is not German
)
_FOLDS = 5
_REGULARISATION = 1.0
_REMOVED_WEIGHT = 0.3


@dataclass(frozen=True)
class Decision:
    """`weights` and `bias` act on the standardised features; `threshold` is the least probability that is
    answered, `candidates` the least for which near ties are offered. Both are probabilities."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    threshold: float
    candidates: float

    def confidence(self, features: np.ndarray) -> float:
        """The probability in [0, 1] that the first hit answers."""
        standard = (features - np.array(self.mean)) / np.array(self.scale)
        return float(1 / (1 + np.exp(-(standard @ np.array(self.weights) + self.bias))))

    def as_json(self) -> dict[str, Any]:
        """Plain values; `Decision.from_json` reads them."""
        return asdict(self) | {"features": list(FEATURES)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Decision:
        """The decision that `as_json` described. Raises ValueError when it knows other features than FEATURES."""
        if tuple(values["features"]) != FEATURES:
            raise ValueError(f"features: {', '.join(values['features'])}")
        known: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        return cls(**{key: value for key, value in known.items() if key != "features"})


def features(question: Question, hits: Sequence[Hit]) -> np.ndarray:
    """The figures named in FEATURES for a ranking with at least one hit."""
    first = hits[0]
    document = first.document
    others = [hit.score for hit in hits if hit.document.id != document.id][:10]
    asked = [hit.signals["question_cosine"] for hit in hits if hit.document.id == document.id]
    return np.array(
        [
            first.signals["passage_cosine"],
            first.signals["sentence_cosine"],
            max(asked) or first.signals["passage_cosine"],  # 0: no lay question leads to the document
            first.score,
            first.score - (sum(others) / len(others) if others else 0.0),
            coverage(question.text, " ".join([document.title, document.text, *document.questions])),
            len(question.text.split()),
            float(question.language != "de"),
        ]
    )


def coverage(question: str, text: str) -> float:
    """Mean over the question's content words of the share of their character n-grams that `text` contains, in
    [0, 1]; 0 for a question of function words only."""
    contained = set(chain.from_iterable(ngrams(text)))
    shares = [len(contained.intersection(grams)) / len(grams) for grams in ngrams(" ".join(content_words(question)))]
    return sum(shares) / len(shares) if shares else 0.0


def fit(
    rows: np.ndarray,
    right: np.ndarray,
    answerable: np.ndarray,
    groups: np.ndarray,
    settings: AnsweringSettings,
) -> Decision:
    """Learns from feature rows and whether the first hit was right. `answerable` is 1 for questions that a text
    answers, 0 for questions that none does, and -1 for questions whose text was taken away, which teach at
    a lower weight. The threshold is the lowest at which, on held-out folds (rows of one group stay together)
    and with the expected share of answerable questions, at most the tolerated share of answers is wrong."""
    weights = np.where(answerable == -1, _REMOVED_WEIGHT, 1.0)
    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    standard = (rows - mean) / scale
    held_out = np.zeros(len(right))
    for fold in range(_FOLDS):
        train, test = groups % _FOLDS != fold, groups % _FOLDS == fold
        model = _logistic(standard[train], right[train], weights[train])
        held_out[test] = model.predict_proba(standard[test])[:, 1]
    expected = _expected_weights(answerable, settings.answerable_share)
    threshold = _threshold(held_out, right, expected, settings.tolerated_wrong_rate)
    model = _logistic(standard, right, weights)
    return Decision(
        tuple(map(float, mean)),
        tuple(map(float, scale)),
        tuple(map(float, model.coef_[0])),
        float(model.intercept_[0]),
        threshold,
        threshold / 2,
    )


def _logistic(standard: np.ndarray, right: np.ndarray, weights: np.ndarray):  # type: ignore[no-untyped-def]
    from sklearn.linear_model import LogisticRegression  # 1.1 has no types

    return LogisticRegression(C=_REGULARISATION).fit(standard, right, sample_weight=weights)


def _expected_weights(answerable: np.ndarray, share: float) -> np.ndarray:
    counts = {kind: max(int((answerable == kind).sum()), 1) for kind in (1, 0)}
    return np.select([answerable == 1, answerable == 0], [share / counts[1], (1 - share) / counts[0]], 0.0)


def _threshold(probabilities: np.ndarray, right: np.ndarray, weights: np.ndarray, tolerated_wrong_rate: float) -> float:
    order = np.argsort(-probabilities, kind="stable")
    order = order[weights[order] > 0]
    wrong_rates = np.cumsum(weights[order] * ~right[order]) / np.cumsum(weights[order])
    allowed = np.flatnonzero(wrong_rates <= tolerated_wrong_rate)
    return float(probabilities[order][allowed[-1]]) if len(allowed) else 1.0
