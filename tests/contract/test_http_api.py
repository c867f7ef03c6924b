"""The HTTP API as CONTRACT describes it, over stand-ins for the dialogue and the knowledge."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.storage import Store
from bot.web.app import create_app
from knowledge.settings import Settings
from tests.fakes import QUOTE, WORDING, FakeDialogue, FakeKnowledge, Shelf, Stream, brain, shelf

ANSWER_FIELDS = {"id", "status", "text", "language", "citations", "suggestions", "intent", "release"}
CITATION_FIELDS = {"document_id", "title", "publisher", "date", "url", "quote", "passage", "outdated"}


class Site:
    """A running application and what stands behind it."""

    def __init__(self, folder: Path, releases: Shelf, **settings: Any) -> None:
        self.folder = folder
        self.releases = releases
        self.settings = Settings.model_validate({"root": folder, **settings})
        self.store = Store.open(folder / "var")
        self.keeper = releases.keeper(self.settings)
        self.app: FastAPI = create_app(self.settings, self.keeper, self.store, WORDING)
        self.client = TestClient(self.app, raise_server_exceptions=True)

    def opened(self, **body: Any) -> tuple[str, dict[str, str]]:
        """Path and headers of a new conversation."""
        reply = self.client.post("/api/v1/conversations", json=body).json()
        return f"/api/v1/conversations/{reply['id']}", {"Authorization": f"Bearer {reply['token']}"}

    def say(self, path: str, headers: dict[str, str], text: str) -> list[dict[str, Any]]:
        reply = self.client.post(f"{path}/messages", json={"text": text}, headers=headers)
        assert reply.status_code == 200, reply.text
        return reply.json()["messages"]

    def agent(self, role: Any = "agent") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.store.accounts.add(f'Name {role}', role)}"}


@pytest.fixture
def dialogue() -> FakeDialogue:
    return FakeDialogue()


@pytest.fixture
def site(tmp_path: Path, dialogue: FakeDialogue) -> Iterator[Site]:
    site = Site(tmp_path, shelf(brain(dialogue=dialogue)))
    with site.client:
        yield site


@pytest.fixture
def degraded(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, shelf(brain()))
    with site.client:
        yield site


def _assert_problem(reply: Any, status: int) -> None:
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["status"] == status
    assert problem["title"] and problem["detail"]
    assert problem["title"] != problem["detail"], "the wording for this problem is missing"
    assert "Traceback" not in reply.text


# Questions


def test_a_question_is_answered_without_a_conversation(site: Site) -> None:
    reply = site.client.post("/api/v1/ask", json={"question": "Wer?", "language": "en"})
    assert reply.status_code == 200
    answer = reply.json()
    assert set(answer) == ANSWER_FIELDS
    assert (answer["status"], answer["text"], answer["language"]) == ("smalltalk", "r1: Wer?", "en")
    assert answer["release"] == "r1"


def test_a_question_without_a_conversation_is_not_stored(site: Site) -> None:
    site.client.post("/api/v1/ask", json={"question": "Fundwort"})
    assert b"Fundwort" not in b"".join(path.read_bytes() for path in (site.folder / "var").iterdir())


def test_an_answer_quotes_and_cites(degraded: Site) -> None:
    answer = degraded.client.post("/api/v1/ask", json={"question": "Was ist mit Taktgefühl?"}).json()
    (citation,) = answer["citations"]
    assert set(citation) >= CITATION_FIELDS
    assert (citation["quote"], citation["date"], citation["outdated"]) == (QUOTE, "2020-06-24", False)


def test_without_a_dialogue_the_search_answers_and_says_so(degraded: Site) -> None:
    answer = degraded.client.post("/api/v1/ask", json={"question": "Taktgefühl?"}).json()
    assert answer["status"] == "answered"
    assert answer["text"].startswith("utter_degraded")


@pytest.mark.parametrize("text", ["", "   ", "x" * 10_000, "🎉🎉🎉", "\u200b"])
def test_what_is_no_question_gets_a_polite_reply(site: Site, dialogue: FakeDialogue, text: str) -> None:
    path, headers = site.opened()
    (answer,) = site.say(path, headers, text)
    assert (answer["status"], answer["citations"]) == ("no_answer", [])
    assert answer["text"].startswith(("utter_empty", "utter_too_long", "utter_only_symbols"))
    assert dialogue.texts == []
    assert site.client.post("/api/v1/ask", json={"question": text}).json()["status"] == "no_answer"


def test_markup_stays_text(site: Site, dialogue: FakeDialogue) -> None:
    path, headers = site.opened()
    reply = site.client.post(f"{path}/messages", json={"text": "<script>alert(1)</script>"}, headers=headers)
    assert reply.headers["content-type"] == "application/json"
    assert dialogue.texts == ["<script>alert(1)</script>"]


def test_a_turn_beyond_its_time_gets_a_polite_error(tmp_path: Path) -> None:
    site = Site(tmp_path, shelf(brain(dialogue=FakeDialogue())), limits={"question_seconds": 0.01})
    with site.client:
        answer = site.client.post("/api/v1/ask", json={"question": "wait"}).json()
    assert (answer["status"], answer["text"].split()[0]) == ("error", "utter_error")


# Conversations


def test_a_conversation_begins_with_notice_and_suggestions(site: Site) -> None:
    reply = site.client.post("/api/v1/conversations", json={})
    assert reply.status_code == 201
    opened = reply.json()
    assert set(opened) == {"id", "token", "notice", "suggestions"}
    assert len(opened["token"]) == 43
    assert opened["notice"] == "utter_notice de"
    assert len(opened["suggestions"]) == 3


def test_a_conversation_may_choose_its_language_or_send_no_body(site: Site, dialogue: FakeDialogue) -> None:
    assert site.client.post("/api/v1/conversations").status_code == 201
    assert site.client.post("/api/v1/conversations", json={"language": "en"}).json()["notice"] == "utter_notice en"
    path, headers = site.opened(language="en")
    site.say(path, headers, "Hallo")
    assert dialogue.heard[-1] == (path.rsplit("/", 1)[1], "Hallo", "en")


def test_a_message_is_answered_in_its_conversation(site: Site) -> None:
    path, headers = site.opened()
    (answer,) = site.say(path, headers, "Guten Tag")
    assert set(answer) == ANSWER_FIELDS
    assert answer["text"] == "r1: Guten Tag"


def test_personal_data_never_reaches_the_disk(site: Site) -> None:
    path, headers = site.opened()
    (answer,) = site.say(path, headers, "Ich bin erika@example.org, 0211 8371001, DE89 3704 0044 0532 0130 00")
    judged = {"message_id": answer["id"], "helpful": False, "reason": "an erika@example.org senden"}
    assert site.client.post(f"{path}/feedback", json=judged, headers=headers).status_code == 204
    written = b"".join(path.read_bytes() for path in (site.folder / "var").iterdir())
    assert b"[E-Mail]" in written
    for secret in (b"erika", b"8371001", b"0532"):
        assert secret not in written


@pytest.mark.parametrize(
    ("method", "call"),
    [("POST", "/messages"), ("GET", "/events"), ("DELETE", ""), ("GET", "/export"), ("POST", "/feedback")],
)
def test_a_conversation_opens_to_its_own_token_only(site: Site, method: str, call: str) -> None:
    path, headers = site.opened()
    _, foreign = site.opened()
    body = {"text": "Hallo", "message_id": "1", "helpful": True} if method == "POST" else None
    for refused in ({}, foreign, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer "}):
        reply = site.client.request(method, path + call, json=body, headers=refused)
        _assert_problem(reply, 401)
        assert reply.headers["www-authenticate"] == "Bearer"
    unknown = f"/api/v1/conversations/{'0' * 32}"
    _assert_problem(site.client.request(method, unknown + call, json=body, headers=headers), 404)


def test_an_export_holds_everything_said_and_no_token(site: Site) -> None:
    path, headers = site.opened(language="de")
    (answer,) = site.say(path, headers, "Guten Tag")
    judged = {"message_id": answer["id"], "helpful": True, "reason": "klar"}
    site.client.post(f"{path}/feedback", json=judged, headers=headers)
    reply = site.client.get(f"{path}/export", headers=headers)
    assert reply.headers["content-disposition"].startswith("attachment")
    exported = reply.json()
    question, given = exported["messages"]
    assert (question["author"], question["text"]) == ("person", "Guten Tag")
    assert (given["author"], given["reply"]) == ("bot", answer)
    assert given["feedback"] == {"helpful": True, "reason": "klar"}
    assert headers["Authorization"].removeprefix("Bearer ") not in reply.text
    assert "token" not in reply.text


def test_erasing_removes_the_conversation_everywhere(site: Site, dialogue: FakeDialogue) -> None:
    path, headers = site.opened()
    site.say(path, headers, "Fundwort")
    reply = site.client.delete(path, headers=headers)
    assert (reply.status_code, reply.content) == (204, b"")
    assert dialogue.forgotten[-1] == path.rsplit("/", 1)[1]
    assert b"Fundwort" not in b"".join(path.read_bytes() for path in (site.folder / "var").iterdir())
    _assert_problem(site.client.get(f"{path}/export", headers=headers), 404)


def test_feedback_to_an_unknown_message_is_refused(site: Site) -> None:
    path, headers = site.opened()
    judged = {"message_id": "unknown", "helpful": True}
    _assert_problem(site.client.post(f"{path}/feedback", json=judged, headers=headers), 404)


# Event streams


async def _asked(site: Site, path: str, headers: dict[str, str], text: str) -> None:
    await site.app.state.service.turns.say(
        site.store.conversations.authenticate(path.rsplit("/", 1)[1], headers["Authorization"][7:]), text
    )


def _opened_directly(site: Site) -> tuple[str, dict[str, str]]:
    conversation, token = site.store.conversations.create(None)
    return f"/api/v1/conversations/{conversation.id}", {"Authorization": f"Bearer {token}"}


@pytest.fixture
def quiet(tmp_path: Path, dialogue: FakeDialogue) -> Site:
    """A site without a client, to be used in the test's own event loop."""
    return Site(tmp_path, shelf(brain(dialogue=dialogue)))


