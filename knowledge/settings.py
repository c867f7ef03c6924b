"""A typed view of settings.yml. Unknown or wrong entries are refused with their place in the file."""

from __future__ import annotations

import os
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from knowledge.errors import SettingsError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paths(_Section):
    """Folders and files, absolute once loaded."""

    var: Path = Path("var")
    texts: Path = Path("knowledge/texts")
    golden_questions: Path = Path("tests/evaluation/questions.jsonl")
    calibration_questions: Path = Path("knowledge/calibration.jsonl")
    off_topic_questions: Path = Path("knowledge/off_topic.txt")


class EncoderSettings(_Section):
    """`model` is "packaged", a sentence-transformers folder or a hub name."""

    model: str = "packaged"
    query_prompt: str = "query: "
    passage_prompt: str = "passage: "
    threads: int = Field(1, ge=1)


class ServiceCenter(_Section):
    """Contact data shown to citizens; an empty field is not shown."""

    phone: str = ""
    email: str = ""
    hours: str = ""
    url: str = ""


class Weights(_Section):
    """Shares of the fused score; they need not add up to 1."""

    words: float = Field(0.1, ge=0)
    ngrams: float = Field(0.2, ge=0)
    passages: float = Field(0.4, ge=0)
    sentences: float = Field(0.3, ge=0)
    questions: float = Field(0.3, ge=0)


class RetrievalSettings(_Section):
    """How passages are found and ranked; settings.yml explains each entry."""

    top_k: int = Field(5, ge=1)
    candidates: int = Field(50, ge=1)
    weights: Weights = Weights()
    foreign_weights: Weights = Weights(words=0, ngrams=0, passages=0.5, sentences=0.5, questions=0.3)
    sentence_ngrams: float = Field(0.5, ge=0)
    topic_bonus: float = Field(0.1, ge=0)
    original_margin: float = Field(2.0, ge=0)
    outdated_penalty: float = Field(0.5, ge=0)
    passage_words: int = Field(120, ge=20)


class AnsweringSettings(_Section):
    """How an answer is decided and quoted; settings.yml explains each entry."""

    tolerated_wrong_rate: float = Field(0.02, gt=0, lt=1)
    answerable_share: float = Field(0.85, gt=0, lt=1)
    quote_sentences: int = Field(3, ge=1)
    sentence_margin: float = Field(1.5, ge=0)


class GateSettings(_Section):
    """When a release may be published."""

    tolerated_loss: float = Field(0.02, ge=0, lt=1)


class Limits(_Section):
    """Bounds on what one message may cost."""

    message_characters: int = Field(1000, ge=1)
    question_seconds: float = Field(10, gt=0)


class WebSettings(_Section):
    """What other sites may do. Origins are written as in a browser's address: https://www.example.org."""

    allowed_origins: tuple[str, ...] = ()


class Settings(_Section):
    """Everything an operator may set. Paths are absolute."""

    public_url: str = ""
    paths: Paths = Paths()
    encoder: EncoderSettings = EncoderSettings()
    servicecenter: ServiceCenter = ServiceCenter()
    retrieval: RetrievalSettings = RetrievalSettings()
    answering: AnsweringSettings = AnsweringSettings()
    gate: GateSettings = GateSettings()
    limits: Limits = Limits()
    web: WebSettings = WebSettings()
    root: Path = Path()

    @model_validator(mode="before")
    @classmethod
    def _resolve(cls, values: dict) -> dict:
        root = Path(values.get("root", "."))
        paths = Paths.model_validate(values.get("paths") or {})
        resolved = {name: root / getattr(paths, name) for name in Paths.model_fields}
        return {**values, "paths": resolved}


def settings_path() -> Path:
    """AUSKUNFT_SETTINGS, or settings.yml in the product's own folder."""
    named = os.environ.get("AUSKUNFT_SETTINGS")
    return Path(named) if named else Path(__file__).resolve().parent.parent / "settings.yml"


def load_settings(path: Path | None = None) -> Settings:
    """The settings in `path` (default: settings_path()). Raises SettingsError naming file, entry and remedy."""
    path = (path or settings_path()).resolve()
    try:
        values = yaml.safe_load(path.read_text("utf-8")) or {}
        return Settings.model_validate({**values, "root": path.parent})
    except FileNotFoundError:
        raise SettingsError("settings_missing", path=path) from None
    except (yaml.YAMLError, UnicodeDecodeError, TypeError) as error:
        raise SettingsError("settings_invalid", path=path, detail=error) from None
    except ValidationError as error:
        first = error.errors()[0]
        entry = ".".join(str(part) for part in first["loc"])
        raise SettingsError("settings_invalid", path=path, detail=f"{entry}: {first['msg']}") from None
