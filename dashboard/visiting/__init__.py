"""Visit plans as forms: keep one, share or remove an own one, and take it over as planned visits.

Plain pages that work without JavaScript. What is kept is a draft (db.drafts) and moves no figure; what is taken over
goes through the way in that files use, after everybody could see which visits it would say.
"""

import hashlib
import json
from typing import Any
from urllib.parse import urlencode

import polars as pl
from flask import Flask, abort, redirect, request
from werkzeug.wrappers import Response

from dashboard import data, visit_plans
from dashboard.administration.forms import Act, Cell, Field, Table, sender
from dashboard.administration.frame import done, sent, sentence, shown, today
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.visit_shown import WHY, Shown, named
from dashboard.visit_shown import sentence as told
from dashboard.words import count, day
from db import drafts
from db.roles import CYCLE, PLAN, SEND
from db.session import open_session
from etl.run import Refused, said_by_hand
from scheme.errors import UsageError

START = "/plan/visits"
_ASKED = ("certificate", "as_of", "mode", "pace", "days", "share", "seed")
_ANEW = "Nothing was taken over: by now it would say something else than what was shown. Look again below."


def add_visiting(server: Flask) -> None:
    """Add /plan/visits and what lies below it to the server."""
    one = f"{START}/<int:number>"
    for path, view, method in (
        (f"{START}/keep", keep, "GET"),
        (f"{START}/keep", kept, "POST"),
        (one, plan, "GET"),
        (f"{one}/share", shared, "POST"),
        (f"{one}/unshare", unshared, "POST"),
        (f"{one}/remove", removed, "POST"),
        (f"{one}/take", taken, "POST"),
    ):
        server.add_url_rule(path, f"visiting.{view.__name__}", view, methods=[method])


# --- keeping ----------------------------------------------------------------------------------------------------------


@needs(CYCLE, PLAN)
def keep() -> Response:
    """The form that asks what a plan is to be called."""
    return _asking({name: request.args.get(name, "") for name in _ASKED})


@needs(CYCLE, PLAN)
def kept() -> Response:
    """Keep a plan: solved again for what the form says, which on this data gives the plan that was shown."""
    form = sent("name", *_ASKED)
    try:
        found = _solved(form)
        view, code = data.view(current_scope()), found.wanted.certificate
        about = visit_plans.holder(view, code)
        with open_session(current_scope(), write=True) as session:
            body = visit_plans.body(found)
            number = drafts.keep(session, visit_plans.KIND, form["name"], body, departments=about, certificate=code)
    except UsageError as error:
        return _asking(form, {"name" if "name" in str(error) else "": sentence(error)})
    words = f"Kept as {form['name']}, for you alone until you share it. It moves no figure until it is taken over."
    return done(words, f"{START}/{number}")


def _asking(form: dict[str, str], wrong: dict[str, str] | None = None) -> Response:
    try:
        found = _solved(form)
    except UsageError as error:
        if wrong is None:
            return done(sentence(error), "/visitplan")
        found = None
    hidden = [Field(name, "", "hidden") for name in _ASKED]
    facts = [("Plan", f"{told(found)}.")] if found else []
    return shown(
        "form",
        "Keep a visit plan",
        wrong,
        up=Act("Visit plan", _asked(form).href() if found else "/visitplan"),
        action=f"{START}/keep",
        form=[Field("name", "Name", hint="By which you find it again.", needed=True), *hidden],
        told=form,
        do="Keep it",
        lead="A kept plan stays as it is, with what it was asked for, so that it can be looked at and made again.",
        facts=facts,
    )


def _asked(form: dict[str, str]) -> Filters:
    query = urlencode({name: form[name] for name in _ASKED if form[name]})
    return filters(f"/visitplan?{query}", "visitplan")


def _solved(form: dict[str, str]) -> Shown:
    asked, view = _asked(form), data.view(current_scope())
    return visit_plans.solved(view, asked.as_of, visit_plans.wanted(asked, asked.certificate))


# --- one that is kept -------------------------------------------------------------------------------------------------


@needs(CYCLE, PLAN)
def plan(number: int) -> Response:
    """A kept plan: who sees it, and which planned visits taking it over would say."""
    return _plan(_one(number))


