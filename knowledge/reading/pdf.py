"""PDF files: lines joined to paragraphs again, hyphens of line ends and repeated page margins removed."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from knowledge.errors import TextError
from knowledge.model import Document
from knowledge.reading.body import HEADING
from knowledge.reading.cleaning import clean, one_line, paragraph_blocks, problem
from knowledge.reading.dates import take_day

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

_EDGE_LINES = 3  # how many lines at the top and at the bottom of a page may be header or footer
_HEADING_SIZE = 1.15  # times the size of the running text
_PARAGRAPH_GAP = 1.3  # times the usual distance of two lines
_SHORT_LINE = 0.75  # of the longest around: a sentence that ends here ends the paragraph
_STUB_LINE = 0.5  # of the longest around: before a capital letter this ends the paragraph without a full stop
_AROUND = 6  # lines before and after
_HYPHENS = "-\xad\u2010"
_HEADING_LENGTH = 200
_FEW_LETTERS = 20  # a scan may carry a stamp or a page number as text
_SENTENCE_END = re.compile(r"[.!?:…][“”\"»)]*$")
_BULLET = re.compile("[\u2022\u25aa\u25e6\u2023\xb7\uf0b7]|[-–*]\\s")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    page: int
    height: float  # of the baseline, in points from the page's bottom
    size: float  # of the letters, in points


def read(content: bytes, place: str, default_id: str) -> Document:
    """The document in a PDF's bytes; its title is the PDF's own where the first page shows it, else the first
    heading or line. Raises TextError: encrypted, damaged, or without text, as scans are."""
    reader = _open(content, place)
    try:
        lines = [line for number, page in enumerate(reader.pages) for line in _lines(page, number)]
        metadata = reader.metadata
        own_title = one_line(str(metadata.title or "")) if metadata else ""
        pages = len(reader.pages)
    except Exception:  # pypdf 7 raises whatever the damage leads to: KeyError, RecursionError, its own
        raise TextError([problem("pdf_broken", place)]) from None
    lines = _without_margins(lines, pages)
    if sum(letter.isalpha() for line in lines for letter in line.text) < _FEW_LETTERS:
        raise TextError([problem("pdf_no_text", place)])
    shown = one_line(" ".join(line.text for line in lines if line.page == 0))
    blocks = [block for paragraph in _paragraphs(lines) for block in _blocks(paragraph, _text_size(lines))]
    day = take_day(blocks)
    heading = next((block for block in blocks if block.startswith(HEADING)), blocks[0] if blocks else "")
    title = own_title if own_title and own_title in shown else heading.removeprefix(HEADING).split("\n")[0]
    if blocks and blocks[0].removeprefix(HEADING) == title:
        del blocks[0]
    if not blocks:
        raise TextError([problem("text_empty", place)])
    return Document(default_id, title, "\n\n".join(blocks), date=day)


def _open(content: bytes, place: str) -> PdfReader:
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(content))
        readable = not reader.is_encrypted or bool(reader.decrypt(""))
    except Exception:  # as above; also the cipher may need a package that is not installed
        raise TextError([problem("pdf_broken", place)]) from None
    if not readable:
        raise TextError([problem("pdf_encrypted", place)])
    return reader


def _lines(page: PageObject, number: int) -> list[_Line]:
    """The page's lines in the order of its content, which keeps columns apart."""
    rows: list[tuple[list[str], list[tuple[float, float]]]] = [([], [])]

    def visit(text: str, cm: list[float], tm: list[float], _font: Any, size: float) -> None:
        for position, piece in enumerate(text.split("\n")):
            if position:
                rows.append(([], []))
            words, places = rows[-1]
            words.append(piece)
            if piece.strip():
                height = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
                places.append((height, abs(size * tm[3] * cm[3])))

    page.extract_text(visitor_text=visit)
    found = [("".join(words).strip(" \t"), places) for words, places in rows]
    return [
        _Line(text, number, places[0][0], max(size for _, size in places))
        for text, places in found
        if places and clean(text).strip()
    ]


