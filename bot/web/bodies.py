"""The JSON bodies of the HTTP API, as its documentation shows them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from bot.conversation.reply import Status
from knowledge.model import Language

_TEXT = "Plain text; never interpreted as markup or command"


class Ask(BaseModel):
    """One question without a conversation."""

    question: str = Field(description=_TEXT)
    language: Language | None = Field(None, description="Language of the reply; default: the question's")


class Open(BaseModel):
    """How a conversation begins."""

    language: Language | None = Field(None, description="Language of the replies; default: each question's")


class Say(BaseModel):
    """A person's next message."""

    text: str = Field(description=_TEXT)


class Feedback(BaseModel):
    """What a person thought of a reply."""

    message_id: str = Field(max_length=64)
    helpful: StrictBool
    reason: str | None = Field(None, max_length=1000)


class CitationBody(BaseModel):
    """A place in a published text; `quote` and `passage` are verbatim."""

    model_config = ConfigDict(extra="allow")

    document_id: str
    title: str
    publisher: str
    date: str | None
    url: str
    quote: str
    passage: str
    outdated: bool


class IntentBody(BaseModel):
    """What the message was taken for; `confidence` in [0, 1]."""

    name: str
    confidence: float | None


class Answer(BaseModel):
    """One reply. Only `answered` presents its citations as the answer."""

    id: str
    status: Status
    text: str
    language: str
    citations: list[CitationBody]
    suggestions: list[str]
    intent: IntentBody | None
    release: str | None


class Opened(BaseModel):
    """A conversation that has begun. The token is shown once and opens nothing but this conversation."""

    id: str
    token: str
    notice: str = Field(description="To be shown before the first message")
    suggestions: list[str]


class Replies(BaseModel):
    """What was answered to one message."""

    messages: list[Answer]


class FoundDocument(BaseModel):
    """The text a passage comes from."""

    id: str
    title: str
    kind: str
    publisher: str
    date: str | None
    url: str
    topics: list[str]
    outdated: bool
    past: bool


class FoundPassage(BaseModel):
    """A passage that was found; `score` compares within one search only, higher is better."""

    passage: str
    passage_id: str
    heading: str
    score: float
    document: FoundDocument


class Found(BaseModel):
    """Passages by falling score; `rejected` goes on below the first `k`. `confidence` in [0, 1] is the
    probability that the first one answers the question."""

    hits: list[FoundPassage]
    rejected: list[FoundPassage]
    confidence: float
    release: str


class Problem(BaseModel):
    """An error as RFC 9457 describes it, in German; `fields` names what was wrong in the request."""

    type: str
    title: str
    status: int
    detail: str
    fields: list[str] | None = None


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the documentation says about these refusals."""
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    return {status: {"description": "Problem", "content": content} for status in (*statuses, 413, 422)}
