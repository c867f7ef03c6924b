from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot import releasing
from knowledge.errors import TextError
from knowledge.releases import manifest, open_release, published, release_ids
from tests.workshop import SUPPORT, TALK, Workshop


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """An installation whose training and gate are stand-ins."""
    made = Workshop(tmp_path, monkeypatch)
    monkeypatch.setattr(releasing, "RasaTraining", lambda settings: made.trainer)
    monkeypatch.setattr(releasing, "GoldenGate", lambda settings: made.examiner)
    return made


def silent(*_: object) -> None:
    pass


def test_the_editors_texts_become_the_release(workshop: Workshop) -> None:
    workshop.ship(TALK, SUPPORT)
    own = workshop.var / "texts"
    own.mkdir(parents=True)
    (own / "talk.md").write_text("---\nid: talk\ntitle: Neu\n---\n\nGanz neu gefasst.\n", "utf-8")
    built = releasing.build(workshop.settings, silent)
    documents = open_release(workshop.settings, built.release.id).documents
    assert {each: document.title for each, document in documents.items()} == {
        "foerderung": SUPPORT.title,
        "talk": "Neu",
    }


def test_a_folder_of_texts_can_be_built_instead(workshop: Workshop, tmp_path: Path) -> None:
    workshop.ship(TALK)
    other = tmp_path / "other"
    other.mkdir()
    (other / "sprechstunde.md").write_text("---\ntitle: KI-Sprechstunde\n---\n\nJeden Dienstag.\n", "utf-8")
    built = releasing.build(workshop.settings, silent, other)
    assert list(open_release(workshop.settings, built.release.id).documents) == ["sprechstunde"]


BAD_TEXTS = {
    "ohne-titel.md": (b"---\nkind: faq\n---\n\nEin Satz.\n", "Titel fehlt"),
    "yaml.md": (b"---\ntitle: a\ndate: [\n---\n\nEin Satz.\n", "yaml.md:"),
    "latin.md": ("---\ntitle: Förderung\n---\n\nEin Satz.\n".encode("latin-1"), "latin.md:2: "),
    "leer.md": (b"---\ntitle: Leer\n---\n\n", "keinen Text"),
    "tag.md": (b"---\ntitle: Tag\ndate: 2026-02-30\n---\n\nEin Satz.\n", "tag.md:3: "),
    "ende.md": (
        b"---\ntitle: Ende\nkind: event\nstarts: 2026-03-04\nends: 2026-03-01\n---\n\nEin Satz.\n",
        "vor dem Beginn",
    ),
    "doppelt.md": (b"---\nid: talk\ntitle: Doppelt\n---\n\nEin Satz.\n", "talk"),
}


def test_bad_texts_stop_the_build_with_every_file_and_nothing_published_changes(workshop: Workshop) -> None:
    workshop.ship(TALK)
    current = workshop.publish([TALK])
    before = workshop.snapshot()
    for name, (content, _) in BAD_TEXTS.items():
        (workshop.settings.paths.texts / name).write_bytes(content)
    with pytest.raises(TextError) as error:
        releasing.build(workshop.settings, silent)
    said = str(error.value)
    for name, (_, expected) in BAD_TEXTS.items():
        assert f"{name}" in said
        assert expected in said
    assert len(error.value.problems) >= len(BAD_TEXTS)
    assert published(workshop.settings) == current
    assert workshop.snapshot() == before


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_a_single_bad_text_stops_the_build(workshop: Workshop, name: str) -> None:
    workshop.ship(TALK)
    (workshop.settings.paths.texts / name).write_bytes(BAD_TEXTS[name][0])
    with pytest.raises(TextError, match=name):
        releasing.build(workshop.settings, silent)
    assert release_ids(workshop.settings) == ()


def test_a_text_that_was_corrected_is_built(workshop: Workshop) -> None:
    path = workshop.settings.paths.texts / "ohne-titel.md"
    path.write_bytes(BAD_TEXTS["ohne-titel.md"][0])
    with pytest.raises(TextError):
        releasing.build(workshop.settings, silent)
    path.write_text("---\ntitle: Doch\n---\n\nEin Satz.\n", "utf-8")
    assert releasing.build(workshop.settings, silent).release.documents == 1


def test_the_gate_and_the_fingerprint_of_the_training_are_kept_with_the_release(workshop: Workshop) -> None:
    workshop.ship(replace(TALK, questions=()))
    workshop.trainer.sources = "sources-7"
    built = releasing.build(workshop.settings, silent)
    described = manifest(workshop.settings, built.release.id)
    assert (described["dialogue"], described["gate"]["passed"]) == ("sources-7", True)
