"""The scope of a review as a form: elements ticked in or out, notes; kept as a draft, shared, copied, removed."""

from collections.abc import Mapping
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from dashboard import data, scopes
from dashboard.administration.forms import Act, Wrong
from dashboard.administration.frame import day_of, done, sent, sentence, shown, today
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.planning import START
from dashboard.planning.plan import Opened, Plan, keep, opened, plan_of, proposal
from dashboard.words import count, day, listing
from db import drafts
from db.roles import CYCLE, EXPORT, PLAN, SEND
from db.session import open_session
from scheme.errors import UsageError
from scheme.itinerary import MET
from scheme.review_scope import ReviewScope
from scheme.standard import code_order

FIRST_DAY = "It is no day before the last one of the review, or it is none at all."


@needs(CYCLE, PLAN)
def new_scope() -> Response:
    """The form on what is proposed, for the review that the address names."""
    given = {
        "certificate": request.args.get("certificate", ""),
        "review": request.args.get("review", ""),
        "on": request.args.get("on", ""),
        "capacity": request.args.get("capacity", ""),
    }
    asked = _asked(given)
    view = data.view(current_scope())
    found = scopes.proposal(view, today(), asked.certificate, asked.review or None, asked.on, asked.capacity)
    told = {"name": f"{_called(found)}", "notes": "", "started_on": "", "seen": "", "elements": found.taken}
    return _form(found, told | _which(found, asked.capacity), START, Act("Next review", _back(found)))


@needs(CYCLE, PLAN)
def new_scope_kept() -> Response:
    """Keep it as a draft of one's own."""
    told = sent("certificate", "review", "on", "capacity", "name", "notes", "started_on", "seen", many=("elements",))
    asked = _asked(told)
    view = data.view(current_scope())
    found = scopes.proposal(view, today(), asked.certificate, asked.review or None, asked.on, asked.capacity)
    try:
        plan = _plan(found, told, asked.capacity)
        departments = None if found.holder is None else (found.holder,)
        with open_session(view.scope, write=True) as session:
            number = drafts.keep(
                session, scopes.KIND, told["name"], plan.body, departments=departments, certificate=plan.certificate
            )
    except UsageError as error:
        return _form(found, told, START, Act("Next review", _back(found)), _wrong(error))
    return done(f"Kept: {told['name']}. Nobody else sees it until you share it.", f"{START}/{number}")


@needs(CYCLE)
def kept_scope(number: int) -> Response:
    """A kept scope with its itinerary, what is wrong with it, and what can be done."""
    return shown_plan(opened(number))


def shown_plan(one: Opened, wrong: Wrong | None = None) -> Response:
    """The page of a kept scope."""
    scope, plan = one.view.scope, one.plan
    reasons = {}
    if one.proposal is not None:
        reasons = dict(one.proposal.elements.select("element", "reason").iter_rows())
    standard = data.programme(one.view).standard
    return shown(
        "planning/plan",
        one.draft.name,
        wrong,
        one=one,
        facts=_facts(one),
        elements=[(standard.element[e], reasons.get(e, "")) for e in plan.elements if e in standard.element],
        meetings=plan.meetings,
        met_words=MET,
        sites=one.sites,
        checks=one.checks,
        may_edit=scope.may(PLAN) and one.draft.is_mine,
        may_copy=scope.may(PLAN) and not one.draft.is_mine,
        may_book=scope.may(SEND) and one.proposal is not None,
        may_export=scope.may(EXPORT),
        left_out=[] if one.proposal is None else sorted(set(one.proposal.taken) - set(plan.elements), key=code_order),
    )


@needs(CYCLE, PLAN)
def changed_scope(number: int) -> Response:
    """The form on what a draft of one's own holds."""
    one = opened(number)
    if one.proposal is None:
        return shown_plan(one, {"": sentence(one.fault)})
    told = {"name": one.draft.name, "notes": one.plan.notes, "elements": list(one.plan.elements)}
    told |= {"started_on": one.plan.started_on.isoformat() if one.plan.started_on else ""}
    told |= {"seen": str(one.draft.edition)} | _which(one.proposal, one.plan.capacity)
    return _form(one.proposal, told, f"{one.path}/edit", Act(one.draft.name, one.path))


@needs(CYCLE, PLAN)
def changed_scope_kept(number: int) -> Response:
    """Keep what was changed."""
    one = opened(number)
    told = sent("certificate", "review", "on", "capacity", "name", "notes", "started_on", "seen", many=("elements",))
    try:
        found = proposal(one.view, one.plan)
        plan = _plan(found, told, one.plan.capacity)
        changes = {"elements": plan.elements, "notes": plan.notes, "started_on": plan.started_on}
        keep(one, _edition(told["seen"]), name=told["name"], **changes)
    except UsageError as error:
        if one.proposal is None:
            return shown_plan(one, {"": sentence(error)})
        return _form(one.proposal, told, f"{one.path}/edit", Act(one.draft.name, one.path), _wrong(error))
    return done(f"Kept: {count(len(plan.elements), 'element')} in the scope.", one.path)


@needs(CYCLE, PLAN)
def shared_scope(number: int) -> Response:
    """Share a draft of one's own inside the organisation, or take that back."""
    one, shared = opened(number), sent("shared")["shared"] == "yes"
    try:
        with open_session(one.view.scope, write=True) as session:
            drafts.share(session, scopes.KIND, number, shared)
    except UsageError as error:
        return shown_plan(one, {"": sentence(error)})
    whom = "everybody who may see all that it is about" if shared else "you alone"
    return done(f"It is open to {whom} now.", one.path)


