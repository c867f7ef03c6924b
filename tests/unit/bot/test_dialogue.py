from __future__ import annotations

import asyncio
import logging
import shutil
import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from bot.conversation.reply import Reply
from bot.errors import DialogueError
from knowledge.model import Answer, Citation, Question, Release, Topic
from knowledge.settings import ServiceCenter, Settings
from tests.unit.bot.conftest import HashingEncoder

if TYPE_CHECKING:
    from bot.dialogue import Dialogue
    from knowledge.answering import Knowledge

SECRET = "geheimnis-4711"
QUOTE = "Seit 2020[1] gilt {das}."
CITATION = Citation("talk", "digital.talk", "Staatskanzlei", date(2020, 6, 24), "", QUOTE, f"Ja. {QUOTE}", False)


@dataclass
class FakeKnowledge:
    """Answers every question from one place; told to, it fails or waits."""

    id: str = "r1"
    fails: bool = False
    asked: list[Question] = field(default_factory=list)

    @property
    def release(self) -> Release:
        return Release(self.id, datetime.now(UTC), "hashing-1", 1, 1)

    def answer(self, question: Question) -> Answer:
        self.asked.append(question)
        if self.fails:
            raise ValueError(f"cannot answer {question.text}")
        return Answer("answered", (CITATION,), ("Und sonst?",), 0.9, self.id)

    def suggestions(self, language: str, topic: Topic | None = None) -> tuple[str, ...]:
        return ("What is KI.NRW?",) if language == "en" else ("Was ist KI.NRW?",)


def loaded(model: Path, knowledge: FakeKnowledge | None = None, like: Dialogue | None = None) -> Dialogue:
    """A dialogue over `model`; with `like` it takes that one's conversations over."""
    from bot.dialogue import Dialogue

    settings = Settings(servicecenter=ServiceCenter(phone="0123 45"))
    known = cast("Knowledge", knowledge or FakeKnowledge())
    return Dialogue.load(model, known, settings, like.memory if like else None)


def said(dialogue: Dialogue, *texts: str, language: str | None = None, conversation: str = "c") -> list[Reply]:
    """Says the texts one after the other; the replies to the last."""

    async def turns() -> list[Reply]:
        replies: list[Reply] = []
        for text in texts:
            replies = await dialogue.handle(conversation, text, language)
        return replies

    return asyncio.run(turns())


def test_a_greeting_is_answered_from_the_domain_with_suggestions(small_model: Path) -> None:
    (reply,) = said(loaded(small_model), "Guten Tag")
    assert (reply.status, reply.intent, reply.language) == ("smalltalk", "greet", "de")
    assert reply.text.startswith("Guten Tag!")
    assert reply.confidence is not None and 0.4 < reply.confidence <= 1
    assert reply.suggestions == ("Was ist KI.NRW?",)
    assert reply.release == "r1"


def test_a_question_is_answered_in_one_message_with_frame_quote_and_citation(small_model: Path) -> None:
    knowledge = FakeKnowledge()
    (reply,) = said(loaded(small_model, knowledge), "Welche Veranstaltungen gibt es?")
    frame, quote = reply.text.split("\n\n")
    assert "digital.talk (Staatskanzlei, 24.06.2020)" in frame
    assert quote == f"„{QUOTE}“"
    assert reply.status == "answered"
    assert reply.citations[0]["url"] == "/texte/talk"
    assert reply.suggestions == ("Und sonst?",)
    assert (knowledge.asked[0].topic, knowledge.asked[0].language) == ("events", "de")


def test_an_english_question_gets_an_english_frame(small_model: Path) -> None:
    knowledge = FakeKnowledge()
    (reply,) = said(loaded(small_model, knowledge), "Who runs KI.NRW?")
    assert reply.language == "en"
    assert "2020-06-24" in reply.text
    assert knowledge.asked[0].language == "en"


def test_the_chosen_language_comes_before_the_texts(small_model: Path) -> None:
    (reply,) = said(loaded(small_model), "Guten Tag", language="en")
    assert reply.text.startswith("Hello!")
    assert reply.suggestions == ("What is KI.NRW?",)


def test_a_text_without_a_language_keeps_the_conversations(small_model: Path) -> None:
    (reply,) = said(loaded(small_model), "Who runs KI.NRW?", "KI.NRW")
    assert reply.language == "en"


def test_people_in_distress_are_shown_where_people_help(small_model: Path) -> None:
    (reply,) = said(loaded(small_model), "Ich will nicht mehr leben")
    assert reply.status == "crisis"
    for number in ("112", "0800 111 0 111", "0800 111 0 222", "116 123"):
        assert number in reply.text
    assert reply.citations == ()


def test_who_asks_for_a_human_is_given_the_servicecenter_and_its_contact_data(small_model: Path) -> None:
    replies = said(loaded(small_model), "Ich möchte einen Menschen sprechen")
    assert [reply.status for reply in replies] == ["handover", "handover"]
    assert "115" in replies[0].text
    assert "0123 45" in replies[1].text


