"""Question to ranked passages: four signals over passages and one over the lay questions, standardised and added.

Adding z-normalised scores, unlike fusing ranks, keeps how far ahead of the others a passage is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.encoder import Encoder
from knowledge.index import VectorIndex
from knowledge.lexical import LexicalIndex
from knowledge.model import BERLIN, Document, Hit, Passage, Question
from knowledge.settings import RetrievalSettings

_JUST_BELOW = 0.01


@dataclass(frozen=True)
class Indexes:
    """Everything searched for one release. Row i of `passages`, `words` and `ngrams` is passage i; its sentences
    are the rows sentence_starts[i] to sentence_starts[i + 1] of `sentences` and `sentence_ngrams`; row j of the
    question indexes belongs to passage question_passages[j]."""

    passages: VectorIndex
    sentences: VectorIndex
    questions: VectorIndex
    words: LexicalIndex
    ngrams: LexicalIndex
    sentence_ngrams: LexicalIndex
    question_ngrams: LexicalIndex | None
    sentence_starts: np.ndarray
    question_passages: np.ndarray

    @property
    def sentence_passages(self) -> np.ndarray:
        """The passage row of every sentence row."""
        return np.repeat(np.arange(len(self.sentence_starts) - 1), np.diff(self.sentence_starts))

    def save(self, folder: Path) -> None:
        """Writes all indexes into the existing `folder`."""
        for name in ("passages", "sentences", "questions"):
            getattr(self, name).save(folder / f"{name}.faiss")
        for name in ("words", "ngrams", "sentence_ngrams", "question_ngrams"):
            if getattr(self, name) is not None:
                getattr(self, name).save(folder / name)
        np.savez(folder / "rows.npz", sentences=self.sentence_starts, questions=self.question_passages)

    @classmethod
    def load(cls, folder: Path) -> Indexes:
        """Opens what `save` wrote."""
        questions = folder / "question_ngrams"
        with np.load(folder / "rows.npz", allow_pickle=False) as rows:
            return cls(
                passages=VectorIndex.load(folder / "passages.faiss"),
                sentences=VectorIndex.load(folder / "sentences.faiss"),
                questions=VectorIndex.load(folder / "questions.faiss"),
                words=LexicalIndex.load(folder / "words"),
                ngrams=LexicalIndex.load(folder / "ngrams"),
                sentence_ngrams=LexicalIndex.load(folder / "sentence_ngrams"),
                question_ngrams=LexicalIndex.load(questions) if questions.exists() else None,
                sentence_starts=rows["sentences"],
                question_passages=rows["questions"],
            )


@dataclass(frozen=True, slots=True)
class Left:
    """What a retrieval leaves out, to learn from a question whose text is missing."""

    documents: tuple[str, ...] = ()


NOTHING = Left()


@dataclass(frozen=True, slots=True)
class Ranking:
    """Hits by falling score and the query's vector. Hits carry the raw cosines as signals `passage_cosine`,
    `sentence_cosine` and `question_cosine` beside the standardised signals they were fused from."""

    hits: tuple[Hit, ...]
    vector: np.ndarray


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """Sentence number `position` of a hit's passage; `score` is comparable within one question only."""

    hit: Hit
    position: int
    score: float


