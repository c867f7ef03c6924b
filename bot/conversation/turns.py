"""One turn: what a person wrote is checked, masked, answered and kept. Nothing that goes wrong in between
reaches the person as anything but a polite reply."""

from __future__ import annotations

import asyncio
import logging
import time
import unicodedata
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from actions.answer import rendering
from bot.brain import Brain, BrainKeeper
from bot.conversation.redaction import mask
from bot.conversation.reply import Reply, Status
from bot.conversation.wording import Wording
from bot.storage.conversations import Conversation, Conversations, UnknownConversation
from knowledge.language import detect
from knowledge.model import Language, Question
from knowledge.settings import Limits

log = logging.getLogger(__name__)
T = TypeVar("T")


def cleaned(text: str) -> str:
    """`text` in Unicode's composed form without control, direction and zero-width characters. Line breaks
    inside stay, white space at the ends goes."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", " "))
    kept = (sign for sign in text if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co"))
    return "".join(kept).strip()


def refusal(text: str, limits: Limits) -> str | None:
    """The response that a cleaned text gets without a look for an answer, None when it is a question."""
    if not text:
        return "utter_empty"
    if not any(sign.isalnum() for sign in text):
        return "utter_only_symbols"
    if len(text) > limits.message_characters:
        return "utter_too_long"
    return None


class Turns:
    """Leads turns. `observe(status, seconds)` is told about every one that ended, `announce(conversation_id)`
    about every one that was stored."""

    def __init__(
        self,
        keeper: BrainKeeper,
        conversations: Conversations,
        wording: Wording,
        limits: Limits,
        observe: Callable[[str, float], None] = lambda *_: None,
        announce: Callable[[str], None] = lambda *_: None,
    ) -> None:
        self._keeper = keeper
        self._conversations = conversations
        self._wording = wording
        self._limits = limits
        self._observe = observe
        self._announce = announce
        self._running: set[asyncio.Task[Any]] = set()

    async def say(self, conversation: Conversation, text: str) -> list[Reply]:
        """The replies to `text`, stored with it. Goes on when the caller is cancelled. Raises StorageError,
        and UnknownConversation when the conversation was erased meanwhile; a turn that fails otherwise is a
        reply of status error."""
        return await self._unbroken(self._say(conversation, text))

    async def ask(self, text: str, language: str | None) -> Reply:
        """The reply to a question outside any conversation; nothing of it is kept."""
        return await self._unbroken(self._ask(text, language))

    async def finish(self, seconds: float) -> None:
        """Waits for the turns in flight, at most that long."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def _unbroken(self, turn: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(turn)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _say(self, conversation: Conversation, text: str) -> list[Reply]:
        brain, text = self._keeper.brain, mask(cleaned(text))
        replies = await self._replies(brain, conversation.id, text, conversation.language)
        kept = text[: self._limits.message_characters]
        try:
            await asyncio.to_thread(self._conversations.add_turn, conversation.id, kept, replies)
        except UnknownConversation:
            await forget(brain, conversation.id)
            raise
        self._announce(conversation.id)
        return replies

    async def _ask(self, text: str, language: str | None) -> Reply:
        brain, conversation_id = self._keeper.brain, uuid.uuid4().hex
        try:
            replies = await self._replies(brain, conversation_id, mask(cleaned(text)), language)
        finally:
            await forget(brain, conversation_id)
        return next((reply for reply in replies if reply.citations), replies[0])

    async def _replies(self, brain: Brain, conversation_id: str, text: str, language: str | None) -> list[Reply]:
        started = time.perf_counter()
        refused = refusal(text, self._limits)
        if refused:
            replies = [self._fixed(brain, refused, "no_answer", language)]
        else:
            replies = await self._answered(brain, conversation_id, text, language)
        self._observe(replies[0].status, time.perf_counter() - started)
        return replies

    async def _answered(self, brain: Brain, conversation_id: str, text: str, language: str | None) -> list[Reply]:
        # A leading slash is a command to Rasa, which gives people no commands.
        text = text.lstrip("/ \n")
        try:
            async with asyncio.timeout(self._limits.question_seconds):
                replies = await self._from_dialogue(brain, conversation_id, text, language)
                return replies or [await self._from_search(brain, text, language)]
        except Exception as error:
            _log_failure("A turn", error)
            return [self._fixed(brain, "utter_error", "error", language)]

    async def _from_dialogue(self, brain: Brain, conversation_id: str, text: str, language: str | None) -> list[Reply]:
        if brain.dialogue is None:
            return []
        try:
            return await brain.dialogue.handle(conversation_id, text, language)
        except Exception as error:
            _log_failure("The dialogue", error)
            return []

    async def _from_search(self, brain: Brain, text: str, language: str | None) -> Reply:
        spoken: Language = cast(Language | None, language) or detect(text) or "de"
        answer = await asyncio.to_thread(brain.knowledge.answer, Question(text, spoken))
        shown = rendering(answer)
        said = self._wording.text(shown.response, spoken, **shown.values)
        degraded = self._wording.text("utter_degraded", spoken)
        payload = shown.payload
        return Reply(
            status=payload["status"],
            text=f"{degraded} {said}",
            language=spoken,
            citations=tuple(payload["citations"]),
            suggestions=tuple(payload["suggestions"]),
            release=payload["release"],
        )

    def _fixed(self, brain: Brain, response: str, status: Status, language: str | None) -> Reply:
        spoken = language or "de"
        text = self._wording.text(response, spoken, limit=self._limits.message_characters)
        return Reply(status=status, text=text, language=spoken, release=brain.release)


async def forget(brain: Brain, conversation_id: str) -> None:
    """Drops what the dialogue remembers of a conversation; what it raises is logged by type only."""
    if brain.dialogue is None:
        return
    try:
        await brain.dialogue.forget(conversation_id)
    except Exception as error:
        _log_failure("Forgetting a conversation", error)


def _log_failure(what: str, error: Exception) -> None:
    # Not the error's own words: they may repeat the person's.
    log.error("%s failed: %s", what, type(error).__name__)
