"""Releases on disk: immutable folders under var/releases and the pointer var/current that names the published one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from knowledge.answering import Knowledge
from knowledge.decision import Decision
from knowledge.encoder import Encoder, open_encoder
from knowledge.errors import ReleaseError
from knowledge.model import Passage, Release
from knowledge.reading.files import sync_folder, write_atomically
from knowledge.reading.markdown import read_markdown
from knowledge.retrieval import Indexes, Retriever
from knowledge.settings import Settings

_UNFINISHED = ".building"
_HISTORY = 50
_MANIFEST = "release.json"
DIALOGUE = "dialogue.tar.gz"


def folder_of(settings: Settings, release_id: str) -> Path:
    """Where the release lies. Raises ReleaseError when there is none of that id."""
    folder = settings.paths.var / "releases" / release_id
    if not (folder / _MANIFEST).is_file():
        raise ReleaseError("release_unknown", release=release_id)
    return folder


def dialogue_model(settings: Settings, release_id: str) -> Path:
    """The Rasa model of the release; the file may be missing."""
    return settings.paths.var / "releases" / release_id / DIALOGUE


def release_ids(settings: Settings) -> tuple[str, ...]:
    """All finished releases, oldest first."""
    folder = settings.paths.var / "releases"
    return tuple(sorted(path.parent.name for path in folder.glob(f"[!.]*/{_MANIFEST}")))


def published(settings: Settings) -> str | None:
    """The id of the published release, None before the first. Raises ReleaseError for an unreadable pointer."""
    return _pointer(settings)["release"]


def manifest(settings: Settings, release_id: str) -> dict[str, Any]:
    """What release.json says: identity, counts, file digests, whether the gate was passed."""
    folder = folder_of(settings, release_id)
    try:
        content = json.loads((folder / _MANIFEST).read_text("utf-8"))
        return {**content, "files": content["files"], "gate": content["gate"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseError("release_broken", release=release_id, detail=error) from error


def open_release(settings: Settings, release_id: str | None = None) -> Knowledge:
    """Opens a release, the published one by default. Raises ReleaseError when there is none, when a file is missing
    or changed, or when it was built with another encoder; the message names the remedy."""
    release_id = release_id or published(settings)
    if release_id is None:
        raise ReleaseError("release_none")
    folder = folder_of(settings, release_id)
    description = manifest(settings, release_id)
    broken = _broken_file(folder, description)
    if broken is not None and broken != DIALOGUE:  # without its dialogue a release still answers by search
        raise ReleaseError("release_broken", release=release_id, detail=broken)
    encoder = open_encoder(settings.encoder, settings.paths.var)
    if encoder.name != description["encoder"]:
        raise ReleaseError("encoder_mismatch", release=release_id, expected=description["encoder"], found=encoder.name)
    try:
        return load_folder(folder, encoder, settings)
    except (ValueError, KeyError, TypeError) as error:  # written by another version of this product
        raise ReleaseError("release_foreign", release=release_id, detail=error) from error


def intact(settings: Settings, release_id: str) -> bool:
    """True when every file of the release is there and unchanged."""
    try:
        return _broken_file(folder_of(settings, release_id), manifest(settings, release_id)) is None
    except ReleaseError:
        return False


def load_folder(folder: Path, encoder: Encoder, settings: Settings) -> Knowledge:
    """Reads a release's folder without checking its files."""
    description = json.loads((folder / _MANIFEST).read_text("utf-8"))
    documents = {document.id: document for document in map(read_markdown, sorted((folder / "texts").glob("*.md")))}
    with (folder / "passages.jsonl").open(encoding="utf-8") as lines:
        passages = [_passage(json.loads(line)) for line in lines]
    decision = Decision.from_json(json.loads((folder / "decision.json").read_text("utf-8")))
    retriever = Retriever(documents, passages, Indexes.load(folder), encoder, settings.retrieval)
    release = _release(description)
    return Knowledge(release, retriever, decision, settings.answering, settings.retrieval.top_k)


