from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knowledge import encoder
from knowledge.encoder import SentenceTransformerEncoder, open_encoder
from knowledge.errors import EncoderError
from knowledge.settings import EncoderSettings
from tests.fakes import HashEncoder


class Weights:
    """Stands in for one torch tensor."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def numpy(self) -> np.ndarray:
        return np.frombuffer(self._content, np.uint8)


class FakeModel:
    """Stands in for a loaded sentence-transformers model."""

    def __init__(self, weights: bytes = b"w") -> None:
        self.batches: list[list[str]] = []
        self._weights = weights

    def encode(self, texts: Sequence[str], **_: Any) -> np.ndarray:
        self.batches.append(list(texts))
        return HashEncoder()._encode(list(texts))

    def state_dict(self) -> dict[str, Weights]:
        return {"layer": Weights(self._weights)}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> FakeModel:
    made = FakeModel()
    monkeypatch.setattr(encoder, "_load_model", lambda source: made)
    monkeypatch.setattr(encoder, "_export", lambda *_: False)
    return made


def opened(var: Path, **settings: Any) -> SentenceTransformerEncoder:
    found = open_encoder(EncoderSettings(**{"model": "example/model", **settings}), var)
    assert isinstance(found, SentenceTransformerEncoder)
    return found


TEXTS = [f"{'wort ' * (number % 7)}Text {number}" for number in range(40)]


def test_texts_keep_their_order_though_they_are_batched_by_length(model: FakeModel, tmp_path: Path) -> None:
    found = opened(tmp_path).encode_passages(TEXTS)
    assert np.array_equal(found, HashEncoder().encode_passages(TEXTS))
    lengths = [len(text) for batch in model.batches[1:] for text in batch]
    assert lengths == sorted(lengths)


def test_questions_and_passages_get_their_own_prompts(model: FakeModel, tmp_path: Path) -> None:
    both = opened(tmp_path, query_prompt="F: ", passage_prompt="P: ")
    both.encode_queries(["a", "b"])
    both.encode_passages(["a"])
    assert model.batches[-2:] == [["F: a", "F: b"], ["P: a"]]


def test_a_single_question_is_encoded_once_and_its_vector_is_safe_to_share(model: FakeModel, tmp_path: Path) -> None:
    one = opened(tmp_path)
    first = one.encode_queries(["Wer?"])
    before = len(model.batches)
    assert np.array_equal(one.encode_queries(["Wer?"]), first)
    assert len(model.batches) == before
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 1


def test_no_text_gives_no_row(model: FakeModel, tmp_path: Path) -> None:
    assert opened(tmp_path).encode_passages([]).shape == (0, 64)


def test_the_name_tells_model_weights_and_prompts_apart(
    model: FakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = opened(tmp_path / "a").name
    assert plain.startswith("example/model@")
    assert opened(tmp_path / "b").name == plain
    assert opened(tmp_path / "a", query_prompt="F: ").name != plain
    monkeypatch.setattr(encoder, "_load_model", lambda source: FakeModel(b"other"))
    assert opened(tmp_path / "c").name != plain


def test_a_model_is_prepared_once_under_a_folder_of_its_name(
    model: FakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(tmp_path)
    assert (tmp_path / "models" / "example_model" / "encoder.json").is_file()

    def prepared_again(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(encoder, "_prepare", prepared_again)
    assert opened(tmp_path, threads=2).dimension == 64


def test_a_broken_preparation_leaves_nothing_behind(
    model: FakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: Any) -> bool:
        raise OSError("no space")

    monkeypatch.setattr(encoder, "_export", no_space)
    with pytest.raises(EncoderError, match=r"example_model .*\(no space\)"):
        opened(tmp_path)
    assert [path.name for path in (tmp_path / "models").iterdir() if path.is_dir()] == []
    monkeypatch.setattr(encoder, "_export", lambda *_: False)
    assert opened(tmp_path).dimension == 64


@pytest.mark.parametrize("content", ["", "{", "{}", '{"name": "x", "exported": true, "dimension": 3}'])
def test_a_damaged_folder_is_named_with_the_remedy(model: FakeModel, tmp_path: Path, content: str) -> None:
    folder = tmp_path / "models" / "example_model"
    folder.mkdir(parents=True)
    (folder / "encoder.json").write_text(content, "utf-8")
    with pytest.raises(EncoderError, match=r"example_model .*Löschen Sie den Ordner"):
        opened(tmp_path)


def test_a_model_that_cannot_be_loaded_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(source: str) -> None:
        raise EncoderError("encoder_missing", model=source, detail="kein Netz")

    monkeypatch.setattr(encoder, "_load_model", missing)
    with pytest.raises(EncoderError, match=r"example/model lässt sich nicht laden \(kein Netz\)"):
        opened(tmp_path)
    assert not (tmp_path / "models" / "example_model").exists()


def test_the_packaged_model_is_described_by_its_own_folder(
    model: FakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "write_packaged_model", lambda folder: (folder / "config.json").write_text("{}"))
    opened(tmp_path, model="packaged")
    described = json.loads((tmp_path / "models" / "packaged" / "encoder.json").read_text("utf-8"))
    assert described["source"] == str(tmp_path / "models" / "packaged")
    assert (tmp_path / "models" / "packaged" / "config.json").is_file()