async def test_a_stream_replays_and_then_goes_on_with_new_replies(quiet: Site) -> None:
    path, headers = _opened_directly(quiet)
    await _asked(quiet, path, headers, "eins")
    stream = Stream(quiet.app, f"{path}/events", headers)
    assert await stream.next() == {"retry": "2000"}
    first = await stream.next()
    assert first is not None and first["event"] == "reply" and '"r1: eins"' in first["data"]
    await _asked(quiet, path, headers, "zwei")
    second = await stream.next()
    assert second is not None and '"r1: zwei"' in second["data"]
    assert int(second["id"]) > int(first["id"])
    await stream.leave()
    assert quiet.app.state.service.streams.open == 0


async def test_a_stream_resumes_behind_the_last_event_received(quiet: Site) -> None:
    path, headers = _opened_directly(quiet)
    for text in ("eins", "zwei", "drei"):
        await _asked(quiet, path, headers, text)
    stream = Stream(quiet.app, f"{path}/events", headers | {"Last-Event-ID": "4"})
    assert await stream.next() == {"retry": "2000"}
    event = await stream.next()
    assert event is not None and (event["id"], '"r1: drei"' in event["data"]) == ("6", True)
    await stream.leave()


async def test_a_stream_hears_nothing_of_other_conversations(quiet: Site) -> None:
    path, headers = _opened_directly(quiet)
    other, others_headers = _opened_directly(quiet)
    stream = Stream(quiet.app, f"{path}/events", headers | {"Last-Event-ID": "garbage"})
    assert await stream.next() == {"retry": "2000"}
    await _asked(quiet, other, others_headers, "fremd")
    await _asked(quiet, path, headers, "eigen")
    event = await stream.next()
    assert event is not None and '"r1: eigen"' in event["data"]
    await stream.leave()


