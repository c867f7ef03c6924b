from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import pytest

from knowledge.errors import EncoderError, ReleaseError
from knowledge.model import Question
from knowledge.releases import (
    DIALOGUE,
    dialogue_model,
    folder_of,
    intact,
    manifest,
    new_folder,
    open_release,
    publish,
    published,
    release_ids,
    rollback,
)
from knowledge.settings import Settings
from tests.fakes import HashEncoder
from tests.workshop import SUPPORT, TALK, Workshop


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    return Workshop(tmp_path, monkeypatch)


def test_before_the_first_release_there_is_none(workshop: Workshop) -> None:
    assert published(workshop.settings) is None
    assert release_ids(workshop.settings) == ()
    with pytest.raises(ReleaseError, match="noch kein Wissensstand veröffentlicht"):
        open_release(workshop.settings)


def test_releases_are_listed_from_the_oldest(workshop: Workshop) -> None:
    built = [workshop.build().release.id for _ in range(3)]
    assert list(release_ids(workshop.settings)) == built


def test_a_published_release_is_the_one_that_answers(workshop: Workshop) -> None:
    first = workshop.publish([TALK])
    second = workshop.publish([SUPPORT])
    assert published(workshop.settings) == second
    assert list(open_release(workshop.settings).documents) == ["foerderung"]
    assert list(open_release(workshop.settings, first).documents) == ["talk"]


def test_what_is_opened_equals_what_was_built(workshop: Workshop) -> None:
    built = workshop.build().release
    assert open_release(workshop.settings, built.id).release.suggestions == built.suggestions
    described = manifest(workshop.settings, built.id)
    assert (described["id"], described["encoder"], described["documents"]) == (built.id, "hash-1", 2)


@pytest.mark.parametrize("name", ["20260101-000000-0000", "..", ".", "", "../releases"])
def test_an_unknown_release_is_named_with_the_remedy(workshop: Workshop, name: str) -> None:
    current = workshop.publish()
    for action in (folder_of, manifest, publish):
        with pytest.raises(ReleaseError, match="auskunft release list"):
            action(workshop.settings, name)
    assert published(workshop.settings) == current


def test_a_release_that_failed_its_gate_cannot_be_published(workshop: Workshop) -> None:
    current = workshop.publish()
    workshop.examiner.passed = False
    failed = workshop.build().release.id
    for action in (publish, rollback):
        with pytest.raises(ReleaseError, match=f"{failed} hat die Prüfung nicht bestanden"):
            action(workshop.settings, failed)
    assert published(workshop.settings) == current


def test_rollback_goes_back_step_by_step_until_nothing_is_left(workshop: Workshop) -> None:
    first, second, third = (workshop.publish() for _ in range(3))
    assert rollback(workshop.settings) == second == published(workshop.settings)
    assert rollback(workshop.settings) == first == published(workshop.settings)
    with pytest.raises(ReleaseError, match="nichts, wohin zurückgegangen werden kann"):
        rollback(workshop.settings)
    assert published(workshop.settings) == first
    assert third in release_ids(workshop.settings)


def test_rollback_to_a_release_leaves_out_what_came_after_it(workshop: Workshop) -> None:
    first, second, _third, _fourth = (workshop.publish() for _ in range(4))
    assert rollback(workshop.settings, second) == second
    assert rollback(workshop.settings) == first


def test_publishing_after_a_rollback_leads_back_to_where_it_was_done(workshop: Workshop) -> None:
    first, _second = workshop.publish(), workshop.publish()
    rollback(workshop.settings)
    workshop.publish()
    assert rollback(workshop.settings) == first


def test_going_back_step_by_step_passes_a_release_that_was_published_twice(workshop: Workshop) -> None:
    first, second = workshop.publish(), workshop.publish()
    publish(workshop.settings, first)
    workshop.publish()
    assert [rollback(workshop.settings) for _ in range(3)] == [first, second, first]


def test_publishing_the_published_one_again_adds_no_step_back(workshop: Workshop) -> None:
    first, second = workshop.publish(), workshop.publish()
    publish(workshop.settings, second)
    assert rollback(workshop.settings) == first


def test_rollback_to_an_unknown_release_changes_nothing(workshop: Workshop) -> None:
    workshop.publish()
    before = workshop.snapshot()
    with pytest.raises(ReleaseError, match="nie-gebaut gibt es nicht"):
        rollback(workshop.settings, "nie-gebaut")
    assert workshop.snapshot() == before


def test_there_is_nothing_to_go_back_to_after_the_first_release(workshop: Workshop) -> None:
    with pytest.raises(ReleaseError, match="nichts, wohin"):
        rollback(workshop.settings)
    workshop.publish()
    with pytest.raises(ReleaseError, match="nichts, wohin"):
        rollback(workshop.settings)


@contextmanager
def polled(settings: Settings) -> Iterator[list[str | None]]:
    """A thread reads the pointer all the time; the list holds what it saw. Its errors are raised at the end."""
    seen: list[str | None] = []
    done = threading.Event()

    def poll() -> None:
        while not done.is_set():
            seen.append(published(settings))

    with ThreadPoolExecutor(1) as reader:
        future = reader.submit(poll)
        try:
            yield seen
        finally:
            done.set()
        future.result()


