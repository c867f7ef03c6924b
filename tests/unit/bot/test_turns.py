from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from bot.conversation.turns import Turns, cleaned, refusal
from bot.storage import Store
from bot.storage.conversations import UnknownConversation
from knowledge.settings import Limits, Settings
from tests.fakes import QUOTE, WORDING, FakeDialogue, FakeKnowledge, Shelf, brain, shelf


class Stage:
    """Turns over a dialogue and a store, and what they told about themselves."""

    def __init__(self, folder: Path, releases: Shelf, seconds: float = 5) -> None:
        self.releases = releases
        self.store = Store.open(folder)
        self.keeper = releases.keeper(Settings.model_validate({"root": folder}))
        self.observed: list[str] = []
        self.announced: list[str] = []
        self.turns = Turns(
            self.keeper,
            self.store.conversations,
            WORDING,
            Limits(message_characters=100, question_seconds=seconds),
            lambda status, _seconds: self.observed.append(status),
            self.announced.append,
        )
        self.conversation, _ = self.store.conversations.create(None)

    def stored(self) -> list[str]:
        messages = self.store.conversations.export(self.conversation.id)["messages"]
        return [message["text"] for message in messages]


@pytest.fixture
def dialogue() -> FakeDialogue:
    return FakeDialogue()


@pytest.fixture
def stage(tmp_path: Path, dialogue: FakeDialogue) -> Stage:
    return Stage(tmp_path, shelf(brain(dialogue=dialogue)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Hallo\t Welt \n", "Hallo  Welt"),
        ("Fo\u0308rderung", "Förderung"),
        ("Digi\u00adtal\u200bisierung\u202e", "Digitalisierung"),
        ("a\x00b\x1b[31m\ud800\r\nc", "ab[31m\nc"),
        ("<b>fett</b>", "<b>fett</b>"),
        ("\u200b\u2060 ", ""),
    ],
)
def test_cleaning_takes_away_what_cannot_be_seen(text: str, expected: str) -> None:
    assert cleaned(text) == expected


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("", "utter_empty"),
        ("🎉🎉 ?!", "utter_only_symbols"),
        ("?" * 2000, "utter_only_symbols"),
        ("x" * 101, "utter_too_long"),
        ("x" * 100, None),
        ("Ä", None),
    ],
)
def test_only_real_questions_are_let_through(text: str, response: str | None) -> None:
    assert refusal(text, Limits(message_characters=100)) == response


@pytest.mark.parametrize("text", ["", " \u200b", "🎉", "x" * 10_000])
async def test_a_text_that_is_no_question_gets_a_polite_reply_without_the_dialogue(
    stage: Stage, dialogue: FakeDialogue, text: str
) -> None:
    (reply,) = await stage.turns.say(stage.conversation, text)
    assert (reply.status, reply.citations, reply.release) == ("no_answer", (), "r1")
    assert reply.text.startswith("utter_")
    assert dialogue.heard == []
    assert len(stage.stored()[0]) <= 100


async def test_personal_data_is_masked_before_the_dialogue_and_the_store(stage: Stage, dialogue: FakeDialogue) -> None:
    await stage.turns.say(stage.conversation, "Ich bin a@example.org")
    assert dialogue.texts == ["Ich bin [E-Mail]"]
    assert stage.stored()[0] == "Ich bin [E-Mail]"


async def test_personal_data_is_masked_in_a_question_without_a_conversation(
    stage: Stage, dialogue: FakeDialogue
) -> None:
    await stage.turns.ask("Ich bin a@example.org", None)
    assert dialogue.texts == ["Ich bin [E-Mail]"]


async def test_a_secret_across_the_length_limit_is_masked_before_the_text_is_cut(stage: Stage) -> None:
    await stage.turns.say(stage.conversation, "x" * 85 + " erika.mustermann@example.org")
    assert "erika" not in stage.stored()[0]


async def test_a_leading_slash_is_no_command(stage: Stage, dialogue: FakeDialogue) -> None:
    await stage.turns.say(stage.conversation, " / /restart")
    assert dialogue.texts == ["restart"]


async def test_a_turn_is_stored_counted_and_announced(stage: Stage) -> None:
    (reply,) = await stage.turns.say(stage.conversation, "Hallo")
    assert stage.stored() == ["Hallo", reply.text]
    assert (stage.observed, stage.announced) == (["smalltalk"], [stage.conversation.id])


