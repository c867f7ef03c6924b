from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import evaluating
from bot.conversation.reply import Reply
from bot.evaluating import GoldenGate, evaluate, throw_away
from knowledge.answering import Knowledge
from knowledge.building import build_release
from knowledge.errors import KnowledgeError
from knowledge.model import Question
from knowledge.releases import open_release, publish, published, release_ids
from knowledge.settings import Settings
from tests.workshop import NOW, SUPPORT, TALK, TEXTS, Workshop


class PlainDialogue:
    """Answers by search and remembers what each conversation heard; small talk to a greeting."""

    loaded: list[PlainDialogue] = []

    def __init__(self, knowledge: Knowledge) -> None:
        self.conversations: dict[str, list[str]] = {}
        self.heard: list[tuple[str, str]] = []
        self._knowledge = knowledge

    @classmethod
    def load(cls, model: Path, knowledge: Knowledge, settings: Settings) -> PlainDialogue:
        assert model.is_file()
        cls.loaded.append(cls(knowledge))
        return cls.loaded[-1]

    async def handle(self, conversation_id: str, text: str, language: str | None) -> list[Reply]:
        self.heard.append((conversation_id, text))
        before = self.conversations.setdefault(conversation_id, [])
        before.append(text)
        if text == "Hallo":
            return [Reply("smalltalk", "Guten Tag", "de", intent="greet")]
        answer = self._knowledge.answer(Question(" ".join(before), now=NOW))
        citations = tuple({"document_id": each.document_id, "quote": each.quote} for each in answer.citations)
        return [
            Reply("smalltalk", "Einen Augenblick.", "de"),
            Reply(answer.status, "Dazu steht:", "de", citations, intent="ask_ki_nrw"),
        ]

    async def forget(self, conversation_id: str) -> None:
        self.conversations.pop(conversation_id, None)


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    monkeypatch.setattr(evaluating, "Dialogue", PlainDialogue)
    monkeypatch.setattr(PlainDialogue, "loaded", [])
    yield Workshop(tmp_path, monkeypatch)


def asked(id: str, question: str, *documents: str, key: str = "", **values: Any) -> dict[str, Any]:
    expect = "answer" if documents else "decline"
    return {"id": id, "question": question, "expect": expect, "documents": documents, "keys": [key], **values}


GOLDEN = [
    asked("q1", "Hat ein Algorithmus Taktgefühl?", "talk", key="kein Taktgefühl"),
    asked("q2", "Wie hoch ist der Zuschuss höchstens?", "foerderung", key="15.000 Euro"),
    asked("q3", "Hallo") | {"expect": "smalltalk", "intent": "greet"},
]


def write(path: Path, questions: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in questions), "utf-8")
    return path


def test_the_shown_answer_is_judged_with_its_quotes(workshop: Workshop, tmp_path: Path) -> None:
    workshop.publish()
    figures = evaluate(workshop.settings, open_release(workshop.settings), write(tmp_path / "q.jsonl", GOLDEN))
    assert figures["correct"] == ["q1", "q2", "q3"]
    assert figures["retrieval"]["recall@1"]["rate"] == 1
    assert figures["intent"]["accuracy"]["n"] == 1


def test_an_answer_where_none_was_to_be_given_is_wrong(workshop: Workshop, tmp_path: Path) -> None:
    workshop.publish()
    path = write(tmp_path / "q.jsonl", [asked("q1", "Wie wird das Wetter?")])
    (failure,) = evaluate(workshop.settings, open_release(workshop.settings), path)["failures"]
    assert (failure["outcome"], failure["status"]) == ("wrong", "answered")
    assert failure["shown"]


def test_two_evaluations_give_equal_reports(workshop: Workshop, tmp_path: Path) -> None:
    workshop.publish()
    path = write(tmp_path / "q.jsonl", [*GOLDEN, asked("q4", "Wie wird das Wetter?", language="en")])
    first, again = (evaluate(workshop.settings, open_release(workshop.settings), path) for _ in range(2))
    assert json.dumps(first) == json.dumps(again)
    assert first["questions"] == 4