async def test_a_silent_stream_is_kept_alive(quiet: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.01)
    path, headers = _opened_directly(quiet)
    stream = Stream(quiet.app, f"{path}/events", headers)
    assert await stream.next() == {"retry": "2000"}
    assert await stream.next() == {"": "ping"}
    await stream.leave()


async def test_streams_end_when_the_service_stops_and_when_the_conversation_is_erased(quiet: Site) -> None:
    service = quiet.app.state.service
    path, headers = _opened_directly(quiet)
    doomed, doomed_headers = _opened_directly(quiet)
    streams = [
        Stream(quiet.app, f"{path}/events", headers),
        Stream(quiet.app, f"{doomed}/events", doomed_headers),
    ]
    for stream in streams:
        assert await stream.next() == {"retry": "2000"}
    while service.streams.open < 2:
        await asyncio.sleep(0)
    transport = httpx.ASGITransport(quiet.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.delete(doomed, headers=doomed_headers)).status_code == 204
    assert await streams[1].next() is None
    service.streams.close()
    assert await streams[0].next() is None


# Agents


def test_agents_see_what_the_bot_would_find(site: Site) -> None:
    agent = site.agent()
    reply = site.client.get("/api/v1/search", params={"q": "Taktgefühl", "k": 2, "topic": "ki_nrw"}, headers=agent)
    assert reply.status_code == 200
    found = reply.json()
    assert [hit["score"] for hit in found["hits"]] == [0.9, 0.5]
    assert [hit["score"] for hit in found["rejected"]] == [0.1]
    assert found["release"] == "r1"
    hit = found["hits"][0]
    assert QUOTE in hit["passage"]
    assert (hit["document"]["id"], hit["document"]["date"]) == ("talk", "2020-06-24")


