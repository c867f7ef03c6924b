"""People who work with the product. An account is a name, a role and a token that is shown once."""

from __future__ import annotations

from typing import Literal, cast, get_args

from sqlalchemy import insert, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from bot.storage.tables import accounts, new_token, now, reported_errors, same_digest, token_digest, writing

Role = Literal["agent", "editor", "approver", "admin"]
ROLES: tuple[str, ...] = get_args(Role)


class AccountExists(Exception):
    """There is an account of this name already."""


class Accounts:
    """Blocking, safe across threads. Every method raises StorageError when the database fails."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, name: str, role: Role) -> str:
        """Creates an account and returns its token, of which only the digest is kept. Raises AccountExists,
        and ValueError for an unknown role or a name that is empty or above 64 characters."""
        if role not in ROLES or not 1 <= len(name) <= 64:
            raise ValueError(f"no such role or name: {role!r}, {name!r}")
        token = new_token()
        row = {"name": name, "role": role, "token_digest": token_digest(token), "created": now()}
        with writing(self._engine) as connection:
            try:
                connection.execute(insert(accounts).values(row))
            except IntegrityError:
                raise AccountExists(name) from None
        return token

    def role_of(self, token: str) -> Role | None:
        """The role of the account with this token, None when there is none."""
        digest = token_digest(token)
        query = select(accounts.c.role, accounts.c.token_digest).where(accounts.c.token_digest == digest)
        with reported_errors(), self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None or not same_digest(row.token_digest, digest):
            return None
        return cast(Role, row.role)