def _without_margins(lines: list[_Line], pages: int) -> list[_Line]:
    """Without the lines that stand at the edge of most pages, page numbers aside."""
    edges: set[_Line] = set()
    for page in range(pages):
        ordered = sorted((line for line in lines if line.page == page), key=lambda line: line.height)
        edges.update(ordered[:_EDGE_LINES], ordered[-_EDGE_LINES:])
    counts = Counter(wording for _, wording in {(line.page, _unnumbered(line, pages)) for line in edges})
    margins = {wording for wording, count in counts.items() if count > 1 and count > pages / 2}
    return [line for line in lines if line not in edges or _unnumbered(line, pages) not in margins]


def _unnumbered(line: _Line, pages: int) -> str:
    if re.fullmatch(r"\W*\d+\W*", line.text):
        return "#"
    return re.sub(rf"\b(?:{line.page + 1}|{pages})\b", "#", one_line(line.text))


def _paragraphs(lines: list[_Line]) -> Iterator[list[_Line]]:
    gap = _usual_gap(lines)
    paragraph: list[_Line] = []
    for number, line in enumerate(lines):
        if paragraph and _begins_paragraph(paragraph[-1], line, gap, _fullness(lines, number - 1)):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _fullness(lines: list[_Line], number: int) -> float:
    """The length of a line as a share of the longest around it on its page."""
    around = lines[max(0, number - _AROUND) : number + _AROUND]
    page = lines[number].page
    return len(lines[number].text) / max(len(other.text) for other in around if other.page == page)


def _begins_paragraph(before: _Line, line: _Line, gap: float, fullness: float) -> bool:
    if max(before.size, line.size) > _HEADING_SIZE * min(before.size, line.size):
        return True
    if fullness < _STUB_LINE and line.text[0].isupper() and before.text[-1] not in _HYPHENS + ",":
        return True
    ended = bool(_SENTENCE_END.search(before.text))
    distance = before.height - line.height
    if before.page != line.page or distance < 0:  # next page or next column
        return ended
    return distance > _PARAGRAPH_GAP * max(gap, line.size) or (ended and fullness < _SHORT_LINE)


def _usual_gap(lines: list[_Line]) -> float:
    size = _text_size(lines)
    pairs = zip(lines, lines[1:], strict=False)
    gaps = [round(a.height - b.height, 1) for a, b in pairs if a.page == b.page and a.size == b.size == size]
    common = Counter(gap for gap in gaps if gap > 0).most_common(1)
    return common[0][0] if common else 0.0


def _text_size(lines: list[_Line]) -> float:
    letters: Counter[float] = Counter()
    for line in lines:
        letters[line.size] += len(line.text)
    return letters.most_common(1)[0][0]


def _blocks(paragraph: list[_Line], text_size: float) -> list[str]:
    joined = [paragraph[0].text]
    for line in paragraph[1:]:
        if _BULLET.match(line.text):
            joined.append(line.text)
        else:
            joined[-1] = _joined(joined[-1], line.text)
    blocks = paragraph_blocks(joined)
    large = paragraph[0].size > _HEADING_SIZE * text_size
    if large and len(blocks) == 1 and len(blocks[0]) <= _HEADING_LENGTH:
        return [HEADING + blocks[0].removeprefix("- ")]
    return blocks


def _joined(before: str, line: str) -> str:
    """Two neighbouring lines as one: "Unter-" + "nehmen" is a word, "Klein- und" keeps its hyphen."""
    if before[-1] not in _HYPHENS or not before[-2:-1].isalpha():
        return f"{before} {line}"
    if re.match(r"(?:und|oder|bzw\.|sowie|als|bis)\b", line):
        return f"{before} {line}"
    if line[0].islower() or before[-1] == "\xad":
        return before[:-1] + line
    return before + line
