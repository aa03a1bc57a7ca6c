"""One file over HTTP(S), asked for as a stranger's address should be (reliability.md F11).

Addresses come from people. So: the name is resolved once, every address it has is looked at, and the connection goes to
one of those just looked at (a name that changes its mind gains nothing); after a redirect all of it again. No proxies,
no cookies, no unpacking; limits on time and size. Nothing that is said of a failure tells what lies inside the network.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from urllib.parse import SplitResult, urljoin, urlsplit

from etl.read import LARGEST_FILE, too_large
from scheme.errors import NotFetched

SILENCE, WHOLE = 10.0, 300.0  # seconds without a byte; and for all of it
REDIRECTS = 5
_AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # carries addresses of the old kind, private ones too

MayBeInside = Callable[[str, int], bool]
TokenFor = Callable[[str], str]


@dataclass(frozen=True)
class Limits:
    """What one fetch may take: seconds of silence, seconds in all, bytes."""

    silence: float = SILENCE
    whole: float = WHOLE
    size: int = LARGEST_FILE


@dataclass(frozen=True)
class Answer:
    """What came: nothing new (`body` None), or a file; and what to remember for the next time."""

    body: Path | None
    remembered: dict[str, str]


def fetch(
    url: str,
    to: Path,
    *,
    inside: MayBeInside,
    token_for: TokenFor | None = None,
    remembered: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Answer:
    """Fetch what is at an address into the file `to`, unless it is what was remembered (ETag, Last-Modified).

    `inside`: whether a host and port may be asked although they lie inside the network. `token_for`: the token that a
    host may be shown; it goes to the host of `url` alone, over HTTPS unless that host is inside. NotFetched otherwise.
    """
    limits, before = limits or Limits(), remembered or {}
    first = place = urlsplit(url)
    ends = monotonic() + limits.whole
    for _ in range(REDIRECTS + 1):
        headers = {"Accept-Encoding": "identity", "User-Agent": "assay", "Connection": "close"}
        headers |= {name: before[key] for name, key in _CONDITIONS.items() if before.get(key)}
        if token_for is not None and _origin(place) == _origin(first):
            if place.scheme != "https" and not inside(_host(place), _port(place)):
                raise NotFetched("a token is sent over https:// alone; change the address of the source")
            headers["Authorization"] = f"Bearer {token_for(_host(place))}"
        onward = _asked(place, headers, to, inside, limits, ends)
        if isinstance(onward, Answer):
            return onward
        place = _onward(place, onward)
    raise NotFetched(f"{_host(first)} sends on and on; give the address at which the file really is")


def _onward(place: SplitResult, location: str) -> SplitResult:
    try:
        onward = urlsplit(urljoin(place.geturl(), location))._replace(fragment="")
        fit = onward.scheme in ("http", "https") and onward.hostname and "@" not in onward.netloc and onward.port != 0
    except ValueError:
        fit = False
    if not fit:
        raise NotFetched(f"{_host(place)} sends on to an address that is not asked")
    if place.scheme == "https" and onward.scheme != "https":
        raise NotFetched(f"{_host(place)} sends on from https:// to http://, which is not followed")
    return onward


_CONDITIONS = {"If-None-Match": "etag", "If-Modified-Since": "modified"}


def _asked(
    place: SplitResult, headers: Mapping[str, str], to: Path, inside: MayBeInside, limits: Limits, ends: float
) -> Answer | str:
    """The answer of one host, or where it sends on to."""
    host = _host(place)
    try:
        with _connected(place, inside, limits) as plain:
            twin = plain.dup()  # reaches the connection whatever is wrapped around it
            late = threading.Timer(max(0.0, ends - monotonic()), _shut, (twin,))
            late.start()
            try:
                answer = _said(place, plain, headers, to, limits)
                if monotonic() >= ends:
                    raise TimeoutError  # what was shut looks like what has ended
                return answer
            finally:
                late.cancel()
                twin.close()
    except ssl.SSLCertVerificationError as error:
        raise NotFetched(
            f"{host} does not prove who it is ({error.verify_message}); nothing was asked of it"
        ) from error
    except (OSError, http.client.HTTPException, ValueError, NotFetched) as error:
        if monotonic() >= ends:
            raise NotFetched(f"{host} takes longer than {limits.whole:.0f} seconds", again=True) from error
        if isinstance(error, NotFetched):
            raise
        raise NotFetched(f"{host} cannot be reached, or broke off ({type(error).__name__})", again=True) from error


def _said(
    place: SplitResult, plain: socket.socket, headers: Mapping[str, str], to: Path, limits: Limits
) -> Answer | str:
    host = _host(place)
    connection = http.client.HTTPConnection(host, _port(place))
    connection.sock = (
        ssl.create_default_context().wrap_socket(plain, server_hostname=host) if place.scheme == "https" else plain
    )
    try:
        target = (place.path or "/") + (f"?{place.query}" if place.query else "")
        connection.request("GET", target, headers={"Host": place.netloc, **headers})
        response = connection.getresponse()
        match response.status:
            case 200:
                return _kept(host, response, to, limits)
            case 304:
                return Answer(None, {})
            case 301 | 302 | 303 | 307 | 308 if response.headers["Location"]:
                return str(response.headers["Location"])
            case 401 | 403:
                raise NotFetched(f"{host} refuses us ({response.status}); check the token that the source names")
            case status:
                raise NotFetched(f"{host} answers with status {status}", again=status in _AGAIN)
    finally:
        connection.close()


def _kept(host: str, response: http.client.HTTPResponse, to: Path, limits: Limits) -> Answer:
    if response.headers.get("Content-Encoding", "identity").casefold() != "identity":
        raise NotFetched(f"{host} packs its answer although it was asked not to; have it send the file as it is")
    size, told = 0, response.headers.get("Content-Length", "")
    if not told.isdigit() and not response.chunked:
        raise NotFetched(f"{host} does not say how long the file is, so that half of it would look like all of it")
    with to.open("wb") as file:
        while part := response.read1(65536):
            size += len(part)
            if size > limits.size:
                raise NotFetched(f"{host}: {too_large(size)}" if limits.size == LARGEST_FILE else f"{host}: too large")
            file.write(part)
    if told.isdigit() and int(told) != size:
        raise NotFetched(f"{host} broke off after {size:,} of {int(told):,} bytes", again=True)
    named = {"etag": response.headers.get("ETag", ""), "modified": response.headers.get("Last-Modified", "")}
    return Answer(to, {key: value for key, value in named.items() if value and value.isascii() and len(value) <= 500})


def _connected(place: SplitResult, inside: MayBeInside, limits: Limits) -> socket.socket:
    """A connection to one of the addresses of a host, each of which was looked at first."""
    host, port = _host(place), _port(place)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        found = []
    # A name that is not known and one inside the network are answered alike: nobody finds out here what there is.
    if not found or not (inside(host, port) or all(is_public(str(each[4][0])) for each in found)):
        raise NotFetched(
            f"{host} is not known, or lies inside the network; the operator lets hosts inside be asked with "
            "ASSAY_ALLOWED_HOSTS",
            again=not found,
        )
    error: OSError | None = None
    for family, kind, protocol, _, address in found:
        made = socket.socket(family, kind, protocol)
        made.settimeout(limits.silence)
        try:
            made.connect(address)
        except OSError as failed:
            error = failed
            made.close()
        else:
            return made
    raise error or OSError("no address")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public network, and not one of the old kind dressed up as one of the new."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip.sixtofour is not None or ip.teredo is not None or ip in _NAT64:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # it ended by itself
        connection.shutdown(socket.SHUT_RDWR)


def _host(place: SplitResult) -> str:
    return place.hostname or ""


def _port(place: SplitResult) -> int:
    return place.port or (443 if place.scheme == "https" else 80)


def _origin(place: SplitResult) -> tuple[str, str, int]:
    return place.scheme, _host(place), _port(place)
