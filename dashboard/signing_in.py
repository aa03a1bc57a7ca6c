"""Signing in and out, changing a password, choosing an organisation: plain pages that work without JavaScript."""

from flask import Flask, redirect, render_template, request
from werkzeug.wrappers import Response

from dashboard.identity import current_person, current_token, drop_token, keep_token, origin, own_address
from db import sessions
from scheme.errors import Forbidden, UsageError

WRONG = "The e-mail address or the password is not right, or it was tried too often. Check both; wait five minutes."


def add_doors(server: Flask) -> None:
    """Add /sign-in, /sign-out, /change-password, /choose-tenant, /accessibility and /healthz to the server."""
    server.add_url_rule("/sign-in", "sign_in", sign_in, methods=["GET", "POST"])
    server.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])
    server.add_url_rule("/change-password", "change_password", change_password, methods=["GET", "POST"])
    server.add_url_rule("/choose-tenant", "choose_tenant", choose_tenant, methods=["GET", "POST"])
    server.add_url_rule("/accessibility", "accessibility", lambda: render_template("accessibility.html"))
    server.add_url_rule("/healthz", "healthz", lambda: ("ok\n", {"Content-Type": "text/plain"}))


def sign_in() -> Response | str | tuple[str, int]:
    """Ask for address and password; on success a new session, then where the person wanted to go."""
    onward = own_address(request.values.get("next"))
    if request.method == "GET":
        return render_template("sign_in.html", onward=onward)
    email = request.form.get("email", "").strip()
    token = sessions.sign_in(email, request.form.get("password", ""), origin())
    if token is None:
        return render_template("sign_in.html", onward=onward, email=email, wrong=WRONG), 401
    if current_token():
        sessions.sign_out(current_token(), origin())
    response = redirect(onward)
    keep_token(response, token)
    return response


def sign_out() -> Response:
    """End the session, here and in the warehouse."""
    sessions.sign_out(current_token(), origin())
    response = redirect("/sign-in")
    drop_token(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def change_password() -> Response | str | tuple[str, int]:
    """Ask for the old password and a new one twice; every other session of the person ends."""
    person = current_person()
    if request.method == "GET":
        return render_template("change_password.html", person=person)
    new = request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise UsageError("the two new passwords differ; type the same one twice")
        token = sessions.change_password(current_token(), request.form.get("old", ""), new, origin())
    except (Forbidden, UsageError) as error:
        return render_template("change_password.html", person=person, wrong=_sentence(error)), 400
    response = redirect("/")
    keep_token(response, token)
    return response


def choose_tenant() -> Response | str | tuple[str, int]:
    """Ask which of the person's organisations to show."""
    person = current_person()
    if request.method == "GET":
        return render_template("choose_tenant.html", person=person)
    try:
        token = sessions.choose_tenant(current_token(), request.form.get("tenant", ""), origin())
    except Forbidden as error:
        return render_template("choose_tenant.html", person=person, wrong=_sentence(error)), 403
    response = redirect("/")
    keep_token(response, token)
    return response


def _sentence(error: Exception) -> str:
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."
