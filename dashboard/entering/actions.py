"""One action, said, corrected, closed or set down for a re-check by hand."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response

from dashboard.administration.forms import Act, Field, day
from dashboard.administration.frame import sent
from dashboard.entering import Form
from dashboard.entering.choices import CORPORATE, Choices
from dashboard.entering.form import Kind, opened, taken
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.words import day as in_words
from db.registers import sayings
from db.roles import SEND
from db.session import open_session
from etl.tidy import action_key
from scheme.actions import CLOSED

# fmt: off
_FIELDS = (
    "action_code", "department_code", "element", "action", "owner", "due_on", "status", "origin", "assessment_code",
    "recheck_on", "closed_on", "comment", "why", "seen",
)
# fmt: on
_STATUSES = (
    ("", "Not stated"),
    *((word, word.capitalize()) for word in ("open", "in progress", "done", "closed", "cancelled")),
)
_ORIGINS = (
    ("", "Not stated"),
    ("partial", "A partial"),
    ("non_compliant", "A non-compliant"),
    ("area for improvement", "An area for improvement"),
    ("gap analysis", "A gap analysis"),
    ("meeting", "A meeting"),
)
_UNCODED = ("action_code", "department_code", "element", "action")  # what such an action is named by
_WHOLE = "CORP"  # begins the codes of the corporate body's actions


def _fields(may: Choices) -> list[Field]:
    return [
        Field("department_code", "Department", "select", needed=True, choices=may.of_departments()),
        Field("element", "Element", "select", choices=[("", "None in particular"), *may.elements]),
        Field("action", "What will be done", "area", rows=3, needed=True),
        Field("owner", "Who does it", needed=True),
        Field("due_on", "By when", "date", needed=True),
        Field(
            "closed_on",
            "Closed on",
            "date",
            "The day on which it was done, or given up. From that day on it is closed, whatever its status says.",
        ),
        Field("recheck_on", "Re-check on", "date", "When somebody looks whether it worked, at the next review say."),
        Field("status", "Status", hint="In your words: open, in progress, done."),
        Field(
            "origin", "What it came from", hint="Partial, non-compliant, area for improvement, gap analysis, meeting."
        ),
        Field("assessment_code", "Code of the assessment", hint="Where it came from one that is listed."),
        Field("comment", "Comment", "area", rows=3),
        Field(
            "action_code",
            "Code",
            hint="Left empty it is given one, such as HWY-1.1.1-1, so that its words can be corrected later.",
        ),
    ]


def _rows(session: Any, told: Mapping[str, str]) -> list[dict[str, Any]]:
    if told.get("action_key"):
        found = sayings(session, "actions", {"action_key": told["action_key"]})
        if found:
            return found
    return _near(session, told.get("department_code", ""), told.get("element", ""))


def _near(session: Any, code: str, element: str) -> list[dict[str, Any]]:
    """The actions of a department about an element, all of its where none is named, the newest first."""
    if not code:
        return []
    named = {"department_code": None if code == CORPORATE else code, **({"element": element} if element else {})}
    return sayings(session, "actions", named)


def _where(told: Mapping[str, str], may: Choices) -> str:
    where = may.departments.get(told["department_code"], told["department_code"]).strip()
    return f"{where}, {told['element']}" if told["element"] else where


def _which(told: Mapping[str, str], _: Choices) -> str:
    return f"action {told['action_code']}" if told["action_code"] else f"action “{told['action']}”"


def _value(told: Mapping[str, str], _: Choices) -> str:
    if told["closed_on"]:
        return f"closed on {in_words(date.fromisoformat(told['closed_on']))}"
    if told["status"].strip().lower() in CLOSED:
        return "closed"
    return f"open, due {in_words(date.fromisoformat(told['due_on']))}" if told["due_on"] else "open, no day set"


def _listed(row: Mapping[str, Any], _: Choices) -> list[str]:
    told = [row["status"], f"closed {day(row['closed_on'])}" if row["closed_on"] else None]
    told += [f"re-check {day(row['recheck_on'])}" if row["recheck_on"] else None]
    return [row["action"], row["owner"] or "", day(row["due_on"]), ", ".join(filter(None, told))]


def _acts(told: Mapping[str, str]) -> list[Act]:
    code = "" if told["department_code"] == CORPORATE else told["department_code"]
    query = urlencode({name: value for name, value in (("department", code), ("status", "all")) if value})
    cell = urlencode({"cell": f"{code}~{told['element']}"}, safe="~")
    acts = [Act("See it among the actions", f"/actions?{query}")]
    acts += [Act("See its cell on the heatmap", f"/heatmap?{cell}")] if told["element"] else []
    where = f"?{urlencode({'department': code})}" if code else ""
    return [*acts, Act("Scope of the next review", f"/scope{where}")]


def _opens(told: Mapping[str, str]) -> dict[str, str]:
    return {"action_code": told["action_code"]} if told["action_code"] else {"action_key": _key(told)}


def _key(told: Mapping[str, str]) -> str:
    """What makes two rows speak of one action: its code, else department, element and action (inputs.md section 1)."""
    code = "" if told["department_code"] == CORPORATE else told["department_code"]
    return action_key(told["action_code"], code, told["element"], told["action"]) or ""


ACTION = Kind(
    "action",
    "actions",
    "an action",
    "What will be done about an element, by whom and by when. Close it with the day on which it was done, and set a "
    "day for a re-check. Whatever is corrected, what was said before stays as history.",
    _fields,
    _rows,
    lambda told: bool(told.get("department_code")),
    ("Action", "Owner", "Due", "State"),
    _listed,
    _where,
    _which,
    _value,
    _acts,
    {},
    dict.fromkeys(set(_FIELDS) - {"why", "seen"}, ""),
    fixes=lambda held: ("action_code",) if held["action_code"] else _UNCODED,
    opens=_opens,
    up=Act("Actions", "/actions"),
)


@needs(SEND)
def action() -> Response:
    """The form for an action."""
    asked = {
        "department_code": request.args.get("department_code", ""),
        "element": request.args.get("element", ""),
        "origin": request.args.get("origin", ""),
        "action_key": request.args.get("action_key", "") or request.args.get("action_code", ""),
    }
    return opened(ACTION, asked)


@needs(SEND)
def action_taken() -> Response:
    """Take an action; a new one that was given no code is given one."""
    told = sent(*_FIELDS)
    if told["department_code"] and told["action"] and not told["action_code"] and not told["seen"]:
        told["action_code"] = code_of_new(told)
    return taken(ACTION, told | {"action_key": _key(told)})


def code_of_new(told: Mapping[str, str]) -> str:
    """A code for a new action: its department's code, the element and the next number, such as HWY-1.1.1-1.

    That of an action that says the same words already, "" where it has none: it is one thing that was sent twice.
    """
    with open_session(current_scope()) as session:
        rows = _near(session, told["department_code"], told["element"])
    same = [row for row in rows if " ".join(row["action"].split()) == " ".join(told["action"].split())]
    if same:
        return same[0]["action_code"] or ""
    code = _WHOLE if told["department_code"] == CORPORATE else told["department_code"]
    stem = f"{code}-{told['element']}-" if told["element"] else f"{code}-"
    numbers = [re.fullmatch(rf"{re.escape(stem)}([0-9]{{1,6}})", row["action_code"] or "") for row in rows]
    return f"{stem}{1 + max((int(found[1]) for found in numbers if found), default=0)}"


FORMS = (Form("action", action, action_taken),)
