"""Who asks: from a request to a person and a Scope. All is shut but a short list (reliability.md D1, D5, D10, T11)."""

import hashlib
import hmac
import ipaddress
import os
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, g, redirect, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as BaseResponse

from db import links, sessions
from db.session import Scope
from db.sessions import Identity
from scheme.errors import Forbidden
from variables import declare, one_of

# What anybody may have, matched on the request's own path; everything else needs a session, or a token under API.
# The API's page and description hold no data: whoever writes a program reads them before having a token.
PUBLIC = ("/sign-in", "/accessibility", "/healthz", "/readyz", "/_favicon.ico", "/api/v1/", "/api/v1/openapi.json")
PUBLIC_FOLDERS = ("/language/", "/assets/", "/_dash-component-suites/", "/sign-on/", "/reset/", "/guest/", "/feed/")
API = "/api/v1/"
# What a session may have before its second factor is proven, its password changed or its organisation chosen.
BEFORE_PROOF = ("/sign-out", "/second-factor")  # who knows the password alone must not be able to change it
BEFORE_ALL = (*BEFORE_PROOF, "/change-password")
BEFORE_TENANT = (*BEFORE_ALL, "/choose-tenant", "/account", "/sign-out-everywhere", "/end-visit")
# What whoever opened a link may have beside pages and files, and what they may post: they read, and leave.
OF_A_GUEST = ("/sign-out",)
POSTED_BY_A_GUEST = (*OF_A_GUEST, "/_dash-update-component")
# Where plain pages begin: whoever is turned away from one is led to the door, not told in one line.
_PLAIN_PAGES = ("/administration", "/enter/", "/send", "/scenarios/", "/packs", "/meeting", "/reminders")
_SAFE = ("GET", "HEAD", "OPTIONS")
SECOND_FACTOR = declare(
    "ASSAY_SECOND_FACTOR",
    "`off` asks nobody for a second factor, on this machine's own loopback address alone: for the demo",
    "asked",
    one_of("ASSAY_SECOND_FACTOR", "off"),
)
_ANY_PATH = "/<path:path>"  # Dash's own
_OF_A_PROXY = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip", "Via")
STALE = "You have changed organisation or signed in again in another tab. Reload this page.\n"


def current_person() -> Identity:
    """The person this request comes from; Forbidden where nobody is signed in."""
    person: Identity | None = g.get("identity")
    if person is None:
        raise Forbidden("you are signed out; sign in again")
    return person


def current_scope() -> Scope:
    """What this request may see: of its token, or of the tenant chosen in its session; Forbidden without either."""
    if "scope" not in g:
        g.scope = current_person().scope()
    scope: Scope = g.scope
    return scope


def is_local() -> bool:
    """Whether this is a demo on the machine's own loopback address without TLS: then cookies are plain."""
    return not request.is_secure and _is_loopback(urlsplit(f"//{request.host}").hostname or "")


def origin() -> str:
    """The network address that a request comes from; a proxy's word counts only as far as ASSAY_PROXIES says."""
    return request.remote_addr or ""


def is_second_factor_waived() -> bool:
    """Whether this is the demo, looked at from the machine that it runs on: not through a proxy that stands there."""
    if SECOND_FACTOR.said() != "off" or any(name in request.headers for name in _OF_A_PROXY):
        return False
    return is_local() and _is_loopback(origin())


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# --- cookies and page tokens ------------------------------------------------------------------------------------------


def cookie_name() -> str:
    """The cookie that holds the session's token; `__Host-` binds it to this host and to TLS."""
    return _cookie("assay")


def door_name() -> str:
    """The cookie of a browser that has not signed in yet; its page token is made of it."""
    return _cookie("assay-door")


def link_name() -> str:
    """The cookie of a browser that has opened a link for choosing a password: the link's token, out of the address."""
    return _cookie("assay-link")


def guest_name() -> str:
    """The cookie of a browser that has been shown a link to a certificate: the link's token, out of the address."""
    return _cookie("assay-guest")


def _cookie(name: str) -> str:
    return name if is_local() else f"__Host-{name}"


def keep_token(response: BaseResponse, token: str, name: str = "") -> None:
    """Hand the browser a session's token, or another under its name."""
    kept = {"httponly": True, "samesite": "Lax", "secure": not is_local(), "path": "/"}
    response.set_cookie(name or cookie_name(), token, **kept)  # type: ignore[arg-type]  # a dict of mixed values


def drop_token(response: BaseResponse, name: str = "") -> None:
    """Take the session's token from the browser, or another under its name."""
    response.delete_cookie(name or cookie_name(), httponly=True, samesite="Lax", secure=not is_local(), path="/")


