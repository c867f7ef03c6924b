"""A release that answers nothing and remembers what it was asked."""

from __future__ import annotations

from datetime import UTC, datetime

from knowledge.model import Answer, Question, Release, Topic


class Silence:
    """Declines every question."""

    def __init__(self) -> None:
        self.release = Release("r1", datetime.now(UTC), "any", 0, 0)
        self.asked: list[Question] = []

    def answer(self, question: Question) -> Answer:
        self.asked.append(question)
        return Answer("no_answer", (), (), 0.0, "r1")

    def suggestions(self, language: str, topic: Topic | None = None) -> tuple[str, ...]:
        return ()
