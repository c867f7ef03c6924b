"""Plain text: a title line, then paragraphs separated by empty lines."""

from __future__ import annotations

import re

from knowledge.errors import TextError
from knowledge.model import Document
from knowledge.reading.cleaning import decode, one_line, paragraph_blocks, problem
from knowledge.reading.dates import take_day


def read(content: bytes, place: str, default_id: str, title: str = "") -> Document:
    """The document in a UTF-8 text file's bytes. Without `title` the first line is the title. A date that
    stands alone in one of the first lines is the text's date, not part of its wording. Raises TextError."""
    text, problems = decode(content, place)
    if problems:
        raise TextError(problems)
    lines = [line if line.strip() else "" for line in text.split("\n")]
    day = take_day(lines)
    if not title:
        first = next((number for number, line in enumerate(lines) if line), None)
        title = one_line(lines.pop(first)) if first is not None else ""
    paragraphs = re.split(r"\n{2,}", "\n".join(lines).strip("\n"))
    blocks = [block for paragraph in paragraphs for block in paragraph_blocks(paragraph.split("\n"))]
    if not blocks:
        raise TextError([problem("text_empty", place)])
    return Document(default_id, title, "\n\n".join(blocks), date=day)
