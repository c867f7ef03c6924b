"""The widget, the console and the pages in a real browser, against a hand-written fake of the HTTP API."""

from __future__ import annotations

import gzip
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jinja2
import pytest
import yaml

from knowledge.model import Document, Source
from knowledge.settings import ServiceCenter

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = "/usr/bin/chromium"

BOT = Path(__file__).resolve().parents[2] / "bot"
WORDING = {code: yaml.safe_load((BOT / f"wording/{code}.yml").read_text("utf-8")) for code in ("de", "en")}
DE = WORDING["de"]["widget"]
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'"
HOST_PAGE = """<!DOCTYPE html>
<html lang="de"><head><title>Amt</title><script src="/widget.js" defer></script></head>
<body><main><h1>Amt</h1><a href="#oben">Vorher</a></main>
<ki-auskunft>Bitte rufen Sie an.</ki-auskunft></body></html>"""
TYPES = {".js": "text/javascript", ".css": "text/css"}

CITATION = {
    "document_id": "digital-talk",
    "title": "Künstliche Intelligenz goes Mittelstand",
    "publisher": "Staatskanzlei NRW",
    "date": "2020-06-24",
    "url": "/texte/digital-talk",
    "quote": "„Ein Algorithmus hat kein Taktgefühl.“",
    "passage": "Bei ethischen Bedenken warnte Dammermann: „Ein Algorithmus hat kein Taktgefühl.“",
    "outdated": True,
}
UNSAFE = "javascript:alert(1)"
OTHER_CITATION = {**CITATION, "title": "KI.Landkarte", "date": None, "url": UNSAFE, "outdated": False}
TEXT = Document(
    id="digital-talk",
    title="KI goes Mittelstand",
    text="## Begrüßung\n\nMit <b>Taktgefühl</b>.",
    date=date(2020, 6, 24),
    publisher="Staatskanzlei NRW",
    sources=(Source("DIHK", "https://example.org/", "2020"), Source("Heft", UNSAFE)),
)


ERRORS = WORDING["de"]["problems"]


def answer(status: str = "answered", **fields: Any) -> dict[str, Any]:
    base = {"id": "m1", "status": status, "text": "Dazu steht in den Texten:\n\nZitat", "language": "de"}
    return {**base, "citations": [], "suggestions": [], "intent": None, "release": "r1", **fields}


class Service:
    """Stands in for the web application: fixed replies, every request kept. While `open` is cleared,
    replies to messages and searches wait."""

    def __init__(self) -> None:
        self.address = ""
        self.requests: list[tuple[str, str, dict[str, Any], str]] = []
        self.messages = [answer(citations=[CITATION])]
        self.failures: dict[str, tuple[int, dict[str, Any]]] = {}
        self.open = threading.Event()
        self.open.set()
        self.hits: dict[str, Any] = {"hits": [], "rejected": [], "release": "r1"}

    def sent(self, ending: str) -> list[dict[str, Any]]:
        return [body for _, path, body, _ in self.requests if urlsplit(path).path.endswith(ending)]

    def reply(self, method: str, path: str, body: dict[str, Any], token: str) -> tuple[int, Any]:
        self.requests.append((method, path, body, token))
        last = urlsplit(path).path.rsplit("/", 1)[-1]
        if last in self.failures:
            return self.failures[last]
        if "/wording/" in path:
            return 200, WORDING[last]["widget"]
        if last == "conversations":
            questions = ["Was ist KI.NRW?", "Wer fördert KI?", "Welche Termine gibt es?"]
            notice = WORDING[body["language"]]["widget"]["notice"]
            return 201, {"id": "c1", "token": "geheim", "notice": notice, "suggestions": questions}
        self.open.wait(10)
        if last == "messages":
            return 200, {"messages": self.messages}
        return 200, self.hits if last == "search" else {}

    def page(self, path: str) -> tuple[str, bytes] | None:
        if path in ("/widget.js", "/static/konsole.js", "/static/page.css"):
            file = BOT / "web/static" / Path(path).name
            return TYPES[file.suffix], file.read_bytes()
        if path == "/amt":
            return "text/html", HOST_PAGE.encode()
        names = {"/": "index", "/konsole": "konsole", "/texte/digital-talk": "text", "/fehler": "error"}
        return ("text/html", render(names[path]).encode()) if path in names else None


