"""Texts in every format editors have, read into documents."""

from __future__ import annotations

from pathlib import Path

from knowledge.errors import TextError
from knowledge.model import Document
from knowledge.reading.cleaning import problem, slug
from knowledge.reading.fetching import fetch
from knowledge.reading.folder import read_folder
from knowledge.reading.formats import READERS
from knowledge.reading.markdown import read_markdown, write_markdown

__all__ = ["fetch", "read_folder", "read_markdown", "read_text", "write_markdown"]


def read_text(path: Path) -> Document:
    """The document in one file; its ending decides the reader. Raises TextError with every finding."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise TextError([problem("text_format", str(path), format=path.suffix or path.name)])
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise TextError([problem("text_missing", str(path))]) from None
    except OSError:
        raise TextError([problem("text_unreadable", str(path))]) from None
    return reader(content, str(path), slug(path.stem))
