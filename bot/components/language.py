"""Tells Rasa the language of a message."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from knowledge.language import LANGUAGES, detect


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class LanguageDetector(GraphComponent, EntityExtractorMixin):
    """Adds an entity `language`, which fills the slot of that name. The caller's choice (metadata `language`)
    comes before the text's; a text that does not tell adds nothing, so the conversation keeps the language it
    has."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageDetector:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            chosen = (message.get("metadata") or {}).get("language")
            language = chosen if chosen in LANGUAGES else detect(message.get(TEXT) or "")
            if language is not None:
                entity = {
                    "entity": "language",
                    "value": language,
                    "start": 0,
                    "end": 0,
                    "confidence_entity": 1.0,
                }
                entities = self.add_extractor_name([entity])
                message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        return messages
