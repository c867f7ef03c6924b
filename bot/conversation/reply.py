"""What one turn says to the person, in the product's public form."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal[
    "answered",
    "candidates",
    "no_answer",
    "out_of_scope",
    "smalltalk",
    "contact",
    "handover",
    "crisis",
    "form",
    "error",
]


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to a person. `citations` are JSON objects in the form the HTTP API documents; `text` is
    the whole message as plain text, so `answered` repeats the quote in it after the framing first paragraph."""

    status: Status
    text: str
    language: str
    citations: tuple[dict[str, Any], ...] = ()
    suggestions: tuple[str, ...] = ()
    intent: str | None = None
    confidence: float | None = None
    release: str | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def as_json(self) -> dict[str, Any]:
        """The HTTP API's Answer object."""
        intent = None if self.intent is None else {"name": self.intent, "confidence": self.confidence}
        return {
            "id": self.id,
            "status": self.status,
            "text": self.text,
            "language": self.language,
            "citations": list(self.citations),
            "suggestions": list(self.suggestions),
            "intent": intent,
            "release": self.release,
        }
