"""The one place that wires texts, dialogue training and the gate into a release."""

from __future__ import annotations

from pathlib import Path

from bot.evaluating import GoldenGate
from bot.training import fingerprint, train_dialogue
from knowledge.building import Built, Progress, build_release
from knowledge.library import open_library
from knowledge.reading import read_folder
from knowledge.settings import Settings


class RasaTraining:
    """Trains the intent model with Rasa in a child process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def fingerprint(self) -> str:
        """Equal fingerprints mean that training would give the same model."""
        return fingerprint(self._settings)

    def train(self, target: Path) -> None:
        """Writes the model to `target`."""
        train_dialogue(target, self._settings)


def build(settings: Settings, progress: Progress, texts: Path | None = None) -> Built:
    """Builds a release from the editors' texts, or from a folder of text files. Raises KnowledgeError."""
    documents = open_library(settings).documents() if texts is None else read_folder(texts)
    return build_release(settings, documents, RasaTraining(settings), GoldenGate(settings), progress)