def test_the_search_passes_topic_and_language_on(tmp_path: Path) -> None:
    knowledge = FakeKnowledge()
    site = Site(tmp_path, shelf(brain(knowledge=knowledge)))
    query = {"q": "Events?", "topic": "events", "language": "en"}
    with site.client:
        site.client.get("/api/v1/search", params=query, headers=site.agent("admin"))
    asked = knowledge.asked[-1]
    assert (asked.text, asked.topic, asked.language) == ("Events?", "events", "en")


def test_the_search_is_closed_to_everybody_else(site: Site) -> None:
    _, headers = site.opened()
    for refused in ({}, headers, {"Authorization": "Bearer wrong"}):
        _assert_problem(site.client.get("/api/v1/search?q=x", headers=refused), 401)
    _assert_problem(site.client.get("/api/v1/search?q=x", headers=site.agent("editor")), 403)


@pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "x", "k": 0}, {"q": "x", "k": 51}, {"q": "x", "topic": "no"}])
def test_a_search_with_wrong_parameters_is_refused(site: Site, query: dict[str, Any]) -> None:
    _assert_problem(site.client.get("/api/v1/search", params=query, headers=site.agent()), 422)


# Operators


def test_a_service_that_can_answer_is_alive_and_ready(site: Site) -> None:
    assert site.client.get("/healthz").json() == {"status": "ok"}
    reply = site.client.get("/readyz")
    assert (reply.status_code, reply.json()) == (200, {"ready": True, "release": "r1", "dialogue": True})


def test_a_service_that_cannot_answer_is_alive_and_not_ready(tmp_path: Path) -> None:
    site = Site(tmp_path, shelf(brain(knowledge=FakeKnowledge(error=ValueError("leer")))))
    with site.client:
        assert site.client.get("/healthz").status_code == 200
        reply = site.client.get("/readyz")
        assert (reply.status_code, reply.json()["ready"]) == (503, False)
        assert "auskunft_ready 0.0" in site.client.get("/metrics").text


def test_without_its_database_a_service_is_not_ready(site: Site) -> None:
    _lose_tables(site)
    assert site.client.get("/readyz").status_code == 503


def test_figures_count_turns_by_status_and_hold_no_text(site: Site) -> None:
    path, headers = site.opened()
    site.say(path, headers, "Fundwort")
    site.say(path, headers, "")
    reply = site.client.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain")
    assert 'auskunft_turn_seconds_count{status="smalltalk"} 1.0' in reply.text
    assert 'auskunft_turn_seconds_count{status="no_answer"} 1.0' in reply.text
    route = "/api/v1/conversations/{conversation_id}/messages"
    assert f'auskunft_requests_total{{method="POST",route="{route}",status="200"}} 2.0' in reply.text
    assert "Fundwort" not in reply.text
    assert path.rsplit("/", 1)[1] not in reply.text


