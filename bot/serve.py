"""Runs the service: one process with the web application, the dialogue and the published release in it."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from bot.brain import BrainKeeper
from bot.messages import message
from bot.storage import Store
from bot.storage.tables import StorageError
from bot.web.app import create_app
from knowledge.errors import KnowledgeError
from knowledge.settings import ServiceCenter, Settings

FINISH_SECONDS = 7  # for turns in flight once a signal came
EXIT_SECONDS = 9.5  # after the signal, whatever still runs in a thread


def serve(settings: Settings, host: str, port: int) -> int:
    """Serves until SIGTERM or SIGINT, then finishes the turns in flight and returns 0 within ten seconds.
    Returns 1 with a message on stderr when the address, the database or the published release cannot be used.
    Port 0 takes any free one. To be called in the main thread."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("bot").setLevel(logging.INFO)
    warnings.simplefilter("ignore")  # of libraries, about their own future; operators can do nothing about them
    try:
        listener = _listening(host, port)
    except (OSError, OverflowError) as error:
        return _failed(_address_message(host, port, error))
    with listener:
        try:
            with _on_signal(_leave):
                _say(message("loading"))
                keeper, store = BrainKeeper(settings), Store.open(settings.paths.var)
                keeper.open()
                app = create_app(settings, keeper, store)
        except StorageError as error:
            return _failed(message("storage_unusable", var=settings.paths.var, reason=error.reason))
        except KnowledgeError as error:
            return _failed(str(error))
        server = _Server(
            _configuration(app),
            started=lambda: _announce(settings.servicecenter, keeper, _address(host, listener)),
            stopping=app.state.service.streams.close,
        )
        # uvicorn takes the signals while it runs and raises them once more when it has stopped.
        with _on_signal(signal.SIG_IGN):
            server.run(sockets=[listener])
    return 0


def _configuration(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ws="none",
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )


class _Server(uvicorn.Server):
    """uvicorn, which otherwise waits at its end for streams that never end."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_started = started
        self._when_stopping = stopping
        # A release may be loading in a thread, which the event loop's end would wait for.
        self._deadline = threading.Timer(EXIT_SECONDS, os._exit, [0])
        self._deadline.daemon = True

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self._deadline.cancel()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._when_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _say(message("stopping"))
        self._when_stopping()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            self._deadline.start()
        super().handle_exit(sig, frame)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens on the address already; connections wait in it until the server accepts them."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener


def _address(host: str, listener: socket.socket) -> str:
    name = "localhost" if host in ("0.0.0.0", "::") else host
    return f"http://[{name}]:{_port(listener)}" if ":" in name else f"http://{name}:{_port(listener)}"


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def _address_message(host: str, port: int, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return message("port_in_use", host=host, port=port, other=port + 1)
    return message("address_unusable", host=host, port=port, reason=error)


@contextmanager
def _on_signal(handler: Any) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Nothing has begun yet that would have to be finished."""
    raise SystemExit(0)


def _announce(servicecenter: ServiceCenter, keeper: BrainKeeper, address: str) -> None:
    if not keeper.ready:
        return
    _say(message("ready", release=keeper.brain.release, address=address))
    empty = [f"servicecenter.{name}" for name, value in servicecenter if not value]
    if empty:
        _say(message("servicecenter_incomplete", fields=", ".join(empty)))


def _say(text: str) -> None:
    print(text, flush=True)


def _failed(text: str) -> int:
    print(text, file=sys.stderr, flush=True)
    return 1
