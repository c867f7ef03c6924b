"""The tables, and the database they lie in. Only digests of tokens and masked texts ever reach it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

BUSY_SECONDS = 5.0


class StorageError(Exception):
    """The database cannot be read or written; `reason` names the cause and never holds a stored value."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


MOMENT = String(32)  # ISO 8601 in UTC; sorts by time

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("token_digest", String(64), nullable=False),
    Column("language", String(8)),
    Column("created", MOMENT, nullable=False),
    Column("last_used", MOMENT, nullable=False, index=True),
)


def _conversation_id() -> Column[str]:
    return Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False)


messages = Table(
    "messages",
    metadata,
    Column("id", String(32), primary_key=True),
    _conversation_id(),
    Column("position", Integer, nullable=False),
    Column("author", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("reply", JSON(none_as_null=True)),
    Column("created", MOMENT, nullable=False),
    UniqueConstraint("conversation_id", "position"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("message_id", ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("helpful", Boolean, nullable=False),
    Column("reason", Text),
    Column("created", MOMENT, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("token_digest", String(64), nullable=False),
    Column("created", MOMENT, nullable=False),
    Index("accounts_by_token", "token_digest", unique=True),
)


def _prepare(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def open_database(path: Path) -> Engine:
    """The SQLite database at `path`, made with its folder and tables where missing. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            f"sqlite:///{path}",
            future=True,
            poolclass=QueuePool,
            hide_parameters=True,  # an error message must not repeat what somebody wrote
            connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
        )
        event.listen(engine, "connect", _prepare)
        with reported_errors():
            metadata.create_all(engine)
    except OSError as error:
        raise StorageError(str(error)) from None
    return engine


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turns the database library's errors into StorageError."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StorageError(f"{type(error).__name__}: {getattr(error, 'orig', None) or error}") from None


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction, written whole or not at all. Raises StorageError."""
    with reported_errors(), engine.begin() as connection:
        yield connection


def forget_deleted(engine: Engine) -> None:
    """Empties the write-ahead log, which still holds what was just deleted. Leaves it to the next call while
    somebody reads."""
    with reported_errors(), engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def new_token() -> str:
    """256 random bits, safe in a header."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What is stored in a token's place: SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def same_digest(one: str, other: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(one, other)


def now(days_ago: float = 0) -> str:
    """The present moment, or one in the past, as the tables hold it."""
    return (datetime.now(UTC) - timedelta(days=days_ago)).isoformat(timespec="microseconds")