def test_what_was_not_understood_is_looked_for(small_model: Path) -> None:
    (reply,) = said(loaded(small_model), "xqzy wvut")
    assert (reply.status, reply.intent) == ("answered", "nlu_fallback")


@pytest.mark.parametrize("command", ["/crisis", " /request_human", '//greet{"language": "en"}', "\n/ /restart"])
def test_nobody_can_give_rasa_commands(small_model: Path, command: str) -> None:
    replies = said(loaded(small_model), "Guten Tag", command)
    assert replies
    assert all(reply.confidence is not None and reply.confidence < 1 for reply in replies)


def test_a_failing_action_says_nothing(small_model: Path) -> None:
    assert said(loaded(small_model, FakeKnowledge(fails=True)), "Wer leitet KI.NRW?") == []


def test_nothing_a_person_wrote_is_logged(
    small_model: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    dialogue = loaded(small_model, FakeKnowledge(fails=True))
    with caplog.at_level(logging.DEBUG):
        said(dialogue, f"Wer leitet KI.NRW? {SECRET}", f"/{SECRET}", SECRET)
    printed = capfd.readouterr()
    assert "ValueError" in caplog.text  # that something failed is logged
    assert SECRET not in caplog.text + printed.out + printed.err


def test_messages_of_one_conversation_keep_their_order(small_model: Path) -> None:
    entered, second = threading.Event(), threading.Event()

    class Slow(FakeKnowledge):
        def answer(self, question: Question) -> Answer:
            if "leitet" in question.text:
                entered.set()
                assert not second.wait(0.3), "the second message overtook the first"
            else:
                second.set()
            return super().answer(question)

    knowledge = Slow()
    dialogue = loaded(small_model, knowledge)

    async def both() -> tuple[list[Reply], list[Reply]]:
        first = asyncio.create_task(dialogue.handle("c", "Wer leitet KI.NRW?", None))
        await asyncio.to_thread(entered.wait, 5)
        return await asyncio.gather(first, dialogue.handle("c", "Was ist KI.NRW?", None))

    replies = asyncio.run(both())
    assert [question.text for question in knowledge.asked] == ["Wer leitet KI.NRW?", "Was ist KI.NRW?"]
    assert all(len(each) == 1 for each in replies)


def test_a_forgotten_conversation_leaves_nothing(small_model: Path) -> None:
    dialogue = loaded(small_model)
    said(dialogue, "Who runs KI.NRW?")
    assert "c" in dialogue.memory
    asyncio.run(dialogue.forget("c"))
    assert "c" not in dialogue.memory
    assert said(dialogue, "KI.NRW")[0].language == "de"


def test_a_long_conversation_stays_small_and_keeps_its_language(small_model: Path) -> None:
    dialogue = loaded(small_model)
    said(dialogue, *["Who runs KI.NRW?"] * 15)
    longest = len(dialogue.memory.recall("c") or "")
    (reply,) = said(dialogue, *["KI.NRW"] * 30)
    assert (reply.status, reply.language) == ("answered", "en")
    assert len(dialogue.memory.recall("c") or "") < 1.5 * longest


def test_two_dialogues_live_side_by_side(small_model: Path) -> None:
    old = loaded(small_model, FakeKnowledge("old"))
    new = loaded(small_model, FakeKnowledge("new"))
    assert said(old, "Was ist KI.NRW?")[0].release == "old"
    assert said(new, "Was ist KI.NRW?")[0].release == "new"
    assert said(old, "Was ist KI.NRW?")[0].release == "old"


def test_a_new_dialogue_can_take_running_conversations_over(small_model: Path) -> None:
    old = loaded(small_model)
    said(old, "Who runs KI.NRW?")
    assert said(loaded(small_model, like=old), "KI.NRW")[0].language == "en"
    assert said(loaded(small_model), "KI.NRW")[0].language == "de"


def test_a_missing_model_is_an_error_even_beside_another(small_model: Path) -> None:
    with pytest.raises(DialogueError, match=r"other\.tar\.gz fehlt"):
        loaded(small_model.with_name("other.tar.gz"))


@pytest.mark.parametrize("share", [0, 0.1, 0.9])
def test_a_damaged_model_is_an_error(small_model: Path, tmp_path: Path, share: float) -> None:
    damaged = tmp_path / "dialogue.tar.gz"
    content = small_model.read_bytes()
    damaged.write_bytes(content[: int(len(content) * share)])
    shutil.copy(small_model, tmp_path / "intact.tar.gz")
    with pytest.raises(DialogueError, match="lässt sich nicht laden"):
        loaded(damaged)


def test_a_model_of_another_encoder_is_refused_with_both_names(
    small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.components import encoder_featurizer

    monkeypatch.setattr(encoder_featurizer, "open_encoder", lambda settings, var: HashingEncoder("hashing-2"))
    with pytest.raises(DialogueError, match=r"^Das Dialogmodell wurde .* hashing-1 .* hashing-2"):
        loaded(small_model)