@needs(CYCLE, PLAN)
def removed_scope(number: int) -> Response:
    """Remove a draft of one's own; what was booked stays."""
    one = opened(number)
    sent()
    try:
        with open_session(one.view.scope, write=True) as session:
            drafts.remove(session, scopes.KIND, number)
    except UsageError as error:
        return shown_plan(one, {"": sentence(error)})
    return done(f"Removed: {one.draft.name}. What was booked stays as it is.", f"{START}s")


@needs(CYCLE, PLAN)
def copied_scope(number: int) -> Response:
    """Keep a copy of what somebody shared as a draft of one's own."""
    one, name = opened(number), sent("name")["name"]
    try:
        with open_session(one.view.scope, write=True) as session:
            copy = drafts.keep(
                session,
                scopes.KIND,
                name,
                one.plan.body,
                departments=one.draft.departments,
                certificate=one.draft.certificate,
            )
    except UsageError as error:
        return shown_plan(one, {"name": sentence(error)})
    return done(f"Kept as your own: {name}.", f"{START}/{copy}")


@needs(CYCLE)
def kept_scopes() -> Response:
    """The scopes that this person may open."""
    return shown("planning/plans", "Kept scopes and itineraries", kept=scopes.kept(data.view(current_scope())))


# --- what the form holds ----------------------------------------------------------------------------------------------


def _asked(given: Mapping[str, str]) -> Filters:
    """Which review is meant, checked as an address is."""
    named = {key: given[key] for key in ("certificate", "review", "on", "capacity")}
    return filters(filters(None, "scope").href(**named), "scope")


def _which(found: ReviewScope, capacity: int | None) -> dict[str, str]:
    on = "" if found.code else found.ended_on.isoformat()
    capacity_told = str(capacity) if capacity else ""
    return {"certificate": found.certificate_code, "review": found.code or "", "on": on, "capacity": capacity_told}


def _called(found: ReviewScope) -> str:
    return f"{found.code or found.certificate_code} {day(found.ended_on)}"


def _back(found: ReviewScope) -> str:
    return filters(None, "scope").href("scope", certificate=found.certificate_code, review=found.code)


def _plan(found: ReviewScope, told: dict[str, Any], capacity: int | None) -> Plan:
    """The plan of a form; UsageError where it names an element or a day that is none."""
    known = list(found.elements["element"])
    if not set(told["elements"]) <= set(known):
        raise UsageError("an element that the form does not have was sent; open it again")
    if not told["elements"]:
        raise UsageError("a review looks at one element at least; tick those that this one will look at")
    try:
        started_on = day_of(told["started_on"])
    except ValueError as error:
        raise UsageError(FIRST_DAY) from error
    if found.code is not None:
        started_on = None
    if started_on is not None and started_on > found.ended_on:
        raise UsageError(FIRST_DAY)
    chosen = sorted(told["elements"], key=code_order)
    on = None if found.code else found.ended_on
    body = Plan(found.certificate_code, found.code or "", on, started_on, capacity, tuple(chosen), told["notes"], ())
    return plan_of(found.certificate_code, body.body)


def _edition(seen: str) -> int:
    return int(seen) if seen.isdecimal() and len(seen) < 10 else 0


def _wrong(error: UsageError) -> Wrong:
    words = str(error)
    if words.startswith(("give it a name", "you have one called")):
        return {"name": sentence(words)}
    if words == FIRST_DAY:
        return {"started_on": words}
    return {"elements" if "one element at least" in words else "": sentence(words)}


def _form(found: ReviewScope, told: dict[str, Any], action: str, up: Act, wrong: Wrong | None = None) -> Response:
    view = data.view(current_scope())
    standard = data.standard(view)
    rows = {row["element"]: row for row in found.elements.iter_rows(named=True)}
    missed = set(found.missed["element"])
    criteria = [
        (one, [(element, rows[element.code]) for element in standard.elements if element.criterion == one.code])
        for one in standard.criteria
    ]
    return shown(
        "planning/scope",
        "Plan a review",
        wrong,
        up=up,
        action=action,
        told=told,
        found=found,
        criteria=criteria,
        missed=missed,
        of=data.names(view).get(found.department_code) or view.scope.tenant_name,
        day_of_review=day(found.ended_on),
    )


def _facts(one: Opened) -> list[tuple[str, str]]:
    plan, found = one.plan, one.proposal
    told = [("Certificate", plan.certificate), ("Review", plan.review or "not booked yet")]
    if found is not None and one.days is not None:
        first, last = one.days
        told.append(("Days", day(last) if first == last else f"{day(first)} to {day(last)}"))
        told.append(("Of", one.names.get(found.department_code, "")))
    told.append(("Elements", f"{len(plan.elements)}"))
    whose = "yours" if one.draft.is_mine else one.draft.made_by
    told.append(("Whose", f"{whose}, shared" if one.draft.is_shared else f"{whose}, not shared"))
    if one.chosen is not None:
        told.append(("What it leaves", one.chosen.sentence))
        missed = sorted(set(one.chosen.missed["element"]), key=code_order)
        told += [("Missed otherwise", listing(missed, 20))] if missed else []
    return told


ROUTES = (
    (START, new_scope, "GET"),
    (START, new_scope_kept, "POST"),
    (f"{START}s", kept_scopes, "GET"),
    (f"{START}/<int:number>", kept_scope, "GET"),
    (f"{START}/<int:number>/edit", changed_scope, "GET"),
    (f"{START}/<int:number>/edit", changed_scope_kept, "POST"),
    (f"{START}/<int:number>/share", shared_scope, "POST"),
    (f"{START}/<int:number>/remove", removed_scope, "POST"),
    (f"{START}/<int:number>/copy", copied_scope, "POST"),
)