def publish(settings: Settings, release_id: str) -> None:
    """Makes the release the one that answers. Raises ReleaseError when it is unknown or its gate was not passed."""
    if not manifest(settings, release_id)["gate"]["passed"]:
        raise ReleaseError("gate_failed", release=release_id)
    with _pointer_lock(settings):
        try:
            pointer = _pointer(settings)
        except ReleaseError:  # publishing is how an unreadable pointer is repaired
            pointer = {"release": None, "history": []}
        if pointer["release"] != release_id:
            history = [*pointer["history"], pointer["release"]] if pointer["release"] else []
            _point(settings, release_id, history[-_HISTORY:])


def rollback(settings: Settings, release_id: str | None = None) -> str:
    """Returns to `release_id`, by default to the one published before. Raises ReleaseError when there is none or
    its gate was not passed."""
    with _pointer_lock(settings):
        history = _pointer(settings)["history"]
        target = release_id or (history[-1] if history else None)
        if target is None:
            raise ReleaseError("rollback_none")
        if not manifest(settings, target)["gate"]["passed"]:
            raise ReleaseError("gate_failed", release=target)
        last = max((place for place, each in enumerate(history) if each == target), default=len(history))
        _point(settings, target, history[:last])
        return target


@contextmanager
def new_folder(settings: Settings, release_id: str) -> Iterator[Path]:
    """An empty folder to build a release in. It becomes the release when the block ends without an error and
    vanishes otherwise. Raises ReleaseError when another build is running."""
    releases = settings.paths.var / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    lock = FileLock(releases / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ReleaseError("build_running") from None
    try:
        for left_over in releases.glob(f"{_UNFINISHED}-*"):
            shutil.rmtree(left_over)
        scratch = releases / f"{_UNFINISHED}-{release_id}"
        scratch.mkdir()
        try:
            yield scratch
            _sync(scratch)
            os.rename(scratch, releases / release_id)
            sync_folder(releases)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    finally:
        lock.release()


def write_manifest(folder: Path, release: Release, parent: str | None, gate: dict[str, Any], **more: Any) -> None:
    """Writes release.json with the digests of all other files that lie in `folder` by then."""
    lying = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / _MANIFEST)
    files = {str(path.relative_to(folder)): file_digest(path) for path in lying}
    content = asdict(release) | {
        "created": release.created.isoformat(),
        "parent": parent,
        "gate": gate,
        **more,
    }
    (folder / _MANIFEST).write_text(json.dumps(content | {"files": files}, ensure_ascii=False, indent=1), "utf-8")


def write_passages(folder: Path, passages: tuple[Passage, ...]) -> None:
    """Writes passages.jsonl, one passage a line."""
    with (folder / "passages.jsonl").open("w", encoding="utf-8") as lines:
        for passage in passages:
            lines.write(json.dumps(asdict(passage), ensure_ascii=False) + "\n")


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content in hexadecimal digits."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _broken_file(folder: Path, description: dict[str, Any]) -> str | None:
    for name, expected in sorted(description["files"].items(), key=lambda file: file[0] == DIALOGUE):
        path = folder / name
        if not path.is_file() or file_digest(path) != expected:
            return str(name)
    return None


def _passage(values: dict[str, Any]) -> Passage:
    return Passage(**values | {"sentences": tuple(values["sentences"])})


def _release(values: dict[str, Any]) -> Release:
    suggestions = {
        language: {topic: tuple(questions) for topic, questions in by_topic.items()}
        for language, by_topic in values["suggestions"].items()
    }
    return Release(
        values["id"],
        datetime.fromisoformat(values["created"]),
        values["encoder"],
        values["documents"],
        values["passages"],
        suggestions,
    )


def _pointer_lock(settings: Settings) -> FileLock:
    return FileLock(settings.paths.var / ".current.lock")


def _pointer(settings: Settings) -> dict[str, Any]:
    path = settings.paths.var / "current"
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return {"release": content["release"], "history": content["history"]}
    except FileNotFoundError:
        return {"release": None, "history": []}
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseError("pointer_broken", path=path, detail=error) from error


def _point(settings: Settings, release_id: str, history: list[str]) -> None:
    content = json.dumps({"release": release_id, "history": history})
    write_atomically(settings.paths.var / "current", content.encode("utf-8"))


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)
