from __future__ import annotations

import bot.dialogue  # noqa: F401 - sets Rasa's environment before Rasa is imported
from bot.components.memory import Memory


def test_what_is_kept_is_recalled_until_it_is_forgotten() -> None:
    memory = Memory()
    memory.keep("a", "1")
    assert memory.recall("a") == "1"
    memory.forget("a")
    assert memory.recall("a") is None
    memory.forget("a")


def test_the_least_recently_used_conversation_makes_room() -> None:
    memory = Memory(conversations=2)
    for conversation in ("a", "b", "a", "c"):
        memory.keep(conversation, "")
    assert set(memory) == {"a", "c"}


def test_an_idle_conversation_is_dropped_and_a_busy_one_stays() -> None:
    now = 0.0
    memory = Memory(idle_seconds=10, clock=lambda: now)
    memory.keep("idle", "")
    memory.keep("busy", "")
    now = 9.0
    memory.keep("busy", "still there")
    now = 11.0
    assert memory.recall("idle") is None
    assert "idle" not in memory
    assert memory.recall("busy") == "still there"
