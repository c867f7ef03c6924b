"""What wraps every request: security headers, the limit of its body, the last catch, who may call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.storage.accounts import Role
from bot.storage.conversations import Conversation
from bot.web.problems import Refusal
from bot.web.service import Serving

BODY_BYTES = 64 * 1024

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}
_FOREIGN_PATHS = ("/widget.js", "/static/", "/api/v1/ask", "/api/v1/conversations", "/api/v1/wording/")


class Shell:
    """The outermost layer: adds the security headers, counts, and answers what nothing inside caught."""

    def __init__(
        self,
        app: ASGIApp,
        count: Callable[[str, str, int], None],
        failure: Callable[[Request, Exception], Response],
    ) -> None:
        self._app = app
        self._count = count
        self._failure = failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                private = scope["path"].startswith("/api/v1/")
                headers.setdefault("Cache-Control", "no-store" if private else "no-cache")
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            response = self._failure(Request(scope), error)
            if not status:
                await response(scope, receive, send_with_headers)
        finally:
            self._count(scope["method"], getattr(scope.get("route"), "path", "other"), status)


class BodyLimit:
    """Refuses a request whose body is longer than BODY_BYTES, once so much of it was read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > BODY_BYTES:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_counted, send)


class ForeignOrigins:
    """Lets the pages of the configured origins call what the embedded widget needs, and nothing else."""

    def __init__(self, app: ASGIApp, origins: Iterable[str]) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=tuple(origins),
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("Authorization", "Content-Type", "Last-Event-ID"),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        opened = scope["type"] == "http" and scope["path"].startswith(_FOREIGN_PATHS)
        await (self._open if opened else self._app)(scope, receive, send)


_bearer = HTTPBearer(auto_error=False)


def bearer_token(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    """The request's bearer token; refuses without one."""
    if credentials is None or not credentials.credentials:
        raise Refusal(401, "unauthorized")
    return credentials.credentials


Token = Annotated[str, Depends(bearer_token)]


def conversation_of(conversation_id: str, token: Token, service: Serving) -> Conversation:
    """The conversation of the path, if the token is its own."""
    return service.store.conversations.authenticate(conversation_id, token)


def agent_role(token: Token, service: Serving) -> Role:
    """The caller's role; refuses everybody but agents and admins."""
    role = service.store.accounts.role_of(token)
    if role is None:
        raise Refusal(401, "unauthorized")
    if role not in ("agent", "admin"):
        raise Refusal(403, "forbidden")
    return role


OwnConversation = Annotated[Conversation, Depends(conversation_of)]
