from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from knowledge.errors import TextError
from knowledge.model import Document
from knowledge.reading import fetch
from knowledge.reading.fetching import MEGABYTES, SECONDS, Network, page_id, public
from tests.unit.knowledge.samples import PAGE, only_finding, pdf_of

# Fetching

PUBLIC = "93.184.215.14"


class Web:
    """A small internet: pages by address, hosts by name. Keeps the requests that reached it."""

    def __init__(self, *pages: tuple[str, httpx.Response], hosts: dict[str, list[str]] | None = None) -> None:
        self.pages = dict(pages)
        self.hosts = hosts or {}
        self.requests: list[httpx.Request] = []
        self.now = 0.0

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.pages[f"{request.url.scheme}://{request.headers['Host']}{request.url.raw_path.decode()}"]

    def fetch(self, url: str) -> Document:
        return fetch(
            url,
            Network(
                resolve=lambda host, _port: self.hosts.get(host, [PUBLIC]),
                transport=lambda: httpx.MockTransport(self.answer),
                clock=lambda: self.now,
            ),
        )

    def refuses(self, url: str) -> str:
        with pytest.raises(TextError) as caught:
            self.fetch(url)
        assert caught.value.problems[0].path == url
        return only_finding(caught)


def text_page(text: str = "Titel\n\nEin Satz.", **headers: str) -> httpx.Response:
    return httpx.Response(200, headers={"Content-Type": "text/plain", **headers}, content=text.encode())


def moved(location: str) -> httpx.Response:
    return httpx.Response(302, headers={"Location": location, "Set-Cookie": "a=b"})


def test_a_fetched_page_carries_its_address_and_an_id_made_of_it() -> None:
    url = "https://www.land.nrw/presse/ki-talk.html?seite=2"
    web = Web((url, httpx.Response(200, headers={"Content-Type": "text/html; charset=utf-8"}, text=PAGE)))
    document = web.fetch(f" {url} ")
    assert (document.id, document.url) == ("land-nrw-presse-ki-talk-seite-2", url)
    assert document.title == "KI im Mittelstand"


@pytest.mark.parametrize(
    ("content_type", "path", "content"),
    [
        ("text/plain", "/a", b"Titel\n\nEin Satz mit Text."),
        ("text/plain; charset=latin-1", "/a", "Titel\n\nEin Satz mit Größe.".encode("latin-1")),
        ("text/plain", "/a.md", b"---\ntitle: Titel\n---\nEin Satz."),
        ("text/markdown", "/a", b"---\ntitle: Titel\n---\nEin Satz."),
        ("application/pdf", "/a.html", pdf_of([(760, "Titel", 22), (700, "Ein Satz mit genug Text.")])),
        ("application/octet-stream", "/a.txt", b"Titel\n\nEin Satz."),
    ],
)
def test_the_content_type_decides_the_reader(content_type: str, path: str, content: bytes) -> None:
    url = f"https://example.org{path}"
    document = Web((url, httpx.Response(200, headers={"Content-Type": content_type}, content=content))).fetch(url)
    assert document.title == "Titel"
    assert document.text.startswith("Ein Satz")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"]
    + [
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
    ]
    + ["::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::"],
)
def test_addresses_inside_the_house_are_refused_before_any_request(address: str) -> None:
    assert not public(address)
    web = Web(hosts={"innen.example.org": [PUBLIC, address]})
    assert web.refuses("https://innen.example.org/") == "fetch_internal"
    assert web.requests == []


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_addresses_of_the_public_internet_are_allowed(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "2130706433", "0x7f.1"])
def test_this_machine_is_refused_however_it_is_written(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(TextError) as caught:
        server.setblocking(False)
        fetch(f"http://{host}:{server.getsockname()[1]}/")
    assert only_finding(caught) in ("fetch_internal", "fetch_host")


def test_a_redirect_into_the_house_is_refused() -> None:
    web = Web(("https://a.org/", moved("http://intern.org/geheim")), hosts={"intern.org": ["192.168.0.7"]})
    assert web.refuses("https://a.org/") == "fetch_internal"
    assert len(web.requests) == 1


def test_the_connection_goes_to_the_checked_address_under_the_hosts_name() -> None:
    url = "https://grün.example.org:8443/a"
    web = Web(("https://xn--grn-ioa.example.org:8443/a", text_page()))
    assert web.fetch(url).url == url
    (request,) = web.requests
    assert request.url.host == PUBLIC
    assert request.url.port == 8443
    assert request.extensions["sni_hostname"] == "xn--grn-ioa.example.org"


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    class HalfBroken(Web):
        def answer(self, request: httpx.Request) -> httpx.Response:
            if request.url.host != PUBLIC:
                raise httpx.ConnectError("no route", request=request)
            return super().answer(request)

    web = HalfBroken(("https://a.org/", text_page()), hosts={"a.org": ["2606:2800:21f::1", PUBLIC]})
    assert web.fetch("https://a.org/").title == "Titel"
    web.hosts = {"a.org": ["2606:2800:21f::1"]}
    assert web.refuses("https://a.org/") == "fetch_failed"


def test_redirects_are_followed_without_cookies_up_to_the_limit() -> None:
    pages = [(f"https://a.org/{number}", moved(f"/{number + 1}")) for number in range(9)]
    web = Web(*pages, ("https://a.org/9", text_page()))
    assert web.fetch("https://a.org/4").url == "https://a.org/4"
    assert len(web.requests) == 6
    assert not any("Cookie" in request.headers for request in web.requests)
    assert web.refuses("https://a.org/3") == "fetch_redirects"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a.org/",
        "a.org",
        "https://",
        "https://u:p@a.org/",
        "",
        "http://[::1",
        "http://a.org:x/",
    ],
)
def test_anything_but_a_plain_web_address_is_refused(url: str) -> None:
    web = Web()
    assert web.refuses(url) == "fetch_address"
    assert web.requests == []


