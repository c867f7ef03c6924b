"""What a client is told when something is wrong: problem+json with German words, or a page for people."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException

from bot.storage.conversations import UnknownConversation, UnknownMessage, WrongToken
from bot.storage.tables import StorageError

log = logging.getLogger(__name__)

_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_type",
    422: "invalid",
    503: "unavailable",
}


class Refusal(Exception):
    """A request that is not served. `code` is a key of `problems` in bot/wording."""

    def __init__(self, status: int, code: str) -> None:
        self.status = status
        self.code = code
        super().__init__(code)


class Problems:
    """Turns refusals and failures into responses. `words` is bot/wording's section `problems` by language."""

    def __init__(self, words: Mapping[str, Mapping[str, Any]], pages: Jinja2Templates) -> None:
        self._words = words
        self._pages = pages

    def response(
        self, request: Request, status: int, code: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Response:
        """The response for `code`: a page where a person reads it, problem+json for everybody else."""
        headers = dict(headers or {})
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if _wants_page(request):
            return self._page(request, status, code, headers)
        problem = {"type": "about:blank", "status": status, **self._named(code, "de"), **more}
        return JSONResponse(problem, status, headers, media_type="application/problem+json")

    def failure(self, request: Request, error: Exception) -> Response:
        """The response to a defect. Logs where it happened and its type, never its words: they may repeat a
        person's."""
        place = traceback.extract_tb(error.__traceback__)[-1:]
        where = "".join(f" in {frame.filename}:{frame.lineno}" for frame in place)
        log.error("A request failed: %s%s", type(error).__name__, where)
        return self.response(request, 500, "internal")

    def install(self, app: FastAPI) -> None:
        """Registers the handlers for everything the endpoints raise."""
        fixed: dict[type[Exception], tuple[int, str]] = {
            WrongToken: (401, "unauthorized"),
            UnknownConversation: (404, "unknown_conversation"),
            UnknownMessage: (404, "unknown_message"),
        }
        for kind, (status, code) in fixed.items():
            app.add_exception_handler(kind, self._handler(status, code))
        app.add_exception_handler(Refusal, self._refused)
        app.add_exception_handler(HTTPException, self._http)
        app.add_exception_handler(RequestValidationError, self._invalid)
        app.add_exception_handler(StorageError, self._storage)

    def _handler(self, status: int, code: str) -> Any:
        async def handle(request: Request, _error: Exception) -> Response:
            return self.response(request, status, code)

        return handle

    async def _refused(self, request: Request, error: Any) -> Response:
        return self.response(request, error.status, error.code)

    async def _http(self, request: Request, error: Any) -> Response:
        code = _CODES.get(error.status_code, "bad_request" if error.status_code < 500 else "internal")
        return self.response(request, error.status_code, code, error.headers)

    async def _invalid(self, request: Request, error: Any) -> Response:
        # Places only: what was sent is not repeated.
        fields = sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()})
        return self.response(request, 422, "invalid", fields=fields)

    async def _storage(self, request: Request, error: Any) -> Response:
        log.error("The database failed: %s", error.reason)
        return self.response(request, 503, "unavailable")

    def _named(self, code: str, language: str) -> dict[str, str]:
        words = self._words.get(language, {}).get(code, {})
        return {"title": words.get("title", code), "detail": words.get("detail", code)}

    def _page(self, request: Request, status: int, code: str, headers: dict[str, str]) -> Response:
        language = page_language(request)
        context = {"language": language, "status": status, **self._named(code, language)}
        return self._pages.TemplateResponse(request, "error.html", context, status, headers)


def page_language(request: Request) -> str:
    """The language a page is asked for in: "en" or "de"."""
    return "en" if request.query_params.get("language") == "en" else "de"


def _wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")
