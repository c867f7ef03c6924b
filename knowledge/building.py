"""Texts to a release: split, encode what changed, index, calibrate, examine, and only then let it appear."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from knowledge.answering import Knowledge
from knowledge.decision import Decision, features, fit
from knowledge.encoder import Encoder, open_encoder
from knowledge.errors import Problem, ReleaseError, TextError
from knowledge.evaluation import load_questions
from knowledge.index import VectorIndex
from knowledge.language import LANGUAGES, content_words, detect
from knowledge.model import BERLIN, Document, Language, Passage, Question, Release, Topic, digest
from knowledge.reading.markdown import write_markdown
from knowledge.releases import intact, load_folder, manifest, new_folder, release_ids, write_manifest, write_passages
from knowledge.retrieval import Left, Retriever, build_indexes
from knowledge.settings import Settings
from knowledge.splitting import split_document

_BATCH = 64
_LEAST_ANSWERABLE = 40
_DEFAULT_DECISION = Path(__file__).with_name("decision.json")  # `make decision` writes it
_SUGGESTED_TOPICS: tuple[Topic, ...] = ("ki_nrw", "sme_support", "events", "other")
_SUGGESTED_LENGTH = 75
_EVERYWHERE = {"ki", "nrw", "ai"}  # name nothing in particular here
_SUGGESTED_PER_TOPIC = 3

Progress = Callable[[str, int, int], None]  # step, done, total


class DialogueTrainer(Protocol):
    """Trains the intent model; known to this package only by what it writes."""

    def fingerprint(self) -> str:
        """Equal fingerprints mean that training would give the same model."""
        ...

    def train(self, target: Path) -> None:
        """Writes the model to `target`."""
        ...


class Examiner(Protocol):
    """Judges a finished release folder against the golden questions."""

    def examine(self, folder: Path, knowledge: Knowledge) -> dict[str, Any]:
        """Writes report files into `folder`; the result holds at least `passed: bool`."""
        ...


@dataclass(frozen=True)
class Built:
    """A finished build: the release, whether its gate was passed, and how much was encoded anew."""

    release: Release
    gate: dict[str, Any]
    encoded: int
    reused: int


def build_release(
    settings: Settings,
    documents: Sequence[Document],
    dialogue: DialogueTrainer,
    examiner: Examiner,
    progress: Progress,
) -> Built:
    """Builds a release from `documents` beside the published one and returns it unpublished. Raises ReleaseError
    when there are no texts or another build is running and TextError when one has no sentence; nothing half-built
    stays behind."""
    if not documents:
        raise ReleaseError("texts_none", folder=settings.paths.texts)
    created = datetime.now(BERLIN)
    release_id = f"{created.astimezone(UTC):%Y%m%d-%H%M%S-%f}"  # sorts by time, also when clocks go back
    parent = next((each for each in reversed(release_ids(settings)) if intact(settings, each)), None)
    with new_folder(settings, release_id) as folder:
        by_id = {document.id: document for document in documents}
        passages = _write_texts(folder, documents, settings)
        encodings = _Encodings(open_encoder(settings.encoder, settings.paths.var), progress)
        if parent is not None:
            encodings.learn(settings.paths.var / "releases" / parent)
        indexes = build_indexes(by_id, passages, encodings.passages, encodings.queries)
        indexes.save(folder)
        retriever = Retriever(by_id, passages, indexes, encodings.encoder, settings.retrieval)
        decision = _calibrate(retriever, encodings, settings, progress)
        (folder / "decision.json").write_text(json.dumps(decision.as_json(), indent=1), "utf-8")
        encodings.save(folder)
        release = Release(release_id, created, encodings.encoder.name, len(by_id), len(passages))
        knowledge = Knowledge(release, retriever, decision, settings.answering, settings.retrieval.top_k)
        release = _with_suggestions(release, knowledge)
        fingerprint = dialogue.fingerprint()
        _dialogue_model(settings, folder, parent, fingerprint, dialogue, progress)
        (folder / "settings.json").write_text(settings.model_dump_json(indent=1), "utf-8")
        write_manifest(folder, release, parent, {"passed": False})
        progress("examine", 0, 1)
        gate = examiner.examine(folder, load_folder(folder, encodings.encoder, settings))
        progress("examine", 1, 1)
        write_manifest(folder, release, parent, gate, dialogue=fingerprint)
    return Built(release, gate, encodings.encoded, encodings.reused)


def _write_texts(folder: Path, documents: Sequence[Document], settings: Settings) -> tuple[Passage, ...]:
    (folder / "texts").mkdir()
    for document in documents:
        write_markdown(document, folder / "texts" / f"{document.id}.md")
    words = settings.retrieval.passage_words
    split = {document.id: split_document(document, words) for document in documents}
    empty = [Problem("text_empty", f"{document_id}.md") for document_id, found in split.items() if not found]
    if empty:  # nothing but headings
        raise TextError(empty)
    passages = tuple(passage for found in split.values() for passage in found)
    write_passages(folder, passages)
    return passages


class _Encodings:
    """Encodes texts once: vectors of an earlier release with the same encoder are taken over by digest."""

    def __init__(self, encoder: Encoder, progress: Progress) -> None:
        self.encoder = encoder
        self.encoded = self.reused = 0
        self._progress = progress
        self._known: dict[str, tuple[VectorIndex, int]] = {}
        self._made: dict[str, list[str]] = {}
        self._calibration: VectorIndex | None = None

    def learn(self, release: Path) -> None:
        path = release / "encoded.json"
        if not path.is_file():
            return
        described = json.loads(path.read_text("utf-8"))
        if described["encoder"] != self.encoder.name:
            return
        for name, digests in described["rows"].items():
            index = VectorIndex.load(release / f"{name}.faiss")
            self._known.update({each: (index, row) for row, each in enumerate(digests)})

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        name = "sentences" if "passages" in self._made else "passages"
        return self._encode(name, "passage", texts, self.encoder.encode_passages)

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        return self._encode("questions", "query", texts, self.encoder.encode_queries)

    def calibration(self, texts: Sequence[str]) -> np.ndarray:
        vectors = self._encode("calibration", "query", texts, self.encoder.encode_queries)
        self._calibration = VectorIndex.build(vectors)
        return vectors

    def save(self, folder: Path) -> None:
        if self._calibration is not None:
            self._calibration.save(folder / "calibration.faiss")
        content = {"encoder": self.encoder.name, "rows": self._made}
        (folder / "encoded.json").write_text(json.dumps(content), "utf-8")

    def _encode(
        self, name: str, prompt: str, texts: Sequence[str], encode: Callable[[Sequence[str]], np.ndarray]
    ) -> np.ndarray:
        digests = [digest(prompt, text) for text in texts]
        self._made[name] = digests
        vectors = np.zeros((len(texts), self.encoder.dimension), np.float32)
        missing = []
        for row, each in enumerate(digests):
            if each in self._known:
                index, known_row = self._known[each]
                vectors[row] = index.vectors(np.array([known_row]))[0]
            else:
                missing.append(row)
        for start in range(0, len(missing), _BATCH):
            self._progress(f"encode_{name}", start, len(missing))
            rows = missing[start : start + _BATCH]
            vectors[rows] = encode([texts[row] for row in rows])
        self._progress(f"encode_{name}", len(missing), len(missing))
        self.encoded += len(missing)
        self.reused += len(texts) - len(missing)
        return vectors


def _calibrate(retriever: Retriever, encodings: _Encodings, settings: Settings, progress: Progress) -> Decision:
    """Learns the decision from questions the release answers and from questions it does not, see
    knowledge.decision. With too few answerable ones the decision fitted on the shipped texts serves."""
    examples = _examples(retriever, settings)
    if sum(bool(each.documents) for each in examples) < _LEAST_ANSWERABLE:
        return Decision.from_json(json.loads(_DEFAULT_DECISION.read_text("utf-8")))
    vectors = encodings.calibration([each.text for each in examples])
    rows, right, answerable, groups = [], [], [], []
    for number, (example, vector) in enumerate(zip(examples, vectors, strict=True)):
        if number % _BATCH == 0:
            progress("calibrate", number, len(examples))
        question = Question(example.text, detect(example.text) or "de")
        for left in (Left(), Left(example.documents)) if example.documents else (Left(),):
            hits = retriever.rank(question, left, vector).hits
            if hits:
                rows.append(features(question, hits))
                right.append(hits[0].document.id in example.documents and not left.documents)
                answerable.append(-1 if left.documents else int(bool(example.documents)))
                groups.append(number)
    progress("calibrate", len(examples), len(examples))
    samples = (np.array(rows), np.array(right), np.array(answerable), np.array(groups))
    return fit(*samples, settings.answering)


@dataclass(frozen=True)
class _Example:
    text: str
    documents: tuple[str, ...]  # empty: no text answers it


def _examples(retriever: Retriever, settings: Settings) -> list[_Example]:
    examples = []
    for each in load_questions(settings.paths.calibration_questions):
        present = tuple(document for document in each.documents if document in retriever.documents)
        if present or each.expect == "decline":
            examples.append(_Example(each.question, present))
    lines = settings.paths.off_topic_questions.read_text("utf-8").splitlines()
    return examples + [_Example(line.strip(), ()) for line in lines if line.strip()]


def _with_suggestions(release: Release, knowledge: Knowledge) -> Release:
    """Per language and topic a few well-formed lay questions that this release answers from their own text."""
    suggestions: dict[str, dict[str, tuple[str, ...]]] = {}
    for language in LANGUAGES:
        for topic in _SUGGESTED_TOPICS:
            found = _answered_questions(knowledge, language, topic)
            if found:
                suggestions.setdefault(language, {})[topic] = tuple(found)
    return replace(release, suggestions=suggestions)


def _answered_questions(knowledge: Knowledge, language: Language, topic: Topic) -> list[str]:
    found: list[str] = []
    for document in knowledge.documents.values():
        if document.topics[:1] != (topic,) or document.kind == "event":
            continue
        for text in document.questions:
            if not _stands_alone(text, document) or (detect(text) or "de") != language:
                continue
            answer = knowledge.answer(Question(text, language))
            if answer.status == "answered" and answer.citations[0].document_id == document.id:
                found.append(text)
                break
        if len(found) == _SUGGESTED_PER_TOPIC:
            break
    return found


def _stands_alone(question: str, document: Document) -> bool:
    """A complete question that names what it is about."""
    complete = question[:1].isupper() and question.endswith("?") and len(question) <= _SUGGESTED_LENGTH
    return complete and bool(set(content_words(question)) & set(content_words(document.title)) - _EVERYWHERE)


def _dialogue_model(
    settings: Settings,
    folder: Path,
    parent: str | None,
    fingerprint: str,
    dialogue: DialogueTrainer,
    progress: Progress,
) -> None:
    """Takes the parent's intent model over when training would give the same one."""
    target = folder / "dialogue.tar.gz"
    earlier = settings.paths.var / "releases" / str(parent) / "dialogue.tar.gz"
    if parent is not None and manifest(settings, parent).get("dialogue") == fingerprint and earlier.is_file():
        target.write_bytes(earlier.read_bytes())
        return
    progress("train_dialogue", 0, 1)
    dialogue.train(target)
    progress("train_dialogue", 1, 1)
