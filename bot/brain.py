"""What answers, and who looks after it: one release in memory, replaced whole when another is published."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.messages import message
from knowledge.errors import ReleaseError
from knowledge.model import Question
from knowledge.settings import Settings

if TYPE_CHECKING:
    from bot.dialogue import Dialogue
    from knowledge.answering import Knowledge

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
SELF_TEST_SECONDS = 30.0  # the first question after loading is the slowest


@dataclass(frozen=True)
class Brain:
    """One release, ready to answer. Without a dialogue it answers by search alone."""

    release: str
    knowledge: Knowledge
    dialogue: Dialogue | None


def published_release(settings: Settings) -> str | None:
    """The id of the published release. Raises ReleaseError when the pointer cannot be read."""
    from knowledge.releases import published

    return published(settings)


def load_brain(settings: Settings, release: str, former: Brain | None = None) -> Brain:
    """Opens a release and its dialogue model (blocking, seconds), which goes on with the conversations of the
    `former` one. A dialogue that cannot be loaded is logged and left out. Raises KnowledgeError when the
    release itself cannot be opened."""
    # Imported late: they pull in the index and Rasa, which nobody needs before a release is opened.
    from knowledge.releases import dialogue_model, open_release

    knowledge = open_release(settings, release)
    try:
        from bot.dialogue import Dialogue

        memory = former.dialogue.memory if former and former.dialogue else None
        dialogue = Dialogue.load(dialogue_model(settings, release), knowledge, settings, memory)
    except Exception as error:  # Rasa's components raise whatever their libraries raise
        log.error(message("dialogue_not_loaded", release=release, reason=error))
        return Brain(release, knowledge, None)
    return Brain(release, knowledge, dialogue)


async def proved(brain: Brain) -> Brain:
    """`brain` after a question went through it, without its dialogue where that failed. Raises what the
    search raises, and TimeoutError."""
    question = next(iter(brain.knowledge.suggestions("de")), "KI.NRW")
    async with asyncio.timeout(SELF_TEST_SECONDS):
        await asyncio.to_thread(brain.knowledge.answer, Question(question))
    if brain.dialogue is None:
        return brain
    try:
        async with asyncio.timeout(SELF_TEST_SECONDS):
            replies = await brain.dialogue.handle("self-test", question, "de")
        await brain.dialogue.forget("self-test")
        if not replies or replies[0].status == "error":
            raise RuntimeError("no reply")
    except Exception as error:
        log.error(message("dialogue_not_loaded", release=brain.release, reason=f"{type(error).__name__}: {error}"))
        return replace(brain, dialogue=None)
    return brain


class BrainKeeper:
    """Holds the brain of the published release. `load` and `published` are what to open and where to look."""

    def __init__(
        self,
        settings: Settings,
        load: Callable[[Settings, str, Brain | None], Brain] = load_brain,
        published: Callable[[Settings], str | None] = published_release,
    ) -> None:
        self._settings = settings
        self._load = load
        self._published = published
        self._brain: Brain | None = None
        self._ready = False
        self._refused: str | None = None
        self._complaint = ""
        self._watch: asyncio.Task[None] | None = None

    @property
    def brain(self) -> Brain:
        """The brain to answer with; a turn keeps the one it began with. Raises RuntimeError before open()."""
        if self._brain is None:
            raise RuntimeError("open() comes first")
        return self._brain

    @property
    def ready(self) -> bool:
        """True once a question has gone through the present brain."""
        return self._ready

    def open(self) -> None:
        """Loads the published release (blocking, seconds). Raises KnowledgeError when there is none or it is
        broken."""
        release = self._published(self._settings)
        if release is None:
            raise ReleaseError("release_none")
        self._brain = self._load(self._settings, release, None)

    async def start(self) -> None:
        """Puts a question through the brain, then looks for a newly published release every second."""
        await self._prove()
        self._watch = asyncio.create_task(self._keep_looking())

    async def stop(self) -> None:
        """Ends the looking."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch

    async def look(self) -> None:
        """Replaces the brain if another release is published. A broken one, also one that would lose the
        dialogue, is reported once and left alone until the pointer changes again; the present brain stays."""
        try:
            release = await asyncio.to_thread(self._published, self._settings)
        except Exception as error:
            return self._complain("release_unknown", "", error)
        if release == self.brain.release:
            self._refused = None
            if not self._ready:
                await self._prove()
        elif release is not None and release != self._refused:
            await self._replace(release)

    async def _prove(self) -> None:
        try:
            self._brain = await proved(self.brain)
            self._ready = True
        except Exception as error:
            self._complain("self_test_failed", self.brain.release, error)

    async def _replace(self, release: str) -> None:
        try:
            loaded = await asyncio.to_thread(self._load, self._settings, release, self.brain)
            proven = await proved(loaded)
            if proven.dialogue is None and self.brain.dialogue is not None:
                raise RuntimeError(message("dialogue_lost"))
        except Exception as error:
            self._refused = release
            return self._complain("release_refused", release, error)
        self._brain, self._ready, self._refused, self._complaint = proven, True, None, ""
        log.info(message("release_swapped", release=release))

    def _complain(self, code: str, release: str, error: Exception) -> None:
        text = message(code, release=release, reason=str(error) or type(error).__name__)
        if text != self._complaint:
            log.error(text)
        self._complaint = text

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()
