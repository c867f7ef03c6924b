"""The pages people open and the API's documentation. Everything they load comes from this server."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from swagger_ui_bundle import swagger_ui_path

from bot.web.problems import Refusal, page_language
from bot.web.service import Serving, Words
from knowledge.model import BERLIN

FOLDER = Path(__file__).resolve().parent
DOCUMENTATION = "/api/docs"
_DOCUMENTATION_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")

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


@router.get(DOCUMENTATION)
async def documentation(request: Request) -> HTMLResponse:
    """The API's documentation to try out, from the installed package."""
    script, style, icon = (f"{DOCUMENTATION}/{name}" for name in _DOCUMENTATION_FILES)
    page = get_swagger_ui_html(
        openapi_url=request.app.openapi_url,
        title=request.app.title,
        swagger_js_url=script,
        swagger_css_url=style,
        swagger_favicon_url=icon,
    )
    page.headers["Content-Security-Policy"] = _documentation_policy(bytes(page.body).decode())
    return page


@router.get(DOCUMENTATION + "/{name}")
async def documentation_file(name: str) -> FileResponse:
    """A file of the documentation page; only those it needs."""
    if name not in _DOCUMENTATION_FILES:
        raise Refusal(404, "not_found")
    return FileResponse(swagger_ui_path / name)


def _documentation_policy(page: str) -> str:
    """The page's own policy: exactly its inline scripts, and the inline styles that Swagger UI sets."""
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src 'self' {allowed}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
