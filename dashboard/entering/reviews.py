"""One booked review, an assessment that is planned, said or corrected by hand."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from dashboard.administration.forms import Act, Field, day
from dashboard.administration.frame import sent
from dashboard.entering import Form
from dashboard.entering.choices import CORPORATE, Choices
from dashboard.entering.form import Kind, opened, taken
from dashboard.gate import needs
from dashboard.words import day as in_words
from db.registers import sayings
from db.roles import SEND
from scheme.standard import ASSESSMENT_TYPES

# fmt: off
_FIELDS = (
    "department_code", "assessment_code", "assessment_type", "started_on", "ended_on", "assessor", "scope",
    "submitted_on", "why", "seen",
)
# fmt: on
_TYPES = [(kind, kind.replace("_", " ").capitalize()) for kind in ASSESSMENT_TYPES if kind != "self_assessment"]


def _fields(may: Choices) -> list[Field]:
    return [
        Field("department_code", "Department", "select", needed=True, choices=may.of_departments()),
        Field(
            "assessment_code",
            "Code",
            hint="What the review is called in lists, such as HOU-2027; each has its own.",
            needed=True,
        ),
        Field("assessment_type", "Kind", "select", needed=True, choices=[("", "Choose one"), *_TYPES]),
        Field("started_on", "First day", "date", "The review form is due one month before it. Empty: the last day."),
        Field("ended_on", "Last day", "date", needed=True),
        Field("assessor", "Assessor"),
        Field("scope", "Elements it will look at", "area", "Codes, with ; between. Empty: none are stated.", rows=3),
        Field("submitted_on", "Review form sent in on", "date", "Empty: not yet."),
    ]


def _rows(session: Any, told: Mapping[str, str]) -> list[dict[str, Any]]:
    if told.get("assessment_code"):
        return sayings(session, "assessments", {"assessment_code": told["assessment_code"]})
    code = told.get("department_code", "")
    if not code:
        return []
    found = sayings(session, "assessments", {"department_code": "" if code == CORPORATE else code, "planned": True})
    return sorted(found, key=lambda row: row["ended_on"], reverse=True)


def _where(told: Mapping[str, str], may: Choices) -> str:
    return may.departments.get(told["department_code"], told["department_code"]).strip()


def _which(told: Mapping[str, str], _: Choices) -> str:
    return f"{told['assessment_type'].replace('_', ' ')} {told['assessment_code']}"


def _value(told: Mapping[str, str], _: Choices) -> str:
    last = in_words(date.fromisoformat(told["ended_on"]))
    first = told["started_on"] and in_words(date.fromisoformat(told["started_on"]))
    return f"booked for {first} to {last}" if first and first != last else f"booked for {last}"


def _listed(row: Mapping[str, Any], _: Choices) -> list[str]:
    form = f"sent in on {day(row['submitted_on'])}" if row["submitted_on"] else "not sent in"
    return [day(row["started_on"]), day(row["ended_on"]), row["assessor"] or "", form]


def _acts(_: Mapping[str, str]) -> list[Act]:
    return [Act("See what is planned under Coverage", "/coverage"), Act("See when its form is due", "/arrivals")]


def _refuses(row: Mapping[str, Any]) -> str:
    if row["planned"]:
        return ""
    return f"{row['assessment_code']} is no booked review but one that was held; give the new review a code of its own."


REVIEW = Kind(
    "review",
    "assessments",
    "a booked review",
    "An assessment that has its days and has not been held. Its code says which it is: where it is booked already, the "
    "booking is corrected, and what was said before stays as history.",
    _fields,
    _rows,
    lambda told: bool(told.get("department_code")),
    ("First day", "Last day", "Assessor", "Form"),
    _listed,
    _where,
    _which,
    _value,
    _acts,
    {"planned": "yes"},
    dict.fromkeys(set(_FIELDS) - {"why", "seen"}, ""),
    _refuses,
)


@needs(SEND)
def review() -> Response:
    """The form for a booked review."""
    asked = {
        "department_code": request.args.get("department_code", ""),
        "assessment_code": request.args.get("assessment_code", ""),
    }
    return opened(REVIEW, asked)


@needs(SEND)
def review_taken() -> Response:
    """Take a booked review."""
    return taken(REVIEW, sent(*_FIELDS))


FORMS = (Form("review", review, review_taken),)