async def test_a_caller_that_goes_away_does_not_cut_the_turn(stage: Stage, dialogue: FakeDialogue) -> None:
    caller = asyncio.create_task(stage.turns.say(stage.conversation, "wait"))
    await dialogue.reached.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert stage.stored() == []
    dialogue.gate.set()
    await stage.turns.finish(5)
    assert stage.stored() == ["wait", "r1: wait"]


async def test_a_turn_that_takes_too_long_ends_in_a_polite_error(tmp_path: Path, dialogue: FakeDialogue) -> None:
    stage = Stage(tmp_path, shelf(brain(dialogue=dialogue)), seconds=0.01)
    (reply,) = await stage.turns.say(stage.conversation, "wait")
    assert (reply.status, reply.text.split()[0], reply.citations) == ("error", "utter_error", ())
    assert stage.stored() == ["wait", reply.text]


async def test_a_dialogue_that_fails_is_replaced_by_the_search(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    (reply,) = await stage.turns.say(stage.conversation, "boom: geheim@example.org")
    assert (reply.status, reply.citations[0]["quote"]) == ("answered", QUOTE)
    assert reply.text.startswith("utter_degraded de ")
    assert "RuntimeError" in caplog.text
    assert "geheim" not in caplog.text


async def test_when_the_search_fails_too_the_person_gets_a_polite_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    knowledge = FakeKnowledge(error=ValueError("geheim"))
    stage = Stage(tmp_path, shelf(brain(knowledge=knowledge)))
    reply = await stage.turns.ask("Was ist KI.NRW?", None)
    assert (reply.status, reply.text.split()[0]) == ("error", "utter_error")
    assert "ValueError" in caplog.text
    assert "geheim" not in caplog.text


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "KI.NRW", "en"),
        (None, "Who runs KI.NRW?", "en"),
        (None, "Wer leitet KI.NRW?", "de"),
        (None, "K7", "de"),
    ],
)
async def test_without_a_dialogue_the_search_answers_in_the_questions_language(
    tmp_path: Path, language: str | None, text: str, spoken: str
) -> None:
    knowledge = FakeKnowledge()
    stage = Stage(tmp_path, shelf(brain(knowledge=knowledge)))
    reply = await stage.turns.ask(text, language)
    assert (reply.status, reply.language, knowledge.asked[0].language) == ("answered", spoken, spoken)
    assert reply.text.startswith(f"utter_degraded {spoken} ")


async def test_asking_leaves_nothing_behind(stage: Stage, dialogue: FakeDialogue) -> None:
    await stage.turns.ask("Wer leitet KI.NRW?", "de")
    ((conversation_id, *_),) = dialogue.heard
    assert dialogue.forgotten == [conversation_id]
    assert (stage.stored(), stage.announced) == ([], [])


async def test_a_conversation_erased_during_its_turn_is_forgotten_again(stage: Stage, dialogue: FakeDialogue) -> None:
    turn = asyncio.create_task(stage.turns.say(stage.conversation, "wait"))
    await dialogue.reached.wait()
    stage.store.conversations.erase(stage.conversation.id)
    dialogue.gate.set()
    with pytest.raises(UnknownConversation):
        await turn
    assert dialogue.forgotten == [stage.conversation.id]


async def test_a_turn_in_flight_ends_on_the_brain_it_began_with(tmp_path: Path, dialogue: FakeDialogue) -> None:
    newer = FakeDialogue("r2")
    stage = Stage(tmp_path, shelf(brain("r1", dialogue=dialogue), brain("r2", dialogue=newer)))
    turn = asyncio.create_task(stage.turns.say(stage.conversation, "wait"))
    await dialogue.reached.wait()
    stage.releases.published = "r2"
    await stage.keeper.look()
    assert [reply.release for reply in await stage.turns.say(stage.conversation, "Hallo")] == ["r2"]
    dialogue.gate.set()
    assert [reply.release for reply in await turn] == ["r1"]


async def test_nothing_a_person_wrote_is_logged(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await stage.turns.say(stage.conversation, "Fundwort")
    await stage.turns.ask("boom Fundwort", None)
    assert "Fundwort" not in caplog.text
