"""Rasa's intent model: a logistic regression that is stored as plain arrays and loads in milliseconds."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack, vstack

_FILE = "classifier.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class DenseLogisticRegression(IntentClassifier, GraphComponent):
    """Predicts the intent from the sentence features before it in the pipeline: dense ones as they are,
    sparse ones brought to one length. Confidences are the probabilities of a multinomial logistic
    regression."""

    @classmethod
    def required_components(cls) -> list[type]:
        return [Featurizer]

    @staticmethod
    def required_packages() -> list[str]:
        # Rasa checks that this can be imported and puts its version into the model's fingerprint.
        return ["sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            # inverse strength of the regularisation; 0.5 to 3 differ by half a point in cross-validation
            "C": 1.0,
            # steps of the solver; it converges in a few hundred
            "max_iter": 2000,
            # length of each message's sparse features; the dense ones' mean length, so both weigh the same
            "sparse_length": 5.0,
            # how many intents a prediction lists, best first
            "ranking_length": 5,
        }

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> DenseLogisticRegression:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> DenseLogisticRegression:
        classifier = cls(config, model_storage, resource)
        with (
            model_storage.read_from(resource) as folder,
            np.load(folder / _FILE, allow_pickle=False) as stored,
        ):
            classifier._labels = [str(label) for label in stored["labels"]]
            classifier._weights, classifier._bias = stored["weights"], stored["bias"]
        return classifier

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._labels: list[str] = []
        self._weights = np.zeros((0, 0), np.float32)  # one row per label
        self._bias = np.zeros(0, np.float32)

    def train(self, training_data: TrainingData) -> Resource:
        """Fits the regression; every intent counts the same however many examples it has."""
        from sklearn.linear_model import LogisticRegression

        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        rows = vstack([self._row(example) for example in examples], format="csr")
        model = LogisticRegression(
            C=self._config["C"],
            max_iter=self._config["max_iter"],
            class_weight="balanced",
            multi_class="multinomial",
            random_state=0,
        ).fit(rows, [example.get(INTENT) for example in examples])
        weights, bias = model.coef_, model.intercept_
        if len(model.classes_) == 2:  # scikit-learn 1.1 keeps one row then; the other is its negative
            weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
        self._labels = [str(label) for label in model.classes_]
        self._weights, self._bias = weights.astype(np.float32), bias.astype(np.float32)
        with self._model_storage.write_to(self._resource) as folder:
            np.savez(folder / _FILE, labels=self._labels, weights=self._weights, bias=self._bias)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets intent and ranking; a message without features has no intent, with confidence 0."""
        for message in messages:
            ranking = self._ranking(message)
            best = ranking[0] if ranking else {INTENT_NAME_KEY: None, PREDICTED_CONFIDENCE_KEY: 0.0}
            message.set(INTENT, best, add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking[: self._config["ranking_length"]], add_to_output=True)
        return messages

    def _ranking(self, message: Message) -> list[dict[str, Any]]:
        row = self._row(message)
        if row.shape[1] != self._weights.shape[1]:
            return []
        scores = (row @ self._weights.T)[0] + self._bias
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        return [
            {INTENT_NAME_KEY: self._labels[place], PREDICTED_CONFIDENCE_KEY: float(shares[place])}
            for place in np.argsort(-shares)
        ]

    def _row(self, message: Message) -> csr_matrix:
        parts = []
        _, dense = message.get_dense_features(TEXT)
        if dense is not None:
            parts.append(csr_matrix(dense.features))
        _, sparse = message.get_sparse_features(TEXT)
        if sparse is not None:
            counts = csr_matrix(sparse.features, dtype=np.float32)
            length = np.sqrt(counts.multiply(counts).sum())
            parts.append(counts * (self._config["sparse_length"] / length if length else 0))
        return hstack(parts, format="csr") if parts else csr_matrix((1, 0), dtype=np.float32)
