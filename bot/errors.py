"""The errors of the dialogue model. Their wording is German because operators read it; it lives in
messages.yml."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from knowledge.errors import KnowledgeError


@cache
def _messages() -> dict[str, str]:
    messages: dict[str, str] = yaml.safe_load(Path(__file__).with_name("messages.yml").read_text("utf-8"))
    return messages


class DialogueError(KnowledgeError):
    """The dialogue model cannot be trained or used; str() says what and how to put it right."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        Exception.__init__(self, _messages()[code].format(**values).strip())


class TrainingError(DialogueError):
    """Training the dialogue model failed; nothing was written."""
