"""Documents to passages: neighbouring sentences of one section, each a substring of the document's text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.model import Document, Passage, digest

_HEADING = "## "
_SHORT = 0.4  # a last passage below this share of passage_words joins the one before
_MONTHS = "Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
# syntok 1.4 ends a sentence inside "Zukunft.Handwerk.NRW", at a semicolon, at the ordinal in "1. Dezember"
# and at "Nr." before a number …
_UNFINISHED = re.compile(r"(?:\b\d{1,2}\.|\b(?:Nr|Art|Abs|Str|Mio|Mrd|ca|bzw|vgl)\.)$")
_CONTINUATION = re.compile(rf"(?:{_MONTHS})\b|[a-zäöüß\d]")
# … and overlooks the ends in „Satz.“ Nächster Satz. and in (Stand: 2024). Nächster Satz.
_OVERLOOKED = re.compile(r"(?:(?<=[.!?][“”\"])|(?<=\)\.))\s+(?=[A-ZÄÖÜ„])")

Span = tuple[int, int]


def split_document(document: Document, passage_words: int) -> tuple[Passage, ...]:
    """All sentences of the document in order, gathered into passages that end at the sentence with which
    they reach `passage_words`; none crosses a heading. Equal wording within one document is kept once."""
    passages: dict[str, Passage] = {}
    for heading, sentences in _sections(document.text):
        for group in _gather(document.text, sentences, passage_words):
            text = document.text[group[0][0] : group[-1][1]]
            identity = f"{document.id}#{digest(document.title, heading, text)[:10]}"
            wordings = tuple(document.text[start:end] for start, end in group)
            passages[identity] = Passage(identity, document.id, document.title, heading, text, wordings)
    return tuple(passages.values())


def sentence_spans(text: str) -> list[Span]:
    """Start and end of every sentence in one paragraph of German or English, without surrounding space."""
    from syntok import segmenter

    spans: list[Span] = []
    for paragraph in segmenter.analyze(text):
        for tokens in paragraph:
            start, end = tokens[0].offset, tokens[-1].offset + len(tokens[-1].value)
            if spans and (start == spans[-1][1] or _unfinished(text[slice(*spans[-1])], text[start:end])):
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
    return [part for span in spans for part in _at_overlooked_ends(text, span)]


def _unfinished(before: str, after: str) -> bool:
    return before.endswith(";") or bool(_UNFINISHED.search(before) and _CONTINUATION.match(after))


def _at_overlooked_ends(text: str, span: Span) -> Iterator[Span]:
    start, end = span
    for gap in _OVERLOOKED.finditer(text, start, end):
        yield start, gap.start()
        start = gap.end()
    yield start, end


def _sections(text: str) -> Iterator[tuple[str, list[Span]]]:
    heading = ""
    spans: list[Span] = []
    for block in re.finditer(r"[^\n]+", text):
        if block.group().startswith(_HEADING):
            if spans:
                yield heading, spans
            heading, spans = block.group().removeprefix(_HEADING).strip(), []
        else:
            offset = block.start()
            spans += [(start + offset, end + offset) for start, end in sentence_spans(block.group())]
    if spans:
        yield heading, spans


def _gather(text: str, sentences: list[Span], passage_words: int) -> list[list[Span]]:
    groups: list[list[Span]] = [[]]
    words = 0
    for span in sentences:
        if words >= passage_words:
            groups.append([])
            words = 0
        groups[-1].append(span)
        words += len(text[slice(*span)].split())
    if len(groups) > 1 and words < _SHORT * passage_words:
        last = groups.pop()
        groups[-1] += last
    return groups
