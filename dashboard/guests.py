"""The door of links (db.links): a plain page and a button. Looking at the page signs nobody in (reliability.md W3)."""

from datetime import UTC, datetime

from flask import Flask, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from dashboard import shell
from dashboard.filters import Filters
from dashboard.identity import drop_token, end_session, guest_name, keep_token, origin, seen_by
from db import links

Answer = Response | str | tuple[str, int]
LANDINGS = ("renewal", "coverage")  # the first of these pages that there is


def add_guests(server: Flask) -> None:
    """Add /guest/ to the server."""
    server.add_url_rule("/guest/<token>", "guest", show, methods=["GET"])
    server.add_url_rule("/guest/open", "guest_open", ask, methods=["GET"])
    server.add_url_rule("/guest/open", "guest_opened", come_in, methods=["POST"])


def show(token: str) -> Response:
    """Take the token of a link out of the address, into a cookie; the page it leads to has the button.

    Opening the address uses nothing up and looks nothing up: whatever looks at links in letters may do so.
    """
    response = redirect("/guest/open")
    keep_token(response, token[:100], guest_name())
    return response


def ask() -> Answer:
    """What the link is for and a button, the same for every link, good or not; no data and no organisation."""
    return render_template("guest.html", has_link=bool(request.cookies.get(guest_name())))


def come_in() -> Answer:
    """Begin the session that the link gives; one that opens nothing is answered alike, whatever is wrong with it."""
    token = request.cookies.get(guest_name(), "")
    fresh = links.open_link(token, origin()) if token else None
    if fresh is None:
        if token and not links.refused(token, origin()):
            return render_template("guest_over.html", is_often=True), 429
        return render_template("guest_over.html", is_often=False), 404
    end_session()  # whoever was signed in here: a browser has one session
    person = seen_by(fresh)
    if person is None or person.guest is None:
        abort(404)
    response = redirect(landing(person.guest.certificate))
    keep_token(response, fresh)
    drop_token(response, guest_name())
    return response


def landing(certificate: str) -> str:
    """Where a link leads: the page an assessor works through, with the certificate chosen."""
    names = [page.name for page in shell.PAGES]
    page = next(name for name in LANDINGS if name in names)
    return Filters(page, datetime.now(UTC).date()).href(certificate=certificate)
