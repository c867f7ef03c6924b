from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from bot.brain import BrainKeeper, load_brain, proved
from knowledge.errors import ReleaseError
from knowledge.settings import Settings
from tests.fakes import FakeDialogue, FakeKnowledge, brain, shelf


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"root": tmp_path})


class MuteDialogue(FakeDialogue):
    async def handle(self, *_: Any) -> list[Any]:
        return []


async def test_a_keeper_is_ready_once_a_question_went_through(settings: Settings) -> None:
    dialogue = FakeDialogue()
    keeper = shelf(brain(dialogue=dialogue)).keeper(settings)
    assert not keeper.ready
    await keeper.start()
    await keeper.stop()
    assert keeper.ready
    assert dialogue.heard == [("self-test", "Was ist KI.NRW?", "de")]
    assert dialogue.forgotten == ["self-test"]


def test_without_a_published_release_nothing_opens(settings: Settings) -> None:
    with pytest.raises(ReleaseError, match="auskunft train"):
        BrainKeeper(settings, published=lambda _: None).open()


async def test_a_dialogue_that_fails_the_self_test_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    assert (await proved(brain(dialogue=MuteDialogue()))).dialogue is None
    assert "Dialog des Wissensstands r1" in caplog.text


async def test_a_release_that_cannot_answer_is_not_ready_until_it_can(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    knowledge = FakeKnowledge(error=OSError("Platte voll"))
    keeper = shelf(brain(knowledge=knowledge)).keeper(settings)
    await keeper.start()
    await keeper.stop()
    assert not keeper.ready
    assert "Platte voll" in caplog.text
    knowledge.error = None
    await keeper.look()
    assert keeper.ready


async def test_a_newly_published_release_replaces_the_brain_whole(settings: Settings) -> None:
    releases = shelf(brain("r1", dialogue=FakeDialogue("r1")), brain("r2", dialogue=FakeDialogue("r2")))
    keeper = releases.keeper(settings)
    releases.published = "r2"
    await keeper.look()
    assert keeper.brain is releases.brains["r2"]
    assert releases.formers == [None, releases.brains["r1"]]
    releases.published = "r1"
    await keeper.look()
    assert keeper.brain is releases.brains["r1"]


async def test_the_same_release_is_not_loaded_again(settings: Settings) -> None:
    releases = shelf(brain("r1"))
    keeper = releases.keeper(settings)
    await keeper.look()
    assert releases.loads == ["r1"]


async def test_a_broken_release_is_refused_once_until_the_pointer_moves(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    releases = shelf(brain("r1"))
    keeper = releases.keeper(settings)
    releases.published = "broken"
    await keeper.look()
    await keeper.look()
    assert keeper.brain.release == "r1"
    assert releases.loads == ["r1", "broken"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    releases.published = "r1"
    await keeper.look()
    releases.published = "broken"
    await keeper.look()
    assert releases.loads == ["r1", "broken", "broken"]


async def test_a_release_that_cannot_answer_is_refused(settings: Settings) -> None:
    releases = shelf(brain("r1"), brain("r2", FakeKnowledge("r2", error=ValueError("leer"))))
    keeper = releases.keeper(settings)
    releases.published = "r2"
    await keeper.look()
    assert keeper.brain.release == "r1"


async def test_a_release_that_would_lose_the_dialogue_is_refused(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    releases = shelf(brain("r1", dialogue=FakeDialogue("r1")), brain("r2"))
    keeper = releases.keeper(settings)
    releases.published = "r2"
    await keeper.look()
    assert keeper.brain.release == "r1"
    assert "Dialogmodell" in caplog.text


async def test_a_pointer_that_cannot_be_read_changes_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    releases = shelf(brain("r1"))
    keeper = releases.keeper(settings)
    keeper._published = _unreadable
    await keeper.look()
    await keeper.look()
    assert keeper.brain.release == "r1"
    assert caplog.text.count("Zeiger unlesbar") == 1


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeKnowledge:
    """What opening any release gives; its dialogue model is missing."""
    knowledge = FakeKnowledge()
    monkeypatch.setattr("knowledge.releases.open_release", lambda *_: knowledge)
    monkeypatch.setattr("knowledge.releases.dialogue_model", lambda *_: tmp_path / "dialogue.tar.gz")
    return knowledge


def test_a_release_whose_dialogue_model_is_missing_is_loaded_without_it(
    settings: Settings, opened: FakeKnowledge, caplog: pytest.LogCaptureFixture
) -> None:
    loaded = load_brain(settings, "r1")
    assert (loaded.release, loaded.knowledge, loaded.dialogue) == ("r1", opened, None)
    assert "dialogue.tar.gz" in caplog.text


def test_a_new_dialogue_goes_on_with_the_conversations_of_the_former(
    settings: Settings, opened: FakeKnowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.dialogue import Dialogue

    monkeypatch.setattr(Dialogue, "load", lambda _model, _knowledge, _settings, memory: memory)
    former = brain("r1", dialogue=FakeDialogue(memory="conversations"))
    assert load_brain(settings, "r2", former).dialogue == "conversations"
    assert load_brain(settings, "r1").dialogue is None


def _unreadable(_settings: Settings) -> str:
    raise OSError("Zeiger unlesbar")
