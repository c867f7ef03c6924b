"""The errors of the dialogue model. Their wording is German because operators read it; it lives in
messages.yml."""

from __future__ import annotations

from bot.messages import message
from knowledge.errors import KnowledgeError


class DialogueError(KnowledgeError):
    """The dialogue model cannot be trained or used; str() says what and how to put it right."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        Exception.__init__(self, message(code, **values))


class TrainingError(DialogueError):
    """Training the dialogue model failed; nothing was written."""
