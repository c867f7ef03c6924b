from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.linear_model import LogisticRegression

import bot.dialogue  # noqa: F401 - sets Rasa's environment before Rasa is imported
from bot.components.classifier import DenseLogisticRegression
from bot.components.encoder_featurizer import SentenceEncoderFeaturizer
from bot.components.language import LanguageDetector
from bot.components.responses import Responses
from bot.errors import DialogueError
from tests.unit.bot.conftest import SENTENCES, HashingEncoder

CONTEXT = ExecutionContext(GraphSchema({}), node_name="node")
RESOURCE = Resource("resource")


@pytest.fixture
def storage(tmp_path: Path) -> LocalModelStorage:
    return LocalModelStorage.create(tmp_path)


def configured(component: Any, **changes: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = component.get_default_config()
    return defaults | changes


def training_data() -> TrainingData:
    messages = [
        Message({"text": text, "intent": intent, TOKENS_NAMES["text"]: text.split()})
        for intent, texts in SENTENCES.items()
        for text in texts
    ]
    return TrainingData(messages)


def test_training_texts_end_up_centred_at_the_configured_length(
    storage: LocalModelStorage, hashing_encoder: HashingEncoder
) -> None:
    config = configured(SentenceEncoderFeaturizer, length=7.0)
    featurizer = SentenceEncoderFeaturizer.create(config, storage, RESOURCE, CONTEXT)
    data = training_data()
    featurizer.train(data)
    messages = featurizer.process_training_data(data).training_examples
    vectors = np.vstack([message.get_dense_features("text")[1].features for message in messages])
    assert np.allclose(vectors.mean(axis=0), 0, atol=1e-4)
    assert np.isclose(np.linalg.norm(vectors, axis=1).mean(), 7, atol=1e-3)


def test_a_loaded_featurizer_gives_a_row_for_the_sentence_and_one_for_each_token(
    storage: LocalModelStorage, hashing_encoder: HashingEncoder
) -> None:
    config = configured(SentenceEncoderFeaturizer)
    trained = SentenceEncoderFeaturizer.create(config, storage, RESOURCE, CONTEXT)
    data = training_data()
    trained.train(data)
    expected = trained.process_training_data(data).training_examples[0]
    loaded = SentenceEncoderFeaturizer.load(config, storage, RESOURCE, CONTEXT)
    text = expected.get("text")
    (message,) = loaded.process([Message({"text": text, TOKENS_NAMES["text"]: text.split()})])
    sequence, sentence = message.get_dense_features("text")
    assert sentence.features.shape == (1, hashing_encoder.dimension)
    assert sequence.features.shape == (len(text.split()), hashing_encoder.dimension)
    assert np.allclose(sentence.features, expected.get_dense_features("text")[1].features)


def test_another_encoder_changes_the_fingerprint_and_is_refused(
    storage: LocalModelStorage, hashing_encoder: HashingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured(SentenceEncoderFeaturizer)
    SentenceEncoderFeaturizer.create(config, storage, RESOURCE, CONTEXT).train(training_data())
    before = SentenceEncoderFeaturizer.fingerprint_addon(config)
    monkeypatch.setattr("bot.components.encoder_featurizer.open_encoder", lambda *_: HashingEncoder("hashing-2"))
    assert SentenceEncoderFeaturizer.fingerprint_addon(config) != before
    with pytest.raises(DialogueError, match=r"hashing-1.*hashing-2"):
        SentenceEncoderFeaturizer.load(config, storage, RESOURCE, CONTEXT)


def featured(intent: str, dense: Sequence[float], sparse: Sequence[float] | None = None) -> Message:
    message = Message({"text": "x", "intent": intent})
    message.add_features(Features(np.array([dense], np.float32), "sentence", "text", "dense"))
    if sparse is not None:
        counts = scipy.sparse.csr_matrix(np.array([sparse], np.float32))
        message.add_features(Features(counts, "sentence", "text", "sparse"))
    return message


@pytest.mark.parametrize("intents", [("a", "b"), ("a", "b", "c")])
def test_a_loaded_classifier_gives_the_probabilities_of_the_regression(
    storage: LocalModelStorage, intents: tuple[str, ...]
) -> None:
    random = np.random.default_rng(0)
    labels = [intents[place % len(intents)] for place in range(30)]
    rows = random.normal(size=(30, 4)) + np.array([[intents.index(label)] for label in labels])
    config = configured(DenseLogisticRegression)
    classifier = DenseLogisticRegression.create(config, storage, RESOURCE, CONTEXT)
    classifier.train(TrainingData([featured(label, row) for label, row in zip(labels, rows, strict=True)]))

    model = LogisticRegression(class_weight="balanced", multi_class="multinomial", max_iter=2000)
    model.fit(rows.astype(np.float32), labels)
    expected = dict(zip(model.classes_, model.predict_proba(rows[:1])[0], strict=True))
    loaded = DenseLogisticRegression.load(config, storage, RESOURCE, CONTEXT)
    (message,) = loaded.process([featured("", rows[0])])
    found = {each["name"]: each["confidence"] for each in message.get("intent_ranking")}
    assert found == pytest.approx(expected, abs=0.01)
    assert message.get("intent") == message.get("intent_ranking")[0]
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_sparse_features_weigh_the_same_however_many_there_are(storage: LocalModelStorage) -> None:
    examples = [featured("a", [0, 0], [1, 0, 0]), featured("b", [0, 0], [0, 9, 9])] * 5
    config = configured(DenseLogisticRegression)
    DenseLogisticRegression.create(config, storage, RESOURCE, CONTEXT).train(TrainingData(examples))
    classifier = DenseLogisticRegression.load(config, storage, RESOURCE, CONTEXT)
    few, many, none = classifier.process(
        [featured("", [0, 0], [0, 1, 1]), featured("", [0, 0], [0, 40, 40]), featured("", [0, 0], [0, 0, 0])]
    )
    assert few.get("intent")["name"] == many.get("intent")["name"] == "b"
    assert few.get("intent")["confidence"] == pytest.approx(many.get("intent")["confidence"])
    assert none.get("intent")["confidence"] == pytest.approx(0.5, abs=0.05)


def test_a_message_without_features_has_no_intent(storage: LocalModelStorage) -> None:
    config = configured(DenseLogisticRegression)
    classifier = DenseLogisticRegression.create(config, storage, RESOURCE, CONTEXT)
    classifier.train(TrainingData([featured("a", [1, 0]), featured("b", [0, 1])]))
    (message,) = classifier.process([Message({"text": ""})])
    assert message.get("intent") == {"name": None, "confidence": 0.0}
    assert message.get("intent_ranking") == []


@pytest.mark.parametrize(
    ("text", "metadata", "expected"),
    [
        ("Wer leitet die Initiative?", None, ["de"]),
        ("Who runs the initiative?", {"other": 1}, ["en"]),
        ("Who runs the initiative?", {"language": "de"}, ["de"]),
        ("Wer leitet die Initiative?", {"language": "fr"}, ["de"]),
        ("KI.NRW", None, []),
        ("", None, []),
    ],
)
def test_the_language_is_the_chosen_one_or_the_texts(
    text: str, metadata: dict[str, Any] | None, expected: list[str]
) -> None:
    detector = LanguageDetector.create({}, LocalModelStorage(Path()), RESOURCE, CONTEXT)
    (message,) = detector.process([Message({"text": text, "metadata": metadata})])
    assert [each["value"] for each in message.get("entities", [])] == expected


def test_responses_are_filled_with_values_as_they_are() -> None:
    responses = Responses()
    responses.responses = {"utter_x": [{"text": "{quote} ({date})"}]}
    filled = responses.generate_from_slots("utter_x", {"language": "de"}, "", quote="20[1] {so} 0[2]", date="heute")
    assert filled == {"text": "20[1] {so} 0[2] (heute)"}
