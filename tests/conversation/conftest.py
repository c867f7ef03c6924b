"""The dialogue as it is shipped, trained once per session on the real sentences with the real encoder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from knowledge.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.dialogue import Dialogue


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The operator's settings; skips where set-up has not prepared the encoder."""
    settings = load_settings()
    if not (settings.paths.var / "models").is_dir():
        pytest.skip("The encoder is not prepared; `make test` does that first.")
    return settings


@pytest.fixture(scope="session")
def shipped_model(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained by a child process, as a release is."""
    from bot.training import train_dialogue

    target = tmp_path_factory.mktemp("shipped") / "dialogue.tar.gz"
    train_dialogue(target, settings)
    return target


@pytest.fixture(scope="session")
def dialogue(shipped_model: Path, settings: Settings) -> Dialogue:
    """The shipped dialogue over texts that answer nothing."""
    from bot.dialogue import Dialogue
    from tests.conversation.silence import Silence

    return Dialogue.load(shipped_model, Silence(), settings)  # type: ignore[arg-type]
