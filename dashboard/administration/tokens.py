"""Tokens: programs of an organisation that send files or read measures by themselves."""

from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Response

from dashboard import data
from dashboard.administration import START, Route
from dashboard.administration.frame import done, sent, sentence, shown
from dashboard.administration.places import departments, where
from dashboard.gate import needs
from dashboard.identity import current_scope
from db import tokens as kept
from db.administration import actors
from db.roles import ADMINISTER
from db.session import open_session
from scheme.errors import Forbidden, UsageError

_LIST = f"{START}/tokens"
DAYS = ("7", "30", "90", "180", "365")
_SCOPES = {"read": "Read measures", "send": "Send files"}


@needs(ADMINISTER)
def tokens() -> Response:
    """Every token there is or was, and a form for another."""
    return _page({"days": "90"})


@needs(ADMINISTER)
def make() -> Response:
    """Make a token, and show it this once."""
    told = sent("name", "days", many=("scopes", "departments"), longest=200)
    wrong: dict[str, str] = {}
    if told["days"] not in DAYS:
        wrong["days"] = "Choose for how long."
    if not told["scopes"]:
        wrong["scopes"] = "Tick what the program may do."
    text = ""
    try:
        if not wrong:
            with open_session(current_scope(), write=True) as session:
                lasts = timedelta(days=int(told["days"]))
                text = kept.make(session, told["name"], told["scopes"], told["departments"], lasts)
    except (UsageError, Forbidden) as error:
        wrong[_field(str(error))] = sentence(error)
    if wrong:
        return _page(told, wrong)
    return done(f"The token “{told['name']}” is made. Give it to the program, and to nobody else.", _LIST, once=text)


@needs(ADMINISTER)
def revoke(number: int) -> Response:
    """End a token at once."""
    sent()
    try:
        with open_session(current_scope(), write=True) as session:
            said = kept.revoke(session, number)
    except UsageError as error:
        return _page({"days": "90"}, {"": sentence(error)})
    return done(sentence(said), _LIST)


def _field(words: str) -> str:
    """Which field of the form a refusal speaks of."""
    return "name" if "name" in words else "departments" if "department" in words else "scopes"


def _page(told: dict[str, Any], wrong: dict[str, str] | None = None) -> Response:
    scope = current_scope()
    with open_session(scope) as session:
        there = kept.tokens(session)
    names, known = data.names(data.view(scope)), actors(scope)
    rows = [
        {
            "token": token,
            "may": " and ".join(_SCOPES[scope].lower() for scope in token.scopes).capitalize(),
            "where": where(token.departments or (), (), names),
            "made_by": known.get(token.made_by, token.made_by),
        }
        for token in there
    ]
    # Whoever makes a token may do at least as much as the token (db.tokens).
    scopes = [(name, _SCOPES[name], 1) for name, may in kept.SCOPES.items() if may <= scope.permissions]
    lacking = [_SCOPES[name].lower() for name, may in kept.SCOPES.items() if not may <= scope.permissions]
    days = [(number, f"{number} days") for number in DAYS]
    return shown(
        "tokens",
        "Tokens",
        wrong,
        rows=rows,
        told=told,
        scopes=scopes,
        lacking=lacking,
        days=days,
        departments=departments(told.get("departments", ())),
    )


ROUTES = (Route("", tokens), Route("", make, ("POST",)), Route("/<int:number>/revoke", revoke, ("POST",)))