def render(name: str, language: str = "de") -> str:
    """A template with the context the web application gives it; an undefined name is an error."""
    loader = jinja2.FileSystemLoader(BOT / "web/templates")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    words = WORDING[language]
    context = {"language": language, "t": words["pages"], "console": words["console"]}
    context |= {"servicecenter": ServiceCenter(phone="0211 000"), "public_url": "https://ki.test"}
    context |= {"document": TEXT, "outdated": True, "past": False, "successor": None}
    context |= {"status": 404, **words["problems"]["not_found"]}
    return environment.get_template(f"{name}.html").render(context)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.service = Service()
        self.service.address = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        page = self.server.service.page(path)
        if page:
            self.respond(200, page[0], page[1])
        elif path.startswith("/api/"):
            self.do_POST()
        else:
            self.respond(404, "text/plain", b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        status, content = self.server.service.reply(self.command, self.path, json.loads(body or b"{}"), token)
        kind = "application/json" if status < 400 else "application/problem+json"
        self.respond(status, kind, json.dumps(content).encode())

    do_DELETE = do_POST

    def respond(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not shutil.which(CHROMIUM):
        pytest.skip(f"{CHROMIUM} is not installed")
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        started = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield started
        started.close()


@pytest.fixture
def service() -> Iterator[Service]:
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.service
    server.service.open.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Any, service: Service) -> Iterator[Any]:
    """A page that fails the test when a script fails, the policy is broken or a foreign address is asked."""
    context = browser.new_context(base_url=service.address, viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.set_default_timeout(5000)
    wrong: list[str] = []

    def note_refusal(line: Any) -> None:
        if "Content Security Policy" in line.text:
            wrong.append(line.text)

    def note_foreign(request: Any) -> None:
        if not request.url.startswith(service.address):
            wrong.append(request.url)

    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", note_refusal)
    opened.on("request", note_foreign)
    yield opened
    assert wrong == []
    assert context.cookies() == []
    context.close()


@pytest.fixture
def chat(page: Any) -> Any:
    """The opened widget on an office's page."""
    page.goto("/amt")
    page.get_by_role("button", name="KI-Auskunft").click()
    expect(page.get_by_role("button", name="Was ist KI.NRW?")).to_be_visible()
    return page


def expect(locator: Any) -> Any:
    return playwright.expect(locator)


def ask(page: Any, text: str) -> Any:
    field = page.get_by_label(DE["question_label"])
    field.fill(text)
    field.press("Enter")
    return field


def bodies(page: Any) -> Any:
    return page.get_by_role("log").locator(".body")


def test_the_launcher_names_ki_is_large_and_nothing_opens_by_itself(page: Any, service: Service) -> None:
    page.goto("/amt")
    launcher = page.get_by_role("button", name="KI-Auskunft")
    expect(launcher).to_have_attribute("aria-expanded", "false")
    assert min(launcher.bounding_box()[side] for side in ("width", "height")) >= 44
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert [path for _, path, _, _ in service.requests] == ["/api/v1/wording/de"]


def test_focus_goes_to_the_field_on_opening_and_back_to_the_launcher_on_escape(chat: Any) -> None:
    expect(chat.get_by_label(DE["question_label"])).to_be_focused()
    chat.keyboard.press("Escape")
    expect(chat.get_by_role("dialog")).to_be_hidden()
    expect(chat.get_by_role("button", name="KI-Auskunft")).to_be_focused()


def test_notice_and_three_questions_stand_before_the_first_input(chat: Any) -> None:
    dialog = chat.get_by_role("dialog", name=DE["title"])
    expect(dialog).to_have_accessible_description(DE["notice"])
    expect(chat.get_by_text(DE["notice"])).to_be_in_viewport(ratio=1)
    expect(chat.get_by_role("log").get_by_role("button")).to_have_count(3)


def test_an_answer_shows_frame_quote_source_date_badge_and_passage(chat: Any, service: Service) -> None:
    ask(chat, "Was wurde gesagt?")
    shown = bodies(chat).last
    expect(shown.locator("blockquote[lang=de]")).to_have_text(CITATION["quote"])
    expect(shown.locator("p").first).to_have_text("Dazu steht in den Texten:")
    expect(shown).not_to_contain_text("Zitat")
    expect(shown).to_contain_text("Staatskanzlei NRW · 24.06.2020")
    expect(shown.locator(".badge")).to_have_text(DE["outdated"])
    link = shown.get_by_role("link", name=CITATION["title"])
    expect(link).to_have_attribute("href", f"{service.address}/texte/digital-talk")
    expect(link).to_have_attribute("rel", "noopener")
    passage = shown.locator("details p")
    expect(passage).to_be_hidden()
    shown.get_by_text(DE["more"]).click()
    expect(passage).to_have_text(CITATION["passage"])
    expect(passage).to_be_visible()
    assert service.requests[-1][3] == "geheim"


def test_markup_and_script_addresses_stay_text(chat: Any, service: Service) -> None:
    quote = "<img src=x onerror=alert(1)>"
    service.messages = [answer(citations=[{**OTHER_CITATION, "quote": quote}, CITATION])]
    ask(chat, "<b>fett</b>")
    expect(bodies(chat).first).to_have_text("<b>fett</b>")
    expect(chat.locator("blockquote").first).to_have_text(quote)
    expect(chat.get_by_role("log").get_by_role("link")).to_have_count(1)
    expect(chat.locator("figcaption").first).to_contain_text(f"KI.Landkarte · Staatskanzlei NRW · {DE['undated']}")


def test_the_search_is_announced_while_the_focus_stays_in_the_field(chat: Any, service: Service) -> None:
    service.open.clear()
    field = ask(chat, "Wer leitet KI.NRW?")
    searching = chat.get_by_role("status").filter(has_text=DE["searching"])
    expect(searching).to_be_visible()
    expect(field).to_be_focused()
    field.press("Enter")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    chat.get_by_role("button", name=DE["human"]).click()
    field.fill("zweite Frage")
    field.press("Enter")
    service.open.set()
    expect(bodies(chat)).to_have_count(2)
    expect(searching).to_have_count(0)
    expect(field).to_have_value("zweite Frage")
    assert service.sent("/messages") == [{"text": "Wer leitet KI.NRW?"}]
    senders = chat.get_by_role("log").locator(".sender")
    assert senders.all_inner_texts() == [DE["you"], DE["assistant"]]


def test_enter_sends_but_not_with_shift_nor_while_composing(chat: Any, service: Service) -> None:
    field = chat.get_by_label(DE["question_label"])
    field.fill("eins")
    field.press("Shift+Enter")
    chat.keyboard.type("zwei")
    field.evaluate("node => node.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true}))")
    expect(field).to_have_value("eins\nzwei")
    field.press("Enter")
    expect(bodies(chat)).to_have_count(2)
    assert service.sent("/messages") == [{"text": "eins\nzwei"}]


def test_a_message_that_failed_is_kept_explained_and_sent_again(chat: Any, service: Service) -> None:
    service.failures["messages"] = (503, ERRORS["unavailable"])
    field = ask(chat, "Was ist MID?")
    expect(chat.get_by_text(ERRORS["unavailable"]["detail"])).to_be_visible()
    expect(field).to_have_value("Was ist MID?")
    expect(bodies(chat)).to_have_count(0)
    assert ERRORS["unavailable"]["detail"] in field.evaluate(
        "node => node.ariaDescribedByElements.map(one => one.textContent).join(' ')"
    )
    service.failures.clear()
    chat.get_by_role("button", name=DE["retry"]).click()
    expect(bodies(chat)).to_have_count(2)
    expect(field).to_be_focused()
    expect(chat.get_by_role("button", name=DE["retry"])).to_be_hidden()


def test_a_conversation_the_service_forgot_begins_anew_on_retry(chat: Any, service: Service) -> None:
    service.failures["messages"] = (404, ERRORS["unknown_conversation"])
    ask(chat, "Was ist MID?")
    expect(chat.get_by_text(ERRORS["unknown_conversation"]["detail"])).to_be_visible()
    service.failures.clear()
    chat.get_by_role("button", name=DE["retry"]).click()
    expect(bodies(chat)).to_have_count(2)
    assert len(service.sent("/conversations")) == 2


def test_an_empty_question_is_explained_at_the_field(chat: Any, service: Service) -> None:
    field = ask(chat, "  ")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(f"{DE['error_empty']} {DE['keys_hint']}")
    assert service.sent("/messages") == []


def test_the_counter_appears_only_near_the_end_and_the_length_is_limited(chat: Any) -> None:
    field = chat.get_by_label(DE["question_label"])
    counter = chat.locator("#counter")
    field.fill("x" * 899)
    expect(counter).to_be_empty()
    chat.keyboard.type("x")
    expect(counter).to_have_text(DE["counter"].format(count=100))
    chat.keyboard.insert_text("x" * 200)
    expect(counter).to_have_text(DE["limit"].format(count=1000))
    assert len(field.input_value()) == 1000


def test_candidates_are_buttons_that_ask_their_question(chat: Any, service: Service) -> None:
    questions = ["Was sagte er?", "Was zeigt die Karte?"]
    service.messages = [answer("candidates", citations=[CITATION, OTHER_CITATION], suggestions=questions)]
    ask(chat, "Karte")
    chat.get_by_role("button", name="KI.Landkarte").click()
    expect(bodies(chat)).to_have_count(4)
    assert service.sent("/messages")[-1] == {"text": "Was zeigt die Karte?"}
    expect(chat.get_by_label(DE["question_label"])).to_be_focused()


def test_other_replies_keep_their_lines_and_offer_their_suggestions(chat: Any, service: Service) -> None:
    text = "Leider nichts gefunden.\n\nTelefon 115\nhttps://example.org"
    service.messages = [answer("no_answer", text=text, suggestions=["Was ist KI.NRW?"])]
    ask(chat, "Wetter?")
    expect(bodies(chat).last.locator("p")).to_have_text(["Leider nichts gefunden.", "Telefon 115 https://example.org"])
    assert bodies(chat).last.inner_text() == text
    expect(chat.get_by_role("log").get_by_role("link")).to_have_count(0)
    expect(chat.get_by_role("log").get_by_role("button")).to_have_text(["Was ist KI.NRW?"])


def test_feedback_names_the_message_and_is_thanked(chat: Any, service: Service) -> None:
    ask(chat, "Was wurde gesagt?")
    button = chat.get_by_role("group", name=DE["helpful"]).get_by_role("button", name=DE["no"])
    button.click()
    expect(chat.get_by_text(DE["thanks"])).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert service.sent("/feedback") == [{"message_id": "m1", "helpful": False}]


def test_help_in_a_crisis_stands_out_and_asks_for_no_rating(chat: Any, service: Service) -> None:
    service.messages = [answer("crisis", text="Bitte rufen Sie 112 an.")]
    ask(chat, "Ich kann nicht mehr")
    expect(chat.get_by_text("Bitte rufen Sie 112 an.")).to_be_visible()
    expect(bodies(chat).last).to_have_css("border-top-width", "3px")
    expect(chat.get_by_role("group", name=DE["helpful"])).to_have_count(0)


def test_english_words_everything_anew_and_begins_a_conversation(chat: Any, service: Service) -> None:
    english = WORDING["en"]["widget"]
    chat.get_by_role("button", name="English").click()
    expect(chat.get_by_label(english["question_label"])).to_be_visible()
    expect(chat.get_by_role("dialog")).to_have_accessible_description(english["notice"])
    visible = chat.get_by_role("dialog").inner_text()
    german = [text for key, text in DE.items() if len(text) > 8 and text != english[key]]
    assert not [text for text in german if text in visible]
    service.messages = [answer(citations=[CITATION], language="en")]
    chat.get_by_label(english["question_label"]).fill("Who?")
    chat.keyboard.press("Enter")
    expect(bodies(chat).last).to_contain_text("24 June 2020")
    assert service.sent("/conversations") == [{"language": "de"}, {"language": "en"}]


def test_a_person_can_be_asked_for_at_any_time(chat: Any, service: Service) -> None:
    chat.get_by_role("button", name=DE["human"]).click()
    expect(bodies(chat)).to_have_count(2)
    expect(bodies(chat).first).to_have_text(DE["human_message"])
    assert service.sent("/messages") == [{"text": DE["human_message"]}]


def test_a_conversation_can_be_deleted(chat: Any, service: Service) -> None:
    ask(chat, "Was wurde gesagt?")
    expect(bodies(chat)).to_have_count(2)
    chat.on("dialog", lambda dialog: dialog.accept())
    chat.get_by_role("button", name=DE["erase"]).click()
    expect(chat.get_by_text(DE["erased"])).to_be_visible()
    expect(bodies(chat)).to_have_count(0)
    assert [(path, token) for method, path, _, token in service.requests if method == "DELETE"] == [
        ("/api/v1/conversations/c1", "geheim")
    ]


def test_the_pages_own_text_stands_in_when_the_service_cannot_be_reached(page: Any, service: Service) -> None:
    service.failures["de"] = (503, {})
    page.goto("/amt")
    expect(page.get_by_text("Bitte rufen Sie an.")).to_be_visible()


def test_a_phone_shows_a_sheet_without_overlap_that_closes_when_tabbing_out(chat: Any) -> None:
    chat.set_viewport_size({"width": 320, "height": 640})
    ask(chat, "Donaudampfschifffahrtsgesellschaft" * 3)
    expect(bodies(chat)).to_have_count(2)
    box = chat.get_by_role("dialog").bounding_box()
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 320, 640)
    assert chat.get_by_role("dialog").evaluate("node => node.scrollWidth") <= 320
    log = chat.get_by_role("log").bounding_box()
    assert log["y"] + log["height"] <= chat.get_by_label(DE["question_label"]).bounding_box()["y"]
    chat.get_by_role("link", name="Vorher").focus()
    expect(chat.get_by_role("dialog")).to_be_hidden()
    expect(chat.get_by_role("link", name="Vorher")).to_be_focused()


def test_the_start_page_shows_the_chat_open(page: Any) -> None:
    page.goto("/")
    expect(page.get_by_role("region", name=DE["title"])).to_be_visible()
    expect(page.get_by_role("button", name="Was ist KI.NRW?")).to_be_visible()
    expect(page.get_by_role("button", name=DE["close"])).to_have_count(0)


FOUND = {"id": "digital-talk", "kind": "press_release", "past": False}
HITS = {
    "hits": [
        {"passage": "KI gibt Algorithmen Takt.", "score": 1.5, "document": CITATION | FOUND | {"url": ""}},
        {"passage": "Zweite Fundstelle.", "score": 0.5, "document": OTHER_CITATION | FOUND},
    ],
    "rejected": [{"passage": "Verworfen.", "score": 0.1, "document": CITATION | FOUND}],
    "release": "r1",
}
CONSOLE = WORDING["de"]["console"]


@pytest.fixture
def console(page: Any, service: Service) -> Any:
    """The console with an access key and two hits to find."""
    service.hits = HITS
    page.goto("/konsole")
    page.get_by_label(CONSOLE["token_label"]).fill("agent-1")
    page.keyboard.press("Enter")
    return page


def test_the_console_finds_while_typing_and_marks_the_words(console: Any, service: Service) -> None:
    console.keyboard.type("ki algorithm")
    expect(console.locator(".hit")).to_have_count(3)
    expect(console.locator("mark")).to_have_text(["KI", "Algorithmen"])
    expect(console.get_by_text("1,50")).to_be_visible()
    expect(console.get_by_text("Verworfen.", exact=True)).to_be_hidden()
    expect(console.locator("#hits a")).to_have_count(1)
    _, path, _, token = service.requests[-1]
    assert (token, parse_qs(urlsplit(path).query)) == ("agent-1", {"q": ["ki algorithm"], "k": ["5"]})


def test_the_console_waits_for_a_pause_and_drops_the_search_before(console: Any, service: Service) -> None:
    console.clock.install()
    console.clock.pause_at(console.evaluate("Date.now() + 1000"))
    service.open.clear()
    console.keyboard.type("alt")
    console.clock.run_for(100)
    assert service.sent("/search") == []
    with console.expect_request("**/search?q=alt&k=5"):
        console.clock.run_for(100)
    console.keyboard.type("er")
    with console.expect_event("requestfailed") as dropped:
        console.clock.run_for(1000)
    assert dropped.value.url.endswith("q=alt&k=5")
    service.open.set()
    expect(console.locator(".hit")).to_have_count(3)


def test_the_console_is_worked_by_keyboard_and_copies_quote_and_citation(console: Any) -> None:
    console.context.grant_permissions(["clipboard-read", "clipboard-write"])
    console.keyboard.type("takt")
    expect(console.locator(".hit")).to_have_count(3)
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        console.keyboard.press(key)
    expect(console.locator(".hit").first).to_be_focused()
    console.keyboard.press("Enter")
    expect(console.get_by_role("status")).to_have_text(CONSOLE["copied"])
    address = console.url.replace("konsole", "texte/digital-talk")
    assert console.evaluate("navigator.clipboard.readText()") == (
        f"„KI gibt Algorithmen Takt.“ (Quelle: {CITATION['title']}, Staatskanzlei NRW, 24.06.2020, {address})"
    )
    console.keyboard.press("/")
    expect(console.get_by_label(CONSOLE["search_label"])).to_be_focused()


def test_a_refused_access_key_is_asked_for_again_and_kept_nowhere(console: Any, service: Service) -> None:
    service.failures["search"] = (401, {})
    console.keyboard.type("takt")
    expect(console.get_by_text(CONSOLE["refused"])).to_be_visible()
    expect(console.get_by_label(CONSOLE["token_label"])).to_be_focused()
    expect(console.get_by_label(CONSOLE["token_label"])).to_have_value("")
    assert console.evaluate("localStorage.length + sessionStorage.length") == 0


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", ["index", "konsole", "text", "error"])
def test_pages_carry_their_language_and_nothing_a_strict_policy_refuses(name: str, language: str) -> None:
    html = render(name, language)
    assert f'<html lang="{language}">' in html
    for refused in ("<script>", "<style", "style=", "onclick", "javascript:"):
        assert refused not in html


def test_a_text_page_shows_title_date_sources_and_escaped_wording(page: Any) -> None:
    page.goto("/texte/digital-talk")
    expect(page.get_by_role("heading", level=1)).to_have_text(TEXT.title)
    expect(page.locator("time")).to_have_text("24.06.2020")
    expect(page.get_by_text("Mit <b>Taktgefühl</b>.")).to_be_visible()
    expect(page.get_by_role("link", name="DIHK")).to_have_attribute("href", "https://example.org/")


def test_both_languages_word_the_same_things() -> None:
    def keys(words: Any) -> Any:
        return {key: keys(value) for key, value in words.items()} if isinstance(words, dict) else None

    assert keys(WORDING["de"]) == keys(WORDING["en"])


def test_the_widget_stays_small() -> None:
    assert len(gzip.compress((BOT / "web/static/widget.js").read_bytes())) <= 12 * 1024
