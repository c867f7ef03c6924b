"""Question to answer: retrieve, decide, pick the sentences, cite. Nothing is worded here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from knowledge.calendar import Period, asked_period, overlaps
from knowledge.decision import Decision, features
from knowledge.model import BERLIN, Answer, Citation, Document, Hit, Passage, Question, Release, Retrieval, Topic
from knowledge.retrieval import Ranking, Retriever, ScoredSentence
from knowledge.settings import AnsweringSettings

_SUGGESTIONS = 3


class Knowledge:
    """One opened release: search it, ask it. Immutable, so safe to share between threads."""

    def __init__(
        self,
        release: Release,
        retriever: Retriever,
        decision: Decision,
        settings: AnsweringSettings,
        top_k: int,
    ) -> None:
        self.release = release
        self._retriever = retriever
        self._decision = decision
        self._settings = settings
        self._top_k = top_k

    @property
    def documents(self) -> Mapping[str, Document]:
        """The release's texts by id."""
        return self._retriever.documents

    def search(self, question: Question, top_k: int | None = None) -> Retrieval:
        """The passages found for `question`; what citizens are answered from."""
        return self._retrieve(question, top_k)[0]

    def _retrieve(self, question: Question, top_k: int | None = None) -> tuple[Retrieval, Ranking]:
        ranking = self._retriever.rank(question)
        hits = ranking.hits
        if not hits:
            return Retrieval((), (), 0.0, self.release.id), ranking
        confidence = self._decision.confidence(features(question, hits))
        kept = top_k or self._top_k
        return Retrieval(hits[:kept], hits[kept:], confidence, self.release.id), ranking

    def answer(self, question: Question) -> Answer:
        """Quotes the best passage when the decision allows it, offers near questions or declines otherwise. A
        question of topic `events` that names coming days is answered from the events entered for them."""
        period = asked_period(question.text, question.now)
        if period is not None and question.topic == "events":
            return self._coming_events(question, period)
        retrieval, ranking = self._retrieve(question)
        confidence = retrieval.confidence
        if retrieval.hits and confidence >= self._decision.threshold:
            citations = self._cite(question, ranking)
            return Answer("answered", citations, (), confidence, self.release.id)
        if retrieval.hits and confidence >= self._decision.candidates:
            return Answer("candidates", (), self._near_questions(retrieval.hits), confidence, self.release.id)
        return Answer("no_answer", (), self.suggestions(question.language), confidence, self.release.id)

    def suggestions(self, language: str, topic: Topic | None = None) -> tuple[str, ...]:
        """Up to three questions the release answers, one per topic or all of `topic`, in `language`."""
        questions = self.release.suggestions.get(language, {})
        if topic is not None:
            return questions.get(topic, ())[:_SUGGESTIONS]
        return tuple(each[0] for each in questions.values() if each)[:_SUGGESTIONS]

    def _coming_events(self, question: Question, period: Period) -> Answer:
        now = question.now
        events = sorted(
            (
                document
                for document in self.documents.values()
                if document.kind == "event" and not document.past(now) and overlaps(document, period)
            ),
            key=lambda document: str(document.starts),
        )
        if not events:
            suggestions = self.suggestions(question.language, "events")
            return Answer("no_answer", (), suggestions, 1.0, self.release.id, reason="no_events")
        citations = tuple(self._cite_event(event, question) for event in events[: self._top_k])
        return Answer("answered", citations, (), 1.0, self.release.id)

    def _cite_event(self, document: Document, question: Question) -> Citation:
        passage = next(p for p in self._retriever.passages if p.document_id == document.id)
        return _citation(document, question, passage.sentences[0], passage.text)

    def _cite(self, question: Question, ranking: Ranking) -> tuple[Citation, ...]:
        sentences = self._retriever.best_sentences(question, ranking)
        quotes = quoted(sentences, self._settings.quote_sentences, self._settings.sentence_margin)
        return tuple(_citation(hit.document, question, quote, hit.passage.text) for hit, quote in quotes)

    def _near_questions(self, hits: Sequence[Hit]) -> tuple[str, ...]:
        documents = dict.fromkeys(hit.document.id for hit in hits)
        near = [self.documents[each].questions[0] for each in documents if self.documents[each].questions]
        return tuple(near[:_SUGGESTIONS])


def quoted(
    sentences: Sequence[ScoredSentence], quote_sentences: int, sentence_margin: float
) -> tuple[tuple[Hit, str], ...]:
    """The best of `sentences` (sorted, at least one) with their hits, best first; neighbours become one quote,
    a substring of its passage. A further sentence is taken when its score is within `sentence_margin` of the best."""
    chosen = [each for each in sentences[:quote_sentences] if sentences[0].score - each.score <= sentence_margin]
    runs: list[list[ScoredSentence]] = []
    for each in sorted(chosen, key=lambda each: (each.hit.passage.id, each.position)):
        follows = runs and runs[-1][-1].hit is each.hit and runs[-1][-1].position + 1 == each.position
        if follows:
            runs[-1].append(each)
        else:
            runs.append([each])
    runs.sort(key=lambda run: -max(each.score for each in run))
    return tuple((run[0].hit, _wording(run[0].hit.passage, run[0].position, run[-1].position)) for run in runs)


def _wording(passage: Passage, first: int, last: int) -> str:
    starts, end = [], 0
    for sentence in passage.sentences[: last + 1]:
        starts.append(passage.text.index(sentence, end))
        end = starts[-1] + len(sentence)
    return passage.text[starts[first] : end]


def _citation(document: Document, question: Question, quote: str, passage: str) -> Citation:
    return Citation(
        document.id,
        document.title,
        document.publisher,
        document.date,
        document.url,
        quote,
        passage,
        document.outdated(question.now.astimezone(BERLIN).date()),
        document.kind == "event" and document.past(question.now),
    )
