from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from knowledge.errors import KnowledgeError, TextError
from knowledge.library import Library
from knowledge.model import Document
from knowledge.reading import write_markdown
from tests.unit.knowledge.samples import only_finding

TALK = Document("talk", "digital.talk", "Ein Algorithmus hat kein Taktgefühl.")
MAP = Document("ki-landkarte", "KI.Landkarte", "Die Karte zeigt Akteure.")
NEW = Document("sprechstunde", "KI-Sprechstunde", "Jeden Dienstag um 10 Uhr.")
DAY = date(2026, 11, 23)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    write_markdown(TALK, tmp_path / "shipped" / "press" / "2020-talk.md")
    write_markdown(MAP, tmp_path / "shipped" / "facts" / "ki-landkarte.md")
    return Library(tmp_path / "shipped", tmp_path / "var" / "texts")


def shipped_bytes(library: Library) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in library.shipped.rglob("*") if path.is_file()}


def test_without_own_texts_the_shipped_ones_count(library: Library) -> None:
    assert library.documents() == (MAP, TALK)
    assert not library.own.exists()


def test_an_added_text_is_kept_under_its_id(library: Library) -> None:
    assert library.add(NEW) == "added"
    assert library.documents() == (MAP, NEW, TALK)
    assert (library.own / "sprechstunde.md").is_file()


def test_an_own_text_replaces_the_shipped_one_and_leaves_its_file_alone(library: Library) -> None:
    before = shipped_bytes(library)
    changed = replace(TALK, text="Neu.")
    assert library.add(changed) == "replaced"
    assert library.documents() == (MAP, changed)
    assert shipped_bytes(library) == before


def test_what_is_there_already_is_unchanged(library: Library) -> None:
    library.add(NEW)
    assert library.add(NEW) == "unchanged"
    assert library.add(TALK) == "unchanged"
    assert [path.name for path in library.own.glob("*.md")] == ["sprechstunde.md"]


def test_a_second_version_replaces_the_first(library: Library) -> None:
    library.add(NEW)
    changed = replace(NEW, title="Anders")
    assert library.add(changed) == "replaced"
    assert library.documents() == (MAP, changed, TALK)


def test_a_text_lying_under_another_file_name_is_replaced_where_it_lies(library: Library) -> None:
    write_markdown(NEW, library.own / "thema" / "anders.md")
    changed = replace(NEW, title="Anders")
    assert library.add(changed) == "replaced"
    assert [path.name for path in library.own.rglob("*.md")] == ["anders.md"]
    assert changed in library.documents()


def test_a_file_holding_another_text_is_not_overwritten(library: Library) -> None:
    write_markdown(MAP, library.own / "sprechstunde.md")
    with pytest.raises(KnowledgeError, match=r"sprechstunde\.md enthält den Text „ki-landkarte“"):
        library.add(NEW)
    assert library.documents() == (MAP, TALK)


def test_a_broken_own_text_can_be_replaced(library: Library) -> None:
    library.own.mkdir(parents=True)
    broken = library.own / "sprechstunde.md"
    broken.write_text(f"---\ntitle: {NEW.title}\nurl: ohne Schema\n---\n{NEW.text}", "utf-8")
    assert library.add(NEW) == "replaced"
    assert NEW in library.documents()


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (replace(NEW, id="../../settings"), "head_id"),
        (replace(NEW, title=""), "text_no_title"),
        (replace(NEW, text=""), "text_empty"),
        (replace(NEW, kind="event"), "event_no_start"),
        (replace(NEW, starts=date(2026, 3, 4), ends=date(2026, 3, 3)), "event_ends_first"),
    ],
)
def test_an_unfit_document_is_refused_and_nothing_is_written(library: Library, document: Document, code: str) -> None:
    with pytest.raises(TextError) as caught:
        library.add(document)
    assert only_finding(caught) == code
    assert not library.own.exists()


def test_withdrawing_an_own_text_removes_its_file(library: Library) -> None:
    library.add(NEW)
    library.withdraw("sprechstunde")
    assert library.documents() == (MAP, TALK)
    assert list(library.own.glob("*.md")) == []
    assert library.withdrawn() == {}


def test_withdrawing_a_shipped_text_records_the_day_and_keeps_its_file(library: Library) -> None:
    before = shipped_bytes(library)
    library.withdraw("talk", today=DAY)
    assert library.documents() == (MAP,)
    assert library.withdrawn() == {"talk": DAY}
    assert (library.own / "withdrawn.yml").read_text("utf-8") == "talk: 2026-11-23\n"
    assert shipped_bytes(library) == before