def signed_out(onward: str = "/sign-in") -> BaseResponse:
    """The way out: back to the sign-in page, with nothing of the session left in the browser."""
    response = redirect(onward)
    drop_token(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def seen_by(token: str) -> Identity | None:
    """Who a session's token stands for: a person, or whoever opened a link; None where it is over."""
    return sessions.session_of(token, origin()) or links.guest_of(token, origin()) if token else None


def end_session() -> None:
    """End the session of this browser, a person's or a link's; nothing happens where it has none."""
    token = current_token()
    person = seen_by(token)
    if person is not None:
        (links.leave if person.guest else sessions.sign_out)(token, origin())


def is_shut_to_guests() -> bool:
    """Whether this request is one that nobody who opened a link may make: it would do more than read."""
    person: Identity | None = g.get("identity")
    if person is None or person.guest is None:
        return False
    return request.method not in _SAFE and request.path not in POSTED_BY_A_GUEST


def current_token() -> str:
    """The token the browser sent, "" for none."""
    return request.cookies.get(cookie_name(), "")


def page_token() -> str:
    """What a page carries and sends back with whatever it asks: it was made for this session as it is now.

    Another site cannot know it (D10), and a page that was opened before the session turned to another organisation no
    longer has the right one (T11).
    """
    if "identity" in g:
        return _token_of(current_token())
    if "door" not in g:
        g.door = request.cookies.get(door_name()) or os.urandom(24).hex()
    return _token_of(g.door)


def _token_of(secret: str) -> str:
    return hashlib.sha256(f"page {secret}".encode()).hexdigest()[:32]


def _refuse_foreign_writes() -> None:
    if request.method in _SAFE:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)
    sender = request.headers.get("Origin")
    if sender is not None and urlsplit(sender).netloc != request.host:
        abort(403)


def _refuse_stale_page() -> BaseResponse | None:
    """Refuse what did not come from a page of this session as it is now; a download's link may say whence it came."""
    given = request.headers.get("X-Assay-Page") or request.args.get("page", "")
    if request.method not in _SAFE and not request.is_json:
        given = given or request.form.get("page", "")
    if hmac.compare_digest(given.encode(), page_token().encode()):
        return None
    if given:
        return Response(STALE, 409, mimetype="text/plain")
    return None if request.method in _SAFE else Response("That did not come from a page of Assay.\n", 403)


def own_address(address: str | None) -> str:
    """An address inside Assay to go on to, "/" for anything else."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")) or len(address) > 2000:
        return "/"
    if any(character.isspace() or ord(character) < 32 for character in address) or "\\" in address:
        return "/"
    parts = urlsplit(address)
    return "/" if parts.scheme or parts.netloc else address


# --- the doors --------------------------------------------------------------------------------------------------------


def guard(server: Flask, is_page: Callable[[str], bool], token_scope: Callable[[], Scope | None]) -> None:
    """Shut everything of the server to whoever is not signed in.

    `is_page` knows the paths that are pages; `token_scope` gives the scope of the API's token that a request bears.
    """

    def check() -> BaseResponse | None:
        path = request.path
        if path.startswith(API) and path not in PUBLIC:
            _by_token(token_scope)
            return None
        _refuse_foreign_writes()
        if path in PUBLIC or path.startswith(PUBLIC_FOLDERS):
            if request.endpoint == _ANY_PATH:
                abort(404)  # Dash would serve its index for any path (reliability.md D14)
            g.is_open = True
            return None if request.method in _SAFE else _refuse_stale_page()
        token = current_token()
        person = seen_by(token)
        if person is None:
            return _to_sign_in(is_page(path))
        g.identity = person
        stale = _refuse_stale_page()
        if stale is not None:
            return stale
        g.is_open = path in (BEFORE_TENANT if person.guest is None else OF_A_GUEST)
        if person.needs_second_factor and not is_second_factor_waived() and path not in BEFORE_PROOF:
            return _onward("/second-factor", is_page(path))
        if person.must_change_password and path not in BEFORE_ALL:
            return _onward("/change-password", is_page(path))
        if person.chosen is None and path not in BEFORE_TENANT:
            return _onward("/choose-tenant", is_page(path))
        if request.endpoint == _ANY_PATH and not is_page(path):
            abort(404)  # the same
        return None

    server.before_request(check)
    server.after_request(_keep_door)
    server.context_processor(lambda: {"page_token": page_token})


def _keep_door(response: Response) -> Response:
    if "door" in g and request.cookies.get(door_name()) != g.door:
        keep_token(response, g.door, door_name())
    return response


def _by_token(token_scope: Callable[[], Scope | None]) -> None:
    scope = token_scope()
    if scope is None:
        asks_for_one = WWWAuthenticate("bearer", {"realm": "Assay"})
        raise Unauthorized(
            "There is no token, or one that opens nothing (any more): send `Authorization: Bearer assay_...`.",
            www_authenticate=asks_for_one,
        )
    g.scope = scope


def _to_sign_in(is_page: bool) -> BaseResponse:
    if request.method not in _SAFE or not _wants_page():
        return Response("Sign in first.\n", 401, mimetype="text/plain")
    return _turned("/sign-in", is_page)


def _onward(path: str, is_page: bool) -> BaseResponse:
    if is_page or _wants_page():
        return _turned(path, is_page)
    return Response("There is something to do first; reload the page.\n", 401, mimetype="text/plain")


def _turned(path: str, is_page: bool) -> BaseResponse:
    asked = request.full_path.rstrip("?")
    return redirect(path + (f"?next={quote(asked, safe='/')}" if is_page and asked != "/" else ""))


def _wants_page() -> bool:
    if request.endpoint in ("/", "/<path:path>", "change_password", "choose_tenant", "second_factor", "account"):
        return True
    return request.path.startswith(_PLAIN_PAGES)
