from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot import cli, evaluating, releasing
from knowledge.errors import message
from knowledge.releases import dialogue_model, folder_of, published, release_ids
from tests.fakes import HashEncoder
from tests.workshop import SUPPORT, TALK, Workshop

ROOT = Path(__file__).resolve().parents[3]

COMMANDS = [
    "serve",
    "ask",
    "texts add",
    "texts list",
    "texts show",
    "texts withdraw",
    "release build",
    "release publish",
    "release rollback",
    "release list",
    "release show",
    "train",
    "evaluate",
    "user add",
    "purge",
    "doctor",
]


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """An installation that the command line finds through AUSKUNFT_SETTINGS."""
    made = Workshop(tmp_path, monkeypatch)
    made.ship(TALK, SUPPORT)
    monkeypatch.setenv("AUSKUNFT_SETTINGS", str(made.settings_file))
    monkeypatch.setattr(releasing, "RasaTraining", lambda settings: made.trainer)
    monkeypatch.setattr(releasing, "GoldenGate", lambda settings: made.examiner)
    return made


@pytest.fixture
def run(workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `auskunft` with these words."""

    def run(*words: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["auskunft", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), said.out, said.err)

    return run


def document(outcome: Outcome) -> Any:
    """The one JSON document on stdout, which must be all there is."""
    assert outcome.out.endswith("\n")
    return json.loads(outcome.out)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_named_and_explained_in_the_help(run: Run, command: str) -> None:
    *group, name = command.split()
    shown = run(*group, "--help")
    assert shown.code == 0
    (line,) = [line for line in shown.out.splitlines() if line.split()[:1] == [name]]
    assert len(line.split()) > 2
    assert run(*group, name, "--help").code == 0


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("fly",),
        ("texts",),
        ("texts", "add"),
        ("texts", "show"),
        ("texts", "list", "--loud"),
        ("ask",),
        ("ask", "Wer?", "--language", "fr"),
        ("evaluate",),
        ("user", "add", "Anna"),
        ("user", "add", "Anna", "--role", "queen"),
        ("serve", "--port", "70000"),
        ("purge", "--days", "-1"),
    ],
)
def test_wrong_use_ends_with_2_and_a_word_about_it(run: Run, words: tuple[str, ...]) -> None:
    outcome = run(*words)
    assert outcome.code == 2
    assert outcome.err.strip()
    assert outcome.out == ""


def test_a_missing_settings_file_ends_with_1_and_the_remedy(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AUSKUNFT_SETTINGS", str(tmp_path / "none.yml"))
    outcome = run("texts", "list")
    assert outcome.code == 1
    assert outcome.err.strip() == message("settings_missing", path=tmp_path / "none.yml")


def test_a_wrong_setting_ends_with_1_and_names_it(run: Run, workshop: Workshop) -> None:
    workshop.settings_file.write_text("retrieval: {top_q: 5}", "utf-8")
    outcome = run("release", "list")
    assert outcome.code == 1
    assert "retrieval.top_q" in outcome.err


def test_an_added_text_is_listed_and_shown(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "sprechstunde.md"
    path.write_text("---\ntitle: KI-Sprechstunde\ndate: 2026-03-01\n---\n\nJeden Dienstag um 10 Uhr.\n", "utf-8")
    added = run("texts", "add", str(path))
    assert (added.code, added.err) == (0, "")
    assert "sprechstunde" in added.out and "auskunft train" in added.out
    assert "KI-Sprechstunde" in run("texts", "list").out
    shown = run("texts", "show", "sprechstunde")
    assert shown.code == 0
    assert "Jeden Dienstag um 10 Uhr." in shown.out


def test_files_and_folders_can_be_added_at_once(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("eins", "zwei"):
        (folder / f"{name}.md").write_text(f"---\ntitle: {name}\n---\n\nEin Satz.\n", "utf-8")
    (tmp_path / "drei.txt").write_text("Drei\n\nEin Satz.\n", "utf-8")
    assert run("texts", "add", str(folder), str(tmp_path / "drei.txt")).code == 0
    assert {"eins", "zwei", "drei"} <= {each["id"] for each in document(run("texts", "list", "--json"))}


def test_one_bad_text_keeps_all_of_them_out(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    good, bad = tmp_path / "gut.md", tmp_path / "schlecht.md"
    good.write_text("---\ntitle: Gut\n---\n\nEin Satz.\n", "utf-8")
    bad.write_text("---\nkind: faq\n---\n\nEin Satz.\n", "utf-8")
    outcome = run("texts", "add", str(good), str(bad), str(tmp_path / "none.md"))
    assert outcome.code == 1
    assert "schlecht.md" in outcome.err
    assert {each["id"] for each in document(run("texts", "list", "--json"))} == {"talk", "foerderung"}


def test_a_missing_file_is_named(run: Run, tmp_path: Path) -> None:
    outcome = run("texts", "add", str(tmp_path / "none.md"))
    assert outcome.code == 1
    assert "none.md" in outcome.err


def test_a_withdrawn_text_is_neither_listed_nor_shown(run: Run) -> None:
    assert run("texts", "withdraw", "talk").code == 0
    assert [each["id"] for each in document(run("texts", "list", "--json"))] == ["foerderung"]
    assert run("texts", "show", "talk").code == 1


@pytest.mark.parametrize("command", ["show", "withdraw"])
def test_an_unknown_text_ends_with_1_and_how_to_find_it(run: Run, command: str) -> None:
    outcome = run("texts", command, "foerderungen")
    assert outcome.code == 1
    assert "foerderungen" in outcome.err and "auskunft texts list" in outcome.err


def test_a_listed_text_carries_what_identifies_it(run: Run) -> None:
    (first, *_) = document(run("texts", "list", "--json"))
    assert {"id", "title", "kind", "date", "publisher", "url", "topics"} == first.keys()


def test_training_builds_and_publishes(run: Run, workshop: Workshop) -> None:
    outcome = run("train")
    assert outcome.code == 0
    release = published(workshop.settings)
    assert release and release in outcome.out
    assert "2 Texte, 3 Abschnitte" in outcome.out


def test_training_that_fails_its_gate_ends_with_1_and_names_what_was_lost(run: Run, workshop: Workshop) -> None:
    run("train")
    current = published(workshop.settings)
    workshop.examiner.passed = False
    outcome = run("train")
    assert outcome.code == 1
    assert "Wer leitet KI.NRW?" in outcome.err and "bleibt veröffentlicht" in outcome.err
    assert published(workshop.settings) == current
    assert run("train", "--json").code == 1


def test_training_on_a_bad_text_ends_with_1_and_its_place(run: Run, workshop: Workshop) -> None:
    (workshop.settings.paths.texts / "schlecht.md").write_text("---\ntitle: a\ndate: 2026-02-30\n---\n\nX.\n", "utf-8")
    outcome = run("train")
    assert outcome.code == 1
    assert "schlecht.md:3" in outcome.err
    assert release_ids(workshop.settings) == ()


def test_training_on_no_text_ends_with_1(run: Run, workshop: Workshop) -> None:
    for path in workshop.settings.paths.texts.iterdir():
        path.unlink()
    outcome = run("train")
    assert outcome.code == 1
    assert outcome.err.strip().endswith(message("texts_none", folder=workshop.settings.paths.texts))


def test_a_release_is_built_published_and_rolled_back_step_by_step(run: Run, workshop: Workshop) -> None:
    assert run("train").code == 0
    first = published(workshop.settings)
    assert run("release", "build").code == 0
    assert published(workshop.settings) == first
    second = release_ids(workshop.settings)[-1]
    assert second in run("release", "publish").out
    assert published(workshop.settings) == second
    assert str(first) in run("release", "rollback").out
    assert published(workshop.settings) == first
    assert run("release", "publish", second).code == 0
    assert run("release", "rollback", str(first)).code == 0
    assert published(workshop.settings) == first


def test_the_published_release_is_marked_in_the_list(run: Run, workshop: Workshop) -> None:
    for _ in range(2):
        run("train")
    rows = run("release", "list").out.splitlines()
    assert [row[0] for row in rows] == [" ", "*"]
    assert rows[1].split()[1] == published(workshop.settings)


def test_a_release_is_shown_with_its_gate(run: Run, workshop: Workshop) -> None:
    run("train")
    release = str(published(workshop.settings))
    shown = run("release", "show", release)
    assert shown.code == 0
    assert release in shown.out and "hash-1" in shown.out and "passed" in shown.out


@pytest.mark.parametrize("words", [("publish", "nie"), ("rollback", "nie"), ("show", "nie"), ("show", "nie", "--json")])
def test_an_unknown_release_ends_with_1_and_how_to_find_one(run: Run, words: tuple[str, ...]) -> None:
    outcome = run("release", *words)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.strip() == message("release_unknown", release="nie")


def test_without_a_release_every_command_says_what_to_do(run: Run) -> None:
    for words in (("ask", "Wer?"), ("release", "publish")):
        outcome = run(*words)
        assert outcome.code == 1
        assert "auskunft train" in outcome.err
    listed = run("release", "list")
    assert listed.code == 0 and "auskunft train" in listed.out
    assert document(run("release", "list", "--json")) == []
    back = run("release", "rollback")
    assert (back.code, back.err.strip()) == (1, message("rollback_none"))


def test_a_failed_release_cannot_be_published(run: Run, workshop: Workshop) -> None:
    workshop.examiner.passed = False
    run("release", "build")
    outcome = run("release", "publish")
    assert outcome.code == 1
    assert "nicht bestanden" in outcome.err
    assert "nicht bestanden" in run("release", "list").out


def test_json_is_one_document_and_nothing_else(run: Run, workshop: Workshop) -> None:
    built = document(run("release", "build", "--json"))
    trained = document(run("train", "--json"))
    assert built["gate"]["passed"] and trained["published"]
    assert built["id"] != trained["id"] == published(workshop.settings)
    listed = document(run("release", "list", "--json"))
    assert [(row["id"], row["published"]) for row in listed] == [(built["id"], False), (trained["id"], True)]
    assert document(run("release", "show", built["id"], "--json"))["id"] == built["id"]
    assert len(document(run("texts", "list", "--json"))) == 2
    assert set(document(run("doctor", "--json"))) == {"encoder", "release", "dialogue", "storage", "contact", "space"}


def test_a_broken_release_ends_a_question_with_1_and_the_broken_file(run: Run, workshop: Workshop) -> None:
    run("train")
    (folder_of(workshop.settings, str(published(workshop.settings))) / "passages.faiss").write_bytes(b"torn")
    outcome = run("ask", "Wer führte durch die Runde?")
    assert (outcome.code, outcome.out) == (1, "")
    assert "passages.faiss" in outcome.err


def test_a_torn_dialogue_model_leaves_the_search_to_answer(run: Run, workshop: Workshop) -> None:
    run("train")
    dialogue_model(workshop.settings, str(published(workshop.settings))).write_bytes(b"torn")
    answer = document(run("ask", "Wer führte durch die Runde?", "--json"))
    assert "Martin Roos" in answer["citations"][0]["quote"]


def test_a_question_is_answered_by_search_where_the_dialogue_model_is_none(run: Run, workshop: Workshop) -> None:
    run("train")
    outcome = run("ask", "Wer führte durch die Runde?", "--json")
    answer = document(outcome)
    assert outcome.code == 0
    assert answer["status"] == "answered"
    assert "Martin Roos" in answer["citations"][0]["quote"]
    assert answer["release"] == published(workshop.settings)
    plain = run("ask", "Wer führte durch die Runde?")
    assert "Martin Roos" in plain.out and TALK.title in plain.out


@pytest.mark.parametrize("question", ["", "   ", "x" * 10_000, "<b>🙂</b>"])
def test_any_question_gets_a_polite_reply(run: Run, question: str) -> None:
    run("train")
    outcome = run("ask", question, "--json")
    assert outcome.code == 0
    assert document(outcome)["text"].strip()


REPORT_KEYS = {"questions", "overall", "slices", "retrieval", "intent", "risk_coverage", "failures", "correct"}


@pytest.fixture
def player(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions go through the search alone, as if every one were about its topic."""
    from tests.unit.bot.test_evaluating import PlainDialogue

    monkeypatch.setattr(evaluating, "Dialogue", PlainDialogue)
    monkeypatch.setattr(PlainDialogue, "loaded", [])


def questions_file(folder: Path) -> Path:
    lines = [
        {
            "id": "q1",
            "question": "Wie hoch ist der Zuschuss?",
            "expect": "answer",
            "documents": ["foerderung"],
            "keys": ["15.000"],
        },
        {"id": "q2", "question": "Wetter?", "expect": "decline"},
    ]
    path = folder / "fragen.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    return path


def test_an_evaluation_prints_a_table_and_writes_its_report(run: Run, player: None, tmp_path: Path) -> None:
    run("train")
    outcome = run("evaluate", "--questions", str(questions_file(tmp_path)), "--json", str(tmp_path / "out.json"))
    assert outcome.code == 0
    assert "2 Fragen" in outcome.out and "q2" in outcome.out and "expect=answer" in outcome.out
    report = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert report.keys() == REPORT_KEYS
    assert report["correct"] == ["q1"]


def test_an_evaluation_of_other_texts_leaves_the_published_release_alone(
    run: Run, player: None, workshop: Workshop, tmp_path: Path
) -> None:
    run("train")
    before = workshop.snapshot()
    other = tmp_path / "other"
    other.mkdir()
    (other / "nur.md").write_text("---\ntitle: Nur dies\n---\n\nHier steht nichts davon.\n", "utf-8")
    words = ("evaluate", "--questions", str(questions_file(tmp_path)), "--texts", str(other))
    assert run(*words, "--json", str(tmp_path / "out.json")).code == 0
    assert json.loads((tmp_path / "out.json").read_text("utf-8"))["correct"] == []
    assert workshop.snapshot() == before


@pytest.mark.parametrize(
    ("content", "place"),
    [(b"{\n", "fragen.jsonl:1"), (b'\n{"id": "q"}\n', "fragen.jsonl:2"), ("ü".encode("latin-1"), "fragen.jsonl")],
)
def test_a_bad_questions_file_ends_with_1_and_its_place(run: Run, tmp_path: Path, content: bytes, place: str) -> None:
    (tmp_path / "fragen.jsonl").write_bytes(content)
    outcome = run("evaluate", "--questions", str(tmp_path / "fragen.jsonl"))
    assert outcome.code == 1
    assert place in outcome.err


def test_a_missing_questions_file_ends_with_1(run: Run, tmp_path: Path) -> None:
    outcome = run("evaluate", "--questions", str(tmp_path / "none.jsonl"))
    assert outcome.code == 1
    assert "none.jsonl" in outcome.err


def test_a_folder_of_texts_that_is_not_there_is_wrong_use(run: Run, tmp_path: Path) -> None:
    words = ("evaluate", "--questions", str(questions_file(tmp_path)), "--texts", str(tmp_path / "none"))
    assert run(*words).code == 2


def test_an_account_is_made_once_and_its_word_shown_once(run: Run) -> None:
    made = run("user", "add", "Anna", "--role", "agent")
    assert made.code == 0
    assert "Anna" in made.out and len(made.out.split()[-1]) >= 20
    again = run("user", "add", "Anna", "--role", "editor")
    assert again.code == 1
    assert "Anna" in again.err


def test_old_conversations_are_purged(run: Run) -> None:
    outcome = run("purge", "--days", "0")
    assert (outcome.code, outcome.out.strip()) == (0, "0 Gespräche gelöscht.")


def test_the_doctor_fails_until_a_release_answers(run: Run, workshop: Workshop) -> None:
    sick = run("doctor")
    assert sick.code == 1
    assert "auskunft train" in sick.out
    run("train")
    well = run("doctor")
    assert well.code == 0
    assert "servicecenter" in well.out  # empty contact data are told, and no failure
    workshop.encoder = HashEncoder("hash-2")
    assert "hash-2" in run("doctor").out


def test_an_interrupted_command_ends_with_1_and_says_that_nothing_changed(run: Run, workshop: Workshop) -> None:
    run("train")
    before = workshop.snapshot()
    workshop.examiner.error = KeyboardInterrupt()
    outcome = run("train")
    assert outcome.code == 1
    assert "Abgebrochen" in outcome.err
    assert workshop.snapshot() == before


def test_a_full_disk_ends_with_1_and_no_traceback(run: Run, workshop: Workshop) -> None:
    workshop.trainer.error = OSError(28, "No space left on device")
    outcome = run("train")
    assert outcome.code == 1
    assert "No space left" in outcome.err and "Traceback" not in outcome.err


def test_steps_are_plain_lines_where_there_is_no_terminal(run: Run) -> None:
    outcome = run("train")
    assert "Abschnitte kodieren …" in outcome.err.splitlines()
    assert "\r" not in outcome.err


def test_the_installed_command_starts_in_a_process_of_its_own(tmp_path: Path) -> None:
    environment = os.environ | {"AUSKUNFT_SETTINGS": str(tmp_path / "none.yml")}
    command = [sys.executable, "-c", "from bot.cli import main; main()", "texts", "list"]
    finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.strip() == message("settings_missing", path=tmp_path / "none.yml")
