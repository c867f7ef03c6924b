"""Stand-ins for the parts behind the web application: small, in memory, and made to fail on demand."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bot.brain import Brain, BrainKeeper
from bot.conversation.reply import Reply
from knowledge.model import Answer, Citation, Document, Hit, Passage, Question, Retrieval, Topic
from knowledge.settings import Settings

if TYPE_CHECKING:
    from bot.conversation.wording import Wording
    from bot.dialogue import Dialogue
    from knowledge.answering import Knowledge

QUOTE = "Ein Algorithmus hat kein Taktgefühl."
DOCUMENT = Document(
    id="talk",
    title="digital.talk zu KI",
    text=f"Der Staatssekretär eröffnete den Abend. {QUOTE}",
    date=date(2020, 6, 24),
    publisher="Staatskanzlei",
    url="https://example.org/talk",
    topics=("ki_nrw",),
)
PASSAGE = Passage("talk-1", "talk", DOCUMENT.title, "", DOCUMENT.text, (DOCUMENT.text,))
CITATION = Citation("talk", DOCUMENT.title, "Staatskanzlei", DOCUMENT.date, DOCUMENT.url, QUOTE, PASSAGE.text, False)


@dataclass
class FakeKnowledge:
    """Knows one document and answers every question from it, or raises `error`."""

    release: str = "r1"
    error: Exception | None = None
    asked: list[Question] = field(default_factory=list)

    @property
    def documents(self) -> dict[str, Document]:
        return {DOCUMENT.id: DOCUMENT}

    def answer(self, question: Question) -> Answer:
        self.asked.append(question)
        if self.error:
            raise self.error
        return Answer("answered", (CITATION,), (), 0.9, self.release)

    def search(self, question: Question, top_k: int) -> Retrieval:
        self.asked.append(question)
        hits = tuple(Hit(PASSAGE, DOCUMENT, score, {}) for score in (0.9, 0.5, 0.1))
        return Retrieval(hits[:top_k], hits[top_k:], 0.8, self.release)

    def suggestions(self, language: str, topic: Topic | None = None) -> tuple[str, ...]:
        return ("Who runs it?",) if language == "en" else ("Was ist KI.NRW?", "Wer leitet sie?", "Was kostet das?")


@dataclass
class FakeDialogue:
    """Repeats what it was given. A text that begins with "boom" raises, one with "wait" waits for `gate`."""

    release: str = "r1"
    error: Exception = field(default_factory=lambda: RuntimeError("about geheim@example.org"))
    heard: list[tuple[str, str, str | None]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    memory: Any = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, conversation_id: str, text: str, language: str | None) -> list[Reply]:
        self.heard.append((conversation_id, text, language))
        self._loop = asyncio.get_running_loop()
        if text.startswith("boom"):
            raise self.error
        if text.startswith("wait"):
            self.reached.set()
            await self.gate.wait()
        return [Reply("smalltalk", f"{self.release}: {text}", language or "de", release=self.release)]

    async def forget(self, conversation_id: str) -> None:
        self.forgotten.append(conversation_id)

    def open_gate(self) -> None:
        """Lets waiting turns go on; to be called from another thread than the turns'."""
        self._loop.call_soon_threadsafe(self.gate.set)

    @property
    def texts(self) -> list[str]:
        """What was said, without the self-test."""
        return [text for conversation_id, text, _ in self.heard if conversation_id != "self-test"]


class FakeWording:
    """Says the response's name, the language and the values."""

    def text(self, response: str, language: str, **values: object) -> str:
        return " ".join([response, language, *(str(value) for value in values.values())])


WORDING = cast("Wording", FakeWording())


def brain(release: str = "r1", knowledge: FakeKnowledge | None = None, dialogue: FakeDialogue | None = None) -> Brain:
    """A brain of stand-ins; without a dialogue unless one is given."""
    known = knowledge or FakeKnowledge(release)
    return Brain(release, cast("Knowledge", known), cast("Dialogue | None", dialogue))


@dataclass
class Shelf:
    """Releases to load, and the pointer to the published one. Loading what is not there raises."""

    brains: dict[str, Brain]
    published: str | None = "r1"
    loads: list[str] = field(default_factory=list)
    formers: list[Brain | None] = field(default_factory=list)

    def load(self, _settings: Settings, release: str, former: Brain | None) -> Brain:
        self.loads.append(release)
        self.formers.append(former)
        return self.brains[release]

    def keeper(self, settings: Settings) -> BrainKeeper:
        """A keeper that has opened the published release."""
        keeper = BrainKeeper(settings, self.load, lambda _settings: self.published)
        keeper.open()
        return keeper


def shelf(*brains: Brain) -> Shelf:
    """A shelf with these brains; the first one is published."""
    return Shelf({each.release: each for each in brains}, brains[0].release)


class Stream:
    """Reads an event stream of an ASGI application while it goes on."""

    def __init__(self, app: Callable[..., Any], path: str, headers: dict[str, str]) -> None:
        self.status = 0
        self._body: asyncio.Queue[bytes | None] = asyncio.Queue()
        encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": encoded,
            "scheme": "http",
            "server": ("test", 80),
            "client": ("test", 1),
            "root_path": "",
        }
        self._left = asyncio.Event()
        self._task = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message.get("body"):
            self._body.put_nowait(message["body"])
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._body.put_nowait(None)

    async def next(self) -> dict[str, str] | None:
        """The fields of the next event, None at the end of the stream."""
        block = await asyncio.wait_for(self._body.get(), 5)
        if block is None:
            return None
        lines = block.decode().strip().splitlines()
        return dict(line.split(": ", 1) for line in lines)

    async def leave(self) -> None:
        """Disconnects and waits until the application noticed."""
        self._left.set()
        await self._task


class HashEncoder:
    """Unit vectors of 64 dimensions from the text's character n-grams: like texts lie near each other, and the
    prompts count. Remembers every text it was given."""

    dimension = 64

    def __init__(self, name: str = "hash-1") -> None:
        self.name = name
        self.encoded: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self._encode([f"query: {text}" for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        return self._encode([f"passage: {text}" for text in texts])

    def _encode(self, texts: list[str]) -> np.ndarray:
        self.encoded += texts
        vectors = np.full((len(texts), self.dimension), 0.01, np.float32)
        for row, text in enumerate(texts):
            padded = f" {text.casefold()} "
            for size in (3, 4):
                for start in range(len(padded) - size + 1):
                    vectors[row, zlib.crc32(padded[start : start + size].encode()) % self.dimension] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@dataclass
class FakeTrainer:
    """Writes a model file that says how often it trained."""

    sources: str = "sources-1"
    error: BaseException | None = None
    trained: int = 0

    def fingerprint(self) -> str:
        return self.sources

    def train(self, target: Path) -> None:
        self.trained += 1
        target.write_text(f"model {self.trained}", "utf-8")
        if self.error:
            raise self.error


@dataclass
class FakeExaminer:
    """Gives every release the same mark, or raises `error` after its report was begun."""

    passed: bool = True
    error: BaseException | None = None
    examined: list[str] = field(default_factory=list)

    def examine(self, folder: Path, knowledge: Knowledge) -> dict[str, Any]:
        self.examined.append(knowledge.release.id)
        (folder / "report.json").write_text('{"correct": []}', "utf-8")
        if self.error:
            raise self.error
        lost = [] if self.passed else ["Wer leitet KI.NRW?"]
        return {"passed": self.passed, "questions": 2, "correct": 1.0, "wrong": 0.0, "lost": lost}
