"""What the web application's endpoints work with; one per application, nothing global."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from fastapi import Depends, Request
from fastapi.templating import Jinja2Templates

from bot.brain import BrainKeeper
from bot.conversation.turns import Turns
from bot.conversation.wording import Wording
from bot.storage import Store
from bot.web.events import Streams
from bot.web.figures import Figures
from knowledge.settings import Settings

WORDING_FOLDER = Path(__file__).resolve().parent.parent / "wording"

Words = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Service:
    """The parts of one running application. `words` holds the sections of bot/wording by language."""

    settings: Settings
    keeper: BrainKeeper
    store: Store
    turns: Turns
    wording: Wording
    words: Mapping[str, Words]
    pages: Jinja2Templates
    streams: Streams
    figures: Figures


def load_words(folder: Path = WORDING_FOLDER) -> dict[str, Words]:
    """The wording of the pages, the widget and the API's problems, by language: the files with
    two-letter names."""
    return {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(folder.glob("??.yml"))}


def service_of(request: Request) -> Service:
    """The service behind a request."""
    service: Service = request.app.state.service
    return service


Serving = Annotated[Service, Depends(service_of)]
