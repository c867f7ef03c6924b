"""Questions through the real path: dialogue, search, decision, shown answer."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.conversation.reply import Reply
from bot.dialogue import Dialogue
from knowledge.answering import Knowledge
from knowledge.evaluation import GoldenQuestion, Result, Shown, load_questions, lost, play, report
from knowledge.language import detect
from knowledge.model import Question
from knowledge.releases import dialogue_model, published
from knowledge.settings import Settings

_FOUND = 10


class Player:
    """Asks a release question by question; questions of one dialogue share a conversation."""

    def __init__(self, knowledge: Knowledge, model: Path, settings: Settings) -> None:
        self._knowledge = knowledge
        self._dialogue = Dialogue.load(model, knowledge, settings)

    def play(self, questions: tuple[GoldenQuestion, ...]) -> tuple[Result, ...]:
        """The results in the order of `questions`."""
        with asyncio.Runner() as runner:
            return play(questions, lambda question: runner.run(self._ask(question)))

    async def _ask(self, question: GoldenQuestion) -> Shown:
        conversation = f"evaluation-{question.dialogue or question.id}"
        replies = await self._dialogue.handle(conversation, question.question, question.language)
        if question.dialogue is None:
            await self._dialogue.forget(conversation)
        return self._shown(question, replies)

    def _shown(self, question: GoldenQuestion, replies: list[Reply]) -> Shown:
        if not replies:  # an action failed
            return Shown("error", "")
        reply = next((each for each in replies if each.citations), replies[0])
        retrieval = self._knowledge.search(Question(question.question, detect(question.question) or "de"), 50)
        found = tuple(dict.fromkeys(hit.document.id for hit in retrieval.hits))[:_FOUND]
        quotes = [citation["quote"] for citation in reply.citations]
        return Shown(
            reply.status,
            "\n".join([reply.text, *quotes]),
            tuple(citation["document_id"] for citation in reply.citations) if reply.status == "answered" else (),
            found,
            reply.intent,
            retrieval.confidence,
        )


class GoldenGate:
    """Compares a finished release with the published one on the golden questions."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def examine(self, folder: Path, knowledge: Knowledge) -> dict[str, Any]:
        """Writes report.json into `folder`. Passed when at most the tolerated share of the questions that the
        published release answers correctly is lost; without questions or an earlier release always."""
        questions = self._questions(knowledge)
        results = Player(knowledge, folder / "dialogue.tar.gz", self._settings).play(questions)
        figures = report(results)
        (folder / "report.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1), "utf-8")
        gone = lost(self._correct_before(), results)
        passed = len(gone) <= self._settings.gate.tolerated_loss * len(questions)
        return {
            "passed": passed,
            "questions": len(questions),
            "correct": figures["overall"]["correct"]["rate"],
            "wrong": figures["overall"]["wrong"]["rate"],
            "lost": [each.question.question for each in gone],
        }

    def _questions(self, knowledge: Knowledge) -> tuple[GoldenQuestion, ...]:
        """Those the texts can still be asked: a withdrawn text takes its questions with it."""
        path = self._settings.paths.golden_questions
        questions = load_questions(path) if path.is_file() else ()
        known = knowledge.documents.keys()
        return tuple(each for each in questions if not each.documents or known & set(each.documents))

    def _correct_before(self) -> list[str]:
        release = published(self._settings)
        path = self._settings.paths.var / "releases" / str(release) / "report.json"
        return json.loads(path.read_text("utf-8"))["correct"] if path.is_file() else []


def evaluate(settings: Settings, knowledge: Knowledge, questions: Path) -> dict[str, Any]:
    """The report on `questions` for an opened release of `settings`."""
    model = dialogue_model(settings, knowledge.release.id)
    return report(Player(knowledge, model, settings).play(load_questions(questions)))


@contextmanager
def throw_away(settings: Settings) -> Iterator[Settings]:
    """Settings whose releases vanish afterwards. Encoder, vectors and intent model of the published release are
    taken over by links, so only what differs is built."""
    var = settings.paths.var
    with tempfile.TemporaryDirectory(prefix="auskunft-") as name:
        scratch = Path(name)
        (scratch / "releases").mkdir()
        (var / "models").mkdir(parents=True, exist_ok=True)
        (scratch / "models").symlink_to(var / "models")
        release = published(settings)
        if release is not None:
            (scratch / "releases" / release).symlink_to(var / "releases" / release)
        paths = settings.paths.model_copy(update={"var": scratch, "golden_questions": scratch / "none"})
        yield settings.model_copy(update={"paths": paths})
