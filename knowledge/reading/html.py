"""Web pages: title, date, publisher and main text, without menus and other furniture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.errors import TextError
from knowledge.model import Document
from knowledge.reading.body import HEADING
from knowledge.reading.cleaning import one_line, problem
from knowledge.reading.dates import parse_day, take_day
from knowledge.reading.front_matter import is_web_address

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]


def read(content: bytes, place: str, default_id: str) -> Document:
    """The document in a page's bytes; the page declares its own character set. Its publisher is the site's
    name, its url the canonical address where the page states one. Raises TextError."""
    from trafilatura import bare_extraction

    url = place if is_web_address(place) else None
    try:
        page = bare_extraction(
            content,
            url=url,
            with_metadata=True,
            favor_precision=True,
            include_comments=False,
            # htmldate's extensive search would take a copyright year for the text's date
            date_extraction_params={"original_date": True, "extensive_search": False},
        )
    except (ValueError, TypeError, AttributeError):  # trafilatura 2.3 on pages lxml cannot make a tree of
        page = None
    if page is None or isinstance(page, dict) or page.body is None:
        raise TextError([problem("html_empty", place)])
    title = one_line(page.title or "")
    blocks = _without_furniture([block for child in page.body for block in _blocks(child)], title)
    day = take_day(blocks) or parse_day(page.date or "")
    if not title:
        raise TextError([problem("html_no_title", place)])
    if not blocks:
        raise TextError([problem("html_empty", place)])
    return Document(
        default_id,
        title,
        "\n\n".join(blocks),
        date=day,
        publisher=one_line(page.sitename or ""),
        url=page.url if page.url and is_web_address(page.url) else "",
    )


def _blocks(node: _Element) -> Iterator[str]:
    """One element of trafilatura's tree (head, p, list, table, quote …) as blocks of a document's text."""
    if node.tag == "quote" and len(node) and node[0].tag != "lb":
        for child in node:
            yield from _blocks(child)
        return
    if node.tag == "list":
        lines = list(_items(node))
    elif node.tag == "table":
        lines = [one_line(" | ".join(map(_visible, row.iter("cell")))) for row in node.iter("row")]
    elif node.tag == "head":
        words = one_line(_visible(node))
        lines = [HEADING + words] if words else []
    else:
        # a line break within a sentence is only layout
        lines = re.sub(r"\s*\v\s*(?=[a-zäöüß])", " ", _visible(node)).split("\v")
        lines = [one_line(line) for line in lines]
    block = "\n".join(line for line in lines if line)
    if block:
        yield block


def _items(node: _Element) -> Iterator[str]:
    for number, item in enumerate(node.iterchildren("item"), 1):
        words = one_line(_visible(item, nested_lists=False))
        if words:
            yield (f"{number}. " if node.get("rend") == "ol" else "- ") + words
        for nested in item.iterchildren("list"):
            yield from _items(nested)


def _visible(node: _Element, nested_lists: bool = True) -> str:
    """The element's words; a forced line break is a vertical tab, the page's own line feeds mean nothing."""
    parts = [node.text or ""]
    for child in node:
        if child.tag == "lb":
            parts.append("\v")
        elif nested_lists or child.tag != "list":
            parts.append(_visible(child))
            parts.append(" " if child.tag in ("p", "item", "cell", "head") else "")
        parts.append(child.tail or "")
    return "".join(parts)


def _without_furniture(blocks: list[str], title: str) -> list[str]:
    kept = [block for block in blocks if not _furniture(block.removeprefix(HEADING))]
    if kept and kept[0].removeprefix(HEADING) == title:
        del kept[0]
    while kept and kept[-1].startswith(HEADING):  # headings of boxes whose content was left out
        kept.pop()
    return kept


def _furniture(block: str) -> bool:
    whole, beginnings = _known_furniture()
    return block.lower() in whole or block.lower().startswith(beginnings)


@cache
def _known_furniture() -> tuple[frozenset[str], tuple[str, ...]]:
    lines = Path(__file__).with_name("furniture.txt").read_text("utf-8").lower().splitlines()
    entries = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    beginnings = tuple(entry.removesuffix("…").strip() for entry in entries if entry.endswith("…"))
    return frozenset(entry for entry in entries if not entry.endswith("…")), beginnings
