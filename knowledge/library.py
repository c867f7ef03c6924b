"""The editors' texts: what is shipped, overlaid by their own, without what they withdrew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import yaml
from filelock import FileLock

from knowledge.errors import KnowledgeError, TextError
from knowledge.model import BERLIN, Document
from knowledge.reading.cleaning import problem
from knowledge.reading.files import sync_folder, write_atomically
from knowledge.reading.folder import duplicates, ids, read_entries, unknown_successors
from knowledge.reading.front_matter import findings
from knowledge.reading.markdown import Entry, write_markdown
from knowledge.settings import Settings

_WITHDRAWN = "withdrawn.yml"


@dataclass(frozen=True, slots=True)
class Library:
    """`shipped` is the product's folder of texts and is never written; `own` is the editors', created when
    needed. Nothing is kept in memory, so several processes may use the same folders; changes wait for each
    other."""

    shipped: Path
    own: Path

    def documents(self) -> tuple[Document, ...]:
        """Every text that counts, ordered by id: an own one replaces a shipped one with the same id,
        withdrawn ones are left out. Raises TextError with all findings in both folders."""
        shipped, own = read_entries(self.shipped), read_entries(self.own)
        problems = [finding for entry in shipped + own for finding in entry.problems]
        problems += duplicates(shipped) + duplicates(own)
        withdrawn: dict[str, date] = {}
        try:
            withdrawn = self.withdrawn()
        except TextError as error:
            problems += error.problems
        entries = _overlaid(shipped, own, withdrawn)
        problems += unknown_successors(entries.values(), ids(shipped + own))
        if problems:
            raise TextError(problems)
        return tuple(entries[name].document for name in sorted(entries))

    def withdrawn(self) -> dict[str, date]:
        """The ids of withdrawn shipped texts and the day each was withdrawn. Raises TextError."""
        path = self.own / _WITHDRAWN
        try:
            entries = yaml.safe_load(path.read_text("utf-8")) or {}
        except FileNotFoundError:
            return {}
        except (yaml.YAMLError, UnicodeDecodeError, ValueError):
            entries = None
        if not isinstance(entries, dict) or not all(isinstance(day, date) for day in entries.values()):
            raise TextError([problem("withdrawn_broken", str(path))])
        return {str(name): day for name, day in entries.items()}

    def add(self, document: Document) -> Literal["added", "replaced", "unchanged"]:
        """Keeps the document as an own text and lifts a withdrawal of its id. Raises TextError when the
        document is not fit to be kept; then nothing has changed."""
        place = document.url or document.id
        problems = [problem(code, place, 0, **values) for _, code, values in findings(document)]
        if problems:
            raise TextError(problems)
        with self._lock():
            own, withdrawn = read_entries(self.own), self.withdrawn()
            shipped = read_entries(self.shipped)
            lifted = document.id in withdrawn
            current = _overlaid(shipped, own, {} if lifted else withdrawn).get(document.id)
            if current is None or current.problems or current.document != document:
                write_markdown(document, self._path(document.id, own))
            elif not lifted:
                return "unchanged"
            if lifted:
                self._record({name: day for name, day in withdrawn.items() if name != document.id})
        return "added" if current is None or lifted else "replaced"

    def withdraw(self, id: str, today: date | None = None) -> None:
        """Takes the text out: an own file is removed, a shipped one recorded as withdrawn. Raises
        KnowledgeError for an unknown id, naming similar ones, and for one that is withdrawn already."""
        with self._lock():
            shipped, own, withdrawn = read_entries(self.shipped), read_entries(self.own), self.withdrawn()
            present = _overlaid(shipped, own, withdrawn)
            if id in withdrawn:
                raise KnowledgeError("text_withdrawn", id=id, day=f"{withdrawn[id]:%d.%m.%Y}")
            if id not in present:
                near = ", ".join(f"„{name}“" for name in get_close_matches(id, present, n=3, cutoff=0.5))
                raise KnowledgeError("text_unknown_near" if near else "text_unknown", id=id, near=near)
            if id in ids(shipped):
                self._record({**withdrawn, id: today or datetime.now(BERLIN).date()})
            for entry in own:
                if entry.document.id == id:
                    entry.path.unlink()
                    sync_folder(entry.path.parent)

    def _path(self, id: str, own: list[Entry]) -> Path:
        """The file that holds the id already, wherever an editor put it, else `<id>.md`."""
        path = self.own / f"{id}.md"
        for entry in own:
            if entry.document.id == id:
                return entry.path
            if entry.path == path:
                raise KnowledgeError("text_file_taken", path=path, id=id, other=entry.document.id)
        return path

    def _record(self, withdrawn: dict[str, date]) -> None:
        text = yaml.safe_dump(withdrawn, allow_unicode=True) if withdrawn else ""
        write_atomically(self.own / _WITHDRAWN, text.encode("utf-8"))

    def _lock(self) -> FileLock:
        self.own.mkdir(parents=True, exist_ok=True)
        return FileLock(self.own / ".lock")


def _overlaid(shipped: list[Entry], own: list[Entry], withdrawn: dict[str, date]) -> dict[str, Entry]:
    entries = {entry.document.id: entry for entry in [*shipped, *own]}
    return {name: entry for name, entry in entries.items() if name not in withdrawn}


def open_library(settings: Settings) -> Library:
    """The shipped texts overlaid with the editors' own, as the settings place them."""
    return Library(settings.paths.texts, settings.paths.var / "texts")
