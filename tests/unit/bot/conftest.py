"""A small dialogue model, trained once per session on a few sentences and a stand-in encoder."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]

SENTENCES = {
    "ask_ki_nrw": [
        "Wer leitet KI.NRW?",
        "Was ist KI.NRW?",
        "Who runs KI.NRW?",
        "Wann wurde KI.NRW gegründet?",
    ],
    "ask_events": [
        "Welche Veranstaltungen gibt es?",
        "Wann ist die nächste Konferenz?",
        "Which events are there?",
    ],
    "ask_contact": ["Wie lautet die Telefonnummer?", "Haben Sie eine Adresse?", "What is the phone number?"],
    "request_human": [
        "Ich möchte einen Menschen sprechen",
        "Bitte einen Mitarbeiter",
        "I want to talk to a human",
    ],
    "greet": ["Guten Tag", "Hallo zusammen", "Good morning to you", "Hallo"],
    "crisis": ["Ich will nicht mehr leben", "Ich bringe mich um", "I want to die"],
    "out_of_scope": [
        "Wie wird das Wetter morgen?",
        "Wer gewinnt die Bundesliga?",
        "How is the weather today?",
    ],
}


class HashingEncoder:
    """Vectors from letter triples: like texts lie near each other, and no model is needed."""

    def __init__(self, name: str = "hashing-1") -> None:
        self.name = name
        self.dimension = 64

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.full((len(texts), self.dimension), 0.1, np.float32)
        for row, text in enumerate(texts):
            padded = f"  {text.lower()} "
            for start in range(len(padded) - 2):
                vectors[row, zlib.crc32(padded[start : start + 3].encode()) % self.dimension] += 1
        lengths: np.ndarray = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: np.ndarray = vectors / lengths
        return unit

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        return self.encode_queries(texts)


def write_sources(root: Path) -> Path:
    """Puts the product's config, domain and rules into `root`, with a few sentences to train on."""
    (root / "bot" / "data").mkdir(parents=True)
    for name in ("config.yml", "domain.yml", "bot/data/rules.yml"):
        shutil.copy(ROOT / name, root / name)
    nlu = [
        {"intent": intent, "examples": "".join(f"- {sentence}\n" for sentence in sentences)}
        for intent, sentences in SENTENCES.items()
    ]
    content = yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True)
    (root / "bot" / "data" / "nlu.yml").write_text(content, "utf-8")
    return root


@pytest.fixture
def hashing_encoder(monkeypatch: pytest.MonkeyPatch) -> HashingEncoder:
    """The encoder that Rasa's components are given during the test."""
    import bot.dialogue  # noqa: F401 - sets Rasa's environment before Rasa is imported
    from bot.components import encoder_featurizer

    encoder = HashingEncoder()
    monkeypatch.setattr(encoder_featurizer, "open_encoder", lambda settings, var: encoder)
    return encoder


@pytest.fixture(scope="session")
def trained_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file, alone in its folder, trained with the stand-in encoder."""
    import bot.dialogue  # noqa: F401 - sets Rasa's environment before Rasa is imported
    from bot.components import encoder_featurizer
    from bot.training import train_here

    target = tmp_path_factory.mktemp("model") / "dialogue.tar.gz"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder_featurizer, "open_encoder", lambda settings, var: HashingEncoder())
        patch.setenv("RASA_MAX_CACHE_SIZE", "0")
        train_here(write_sources(tmp_path_factory.mktemp("sources")), target)
    return target


@pytest.fixture
def small_model(trained_model: Path, hashing_encoder: HashingEncoder) -> Path:
    """The trained model, to be loaded with the encoder it was trained with."""
    return trained_model
