"""Booking what was planned: the review with its scope, and the visits of the itinerary, by the way that files use.

What it would change is shown before; what is taken is just that, or it is shown again.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from werkzeug.wrappers import Response

from dashboard import scopes
from dashboard.administration.forms import Act, Cell, Field, Table, Wrong, faults, sender, typed
from dashboard.administration.frame import done, sent, sentence, shown, today
from dashboard.gate import needs
from dashboard.planning import START
from dashboard.planning.plan import Opened, opened
from dashboard.planning.scopes import shown_plan
from dashboard.words import count, day, listing
from db import audit, drafts
from db.registers import sayings
from db.roles import CYCLE, SEND
from db.session import open_session
from etl.run import Refused, said_by_hand
from scheme.errors import UsageError
from scheme.standard import code_order

Told = Mapping[str, str]
_TYPES = (("annual_review", "Annual review"), ("renewal", "Renewal"), ("initial", "Initial assessment"))
_ANEW = "Nothing was booked: by now it would change something else than what was shown. Look again below."


@dataclass(frozen=True)
class Change:
    """One thing that booking would say: what it is of, whether that is new, changed or said already, and how."""

    what: str
    change: str  # new, changed, as it is
    words: str


@needs(CYCLE, SEND)
def booking(number: int) -> Response:
    """What booking a plan would change."""
    one = opened(number)
    return shown_plan(one, {"": sentence(one.fault)}) if one.proposal is None else _page(one, _usual(one))


@needs(CYCLE, SEND)
def booked(number: int) -> Response:
    """Book it, if that changes just what was shown."""
    one = opened(number)
    told = sent("preview", "assessment_code", "assessment_type", "started_on", "why")
    if one.proposal is None:
        return shown_plan(one, {"": sentence(one.fault)})
    told = told if one.proposal.code is None else {**_usual(one), "preview": told["preview"], "why": told["why"]}
    wrong = {
        name: f"{words} is empty. Fill it in."
        for name, words in (("assessment_code", "Code"), ("assessment_type", "Kind"), ("why", "Why"))
        if not told[name]
    }
    if wrong:
        return _page(one, told, wrong)
    try:
        with open_session(one.view.scope, write=True) as session:
            changes, tables = _wanted(session, one, told)
            if told["preview"] != _fingerprint(changes, told["assessment_code"]):
                return _page(one, told, {"": _ANEW})
            if all(change.change == "as it is" for change in changes):
                return done("All of it was booked already, so nothing was changed.", one.path)
            report = said_by_hand(
                session, one.view.scope, tables, sent_by=sender(one.view.scope), why=told["why"], today=today()
            )
            audit.record(session, "booked review", told["assessment_code"], load=report.load_number)
            if one.draft.is_mine and one.proposal.code is None:
                _now_booked(session, one, told["assessment_code"])
    except Refused as refused:
        labels = {"assessment_code": "Code", "assessment_type": "Kind", "started_on": "First day"}
        found = {name: why for row in refused.report.rejected for name, why in faults(row.why, labels).items()}
        return _page(one, told, found)
    except UsageError as error:
        return _page(one, told, {"": sentence(error)})
    new = [change for change in changes if change.change != "as it is"]
    return done(
        f"Booked: {listing([change.what for change in new], 6)}. It is kept as load {report.load_number}.", one.path
    )


# --- what it says -----------------------------------------------------------------------------------------------------


def _usual(one: Opened) -> dict[str, str]:
    """What the form holds at first."""
    found, days = one.proposal, one.days
    if found is None or days is None:
        raise AssertionError("only what has a proposal is booked")
    code = found.code or f"{found.holder or found.certificate_code}-{found.ended_on:%Y}"
    last_year = "renewal" if (found.expires_on - found.ended_on).days < 365 else "annual_review"
    return {"assessment_code": code, "assessment_type": last_year, "started_on": days[0].isoformat(), "why": ""}


def _wanted(session: Any, one: Opened, told: Told) -> tuple[list[Change], dict[str, list[dict[str, str]]]]:
    """What booking would change against what holds now, and the rows that it says.

    These are the review with its scope and a visit for each site and day of the itinerary; of a review that is booked
    already the days and the kind stay as they are. A visit that was held on such a day already is left alone.
    """
    found, code = one.proposal, told["assessment_code"]
    if found is None:
        raise AssertionError("only what has a proposal is booked")
    held = next(iter(sayings(session, "assessments", {"assessment_code": code})), None) if code else None
    if held is not None and found.code != code:
        raise UsageError(f"there is an assessment {code} already; give this review a code of its own")
    review = {
        "assessment_code": code,
        "department_code": found.department_code or "",
        "assessment_type": told["assessment_type"] if held is None else held["assessment_type"],
        "started_on": told["started_on"] or found.ended_on.isoformat(),
        "ended_on": found.ended_on.isoformat(),
        "planned": "yes",
        "scope": "; ".join(sorted(one.plan.elements, key=code_order)),
    }
    if held is not None:
        review["started_on"] = typed(held["started_on"])
    changes, visits = [_of_review(review, held)], []
    at_a_site = {(row.day, row.site) for row in one.plan.meetings if row.site}
    for on, site in sorted(at_a_site, key=lambda each: (each[0], code_order(each[1]))):
        there = sayings(session, "visits", {"site_code": site, "mode": "on_site"})
        same = next((row for row in there if row["visited_on"] == on), None)
        changes.append(_of_visit(one, on, site, code, same))
        if same is None or same["planned"]:
            visit = {"site_code": site, "visited_on": on.isoformat(), "mode": "on_site", "planned": "yes"}
            visits.append(visit | {"assessment_code": code})
    return changes, {"assessments": [review]} | ({"visits": visits} if visits else {})


def _of_review(review: Told, held: Mapping[str, Any] | None) -> Change:
    what, now = f"review {review['assessment_code']}", set(review["scope"].split("; "))
    number = count(len(now), "element")
    if held is None:
        return Change(what, "new", f"on {day(date.fromisoformat(review['ended_on']))}, {number} in its scope")
    before = set(held["scope"] or ())
    if before == now:
        return Change(what, "as it is", f"{number} in its scope already")
    more, less = sorted(now - before, key=code_order), sorted(before - now, key=code_order)
    told = [f"new in its scope: {', '.join(more)}"] if more else []
    told += [f"no longer in its scope: {', '.join(less)}"] if less else []
    return Change(what, "changed", "; ".join(told) if before else f"{number} in its scope, of which none was stated")


def _of_visit(one: Opened, on: date, site: str, code: str, held: Mapping[str, Any] | None) -> Change:
    name = one.sites.get(site, {}).get("site_name") or site
    what = f"visit to {name} on {day(on)}"
    if held is None:
        return Change(what, "new", f"planned, on site, part of {code}")
    if not held["planned"]:
        return Change(what, "as it is", "held already")
    if held["assessment_code"] == code:
        return Change(what, "as it is", "planned already")
    return Change(what, "changed", f"was part of {held['assessment_code'] or 'no assessment'}, now of {code}")


def _fingerprint(changes: list[Change], code: str) -> str:
    """What stands for the changes that were shown, whatever code is typed for a review that is not booked yet."""
    told = json.dumps([[each.what, each.change, each.words] for each in changes])
    told = told.replace(code, "*") if code else told
    return hashlib.sha256(told.encode()).hexdigest()


def _now_booked(session: Any, one: Opened, code: str) -> None:
    """The draft is about the booked review from now on."""
    plan = replace(one.plan, review=code, on=None, started_on=None)
    drafts.keep(
        session,
        scopes.KIND,
        one.draft.name,
        plan.body,
        departments=one.draft.departments,
        certificate=one.draft.certificate,
        number=one.draft.number,
        edition=one.draft.edition,
    )


# --- the page ---------------------------------------------------------------------------------------------------------


def _page(one: Opened, told: Told, wrong: Wrong | None = None) -> Response:
    try:
        with open_session(one.view.scope) as session:
            changes, _ = _wanted(session, one, told)
    except UsageError as error:
        changes, wrong = [], {**(wrong or {}), "assessment_code": sentence(error)}
    rows = [[Cell(f"{one_.what[:1].upper()}{one_.what[1:]}"), Cell(one_.change), Cell(one_.words)] for one_ in changes]
    tables = [Table("What booking it would change", ("What", "Change", "How"), rows)]
    if one.checks:
        tables.append(Table("Worth a look before", ("Check",), [[Cell(check)] for check in one.checks]))
    fields = [Field("preview", "", "hidden")]
    if one.proposal is not None and one.proposal.code is None:
        fields += [
            Field("assessment_code", "Code", hint="What the review is called in lists; it has its own.", needed=True),
            Field("assessment_type", "Kind", "select", choices=_TYPES),
            Field("started_on", "First day", "date", f"The last one is {day(one.proposal.ended_on)}."),
        ]
    fields.append(Field("why", "Why", hint="Say it in a few words; it is kept with the change.", needed=True))
    return shown(
        "form",
        f"Book it: {one.draft.name}",
        wrong,
        up=Act(one.draft.name, one.path),
        action=f"{one.path}/book",
        form=fields,
        told={**told, "preview": _fingerprint(changes, told["assessment_code"])},
        do="Book it",
        lead="Booking states the scope of the review and plans the visits of the itinerary. It changes what is listed "
        "below and nothing else; what was said before stays as history.",
        tables=tables,
    )


ROUTES = (
    (f"{START}/<int:number>/book", booking, "GET"),
    (f"{START}/<int:number>/book", booked, "POST"),
)
