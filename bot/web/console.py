"""The agents' search: what the bot would find, with scores, also below the cut."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from bot.conversation.turns import cleaned
from bot.web import bodies
from bot.web.security import agent_role
from bot.web.service import Serving
from knowledge.model import BERLIN, Hit, Language, Question, Topic

router = APIRouter(prefix="/api/v1")


@router.get(
    "/search",
    dependencies=[Depends(agent_role)],
    response_model=bodies.Found,
    responses=bodies.problems(401, 403),
)
async def search(
    service: Serving,
    q: Annotated[str, Query(min_length=1, max_length=1000, description="The question")],
    k: Annotated[int | None, Query(ge=1, le=50, description="How many hits; default: as the bot")] = None,
    topic: Annotated[Topic | None, Query(description="A soft preference")] = None,
    language: Annotated[Language, Query(description="The question's language")] = "de",
) -> dict[str, Any]:
    """Finds passages the way the bot does. Needs an agent's token."""
    knowledge = service.keeper.brain.knowledge
    question = Question(cleaned(q), language, topic)
    top_k = k or service.settings.retrieval.top_k
    found = await asyncio.to_thread(knowledge.search, question, top_k)
    return {
        "hits": [_shown(hit, question.now) for hit in found.hits],
        "rejected": [_shown(hit, question.now) for hit in found.rejected],
        "confidence": found.confidence,
        "release": found.release,
    }


def _shown(hit: Hit, now: datetime) -> dict[str, Any]:
    document = hit.document
    return {
        "passage": hit.passage.text,
        "passage_id": hit.passage.id,
        "heading": hit.passage.heading,
        "score": hit.score,
        "document": {
            "id": document.id,
            "title": document.title,
            "kind": document.kind,
            "publisher": document.publisher,
            "date": document.date and document.date.isoformat(),
            "url": document.url,
            "topics": document.topics,
            "outdated": document.outdated(now.astimezone(BERLIN).date()),
            "past": document.past(now),
        },
    }
