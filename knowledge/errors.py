"""The errors of this layer. Their wording is German because editors read it; it lives in messages.yml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml


@cache
def _messages() -> dict[str, str]:
    return yaml.safe_load(Path(__file__).with_name("messages.yml").read_text("utf-8"))


def message(code: str, **values: object) -> str:
    """The German sentence for `code` with `values` filled in. Raises KeyError for an unknown code."""
    return _messages()[code].format(**values).strip()


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a text: what, in which file, at which line (from 1; 0 = the whole file)."""

    code: str
    path: str
    line: int = 0
    values: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {message(self.code, **dict(self.values))}"


class KnowledgeError(Exception):
    """Something that whoever operates or edits can put right; str() says what, where and how."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        super().__init__(message(code, **values))


class SettingsError(KnowledgeError):
    """settings.yml cannot be used."""


class EncoderError(KnowledgeError):
    """The encoder is missing, broken or not the one a release was built with."""


class ReleaseError(KnowledgeError):
    """A release cannot be built, opened, published or rolled back."""


class TextError(KnowledgeError):
    """Texts cannot be read; `problems` lists every finding, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("texts_rejected", count=len(problems), list="\n".join(f"- {p}" for p in problems))
