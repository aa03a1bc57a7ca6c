"""Requests that leave this server: to a provider alone, with limits on time and size (reliability.md W4)."""

import time
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from dashboard.providers import Provider, is_fit, is_loopback

CONNECT, READ, WHOLE = 3.0, 5.0, 10.0  # seconds that an answer may take
LARGEST = 512 * 1024  # bytes of an answer


class Outgoing(requests.Session):
    """Requests to one provider: HTTPS except on loopback, no redirects, limits on time and size."""

    def __init__(self, provider: Provider) -> None:
        """A session for this provider's addresses."""
        super().__init__()
        self._provider = provider
        self.headers["Accept-Encoding"] = "identity"

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send one request and read its answer whole; RequestException where that may not or cannot be done."""
        if not may_be_asked(self._provider, url):
            raise requests.exceptions.InvalidURL("this address may not be asked")
        if is_loopback(urlsplit(url).hostname or ""):
            options["proxies"] = {"http": "", "https": ""}
        started = time.monotonic()
        options |= {"timeout": (CONNECT, READ), "allow_redirects": False, "stream": True}
        with super().request(method, url, **options) as response:
            response._content = _body(response, started)
        return response


def may_be_asked(provider: Provider, address: str) -> bool:
    """Whether this address of a provider may be asked; one out in the world must not have us ask our own machine."""
    host = urlsplit(address).hostname or "" if is_fit(address) else ""
    return bool(host) and (not is_loopback(host) or is_loopback(urlsplit(provider.issuer).hostname or ""))


def json_at(provider: Provider, address: str) -> dict[str, Any]:
    """The JSON object at an address of the provider; RequestException or ValueError where there is none."""
    with Outgoing(provider) as outgoing:
        response = outgoing.get(address, headers={"Accept": "application/json"})
    if response.status_code != 200:
        raise ValueError(f"status {response.status_code}")
    said = response.json()
    if not isinstance(said, dict):
        raise ValueError("no JSON object")
    return said


def _body(response: requests.Response, started: float) -> bytes:
    parts, size = [], 0
    while part := _part(response):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise requests.exceptions.ContentDecodingError("the answer is too large")
        if time.monotonic() - started > WHOLE:
            raise requests.exceptions.ReadTimeout("the answer takes too long")
    return b"".join(parts)


def _part(response: requests.Response) -> bytes:
    try:
        return bytes(response.raw.read1(16384, decode_content=False))
    except (HTTPError, OSError) as error:
        raise requests.exceptions.ConnectionError(type(error).__name__) from error
