"""A folder of Markdown texts, and what is only wrong when its texts are seen together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from knowledge.errors import Problem, TextError
from knowledge.model import Document
from knowledge.reading.cleaning import problem
from knowledge.reading.markdown import Entry, read_entry


def read_folder(folder: Path) -> tuple[Document, ...]:
    """The documents of every *.md below `folder`, ordered by path. Raises TextError with the findings of all
    files, equal ids and successors that do not exist included."""
    if not folder.is_dir():
        raise TextError([problem("folder_missing", str(folder))])
    entries = read_entries(folder)
    problems = [finding for entry in entries for finding in entry.problems]
    problems += duplicates(entries) + unknown_successors(entries, ids(entries))
    if problems:
        raise TextError(problems)
    return tuple(entry.document for entry in entries)


def read_entries(folder: Path) -> list[Entry]:
    """Every *.md below `folder`, ordered by path; none when there is no such folder."""
    return [read_entry(path) for path in sorted(folder.rglob("*.md")) if path.is_file()]


def ids(entries: Iterable[Entry]) -> set[str]:
    """The entries' ids; a file that cannot be read counts with the id its name gives."""
    return {entry.document.id for entry in entries}


def duplicates(entries: Sequence[Entry]) -> list[Problem]:
    """One finding for each entry whose id an earlier one has."""
    first: dict[str, Entry] = {}
    found = []
    for entry in entries:
        name = entry.document.id
        other = first.setdefault(name, entry)
        if other is not entry:
            line = entry.lines.get("id", 0)
            found.append(problem("id_duplicate", str(entry.path), line, id=name, other=other.path))
    return found


def unknown_successors(entries: Iterable[Entry], known: set[str]) -> list[Problem]:
    """One finding for each entry whose superseded_by is not among the known ids."""
    return [
        problem("successor_unknown", str(entry.path), entry.lines.get("superseded_by", 0), id=successor)
        for entry in entries
        if (successor := entry.document.superseded_by) and successor not in known
    ]
