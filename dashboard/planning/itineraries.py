"""The itinerary of a review: its rows, each a form of its own, and the view to print."""

from datetime import date, time
from typing import Any

from flask import abort, request
from werkzeug.wrappers import Response

from dashboard import data
from dashboard.administration.forms import Act, Field, Wrong
from dashboard.administration.frame import done, sent, shown
from dashboard.gate import needs
from dashboard.planning import START
from dashboard.planning.plan import Opened, keep, opened
from dashboard.words import day
from db.roles import CYCLE, PLAN
from scheme.errors import UsageError
from scheme.itinerary import MET, Meeting, in_time

MOST = 200  # rows of an itinerary
_GONE = "That row is no longer there; the itinerary was changed, perhaps in another tab."


@needs(CYCLE, PLAN)
def itinerary_row(number: int) -> Response:
    """The form of a row: a new one after the last, or one that is there (`row`, from 1)."""
    one, row = opened(number), _row(request.args.get("row", ""))
    if row > len(one.plan.meetings):
        abort(404)
    told = _new(one) if not row else _told(one.plan.meetings[row - 1])
    return _form(one, told | {"row": str(row or ""), "seen": str(one.draft.edition)})


@needs(CYCLE, PLAN)
def itinerary_row_kept(number: int) -> Response:
    """Keep a row."""
    one = opened(number)
    told = sent("row", "seen", "day", "begins", "ends", "site_code", "who", "note", many=("met", "element"))
    row = _row(told["row"])
    meeting, wrong = _meeting(one, told)
    if meeting is None:
        return _form(one, told, wrong)
    rows = list(one.plan.meetings)
    if row > len(rows) or (not row and len(rows) >= MOST):
        return _form(one, told | {"row": ""}, {"": _GONE if row else f"An itinerary has at most {MOST} rows."})
    rows[row - 1 : row] = [meeting]
    if not row:
        rows = [*one.plan.meetings, meeting]
    return _keep(one, told, rows, f"Kept: {day(meeting.day)}, {meeting.begins:%H:%M} to {meeting.ends:%H:%M}.")


@needs(CYCLE, PLAN)
def itinerary_row_removed(number: int) -> Response:
    """Take a row out."""
    one, told = opened(number), sent("row", "seen")
    row = _row(told["row"])
    if not 1 <= row <= len(one.plan.meetings):
        return done(_GONE, one.path)
    rows = [meeting for n, meeting in enumerate(one.plan.meetings, 1) if n != row]
    return _keep(one, told, rows, f"Row {row} is taken out.")


@needs(CYCLE)
def itinerary_printed(number: int) -> Response:
    """The itinerary as one prints it and hands it out."""
    one = opened(number)
    standard = data.programme(one.view).standard
    return shown(
        "planning/printed",
        f"Itinerary: {one.draft.name}",
        one=one,
        meetings=one.plan.meetings,
        met_words=MET,
        sites=one.sites,
        standard=standard,
        elements=[standard.element[code] for code in one.plan.elements if code in standard.element],
    )


def _keep(one: Opened, told: dict[str, Any], rows: list[Meeting], said: str) -> Response:
    try:
        keep(one, int(told["seen"]) if told["seen"].isdecimal() else 0, meetings=tuple(in_time(rows)))
    except UsageError as error:
        return done(f"Nothing was changed: {error}.", one.path)
    return done(said, one.path)


