"""The head of a text file: its YAML entries read leniently, with the line of everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import TypeVar, cast, get_args

import yaml
from frontmatter import YAMLHandler

from knowledge.errors import Problem
from knowledge.model import Document, Kind, Source, Topic
from knowledge.reading.cleaning import one_line, problem
from knowledge.reading.dates import day_of, moment_text, parse_moment

KINDS: tuple[str, ...] = get_args(Kind)
TOPICS: tuple[str, ...] = get_args(Topic)
_ID_LENGTH = 100
_ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_Value = TypeVar("_Value")


class Fields:
    """The entries of one head. Reading an entry that is wrong gives its default and adds to `problems`,
    at most one finding per entry."""

    def __init__(self, nodes: Mapping[str, yaml.Node], lines: Mapping[str, int], place: str) -> None:
        self.lines = lines
        self.problems: list[Problem] = []
        self._nodes = nodes
        self._place = place
        self._rejected: set[str] = set()

    def reject(self, key: str, code: str, /, **values: object) -> None:
        """Adds the finding `code` at the entry's line, unless the entry has one already."""
        if key not in self._rejected:
            self._rejected.add(key)
            self.problems.append(problem(code, self._place, self.lines.get(key, 0), **values))

    def word(self, key: str, default: str = "") -> str:
        """A single value on one line."""
        node = self._nodes.get(key)
        if node is not None and not isinstance(node, yaml.ScalarNode):
            self.reject(key, "head_single", key=key)
        return _scalar(node) or default

    def words(self, key: str) -> tuple[str, ...]:
        """A list; a single value counts as a list of one."""
        node = self._nodes.get(key)
        if isinstance(node, yaml.MappingNode):
            self.reject(key, "head_list", key=key)
        values = map(_scalar, node.value if isinstance(node, yaml.SequenceNode) else [node])
        return tuple(value for value in values if value)

    def moment(self, key: str) -> datetime | date | None:
        """A date or a time in Europe/Berlin."""
        return self._parsed(key, parse_moment, "head_date")

    def day(self, key: str) -> date | None:
        """A calendar day; a time of day is cut off."""
        moment = self.moment(key)
        return None if moment is None else day_of(moment)

    def address(self, key: str) -> str:
        """A web address; other schemes could carry code into a citizen's page."""
        return self._parsed(key, lambda text: text if is_web_address(text) else None, "head_address") or ""

    def choices(self, key: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """A list (or comma-separated value) of the allowed words, each once."""
        chosen = [part.strip() for value in self.words(key) for part in value.split(",") if part.strip()]
        for value in chosen:
            if value not in allowed:
                self.reject(key, "head_choice", key=key, value=value, allowed=", ".join(allowed))
        return tuple(dict.fromkeys(value for value in chosen if value in allowed))

    def sources(self) -> tuple[Source, ...]:
        """The list of publisher, url and date; an entry without them is its publisher's name."""
        node = self._nodes.get("sources")
        entries = node.value if isinstance(node, yaml.SequenceNode) else [node] if node is not None else []
        return tuple(source for entry in entries if (source := self._source(entry)) != Source(""))

    def _source(self, entry: yaml.Node) -> Source:
        if not isinstance(entry, yaml.MappingNode):
            return Source(_scalar(entry))
        parts = {_scalar(key): _scalar(value) for key, value in entry.value}
        url = parts.get("url", "")
        if url and not is_web_address(url):
            self.reject("sources", "head_address", key="sources: url", value=url)
        return Source(parts.get("publisher", ""), url, parts.get("date", ""), parts.get("document", ""))

    def _parsed(self, key: str, parse: Callable[[str], _Value | None], code: str) -> _Value | None:
        text = self.word(key)
        value = parse(text) if text else None
        if text and value is None:
            self.reject(key, code, key=key, value=text)
        return value


def split_head(text: str, place: str) -> tuple[Fields, str]:
    """The head's entries and the body after it. A head that cannot be read leaves its finding in the fields'
    problems; a text without one has no entries."""
    padded = text.lstrip("\n")
    boundary = YAMLHandler().FM_BOUNDARY
    opening = boundary.match(padded) if boundary else None
    if boundary is None or opening is None:
        return Fields({}, {}, place), text
    line = (len(text) - len(padded)) + padded.count("\n", 0, opening.end()) + 1
    fields = Fields({}, {"head": line}, place)
    parts = boundary.split(padded, 2)
    if len(parts) < 3:
        fields.reject("head", "head_open")
        return fields, ""
    try:
        root = yaml.compose(parts[1], Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        fields.lines = {"head": line + (mark.line if mark else 0)}
        fields.reject("head", "head_yaml", column=mark.column + 1 if mark else 1)
        return fields, ""
    if root is None or isinstance(root, yaml.MappingNode):
        return _fields(root, line, place), parts[2]
    fields.reject("head", "head_entries")
    return fields, ""


def document(fields: Fields, text: str, default_id: str) -> Document:
    """The document with this head and wording; everything wrong with it is in the fields' problems."""
    kinds = fields.choices("kind", KINDS)
    made = Document(
        id=fields.word("id", default_id),
        title=fields.word("title"),
        text=text,
        kind=cast(Kind, kinds[0]) if kinds else "press_release",
        date=fields.day("date"),
        publisher=fields.word("publisher"),
        url=fields.address("url"),
        topics=cast("tuple[Topic, ...]", fields.choices("topics", TOPICS)),
        valid_until=fields.day("valid_until"),
        superseded_by=fields.word("superseded_by"),
        language=fields.word("language", "de"),
        starts=fields.moment("starts"),
        ends=fields.moment("ends"),
        place=fields.word("place"),
        registration_url=fields.address("registration_url"),
        questions=fields.words("questions"),
        sources=fields.sources(),
    )
    for key, code, values in findings(made):
        fields.reject(key, code, **values)
    return made


def findings(document: Document) -> Iterator[tuple[str, str, dict[str, object]]]:
    """What no document may have, as (entry, message code, values of the message)."""
    if not document.title:
        yield "title", "text_no_title", {}
    if not document.text:
        yield "text", "text_empty", {}
    if not 1 <= len(document.id) <= _ID_LENGTH or not _ID_CHARACTERS.issuperset(document.id):
        yield "id", "head_id", {"id": document.id, "length": _ID_LENGTH}
    if document.kind == "event" and document.starts is None:
        yield "starts", "event_no_start", {}
    if document.starts is not None and document.ends is not None and _before(document.ends, document.starts):
        times = {"starts": moment_text(document.starts), "ends": moment_text(document.ends)}
        yield "ends", "event_ends_first", dict[str, object](times)


def is_web_address(text: str) -> bool:
    """True for an absolute http or https address."""
    return text.lower().startswith(("http://", "https://")) and " " not in text


def _before(end: datetime | date, start: datetime | date) -> bool:
    if isinstance(end, datetime) and isinstance(start, datetime):
        return end < start
    return day_of(end) < day_of(start)


def _fields(root: yaml.MappingNode | None, line: int, place: str) -> Fields:
    pairs = root.value if root is not None else []
    nodes = {key.value: value for key, value in pairs if isinstance(key, yaml.ScalarNode)}
    marks = {key.value: key.start_mark.line for key, _ in pairs if isinstance(key, yaml.ScalarNode)}
    return Fields(nodes, {key: line + mark for key, mark in marks.items()}, place)


def _scalar(node: yaml.Node | None) -> str:
    """The value as it stands in the file: YAML's own reading would make 10:00 the number 600."""
    if not isinstance(node, yaml.ScalarNode) or node.tag == "tag:yaml.org,2002:null":
        return ""
    return one_line(node.value)
