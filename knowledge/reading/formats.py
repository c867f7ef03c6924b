"""Which reader reads what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from knowledge.model import Document
from knowledge.reading import html, markdown, pdf, plain

Reader = Callable[[bytes, str, str], Document]
"""(content, place, default id) → Document; raises TextError."""

READERS: dict[str, Reader] = {
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".txt": plain.read,
    ".html": html.read,
    ".htm": html.read,
    ".pdf": pdf.read,
}
_MEDIA_TYPES: dict[str, Reader] = {
    "text/markdown": markdown.read,
    "text/x-markdown": markdown.read,
    "text/plain": plain.read,
    "text/html": html.read,
    "application/xhtml+xml": html.read,
    "application/pdf": pdf.read,
}
_VAGUE = ("", "text/plain", "application/octet-stream", "binary/octet-stream")


def reader_for(media_type: str, path: str) -> Reader | None:
    """The reader for a server's `media_type`; where that says little, the ending of `path` decides."""
    by_ending = READERS.get(PurePosixPath(path).suffix.lower()) if media_type in _VAGUE else None
    return by_ending or _MEDIA_TYPES.get(media_type)