def test_a_reader_never_sees_a_broken_pointer_while_releases_are_published(workshop: Workshop) -> None:
    both = [workshop.publish(), workshop.publish()]
    with polled(workshop.settings) as seen:
        for step in range(200):
            publish(workshop.settings, both[step % 2])
    assert set(seen) == set(both)


def test_a_second_publisher_waits_for_the_first_and_no_step_is_lost(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = workshop.publish(), workshop.build().release.id, workshop.build().release.id
    replace_file = os.replace
    with ThreadPoolExecutor(1) as other:
        started: list[Future[None]] = []

        def replace(source: Path, target: Path) -> None:
            if not started:  # the second publisher comes while the first has written, but not yet renamed
                started.append(other.submit(publish, workshop.settings, third))
                wait(started, timeout=0.2)
            replace_file(source, target)

        monkeypatch.setattr("knowledge.releases.os.replace", replace)
        publish(workshop.settings, second)
        started[0].result()
    assert published(workshop.settings) == third
    assert rollback(workshop.settings) == second
    assert rollback(workshop.settings) == first


@pytest.mark.parametrize("content", ["", "{", "[]", '{"release": "x"}', "null"])
def test_an_unreadable_pointer_is_named_and_repaired_by_publishing(workshop: Workshop, content: str) -> None:
    release = workshop.publish()
    (workshop.var / "current").write_text(content, "utf-8")
    with pytest.raises(ReleaseError, match="current ist unlesbar"):
        published(workshop.settings)
    publish(workshop.settings, release)
    assert published(workshop.settings) == release


def test_every_changed_file_of_a_release_is_noticed_and_named(workshop: Workshop) -> None:
    release = workshop.publish()
    folder = folder_of(workshop.settings, release)
    files = manifest(workshop.settings, release)["files"]
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert present - {"release.json"} == set(files)
    for name in files:
        path = folder / name
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert not intact(workshop.settings, release)
        if name != DIALOGUE:
            with pytest.raises(ReleaseError, match="beschädigt") as error:
                open_release(workshop.settings)
            assert name in str(error.value)
        path.write_bytes(content)
    assert intact(workshop.settings, release)


@pytest.mark.parametrize("name", ["sentences.faiss", "passages.jsonl", "texts/talk.md"])
def test_a_missing_file_is_noticed_and_named(workshop: Workshop, name: str) -> None:
    release = workshop.publish()
    (folder_of(workshop.settings, release) / name).unlink()
    with pytest.raises(ReleaseError, match=f"{release} ist beschädigt .*{name}"):
        open_release(workshop.settings)


def test_a_release_without_its_dialogue_still_answers_by_search(workshop: Workshop) -> None:
    release = workshop.publish()
    (folder_of(workshop.settings, release) / DIALOGUE).unlink()
    assert open_release(workshop.settings).release.id == release


def test_a_torn_description_is_a_broken_release(workshop: Workshop) -> None:
    release = workshop.publish()
    path = folder_of(workshop.settings, release) / "release.json"
    path.write_text(path.read_text("utf-8")[:50], "utf-8")
    with pytest.raises(ReleaseError, match="beschädigt"):
        open_release(workshop.settings)
    assert not intact(workshop.settings, release)


def test_another_encoder_is_refused_naming_both(workshop: Workshop) -> None:
    workshop.publish()
    workshop.encoder = HashEncoder("hash-2")
    with pytest.raises(ReleaseError, match="mit dem Encoder hash-1 gebaut, eingestellt ist hash-2"):
        open_release(workshop.settings)


def test_an_encoder_that_cannot_be_opened_is_not_mistaken_for_a_broken_release(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.publish()

    def missing(*_: object) -> None:
        raise EncoderError("encoder_missing", model="fern", detail="kein Netz")

    monkeypatch.setattr("knowledge.releases.open_encoder", missing)
    with pytest.raises(EncoderError, match="fern"):
        open_release(workshop.settings)


def test_an_opened_release_goes_on_answering_after_its_files_are_gone(workshop: Workshop) -> None:
    opened = open_release(workshop.settings, workshop.publish())
    question = Question("Wer führte beim digital.talk durch die Runde?")
    before = opened.answer(question)
    for path in folder_of(workshop.settings, opened.release.id).rglob("*"):
        if path.is_file():
            path.unlink()
    assert opened.answer(question) == before


def test_the_dialogue_model_lies_in_its_release(workshop: Workshop) -> None:
    release = workshop.build().release.id
    path = dialogue_model(workshop.settings, release)
    assert path.is_file()
    assert path.parent == folder_of(workshop.settings, release)


def test_a_folder_becomes_a_release_only_at_the_end(workshop: Workshop) -> None:
    with new_folder(workshop.settings, "20260311-120000-abcd") as folder:
        (folder / "release.json").write_text("{}", "utf-8")
        assert release_ids(workshop.settings) == ()
    assert release_ids(workshop.settings) == ("20260311-120000-abcd",)