class Retriever:
    """Searches one release. Immutable, so safe to share between threads."""

    def __init__(
        self,
        documents: Mapping[str, Document],
        passages: Sequence[Passage],
        indexes: Indexes,
        encoder: Encoder,
        settings: RetrievalSettings,
    ) -> None:
        self.documents = documents
        self.passages = passages
        self.indexes = indexes
        self._encoder = encoder
        self._settings = settings
        self._sentence_passages = indexes.sentence_passages
        self._rows_of: dict[str, list[int]] = {}
        for row, passage in enumerate(passages):
            self._rows_of.setdefault(passage.document_id, []).append(row)

    def rank(self, question: Question, left: Left = NOTHING, vector: np.ndarray | None = None) -> Ranking:
        """All candidates of all signals for `question`, best first. `vector` is its encoding where that is known."""
        if vector is None:
            vector = self._encoder.encode_queries([question.text])[0]
        lexical = {
            "words": _standardised(self.indexes.words.scores(question.text)),
            "ngrams": _standardised(self.indexes.ngrams.scores(question.text)),
        }
        by_question = self._question_scores(question.text, vector)
        rows = self._candidates(vector, lexical, by_question, left)
        signals = self._signals(vector, rows, lexical, by_question)
        scores = self._fuse(question, rows, signals)
        order = np.argsort(-scores, kind="stable")
        hits = tuple(
            self._hit(int(rows[i]), float(scores[i]), {k: float(v[i]) for k, v in signals.items()}) for i in order
        )
        return Ranking(hits, vector)

    def best_sentences(self, question: Question, ranking: Ranking) -> tuple[ScoredSentence, ...]:
        """The sentences of the first hit's document that were found, best first. A score adds vectors and, for
        German questions, n-grams, each standardised over these sentences."""
        first = ranking.hits[0].document.id
        hits = [hit for hit in ranking.hits if hit.document.id == first]
        rows = np.concatenate([self._sentence_rows(hit.passage) for hit in hits])
        scores = _standardised(self.indexes.sentences.scores(ranking.vector, rows))
        if question.language == "de":
            grams = self.indexes.sentence_ngrams.scores(question.text)[rows]
            scores = scores + self._settings.sentence_ngrams * _standardised(grams)
        places = [(hit, position) for hit in hits for position in range(len(hit.passage.sentences))]
        order = np.argsort(-scores, kind="stable")
        return tuple(ScoredSentence(places[index][0], places[index][1], float(scores[index])) for index in order)

    def _sentence_rows(self, passage: Passage) -> np.ndarray:
        row = next(row for row in self._rows_of[passage.document_id] if self.passages[row].id == passage.id)
        return np.arange(self.indexes.sentence_starts[row], self.indexes.sentence_starts[row + 1])

    def _question_scores(self, text: str, vector: np.ndarray) -> dict[int, tuple[float, float]]:
        """Passage row → (cosine, standardised score) of the most similar lay question that leads to it."""
        rows = self.indexes.questions.search(vector, self._settings.candidates)
        if not len(rows):
            return {}
        cosines = self.indexes.questions.scores(vector, rows)
        standard = self.indexes.questions.standardise(vector, cosines)
        if self.indexes.question_ngrams is not None:
            standard = (standard + _standardised(self.indexes.question_ngrams.scores(text))[rows]) / 2
        best: dict[int, tuple[float, float]] = {}
        for row, cosine, score in zip(rows, cosines, standard, strict=True):
            passage = int(self.indexes.question_passages[row])
            known = best.get(passage, (-1.0, -np.inf))
            best[passage] = (max(known[0], float(cosine)), max(known[1], float(score)))
        return best

    def _candidates(
        self,
        vector: np.ndarray,
        lexical: dict[str, np.ndarray],
        by_question: dict[int, tuple[float, float]],
        left: Left,
    ) -> np.ndarray:
        top_k = self._settings.candidates
        found = [
            self.indexes.passages.search(vector, top_k),
            self._sentence_passages[self.indexes.sentences.search(vector, top_k)],
            *(_largest(scores, top_k) for scores in lexical.values()),
            np.fromiter(by_question, np.int64),
        ]
        rows = {int(row) for row in np.concatenate(found)}
        for row in list(rows):  # a replaced text never stands without the one that replaces it
            for successor in self._successors(self.passages[row].document_id):
                rows.update(self._rows_of.get(successor, ()))
        return np.array(sorted(row for row in rows if self.passages[row].document_id not in left.documents), np.int64)

    def _successors(self, document_id: str) -> list[str]:
        chain: list[str] = []
        while document_id in self.documents and self.documents[document_id].superseded_by not in ("", *chain):
            document_id = self.documents[document_id].superseded_by
            chain.append(document_id)
        return chain

    def _signals(
        self,
        vector: np.ndarray,
        rows: np.ndarray,
        lexical: dict[str, np.ndarray],
        by_question: dict[int, tuple[float, float]],
    ) -> dict[str, np.ndarray]:
        cosines = self.indexes.passages.scores(vector, rows)
        sentences = self._best_sentences(vector, rows)
        asked = [by_question.get(int(row), (0.0, 0.0)) for row in rows]
        return {
            "words": lexical["words"][rows],
            "ngrams": lexical["ngrams"][rows],
            "passages": self.indexes.passages.standardise(vector, cosines),
            "sentences": self.indexes.sentences.standardise(vector, sentences),
            "questions": np.array([max(score, 0.0) for _, score in asked]),
            "passage_cosine": cosines,
            "sentence_cosine": sentences,
            "question_cosine": np.array([cosine for cosine, _ in asked]),
        }

    def _best_sentences(self, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
        starts, ends = self.indexes.sentence_starts[rows], self.indexes.sentence_starts[rows + 1]
        if not len(rows):
            return np.empty(0, np.float32)
        members = np.concatenate([np.arange(start, end) for start, end in zip(starts, ends, strict=True)])
        scores = self.indexes.sentences.scores(vector, members)
        borders = np.concatenate([[0], np.cumsum(ends - starts)[:-1]])
        return np.maximum.reduceat(scores, borders)

    def _fuse(self, question: Question, rows: np.ndarray, signals: dict[str, np.ndarray]) -> np.ndarray:
        german = question.language == "de"
        weights = self._settings.weights if german else self._settings.foreign_weights
        scores = sum(
            (weight * signals[name] for name, weight in weights.model_dump().items()),
            start=np.zeros(len(rows)),
        )
        documents = [self.documents[self.passages[row].document_id] for row in rows]
        today = question.now.astimezone(BERLIN).date()
        scores += self._settings.topic_bonus * np.array([question.topic in document.topics for document in documents])
        scores -= self._settings.outdated_penalty * np.array([document.outdated(today) for document in documents])
        return _below_successors(_originals_first(scores, documents, self._settings.original_margin), documents)

    def _hit(self, row: int, score: float, signals: dict[str, float]) -> Hit:
        passage = self.passages[row]
        return Hit(passage, self.documents[passage.document_id], score, signals)


def _below_successors(scores: np.ndarray, documents: Sequence[Document]) -> np.ndarray:
    best = _best_scores(scores, documents)
    successors = {document.id: document.superseded_by for document in documents}

    def limit(document_id: str, above: frozenset[str] = frozenset()) -> float:
        successor = successors[document_id]
        if successor not in best or successor in above:
            return np.inf
        return min(best[successor], limit(successor, above | {successor})) - _JUST_BELOW

    return np.minimum(scores, [limit(document.id) for document in documents])


def _originals_first(scores: np.ndarray, documents: Sequence[Document], margin: float) -> np.ndarray:
    """A text is raised above its summary unless that is ahead by more than `margin`."""
    best = _best_scores(scores, documents)
    raised: dict[str, float] = {}
    for document in documents:
        lead = best[document.id] - best.get(document.original, -np.inf)
        if 0 <= lead <= margin:
            raised[document.original] = max(raised.get(document.original, 0.0), lead + _JUST_BELOW)
    return scores + [raised.get(document.id, 0.0) for document in documents]


def _best_scores(scores: np.ndarray, documents: Sequence[Document]) -> dict[str, float]:
    best: dict[str, float] = {}
    for document, score in zip(documents, scores, strict=True):
        best[document.id] = max(best.get(document.id, -np.inf), float(score))
    return best


def _standardised(scores: np.ndarray) -> np.ndarray:
    deviation = float(scores.std())
    return (scores - scores.mean()) / deviation if deviation > 0 else np.zeros_like(scores)


def _largest(scores: np.ndarray, count: int) -> np.ndarray:
    if count >= len(scores):
        return np.arange(len(scores))
    return np.argpartition(-scores, count)[:count]


def build_indexes(
    documents: Mapping[str, Document],
    passages: Sequence[Passage],
    encode_passages: Callable[[list[str]], np.ndarray],
    encode_queries: Callable[[list[str]], np.ndarray],
) -> Indexes:
    """Indexes `passages` (at least one) with all their sentences and the documents' lay questions. A question
    belongs to the passage of its document whose vector or best sentence is nearest to it."""
    texts = [passage.encoded_text for passage in passages]
    sentences = [sentence for passage in passages for sentence in passage.encoded_sentences]
    questions = [(document_id, text) for document_id, document in documents.items() for text in document.questions]
    starts = np.concatenate([[0], np.cumsum([len(passage.sentences) for passage in passages])]).astype(np.int64)
    passage_vectors = encode_passages(texts)
    sentence_vectors = encode_passages(sentences)
    question_vectors = encode_queries([text for _, text in questions])
    rows_of: dict[str, list[int]] = {}
    for row, passage in enumerate(passages):
        rows_of.setdefault(passage.document_id, []).append(row)
    nearest = [
        max(
            rows_of[document_id],
            key=lambda row: float(
                passage_vectors[row] @ vector + (sentence_vectors[starts[row] : starts[row + 1]] @ vector).max()
            ),
        )
        for (document_id, _), vector in zip(questions, question_vectors, strict=True)
    ]
    return Indexes(
        passages=VectorIndex.build(passage_vectors),
        sentences=VectorIndex.build(sentence_vectors),
        questions=VectorIndex.build(question_vectors),
        words=LexicalIndex.build(texts, "words"),
        ngrams=LexicalIndex.build(texts, "ngrams"),
        sentence_ngrams=LexicalIndex.build(sentences, "ngrams"),
        question_ngrams=LexicalIndex.build([text for _, text in questions], "ngrams") if questions else None,
        sentence_starts=starts,
        question_passages=np.array(nearest, np.int64),
    )
