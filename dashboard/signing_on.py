"""Signing on through a provider of the operator's choice: there, and back with a proof (reliability.md W4)."""

import logging
import secrets

from flask import Flask, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from dashboard import discovery, openid, request_log
from dashboard.discovery import Unreachable, shown
from dashboard.identity import end_session, is_local, keep_token, origin, own_address
from dashboard.language import mark, said
from dashboard.openid import NotProven
from dashboard.providers import Provider, configured_origin, providers
from db import sessions, sign_on
from scheme.errors import UsageError

log = logging.getLogger("assay")

REFUSED = mark("{title} did not show who you are, so you are not signed in. Start again from the sign-in page.")
NOTHING = mark("{title} knows you, but your groups there give you nothing here. Ask whoever looks after Assay for you.")
UNREACHABLE = mark("{title} does not answer as it should just now. Try again in a minute.")


def add_sign_on(server: Flask) -> None:
    """Add /sign-on/NAME and its way back, and the providers to the sign-in page; UsageError for wrong settings."""
    providers(), configured_origin()
    server.add_url_rule("/sign-on/<name>", "sign_on", start, methods=["GET"])
    server.add_url_rule("/sign-on/<name>/back", "sign_on_back", back, methods=["GET"])
    server.context_processor(lambda: {"sign_on_providers": tuple(providers().values())})


def start(name: str) -> Response | tuple[str, int]:
    """Send the browser to the provider, with a state that only this browser can bring back."""
    provider = _provider(name)
    onward, nonce, verifier = (
        own_address(request.args.get("next")),
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(48),
    )
    back_to = redirect_uri(provider)
    try:
        found = discovery.discovered(provider)
    except Unreachable as fault:
        return _told(provider, UNREACHABLE, fault, 503)
    state, browser = sign_on.set_out(provider.name, nonce, verifier, onward)
    response = redirect(openid.start_address(provider, found, back_to, state, nonce, verifier))
    seconds = int(sign_on.WITHIN.total_seconds())
    response.set_cookie(
        _cookie(), browser, max_age=seconds, httponly=True, samesite="Lax", secure=not is_local(), path="/"
    )
    return response


def back(name: str) -> Response | tuple[str, int]:
    """Take the browser back from the provider; on proof a new session, then where the person wanted to go."""
    provider = _provider(name)
    try:
        person, onward = _proven(provider)
        vouched = sign_on.Vouched(
            provider.name, provider.tenants, person.issuer, person.subject, person.email, person.groups
        )
        user_id = sign_on.account_of(vouched, origin())
        if user_id is None:
            return _told(provider, NOTHING, NotProven("no group of theirs gives a role here"), 403)
    except Unreachable as fault:
        return _told(provider, UNREACHABLE, fault, 503)
    except NotProven as fault:
        return _told(provider, REFUSED, fault, 403)
    end_session()
    response = redirect(onward)
    keep_token(response, sessions.begin(user_id, origin(), f"sign-on {provider.name}", is_proven=True))
    _drop_cookie(response)
    return response


def redirect_uri(provider: Provider) -> str:
    """Where a provider sends browsers back to: at ASSAY_ORIGIN, or on this machine's loopback where that is not set.

    Never what a request says of its host (reliability.md W4), unless that is loopback itself. UsageError elsewhere.
    """
    configured = configured_origin()
    if configured is None:
        if not is_local():
            raise UsageError("signing on needs ASSAY_ORIGIN, the address under which people reach Assay; see operating")
        configured = f"http://{request.host}"
    return f"{configured}/sign-on/{provider.name}/back"


def _proven(provider: Provider) -> tuple[openid.Proven, str]:
    """The person, and where they wanted to go; every check that needs the request is here, the rest in openid."""
    state, code, issuer, error = (_one(name) for name in ("state", "code", "iss", "error"))
    browser = request.cookies.get(_cookie(), "")
    # First of all, so that whatever is wrong with the answer, the state is spent.
    attempt = sign_on.come_back(provider.name, state, browser) if state and browser else None
    if attempt is None:
        raise NotProven("the state is missing, used, too old, or of another browser")
    found = discovery.discovered(provider)
    openid.answer_is_from(provider, found, issuer)
    if error is not None:
        raise NotProven(f"the provider says {shown(error)}")
    if not code:
        raise NotProven("the answer has no code")
    back_to = redirect_uri(provider)
    return openid.proven(provider, found, back_to, code, attempt.code_verifier, attempt.nonce), attempt.onward


def _one(name: str) -> str | None:
    values = request.args.getlist(name)
    if len(values) > 1:
        raise NotProven(f"the answer says {name} twice")
    return values[0] if values else None


def _provider(name: str) -> Provider:
    provider = providers().get(name)
    if provider is None:
        abort(404)
    return provider


def _told(provider: Provider, words: str, fault: Exception, status: int) -> Response:
    """A page in plain words; what was wrong stands in the log, under the number that the page shows."""
    number = request_log.number()
    log.warning("sign-on %s through %s refused: %s", number, provider.name, fault)
    told = said(words, title=provider.title)
    response = Response(render_template("not_signed_on.html", wrong=told, number=number), status, mimetype="text/html")
    _drop_cookie(response)
    return response


def _cookie() -> str:
    return "assay-sign-on" if is_local() else "__Host-assay-sign-on"


def _drop_cookie(response: Response) -> None:
    response.delete_cookie(_cookie(), httponly=True, samesite="Lax", secure=not is_local(), path="/")
