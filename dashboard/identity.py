"""Who asks: from a request to a person and a Scope. All is shut but a short list (reliability.md D1, D5, D10)."""

import ipaddress
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from db import people
from db.people import Identity
from db.session import Scope
from scheme.errors import Forbidden

# What anybody may have, matched on the request's own path; everything else needs a session.
PUBLIC = ("/sign-in", "/accessibility", "/healthz", "/_favicon.ico")
PUBLIC_FOLDERS = ("/assets/", "/_dash-component-suites/")
PUBLIC_DOORS = ("/sign-on/",)  # what is behind them is decided there; unlike the folders, never kept by a browser
# What a session may have before its password is changed or its organisation chosen.
BEFORE_ALL = ("/sign-out", "/change-password")
BEFORE_TENANT = (*BEFORE_ALL, "/choose-tenant")
_SAFE = ("GET", "HEAD", "OPTIONS")


def current_person() -> Identity:
    """The person this request comes from; Forbidden where nobody is signed in."""
    person: Identity | None = g.get("identity")
    if person is None:
        raise Forbidden("you are signed out; sign in again")
    return person


def current_scope() -> Scope:
    """What this request may see: the scope of the tenant chosen in its session; Forbidden where there is none."""
    return current_person().scope()


def is_local() -> bool:
    """Whether this is a demo on the machine's own loopback address without TLS: then cookies are plain."""
    if request.is_secure:
        return False
    host = urlsplit(f"//{request.host}").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def cookie_name() -> str:
    """The cookie that holds the session's token; `__Host-` binds it to this host and to TLS."""
    return "assay" if is_local() else "__Host-assay"


def keep_token(response: BaseResponse, token: str) -> None:
    """Hand the browser a session's token."""
    response.set_cookie(cookie_name(), token, httponly=True, samesite="Lax", secure=not is_local(), path="/")


def drop_token(response: BaseResponse) -> None:
    """Take the session's token from the browser."""
    response.delete_cookie(cookie_name(), httponly=True, samesite="Lax", secure=not is_local(), path="/")


def current_token() -> str:
    """The token the browser sent, "" for none."""
    return request.cookies.get(cookie_name(), "")


def own_address(address: str | None) -> str:
    """An address inside Assay to go on to, "/" for anything else."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")) or len(address) > 2000:
        return "/"
    if any(character.isspace() or ord(character) < 32 for character in address) or "\\" in address:
        return "/"
    parts = urlsplit(address)
    return "/" if parts.scheme or parts.netloc else address


def guard(server: Flask, is_page: Callable[[str], bool]) -> None:
    """Shut everything of the server to whoever is not signed in; `is_page` knows the paths that are pages."""

    def check() -> BaseResponse | None:
        _refuse_foreign_writes()
        path = request.path
        if path in PUBLIC or path.startswith((*PUBLIC_FOLDERS, *PUBLIC_DOORS)):
            return None
        token = current_token()
        person = people.session_of(token) if token else None
        if person is None:
            return _to_sign_in(is_page(path))
        g.identity = person
        if person.must_change_password and path not in BEFORE_ALL:
            return _onward("/change-password", is_page(path))
        if person.chosen is None and path not in BEFORE_TENANT:
            return _onward("/choose-tenant", is_page(path))
        if request.endpoint == "/<path:path>" and not is_page(path):
            abort(404)  # Dash would serve its index for any path (reliability.md D14)
        return None

    server.before_request(check)


def _refuse_foreign_writes() -> None:
    if request.method in _SAFE:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        abort(403)


def _to_sign_in(is_page: bool) -> BaseResponse:
    if request.method not in _SAFE or not _wants_page():
        return Response("Sign in first.\n", 401, mimetype="text/plain")
    asked = request.full_path.rstrip("?")
    onward = f"?next={quote(asked, safe='/')}" if is_page and asked != "/" else ""
    return redirect(f"/sign-in{onward}")


def _onward(path: str, is_page: bool) -> BaseResponse:
    if is_page or _wants_page():
        return redirect(path)
    return Response("Change your password or choose an organisation first.\n", 401, mimetype="text/plain")


def _wants_page() -> bool:
    return request.endpoint in ("/", "/<path:path>") or request.endpoint in ("change_password", "choose_tenant")
