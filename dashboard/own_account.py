"""What somebody does with their own account: the second factor, a link for a password, their sessions (W3, W5)."""

from datetime import timedelta

from flask import Flask, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from dashboard.identity import (
    current_person,
    current_token,
    drop_token,
    is_second_factor_waived,
    keep_token,
    link_name,
    origin,
    own_address,
    signed_out,
)
from dashboard.language import day_said as day
from dashboard.language import mark, said
from dashboard.words import moment_said as moment
from dashboard.words import sentence
from db import reset, second_factor, sessions
from db.roles import ADMINISTER, AUDIT, CYCLE, EXPORT, LOADS, OPERATE, PERMISSIONS, PLAN, RESULTS, SEND
from db.sessions import Identity
from scheme.errors import Forbidden, UsageError

Answer = Response | str | tuple[str, int]
INCLUDES = {
    RESULTS: mark("See the overview, the heatmap and headroom"),
    CYCLE: mark("See coverage, sites and renewal"),
    LOADS: mark("See what was sent and what was set aside"),
    EXPORT: mark("Take away what you see, as files"),
    SEND: mark("Send files"),
    PLAN: mark("Try out other bands, and plan reviews and visits"),
    ADMINISTER: mark("Administer people, departments, sites, certificates, profiles, sources and tokens"),
    AUDIT: mark("Read the audit log"),
    OPERATE: mark("See how the installation is, across organisations"),
}


# Roles as the warehouse has them, with spaces.
_ROLES = (
    mark("corporate lead"),
    mark("senior leader"),
    mark("champion"),
    mark("assessor"),
    mark("administrator"),
    mark("operator"),
)


def add_account(server: Flask) -> None:
    """Add /second-factor, /account, /sign-out-everywhere and /reset/ to the server."""
    server.add_url_rule("/second-factor", "second_factor", show_second_factor, methods=["GET"])
    server.add_url_rule("/second-factor", "prove_second_factor", take_second_factor, methods=["POST"])
    server.add_url_rule("/account", "account", account, methods=["GET"])
    server.add_url_rule("/sign-out-everywhere", "sign_out_everywhere", sign_out_everywhere, methods=["POST"])
    server.add_url_rule("/reset/<token>", "reset", open_link, methods=["GET"])
    server.add_url_rule("/reset/password", "reset_password", choose_password, methods=["GET", "POST"])


# --- the second factor ------------------------------------------------------------------------------------------------


def show_second_factor() -> Answer:
    """Ask for a code, or offer a secret to whoever has no second factor yet, or wants another."""
    person = current_person()
    if not person.is_local:
        abort(404)
    if _is_asked(person):
        return render_template("second_factor.html", person=person, onward=_onward())
    secret, closed = second_factor.offer(person.user_id)
    return _offered(person, secret, closed)


def take_second_factor() -> Answer:
    """Take a code: the session goes on under a new token, and counts as proven."""
    person, code = current_person(), request.form.get("code", "")
    if _is_asked(person):
        try:
            token = second_factor.prove(current_token(), code, origin())
        except (Forbidden, UsageError) as error:
            told = render_template("second_factor.html", person=person, onward=_onward(), wrong=sentence(error))
            return told, 403
        return _renewed(token, _onward())
    closed = request.form.get("offer", "")
    try:
        secret = second_factor.offered(closed, person.user_id)
    except UsageError as error:
        return _offered(person, *second_factor.offer(person.user_id), wrong=sentence(error)), 400
    try:
        token = second_factor.enrol(current_token(), closed, code, request.form.get("password"), origin())
    except Forbidden as error:
        return _offered(person, secret, closed, wrong=sentence(error)), 403
    return _renewed(token, _onward() if _must(person) else "/account")


def _is_asked(person: Identity) -> bool:
    return person.needs_second_factor and person.has_second_factor


def _must(person: Identity) -> bool:
    """Whether a second factor must be set up before anything else."""
    return person.needs_second_factor and not person.has_second_factor


def _offered(person: Identity, secret: str, closed: str, wrong: str = "") -> str:
    import segno  # nothing but this page draws such pictures

    picture = segno.make(second_factor.address(secret, person.email), error="m")
    return render_template(
        "set_up_second_factor.html",
        person=person,
        must=_must(person),
        may_leave=not _must(person) or is_second_factor_waived(),
        picture=picture.svg_data_uri(scale=5, border=3, light="#ffffff", dark="#000000"),
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        closed=closed,
        onward=_onward(),
        wrong=wrong,
    )


# --- a link for a password --------------------------------------------------------------------------------------------


def open_link(token: str) -> Response:
    """Take the token of a link out of the address, into a cookie; whether it is good is said on the page it leads to.

    Opening a link uses nothing up: whatever looks at links in letters may do so.
    """
    response = redirect("/reset/password")
    keep_token(response, token[:100], link_name())
    return response


def choose_password() -> Answer:
    """Ask for a password twice; a link that is used, unknown or over shows the same page as any other such."""
    token = request.cookies.get(link_name(), "")
    email = reset.holder(token)
    if email is None:
        return render_template("link_over.html", told=sentence(reset.DEAD)), 404
    if request.method == "GET":
        return render_template("reset_password.html", email=email)
    new = request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise UsageError(mark("the two passwords differ; type the same one twice"))
        reset.use(token, new, origin())
    except UsageError as error:
        return render_template("reset_password.html", email=email, wrong=sentence(error)), 400
    except Forbidden as error:
        return render_template("link_over.html", told=sentence(error)), 404
    response = Response(render_template("password_chosen.html"), mimetype="text/html")
    drop_token(response, link_name())
    return response


# --- who am I ---------------------------------------------------------------------------------------------------------


def account() -> str:
    """Who somebody is here, what they may do, and where they are signed in."""
    person = current_person()
    chosen = person.chosen
    return render_template(
        "account.html",
        person=person,
        role=said(chosen.role.replace("_", " ")) if chosen else "",
        includes=[said(INCLUDES[name]) for name in PERMISSIONS if chosen and name in chosen.permissions],
        places=_places(person),
        until=_until(person),
        sessions=sessions.sessions_of(current_token()),
        moment=moment,
    )


def sign_out_everywhere() -> Response:
    """End every session of the person, this one too."""
    sessions.sign_out_everywhere(current_token(), origin())
    return signed_out()


def _places(person: Identity) -> str:
    chosen = person.chosen
    if chosen is None:
        return ""
    if chosen.certificates is not None:
        return said("in the scope of certificate {certificates}", certificates=", ".join(chosen.certificates))
    if chosen.departments is not None:
        return said("in {departments} and what lies below", departments=", ".join(chosen.departments))
    return said("in the whole organisation")


def _until(person: Identity) -> str:
    chosen = person.chosen
    if chosen is None:
        return ""
    if chosen.visit_ends_at is not None:
        return said("until {day}", day=moment(chosen.visit_ends_at))
    last = chosen.ends_on - timedelta(days=1) if chosen.ends_on else None
    return said("until {day}", day=day(last)) if last else said("without an end")


def _onward() -> str:
    return own_address(request.values.get("next"))


def _renewed(token: str, onward: str) -> Response:
    response = redirect(onward)
    keep_token(response, token)
    return response
