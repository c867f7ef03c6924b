"""One calibrated probability that the first hit answers the question, and the threshold that follows from it.

A logistic regression over a few figures of the ranking, fitted when a release is built: on questions its texts
answer, on the same questions with their text taken away, and on questions that no text answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from knowledge.lexical import LexicalIndex
from knowledge.model import Hit

FEATURES = (
    "passage_cosine",
    "sentence_cosine",
    "question_cosine",
    "margin",
    "word_coverage",
    "gram_coverage",
    "score",
)
_FOLDS = 5
_REGULARISATION = 1.0


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
        """The decision that `as_json` described."""
        known = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        return cls(**{key: value for key, value in known.items() if key != "features"})


def features(question: str, hits: Sequence[Hit], ngrams: LexicalIndex, words: LexicalIndex) -> np.ndarray:
    """The figures named in FEATURES for a ranking with at least one hit."""
    first = hits[0]
    others = [hit.score for hit in hits[1:] if hit.document.id != first.document.id][:10]
    text = first.passage.encoded_text
    return np.array(
        [
            first.signals["passage_cosine"],
            first.signals["sentence_cosine"],
            first.signals["question_cosine"],
            first.score - (sum(others) / len(others) if others else 0.0),
            words.coverage(question, text),
            ngrams.coverage(question, text),
            first.score,
        ]
    )


def fit(
    rows: np.ndarray, right: np.ndarray, groups: np.ndarray, weights: np.ndarray, tolerated_wrong_rate: float
) -> Decision:
    """Learns from feature rows and whether the first hit was right. The threshold is the lowest at which, on
    held-out folds (rows of one group stay together), at most the weighted share `tolerated_wrong_rate` of the
    answers is wrong."""
    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    standard = (rows - mean) / scale
    held_out = np.zeros(len(right))
    for fold in range(_FOLDS):
        train, test = groups % _FOLDS != fold, groups % _FOLDS == fold
        model = _logistic(standard[train], right[train], weights[train])
        held_out[test] = model.predict_proba(standard[test])[:, 1]
    threshold = _threshold(held_out, right, weights, tolerated_wrong_rate)
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


def _threshold(probabilities: np.ndarray, right: np.ndarray, weights: np.ndarray, tolerated_wrong_rate: float) -> float:
    order = np.argsort(-probabilities, kind="stable")
    wrong_rates = np.cumsum(weights[order] * ~right[order]) / np.cumsum(weights[order])
    allowed = np.flatnonzero(wrong_rates <= tolerated_wrong_rate)
    return float(probabilities[order][allowed[-1]]) if len(allowed) else 1.0
