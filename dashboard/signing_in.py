"""Signing in and out, changing a password, choosing an organisation: plain pages that work without JavaScript."""

from datetime import timedelta

from flask import Flask, redirect, render_template, request
from werkzeug.wrappers import Response

from dashboard.accessibility import statement
from dashboard.identity import (
    current_person,
    current_token,
    end_session,
    keep_token,
    origin,
    own_address,
    signed_out,
)
from dashboard.language import mark, said
from dashboard.words import clock, sentence
from db import sessions
from db.sessions import Identity
from db.tenants import tenants
from scheme.errors import Forbidden, UsageError

WRONG = mark(
    "The e-mail address or the password is not right, or it was tried too often. Check both; wait five minutes."
)
LENGTHS = (
    (30, mark("30 minutes")),
    (60, mark("1 hour")),
    (120, mark("2 hours")),
    (240, mark("4 hours")),
)  # of an operator's visit


def add_doors(server: Flask) -> None:
    """Add the doors, each with a plain page of its own, /accessibility and /healthz to the server."""
    server.add_url_rule("/sign-in", "sign_in", sign_in, methods=["GET", "POST"])
    server.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])
    server.add_url_rule("/change-password", "change_password", change_password, methods=["GET", "POST"])
    server.add_url_rule("/choose-tenant", "choose_tenant", choose_tenant, methods=["GET", "POST"])
    server.add_url_rule("/end-visit", "end_visit", end_visit, methods=["POST"])
    server.add_url_rule("/accessibility", "accessibility", statement)
    server.add_url_rule("/healthz", "healthz", lambda: ("ok\n", {"Content-Type": "text/plain"}))


def sign_in() -> Response | str | tuple[str, int]:
    """Ask for address and password; on success a new session, then where the person wanted to go."""
    onward = own_address(request.values.get("next"))
    if request.method == "GET":
        if current_token() and sessions.session_of(current_token(), origin()):
            return redirect(onward)  # a page that was told to sign in, where something else is to be done first
        return render_template("sign_in.html", onward=onward)
    email = request.form.get("email", "").strip()
    token = sessions.sign_in(email, request.form.get("password", ""), origin())
    if token is None:
        return render_template("sign_in.html", onward=onward, email=email, wrong=said(WRONG)), 401
    end_session()
    response = redirect(onward)
    keep_token(response, token)
    return response


def sign_out() -> Response:
    """End the session, here and in the warehouse."""
    is_guest = current_person().guest is not None
    end_session()
    return signed_out("/guest/open" if is_guest else "/sign-in")


def change_password() -> Response | str | tuple[str, int]:
    """Ask for the old password and a new one twice; every other session of the person ends."""
    person = current_person()
    if request.method == "GET":
        return render_template("change_password.html", person=person)
    new = request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise UsageError(mark("the two new passwords differ; type the same one twice"))
        token = sessions.change_password(current_token(), request.form.get("old", ""), new, origin())
    except (Forbidden, UsageError) as error:
        return render_template("change_password.html", person=person, wrong=sentence(error)), 400
    response = redirect("/")
    keep_token(response, token)
    return response


def choose_tenant() -> Response | str | tuple[str, int]:
    """Ask which of the person's organisations to show; an operator, which to visit, why and for how long."""
    person, onward = current_person(), own_address(request.values.get("next"))
    if request.method == "GET":
        return _choices(person, onward)
    chosen, lasts = request.form.get("tenant", ""), request.form.get("lasts", "")
    try:
        if lasts:
            if lasts not in [str(minutes) for minutes, _ in LENGTHS]:
                raise UsageError(mark("choose how long the visit lasts from the list"))
            reason = request.form.get("reason", "")
            token = sessions.visit(current_token(), chosen, reason, timedelta(minutes=int(lasts)), origin())
        else:
            token = sessions.choose_tenant(current_token(), chosen, origin())
    except (Forbidden, UsageError) as error:
        return _choices(person, onward, sentence(error)), 403 if isinstance(error, Forbidden) else 400
    response = redirect(onward)
    keep_token(response, token)
    return response


def end_visit() -> Response:
    """End an operator's visit; the session goes on in no organisation."""
    token = sessions.end_visit(current_token(), origin())
    response = redirect("/choose-tenant")
    keep_token(response, token)
    return response


def _choices(person: Identity, onward: str, wrong: str = "") -> str:
    all_of_them = tenants().select("code", "name").rows() if person.is_operator else []
    return render_template(
        "choose_tenant.html",
        person=person,
        onward=onward,
        wrong=wrong,
        tenants=all_of_them,
        lengths=LENGTHS,
        asked=request.form,
        clock=clock,
    )
