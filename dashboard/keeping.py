"""Keeping scenarios: plain forms that name what is tried, rename it, share it inside the organisation and remove it.

They write drafts (db.drafts) and nothing else: no form here can change a fact.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask import Flask, abort, redirect, request
from werkzeug.wrappers import Response

from dashboard import data, scenarios
from dashboard.administration.forms import Wrong
from dashboard.administration.frame import done, sent, shown
from dashboard.filters import SUPPOSING, filters
from dashboard.gate import needs
from dashboard.identity import current_scope, own_address
from dashboard.trying import LONGEST, cells
from dashboard.words import count, sentence
from db import drafts
from db.drafts import Draft
from db.roles import PLAN
from db.session import open_session
from scheme.errors import UsageError
from scheme.scenario import Tried

START = "/scenarios"
_ANOTHER = "another"


def add_keeping(server: Flask) -> None:
    """Add what lies below /scenarios to the server."""
    one = f"{START}/<int:number>"
    for path, view, method in (
        (f"{START}/keep", asked_to_keep, "GET"),
        (f"{START}/keep", kept, "POST"),
        (one, one_of_mine, "GET"),
        (f"{one}/rename", renamed, "POST"),
        (f"{one}/share", shared, "POST"),
        (f"{one}/remove", removed, "POST"),
    ):
        server.add_url_rule(path, f"keeping.{view.__name__}", view, methods=[method])


@needs(PLAN)
def asked_to_keep() -> Response:
    """The form that gives what is tried a name."""
    given = request.args.get("try", ""), request.args.get("draft", ""), request.args.get("next", "")
    told = {name: text[:LONGEST] for name, text in zip(("try", "draft", "next"), given, strict=True)}
    before = _mine(told["draft"])
    more = {"name": before.name, "edition": str(before.edition)} if before else {"name": "", "edition": ""}
    return _form({**told, **more, "how": ""})


@needs(PLAN)
def kept() -> Response:
    """Keep what is tried under its name, and go back to where it was tried."""
    told = sent("name", "try", "draft", "edition", "how", "next")
    try:
        mine = _cells(told["try"])
        before = _mine(told["draft"]) if told["how"] != _ANOTHER else None
        number = _keep(told["name"], mine, before, told["edition"])
    except UsageError as error:
        return _form(told, {"name": sentence(error)})
    return redirect(_onward(told["next"], number), 303)


def _cells(text: str) -> Tried:
    """What a form tries; UsageError where that is nothing, or not all of it is of what the person may see."""
    tried = cells(text)
    view = data.view(current_scope())
    may = {*data.names(view), *([None] if data.sees_all(view) else [])}
    elements = data.programme(view).standard.element
    if not tried or any(place not in may or element not in elements for place, element in tried):
        raise UsageError("it tries nothing, or what is not there for you; leave it and start again")
    return tried


def _keep(name: str, mine: Tried, before: Draft | None, edition: str) -> int:
    """Keep cells as a new scenario, or in place of what was kept before as that edition."""
    of, body = scenarios.about(mine), scenarios.body(mine)
    with open_session(current_scope(), write=True) as session:
        if before is None:
            return drafts.keep(session, scenarios.KIND, name, body, departments=of)
        seen = int(edition) if edition.isdecimal() else -1
        return drafts.keep(session, scenarios.KIND, name, body, departments=of, number=before.number, edition=seen)


def _form(told: Mapping[str, str], wrong: Wrong | None = None) -> Response:
    before = _mine(told["draft"])
    lines, number = [], 0
    with suppress(UsageError):
        tried = cells(told["try"])
        lines, number = _lines(tried), len(tried)
    title = "Keep the changes" if before else "Keep this scenario"
    about = {"lines": lines, "number": count(number, "cell"), "before": before, "back": own_address(told["next"])}
    return shown("scenarios/keep", title, wrong, told=told, **about)


def _onward(text: str, number: int) -> str:
    """Where the scenario was tried, with its number in the address in place of its cells."""
    here = own_address(text)
    page = here.partition("?")[0].strip("/")
    with suppress(UsageError):
        if page in SUPPOSING:
            return filters(here, page).href(draft=number)
    return f"/heatmap?draft={number}"


# --- one of one's own -------------------------------------------------------------------------------------------------


@needs(PLAN)
def one_of_mine(number: int) -> Response:
    """A scenario of one's own: what it tries; to rename, share or remove it."""
    return _one(number)


@needs(PLAN)
def renamed(number: int) -> Response:
    """Give it another name."""
    told, before = sent("name", "edition"), _own(number)
    try:
        _keep(told["name"], scenarios.cells_of(before), before, told["edition"])
    except UsageError as error:
        return _one(number, {"name": sentence(error)}, told["name"])
    return done("Renamed.", f"{START}/{number}")


@needs(PLAN)
def shared(number: int) -> Response:
    """Share it inside the organisation, or take that back."""
    told, before = sent("shared"), _own(number)
    is_shared = told["shared"] == "yes"
    with open_session(current_scope(), write=True) as session:
        drafts.share(session, scenarios.KIND, before.number, is_shared)
    said = "Shared: everybody who may see all its departments finds it." if is_shared else "It is yours alone again."
    return done(said, f"{START}/{number}")


@needs(PLAN)
def removed(number: int) -> Response:
    """Remove it for good."""
    sent()
    before = _own(number)
    with open_session(current_scope(), write=True) as session:
        drafts.remove(session, scenarios.KIND, before.number)
    return redirect(START, 303)


def _one(number: int, wrong: Wrong | None = None, name: str | None = None) -> Response:
    draft = _own(number)
    lines = _lines(scenarios.cells_of(draft))
    return shown(
        "scenarios/one",
        draft.name,
        wrong,
        draft=draft,
        lines=lines,
        name=draft.name if name is None else name,
    )


def _lines(tried: Tried) -> list[str]:
    """Each cell in words; departments by name where they are known."""
    view = data.view(current_scope())
    called: dict[str | None, Any] = {**data.names(view), None: "The organisation itself"}
    standard = data.programme(view).standard
    return [
        f"{called.get(place, place)}, {element}: {standard.band[band].label.lower()}"
        for (place, element), band in tried.items()
    ]


def _own(number: int) -> Draft:
    """The scenario of one's own of that number; 404 where there is none."""
    return _mine(str(number)) or abort(404)


def _mine(number: str) -> Draft | None:
    if not number.isdecimal() or len(number) > 9:
        return None
    with open_session(current_scope()) as session:
        found = drafts.draft(session, scenarios.KIND, int(number), ())
    return found if found and found.is_mine else None
