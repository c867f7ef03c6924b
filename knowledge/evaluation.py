"""Question sets and what they measure. Pure: who answers is handed in."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any, Literal

from knowledge.errors import KnowledgeError

Expectation = Literal["answer", "decline", "smalltalk", "handover", "crisis"]
Outcome = Literal["correct", "wrong", "missed"]

_STATUSES = {"smalltalk": {"smalltalk"}, "handover": {"handover", "contact"}, "crisis": {"crisis"}}
_KNOWN = {"id", "question", "language", "expect", "documents", "keys", "intent", "dialogue", "turn"}
_DEPTHS = (1, 5, 10)
_Z = 1.959964  # two-sided 95 % of the normal distribution


class QuestionsError(KnowledgeError):
    """A question file cannot be read."""


@dataclass(frozen=True)
class GoldenQuestion:
    """One line of a question file. `extra` holds further fields, by which reports are sliced."""

    id: str
    question: str
    expect: Expectation
    language: Literal["de", "en"] = "de"
    documents: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    intent: str | None = None
    dialogue: str | None = None
    turn: int = 1
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """What a question led to: the answer as a person sees it, and the documents found, best first."""

    status: str
    text: str
    cited: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    intent: str | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class Result:
    """One question with what was shown and how that is judged."""

    question: GoldenQuestion
    shown: Shown
    outcome: Outcome


def load_questions(path: Path) -> tuple[GoldenQuestion, ...]:
    """The questions of a JSON-lines file. Raises QuestionsError naming file and line."""
    questions = []
    try:
        lines = path.read_text("utf-8").split("\n")  # splitlines() also splits at characters JSON allows in strings
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionsError("questions_unreadable", path=path, detail=error) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            questions.append(_question(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise QuestionsError("questions_line", path=path, line=number, detail=error) from None
    return tuple(questions)


def _question(values: dict[str, Any]) -> GoldenQuestion:
    if values["expect"] not in {"answer", "decline", *_STATUSES}:
        raise ValueError(f"expect: {values['expect']}")
    if any(isinstance(values.get(key), str) for key in ("documents", "keys")):
        raise ValueError("documents and keys are lists")
    known = {key: value for key, value in values.items() if key in _KNOWN and value is not None}
    known |= {key: tuple(known.get(key, ())) for key in ("documents", "keys")}
    return GoldenQuestion(**known, extra={key: value for key, value in values.items() if key not in _KNOWN})


def judge(question: GoldenQuestion, shown: Shown) -> Outcome:
    """`answer`: correct when the first cited document is expected and the text contains a key, missed when nothing
    is cited, wrong otherwise. `decline`: correct when nothing is cited, else wrong. Others: correct by status."""
    if question.expect == "decline":
        return "wrong" if shown.cited else "correct"
    if question.expect != "answer":
        return "correct" if shown.status in _STATUSES[question.expect] else "wrong"
    if not shown.cited:
        return "missed"
    text = comparable(shown.text)
    held = shown.cited[0] in question.documents and any(comparable(key) in text for key in question.keys)
    return "correct" if held else "wrong"


def comparable(text: str) -> str:
    """`text` without differences of compatibility form, case, quotes, dashes and white space."""
    text = unicodedata.normalize("NFKC", text.replace("´", "")).casefold()  # NFKC makes "´" a space and a mark
    text = re.sub(r"[„“”\"'‚‘’«»‹›`]", "", text)
    text = re.sub(r"[\u2010-\u2015\u2212-]", "-", text)
    return re.sub(r"\s+", " ", text).strip()


def play(questions: Sequence[GoldenQuestion], ask: Callable[[GoldenQuestion], Shown]) -> tuple[Result, ...]:
    """Asks all questions in their order; `ask` keeps questions of one dialogue in one conversation."""
    return tuple(Result(each, shown := ask(each), judge(each, shown)) for each in questions)


def report(results: Sequence[Result]) -> dict[str, Any]:
    """All figures as plain values: outcomes overall and per slice, retrieval and intents where they apply, and
    the risk at every coverage. Rates carry n and the 95 % interval of Wilson (1927)."""
    slices: dict[str, dict[str, Any]] = {}
    for name in ["expect", "language", *sorted({key for each in results for key in each.question.extra})]:
        values = {str(_field(each.question, name)) for each in results}
        slices[name] = {
            value: _outcomes([each for each in results if str(_field(each.question, name)) == value])
            for value in sorted(values)
        }
    return {
        "questions": len(results),
        "overall": _outcomes(results),
        "slices": slices,
        "retrieval": _retrieval([each for each in results if each.question.expect == "answer"]),
        "intent": _intents([each for each in results if each.question.intent and each.shown.intent]),
        "risk_coverage": _risk_coverage(results),
        "failures": [_failure(each) for each in results if each.outcome != "correct"],
        "correct": sorted(each.question.id for each in results if each.outcome == "correct"),
    }


def rate(count: int, n: int) -> dict[str, float | int]:
    """`count` of `n` with the 95 % interval; rates are in [0, 1]."""
    if not n:
        return {"n": 0, "rate": 0.0, "low": 0.0, "high": 1.0}
    share = count / n
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return {"n": n, "rate": round(share, 4), "low": round(low, 4), "high": round(high, 4)}


def lost(before: Iterable[str], after: Sequence[Result]) -> tuple[Result, ...]:
    """The questions that were correct `before` (by id) and are not any more."""
    known = set(before)
    return tuple(each for each in after if each.question.id in known and each.outcome != "correct")


def _field(question: GoldenQuestion, name: str) -> Any:
    return getattr(question, name) if name in ("expect", "language") else question.extra.get(name)


def _outcomes(results: Sequence[Result]) -> dict[str, Any]:
    kinds = ("correct", "wrong", "missed")
    return {kind: rate(sum(each.outcome == kind for each in results), len(results)) for kind in kinds}


def _retrieval(results: Sequence[Result]) -> dict[str, Any]:
    ranks = [_rank(each) for each in results]
    figures: dict[str, Any] = {
        f"recall@{depth}": rate(sum(rank <= depth for rank in ranks), len(ranks)) for depth in _DEPTHS
    }
    reciprocal = sum(1 / rank for rank in ranks) / len(ranks) if ranks else 0.0
    return figures | {"mrr": {"n": len(ranks), "value": round(reciprocal, 4)}}


def _rank(result: Result) -> float:
    places = [place for place, each in enumerate(result.shown.found, start=1) if each in result.question.documents]
    return min(places, default=float("inf"))


def _intents(results: Sequence[Result]) -> dict[str, Any]:
    return {"accuracy": rate(sum(each.shown.intent == each.question.intent for each in results), len(results))}


def _risk_coverage(results: Sequence[Result]) -> list[dict[str, float]]:
    """For every confidence as threshold: the share of answerable questions answered and of answers that are wrong."""
    rated = [
        each for each in results if each.question.expect in ("answer", "decline") and each.shown.confidence is not None
    ]
    rated = sorted((each for each in rated if each.shown.cited), key=lambda each: -float(each.shown.confidence or 0))
    answerable = sum(each.question.expect == "answer" for each in results)
    curve, wrong = [], 0
    for answered, each in enumerate(rated, start=1):
        wrong += each.outcome == "wrong"
        coverage = answered / answerable if answerable else 0.0
        curve.append(
            {
                "threshold": round(float(each.shown.confidence or 0), 4),
                "coverage": round(coverage, 4),
                "risk": round(wrong / answered, 4),
            }
        )
    return curve


def _failure(result: Result) -> dict[str, Any]:
    return {
        "id": result.question.id,
        "question": result.question.question,
        "outcome": result.outcome,
        "expected": list(result.question.documents),
        "shown": list(result.shown.cited),
        "status": result.shown.status,
        "text": result.shown.text[:300],
    }
