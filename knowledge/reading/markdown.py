"""Markdown with a YAML head: the form in which texts are shipped, kept and exported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

import yaml

from knowledge.errors import Problem, TextError
from knowledge.model import Document, Source
from knowledge.reading.body import markdown_of, text_of
from knowledge.reading.cleaning import decode, problem, slug
from knowledge.reading.dates import moment_text
from knowledge.reading.files import write_atomically
from knowledge.reading.front_matter import document, split_head


@dataclass(frozen=True, slots=True)
class Entry:
    """A text file that was read: the document, the lines of its head's entries and everything wrong with it.
    The document is only to be used when there are no problems."""

    path: Path
    document: Document
    lines: Mapping[str, int]
    problems: tuple[Problem, ...]


def read(content: bytes, place: str, default_id: str) -> Document:
    """The document in a Markdown file's bytes. Raises TextError with every finding."""
    entry = _entry(content, place, default_id)
    if entry.problems:
        raise TextError(list(entry.problems))
    return entry.document


def read_entry(path: Path) -> Entry:
    """The text file at `path`; never raises, what is wrong is in the entry's problems."""
    try:
        return _entry(path.read_bytes(), str(path), slug(path.stem))
    except FileNotFoundError:
        finding = problem("text_missing", str(path))
    except OSError:
        finding = problem("text_unreadable", str(path))
    return Entry(path, Document(slug(path.stem), "", ""), {}, (finding,))


def read_markdown(path: Path) -> Document:
    """The document in the Markdown file at `path`. Raises TextError with every finding."""
    entry = read_entry(path)
    if entry.problems:
        raise TextError(list(entry.problems))
    return entry.document


def write_markdown(document: Document, path: Path) -> None:
    """Writes the document to `path`, atomically; read_markdown() gives an equal one. Empty entries are
    left out. Raises OSError; then nothing at `path` has changed."""
    head = yaml.safe_dump(_head(document), allow_unicode=True, sort_keys=False, width=4096)
    write_atomically(path, f"---\n{head}---\n\n{markdown_of(document.text)}\n".encode())


def _entry(content: bytes, place: str, default_id: str) -> Entry:
    text, problems = decode(content, place)
    if problems:
        return Entry(Path(place), Document(default_id, "", ""), {}, tuple(problems))
    fields, body = split_head(text, place)
    if fields.problems:
        return Entry(Path(place), Document(default_id, "", ""), fields.lines, tuple(fields.problems))
    made = document(fields, text_of(body), default_id)
    return Entry(Path(place), made, fields.lines, tuple(fields.problems))


def _head(document: Document) -> dict[str, object]:
    entries: dict[str, object] = {
        "id": document.id,
        "title": document.title,
        "kind": document.kind,
        "date": document.date,
        "publisher": document.publisher,
        "url": document.url,
        "topics": list(document.topics),
        "valid_until": document.valid_until,
        "superseded_by": document.superseded_by,
        "language": document.language,
        "starts": _moment(document.starts),
        "ends": _moment(document.ends),
        "place": document.place,
        "registration_url": document.registration_url,
        "sources": [_source(source) for source in document.sources],
        "questions": list(document.questions),
    }
    return {key: value for key, value in entries.items() if value}


def _source(source: Source) -> dict[str, str]:
    return {key: value for key, value in asdict(source).items() if value}


def _moment(moment: datetime | date | None) -> str | date | None:
    """A plain day stays a date, so that YAML writes it without quotation marks."""
    return moment_text(moment) if isinstance(moment, datetime) else moment
