"""Conversations, what was said in them and what people thought of it. No address, no device is stored."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection, Engine

from bot.conversation.reply import Reply
from bot.storage.tables import (
    StorageError,
    conversations,
    feedback,
    forget_deleted,
    messages,
    new_token,
    now,
    reported_errors,
    same_digest,
    token_digest,
    writing,
)


class UnknownConversation(Exception):
    """There is no such conversation, or no longer."""


class UnknownMessage(Exception):
    """The conversation has no such reply."""


class WrongToken(Exception):
    """The token does not belong to the conversation."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """An open conversation. `language` is None until the person chose one."""

    id: str
    language: str | None


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A reply as it was given. `position` counts a conversation's messages of both sides from 1."""

    position: int
    reply: dict[str, Any]


class Conversations:
    """Blocking, safe across threads. Every method raises StorageError when the database fails."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, language: str | None) -> tuple[Conversation, str]:
        """A new conversation and its token, of which only the digest is kept."""
        conversation, token, moment = Conversation(uuid.uuid4().hex, language), new_token(), now()
        row = {
            "id": conversation.id,
            "token_digest": token_digest(token),
            "language": language,
            "created": moment,
            "last_used": moment,
        }
        with writing(self._engine) as connection:
            connection.execute(insert(conversations).values(row))
        return conversation, token

    def authenticate(self, conversation_id: str, token: str) -> Conversation:
        """The conversation with this id. Raises UnknownConversation or WrongToken, both in the same time."""
        query = select(conversations).where(conversations.c.id == conversation_id)
        with reported_errors(), self._engine.connect() as connection:
            row = connection.execute(query).first()
        matches = same_digest(token_digest(token), row.token_digest if row else token_digest(""))
        if row is None:
            raise UnknownConversation(conversation_id)
        if not matches:
            raise WrongToken(conversation_id)
        return Conversation(row.id, row.language)

    def add_turn(self, conversation_id: str, text: str, replies: Sequence[Reply]) -> None:
        """Writes a person's masked text and the replies to it, together. Raises UnknownConversation."""
        with writing(self._engine) as connection:
            touched = update(conversations).where(conversations.c.id == conversation_id).values(last_used=now())
            if connection.execute(touched).rowcount == 0:
                raise UnknownConversation(conversation_id)
            _append(connection, conversation_id, id=uuid.uuid4().hex, author="person", text=text)
            for reply in replies:
                _append(
                    connection,
                    conversation_id,
                    id=reply.id,
                    author="bot",
                    text=reply.text,
                    reply=reply.as_json(),
                )

    def replies_after(self, conversation_id: str, position: int) -> list[StoredReply]:
        """The replies behind `position` in their order (0: all). Raises UnknownConversation."""
        query = (
            select(messages.c.position, messages.c.reply)
            .where(messages.c.conversation_id == conversation_id, messages.c.position > position)
            .where(messages.c.reply.is_not(None))
            .order_by(messages.c.position)
        )
        with reported_errors(), self._engine.connect() as connection:
            _require(connection, conversation_id)
            return [StoredReply(row.position, row.reply) for row in connection.execute(query)]

    def export(self, conversation_id: str) -> dict[str, Any]:
        """Everything stored about the conversation as a JSON object, except its token's digest.
        Raises UnknownConversation."""
        said = (
            select(messages, feedback.c.helpful, feedback.c.reason)
            .outerjoin(feedback, feedback.c.message_id == messages.c.id)
            .where(messages.c.conversation_id == conversation_id)
            .order_by(messages.c.position)
        )
        with reported_errors(), self._engine.connect() as connection:
            row = _require(connection, conversation_id)
            return {
                "id": row.id,
                "language": row.language,
                "created": row.created,
                "last_used": row.last_used,
                "messages": [_exported(message) for message in connection.execute(said)],
            }

    def erase(self, conversation_id: str) -> None:
        """Removes the conversation with everything said in it. Raises UnknownConversation."""
        with writing(self._engine) as connection:
            gone = connection.execute(delete(conversations).where(conversations.c.id == conversation_id))
        if gone.rowcount == 0:
            raise UnknownConversation(conversation_id)
        forget_deleted(self._engine)

    def purge(self, older_than_days: float) -> int:
        """Erases the conversations unused for longer than that; returns how many."""
        border = now(days_ago=older_than_days)
        with writing(self._engine) as connection:
            gone = connection.execute(delete(conversations).where(conversations.c.last_used < border))
        forget_deleted(self._engine)
        return int(gone.rowcount)

    def add_feedback(self, conversation_id: str, message_id: str, helpful: bool, reason: str | None) -> None:
        """Keeps a person's view of a reply; a later one replaces it. `reason` is masked already.
        Raises UnknownMessage."""
        reply = select(messages.c.id).where(
            messages.c.id == message_id,
            messages.c.conversation_id == conversation_id,
            messages.c.reply.is_not(None),
        )
        with writing(self._engine) as connection:
            if connection.execute(reply).first() is None:
                raise UnknownMessage(message_id)
            connection.execute(delete(feedback).where(feedback.c.message_id == message_id))
            row = {"message_id": message_id, "helpful": helpful, "reason": reason, "created": now()}
            connection.execute(insert(feedback).values(row))

    def reachable(self) -> bool:
        """Whether the database answers. Never raises StorageError."""
        try:
            with reported_errors(), self._engine.connect() as connection:
                connection.execute(select(conversations.c.id).limit(1)).first()
        except StorageError:
            return False
        return True


def _require(connection: Connection, conversation_id: str) -> Any:
    row = connection.execute(select(conversations).where(conversations.c.id == conversation_id)).first()
    if row is None:
        raise UnknownConversation(conversation_id)
    return row


def _append(connection: Connection, conversation_id: str, **columns: Any) -> None:
    last = select(func.coalesce(func.max(messages.c.position), 0)).where(messages.c.conversation_id == conversation_id)
    position = last.scalar_subquery() + 1
    row = {"conversation_id": conversation_id, "position": position, "created": now(), **columns}
    connection.execute(insert(messages).values(row))


def _exported(row: Any) -> dict[str, Any]:
    entry = {
        "id": row.id,
        "position": row.position,
        "author": row.author,
        "text": row.text,
        "created": row.created,
    }
    if row.reply is not None:
        entry["reply"] = row.reply
    if row.helpful is not None:
        entry["feedback"] = {"helpful": row.helpful, "reason": row.reason}
    return entry