def _row(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 4 else 0


def _new(one: Opened) -> dict[str, Any]:
    """A row that follows the last: an hour from where it ended, the elements that are in none yet."""
    rows, days = one.plan.meetings, one.days
    last = rows[-1] if rows else None
    first = last.day if last else days[0] if days else None
    begins = last.ends if last else time(9)
    ends = time(min(begins.hour + 1, 23), begins.minute)
    placed = {element for row in rows for element in row.elements}
    return {
        "day": first.isoformat() if first else "",
        "begins": f"{begins:%H:%M}",
        "ends": f"{ends:%H:%M}",
        "site_code": last.site if last else "",
        "met": [],
        "who": "",
        "note": "",
        "element": [] if last else [code for code in one.plan.elements if code not in placed],
    }


def _told(row: Meeting) -> dict[str, Any]:
    times = {"day": row.day.isoformat(), "begins": f"{row.begins:%H:%M}", "ends": f"{row.ends:%H:%M}"}
    lists = {"met": list(row.met), "element": list(row.elements)}
    return times | lists | {"site_code": row.site, "who": row.who, "note": row.note}


def _meeting(one: Opened, told: dict[str, Any]) -> tuple[Meeting | None, Wrong]:
    """The row that a form says, or what is wrong with it."""
    wrong: Wrong = {}
    values: dict[str, Any] = {}
    for name, read, words in (
        ("day", date.fromisoformat, "Day is empty or none. Fill it in."),
        ("begins", time.fromisoformat, "From is no time. Write it as 09:30."),
        ("ends", time.fromisoformat, "To is no time. Write it as 10:30."),
    ):
        try:
            values[name] = read(told[name])
        except ValueError:
            wrong[name] = words
    if not wrong and values["ends"] <= values["begins"]:
        wrong["ends"] = "To is not after From."
    if told["site_code"] and told["site_code"] not in one.sites:
        wrong["site_code"] = "Choose one of the list."
    if not set(told["met"]) <= set(MET) or not set(told["element"]) <= set(one.plan.elements):
        wrong[""] = "Something was sent that the form does not have; open it again."
    if wrong:
        return None, wrong
    met = tuple(who for who in MET if who in told["met"])
    elements = tuple(code for code in one.plan.elements if code in told["element"])
    times = {name: values[name].replace(tzinfo=None, microsecond=0) for name in ("begins", "ends")}
    return Meeting(values["day"], **times, site=told["site_code"], met=met, who=told["who"], elements=elements,
                   note=told["note"]), {}  # fmt: skip


def _form(one: Opened, told: dict[str, Any], wrong: Wrong | None = None) -> Response:
    standard = data.programme(one.view).standard
    titles = [
        (code, f"{code} {standard.element[code].title}", 0) for code in one.plan.elements if code in standard.element
    ]
    sites = [(code, f"{row['site_name'] or code} ({code})") for code, row in one.sites.items()]
    when = one.days
    days = (
        ""
        if when is None
        else f"The review is on {day(when[0])}" + (f" to {day(when[1])}." if when[0] != when[1] else ".")
    )
    fields = [
        Field("row", "", "hidden"),
        Field("seen", "", "hidden"),
        Field("day", "Day", "date", days, needed=True),
        Field("begins", "From", "time", "Local time, as the clocks in the United Kingdom show it.", needed=True),
        Field("ends", "To", "time", needed=True),
        Field("site_code", "Site", "select", choices=[("", "No site of the certificate"), *sites]),
        Field("met", "Who is met", "boxes", choices=[(key, words, 0) for key, words in MET.items()]),
        Field("who", "Names or roles", hint="Such as: three tenants; the reception team; the advice charity."),
        Field("element", "Elements", "boxes", "What is looked at then, of the scope.", choices=titles),
        Field("note", "Notes", "area", rows=3),
    ]
    title = "Change a row of the itinerary" if told["row"] else "Add a row to the itinerary"
    up = Act(one.draft.name, one.path)
    return shown("form", title, wrong, up=up, action=f"{one.path}/row", form=fields, told=told, do="Keep this row")


ROUTES = (
    (f"{START}/<int:number>/row", itinerary_row, "GET"),
    (f"{START}/<int:number>/row", itinerary_row_kept, "POST"),
    (f"{START}/<int:number>/row/remove", itinerary_row_removed, "POST"),
    (f"{START}/<int:number>/print", itinerary_printed, "GET"),
)
