"""Server-sent events: a conversation's replies as they are stored, resumable at any of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from fastapi.sse import ServerSentEvent

from bot.storage.conversations import Conversations, UnknownConversation
from bot.storage.tables import StorageError

log = logging.getLogger(__name__)

RETRY_MILLISECONDS = 2000


class Streams:
    """The event streams open in this process. Belongs to one event loop."""

    def __init__(self) -> None:
        self._bells: dict[str, set[asyncio.Event]] = {}
        self.closed = False

    @property
    def open(self) -> int:
        """How many streams are open."""
        return sum(len(bells) for bells in self._bells.values())

    def ring(self, conversation_id: str) -> None:
        """Wakes the streams of a conversation: there is something new."""
        for bell in self._bells.get(conversation_id, ()):
            bell.set()

    def close(self) -> None:
        """Ends every stream, now and from now on."""
        self.closed = True
        for conversation_id in self._bells:
            self.ring(conversation_id)

    @contextmanager
    def listening(self, conversation_id: str) -> Iterator[asyncio.Event]:
        """A bell that rings for this conversation while the context is open."""
        bell = asyncio.Event()
        self._bells.setdefault(conversation_id, set()).add(bell)
        try:
            yield bell
        finally:
            self._bells[conversation_id].discard(bell)
            if not self._bells[conversation_id]:
                del self._bells[conversation_id]


async def replies(
    streams: Streams, conversations: Conversations, conversation_id: str, position: int
) -> AsyncIterator[ServerSentEvent]:
    """The conversation's replies behind `position`, then each new one; an event's id is its position. Ends
    when the conversation is erased, the streams are closed or the database fails: readers come back."""
    yield ServerSentEvent(retry=RETRY_MILLISECONDS)
    with streams.listening(conversation_id) as bell:
        while True:
            bell.clear()
            try:
                stored = await asyncio.to_thread(conversations.replies_after, conversation_id, position)
            except UnknownConversation:
                return
            except StorageError as error:
                log.error("An event stream ended: %s", error.reason)
                return
            for entry in stored:
                position = entry.position
                yield ServerSentEvent(event="reply", id=str(position), data=entry.reply)
            if streams.closed:
                return
            await bell.wait()
