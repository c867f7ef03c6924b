"""What operators read about the running service. The wording is German and lives in messages.yml."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml


@cache
def _messages() -> dict[str, str]:
    messages: dict[str, str] = yaml.safe_load(Path(__file__).with_name("messages.yml").read_text("utf-8"))
    return messages


def message(code: str, **values: object) -> str:
    """The German sentence for `code` with `values` filled in. Raises KeyError for an unknown code."""
    return _messages()[code].format(**values).strip()