def test_withdrawing_a_replaced_shipped_text_does_not_bring_the_old_one_back(library: Library) -> None:
    library.add(replace(TALK, text="Neu."))
    library.withdraw("talk")
    assert library.documents() == (MAP,)


@pytest.mark.parametrize("again", [TALK, replace(TALK, text="Neu.")], ids=["same", "changed"])
def test_adding_a_withdrawn_text_lifts_the_withdrawal(library: Library, again: Document) -> None:
    library.withdraw("talk")
    library.withdraw("ki-landkarte", today=DAY)
    assert library.add(again) == "added"
    assert library.documents() == (again,)
    assert library.withdrawn() == {"ki-landkarte": DAY}


def test_an_unknown_id_is_answered_with_similar_ones(library: Library) -> None:
    with pytest.raises(KnowledgeError, match="„ki-landkarten“ gibt es nicht. Meinten Sie „ki-landkarte“?"):
        library.withdraw("ki-landkarten")
    with pytest.raises(KnowledgeError) as caught:
        library.withdraw("xyz")
    assert "Meinten" not in str(caught.value)
    assert library.documents() == (MAP, TALK)


def test_withdrawing_twice_says_since_when(library: Library) -> None:
    library.withdraw("talk", today=DAY)
    with pytest.raises(KnowledgeError, match=r"schon seit dem 23\.11\.2026"):
        library.withdraw("talk")


def test_the_problems_of_both_folders_are_reported_together(library: Library) -> None:
    write_markdown(replace(NEW, superseded_by="nirgends"), library.own / "a.md")
    write_markdown(NEW, library.own / "b.md")
    write_markdown(TALK, library.shipped / "doppelt.md")
    (library.own / "c.md").write_text("---\nkind: x\n---\n", "utf-8")
    (library.own / "withdrawn.yml").write_text("- talk\n", "utf-8")
    with pytest.raises(TextError) as caught:
        library.documents()
    found = sorted((Path(problem.path).name, problem.code) for problem in caught.value.problems)
    assert found == [
        ("2020-talk.md", "id_duplicate"),
        ("b.md", "id_duplicate"),
        ("c.md", "head_choice"),
        ("c.md", "text_empty"),
        ("c.md", "text_no_title"),
        ("withdrawn.yml", "withdrawn_broken"),
    ]


def test_a_successor_may_lie_in_the_other_folder_or_be_withdrawn_but_must_exist(library: Library) -> None:
    library.add(replace(NEW, superseded_by="talk"))
    library.withdraw("talk")
    assert len(library.documents()) == 2
    library.add(replace(NEW, superseded_by="nirgends"))
    with pytest.raises(TextError) as caught:
        library.documents()
    assert only_finding(caught) == "successor_unknown"


@pytest.mark.parametrize("content", ["talk: bald\n", "talk\n", "talk: [\n", "talk: 2026-02-30\n", "1\n"])
def test_a_broken_list_of_withdrawn_texts_is_never_overwritten(library: Library, content: str) -> None:
    library.own.mkdir(parents=True)
    (library.own / "withdrawn.yml").write_text(content, "utf-8")
    for change in (lambda: library.withdraw("talk"), lambda: library.add(NEW), library.documents):
        with pytest.raises(TextError) as caught:
            change()
        assert only_finding(caught) == "withdrawn_broken"
    assert (library.own / "withdrawn.yml").read_text("utf-8") == content


def test_a_failed_write_changes_nothing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.add(NEW)

    def full_disk(*_paths: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("knowledge.reading.files.os.replace", full_disk)
    with pytest.raises(OSError, match="no space"):
        library.add(replace(NEW, title="Anders"))
    with pytest.raises(OSError, match="no space"):
        library.withdraw("talk")
    assert library.documents() == (MAP, NEW, TALK)
    assert not list(library.own.glob("*.tmp")) + list(library.own.glob(".*.tmp"))


def test_simultaneous_withdrawals_are_all_recorded(library: Library) -> None:
    names = [f"text-{number}" for number in range(12)]
    for name in names:
        write_markdown(replace(NEW, id=name), library.shipped / f"{name}.md")
    threads = [threading.Thread(target=library.withdraw, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(library.withdrawn()) == set(names)
