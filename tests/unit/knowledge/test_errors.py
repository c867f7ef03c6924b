from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from knowledge import errors
from knowledge.errors import KnowledgeError, Problem, ReleaseError, TextError, message

KNOWLEDGE = Path(errors.__file__).parent
MESSAGES = yaml.safe_load((KNOWLEDGE / "messages.yml").read_text("utf-8"))
_RAISED = re.compile(r"(?:Error|[pP]roblem)\(\s*\"([a-z0-9_]+)\"")


def test_every_message_the_code_raises_is_worded() -> None:
    raised = {code for path in KNOWLEDGE.rglob("*.py") for code in _RAISED.findall(path.read_text("utf-8"))}
    assert len(raised) > 20
    assert raised <= MESSAGES.keys()


def test_every_worded_message_is_used() -> None:
    code = "\n".join(path.read_text("utf-8") for path in KNOWLEDGE.rglob("*.py"))
    assert [name for name in MESSAGES if f'"{name}"' not in code] == []


@pytest.mark.parametrize("code", MESSAGES)
def test_every_message_is_a_whole_sentence_with_its_values_filled_in(code: str) -> None:
    values = dict.fromkeys(re.findall(r"{(\w+)}", MESSAGES[code]), "WERT")
    text = message(code, **values)
    assert "{" not in text
    assert text.count("WERT") >= len(values)
    assert text.endswith((".", ":\nWERT"))


def test_an_unknown_message_is_an_error_of_the_code() -> None:
    with pytest.raises(KeyError):
        message("no_such_code")


def test_an_error_says_what_and_how_and_keeps_its_code() -> None:
    error = ReleaseError("release_unknown", release="r7")
    assert isinstance(error, KnowledgeError)
    assert error.code == "release_unknown"
    assert str(error) == message("release_unknown", release="r7")


def test_a_finding_names_file_and_line() -> None:
    assert str(Problem("text_empty", "a.md", 3)) == f"a.md:3: {message('text_empty')}"


def test_a_finding_about_a_whole_file_names_no_line() -> None:
    assert str(Problem("text_empty", "a.md")) == f"a.md: {message('text_empty')}"


def test_rejected_texts_list_every_finding() -> None:
    findings = [Problem("text_empty", "a.md"), Problem("head_id", "b.md", 2, (("id", "Ä"), ("length", 64)))]
    error = TextError(findings)
    assert str(error).startswith("2 Fehler")
    assert [str(finding) in str(error) for finding in findings] == [True, True]
    assert error.problems == tuple(findings)
