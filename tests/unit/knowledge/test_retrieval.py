from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from knowledge.model import Document, Question, Source
from knowledge.retrieval import Indexes, Left, Retriever
from tests.fakes import HashEncoder
from tests.workshop import NOW, SUPPORT, TALK, retriever_over

FRUIT = Document("obst", "Obst im Garten", "Die Quitte reift im Oktober. Der Apfel reift im August.", topics=("other",))
TEXTS = [TALK, SUPPORT, FRUIT]


def asking(text: str, **values: object) -> Question:
    return replace(Question(text, now=NOW), **values)


def ranked(retriever: Retriever, text: str, **values: object) -> list[str]:
    """Document ids in the order of their best passage."""
    hits = retriever.rank(asking(text, **values)).hits
    return list(dict.fromkeys(hit.document.id for hit in hits))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wann reift die Quitte?", "obst"),
        ("Wie hoch ist der Zuschuss im Handwerk?", "foerderung"),
        ("Hat ein Algorithmus Taktgefühl?", "talk"),
    ],
)
def test_the_text_that_says_it_comes_first(text: str, expected: str) -> None:
    assert ranked(retriever_over(TEXTS), text)[0] == expected


def test_a_lay_question_leads_to_its_text_though_no_word_is_shared() -> None:
    asked = asking("Welche Vitamine wachsen daheim?")
    plain, lay = (
        next(hit for hit in retriever_over([TALK, SUPPORT, document]).rank(asked).hits if hit.document.id == "obst")
        for document in (FRUIT, replace(FRUIT, questions=(asked.text,)))
    )
    assert lay.signals["question_cosine"] == pytest.approx(1, abs=1e-5)
    assert lay.score > plain.score


def test_hits_come_by_falling_score_and_carry_every_cosine() -> None:
    hits = retriever_over(TEXTS).rank(asking("Wann reift der Apfel?")).hits
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        cosines = [hit.signals[name] for name in ("passage_cosine", "sentence_cosine", "question_cosine")]
        assert all(-1.001 <= cosine <= 1.001 for cosine in cosines)


def test_every_passage_is_found_at_most_once() -> None:
    hits = retriever_over(TEXTS).rank(asking("Wer führte durch die Runde?")).hits
    assert len({hit.passage.id for hit in hits}) == len(hits)


@pytest.mark.parametrize("text", ["", "?", "🙂", "xyzzy", "a" * 5000, "<script>alert(1)</script>", "../../etc"])
def test_any_text_can_be_searched(text: str) -> None:
    assert all(np.isfinite(hit.score) for hit in retriever_over(TEXTS).rank(asking(text)).hits)


def test_the_topic_is_a_preference_and_no_filter() -> None:
    retriever = retriever_over(TEXTS, topic_bonus=0.5)
    plain, preferred = (
        {hit.passage.id: hit.score for hit in retriever.rank(asking("Wann reift die Quitte?", topic=topic)).hits}
        for topic in (None, "sme_support")
    )
    assert plain.keys() == preferred.keys()
    raised = {each for each in plain if preferred[each] > plain[each]}
    assert raised and all(each.startswith("foerderung") for each in raised)


def test_what_is_left_out_is_not_found() -> None:
    ranking = retriever_over(TEXTS).rank(asking("Wann reift die Quitte?"), Left(("obst",)))
    assert {hit.document.id for hit in ranking.hits} == {"talk", "foerderung"}


def test_leaving_everything_out_finds_nothing() -> None:
    everything = Left(tuple(document.id for document in TEXTS))
    assert retriever_over(TEXTS).rank(asking("Wann reift die Quitte?"), everything).hits == ()


def test_a_known_vector_gives_the_same_ranking_as_encoding_it() -> None:
    retriever = retriever_over(TEXTS)
    question = asking("Wer führte durch die Runde?")
    vector = HashEncoder().encode_queries([question.text])[0]
    assert retriever.rank(question, vector=vector).hits == retriever.rank(question).hits


def test_words_count_for_german_questions_only() -> None:
    settings = {"weights": {"words": 5}, "foreign_weights": {"words": 0, "ngrams": 0}}
    retriever = retriever_over(TEXTS, **settings)
    words = {
        language: [
            hit.score for hit in retriever.rank(asking("Quitte", language=language)).hits if hit.signals["words"]
        ]
        for language in ("de", "en")
    }
    assert max(words["de"]) > max(words["en"])


OLD = Document("alt", "Quitten 2020", "Die Quitte reift im September.", superseded_by="neu")
NEW = Document("neu", "Ernte im Garten", "Nach neuer Zählung ist es der Oktober.", superseded_by="")


