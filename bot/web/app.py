"""The web application, put together from its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from bot.brain import BrainKeeper
from bot.conversation.turns import Turns
from bot.conversation.wording import Wording
from bot.storage import Store
from bot.web import api, console, documentation, operations, pages
from bot.web.documentation import DocumentedApp
from bot.web.events import Streams
from bot.web.figures import Figures
from bot.web.problems import Problems
from bot.web.security import BodyLimit, ForeignOrigins, Shell
from bot.web.service import Service, load_words
from knowledge.settings import Settings

TITLE = "KI-Auskunft NRW"
FINISH_SECONDS = 1.0


def create_app(settings: Settings, keeper: BrainKeeper, store: Store, wording: Wording | None = None) -> FastAPI:
    """The application over an opened keeper and store. `wording` defaults to the product's domain.yml. The
    application starts and stops the keeper; its parts are `app.state.service`."""
    wording = wording or Wording.load()
    words, streams, figures = load_words(), Streams(), Figures()
    templates = pages.open_templates(words)
    problems = Problems({language: sections["problems"] for language, sections in words.items()}, templates)
    turns = Turns(keeper, store.conversations, wording, settings.limits, figures.turn, streams.ring)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await keeper.start()
        yield
        streams.close()
        await turns.finish(FINISH_SECONDS)
        await keeper.stop()

    layers = [Middleware(Shell, figures.request, problems.failure)]
    if settings.web.allowed_origins:
        layers.append(Middleware(ForeignOrigins, settings.web.allowed_origins))
    layers.append(Middleware(BodyLimit))
    app = DocumentedApp(
        title=TITLE,
        version="1",
        openapi_url=f"{documentation.PATH}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        middleware=layers,
    )
    app.state.service = Service(settings, keeper, store, turns, wording, words, templates, streams, figures)
    problems.install(app)
    for router in (api.router, console.router, operations.router, documentation.router):
        app.include_router(router)
    pages.install(app)
    return app
