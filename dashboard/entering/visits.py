"""One visit to a site, held or booked, said or corrected by hand."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from flask import request
from werkzeug.wrappers import Response

from dashboard.administration.forms import Act, Field
from dashboard.administration.frame import sent
from dashboard.entering import Form
from dashboard.entering.choices import MODES, Choices
from dashboard.entering.form import Kind, opened, taken
from dashboard.gate import needs
from dashboard.words import day as in_words
from db.registers import sayings
from db.roles import SEND

_FIELDS = ("site_code", "visited_on", "mode", "planned", "assessment_code", "why", "seen")
_PLANNED = (("no", "No, it was held"), ("yes", "Yes, it is booked"))


def _fields(may: Choices) -> list[Field]:
    return [
        Field("site_code", "Site", "select", needed=True, choices=[("", "Choose one"), *may.sites.items()]),
        Field("visited_on", "Day", "date", needed=True),
        Field("mode", "How", "select", choices=list(MODES.items())),
        Field("planned", "Planned", "select", "Whether it has a day and has not been held yet.", choices=_PLANNED),
        Field("assessment_code", "Code of the assessment", hint="Where it was part of one that is listed."),
    ]


def _rows(session: Any, told: Mapping[str, str]) -> list[dict[str, Any]]:
    if not told.get("site_code"):
        return []
    found = sayings(session, "visits", {"site_code": told["site_code"]})
    return sorted(found, key=lambda row: row["visited_on"], reverse=True)


def _where(told: Mapping[str, str], may: Choices) -> str:
    return may.sites.get(told["site_code"], told["site_code"])


def _which(told: Mapping[str, str], _: Choices) -> str:
    return f"{MODES[told['mode']].lower()} on {in_words(date.fromisoformat(told['visited_on']))}"


def _value(told: Mapping[str, str], _: Choices) -> str:
    return "booked" if told["planned"] == "yes" else "held"


def _listed(row: Mapping[str, Any], _: Choices) -> list[str]:
    return ["Booked" if row["planned"] else "Held", row["assessment_code"] or ""]


def _acts(told: Mapping[str, str]) -> list[Act]:
    return [Act("See it among the sites", f"/sites?status=all&find={quote(told['site_code'])}")]


VISIT = Kind(
    "visit",
    "visits",
    "a visit",
    "One visit to one site. Site, day and how it was made say which visit it is: where there is one already, it is "
    "corrected, and what was said before stays as history.",
    _fields,
    _rows,
    lambda told: bool(told.get("site_code")),
    ("State", "Assessment"),
    _listed,
    _where,
    _which,
    _value,
    _acts,
    {},
    {"site_code": "", "visited_on": "", "mode": "on_site", "planned": "no", "assessment_code": ""},
)


@needs(SEND)
def visit() -> Response:
    """The form for a visit."""
    asked = {
        "site_code": request.args.get("site_code", ""),
        "visited_on": request.args.get("visited_on", ""),
        "mode": request.args.get("mode", ""),
    }
    return opened(VISIT, asked)


@needs(SEND)
def visit_taken() -> Response:
    """Take a visit."""
    return taken(VISIT, sent(*_FIELDS))


FORMS = (Form("visit", visit, visit_taken),)