def test_a_replaced_text_ranks_below_the_one_that_replaces_it_however_well_it_fits() -> None:
    order = ranked(retriever_over([OLD, NEW, TALK]), "Die Quitte reift im September.")
    assert order.index("neu") < order.index("alt")


def test_a_successor_stands_above_even_where_it_was_not_found_itself() -> None:
    order = ranked(retriever_over([OLD, NEW, *TEXTS], candidates=1), "Die Quitte reift im September.")
    assert order.index("neu") < order.index("alt")


def test_a_chain_of_replaced_texts_is_ranked_from_the_newest() -> None:
    oldest = Document("uralt", "Quitten 2010", "Die Quitte reift im Juli.", superseded_by="alt")
    for candidates in (1, 50):
        order = ranked(retriever_over([oldest, OLD, NEW, TALK], candidates=candidates), "Die Quitte reift im Juli.")
        assert [each for each in order if each != "talk"] == ["neu", "alt", "uralt"]


def test_texts_that_replace_each_other_are_still_found() -> None:
    circle = replace(NEW, superseded_by="alt")
    assert {"alt", "neu"} <= set(ranked(retriever_over([OLD, circle, TALK]), "Die Quitte reift im September."))


def test_a_replaced_original_stays_below_its_successor_beside_a_summary() -> None:
    original = Document("pm", "Quitten", "Ernte ist bald.", superseded_by="neu")
    summary = Document(
        "blatt", "Quitten", "Die Quitte reift.", kind="fact_sheet", sources=(Source("Land", document="pm"),)
    )
    retriever = retriever_over([original, summary, NEW, TALK], original_margin=100)
    order = ranked(retriever, "Die Quitte reift.")
    assert order.index("neu") < order.index("pm")


def test_a_text_stands_above_its_summary_unless_that_is_far_ahead() -> None:
    original = Document("pm", "Ernte", "Die Ernte der Quitte ist bald.")
    summary = Document(
        "blatt", "Quitten", "Die Quitte reift.", kind="fact_sheet", sources=(Source("Land", document="pm"),)
    )
    orders = [
        ranked(retriever_over([original, summary, TALK], original_margin=margin), "Die Quitte reift.")
        for margin in (100, 0)
    ]
    assert [order.index("pm") < order.index("blatt") for order in orders] == [True, False]


def test_an_expired_text_loses_against_a_valid_one_of_the_same_wording() -> None:
    expired = replace(SUPPORT, id="abgelaufen", valid_until=date(2026, 3, 10))
    retriever = retriever_over([expired, SUPPORT, TALK])
    assert ranked(retriever, "Wie hoch ist der Zuschuss?")[:2] == ["foerderung", "abgelaufen"]


def test_validity_ends_with_the_day_in_berlin() -> None:
    last_day = replace(SUPPORT, id="befristet", valid_until=date(2026, 3, 11))
    retriever = retriever_over([last_day, TALK], outdated_penalty=0.7)

    def score(now: datetime) -> float:
        return retriever.rank(asking("Wie hoch ist der Zuschuss?", now=now)).hits[0].score

    valid, over = score(datetime(2026, 3, 11, 22, 59, tzinfo=UTC)), score(datetime(2026, 3, 11, 23, 1, tzinfo=UTC))
    assert valid - over == pytest.approx(0.7, abs=1e-6)


def test_the_sentences_to_quote_are_those_of_the_first_text_best_first() -> None:
    retriever = retriever_over(TEXTS)
    question = asking("Wann reift der Apfel?")
    sentences = retriever.best_sentences(question, retriever.rank(question))
    assert {each.hit.document.id for each in sentences} == {"obst"}
    assert [each.score for each in sentences] == sorted((each.score for each in sentences), reverse=True)
    best = sentences[0]
    assert best.hit.passage.sentences[best.position] == "Der Apfel reift im August."


def test_saved_indexes_rank_the_same(tmp_path: Path) -> None:
    retriever = retriever_over([*TEXTS, OLD, NEW])
    retriever.indexes.save(tmp_path)
    loaded = Retriever(
        retriever.documents, retriever.passages, Indexes.load(tmp_path), HashEncoder(), retriever._settings
    )
    for text in ("Wann reift die Quitte?", "Zuschuss", "Who spoke?"):
        assert loaded.rank(asking(text)).hits == retriever.rank(asking(text)).hits


def test_the_same_question_is_ranked_the_same_every_time() -> None:
    question = asking("Wer führte durch die Runde?")
    assert retriever_over(TEXTS).rank(question).hits == retriever_over(TEXTS).rank(question).hits
