"""One line in the log for each request: numbered, timed, by its template and its tenant's number (reliability.md W11).

Never in it: what an address asked, what a body or an answer held, who asked, what a tenant is called. The number goes
back with the answer, and is the one that a failed request tells its reader. The log is on standard error.
"""

import json
import logging
import secrets
import time
from datetime import UTC, datetime
from typing import Any

import dash
from flask import Flask, Response, g, request

from db.loading import load_of_this_thread
from variables import declare, one_of

LOGS = declare(
    "ASSAY_LOGS",
    "`json`: the log on standard error is one JSON object a line; `plain`: lines for people; `off`: no line for a "
    "request that went well (`assay demo` sets it)",
    "plain",
    one_of("ASSAY_LOGS", "plain", "json", "off"),
    "plain",
)
HEADER = "X-Request-Number"
UNKNOWN = "unknown"  # the template of what is no address of ours
WARMING = "assay.warming"  # in the WSGI environment
_OF_PAGES = ("/", "/<path:path>")  # Dash's own rules, below which all pages lie
QUIET = ("/assets/", "/_dash-component-suites/", "/_favicon.ico", "/healthz", "/readyz")
_TOLD = "assay_request"  # under this a record carries what is told of a request
log = logging.getLogger("assay")
requests = logging.getLogger("assay.requests")


def set_up_logs() -> None:
    """Send the log to standard error in the operator's form, and of the program's own lines those from INFO on."""
    handler = logging.StreamHandler()
    how = LOGS.read()
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    handler.setFormatter(_Json() if how == "json" else plain)
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(handler)
    log.setLevel(logging.INFO)
    requests.setLevel(logging.WARNING if how == "off" else logging.INFO)


def add_request_log(server: Flask) -> None:
    """Number each request, and tell of it when it is answered; to be added before anything else that comes after."""

    def begin() -> None:
        g.began = time.perf_counter()
        load_of_this_thread.set(None)

    def end(response: Response) -> Response:
        response.headers[HEADER] = number()
        if not request.path.startswith(QUIET) and not is_our_own():
            about = {
                "request": number(),
                "method": method(),
                "route": template(),
                "page": page_of_callback(),
                "status": response.status_code,
                "milliseconds": round(seconds() * 1000, 1),
                "tenant": tenant(),
                "load": load_of_this_thread.get(),
            }
            about = {name: value for name, value in about.items() if value is not None}
            level = logging.WARNING if response.status_code >= 500 else logging.INFO
            requests.log(
                level, "%s", " ".join(f"{name}={value}" for name, value in about.items()), extra={_TOLD: about}
            )
        return response

    server.before_request(begin)
    server.after_request(end)


def is_our_own() -> bool:
    """Whether nobody asked but the program itself, before it serves; a word that no header can put there."""
    return WARMING in request.environ


def number() -> str:
    """The number of this request, drawn when it is first asked for."""
    if "request_number" not in g:
        g.request_number = secrets.token_hex(4)
    told: str = g.request_number
    return told


def method() -> str:
    """How this request asks, one of HTTP's own words."""
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return request.method if request.method in known else "OTHER"


def template() -> str:
    """The rule that this request's address follows, without what stands in its places; a page's own address."""
    if request.url_rule is None:
        return UNKNOWN
    if request.endpoint in _OF_PAGES:
        pages = {page["path"] for page in dash.page_registry.values()}
        return request.path if request.path in pages else UNKNOWN
    return request.url_rule.rule


def page_of_callback() -> str | None:
    """The page whose callback this request asks for, by our own name; None where it asks for none of ours."""
    page: str | None = g.get("page_of_callback")
    return page


def seconds() -> float:
    """How long this request has taken."""
    now = time.perf_counter()
    began: float = g.get("began", now)
    return now - began


def tenant() -> int | None:
    """The number of the tenant that this request is about; None before one is known."""
    scope, person = g.get("scope"), g.get("identity")
    if scope is not None:
        return int(scope.tenant_id)
    if person is not None and person.chosen is not None:
        return int(person.chosen.tenant_id)
    return None


class _Json(logging.Formatter):
    """A record as one JSON object in one line."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        about = getattr(record, _TOLD, None)
        told |= about if about is not None else {"message": record.getMessage()}
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)
