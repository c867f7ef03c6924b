"""Trains the dialogue model in a child process, so that whoever asked for it stays small and responsive."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import yaml

from bot.errors import TrainingError
from knowledge.encoder import open_encoder
from knowledge.model import digest
from knowledge.settings import Settings

ROOT = Path(__file__).resolve().parent.parent

_PACKAGES = ("rasa", "scikit-learn", "numpy", "scipy")
_SHOWN_LINES = 12
_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    # Rasa's own cache does not see helper modules change; `fingerprint` decides what is trained again.
    "RASA_MAX_CACHE_SIZE": "0",
    "LOG_LEVEL": "WARNING",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TQDM_DISABLE": "1",
    "PYTHONWARNINGS": "ignore",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}


def train_dialogue(target: Path, settings: Settings, root: Path = ROOT) -> None:
    """Trains on config.yml, domain.yml and bot/data in `root` and writes the model to `target` (.tar.gz) in
    one step (blocking, about half a minute). Raises TrainingError with the end of Rasa's log, and leaves
    `target` as it was."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".training-", dir=target.parent) as folder:
            model = Path(folder) / "model.tar.gz"
            given = Path(folder) / "settings.yml"
            given.write_text(yaml.safe_dump(settings.model_dump(mode="json", exclude={"root"})), "utf-8")
            finished = subprocess.run(
                [sys.executable, "-m", "bot.training", str(root), str(model)],
                cwd=ROOT,
                env=os.environ | _ENVIRONMENT | {"AUSKUNFT_SETTINGS": str(given)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                encoding="utf-8",
                errors="replace",
            )
            if finished.returncode != 0 or not model.is_file():
                raise TrainingError("training_failed", log=_end_of(finished.stdout))
            os.replace(model, target)
    except OSError as error:
        raise TrainingError("training_unwritable", path=target, detail=error) from error


def fingerprint(settings: Settings, root: Path = ROOT) -> str:
    """64 hexadecimal digits, equal as long as training would give the same model. Raises EncoderError."""
    encoder = open_encoder(settings.encoder, settings.paths.var).name
    packages = [f"{package} {version(package)}" for package in _PACKAGES]
    trained_on = [root / "config.yml", root / "domain.yml", *sorted((root / "bot" / "data").rglob("*.yml"))]
    sources = sorted((ROOT / "bot" / "components").glob("*.py"))
    files = [f"{path.name} {path.read_text('utf-8')}" for path in (*trained_on, *sources)]
    return digest(encoder, *packages, *files)


def train_here(root: Path, target: Path) -> None:
    """The training itself, in this process and with Rasa's own errors. `target` ends in .tar.gz."""
    from rasa.model_training import train

    train(
        domain=str(root / "domain.yml"),
        config=str(root / "config.yml"),
        training_files=[str(root / "bot" / "data")],
        output=str(target.parent),
        fixed_model_name=target.name,
    )


def _end_of(text: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r", "\n")
    lines = [line.rstrip() for line in plain.splitlines() if line.strip()]
    return "\n".join(lines[-_SHOWN_LINES:])


def _main(root: Path, target: Path) -> None:
    try:
        train_here(root, target)
    except Exception as error:  # operators read its words, its way through Rasa tells them nothing
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        sys.exit(f"{type(cause).__name__}: {cause}")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
