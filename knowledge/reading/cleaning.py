"""What every reader does to wording: one Unicode form, no invisible characters, paragraphs as blocks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from knowledge.errors import Problem

_LINE_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Control, soft hyphen, zero-width, direction and private-use characters; line feed and tab stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ud800-\udfff\ue000-\uf8ff\ufeff\ufff9-\ufffb]"
)
_LIGATURES = re.compile("[\ufb00-\ufb06]")
_BULLET = re.compile("(?:[-*\u2022\u25aa\u25e6\u2023\xb7\uf0b7]\\s+|[\u2022\u25aa\uf0b7])(?=\\S)")
_TRANSLITERATION = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def clean(text: str) -> str:
    """`text` in NFC with line feeds only, typographic ligatures as letters and nothing invisible in it."""
    text = _INVISIBLE.sub("", _LINE_BREAKS.sub("\n", text))
    text = _LIGATURES.sub(lambda found: unicodedata.normalize("NFKC", found.group()), text)
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """`text` cleaned, every run of white space (no-break space included) one space, none at the ends."""
    return " ".join(clean(text).split())


def slug(name: str) -> str:
    """An id made from a name: [a-z0-9-], at most 80 characters, "text" when nothing is left."""
    plain = clean(name).lower().translate(_TRANSLITERATION)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-") or "text"


def paragraph_blocks(lines: Iterable[str]) -> list[str]:
    """The lines of one paragraph as blocks of a document's text: wrapped lines joined by a space, lines with
    a bullet gathered into a list of `- …` lines."""
    prose: list[str] = []
    items: list[str] = []
    for line in lines:
        bullet = _BULLET.match(line.lstrip())
        if bullet:
            items.append("- " + one_line(line.lstrip()[bullet.end() :]))
        elif items:
            items[-1] = one_line(f"{items[-1]} {line}")
        else:
            prose.append(line)
    return [block for block in (one_line(" ".join(prose)), "\n".join(items)) if block]


def decode(content: bytes, place: str) -> tuple[str, list[Problem]]:
    """The UTF-8 text (byte order mark allowed) cleaned, or an empty one and the finding with its line."""
    try:
        return clean(content.decode("utf-8")), []
    except UnicodeDecodeError as error:
        return "", [problem("text_not_utf8", place, content.count(b"\n", 0, error.start) + 1)]


def problem(code: str, place: str, line: int = 0, /, **values: object) -> Problem:
    """A finding at `place` (a path or an address)."""
    return Problem(code, place, line, tuple(values.items()))