def test_a_redirect_to_another_scheme_is_refused() -> None:
    assert Web(("https://a.org/", moved("file:///etc/passwd"))).refuses("https://a.org/") == "fetch_address"


@pytest.mark.parametrize(
    ("response", "code"),
    [
        (httpx.Response(404), "fetch_status"),
        (httpx.Response(200, headers={"Content-Type": "image/png"}, content=b"x"), "text_format"),
        (httpx.Response(200, content=b"x"), "text_format"),
        (text_page("x" * (MEGABYTES * 1_000_000 + 1)), "fetch_size"),
        (
            httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no")),
            "fetch_failed",
        ),
    ],
    ids=["missing", "image", "untyped", "large", "undecodable"],
)
def test_an_answer_that_is_no_text_is_refused(response: httpx.Response, code: str) -> None:
    assert Web(("https://a.org/", response)).refuses("https://a.org/") == code


def test_an_unknown_host_is_named() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror

    with pytest.raises(TextError, match=r"gibts\.example"):
        fetch("https://gibts.example/", Network(resolve=unknown))


def test_a_server_that_drips_is_given_up_after_the_time_limit() -> None:
    web = Web()

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                web.now += SECONDS / 4
                yield b"a"

    web.pages["https://a.org/"] = httpx.Response(200, headers={"Content-Type": "text/plain"}, stream=Drip())
    assert web.refuses("https://a.org/") == "fetch_slow"


def test_a_server_that_stays_silent_is_reported_as_slow() -> None:
    class Silent(Web):
        def answer(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("silence", request=request)

    assert Silent().refuses("https://a.org/") == "fetch_slow"


def test_a_page_and_its_pdf_get_ids_that_differ() -> None:
    assert page_id("https://a.org/x.html") == page_id("https://www.a.org/x") == "a-org-x"
    assert page_id("https://a.org/x.pdf") == "a-org-x-pdf"


def test_long_addresses_get_ids_that_differ() -> None:
    first, second = (page_id(f"https://a.org/{'lang/' * 40}{end}") for end in "xy")
    assert first != second
    assert len(first) <= 80
