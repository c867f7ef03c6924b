"""The values that flow through the product. All are immutable; none does input or output."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")

_STAND = re.compile(r"\s*\((?:Stand|Quelle ohne)\b[^)]*\)")

Kind = Literal["press_release", "fact_sheet", "event", "faq"]
Topic = Literal["ki_nrw", "sme_support", "events", "other"]
Language = Literal["de", "en"]
Status = Literal["answered", "candidates", "no_answer"]


def digest(*parts: str) -> str:
    """SHA-256 over the parts as 64 hexadecimal digits; parts are separated, so their borders count."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact sheet's statements come from. `date` is free text such as "2026" or "2026-03-12"; `document` is
    the id of the source where that is itself one of the texts."""

    publisher: str
    url: str = ""
    date: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One published text. `text` is its plain wording: paragraphs separated by an empty line,
    headings as lines that start with `## `. Everything quoted is a substring of `text`."""

    id: str
    title: str
    text: str
    kind: Kind = "press_release"
    date: dt.date | None = None
    publisher: str = ""
    url: str = ""
    topics: tuple[Topic, ...] = ()
    valid_until: dt.date | None = None
    superseded_by: str = ""
    language: str = "de"
    starts: dt.datetime | dt.date | None = None  # kind event; a datetime carries Europe/Berlin
    ends: dt.datetime | dt.date | None = None
    place: str = ""
    registration_url: str = ""
    questions: tuple[str, ...] = ()  # further ways to reach the text; never quoted
    sources: tuple[Source, ...] = ()

    @property
    def original(self) -> str:
        """The id of the text that this one mainly summarises: its first source, where that is one of the texts."""
        return self.sources[0].document if self.sources else ""

    def outdated(self, today: dt.date) -> bool:
        """True when a newer text replaces this one or its validity has ended before `today`."""
        return bool(self.superseded_by) or (self.valid_until is not None and self.valid_until < today)

    def past(self, now: dt.datetime) -> bool:
        """True for an event that has ended before `now`; an event without an end lasts its whole first day."""
        last = self.ends or self.starts
        if last is None:
            return False
        if isinstance(last, dt.datetime) and self.ends is not None:
            return last < now
        day = last.date() if isinstance(last, dt.datetime) else last
        return day < now.astimezone(BERLIN).date()


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of neighbouring sentences of one document, the unit that is found.

    `text` and every one of `sentences` are substrings of the document's text. `id` is derived from
    the document's id and the wording, so it stays the same while other passages change.
    """

    id: str
    document_id: str
    title: str
    heading: str
    text: str
    sentences: tuple[str, ...]

    @property
    def encoded_text(self) -> str:
        """What is encoded and indexed for this passage: its wording after title and heading."""
        return "\n".join(part for part in (self.title, self.heading, self.text) if part)

    @property
    def encoded_sentences(self) -> tuple[str, ...]:
        """What is encoded for each of `sentences`: without its "(Stand: …)", which says nothing of its subject."""
        return tuple(_STAND.sub("", sentence) for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked. `topic` is a soft preference, never a filter; `now` resolves dates and carries a zone."""

    text: str
    language: Language = "de"
    topic: Topic | None = None
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(BERLIN))


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found. `score` is comparable within one retrieval only, higher is better;
    `signals` holds the parts it was fused from."""

    passage: Passage
    document: Document
    score: float
    signals: dict[str, float]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Hits by falling score; `rejected` continues the same order below top_k.
    `confidence` in [0, 1] is the calibrated probability that the first hit answers the question."""

    hits: tuple[Hit, ...]
    rejected: tuple[Hit, ...]
    confidence: float
    release: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in a published text. `quote` and `passage` are substrings of the document's text."""

    document_id: str
    title: str
    publisher: str
    date: dt.date | None
    url: str
    quote: str
    passage: str
    outdated: bool
    past: bool = False  # an event that is over


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision on a question. Only `answered` carries citations, exactly those shown as the answer;
    `candidates` offers near questions as `suggestions`, `no_answer` questions the release does answer."""

    status: Status
    citations: tuple[Citation, ...]
    suggestions: tuple[str, ...]
    confidence: float
    release: str
    reason: Literal["", "no_events"] = ""  # no_events: asked for coming events and none is entered


@dataclass(frozen=True, slots=True)
class Release:
    """What identifies a release. `encoder` names the encoder its vectors come from; `suggestions` holds, by
    language and topic, questions it answers."""

    id: str
    created: dt.datetime
    encoder: str
    documents: int
    passages: int
    suggestions: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
