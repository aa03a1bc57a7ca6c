"""One result, or one of a self-assessment, said or corrected by hand."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import quote

from flask import request
from werkzeug.wrappers import Response

from dashboard.administration.forms import Act, Field
from dashboard.administration.frame import sent
from dashboard.entering import Form
from dashboard.entering.choices import CORPORATE, Choices
from dashboard.entering.form import Kind, opened, taken
from dashboard.gate import needs
from dashboard.words import day as in_words
from db.registers import sayings
from db.roles import SEND
from scheme.standard import ASSESSMENT_TYPES

SELF = "self_assessment"
# fmt: off
_FIELDS = (
    "department_code", "site_code", "assessment_type", "assessed_on", "element", "band", "restated", "reason",
    "assessment_code", "assessor", "comment", "why", "seen",
)
# fmt: on
_TYPES = [(kind, kind.replace("_", " ").capitalize()) for kind in ASSESSMENT_TYPES if kind != SELF]
_YES_NO = (("no", "No"), ("yes", "Yes"))
_BASES = {SELF: "self", "desk_review": "desk"}


def _fields(may: Choices, of_self: bool) -> list[Field]:
    kind = Field("assessment_type", "Assessment", "select", needed=True, choices=[("", "Choose one"), *_TYPES])
    return [
        Field("department_code", "Department", "select", needed=True, choices=may.of_departments()),
        Field(
            "site_code",
            "Site",
            "select",
            "Where the result is of one site alone.",
            choices=[("", "The department as a whole"), *may.sites.items()],
        ),
        *([] if of_self else [kind]),
        Field("assessed_on", "Day", "date", "The last day of the assessment.", needed=True),
        Field("element", "Element", "select", needed=True, choices=[("", "Choose one"), *may.elements]),
        Field("band", "Band", "select", needed=True, choices=[("", "Choose one"), *may.bands]),
        Field("reason", "Reason for the band", hint="Why partial: not everywhere, weak evidence, just begun."),
        Field("comment", "Comment", "area", rows=4),
        Field("assessor", "Assessor"),
        Field("assessment_code", "Code of the assessment", hint="As the assessment is listed, if it is."),
        Field(
            "restated",
            "Restated",
            "select",
            "Yes: it repeats an earlier band without a fresh look, and moves nothing.",
            choices=_YES_NO,
        ),
    ]


def _rows(session: Any, told: Mapping[str, str], of_self: bool) -> list[dict[str, Any]]:
    code, element = told.get("department_code", ""), told.get("element", "")
    if not code or not element:
        return []
    named: dict[str, str | bool] = {"department_code": "" if code == CORPORATE else code, "element": element}
    found = [row for row in sayings(session, "results", named) if (row["assessment_type"] == SELF) == of_self]
    return sorted(found, key=lambda row: row["assessed_on"], reverse=True)


def _where(told: Mapping[str, str], may: Choices) -> str:
    where = may.departments.get(told["department_code"], told["department_code"]).strip()
    return f"{where}, {told['element']}"


def _which(told: Mapping[str, str], may: Choices) -> str:
    site = f" at {may.sites.get(told['site_code'], told['site_code'])}" if told["site_code"] else ""
    kind = "self-assessment" if told["assessment_type"] == SELF else told["assessment_type"].replace("_", " ")
    return f"{kind} of {in_words(date.fromisoformat(told['assessed_on']))}{site}"


def _value(told: Mapping[str, str], may: Choices) -> str:
    label = may.standard.band[told["band"]].label
    return f"{label}, restated" if told["restated"] == "yes" else label


def _listed(row: Mapping[str, Any], may: Choices) -> list[str]:
    said = [row["reason"], row["comment"]]
    return [may.standard.band[row["band"]].label, ". ".join(filter(None, said))]


def _acts(told: Mapping[str, str]) -> list[Act]:
    code = "" if told["department_code"] == CORPORATE else told["department_code"]
    basis = _BASES.get(told["assessment_type"], "")
    cell = quote(f"{code}~{told['element']}", safe="~")
    return [Act("See it on the heatmap", f"/heatmap?{f'basis={basis}&' if basis else ''}cell={cell}")]


def _kind(name: str, one: str, lead: str, of_self: bool) -> Kind:
    fixed = {"assessment_type": SELF} if of_self else {}
    empty = dict.fromkeys(set(_FIELDS) - {"why", "seen", *fixed}, "")
    return Kind(
        name,
        "results",
        one,
        lead,
        partial(_fields, of_self=of_self),
        partial(_rows, of_self=of_self),
        lambda told: bool(told.get("department_code") and told.get("element")),
        ("Band", "Reason and comment"),
        _listed,
        _where,
        _which,
        _value,
        _acts,
        fixed,
        {**empty, "restated": "no"},
    )


RESULT = _kind(
    "result",
    "a result",
    "One band for one element at one assessment. Department, site, assessment, day and element say which result it is: "
    "where there is one already, it is corrected, and what was said before stays as history.",
    of_self=False,
)
SELF_RESULT = _kind(
    "self",
    "a self-assessment result",
    "How a department rates itself in one element on one day. Where that was said already it is corrected, and what "
    "was said before stays as history.",
    of_self=True,
)


def _asked() -> dict[str, str]:
    """What the address fills in; what is too long names nothing."""
    return {
        "department_code": request.args.get("department_code", ""),
        "site_code": request.args.get("site_code", ""),
        "assessment_type": request.args.get("assessment_type", ""),
        "assessed_on": request.args.get("assessed_on", ""),
        "element": request.args.get("element", ""),
    }


@needs(SEND)
def result() -> Response:
    """The form for a result."""
    return opened(RESULT, _asked())


@needs(SEND)
def result_taken() -> Response:
    """Take a result."""
    return taken(RESULT, sent(*_FIELDS))


@needs(SEND)
def self_result() -> Response:
    """The form for a result of a self-assessment."""
    return opened(SELF_RESULT, _asked())


@needs(SEND)
def self_result_taken() -> Response:
    """Take a result of a self-assessment."""
    return taken(SELF_RESULT, sent(*_FIELDS))


FORMS = (Form("result", result, result_taken), Form("self", self_result, self_result_taken))
