"""Rasa's agent in this process: what was said goes in, replies come out. Nothing a person wrote is logged or
put on disk."""

# ruff: noqa: E402 - Rasa and TensorFlow read their environment when they are imported.

from __future__ import annotations

import asyncio
import logging
import os
import re
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

for _name, _value in {
    "RASA_TELEMETRY_ENABLED": "false",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}.items():
    os.environ.setdefault(_name, _value)

import structlog
from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.shared.core.trackers import DialogueStateTracker

from actions.answer import AnswerAction
from actions.contact import ContactAction
from bot.components.encoder_featurizer import component_settings, current_encoder
from bot.components.in_process import InProcessActions
from bot.components.memory import Memory, MemoryTrackerStore
from bot.components.responses import Responses
from bot.conversation.reply import Reply
from bot.errors import DialogueError
from knowledge.encoder import Encoder
from knowledge.errors import KnowledgeError
from knowledge.settings import Settings

if TYPE_CHECKING:
    from knowledge.answering import Knowledge

log = logging.getLogger(__name__)

# Rasa reads a message that starts with a slash as a command; people have none.
_COMMAND = re.compile(r"^[\s/]+")


class Dialogue:
    """One trained dialogue model that answers from one release. Several may be used side by side."""

    def __init__(self, agent: Agent, knowledge: Knowledge, encoder: Encoder, memory: Memory) -> None:
        self.memory = memory
        self._agent = agent
        self._knowledge = knowledge
        self._encoder = encoder

    @classmethod
    def load(cls, model: Path, knowledge: Knowledge, settings: Settings, memory: Memory | None = None) -> Dialogue:
        """Loads a model file (blocking, seconds the first time). `memory` of an earlier dialogue carries
        running conversations over. Raises DialogueError when the file is missing or broken or belongs to
        another encoder, and EncoderError."""
        if not model.is_file():  # Rasa 3.6 would load the newest model of the folder instead
            raise DialogueError("dialogue_missing", path=model)
        _keep_discreet()
        memory = memory or Memory()
        reset = component_settings.set(settings)
        try:
            agent = Agent.load(
                model,
                generator=Responses(),
                tracker_store=MemoryTrackerStore(memory),
                lock_store=memory.locks,
                action_endpoint=InProcessActions([AnswerAction(knowledge), ContactAction(settings.servicecenter)]),
            )
            return cls(agent, knowledge, current_encoder(), memory)
        except Exception as error:  # whatever Rasa, its components or a damaged archive raise
            raise _explained(error, model) from error
        finally:
            component_settings.reset(reset)

    async def handle(self, conversation_id: str, text: str, language: str | None) -> list[Reply]:
        """The replies to `text`, in the order they are to be shown; empty when an action failed. `language`
        is the person's choice, None leaves it to the text. Messages of one conversation are handled in their
        order."""
        text = _COMMAND.sub("", text).strip()
        # Most of a turn's work; in a thread it does not hold up others, and the encoder remembers the vector.
        await asyncio.to_thread(self._encoder.encode_queries, [text])
        channel = _Collector()
        metadata = {"language": language} if language else None
        message = UserMessage(text, channel, conversation_id, input_channel=channel.name(), metadata=metadata)
        async with self.memory.locks.lock(conversation_id):
            await self._agent.processor.handle_message(message)
            tracker = await self._agent.tracker_store.retrieve(conversation_id)
        return [self._reply(message, tracker) for message in channel.messages]

    async def forget(self, conversation_id: str) -> None:
        """Drops every trace of the conversation once its message in flight is answered."""
        async with self.memory.locks.lock(conversation_id):
            self.memory.forget(conversation_id)

    def _reply(self, message: dict[str, Any], tracker: DialogueStateTracker) -> Reply:
        payload = message["custom"]
        language = tracker.get_slot("language") or "de"
        suggestions = payload.get("suggestions", ())
        if payload.get("suggest"):
            suggestions = self._knowledge.suggestions(language)
        intent = tracker.latest_message.intent
        return Reply(
            status=payload["status"],
            text=message["text"].strip(),
            language=language,
            citations=tuple(payload.get("citations", ())),
            suggestions=tuple(suggestions),
            intent=intent["name"],
            confidence=intent["confidence"],
            release=self._knowledge.release.id,
        )


class _Collector(OutputChannel):
    """Takes messages whole; Rasa's own collector splits them at empty lines."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        return "auskunft"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self.messages.append(message)


class _Discreet(logging.Handler):
    """Passes on that and where Rasa reports something, not its words: they may repeat what a person wrote."""

    def emit(self, record: logging.LogRecord) -> None:
        kind, frames = record.levelname, ""
        if record.exc_info and record.exc_info[0]:
            kind = record.exc_info[0].__name__
            frames = "\n" + "".join(traceback.format_tb(record.exc_info[2]))
        log.log(record.levelno, "%s, line %d: %s%s", record.name, record.lineno, kind, frames)


def _keep_discreet() -> None:
    structlog.configure(
        processors=[_to_logging],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    for name in ("rasa", "rasa_sdk"):
        logger = logging.getLogger(name)
        logger.handlers = [_Discreet()]
        logger.setLevel(logging.WARNING)
        logger.propagate = False


def _to_logging(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> tuple[tuple[str], dict[str, Any]]:
    return ("",), {"exc_info": event.get("exc_info")}


def _explained(error: BaseException, model: Path) -> KnowledgeError:
    """The error that tells the operator what to do: the innermost one if it does, else that the model is
    broken."""
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, KnowledgeError):
        return cause
    return DialogueError("dialogue_broken", path=model, detail=f"{type(cause).__name__}: {cause}")
