"""Texts to vectors. Any sentence-transformers model is prepared once into an ONNX file that gives the same
vectors without importing torch; where that export is impossible the model itself encodes."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from filelock import FileLock

from knowledge.errors import EncoderError
from knowledge.model import digest
from knowledge.packaged import write_packaged_model
from knowledge.settings import EncoderSettings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

log = logging.getLogger(__name__)

_BATCH = 16
_CACHED_QUERIES = 2048
_PROBES = ("Wer leitet KI.NRW?", "Der Zuschuss beträgt höchstens 15.000 Euro.", "Who pays for this?")
_LEAST_COSINE = 0.9999  # between the export and the model it was made from


class Encoder(Protocol):
    """Turns texts into unit vectors. `name` identifies model and prompts: equal names, equal vectors."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        """float32 of shape (len(texts), dimension), rows of length 1, in the order given."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """As encode_queries, with the prompt for passages."""
        ...


class _PromptedEncoder:
    """Adds the prompts, batches by length and remembers single queries; a subclass encodes one batch."""

    def __init__(self, name: str, dimension: int, settings: EncoderSettings) -> None:
        self.name = name
        self.dimension = dimension
        self._settings = settings
        self._one_query = lru_cache(maxsize=_CACHED_QUERIES)(self._encode_one_query)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        if len(texts) == 1:
            return self._one_query(texts[0])
        return self._encode([self._settings.query_prompt + text for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        return self._encode([self._settings.passage_prompt + text for text in texts])

    def _encode_one_query(self, text: str) -> np.ndarray:
        vector = self._encode([self._settings.query_prompt + text])
        vector.setflags(write=False)
        return vector

    def _encode(self, texts: list[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(texts), _BATCH):
            rows = by_length[start : start + _BATCH]
            vectors[rows] = self._encode_batch([texts[row] for row in rows])
        return vectors

    def _encode_batch(self, texts: list[str]) -> np.ndarray:
        raise NotImplementedError


class OnnxEncoder(_PromptedEncoder):
    """Encodes with the ONNX file that `prepare` made; safe to share between threads."""

    def __init__(self, folder: Path, name: str, dimension: int, settings: EncoderSettings) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        super().__init__(name, dimension, settings)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = settings.threads
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def _encode_batch(self, texts: list[str]) -> np.ndarray:
        encodings = self._tokenizer.encode_batch(texts)
        ids = np.array([encoding.ids for encoding in encodings], np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], np.int64)
        vectors = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class SentenceTransformerEncoder(_PromptedEncoder):
    """Encodes with the model itself; the reference the export is checked against."""

    def __init__(self, folder: str, name: str, dimension: int, settings: EncoderSettings) -> None:
        super().__init__(name, dimension, settings)
        self._model = _load_model(folder)

    def _encode_batch(self, texts: list[str]) -> np.ndarray:
        return self._model.encode(texts, prompt="", normalize_embeddings=True, show_progress_bar=False)


def open_encoder(settings: EncoderSettings, var: Path) -> Encoder:
    """The encoder that `settings` names, prepared under `var`/models at first use (about a minute); opened once
    per process. Raises EncoderError when the model cannot be found, loaded or read."""
    return _open(settings, var.resolve())


@cache
def _open(settings: EncoderSettings, var: Path) -> Encoder:
    folder = var / "models" / re.sub(r"[^A-Za-z0-9._-]+", "_", settings.model).strip("_")
    described = folder / "encoder.json"
    try:
        if not described.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{folder}.lock"):
                if not described.exists():
                    _prepare(settings, folder)
        description = json.loads(described.read_text("utf-8"))
        prompts = digest(settings.query_prompt, settings.passage_prompt)[:6]
        name = f"{description['name']}+{prompts}"
        if description["exported"]:
            return OnnxEncoder(folder / "onnx", name, description["dimension"], settings)
        return SentenceTransformerEncoder(description["source"], name, description["dimension"], settings)
    except EncoderError:
        raise
    except Exception as error:  # whatever a full disk or a damaged folder makes the libraries raise
        raise EncoderError("encoder_broken", folder=folder, detail=error) from error


def _prepare(settings: EncoderSettings, folder: Path) -> None:
    """Builds `folder` beside its place and renames it, so that a broken run leaves nothing behind."""
    scratch = Path(tempfile.mkdtemp(prefix=".preparing-", dir=folder.parent))
    try:
        source = settings.model
        if settings.model == "packaged":
            write_packaged_model(scratch)
            source = str(scratch)
        model = _load_model(source)
        reference = model.encode(list(_PROBES), prompt="", normalize_embeddings=True, show_progress_bar=False)
        description = {
            "name": f"{settings.model}@{_weights_digest(model)[:12]}",
            "source": str(folder) if settings.model == "packaged" else source,
            "dimension": int(reference.shape[1]),
            "exported": _export(model, scratch / "onnx", reference, settings),
        }
        (scratch / "encoder.json").write_text(json.dumps(description, indent=1), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _load_model(source: str) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(source, device="cpu")
    except Exception as error:  # missing folder, no network for a hub name, foreign format
        raise EncoderError("encoder_missing", model=source, detail=error) from error


def _weights_digest(model: SentenceTransformer) -> str:
    state = model.state_dict()
    return digest(*(f"{key}:{digest(state[key].numpy().tobytes().hex())}" for key in sorted(state)))


def _export(model: SentenceTransformer, folder: Path, reference: np.ndarray, settings: EncoderSettings) -> bool:
    """Writes the whole model, pooling included, as ONNX. False when that fails or the vectors differ."""
    import torch

    class Sentence(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.model({"input_ids": input_ids, "attention_mask": attention_mask})["sentence_embedding"]

    folder.mkdir()
    # torch 2.13 warns that torchvision, which nothing here needs, is missing.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        tokenizer = model.tokenizer
        example = tokenizer(list(_PROBES), padding=True, return_tensors="pt")
        axes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
        torch.onnx.export(
            Sentence().eval(),
            (example["input_ids"], example["attention_mask"]),
            str(folder / "model.onnx"),
            input_names=["input_ids", "attention_mask"],
            dynamic_shapes={"input_ids": axes, "attention_mask": axes},
            external_data=True,
            dynamo=True,
            verbose=False,
        )
        fast = tokenizer.backend_tokenizer
        fast.enable_truncation(model.max_seq_length)
        fast.enable_padding(pad_id=tokenizer.pad_token_id, pad_token=tokenizer.pad_token)
        fast.save(str(folder / "tokenizer.json"))
        bare = settings.model_copy(update={"query_prompt": "", "passage_prompt": ""})
        vectors = OnnxEncoder(folder, "probe", reference.shape[1], bare).encode_passages(_PROBES)
        return bool((vectors * reference).sum(axis=1).min() > _LEAST_COSINE)
    except Exception as error:  # an architecture the exporter does not know; the model itself still encodes
        log.warning("The encoder cannot be exported to ONNX (%s); questions are encoded more slowly.", error)
        return False
