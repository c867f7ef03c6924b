from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.evaluation import (
    GoldenQuestion,
    QuestionsError,
    Result,
    Shown,
    comparable,
    judge,
    load_questions,
    lost,
    play,
    rate,
    report,
)

ASKED = GoldenQuestion(
    "q1", "Wer moderierte?", "answer", documents=("talk", "summary"), keys=("Martin Roos", "Dr. Roos")
)
RIGHT = Shown("answered", "Durch die Runde führte Dr. Martin Roos.", ("talk",))


def expecting(expect: Any) -> GoldenQuestion:
    return GoldenQuestion("q2", "Wie wird das Wetter?", expect)


def test_an_expected_document_with_a_key_is_correct() -> None:
    assert judge(ASKED, RIGHT) == "correct"
    assert judge(ASKED, replace(RIGHT, cited=("summary", "other"))) == "correct"


def test_only_the_first_citation_counts() -> None:
    assert judge(ASKED, replace(RIGHT, cited=("other", "talk"))) == "wrong"


def test_an_expected_document_without_a_key_is_wrong() -> None:
    assert judge(ASKED, replace(RIGHT, text="Der Staatssekretär sprach.")) == "wrong"


def test_a_key_from_another_document_is_wrong() -> None:
    assert judge(ASKED, replace(RIGHT, cited=("other",))) == "wrong"


@pytest.mark.parametrize("status", ["no_answer", "candidates", "smalltalk", "contact", "out_of_scope"])
def test_showing_no_citation_misses_an_answer(status: str) -> None:
    assert judge(ASKED, Shown(status, "Martin Roos")) == "missed"


def test_a_decline_is_correct_unless_something_is_cited() -> None:
    assert judge(expecting("decline"), Shown("no_answer", "Dazu finde ich nichts.")) == "correct"
    assert judge(expecting("decline"), Shown("contact", "115")) == "correct"
    assert judge(expecting("decline"), RIGHT) == "wrong"


