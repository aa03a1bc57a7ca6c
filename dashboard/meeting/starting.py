"""Starting a meeting: the form that fixes its snapshot, and the meetings there were."""

from dataclasses import replace
from datetime import UTC, date, datetime

from flask import redirect, request
from werkzeug.wrappers import Response

from dashboard import data
from dashboard.administration.forms import Wrong
from dashboard.administration.frame import day_of, sent, sentence, shown, today
from dashboard.entering.choices import CORPORATE, choices
from dashboard.filters import filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.meeting import START
from dashboard.meeting.facts import quarter_before
from dashboard.meeting.kept import KIND, Meeting, Snapshot, body, meetings, stamp
from dashboard.words import count, day
from db import drafts
from db.roles import PLAN, RESULTS
from db.session import open_session
from scheme.errors import UsageError

_FIELDS = ("name", "attendees", "department_code", "as_of", "since")


@needs(RESULTS)
def meeting() -> Response:
    """The meetings that this person may open, and the form that starts one."""
    view, now = data.view(current_scope()), today()
    since = _usual(meetings(view), now)
    told = {"name": f"Meeting on {day(now)}", "as_of": now.isoformat(), "since": since.isoformat()}
    return _page(told | {"department_code": request.args.get("department_code", "")})


@needs(RESULTS, PLAN)
def meeting_started() -> Response:
    """Fix the snapshot of a new meeting and go to its wall."""
    told = sent(*_FIELDS)
    scope = current_scope()
    view = data.view(scope)
    try:
        snapshot = _snapshot(view, told)
        whom = (snapshot.department,) if snapshot.department else scope.departments
        with open_session(scope, write=True) as session:  # waits for a load under way: its figures would move these
            load = data.latest_load(data.view(scope))
            snapshot = replace(snapshot, known_at=datetime.now(UTC), load=load[0] if load else None)
            kept = body(snapshot, told["attendees"], ())
            number = drafts.keep(session, KIND, told["name"], kept, departments=whom)
    except UsageError as error:
        return _page(told, _wrong(error))
    return redirect(f"{START}/{number}", 303)


def _snapshot(view: data.View, told: dict[str, str]) -> Snapshot:
    """The snapshot of a form: its day as known now, and the last meeting's where it is compared with that one."""
    now, there = datetime.now(UTC), told["department_code"]
    as_of, since = _day("as_of", told["as_of"]), _day("since", told["since"])
    if as_of > now.date():
        raise UsageError("a meeting looks at what is, not at a day ahead")
    if since > as_of:
        raise UsageError("the day to compare with is after the day of the meeting")
    data.branch(view, as_of, there)  # refuses a department that may not be seen
    then = (one.snapshot for one in meetings(view) if one.snapshot.department == there)
    known = next((one.known_at for one in then if one.as_of == since), None)
    return Snapshot(as_of, now, since, known, there)


def _usual(kept: list[Meeting], today: date) -> date:
    """The day that is compared with unless another is chosen: of the last meeting before today about everything."""
    days = (one.snapshot.as_of for one in kept if not one.snapshot.department)
    return next((day for day in days if day < today), quarter_before(today))


def _day(name: str, text: str) -> date:
    words = {"as_of": "the day of the meeting", "since": "the day to compare with"}[name]
    try:
        found = day_of(text)
    except ValueError:
        found = None
    if found is None or not 1990 <= found.year <= 2200:
        raise UsageError(f"{words} is empty or none")
    return found


def _wrong(error: UsageError) -> Wrong:
    words = str(error)
    fields = {"give it a name": "name", "you have one called": "name", "the day to compare": "since"}
    fields |= {
        "the day of the meeting": "as_of",
        "a meeting looks": "as_of",
        "there is no department": "department_code",
    }
    return {next((name for begins, name in fields.items() if words.startswith(begins)), ""): sentence(error)}


def _page(told: dict[str, str], wrong: Wrong | None = None) -> Response:
    scope = current_scope()
    view = data.view(scope)
    departments = [(code, words) for code, words in choices(scope).departments.items() if code != CORPORATE]
    return shown(
        "meeting/start",
        "Meeting",
        wrong,
        told=told,
        departments=[("", "All that I may see"), *departments],
        kept=[(one, count(len(one.entries), "entry", "entries")) for one in meetings(view)],
        may_start=scope.may(PLAN),
        is_empty=data.is_empty(view),
    )


@needs(RESULTS)
def meeting_looked_at() -> Response:
    """Go to a wall of now that keeps nothing: its snapshot stands in the address, so that it stays as it is."""
    now = datetime.now(UTC)
    since = _usual(meetings(data.view(current_scope())), now.date())
    query = filters(None, "meeting").href(as_of=now.date(), known_at=stamp(now), compare=since).partition("?")[2]
    return redirect(f"{START}/look?{query}", 303)


ROUTES = (
    (START, meeting, "GET"),
    (START, meeting_started, "POST"),
    (f"{START}/now", meeting_looked_at, "GET"),
)
