from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.errors import SettingsError
from knowledge.settings import Settings, load_settings, settings_path

ROOT = Path(__file__).resolve().parents[3]


def written(folder: Path, content: str) -> Path:
    path = folder / "settings.yml"
    path.write_text(content, "utf-8")
    return path


def test_the_shipped_file_says_what_holds_without_it() -> None:
    assert load_settings(ROOT / "settings.yml") == Settings.model_validate({"root": ROOT})


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "paths: {var: here, texts: /elsewhere/texts}"))
    assert settings.paths.var == tmp_path / "here"
    assert settings.paths.texts == Path("/elsewhere/texts")
    assert settings.paths.golden_questions.is_absolute()


def test_what_is_not_written_keeps_its_default(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "retrieval: {top_k: 3}"))
    assert settings.retrieval.top_k == 3
    assert settings.retrieval.passage_words == Settings().retrieval.passage_words


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "paths:\n"])
def test_an_empty_file_or_section_is_allowed(tmp_path: Path, content: str) -> None:
    assert load_settings(written(tmp_path, content)) == Settings.model_validate({"root": tmp_path})


@pytest.mark.parametrize(
    ("content", "entry"),
    [
        ("retrieval: {top_q: 5}", "retrieval.top_q"),
        ("retrieval: {top_k: 0}", "retrieval.top_k"),
        ("retrieval: {weights: {words: -1}}", "retrieval.weights.words"),
        ("answering: {tolerated_wrong_rate: 1.5}", "answering.tolerated_wrong_rate"),
        ("limits: {message_characters: viele}", "limits.message_characters"),
        ("encoder: klein", "encoder"),
        ("serviceenter: {}", "serviceenter"),
        ("paths: {vra: x}", "vra"),
        ("- a list", "settings.yml"),
        ("retrieval: [", "settings.yml"),
        ("text", "settings.yml"),
    ],
)
def test_a_wrong_entry_is_named_with_the_file(tmp_path: Path, content: str, entry: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(SettingsError) as error:
        load_settings(path)
    assert str(path) in str(error.value)
    assert entry in str(error.value)
    assert "korrigieren" in str(error.value)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.yml").write_bytes('public_url: "Förderung"'.encode("latin-1"))
    with pytest.raises(SettingsError, match=r"settings\.yml"):
        load_settings(tmp_path / "settings.yml")


def test_a_missing_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yml fehlt.*AUSKUNFT_SETTINGS"):
        load_settings(tmp_path / "none.yml")


def test_the_environment_names_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSKUNFT_SETTINGS", str(written(tmp_path, "public_url: https://auskunft.example")))
    assert load_settings().public_url == "https://auskunft.example"
    monkeypatch.delenv("AUSKUNFT_SETTINGS")
    assert settings_path() == ROOT / "settings.yml"


def test_settings_cannot_be_changed_once_loaded() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().retrieval.top_k = 9  # type: ignore[misc]
