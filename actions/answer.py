"""Answering from the published texts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from knowledge.model import Answer, Citation, Language, Question, Topic

if TYPE_CHECKING:
    from knowledge.answering import Knowledge

_TOPICS: dict[str, Topic] = {
    "ask_ki_nrw": "ki_nrw",
    "ask_sme_support": "sme_support",
    "ask_events": "events",
    "ask_other_initiatives": "other",
}


@dataclass(frozen=True)
class Rendering:
    """An answer on its way out: a response of domain.yml, the values it is filled with, and the public
    payload (`status`, `citations`, `suggestions`, `release`)."""

    response: str
    values: dict[str, str]
    payload: dict[str, Any]


def rendering(answer: Answer, out_of_scope: bool = False) -> Rendering:
    """How `answer` is shown. With `out_of_scope` the question seemed to be about something else: then
    anything but an answer declines it as such."""
    if out_of_scope and answer.status != "answered":
        payload = _payload(answer) | {"status": "out_of_scope", "citations": []}
        return Rendering("utter_out_of_scope", {}, payload)
    if answer.status == "answered":
        return Rendering(_frame(answer.citations[0]), _values(answer.citations), _payload(answer))
    if answer.status == "candidates":
        return Rendering("utter_candidates", {}, _payload(answer))
    declined = "utter_no_events" if answer.reason == "no_events" else "utter_no_answer"
    return Rendering(declined, {}, _payload(answer))


def language_of(tracker: Tracker) -> Language:
    """The conversation's language; German until another one was recognised."""
    return "en" if tracker.get_slot("language") == "en" else "de"


class AnswerAction(Action):
    """Says what the texts say. Without `knowledge` it opens the published release when it is first asked."""

    def __init__(self, knowledge: Knowledge | None = None) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        return "action_answer"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        intent = (tracker.latest_message.get("intent") or {}).get("name")
        text = tracker.latest_message.get("text") or ""
        question = Question(text, language_of(tracker), _TOPICS.get(intent or ""))
        answer = await asyncio.to_thread(self._answer, question)
        shown = rendering(answer, out_of_scope=intent == "out_of_scope")
        dispatcher.utter_message(response=shown.response, json_message=shown.payload, **shown.values)
        return []

    def _answer(self, question: Question) -> Answer:
        return (self._knowledge or _published()).answer(question)


@cache
def _published() -> Knowledge:
    # Imported late: they pull in the index, and the service hands its own knowledge over.
    from knowledge.releases import open_release
    from knowledge.settings import load_settings

    return open_release(load_settings())


def _frame(citation: Citation) -> str:
    if citation.past:
        return "utter_answered_event_past"
    return "utter_answered_outdated" if citation.outdated else "utter_answered"


def _values(citations: tuple[Citation, ...]) -> dict[str, str]:
    first = citations[0]
    quotes = [f"„{first.quote}“"]
    for before, citation in pairwise(citations):
        if citation.document_id != before.document_id:
            quotes.append(f"{_source(citation, _german(citation))}:")
        quotes.append(f"„{citation.quote}“")
    return {
        "title": first.title,
        "publisher": first.publisher,
        "date": _german(first),
        "iso_date": _iso(first),
        "source": _source(first, _german(first)),
        "iso_source": _source(first, _iso(first)),
        "quote": "\n\n".join(quotes),
    }


def _source(citation: Citation, date: str) -> str:
    origin = ", ".join(part for part in (citation.publisher, date) if part)
    return f"{citation.title} ({origin})" if origin else citation.title


def _german(citation: Citation) -> str:
    return f"{citation.date:%d.%m.%Y}" if citation.date else ""


def _iso(citation: Citation) -> str:
    return citation.date.isoformat() if citation.date else ""


def _payload(answer: Answer) -> dict[str, Any]:
    return {
        "status": answer.status,
        "citations": [_public(citation) for citation in answer.citations],
        "suggestions": list(answer.suggestions),
        "release": answer.release,
    }


def _public(citation: Citation) -> dict[str, Any]:
    return {
        "document_id": citation.document_id,
        "title": citation.title,
        "publisher": citation.publisher,
        "date": citation.date.isoformat() if citation.date else None,
        "url": citation.url or f"/texte/{quote(citation.document_id, safe='')}",
        "quote": citation.quote,
        "passage": citation.passage,
        "outdated": citation.outdated,
    }
