"""The API's documentation to try out. Everything it loads comes from this server."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse
from swagger_ui_bundle import swagger_ui_path

from bot.web.problems import Refusal

PATH = "/api/docs"
_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")

router = APIRouter(include_in_schema=False)


class DocumentedApp(FastAPI):
    """FastAPI with a description that Swagger UI 4 can read: OpenAPI 3.0 instead of 3.1."""

    def openapi(self) -> dict[str, Any]:
        """The description of the API."""
        if self.openapi_schema is None:
            lowered = _lowered(super().openapi())
            self.openapi_schema = lowered | {"openapi": "3.0.3"}
        return self.openapi_schema


def _lowered(part: Any) -> Any:
    """`part` of an OpenAPI 3.1 description with what 3.0 does not know put in its words."""
    if isinstance(part, list):
        return [_lowered(each) for each in part]
    if not isinstance(part, dict):
        return part
    lowered = {name: _lowered(value) for name, value in part.items() if name != "itemSchema"}
    options = lowered.get("anyOf", [])
    if {"type": "null"} in options:
        lowered["anyOf"] = [option for option in options if option != {"type": "null"}]
        lowered["nullable"] = True
    return lowered


@router.get(PATH)
async def page(request: Request) -> HTMLResponse:
    """The API's documentation to try out, from the installed package."""
    script, style, icon = (f"{PATH}/{name}" for name in _FILES)
    response = get_swagger_ui_html(
        openapi_url=request.app.openapi_url,
        title=request.app.title,
        swagger_js_url=script,
        swagger_css_url=style,
        swagger_favicon_url=icon,
    )
    response.headers["Content-Security-Policy"] = _policy(bytes(response.body).decode())
    return response


@router.get(PATH + "/{name}")
async def file(name: str) -> FileResponse:
    """A file of the documentation page; only those it needs."""
    if name not in _FILES:
        raise Refusal(404, "not_found")
    return FileResponse(swagger_ui_path / name)


def _policy(page: str) -> str:
    """The page's own policy: exactly its inline scripts, and the inline styles that Swagger UI sets."""
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src 'self' {allowed}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