def test_two_applications_do_not_share_figures(site: Site, tmp_path: Path) -> None:
    site.client.post("/api/v1/ask", json={"question": "Hallo"})
    other = Site(tmp_path / "other", shelf(brain()))
    assert "turn_seconds_count" not in other.client.get("/metrics").text


def test_a_newly_published_release_answers_without_a_restart(tmp_path: Path) -> None:
    releases = shelf(brain("r1", dialogue=FakeDialogue("r1")), brain("r2", dialogue=FakeDialogue("r2")))
    site = Site(tmp_path, releases)
    with site.client:
        path, headers = site.opened()
        assert site.say(path, headers, "Hallo")[0]["release"] == "r1"
        releases.published = "r2"
        assert site.client.portal is not None
        site.client.portal.call(site.keeper.look)
        assert site.say(path, headers, "Hallo")[0]["release"] == "r2"
        assert site.client.get("/readyz").json()["release"] == "r2"


# Refusals


@pytest.mark.parametrize(
    "content", [b"{", b"", b"[]", b"null", b'{"question": 1}', b'{"question": "x", "language": "xx"}', b'"x"']
)
def test_a_wrong_body_is_refused_without_being_repeated(site: Site, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    _assert_problem(site.client.post("/api/v1/ask", content=content, headers=headers), 422)
    reply = site.client.post("/api/v1/ask", content=b'{"question": ["Fundwort"]}', headers=headers)
    _assert_problem(reply, 422)
    assert reply.json()["fields"] == ["body.question"]
    assert "Fundwort" not in reply.text


def test_a_lone_surrogate_is_no_server_error(site: Site) -> None:
    headers = {"Content-Type": "application/json"}
    reply = site.client.post("/api/v1/ask", content=b'{"question": "a\\ud800b"}', headers=headers)
    assert reply.status_code in (200, 422)
    garbled = site.client.post("/api/v1/ask", content=b'{"question": "\xff"}', headers=headers)
    _assert_problem(garbled, 400)


def test_a_body_above_64_kilobytes_is_refused(site: Site) -> None:
    fitting = {"question": "x" * 60_000}
    assert site.client.post("/api/v1/ask", json=fitting).status_code == 200
    _assert_problem(site.client.post("/api/v1/ask", json={"question": "x" * 70_000}), 413)
    unannounced = (b'{"question": "' if part == 0 else b"x" * 10_000 for part in range(8))
    headers = {"Content-Type": "application/json"}
    _assert_problem(site.client.post("/api/v1/ask", content=unannounced, headers=headers), 413)


def test_unknown_addresses_and_methods_are_refused(site: Site) -> None:
    _assert_problem(site.client.get("/api/v1/nothing"), 404)
    reply = site.client.get("/api/v1/ask")
    _assert_problem(reply, 405)
    assert reply.headers["allow"] == "POST"


def test_a_defect_reaches_nobody(site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("Fundwort")

    monkeypatch.setattr(site.store.conversations.__class__, "create", broken)
    reply = site.client.post("/api/v1/conversations", json={})
    _assert_problem(reply, 500)
    assert "Fundwort" not in reply.text
    assert "ZeroDivisionError" in caplog.text
    assert "Fundwort" not in caplog.text
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_failing_database_is_said_honestly_and_questions_go_on(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    _lose_tables(site)
    _assert_problem(site.client.post("/api/v1/conversations", json={}), 503)
    assert "no such table" in caplog.text
    assert site.client.post("/api/v1/ask", json={"question": "Hallo"}).status_code == 200


def _lose_tables(site: Site) -> None:
    import sqlite3

    with sqlite3.connect(site.folder / "var" / "auskunft.db") as connection:
        connection.execute("DROP TABLE conversations")


# Pages and headers


def test_people_get_pages(site: Site) -> None:
    for path, text in (("/", "<ki-auskunft"), ("/konsole", "konsole.js"), ("/texte/talk", QUOTE)):
        reply = site.client.get(path)
        assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert text in reply.text
        assert 'lang="de"' in reply.text
        assert '<html lang="en"' in site.client.get(path, params={"language": "en"}).text


def test_people_get_their_errors_as_pages(site: Site) -> None:
    reply = site.client.get("/texte/%3Cb%3E", headers={"Accept": "text/html"})
    assert (reply.status_code, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<html" in reply.text and "<b>" not in reply.text
    _assert_problem(site.client.get("/texte/nothing"), 404)


def test_the_widget_its_wording_and_static_files_are_served(site: Site) -> None:
    reply = site.client.get("/widget.js")
    assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (200, "text/javascript")
    assert site.client.get("/widget.js", headers={"If-None-Match": reply.headers["etag"]}).status_code == 304
    assert site.client.get("/static/page.css").status_code == 200
    german, english = (site.client.get(f"/api/v1/wording/{language}").json() for language in ("de", "en"))
    assert set(german) == set(english)
    assert german["send"] != english["send"]
    _assert_problem(site.client.get("/api/v1/wording/xx"), 404)


def test_the_documentation_needs_no_foreign_server(site: Site) -> None:
    page = site.client.get("/api/docs")
    assert page.status_code == 200
    assert "http" not in page.text.replace("http://testserver", "")
    for file in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png", "openapi.json"):
        assert f"/api/docs/{file}" in page.text
        assert site.client.get(f"/api/docs/{file}").status_code == 200
    _assert_problem(site.client.get("/api/docs/swagger-initializer.js"), 404)
    described = site.client.get("/api/docs/openapi.json")
    assert described.json()["openapi"].startswith("3.0"), "Swagger UI 4 reads nothing newer"
    assert '"null"' not in described.text
    assert set(described.json()["paths"]) >= {
        "/api/v1/ask",
        "/api/v1/conversations",
        "/api/v1/conversations/{conversation_id}/messages",
        "/api/v1/conversations/{conversation_id}/events",
        "/api/v1/conversations/{conversation_id}/export",
        "/api/v1/conversations/{conversation_id}/feedback",
        "/api/v1/search",
        "/healthz",
        "/readyz",
        "/metrics",
    }


@pytest.mark.parametrize("path", ["/", "/api/v1/ask", "/static/page.css", "/nothing", "/healthz", "/api/docs"])
def test_every_response_carries_the_security_headers_and_no_cookie(site: Site, path: str) -> None:
    headers = site.client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "script-src 'self' 'unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "permissions-policy" in headers
    assert "set-cookie" not in headers


def test_replies_are_not_kept_by_caches(site: Site) -> None:
    assert site.client.post("/api/v1/ask", json={"question": "Hallo"}).headers["cache-control"] == "no-store"


def test_no_other_site_may_call_unless_it_is_configured(site: Site) -> None:
    reply = site.client.post("/api/v1/ask", json={"question": "x"}, headers={"Origin": "https://a.example"})
    assert "access-control-allow-origin" not in reply.headers


def test_configured_sites_may_call_what_the_widget_needs_and_nothing_else(tmp_path: Path) -> None:
    site = Site(tmp_path, shelf(brain()), web={"allowed_origins": ["https://a.example"]})
    preflight = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "authorization",
    }
    with site.client:
        asked = site.client.options("/api/v1/conversations/1", headers=preflight)
        assert asked.headers["access-control-allow-origin"] == "https://a.example"
        for path in ("/widget.js", "/static/page.css", "/api/v1/wording/de"):
            mine = site.client.get(path, headers={"Origin": "https://a.example"})
            assert mine.headers["access-control-allow-origin"] == "https://a.example"
            foreign = site.client.get(path, headers={"Origin": "https://b.example"})
            assert "access-control-allow-origin" not in foreign.headers
        search = site.client.get("/api/v1/search?q=x", headers={"Origin": "https://a.example"})
        assert "access-control-allow-origin" not in search.headers
