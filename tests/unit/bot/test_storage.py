from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot.conversation.reply import Reply
from bot.storage import Store
from bot.storage.accounts import AccountExists
from bot.storage.conversations import UnknownConversation, UnknownMessage, WrongToken
from bot.storage.tables import StorageError, now


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "var")


def _everything_on_disk(tmp_path: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (tmp_path / "var").iterdir())


def test_the_database_and_its_folder_are_made_on_first_use(tmp_path: Path) -> None:
    Store.open(tmp_path / "deep" / "var")
    assert (tmp_path / "deep" / "var" / "auskunft.db").is_file()


def test_what_was_stored_is_there_after_reopening(tmp_path: Path, store: Store) -> None:
    conversation, token = store.conversations.create("en")
    store.conversations.add_turn(conversation.id, "Hallo", [Reply("smalltalk", "Guten Tag", "de")])
    again = Store.open(tmp_path / "var").conversations
    assert again.authenticate(conversation.id, token).language == "en"
    assert [entry.reply["text"] for entry in again.replies_after(conversation.id, 0)] == ["Guten Tag"]


def test_a_token_is_256_bits_and_only_its_digest_is_stored(tmp_path: Path, store: Store) -> None:
    _, token = store.conversations.create(None)
    agents_token = store.accounts.add("Service", "agent")
    assert len(token) == len(agents_token) == 43
    assert token.encode() not in _everything_on_disk(tmp_path)
    assert agents_token.encode() not in _everything_on_disk(tmp_path)


def test_a_wrong_token_and_an_unknown_conversation_are_told_apart(store: Store) -> None:
    conversation, _ = store.conversations.create(None)
    _, other = store.conversations.create(None)
    with pytest.raises(WrongToken):
        store.conversations.authenticate(conversation.id, other)
    with pytest.raises(UnknownConversation):
        store.conversations.authenticate("0" * 32, other)


def test_messages_of_a_conversation_are_numbered_in_their_order(store: Store) -> None:
    conversation, _ = store.conversations.create(None)
    other, _ = store.conversations.create(None)
    store.conversations.add_turn(other.id, "?", [Reply("smalltalk", "!", "de") for _ in range(9)])
    for number in range(3):
        replies = [Reply("smalltalk", f"{number}.{part}", "de") for part in (1, 2)]
        store.conversations.add_turn(conversation.id, f"Frage {number}", replies)
    found = store.conversations.replies_after(conversation.id, 5)
    assert [(entry.position, entry.reply["text"]) for entry in found] == [(6, "1.2"), (8, "2.1"), (9, "2.2")]


def test_a_turn_is_written_whole_or_not_at_all(store: Store) -> None:
    conversation, _ = store.conversations.create(None)
    twice = Reply("smalltalk", "zweimal", "de")
    with pytest.raises(StorageError):
        store.conversations.add_turn(conversation.id, "Frage", [twice, twice])
    assert store.conversations.export(conversation.id)["messages"] == []


def test_erasing_leaves_no_trace_on_disk(tmp_path: Path, store: Store) -> None:
    conversation, _ = store.conversations.create(None)
    reply = Reply("smalltalk", "Fundwort-Antwort", "de")
    store.conversations.add_turn(conversation.id, "Fundwort-Frage", [reply])
    store.conversations.add_feedback(conversation.id, reply.id, True, "Fundwort-Grund")
    assert b"Fundwort" in _everything_on_disk(tmp_path)
    store.conversations.erase(conversation.id)
    assert b"Fundwort" not in _everything_on_disk(tmp_path)
    with pytest.raises(UnknownConversation):
        store.conversations.export(conversation.id)
    with pytest.raises(UnknownConversation):
        store.conversations.erase(conversation.id)


def test_a_turn_of_an_erased_conversation_is_not_stored(store: Store) -> None:
    conversation, _ = store.conversations.create(None)
    store.conversations.erase(conversation.id)
    with pytest.raises(UnknownConversation):
        store.conversations.add_turn(conversation.id, "zu spät", [])


def test_purging_erases_what_was_not_used_for_long_and_nothing_else(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, _ = store.conversations.create(None)
    monkeypatch.setattr("bot.storage.conversations.now", lambda: now(days_ago=31))
    old, _ = store.conversations.create(None)
    revived, _ = store.conversations.create(None)
    monkeypatch.setattr("bot.storage.conversations.now", now)
    store.conversations.add_turn(revived.id, "wieder da", [])
    assert store.conversations.purge(30) == 1
    store.conversations.export(fresh.id)
    store.conversations.export(revived.id)
    with pytest.raises(UnknownConversation):
        store.conversations.export(old.id)


def test_a_later_view_of_a_reply_replaces_the_earlier_one(store: Store) -> None:
    conversation, _ = store.conversations.create(None)
    reply = Reply("smalltalk", "Guten Tag", "de")
    store.conversations.add_turn(conversation.id, "Hallo", [reply])
    store.conversations.add_feedback(conversation.id, reply.id, True, None)
    store.conversations.add_feedback(conversation.id, reply.id, False, "zu kurz")
    answer = store.conversations.export(conversation.id)["messages"][1]
    assert answer["feedback"] == {"helpful": False, "reason": "zu kurz"}


def test_only_replies_of_the_conversation_itself_can_be_judged(store: Store) -> None:
    mine, _ = store.conversations.create(None)
    other, _ = store.conversations.create(None)
    reply = Reply("smalltalk", "Guten Tag", "de")
    store.conversations.add_turn(other.id, "Hallo", [reply])
    with pytest.raises(UnknownMessage):
        store.conversations.add_feedback(mine.id, reply.id, True, None)
    question = store.conversations.export(other.id)["messages"][0]
    with pytest.raises(UnknownMessage):
        store.conversations.add_feedback(other.id, question["id"], True, None)


def test_an_account_has_the_role_it_was_given(store: Store) -> None:
    tokens = {role: store.accounts.add(role, role) for role in ("agent", "editor", "approver", "admin")}
    assert {role: store.accounts.role_of(token) for role, token in tokens.items()} == {role: role for role in tokens}
    assert store.accounts.role_of("unknown") is None


def test_an_account_cannot_be_added_twice_or_with_an_unknown_role(store: Store) -> None:
    token = store.accounts.add("Service", "agent")
    with pytest.raises(AccountExists):
        store.accounts.add("Service", "admin")
    with pytest.raises(ValueError, match="king"):
        store.accounts.add("Other", "king")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="name"):
        store.accounts.add("", "agent")
    assert store.accounts.role_of(token) == "agent"


def test_a_file_that_is_no_database_is_reported(tmp_path: Path) -> None:
    (tmp_path / "auskunft.db").write_bytes(b"This is no database. " * 100)
    with pytest.raises(StorageError, match="not a database"):
        Store.open(tmp_path)


def test_a_locked_database_is_reported_without_what_was_to_be_written(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation, _ = store.conversations.create(None)
    monkeypatch.setattr("bot.storage.tables.BUSY_SECONDS", 0)
    impatient = Store.open(tmp_path / "var")
    with sqlite3.connect(tmp_path / "var" / "auskunft.db", isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked") as caught:
            impatient.conversations.add_turn(conversation.id, "Fundwort", [])
        assert impatient.conversations.reachable()
        holder.execute("ROLLBACK")
    assert "Fundwort" not in str(caught.value)


def test_a_database_that_lost_its_tables_is_not_reachable(tmp_path: Path, store: Store) -> None:
    assert store.conversations.reachable()
    with sqlite3.connect(tmp_path / "var" / "auskunft.db") as other:
        other.execute("DROP TABLE conversations")
    assert not store.conversations.reachable()
