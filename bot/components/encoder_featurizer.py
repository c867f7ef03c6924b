"""Rasa features from the sentence encoder that retrieval uses too, so a question is encoded only once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS, TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.errors import DialogueError
from knowledge.encoder import Encoder, open_encoder
from knowledge.settings import Settings, load_settings

# Rasa creates components from the model alone; this is how a caller's settings reach them.
component_settings: ContextVar[Settings | None] = ContextVar("component_settings", default=None)

_FILE = "features.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceEncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """Gives each message the centred and scaled vector of its text, for the sentence and for every token."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            # Rasa's name for the features of this component; None takes the component's own
            FEATURIZER_CLASS_ALIAS: None,
            # mean length of the training texts' vectors; with unit vectors a logistic regression stays unsure
            "length": 5.0,
        }

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing in the configuration can contradict itself."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """The encoder's name: another encoder means training again."""
        return current_encoder().name

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoderFeaturizer:
        return cls(config, execution_context.node_name, model_storage, resource, current_encoder())

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SentenceEncoderFeaturizer:
        """Raises DialogueError when the model was trained with another encoder than the one that is set."""
        featurizer = cls.create(config, model_storage, resource, execution_context)
        with (
            model_storage.read_from(resource) as folder,
            np.load(folder / _FILE, allow_pickle=False) as stored,
        ):
            expected, found = str(stored["encoder"]), featurizer._encoder.name
            if expected != found:
                raise DialogueError("dialogue_encoder_mismatch", expected=expected, found=found)
            featurizer._centre, featurizer._scale = stored["centre"], stored["scale"]
        return featurizer

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
        encoder: Encoder,
    ) -> None:
        super().__init__(name, config)
        self._model_storage = model_storage
        self._resource = resource
        self._encoder = encoder
        self._centre = np.zeros(encoder.dimension, np.float32)
        self._scale = np.float32(1)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns where the centre of the training texts lies and how far they are from it."""
        vectors = _encode_all(self._encoder.encode_queries, _texts(training_data.training_examples))
        self._centre = vectors.mean(axis=0)
        distance = np.linalg.norm(vectors - self._centre, axis=1).mean()
        self._scale = np.float32(self._config["length"] / max(distance, 1e-6))
        with self._model_storage.write_to(self._resource) as folder:
            np.savez(folder / _FILE, encoder=self._encoder.name, centre=self._centre, scale=self._scale)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        texts = _texts(training_data.training_examples)
        vectors = dict(zip(texts, _encode_all(self._encoder.encode_queries, texts), strict=True))
        for message in training_data.training_examples:
            if message.get(TEXT):
                self._add(message, vectors[message.get(TEXT)])
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if message.get(TEXT):
                self._add(message, self._encoder.encode_queries([message.get(TEXT)])[0])
        return messages

    def _add(self, message: Message, vector: np.ndarray) -> None:
        row = ((vector - self._centre) * self._scale)[np.newaxis, :]
        tokens = len(message.get(TOKENS_NAMES[TEXT]) or ())
        self.add_features_to_message(np.repeat(row, tokens, axis=0) if tokens else None, row, TEXT, message)


def current_encoder() -> Encoder:
    """The encoder of `component_settings`, by default of settings.yml. Raises EncoderError."""
    settings = component_settings.get() or load_settings()
    return open_encoder(settings.encoder, settings.paths.var)


def _texts(messages: Sequence[Message]) -> tuple[str, ...]:
    return tuple(sorted({message.get(TEXT) for message in messages if message.get(TEXT)}))


@lru_cache(maxsize=1)
def _encode_all(encode: Callable[[Sequence[str]], np.ndarray], texts: tuple[str, ...]) -> np.ndarray:
    # Rasa 3.6 trains a component and then runs it over the same texts as a second step.
    return encode(texts)
