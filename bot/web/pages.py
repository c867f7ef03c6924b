"""The pages people open. Everything they load comes from this server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from bot.web.problems import Refusal, page_language
from bot.web.service import Serving, Words
from knowledge.model import BERLIN

FOLDER = Path(__file__).resolve().parent

router = APIRouter(include_in_schema=False)


def open_templates(words: Mapping[str, Words]) -> Jinja2Templates:
    """The templates. Each finds its language's wording as `language`, `t` (pages) and `console`."""

    def spoken(request: Request) -> dict[str, Any]:
        language = page_language(request)
        sections = words[language]
        return {"language": language, "t": sections["pages"], "console": sections["console"]}

    return Jinja2Templates(FOLDER / "templates", context_processors=[spoken])


def install(app: FastAPI) -> None:
    """Adds the pages and the static files."""
    static = StaticFiles(directory=FOLDER / "static")

    async def widget(request: Request) -> Response:
        return await static.get_response("widget.js", request.scope)

    app.mount("/static", static)
    app.add_api_route("/widget.js", widget, methods=["GET", "HEAD"], include_in_schema=False)
    app.include_router(router)


def _page(request: Request, service: Serving, name: str, **context: Any) -> Response:
    return service.pages.TemplateResponse(request, name, context)


@router.api_route("/", methods=["GET", "HEAD"])
async def index(request: Request, service: Serving) -> Response:
    """The start page with the widget."""
    public_url = service.settings.public_url or str(request.base_url)
    context = {"servicecenter": service.settings.servicecenter, "public_url": public_url.rstrip("/")}
    return _page(request, service, "index.html", **context)


@router.api_route("/konsole", methods=["GET", "HEAD"])
async def console(request: Request, service: Serving) -> Response:
    """The agents' console; it holds nothing until a token is entered."""
    return _page(request, service, "konsole.html")


@router.api_route("/texte/{document_id}", methods=["GET", "HEAD"])
async def text(document_id: str, request: Request, service: Serving) -> Response:
    """A published text as a page."""
    documents = service.keeper.brain.knowledge.documents
    document = documents.get(document_id)
    if document is None:
        raise Refusal(404, "unknown_text")
    now = datetime.now(BERLIN)
    return _page(
        request,
        service,
        "text.html",
        document=document,
        outdated=document.outdated(now.date()),
        past=document.past(now),
        successor=documents.get(document.superseded_by),
    )
