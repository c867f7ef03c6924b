from __future__ import annotations

import os
import re
import signal
import socket
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot import serve as serving
from bot.brain import Brain, BrainKeeper
from knowledge.errors import ReleaseError
from knowledge.settings import Settings
from tests.fakes import FakeDialogue, Shelf, brain, shelf


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"root": tmp_path})


def _use(monkeypatch: pytest.MonkeyPatch, releases: Shelf) -> None:
    keeper = partial(BrainKeeper, load=releases.load, published=lambda _: releases.published)
    monkeypatch.setattr(serving, "BrainKeeper", keeper)


def test_a_port_in_use_is_one_clear_message(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert serving.serve(settings, "127.0.0.1", port) == 1
    assert f"Port {port}" in capsys.readouterr().err
    assert not settings.paths.var.exists()


def test_a_service_that_is_still_loading_holds_its_port(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    codes = []

    def load(*_: Any) -> Brain:
        codes.append(serving.serve(settings, "127.0.0.1", port))
        raise ReleaseError("release_none")

    monkeypatch.setattr(serving, "BrainKeeper", partial(BrainKeeper, load=load, published=lambda _: "r1"))
    assert serving.serve(settings, "127.0.0.1", port) == 1
    assert codes == [1]
    assert f"Port {port}" in capsys.readouterr().err


def test_an_unknown_host_is_one_clear_message(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert serving.serve(settings, "256.0.0.1", 0) == 1
    assert "256.0.0.1:0" in capsys.readouterr().err


def test_no_published_release_is_one_clear_message(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert serving.serve(settings, "127.0.0.1", 0) == 1
    assert "auskunft train" in capsys.readouterr().err


def test_an_unusable_database_is_one_clear_message(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _use(monkeypatch, shelf(brain()))
    settings.paths.var.write_text("a file where the folder should be")
    assert serving.serve(settings, "127.0.0.1", 0) == 1
    assert str(settings.paths.var) in capsys.readouterr().err


class Visitor:
    """Serves in the main thread, as signals need it, and visits from another one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.output = ""
        self.found: list[Any] = []

    def served(self, monkeypatch: pytest.MonkeyPatch, visit: Callable[[httpx.Client], None]) -> int:
        """serve()'s exit code; `visit` runs once the addresses were announced and has to send the signal."""
        announced = threading.Event()
        say = serving._say

        def overheard(text: str) -> None:
            say(text)
            self.output += text
            if "/konsole" in text:
                announced.set()

        def come() -> None:
            if announced.wait(10):
                address = re.search(r"http://[\d.:]+", self.output)
                assert address is not None
                with httpx.Client(base_url=address[0], timeout=10) as client:
                    visit(client)

        monkeypatch.setattr(serving, "_say", overheard)
        thread = threading.Thread(target=come)
        thread.start()
        code = serving.serve(self.settings, "127.0.0.1", 0)
        thread.join()
        return code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_streams_lets_turns_finish_and_exits_with_0(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    dialogue = FakeDialogue()
    _use(monkeypatch, shelf(brain(dialogue=dialogue)))
    visitor = Visitor(settings)
    before = signal.getsignal(number)

    def visit(client: httpx.Client) -> None:
        assert client.get("/readyz").status_code == 200
        opened = client.post("/api/v1/conversations").json()
        path = f"/api/v1/conversations/{opened['id']}"
        headers = {"Authorization": f"Bearer {opened['token']}"}

        def ask() -> None:
            reply = client.post(f"{path}/messages", json={"text": "wait"}, headers=headers)
            visitor.found.append((reply.status_code, reply.json()["messages"][0]["text"]))

        with client.stream("GET", f"{path}/events", headers=headers) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "retry: 2000"
            asking = threading.Thread(target=ask)
            asking.start()
            while not dialogue.reached.is_set():
                client.get("/healthz")
            os.kill(os.getpid(), number)
            visitor.found.append(list(lines))
        dialogue.open_gate()
        asking.join()

    assert visitor.served(monkeypatch, visit) == 0
    stream, turn = visitor.found
    assert [line for line in stream if line] == []
    assert turn == (200, "r1: wait")
    assert signal.getsignal(number) is before
    assert "servicecenter.phone" in visitor.output
    assert "Traceback" not in capsys.readouterr().err
