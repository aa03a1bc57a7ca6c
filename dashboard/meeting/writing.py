"""Writing down what is said and decided at a step; what somebody does by a day becomes an action, with history."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from flask import abort, redirect
from werkzeug.wrappers import Response

from dashboard.administration.forms import Wrong, faults, sender
from dashboard.administration.frame import done, sent, sentence, today
from dashboard.entering.actions import code_of_new
from dashboard.entering.choices import CORPORATE, choices
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.meeting import START
from dashboard.meeting.kept import WRITTEN, Entry, Meeting, keep, opened
from dashboard.meeting.wall import shown_wall
from db import audit
from db.roles import PLAN, RESULTS, SEND
from db.session import open_session
from etl.run import Refused, said_by_hand
from scheme.agenda import KEYS
from scheme.errors import UsageError

MOST = 300  # entries of a meeting
_LABELS = {
    "action": "What was said or decided",
    "department_code": "Department",
    "element": "Element",
    "owner": "Who does it",
    "due_on": "By when",
}


@needs(RESULTS, PLAN)
def meeting_written(number: int) -> Response:
    """Write down an entry; an action needs the right to send facts."""
    told = sent("step", "written", "words", "department_code", "element", "owner", "due_on", "seen")
    one = opened(number)
    wrong = _faults(one, told)
    if wrong:
        return shown_wall(one, told, wrong)
    if _is_written(one, told):
        return redirect(f"{one.path}#{told['step']}", 303)
    try:
        _write(one, told)
    except Refused as refused:
        found = {name: why for row in refused.report.rejected for name, why in faults(row.why, _LABELS).items()}
        return shown_wall(one, told, {"words" if name == "action" else name: why for name, why in found.items()})
    except UsageError as error:
        return shown_wall(one, told, {"": sentence(error)})
    return redirect(f"{one.path}#{told['step']}", 303)


def _write(one: Meeting, told: Mapping[str, str]) -> None:
    """Keep an entry, and the action that it is, in one transaction."""
    scope = current_scope()
    entry = Entry(told["step"], told["written"], told["words"], datetime.now(UTC).replace(microsecond=0))
    if entry.written != "action":
        with open_session(scope, write=True) as session:
            keep(session, one, entries=(*one.entries, entry))
        return
    row = {name: told[name] for name in ("department_code", "element", "owner", "due_on")}
    row |= {"action": told["words"], "status": "open", "origin": "meeting"}
    row["action_code"] = code_of_new(row)
    row["department_code"] = "" if told["department_code"] == CORPORATE else told["department_code"]
    entry = replace(
        entry,
        department=row["department_code"] or None,
        element=told["element"],
        owner=told["owner"],
        due_on=date.fromisoformat(told["due_on"]),
        action_code=row["action_code"],
    )
    why = f"Decided at {one.draft.name}"
    with open_session(scope, write=True) as session:
        report = said_by_hand(session, scope, {"actions": [row]}, sent_by=sender(scope), why=why, today=today())
        keep(session, one, entries=(*one.entries, entry))
        audit.record(session, "wrote action", row["action_code"], load=report.load_number)


def _faults(one: Meeting, told: Mapping[str, str]) -> Wrong:
    """What is wrong with an entry before anything is looked up."""
    if told["step"] not in KEYS or told["written"] not in WRITTEN:
        abort(400)
    wrong: Wrong = {} if told["words"] else {"words": "There is nothing to write down. Fill it in."}
    if len(one.entries) >= MOST:
        wrong[""] = f"A meeting holds at most {MOST} entries; start another one."
    if told["written"] != "action":
        return wrong
    scope = current_scope()
    if not scope.may(SEND):
        abort(403)
    may = choices(scope)
    for name, among in (("department_code", may.departments), ("element", {"": "", **may.standard.element})):
        if told[name] not in among:
            wrong[name] = f"{_LABELS[name]}: choose one of the list."
    if not told["owner"]:
        wrong["owner"] = "An action needs somebody who does it. Fill it in."
    if not _is_day(told["due_on"]):
        wrong["due_on"] = "An action needs a day by which it is done. Fill it in."
    return wrong


def _is_day(text: str) -> bool:
    try:
        return 1990 <= date.fromisoformat(text).year <= 2200
    except ValueError:
        return False


def _is_written(one: Meeting, told: Mapping[str, str]) -> bool:
    """Whether the form was sent twice: the last entry says the same, written since the form was opened."""
    if not one.entries or told["seen"] == str(one.draft.edition):
        return False
    last = one.entries[-1].body
    same = ("step", "written", "words", *(("owner", "due_on", "element") if told["written"] == "action" else ()))
    return all(last.get(name, "") == told[name] for name in same)


@needs(RESULTS, PLAN)
def meeting_struck(number: int) -> Response:
    """Strike out a note or a decision; an action is a fact, and is closed or corrected as such."""
    told, one = sent("entry", "seen"), opened(number)
    place = int(told["entry"]) if told["entry"].isdecimal() and len(told["entry"]) < 4 else 0
    if not 1 <= place <= len(one.entries) or told["seen"] != str(one.draft.edition):
        return done("Nothing was struck out: the meeting was changed since, perhaps in another tab.", _minutes(one))
    entry = one.entries[place - 1]
    if entry.action_code:
        return done("That is an action by now; correct or close it on the page Actions.", _minutes(one))
    rest = tuple(kept for n, kept in enumerate(one.entries, 1) if n != place)
    try:
        with open_session(current_scope(), write=True) as session:
            keep(session, one, entries=rest)
    except UsageError as error:
        return done(sentence(error), _minutes(one))
    return done(f"{WRITTEN[entry.written]} struck out.", _minutes(one))


def _minutes(one: Meeting) -> str:
    return f"{one.path}/minutes"


ROUTES: tuple[tuple[str, Any, str], ...] = (
    (f"{START}/<int:number>/write", meeting_written, "POST"),
    (f"{START}/<int:number>/strike", meeting_struck, "POST"),
)