@pytest.mark.parametrize(
    ("expect", "status", "outcome"),
    [
        ("smalltalk", "smalltalk", "correct"),
        ("smalltalk", "no_answer", "wrong"),
        ("handover", "handover", "correct"),
        ("handover", "contact", "correct"),
        ("handover", "smalltalk", "wrong"),
        ("crisis", "crisis", "correct"),
        ("crisis", "contact", "wrong"),
        ("crisis", "answered", "wrong"),
    ],
)
def test_other_expectations_are_judged_by_status(expect: str, status: str, outcome: str) -> None:
    assert judge(expecting(expect), Shown(status, "")) == outcome


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MARTIN roos", "Martin Roos"),
        ("„Ein Algorithmus“", '"Ein Algorithmus"'),
        ("»so« ‚so‘ ‹so›", "so 'so' `so`"),
        ("das geht´s", "das geht’s"),
        ("2018\u20132020", "2018-2020"),
        ("KI\u2011NRW \u2014 ja", "KI-NRW - ja"),
        ("15.000\u00a0Euro", "15.000  Euro"),
        ("eine\n\tZeile ", " eine Zeile"),
        ("Pru\u0308fung", "Prüfung"),
        ("STRASSE", "Straße"),
        ("\ufb01nden", "finden"),
    ],
)
def test_form_case_quotes_dashes_and_white_space_make_no_difference(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(("one", "other"), [("1.000", "1,000"), ("fördern", "fordern"), ("KI NRW", "KI-NRW")])
def test_other_characters_do_make_a_difference(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


@given(st.text())
def test_nothing_comparable_has_white_space_around_it_or_twice_in_it(text: str) -> None:
    once = comparable(text)
    assert "  " not in once and once == once.strip()


# Wilson's interval as published for these counts, e.g. in Newcombe, Statistics in Medicine 17 (1998), table I.
@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(count: int, n: int, low: float, high: float) -> None:
    found = rate(count, n)
    assert (found["low"], found["high"]) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert found["rate"] == round(count / n, 4)


def test_no_observation_leaves_the_whole_interval() -> None:
    assert rate(0, 0) == {"n": 0, "rate": 0.0, "low": 0.0, "high": 1.0}


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_rate_and_stays_a_probability(counts: tuple[int, int]) -> None:
    found = rate(*counts)
    assert 0 <= found["low"] <= found["rate"] <= found["high"] <= 1


def line(**values: Any) -> str:
    return json.dumps({"id": "q1", "question": "Wer?", "expect": "answer"} | values, ensure_ascii=False)


def test_a_question_file_is_read_with_defaults_and_further_fields(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    full = line(id="q2", documents=["a"], keys=["k"], language="en", intent=None, dialogue="d", turn=2, style="terse")
    path.write_text(f"{line()}\n\n{full}\n", "utf-8")
    assert load_questions(path) == (
        GoldenQuestion("q1", "Wer?", "answer"),
        GoldenQuestion("q2", "Wer?", "answer", "en", ("a",), ("k",), None, "d", 2, {"style": "terse"}),
    )


def test_a_line_separator_inside_a_question_does_not_end_the_line(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(line(question="Wer\u2028war das?"), "utf-8")
    assert load_questions(path)[0].question == "Wer\u2028war das?"


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[1]",
        '"x"',
        "7",
        "null",
        "{}",
        '{"id": "q", "question": "Wer?"}',
        line(expect="guess"),
        '{"expect": "answer"}',
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(f"{line()}\n{bad}\n", "utf-8")
    with pytest.raises(QuestionsError, match=r"questions\.jsonl:2: keine gültige Frage"):
        load_questions(path)


def test_a_missing_or_foreign_encoded_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(QuestionsError, match=r"none\.jsonl lassen sich nicht lesen"):
        load_questions(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(line(question="Förderung?").encode("latin-1"))
    with pytest.raises(QuestionsError, match="UTF-8"):
        load_questions(tmp_path / "latin.jsonl")


def test_playing_asks_in_order_and_judges_each() -> None:
    asked: list[str] = []

    def ask(question: GoldenQuestion) -> Shown:
        asked.append(question.id)
        return RIGHT

    results = play([ASKED, expecting("decline")], ask)
    assert asked == ["q1", "q2"]
    assert [each.outcome for each in results] == ["correct", "wrong"]


def results() -> list[Result]:
    """Four answerable questions (correct, correct, wrong, missed) and one that is declined correctly."""

    def asked(number: int, language: Any = "de", **extra: Any) -> GoldenQuestion:
        return replace(ASKED, id=f"a{number}", language=language, intent="ask_events", extra=extra)

    found = Shown("answered", "Martin Roos", ("talk",), ("talk", "x"), "ask_events", 0.9)
    rows = [
        (asked(1, style="plain"), found),
        (asked(2, style="terse"), replace(found, found=("x", "summary"), intent="greet", confidence=0.8)),
        (asked(3, "en"), replace(found, cited=("x",), found=("x", "y"), confidence=0.7)),
        (asked(4, "en"), Shown("no_answer", "", (), ("x", "y", "z", "u", "v", "talk"), "ask_events", 0.1)),
        (GoldenQuestion("d1", "Wetter?", "decline"), Shown("no_answer", "", (), ("x",), "out_of_scope", 0.05)),
    ]
    return [Result(question, shown, judge(question, shown)) for question, shown in rows]


def test_the_report_counts_outcomes_overall_and_by_slice() -> None:
    figures = report(results())
    assert figures["questions"] == 5
    assert {kind: figure["rate"] for kind, figure in figures["overall"].items()} == {
        "correct": 0.6,
        "wrong": 0.2,
        "missed": 0.2,
    }
    assert figures["slices"]["language"]["en"]["correct"] == rate(0, 2)
    assert figures["slices"]["expect"]["answer"]["correct"] == rate(2, 4)
    assert figures["slices"]["style"]["terse"]["correct"] == rate(1, 1)


def test_the_report_measures_retrieval_over_answerable_questions() -> None:
    figures = report(results())["retrieval"]
    assert [figures[f"recall@{depth}"]["rate"] for depth in (1, 5, 10)] == [0.25, 0.5, 0.75]
    assert figures["mrr"] == {"n": 4, "value": round((1 + 1 / 2 + 0 + 1 / 6) / 4, 4)}


def test_the_report_measures_intents_where_one_is_expected() -> None:
    assert report(results())["intent"]["accuracy"] == rate(3, 4)


def test_risk_grows_with_the_share_of_questions_answered() -> None:
    assert report(results())["risk_coverage"] == [
        {"threshold": 0.9, "coverage": 0.25, "risk": 0.0},
        {"threshold": 0.8, "coverage": 0.5, "risk": 0.0},
        {"threshold": 0.7, "coverage": 0.75, "risk": 0.3333},
    ]


def test_the_report_names_what_failed_and_what_was_correct() -> None:
    figures = report(results())
    assert [(each["id"], each["outcome"]) for each in figures["failures"]] == [("a3", "wrong"), ("a4", "missed")]
    assert figures["correct"] == ["a1", "a2", "d1"]


def test_a_report_can_be_stored_and_is_the_same_every_time() -> None:
    assert json.loads(json.dumps(report(results()))) == report(results())


def test_an_empty_question_set_has_a_report() -> None:
    figures = report([])
    assert (figures["questions"], figures["overall"]["correct"], figures["correct"]) == (0, rate(0, 0), [])


def test_lost_are_questions_that_were_correct_and_are_not_any_more() -> None:
    gone = lost(["a1", "a3", "withdrawn"], results())
    assert [each.question.id for each in gone] == ["a3"]
