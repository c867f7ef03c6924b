"""What outlives a turn: conversations, feedback, accounts. Blocking; the web application uses threads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.storage.accounts import Accounts
from bot.storage.conversations import Conversations
from bot.storage.tables import open_database


@dataclass(frozen=True)
class Store:
    """Everything kept in one database; safe to use from several threads."""

    conversations: Conversations
    accounts: Accounts

    @classmethod
    def open(cls, var: Path) -> Store:
        """The store in `var`/auskunft.db, created where missing. Raises StorageError."""
        engine = open_database(var / "auskunft.db")
        return cls(Conversations(engine), Accounts(engine))