def _plan(found: Shown, wrong: dict[str, str] | None = None) -> Response:
    rows = _to_take(found)
    listed = [
        [
            Cell(day(row["day"])),
            Cell(row["site_name"], small=row["site_code"]),
            Cell(row["review"]),
            Cell(WHY[row["why"]]),
        ]
        for row in rows.iter_rows(named=True)
    ]
    left = found.plan.visits.height - rows.height
    return shown(
        "visiting/plan",
        "A kept visit plan",
        wrong,
        draft=found.draft,
        number=found.draft.number if found.draft else 0,
        href=f"/visitplan?draft={found.draft.number if found.draft else 0}",
        said=told(found),
        made=day(found.day),
        seed=found.wanted.seed,
        preview=_fingerprint(rows),
        may_send=current_scope().may(SEND),
        number_of=rows.height,
        left=count(left, "visit") if left else "",
        tables=[Table("Planned visits that it would say", ("Day", "Site", "Review", "Why"), listed)],
    )


@needs(CYCLE, PLAN)
def shared(number: int) -> Response:
    """Let everybody in the organisation see a plan who may see all it is about."""
    return _shared(number, True, "Shared: everybody who may see this certificate finds it among the kept plans.")


@needs(CYCLE, PLAN)
def unshared(number: int) -> Response:
    """Keep a plan for oneself again."""
    return _shared(number, False, "It is yours alone again.")


def _shared(number: int, is_shared: bool, words: str) -> Response:
    sent()
    _one(number)
    try:
        with open_session(current_scope(), write=True) as session:
            drafts.share(session, visit_plans.KIND, number, is_shared)
    except UsageError as error:
        return done(sentence(error), f"{START}/{number}")
    return done(words, f"{START}/{number}")


@needs(CYCLE, PLAN)
def removed(number: int) -> Response:
    """Remove an own plan; visits that were taken over from it stay."""
    sent()
    _one(number)
    try:
        with open_session(current_scope(), write=True) as session:
            drafts.remove(session, visit_plans.KIND, number)
    except UsageError as error:
        return done(sentence(error), f"{START}/{number}")
    return redirect("/visitplan", 303)  # where it is no longer among the kept plans


@needs(CYCLE, PLAN, SEND)
def taken(number: int) -> Response:
    """Say the visits of a plan that still stand as planned ones, if they are those that were shown."""
    preview, found, scope = sent("preview")["preview"], _one(number), current_scope()
    rows, where = _to_take(found), f"{START}/{number}"
    if rows.is_empty() or preview != _fingerprint(rows):
        return done(_ANEW, where)
    visits = [
        {
            "site_code": row["site_code"],
            "visited_on": row["day"].isoformat(),
            "mode": "on_site",
            "planned": "yes",
            "assessment_code": row["assessment_code"],
        }
        for row in rows.iter_rows(named=True)
    ]
    why = f"Visit plan: {found.draft.name if found.draft else number}"
    try:
        with open_session(scope, write=True) as session:
            report = said_by_hand(session, scope, {"visits": visits}, sent_by=sender(scope), why=why, today=today())
    except Refused as refused:
        return _plan(found, {"": sentence(refused)})
    except UsageError as error:
        return _plan(found, {"": sentence(error)})
    return done(f"{count(len(visits), 'planned visit')} taken over, as load {report.load_number}.", where)


def _one(number: int) -> Shown:
    """The kept plan of that number as things stand; 404 where there is none that this person may open."""
    try:
        return visit_plans.kept(data.view(current_scope()), today(), number)
    except UsageError:
        abort(404)


def _to_take(found: Shown) -> pl.DataFrame:
    """The visits of a kept plan that still stand, in a review that is booked, and are not booked themselves."""
    reviews = found.plan.reviews.select("review", "assessment_code")
    rows = named(found).join(reviews, on="review", how="left", maintain_order="left")
    return rows.filter(pl.col("since") == "stands", pl.col("assessment_code").is_not_null())


def _fingerprint(rows: pl.DataFrame) -> str:
    told: list[Any] = rows.select("site_code", pl.col("day").cast(pl.String), "assessment_code").rows()
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
