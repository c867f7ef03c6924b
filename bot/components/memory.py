"""What Rasa remembers of conversations: a bounded number of them, for a bounded time, in memory only."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, InMemoryLockStore
from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

_CONVERSATIONS = 2000
_IDLE_SECONDS = 3600.0  # as long as the session in domain.yml
_EVENTS = 100  # about 12 turns; reading a conversation takes longer with each


class Memory:
    """Conversations by id, each as one string. Keeps at most `conversations` of them, the latest used, and
    drops those unused for `idle_seconds` whenever it is used. Dialogues that follow one another may share
    it."""

    def __init__(
        self,
        conversations: int = _CONVERSATIONS,
        idle_seconds: float = _IDLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.locks = PromptLocks()
        self._conversations = conversations
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()

    def __contains__(self, conversation_id: str) -> bool:
        return conversation_id in self._kept

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def keep(self, conversation_id: str, content: str) -> None:
        """Remembers the conversation as the latest used."""
        self._kept[conversation_id] = (self._clock(), content)
        self._kept.move_to_end(conversation_id)
        self._drop()

    def recall(self, conversation_id: str) -> str | None:
        """What was kept; None when it is unknown, dropped or forgotten."""
        self._drop()
        kept = self._kept.get(conversation_id)
        return kept[1] if kept else None

    def forget(self, conversation_id: str) -> None:
        """Drops every trace of the conversation."""
        self._kept.pop(conversation_id, None)

    def _drop(self) -> None:
        oldest = self._clock() - self._idle_seconds
        while self._kept and (len(self._kept) > self._conversations or next(iter(self._kept.values()))[0] < oldest):
            self._kept.popitem(last=False)


class PromptLocks(InMemoryLockStore):
    """Keeps the order of a conversation's messages; a waiting one looks 20 times a second, not once as in
    Rasa."""

    def lock(
        self, conversation_id: str, lock_lifetime: float = LOCK_LIFETIME, wait_time_in_seconds: float = 0.05
    ) -> AbstractAsyncContextManager[TicketLock]:
        lock: AbstractAsyncContextManager[TicketLock] = super().lock(
            conversation_id, lock_lifetime, wait_time_in_seconds
        )
        return lock


class MemoryTrackerStore(TrackerStore, SerializedTrackerAsText):
    """Rasa's trackers in a Memory. A long conversation keeps its slots and latest turns."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(None)
        self._memory = memory

    async def save(self, tracker: DialogueStateTracker) -> None:
        self._memory.keep(tracker.sender_id, self.serialise_tracker(self._shortened(tracker)))

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        content = self._memory.recall(sender_id)
        return None if content is None else self.deserialise_tracker(sender_id, content)

    async def keys(self) -> Iterable[str]:
        return list(self._memory)

    def _shortened(self, tracker: DialogueStateTracker) -> DialogueStateTracker:
        if len(tracker.events) <= _EVENTS:
            return tracker
        later = list(tracker.events)[-_EVENTS // 2 :]
        turn = next((place for place, event in enumerate(later) if _ends_turn(event)), 0)
        slots = [SlotSet(slot.name, slot.value) for slot in tracker.slots.values() if slot.value is not None]
        return DialogueStateTracker.from_events(tracker.sender_id, slots + later[turn:], self.domain.slots)


def _ends_turn(event: Event) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME
