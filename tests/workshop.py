"""A whole installation in a temporary folder: settings, texts, releases; encoder, training and gate are stand-ins."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge import building
from knowledge.answering import Knowledge
from knowledge.building import Built, build_release
from knowledge.decision import FEATURES, Decision
from knowledge.model import BERLIN, Document, Release
from knowledge.reading import write_markdown
from knowledge.releases import publish
from knowledge.retrieval import Retriever, build_indexes
from knowledge.settings import RetrievalSettings, Settings, load_settings
from knowledge.splitting import split_document
from tests.fakes import FakeExaminer, FakeTrainer, HashEncoder

NOW = datetime(2026, 3, 11, 12, tzinfo=BERLIN)  # a Wednesday

TALK = Document(
    id="talk",
    title="digital.talk in Düsseldorf",
    text="Der Staatssekretär eröffnete den Abend. Ein Algorithmus hat kein Taktgefühl.\n\n"
    "## Moderation\n\nDurch die Runde führte Doktor Martin Roos.",
    topics=("ki_nrw",),
    questions=("Wer führte beim digital.talk durch die Runde?", "Wer moderierte?"),
)
SUPPORT = Document(
    id="foerderung",
    title="Förderung für Betriebe",
    text="Das Land bezuschusst Projekte im Handwerk. Der Zuschuss beträgt höchstens 15.000 Euro.",
    kind="fact_sheet",
    topics=("sme_support",),
    questions=("Welche Förderung bekommen Betriebe?",),
)
TEXTS = (TALK, SUPPORT)


class Clock:
    """Stands in for datetime in knowledge.building: every release is a second younger than the one before."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 11, 12)

    def now(self, zone: tzinfo) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now.replace(tzinfo=zone)


class Workshop:
    """Builds releases in `root`. Whatever the settings name as encoder is `encoder`."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        self.encoder = HashEncoder()
        self.trainer = FakeTrainer()
        self.examiner = FakeExaminer()
        self.steps: list[str] = []
        (root / "texts").mkdir()
        for name in ("calibration.jsonl", "off_topic.txt", "golden.jsonl"):
            (root / name).touch()
        paths = {
            "texts": "texts",
            "golden_questions": "golden.jsonl",
            "calibration_questions": "calibration.jsonl",
            "off_topic_questions": "off_topic.txt",
        }
        self.settings_file = root / "settings.yml"
        self.settings_file.write_text(yaml.safe_dump({"paths": paths, **settings}), "utf-8")
        self.settings: Settings = load_settings(self.settings_file)
        self.var = self.settings.paths.var
        for module in ("encoder", "building", "releases"):
            monkeypatch.setattr(f"knowledge.{module}.open_encoder", lambda *_: self.encoder)
        monkeypatch.setattr(building, "datetime", Clock())
        (root / "decision.json").write_text(json.dumps(decision(10).as_json()), "utf-8")
        monkeypatch.setattr(building, "_DEFAULT_DECISION", root / "decision.json")

    def ship(self, *documents: Document) -> None:
        """Puts texts into the folder of the shipped ones."""
        for document in documents:
            write_markdown(document, self.settings.paths.texts / f"{document.id}.md")

    def build(self, documents: Sequence[Document] = TEXTS) -> Built:
        """A release, built but not published."""
        return build_release(self.settings, documents, self.trainer, self.examiner, self._progress)

    def publish(self, documents: Sequence[Document] = TEXTS) -> str:
        """The id of a release that was built and published."""
        release_id = self.build(documents).release.id
        publish(self.settings, release_id)
        return release_id

    def snapshot(self) -> dict[str, bytes]:
        """Every file under var by its path; lock files left out."""
        files = (path for path in self.var.rglob("*") if path.is_file() and path.suffix != ".lock")
        return {str(path.relative_to(self.var)): path.read_bytes() for path in files if path.name != ".lock"}

    def _progress(self, step: str, done: int, total: int) -> None:
        self.steps.append(step)


def decision(bias: float) -> Decision:
    """A decision that ignores the ranking: a high bias answers everything, a low one declines everything."""
    size = len(FEATURES)
    return Decision((0.0,) * size, (1.0,) * size, (0.0,) * size, bias, threshold=0.5, candidates=0.25)


def retriever_over(documents: Sequence[Document], **settings: Any) -> Retriever:
    """Searches the documents, in memory."""
    encoder = HashEncoder()
    described = RetrievalSettings.model_validate(settings)
    passages = [passage for document in documents for passage in split_document(document, described.passage_words)]
    by_id = {document.id: document for document in documents}
    indexes = build_indexes(by_id, passages, encoder.encode_passages, encoder.encode_queries)
    return Retriever(by_id, passages, indexes, encoder, described)


def knowledge_over(documents: Sequence[Document], bias: float = 10, **settings: Any) -> Knowledge:
    """Answers from the documents, in memory; `bias` as in `decision`."""
    full = Settings.model_validate(settings)
    retriever = retriever_over(documents, **full.retrieval.model_dump())
    release = Release("r1", NOW, "hash-1", len(documents), len(retriever.passages))
    return Knowledge(release, retriever, decision(bias), full.answering, full.retrieval.top_k)
