"""Links: outside assessors who look at one certificate, read only, until a day."""

from datetime import timedelta
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from dashboard.administration import START, Route
from dashboard.administration.frame import day_of, done, sent, sentence, shown, today
from dashboard.administration.places import certificates
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.providers import configured_origin
from db import links as kept
from db.administration import actors
from db.roles import ADMINISTER
from db.session import open_session
from scheme.errors import Forbidden, UsageError

_LIST = f"{START}/links"
EXPORT = (("no", "No", "They see the pages and can take no file away."), ("yes", "Yes", "Tables and charts as files."))


@needs(ADMINISTER)
def links() -> Response:
    """Every link there is or was, and a form for another."""
    return _page(_fresh())


@needs(ADMINISTER)
def make() -> Response:
    """Make a link, and show it this once."""
    told = sent("certificate", "whom", "until", "export", longest=200)
    wrong: dict[str, str] = {}
    try:
        last_day = day_of(told["until"])
    except ValueError:
        last_day = None
    if last_day is None:
        wrong["until"] = "Choose until when."
    if told["export"] not in ("yes", "no"):
        wrong["export"] = "Choose whether they may take files away."
    token = ""
    try:
        if last_day is not None and not wrong:
            with open_session(current_scope(), write=True) as session:
                token = kept.make(session, told["certificate"], told["whom"], last_day, told["export"] == "yes")
    except (UsageError, Forbidden) as error:
        wrong[_field(str(error))] = sentence(error)
    if wrong:
        return _page(told, wrong)
    address = f"{configured_origin() or request.host_url.rstrip('/')}/guest/{token}"
    said = "The link is made. Send it to that person alone: whoever has it sees what they see."
    return done(said, _LIST, once=address)


@needs(ADMINISTER)
def end(number: int) -> Response:
    """End a link, and whatever it opened, at once."""
    sent()
    try:
        with open_session(current_scope(), write=True) as session:
            said = kept.end(session, number)
    except UsageError as error:
        return _page(_fresh(), {"": sentence(error)})
    return done(sentence(said), _LIST)


def _fresh() -> dict[str, Any]:
    return {"until": (today() + timedelta(days=kept.USUAL_DAYS)).isoformat(), "export": "no"}


def _field(words: str) -> str:
    """Which field of the form a refusal speaks of."""
    return "certificate" if "certificate" in words else "whom" if "whom" in words else "until"


def _page(told: dict[str, Any], wrong: dict[str, str] | None = None) -> Response:
    scope = current_scope()
    with open_session(scope) as session:
        there = kept.links(session)
    known = actors(scope)
    return shown(
        "links",
        "Links",
        wrong,
        rows=[{"link": link, "made_by": known.get(link.made_by, link.made_by)} for link in there],
        told=told,
        choices=[(code, words) for code, words, _ in certificates()],
        exports=EXPORT,
        longest=kept.LONGEST_DAYS,
    )


ROUTES = (Route("", links), Route("", make, ("POST",)), Route("/<int:number>/end", end, ("POST",)))
