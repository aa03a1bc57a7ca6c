"""What a signed-in person's browser asks of the dashboard: each callback of each page, as Dash's script sends it."""

import hashlib
import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import brotli
from dash import Dash
from werkzeug.test import EnvironBuilder

from dashboard import ids, shell

ASKED = "/_dash-update-component"
DAY = "2025-12-31"  # after the last of the nine years that benchmarks.made makes
# What is asked beside the day: a page of one department, one element, a cell whose details are opened.
DEPARTMENT, CELL = "D00001", "D00001~1.1.1"
_CHOSEN = {"department": f"&department={DEPARTMENT}", "element": "&element=1.1.1"}


@dataclass(frozen=True)
class Asked:
    """One callback of one page: what we call it, and the body that a browser sends."""

    page: str
    what: str
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What came back: after how many seconds, with which status, and how many bytes, as sent and unpacked."""

    seconds: float
    status: int
    sent: int
    body: bytes


def address(page: shell.Page, chosen: bool = True) -> str:
    """The address at which a page is asked for; `chosen`: with the department or element that it is about."""
    return f"{page.path}?as_of={DAY}{_CHOSEN.get(page.name, '') if chosen else ''}"


def of_pages(app: Dash) -> Iterator[Asked]:
    """Every callback of every page of the menu, and what the frame around the pages asks beside them."""
    for page in shell.PAGES:
        for output in app.callback_map:
            if "callback" in app.callback_map[output] and output.strip(".").startswith(f"{page.name}-"):
                yield Asked(page.name, _named(page.name, output), _body(app, output, page))
    for output in app.callback_map:
        if "callback" in app.callback_map[output] and output.strip(".").startswith("shell-"):
            named = "frame: who" if ids.WHO in output else "frame: departments to choose"
            yield Asked("frame", named, _body(app, output, shell.PAGES[1]))


def _named(page: str, output: str) -> str:
    first = output.strip(".").split("...")[0].rsplit(".", 1)[0]
    if first.startswith(f"{page}-drawer"):
        return f"{page}: details"
    return page if first.endswith(("-headline", "-scenario")) else f"{page}: {first.split('-', 1)[1]}"


def _body(app: Dash, output: str, page: shell.Page) -> bytes:
    known = app.callback_map[output]
    values = {ids.VIEW: address(page), ids.CELL: CELL, ids.URL: page.path}
    parts = [part.rsplit(".", 1) for part in output.strip(".").split("...")]
    outputs = [{"id": owner, "property": name} for owner, name in parts]
    body: dict[str, Any] = {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": [{**item, "value": values.get(item["id"])} for item in known["inputs"]],
        "state": [{**item, "value": values.get(item["id"])} for item in known["state"]],
        "changedPropIds": [],
    }
    return json.dumps(body).encode()


def headers(token: str) -> dict[str, str]:
    """What a browser with this session sends with each callback; the page's own mark is made as the server makes it."""
    return {
        "Host": "localhost",
        "Content-Type": "application/json",
        "Accept-Encoding": "gzip, deflate, br",
        "Cookie": f"assay={token}",
        "X-Assay-Page": hashlib.sha256(f"page {token}".encode()).hexdigest()[:32],
    }


@dataclass(frozen=True)
class Person:
    """Somebody with a session, who asks the application in this process as a server would hand their requests on."""

    app: Dash
    token: str

    def ask(self, asked: Asked) -> Answer:
        """Send a callback and read the whole answer; RuntimeError where it is neither content nor "nothing to say"."""
        sent = EnvironBuilder(ASKED, method="POST", data=asked.body, headers=headers(self.token)).get_environ()
        sent["REMOTE_ADDR"], sent["wsgi.input"] = "127.0.0.1", io.BytesIO(asked.body)
        told: list[Any] = []
        began = time.perf_counter()
        parts = self.app.server.wsgi_app(sent, lambda *head: told.append(head))
        packed = b"".join(parts)
        seconds = time.perf_counter() - began
        parts.close()
        status, kind = int(told[0][0][:3]), dict(told[0][1]).get("Content-Encoding")
        body = brotli.decompress(packed) if kind == "br" else packed
        if status not in (200, 204) or (b'"sideUpdate":{"' in body and b"shell-message" in body):
            raise RuntimeError(f"{asked.what}: {status} {body[:300]!r}")
        return Answer(seconds, status, len(packed), body)
