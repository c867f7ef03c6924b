"""The body of a text file: Markdown to a document's text, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from knowledge.reading.cleaning import one_line

HEADING = "## "
_ITEM = "- "
_LISTS = ("bullet_list", "ordered_list")
_DROPPED = ("html_block", "hr")
_NUMBERED = re.compile(r"(\d{1,9})([.)]) (?=\S)")
# Two of "Bürger*innen … Forscher*innen" would be an emphasis to CommonMark and lose their stars.
_GENDER_STAR = re.compile(r"(?<=\w)\*(?=innen|in\b|[emnrs]{1,2}\b)")
_SPECIAL = re.compile(r"[\\`*_\[\]<>#~|]|&(?=[#\w]+;)")
_LEADING = re.compile(r"[-+=:]|(?<=\d)[.)](?= |$)")


def text_of(markdown: str) -> str:
    """The plain wording: blocks separated by an empty line, headings of every level as `## …`, bullets as
    `- …`, numbered items with their number, table rows with their cells joined by ` | `, links and emphasis
    as their visible words. Raw HTML and images are left out."""
    root = SyntaxTreeNode(_parser().parse(_GENDER_STAR.sub(r"\\*", markdown)))
    return "\n\n".join(block for child in root.children for block in _blocks(child))


def markdown_of(text: str) -> str:
    """Markdown that text_of() turns into `text` again, provided `text` is of the form text_of() gives."""
    written: list[str] = []
    previous = ""
    for block in text.split("\n\n"):
        previous, markdown = _written(block.split("\n"), previous)
        written.append(markdown)
    return "\n\n".join(written)


@cache
def _parser() -> MarkdownIt:
    # Press offices indent paragraphs, they do not quote program code: the "code" rule would freeze them.
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("code")


def _blocks(node: SyntaxTreeNode) -> Iterator[str]:
    if node.type in _DROPPED:
        return
    if node.type == "blockquote":
        for child in node.children:
            yield from _blocks(child)
        return
    if node.type in _LISTS:
        lines = list(_items(node, ""))
    elif node.type == "table":
        rows = (row for part in node.children for row in part.children)
        lines = [one_line(" | ".join(_visible(cell) for cell in row.children)) for row in rows]
    elif node.type == "heading":
        words = one_line(_visible(node))
        lines = [HEADING + words] if words else []
    else:
        lines = [one_line(line) for line in _visible(node).split("\n")]
    block = "\n".join(line for line in lines if line)
    if block:
        yield block


def _items(node: SyntaxTreeNode, lead: str) -> Iterator[str]:
    """One line per item, nested ones flat; `lead` is the marker of an item that begins with this list, as
    "- 24. Juni" does."""
    for item in node.children:
        marker = _ITEM if node.type == "bullet_list" else f"{item.info}{item.markup} "
        head = lead if lead.endswith(marker) else lead + marker
        lead, words = "", ""
        for child in item.children:
            if child.type in _LISTS:
                if words:
                    yield head + words
                    head, words = "", ""
                yield from _items(child, head)
                head = ""
            else:
                parts = [_visible(child)] if child.type == "heading" else _blocks(child)
                words = one_line(" ".join((words, *parts)))
        line = (head + words).strip()
        if line not in ("", _ITEM.strip()):
            yield line


def _visible(node: SyntaxTreeNode) -> str:
    if node.type in ("softbreak", "image"):
        return " " if node.type == "softbreak" else ""
    if node.type == "hardbreak" or (node.type == "html_inline" and node.content.lower().startswith("<br")):
        return "\n"
    if node.type == "html_inline":
        return ""
    return "".join(map(_visible, node.children)) if node.children else node.content


def _written(lines: list[str], previous: str) -> tuple[str, str]:
    """The block's kind and its Markdown. Neighbouring lists need different markers, or they would be one."""
    if len(lines) == 1 and lines[0].startswith(HEADING):
        return "heading", HEADING + _escaped(lines[0].removeprefix(HEADING))
    if all(line.startswith(_ITEM) for line in lines):
        marker = "*" if previous == "-" else "-"
        return marker, "\n".join(f"{marker} {_escaped(line.removeprefix(_ITEM))}" for line in lines)
    numbers = [_NUMBERED.match(line) for line in lines]
    if previous != "numbered" and len({found and found[2] for found in numbers}) == 1 and numbers[0]:
        pairs = zip(lines, numbers, strict=True)
        return "numbered", "\n".join(n.group() + _escaped(line[n.end() :]) for line, n in pairs if n)
    return "paragraph", "\\\n".join(map(_escaped, lines))


def _escaped(line: str) -> str:
    line = _SPECIAL.sub(r"\\\g<0>", line)
    start = re.match(r"\d{0,9}", line)
    position = start.end() if start else 0
    leading = _LEADING.match(line, position)
    return f"{line[:position]}\\{line[position:]}" if leading else line
