"""The citizens' API: questions, conversations, feedback, the widget's wording."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bot.conversation.redaction import mask
from bot.conversation.turns import cleaned, forget
from bot.web import bodies, events
from bot.web.problems import Refusal
from bot.web.security import OwnConversation
from bot.web.service import Serving

router = APIRouter(prefix="/api/v1")


@router.post("/ask", response_model=bodies.Answer, responses=bodies.problems())
async def ask(body: bodies.Ask, service: Serving) -> dict[str, Any]:
    """Answers one question; nothing of it is kept."""
    return (await service.turns.ask(body.question, body.language)).as_json()


@router.post("/conversations", status_code=201, response_model=bodies.Opened, responses=bodies.problems(503))
async def open_conversation(service: Serving, body: bodies.Open | None = None) -> dict[str, Any]:
    """Begins a conversation."""
    language = body.language if body else None
    conversation, token = await asyncio.to_thread(service.store.conversations.create, language)
    spoken = language or "de"
    return {
        "id": conversation.id,
        "token": token,
        "notice": service.wording.text("utter_notice", spoken),
        "suggestions": service.keeper.brain.knowledge.suggestions(spoken),
    }


@router.post(
    "/conversations/{conversation_id}/messages",
    response_model=bodies.Replies,
    responses=bodies.problems(401, 404, 503),
)
async def say(conversation: OwnConversation, body: bodies.Say, service: Serving) -> dict[str, Any]:
    """Answers a message. Every message gets a reply, also one that is empty or too long."""
    replies = await service.turns.say(conversation, body.text)
    return {"messages": [reply.as_json() for reply in replies]}


@router.get(
    "/conversations/{conversation_id}/events",
    response_class=EventSourceResponse,
    responses=bodies.problems(401, 404, 503),
)
async def stream(
    conversation: OwnConversation,
    service: Serving,
    last_event_id: Annotated[str, Header(description="Id of the last event received")] = "",
) -> AsyncIterator[ServerSentEvent]:
    """The conversation's replies as events named `reply`: the earlier ones behind `Last-Event-ID`, then every
    new one."""
    position = int(last_event_id) if last_event_id.isdecimal() and len(last_event_id) < 10 else 0
    conversations = service.store.conversations
    async for event in events.replies(service.streams, conversations, conversation.id, position):
        yield event


@router.delete("/conversations/{conversation_id}", status_code=204, responses=bodies.problems(401, 404, 503))
async def erase(conversation: OwnConversation, service: Serving) -> None:
    """Erases the conversation with everything said in it."""
    await asyncio.to_thread(service.store.conversations.erase, conversation.id)
    await forget(service.keeper.brain, conversation.id)
    service.streams.ring(conversation.id)


@router.get("/conversations/{conversation_id}/export", responses=bodies.problems(401, 404, 503))
async def export(conversation: OwnConversation, service: Serving) -> JSONResponse:
    """Everything stored about the conversation, to download."""
    content = await asyncio.to_thread(service.store.conversations.export, conversation.id)
    disposition = f'attachment; filename="ki-auskunft-{conversation.id}.json"'
    return JSONResponse(content, headers={"Content-Disposition": disposition})


@router.post("/conversations/{conversation_id}/feedback", status_code=204, responses=bodies.problems(401, 404, 503))
async def give_feedback(conversation: OwnConversation, body: bodies.Feedback, service: Serving) -> None:
    """Keeps what a person thought of a reply; a later view replaces the earlier one."""
    reason = mask(cleaned(body.reason)) if body.reason else None
    add = service.store.conversations.add_feedback
    await asyncio.to_thread(add, conversation.id, body.message_id, body.helpful, reason)
    service.figures.feedback(body.helpful)


@router.get("/wording/{language}", responses=bodies.problems(404))
async def wording(language: str, service: Serving) -> dict[str, Any]:
    """Every word the widget shows, in this language."""
    if language not in service.words:
        raise Refusal(404, "unknown_language")
    return dict(service.words[language]["widget"])
