"""Pages from the public internet. Addresses inside the house are refused, also behind a redirect."""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from knowledge.errors import TextError
from knowledge.model import Document, digest
from knowledge.reading.cleaning import problem, slug
from knowledge.reading.formats import reader_for

if TYPE_CHECKING:
    import httpx

MEGABYTES = 10
SECONDS = 20
REDIRECTS = 5
_ID_LENGTH = 80
_HEADERS = {"User-Agent": "KI-Auskunft-NRW", "Accept-Encoding": "gzip", "Accept": "*/*"}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # carries an IPv4 address in its last four bytes


def resolve(host: str, port: int) -> list[str]:
    """The host's addresses as the system sees them. Raises OSError when there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Network:
    """What fetching needs of the world; tests replace it."""

    resolve: Callable[[str, int], list[str]] = resolve
    transport: Callable[[], httpx.BaseTransport] | None = None
    clock: Callable[[], float] = time.monotonic


def fetch(url: str, network: Network = Network()) -> Document:  # immutable
    """The document at a public http or https address; its content type decides the reader, the address is
    its url and gives its id. At most MEGABYTES, SECONDS and REDIRECTS; neither cookies nor a proxy. Raises
    TextError."""
    import httpx

    url = url.strip()
    try:
        return _fetched(httpx.URL(url), url, network)
    except httpx.TimeoutException:
        code, values = "fetch_slow", {"seconds": SECONDS}
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
        code, values = "fetch_address", {}
    except (httpx.HTTPError, OSError):
        code, values = "fetch_failed", {}
    raise TextError([problem(code, url, **values)])


def public(address: str) -> bool:
    """True for an IP address of the public internet, and only when an IPv4 address it wraps is public too."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = None
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(ip.packed[-4:])
    return all(part.is_global and not part.is_multicast for part in (ip, inner) if part is not None)


def page_id(url: str) -> str:
    """An id made of host, path and query: the same page gets the same one. Long ones end in a digest."""
    import httpx

    parsed = httpx.URL(url)
    path = re.sub(r"\.(?:html?|php|aspx?)$", "", parsed.path)
    name = " ".join((parsed.host.removeprefix("www."), path, parsed.query.decode("ascii", "ignore")))
    made = slug(name)
    return made if len(made) < _ID_LENGTH else f"{made[: _ID_LENGTH - 9].strip('-')}-{digest(url)[:8]}"


def _fetched(address: httpx.URL, url: str, network: Network) -> Document:
    deadline = network.clock() + SECONDS
    for _ in range(REDIRECTS + 1):
        hosts = _checked(address, url, network)
        response, content = _download(address, hosts, url, network, deadline)
        if response.has_redirect_location:
            address = address.join(response.headers["Location"])
            continue
        if response.status_code != 200:
            raise TextError([problem("fetch_status", url, status=response.status_code)])
        return _read(response, content, address, url)
    raise TextError([problem("fetch_redirects", url, limit=REDIRECTS)])


def _checked(address: httpx.URL, url: str, network: Network) -> list[str]:
    """The addresses of the host, all of them public."""
    if address.scheme not in ("http", "https") or not address.host or address.userinfo:
        raise TextError([problem("fetch_address", url)])
    host = address.raw_host.decode("ascii").strip("[]")
    try:
        found = network.resolve(host, address.port or (443 if address.scheme == "https" else 80))
    except OSError:
        found = []
    if not found:
        raise TextError([problem("fetch_host", url, host=address.host)])
    if not all(map(public, found)):
        raise TextError([problem("fetch_internal", url, host=address.host)])
    return found


def _download(
    address: httpx.URL, hosts: list[str], url: str, network: Network, deadline: float
) -> tuple[httpx.Response, bytes]:
    """Connects to the addresses that were checked, not to the name, which may resolve differently by now. A
    client of its own for each request has no cookies to send."""
    import httpx

    transport = network.transport() if network.transport else httpx.HTTPTransport()
    headers = {**_HEADERS, "Host": address.netloc.decode("ascii")}
    extensions = {"sni_hostname": address.raw_host.decode("ascii")}  # also the name the certificate must have
    with httpx.Client(transport=transport, trust_env=False) as client:
        for number, host in enumerate(hosts, 1):
            client.timeout = httpx.Timeout(_remaining(network, deadline))
            target = address.copy_with(host=host)
            request = client.build_request("GET", target, headers=headers, extensions=extensions)
            try:
                response = client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if number == len(hosts):
                    raise
            else:
                return response, _body(response, url, network, deadline)
    raise httpx.ConnectError("no address")


def _body(response: httpx.Response, url: str, network: Network, deadline: float) -> bytes:
    content = bytearray()
    if not response.has_redirect_location:
        for part in response.iter_bytes():
            content += part
            if len(content) > MEGABYTES * 1_000_000:
                raise TextError([problem("fetch_size", url, megabytes=MEGABYTES)])
            _remaining(network, deadline)
    response.close()
    return bytes(content)


def _remaining(network: Network, deadline: float) -> float:
    import httpx

    seconds = deadline - network.clock()
    if seconds <= 0:
        raise httpx.ReadTimeout("deadline")
    return seconds


def _read(response: httpx.Response, content: bytes, address: httpx.URL, url: str) -> Document:
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    reader = reader_for(media_type, address.path)
    if reader is None:
        raise TextError([problem("text_format", url, format=media_type)])
    charset = response.charset_encoding
    if charset and media_type.startswith("text/"):
        # a server that is wrong about its own page is left to the reader
        with suppress(LookupError, UnicodeError):
            content = content.decode(charset).encode("utf-8")
    return replace(reader(content, url, page_id(url)), url=url)
