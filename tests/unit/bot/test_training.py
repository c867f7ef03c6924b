from __future__ import annotations

from pathlib import Path

import pytest

from bot import training
from bot.errors import TrainingError
from knowledge.settings import Settings
from tests.unit.bot.conftest import HashingEncoder, write_sources


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    return write_sources(tmp_path / "sources")


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> HashingEncoder:
    encoder = HashingEncoder()
    monkeypatch.setattr(training, "open_encoder", lambda settings, var: encoder)
    return encoder


def test_a_failed_training_shows_the_end_of_the_log_and_changes_nothing(sources: Path, tmp_path: Path) -> None:
    (sources / "config.yml").write_text("recipe: default.v1\nlanguage: de\npipeline: 5\npolicies: []\n", "utf-8")
    target = tmp_path / "models" / "dialogue.tar.gz"
    target.parent.mkdir()
    target.write_bytes(b"the earlier model")
    with pytest.raises(TrainingError, match=r"nichts wurde verändert(?s:.*)Value '5' is not a list"):
        training.train_dialogue(target, Settings(), sources)
    assert target.read_bytes() == b"the earlier model"
    assert list(target.parent.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_named(sources: Path, tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    with pytest.raises(TrainingError, match=r"model\.tar\.gz.*Zugriffsrechte"):
        training.train_dialogue(occupied / "model.tar.gz", Settings(), sources)


def test_equal_sources_have_equal_fingerprints(sources: Path, encoder: HashingEncoder) -> None:
    assert training.fingerprint(Settings(), sources) == training.fingerprint(Settings(), sources)


@pytest.mark.parametrize("name", ["config.yml", "domain.yml", "bot/data/rules.yml", "bot/data/new/more.yml"])
def test_every_changed_source_changes_the_fingerprint(sources: Path, encoder: HashingEncoder, name: str) -> None:
    before = training.fingerprint(Settings(), sources)
    changed = sources / name
    changed.parent.mkdir(exist_ok=True)
    changed.write_text((changed.read_text("utf-8") if changed.exists() else "") + "# changed\n", "utf-8")
    assert training.fingerprint(Settings(), sources) != before


def test_another_encoder_changes_the_fingerprint(sources: Path, encoder: HashingEncoder) -> None:
    before = training.fingerprint(Settings(), sources)
    encoder.name = "hashing-2"
    assert training.fingerprint(Settings(), sources) != before