def test_questions_of_one_dialogue_share_a_conversation_and_others_do_not(workshop: Workshop, tmp_path: Path) -> None:
    workshop.publish()
    lines = [
        asked("q1", "Was ist ein Algorithmus?", "talk", dialogue="d1", turn=1),
        asked("q2", "Wie hoch ist der Zuschuss?", "foerderung"),
        asked("q3", "Und Taktgefühl?", "talk", dialogue="d1", turn=2),
    ]
    evaluate(workshop.settings, open_release(workshop.settings), write(tmp_path / "q.jsonl", lines))
    (dialogue,) = PlainDialogue.loaded
    assert [conversation for conversation, _ in dialogue.heard] == ["evaluation-d1", "evaluation-q2", "evaluation-d1"]
    assert dialogue.conversations == {"evaluation-d1": ["Was ist ein Algorithmus?", "Und Taktgefühl?"]}


def built(workshop: Workshop, documents: Any = TEXTS) -> Any:
    return build_release(workshop.settings, documents, workshop.trainer, GoldenGate(workshop.settings), lambda *_: None)


def published_with_golden(workshop: Workshop, documents: Any = TEXTS) -> str:
    write(workshop.settings.paths.golden_questions, GOLDEN)
    release = built(workshop, documents).release.id
    publish(workshop.settings, release)
    return str(release)


def test_the_first_release_passes_and_keeps_its_report(workshop: Workshop) -> None:
    release = published_with_golden(workshop)
    report = json.loads((workshop.var / "releases" / release / "report.json").read_text("utf-8"))
    assert report["correct"] == ["q1", "q2", "q3"]


def test_a_release_that_loses_golden_questions_fails_and_names_them(workshop: Workshop) -> None:
    current = published_with_golden(workshop)
    worse = replace(SUPPORT, text="Das Land bezuschusst Projekte. Zum Zuschuss steht hier keine Zahl mehr.")
    gate = built(workshop, (TALK, worse)).gate
    assert not gate["passed"]
    assert gate["lost"] == ["Wie hoch ist der Zuschuss höchstens?"]
    assert (gate["questions"], gate["correct"]) == (3, 0.6667)
    assert published(workshop.settings) == current


def test_a_loss_that_is_tolerated_passes(tmp_path: Path, workshop: Workshop) -> None:
    published_with_golden(workshop)
    gate_settings = workshop.settings.gate.model_copy(update={"tolerated_loss": 0.34})
    workshop.settings = workshop.settings.model_copy(update={"gate": gate_settings})
    worse = replace(SUPPORT, text="Zum Zuschuss steht hier keine Zahl mehr.")
    gate = built(workshop, (TALK, worse)).gate
    assert gate["passed"] and gate["lost"]


def test_a_withdrawn_text_takes_its_questions_with_it(workshop: Workshop) -> None:
    published_with_golden(workshop)
    gate = built(workshop, (TALK,)).gate
    assert (gate["passed"], gate["questions"], gate["lost"]) == (True, 2, [])


def test_without_golden_questions_a_release_passes(workshop: Workshop) -> None:
    workshop.settings.paths.golden_questions.unlink()
    gate = built(workshop).gate
    assert (gate["passed"], gate["questions"]) == (True, 0)


def test_a_bad_golden_question_stops_the_build_with_its_place(workshop: Workshop) -> None:
    workshop.settings.paths.golden_questions.write_text('{"id": "q1"}\n', "utf-8")
    with pytest.raises(KnowledgeError, match=r"golden\.jsonl:1: keine gültige Frage"):
        built(workshop)
    assert release_ids(workshop.settings) == ()


def test_a_thrown_away_release_leaves_the_published_one_alone(workshop: Workshop) -> None:
    current = workshop.publish()
    before = workshop.snapshot()
    with throw_away(workshop.settings) as scratch:
        assert published(scratch) is None
        made = build_release(scratch, (TALK,), workshop.trainer, workshop.examiner, lambda *_: None)
        assert made.reused and not made.encoded
        assert workshop.trainer.trained == 1
        assert list(open_release(scratch, made.release.id).documents) == ["talk"]
        folder = scratch.paths.var
    assert not folder.exists()
    assert {name: content for name, content in workshop.snapshot().items()} == before
    assert open_release(workshop.settings).release.id == current


def test_a_throw_away_release_needs_no_published_one(workshop: Workshop) -> None:
    with throw_away(workshop.settings) as scratch:
        assert build_release(scratch, TEXTS, workshop.trainer, workshop.examiner, lambda *_: None).encoded
    assert published(workshop.settings) is None
