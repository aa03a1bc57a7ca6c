"""The minutes of a meeting: what it looked at, what was decided, who does what by when; to print, share and correct."""

from typing import Any

from werkzeug.wrappers import Response

from dashboard import data
from dashboard.administration.forms import Wrong
from dashboard.administration.frame import done, sent, sentence, shown
from dashboard.filters import filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.meeting import START
from dashboard.meeting.facts import facts
from dashboard.meeting.kept import KIND, WRITTEN, Entry, Meeting, keep, opened
from dashboard.words import day, moment
from db import drafts
from db.roles import PLAN, RESULTS
from db.session import open_session
from scheme.agenda import agenda
from scheme.errors import UsageError


@needs(RESULTS)
def meeting_minutes(number: int) -> Response:
    """The minutes of a meeting."""
    return _page(opened(number))


@needs(RESULTS, PLAN)
def meeting_changed(number: int) -> Response:
    """Change the name of an own meeting and who attended it."""
    told, one = sent("name", "attendees", "seen"), opened(number)
    try:
        if told["seen"] != str(one.draft.edition):
            raise UsageError("it was changed since you opened it, perhaps in another tab; open it again")
        with open_session(current_scope(), write=True) as session:
            keep(session, one, name=told["name"], attendees=told["attendees"])
    except UsageError as error:
        return _page(one, told, {"name" if "name" in str(error) else "": sentence(error)})
    return done("The minutes are changed.", f"{one.path}/minutes")


@needs(RESULTS, PLAN)
def meeting_shared(number: int) -> Response:
    """Share an own meeting inside the organisation, or take that back."""
    one, shared = opened(number), sent("shared")["shared"] == "yes"
    try:
        with open_session(current_scope(), write=True) as session:
            drafts.share(session, KIND, number, shared)
    except UsageError as error:
        return _page(one, None, {"": sentence(error)})
    whom = "everybody who may see all that it is about" if shared else "you alone"
    return done(f"It is open to {whom} now.", f"{one.path}/minutes")


@needs(RESULTS, PLAN)
def meeting_removed(number: int) -> Response:
    """Remove an own meeting; the actions that were decided stay."""
    one = opened(number)
    sent()
    try:
        with open_session(current_scope(), write=True) as session:
            drafts.remove(session, KIND, number)
    except UsageError as error:
        return _page(one, None, {"": sentence(error)})
    return done(f"Removed: {one.draft.name}. The actions that were decided stay.", START)


def _page(one: Meeting, told: dict[str, str] | None = None, wrong: Wrong | None = None) -> Response:
    scope = current_scope()
    view = data.view(scope)
    names = data.names_with_organisation(view)
    steps = agenda(facts(scope, one.snapshot))
    numbered = list(enumerate(one.entries, 1))
    return shown(
        "meeting/minutes",
        one.draft.name,
        wrong,
        one=one,
        told=told or {"name": one.draft.name, "attendees": one.attendees},
        facts=_facts(one, names),
        actions=[(entry, names.get(entry.department) or entry.department) for entry in _of(one, "action")],
        decisions=[(place, entry) for place, entry in numbered if entry.written == "decision"],
        steps=[
            (step, [(place, e) for place, e in numbered if e.step == step.key and e.written == "note"])
            for step in steps
        ],
        kinds=WRITTEN,
        action_href=lambda entry: filters(None, "actions").href(department=entry.department, status="all"),
        may_write=one.draft.is_mine and scope.may(PLAN),
    )


def _of(one: Meeting, written: str) -> list[Entry]:
    return [entry for entry in one.entries if entry.written == written]


def _facts(one: Meeting, names: dict[str | None, str]) -> list[tuple[str, Any]]:
    told, snapshot = [("Day", day(snapshot_day := one.snapshot.as_of))], one.snapshot
    told += [("About", names.get(snapshot.department) or snapshot.department)] if snapshot.department else []
    told += [("Attended", one.attendees)] if one.attendees else []
    told.append(("Kept by", f"{'you' if one.draft.is_mine else one.draft.made_by}{', shared' * one.draft.is_shared}"))
    load = f", load {snapshot.load}" if snapshot.load else ""
    told.append(("Snapshot", f"{day(snapshot_day)} as known on {moment(snapshot.known_at)}{load}"))
    told.append(("Compared with", day(snapshot.since)))
    return told


ROUTES = (
    (f"{START}/<int:number>/minutes", meeting_minutes, "GET"),
    (f"{START}/<int:number>/about", meeting_changed, "POST"),
    (f"{START}/<int:number>/share", meeting_shared, "POST"),
    (f"{START}/<int:number>/remove", meeting_removed, "POST"),
)
