from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knowledge import building
from knowledge.errors import ReleaseError, TextError
from knowledge.model import Document, Question
from knowledge.releases import dialogue_model, manifest, open_release, published, release_ids
from tests.fakes import HashEncoder
from tests.workshop import SUPPORT, TALK, TEXTS, Workshop

STAGES = (
    "knowledge.building.new_folder",
    "knowledge.building.write_markdown",
    "knowledge.building.split_document",
    "knowledge.building.write_passages",
    "knowledge.building.open_encoder",
    "knowledge.building.VectorIndex.load",
    "knowledge.building.build_indexes",
    "knowledge.retrieval.LexicalIndex.build",
    "knowledge.retrieval.Indexes.save",
    "knowledge.retrieval.Retriever.rank",
    "knowledge.building.load_questions",
    "knowledge.building.Decision.from_json",
    "knowledge.building.Knowledge",
    "knowledge.building.write_manifest",
    "knowledge.building.load_folder",
    "knowledge.releases.os.fsync",
    "knowledge.releases.os.rename",
)


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    return Workshop(tmp_path, monkeypatch)


def failing(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def broken_build(workshop: Workshop, error: BaseException) -> None:
    """A build of changed texts fails and leaves no trace."""
    changed = (replace(TALK, text="Alles ist jetzt anders."), SUPPORT)
    before = workshop.snapshot()
    with pytest.raises(type(error)):
        workshop.build(changed)
    assert workshop.snapshot() == before
    assert not [path for path in (workshop.var / "releases").iterdir() if path.name.startswith(".building")]


@pytest.mark.parametrize("error", [RuntimeError("full"), KeyboardInterrupt()], ids=["error", "interrupt"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_build_broken_at_any_stage_leaves_nothing_and_the_next_one_succeeds(
    workshop: Workshop, stage: str, error: BaseException
) -> None:
    current = workshop.publish()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, failing(error))
        broken_build(workshop, error)
    assert published(workshop.settings) == current
    assert open_release(workshop.settings).answer(Question("Wer moderierte?")).release == current
    assert workshop.build().release.id != current


@pytest.mark.parametrize("part", ["trainer", "examiner"])
def test_a_failing_training_or_examination_leaves_nothing(workshop: Workshop, part: str) -> None:
    current = workshop.publish()
    workshop.trainer.sources = "sources-2"
    getattr(workshop, part).error = RuntimeError("no")
    broken_build(workshop, RuntimeError())
    assert published(workshop.settings) == current


def test_an_encoder_that_breaks_off_midway_leaves_nothing(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.publish()
    broken = HashEncoder()
    broken.encode_queries = failing(MemoryError())  # type: ignore[method-assign]
    monkeypatch.setattr(workshop, "encoder", broken)
    broken_build(workshop, MemoryError())


def test_what_a_killed_build_left_is_no_release_and_is_swept_by_the_next(workshop: Workshop) -> None:
    built = workshop.build()
    left_over = workshop.var / "releases" / ".building-20260311-000000-dead"
    (workshop.var / "releases" / built.release.id).rename(left_over)
    assert release_ids(workshop.settings) == ()
    following = workshop.build().release.id
    assert release_ids(workshop.settings) == (following,)
    assert not left_over.exists()


def test_a_second_build_at_the_same_time_says_so(workshop: Workshop) -> None:
    refused: list[str] = []

    class Impatient:
        def examine(self, folder: Path, knowledge: Any) -> dict[str, Any]:
            with ThreadPoolExecutor(1) as other, pytest.raises(ReleaseError, match="anderer Bau läuft") as error:
                other.submit(workshop.build).result()
            refused.append(error.value.code)
            return {"passed": True}

    first = building.build_release(workshop.settings, TEXTS, workshop.trainer, Impatient(), lambda *_: None)
    assert refused == ["build_running"]
    assert release_ids(workshop.settings) == (first.release.id,)
    assert workshop.build().release.id in release_ids(workshop.settings)


def test_a_built_release_is_not_published(workshop: Workshop) -> None:
    built = workshop.build()
    assert release_ids(workshop.settings) == (built.release.id,)
    assert published(workshop.settings) is None
    assert (built.release.documents, built.release.passages, built.gate["passed"]) == (2, 3, True)


def test_the_release_keeps_the_texts_as_they_were_given(workshop: Workshop) -> None:
    opened = open_release(workshop.settings, workshop.build().release.id)
    assert dict(opened.documents) == {document.id: document for document in TEXTS}


def test_the_release_remembers_the_settings_it_was_built_with(workshop: Workshop) -> None:
    release = workshop.build().release.id
    kept = (workshop.var / "releases" / release / "settings.json").read_text("utf-8")
    assert json.loads(kept) == workshop.settings.model_dump(mode="json")


def test_nothing_is_encoded_again_when_nothing_changed(workshop: Workshop) -> None:
    first = workshop.build()
    again = workshop.build()
    assert first.reused == 0 < first.encoded
    assert (again.encoded, again.reused) == (0, first.encoded)


def test_only_what_changed_is_encoded_again(workshop: Workshop) -> None:
    workshop.build()
    workshop.encoder.encoded.clear()
    changed = replace(SUPPORT, text=SUPPORT.text.replace("15.000", "20.000"))
    built = workshop.build((TALK, changed))
    passage = f"passage: {SUPPORT.title}\n{changed.text}"
    sentence = "passage: Der Zuschuss beträgt höchstens 20.000 Euro."
    assert [text for text in workshop.encoder.encoded if text.startswith("passage: ")] == [passage, sentence]
    assert built.encoded == 2


def test_a_new_lay_question_is_the_only_thing_encoded(workshop: Workshop) -> None:
    workshop.build()
    asked = replace(SUPPORT, questions=(*SUPPORT.questions, "Wie hoch ist der Zuschuss?"))
    assert workshop.build((TALK, asked)).encoded == 1


def test_reused_vectors_find_the_same_as_fresh_ones(workshop: Workshop) -> None:
    first, again = (open_release(workshop.settings, workshop.build().release.id) for _ in range(2))
    question = Question("Wie hoch ist der Zuschuss?")
    found = [[(hit.passage.id, hit.score) for hit in each.search(question).hits] for each in (first, again)]
    assert found[0] == found[1]


def test_another_encoder_takes_no_vector_over(workshop: Workshop) -> None:
    first = workshop.build()
    workshop.encoder = HashEncoder("hash-2")
    again = workshop.build()
    assert (again.encoded, again.reused) == (first.encoded, 0)
    assert again.release.encoder == "hash-2"


def test_the_dialogue_model_is_taken_over_while_training_would_give_the_same(workshop: Workshop) -> None:
    first, again = workshop.build().release.id, workshop.build().release.id
    assert workshop.trainer.trained == 1
    models = [dialogue_model(workshop.settings, each).read_text("utf-8") for each in (first, again)]
    assert models == ["model 1", "model 1"]


def test_the_dialogue_model_is_trained_again_when_its_sources_changed(workshop: Workshop) -> None:
    workshop.build()
    workshop.trainer.sources = "sources-2"
    again = workshop.build().release.id
    assert dialogue_model(workshop.settings, again).read_text("utf-8") == "model 2"


@pytest.mark.parametrize("name", ["dialogue.tar.gz", "passages.faiss", "encoded.json", "release.json"])
def test_nothing_is_taken_over_from_a_broken_release(workshop: Workshop, name: str) -> None:
    first = workshop.build()
    (workshop.var / "releases" / first.release.id / name).write_bytes(b"torn")
    again = workshop.build()
    assert (again.encoded, workshop.trainer.trained) == (first.encoded, 2)
    assert open_release(workshop.settings, again.release.id).release.id == again.release.id


def test_no_texts_are_refused_with_the_folder_that_is_empty(workshop: Workshop) -> None:
    with pytest.raises(ReleaseError, match=str(workshop.settings.paths.texts)):
        workshop.build(())


def test_a_text_of_headings_only_is_refused_by_name(workshop: Workshop) -> None:
    workshop.publish()
    before = workshop.snapshot()
    with pytest.raises(TextError, match=r"leer\.md: Die Datei enthält keinen Text"):
        workshop.build((TALK, Document("leer", "Leer", "## Nur eine Überschrift", questions=("Was?",))))
    assert workshop.snapshot() == before


def test_texts_without_lay_questions_can_be_released(workshop: Workshop) -> None:
    release = workshop.build([replace(document, questions=()) for document in TEXTS]).release
    opened = open_release(workshop.settings, release.id)
    assert opened.answer(Question("Wie hoch ist der Zuschuss?")).status == "answered"
    assert release.suggestions == {}


def test_suggestions_are_complete_questions_answered_from_their_own_text(workshop: Workshop) -> None:
    suggestions = workshop.build().release.suggestions
    assert suggestions == {
        "de": {"ki_nrw": (TALK.questions[0],), "sme_support": ("Welche Förderung bekommen Betriebe?",)}
    }


def test_a_text_that_answers_nothing_is_not_suggested(workshop: Workshop, tmp_path: Path) -> None:
    never = json.loads((tmp_path / "decision.json").read_text("utf-8")) | {"bias": -10}
    (tmp_path / "decision.json").write_text(json.dumps(never), "utf-8")
    assert workshop.build().release.suggestions == {}


def test_the_gate_and_the_parent_are_recorded(workshop: Workshop) -> None:
    workshop.examiner.passed = False
    first, second = workshop.build(), workshop.build()
    described = manifest(workshop.settings, second.release.id)
    assert (described["parent"], described["gate"]) == (first.release.id, second.gate)
    assert workshop.examiner.examined == [first.release.id, second.release.id]


def many(count: int) -> list[Document]:
    words = [
        "Apfel",
        "Birne",
        "Kirsche",
        "Pflaume",
        "Traube",
        "Quitte",
        "Mango",
        "Banane",
        "Feige",
        "Dattel",
        "Olive",
        "Walnuss",
        "Mandel",
        "Ananas",
    ]
    return [
        Document(f"text-{i}", f"{words[i]} im Garten", f"Die {words[i]} wächst in Reihe {i}.") for i in range(count)
    ]


def test_with_enough_questions_the_decision_is_learned_from_them(workshop: Workshop) -> None:
    documents = many(14)
    asks = ("Wo wächst die {}?", "In welcher Reihe steht die {}?", "{} Garten", "Gibt es hier eine {}?")
    lines = [
        {"id": f"{d.id}-{n}", "question": ask.format(d.title.split()[0]), "expect": "answer", "documents": [d.id]}
        for d in documents
        for n, ask in enumerate(asks)
    ]
    workshop.settings.paths.calibration_questions.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    off_topic = [f"Wie teuer ist ein Flug nach {city}?" for city in ("Rom", "Paris", "Oslo", "Bern", "Wien", "Prag")]
    workshop.settings.paths.off_topic_questions.write_text("\n".join(off_topic), "utf-8")
    release = workshop.build(documents).release.id
    learned = json.loads((workshop.var / "releases" / release / "decision.json").read_text("utf-8"))
    assert any(learned["weights"])
    assert 0 < learned["candidates"] < learned["threshold"] < 1
    known, unknown = (
        open_release(workshop.settings, release).search(Question(text)).confidence
        for text in ("Wo wächst die Quitte?", "Wie teuer ist ein Flug nach Rom?")
    )
    assert known > unknown


def test_an_unreadable_calibration_file_stops_the_build_with_its_place(workshop: Workshop) -> None:
    workshop.settings.paths.calibration_questions.write_text('{"id": "c1"}\n', "utf-8")
    with pytest.raises(Exception, match=r"calibration\.jsonl:1"):
        workshop.build()
    assert release_ids(workshop.settings) == ()


def test_progress_counts_up_to_the_total_of_every_step(workshop: Workshop) -> None:
    calls: list[tuple[str, int, int]] = []
    building.build_release(
        workshop.settings, TEXTS, workshop.trainer, workshop.examiner, lambda *call: calls.append(call)
    )
    last = {step: (done, total) for step, done, total in calls}
    assert {"encode_passages", "encode_sentences", "encode_questions", "train_dialogue", "examine"} <= last.keys()
    assert all(done == total for done, total in last.values())
