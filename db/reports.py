"""What other tools read: views in plain names of what holds now, defined once for both databases.

On PostgreSQL they are views of the schema `reports` (db.report_views); everywhere the same selects give the same rows
as frames, in a session of the tenant (`report`).

No names of people: neither who judged nor who owes what, no comments, no addresses. What needs the rules of the scheme
(the band in force, headroom, coverage) is not here either, for there is one place that knows them: measures.py.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl
from sqlalchemy import Boolean, ColumnElement, Date, Double, Integer, Select, String, Text, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from db.frames import MOMENT, fetched
from db.mapped import Moment
from db.models import VERSIONED, File, Load
from scheme.frames import Schema

CORPORATE = "corporate body"
_DTYPES: tuple[tuple[Any, Any], ...] = (
    *((String, pl.String), (Moment, MOMENT), (Date, pl.Date), (Boolean, pl.Boolean)),
    *((Integer, pl.Int64), (Double, pl.Float64)),
)


@dataclass(frozen=True)
class Column:
    """A column of a report: its name, what it says, and the expression that gives it."""

    name: str
    says: str
    value: ColumnElement[Any]


@dataclass(frozen=True)
class Report:
    """A table for other tools: what a row of it is, its columns, whose rows (`of`), and in which order."""

    name: str
    row: str
    columns: tuple[Column, ...]
    asked: Select[Any]
    of: Any


def report(session: Session, name: str) -> pl.DataFrame:
    """One report as a frame, of the session's tenant; KeyError where there is none of the name."""
    told = reports()[name]
    schema: Schema = {
        column.name: next(dtype for kind, dtype in _DTYPES if isinstance(column.value.type, kind))
        for column in told.columns
    }
    return fetched(session, told.asked, schema).sort(pl.all(), maintain_order=True)


# --- the reports themselves -------------------------------------------------------------------------------------------


@cache
def reports() -> dict[str, Report]:
    """All of them by name, in the order in which they are told of."""
    made = (_departments(), _sites(), _certificates(), _assessments(), _visits(), _results(), _actions(), _evidence())
    return {each.name: each for each in (*made, _customer_groups(), _service_standards(), _loads())}


def _report(name: str, row: str, of: Any, *columns: tuple[str, str, Any], joins: tuple[tuple[Any, Any], ...]) -> Report:
    asked = select(*(value.label(column) for column, _, value in columns)).select_from(of)
    for other, on in joins:
        asked = asked.outerjoin(other, on)
    if of is not File:
        asked = asked.where(of.superseded_by_load.is_(None))
    return Report(name, row, tuple(Column(*column) for column in columns), asked, of)


def _code(value: Any) -> ColumnElement[Any]:
    return func.nullif(value, "", type_=Text)


def _words(value: Any) -> ColumnElement[Any]:
    plain = func.replace(value, "_", " ")
    return func.replace(func.replace(plain, "self ", "self-"), "non ", "non-", type_=Text)


def _yes(value: Any) -> ColumnElement[Any]:
    return func.coalesce(value, False, type_=Boolean)


def _called(name: Any, code: Any) -> ColumnElement[Any]:
    return func.coalesce(name, code, type_=Text)


def _of(table: str, of: Any, column: str = "") -> tuple[Any, tuple[Any, Any]]:
    """The department or site that a row names, as it is called now, and how the two are joined."""
    other, key = aliased(VERSIONED[table]), f"{table[:-1]}_code"
    same = getattr(other, key) == getattr(of, column or key)
    return other, (other, and_(other.tenant_id == of.tenant_id, same, other.superseded_by_load.is_(None)))


def _department(of: Any) -> tuple[list[tuple[str, str, Any]], tuple[Any, Any]]:
    """The columns that name the department of a row."""
    named, join = _of("departments", of)
    code = func.coalesce(of.department_code, "", type_=Text)
    called = _called(named.department_name, of.department_code)
    return [
        ("department", "code of the department; empty: the corporate body", _code(of.department_code)),
        ("department_name", "what it is called now", case((code == "", CORPORATE), else_=called)),
    ], join


def _site(of: Any) -> tuple[list[tuple[str, str, Any]], tuple[Any, Any]]:
    """The columns that name the site of a row."""
    named, join = _of("sites", of)
    return [
        ("site", "code of the site; empty: of no site by itself", _code(of.site_code)),
        ("site_name", "what it is called now", _called(named.site_name, _code(of.site_code))),
    ], join


def _departments() -> Report:
    of: Any = VERSIONED["departments"]
    above, join = _of("departments", of, "parent_code")
    return _report(
        "departments",
        "a department",
        of,
        ("department", "its code", of.department_code),
        (
            "department_name",
            "what it is called; else its code",
            _called(of.department_name, of.department_code),
        ),
        ("parent", "code of the department above it; empty: directly below the corporate body", _code(of.parent_code)),
        ("parent_name", "what that is called", _called(above.department_name, _code(of.parent_code))),
        ("active_from", "first day on which it is active; empty: since ever", of.active_from),
        ("active_to", "first day on which it is no longer active; empty: still", of.active_to),
        ("confirmed", "no: known only because a row named its code", of.is_confirmed),
        joins=(join,),
    )


def _sites() -> Report:
    of: Any = VERSIONED["sites"]
    return _report(
        "sites",
        "a site",
        of,
        ("site", "its code", of.site_code),
        ("site_name", "what it is called; else its code", _called(of.site_name, of.site_code)),
        (
            "department_codes",
            "its departments' codes, ; between; empty: the corporate body's own",
            _code(of.department_code),
        ),
        ("in_scope_from", "first day on which it is in scope; empty: since ever", of.in_scope_from),
        ("in_scope_to", "first day on which it is no longer in scope; empty: still", of.in_scope_to),
        ("must_visit", "whether it is owed a visit in every cycle", _yes(of.must_visit)),
        ("central_function", "whether it serves the others", _yes(of.central_function)),
        ("latitude", "degrees north", of.latitude),
        ("longitude", "degrees east", of.longitude),
        ("confirmed", "no: known only because a row named its code", of.is_confirmed),
        joins=(),
    )


def _certificates() -> Report:
    of: Any = VERSIONED["certificates"]
    holder, join = _department(of)
    return _report(
        "certificates",
        "a certificate; its department is the holder",
        of,
        ("certificate", "its code", of.certificate_code),
        *holder,
        ("awarded_on", "day of the award", of.awarded_on),
        ("expires_on", "first day without it", of.expires_on),
        ("ended_on", "first day without it where it ended early", of.ended_on),
        ("sites_required", "how many sites need a visit; empty: no number stated", of.sites_required),
        ("certification_body", "who awarded it", of.certification_body),
        ("profile", "the profile it is held to; empty: the organisation's own", _code(of.profile)),
        joins=(join,),
    )


def _assessments() -> Report:
    of: Any = VERSIONED["assessments"]
    whose, join = _department(of)
    return _report(
        "assessments",
        "an assessment, held or planned",
        of,
        ("assessment", "its code", of.assessment_code),
        *whose,
        ("assessment_type", "self-assessment, annual review and so on", _words(of.assessment_type)),
        ("started_on", "first day", of.started_on),
        ("ended_on", "last day, which is its day", of.ended_on),
        ("planned", "whether it is still to be held", _yes(of.planned)),
        ("submitted_on", "day on which the self-assessment was handed in", of.submitted_on),
        ("feedback_on", "day of the assessor's feedback", of.feedback_on),
        ("verified_on", "day on which the recommendation was verified", of.verified_on),
        joins=(join,),
    )


def _visits() -> Report:
    of: Any = VERSIONED["visits"]
    where, join = _site(of)
    return _report(
        "visits",
        "a visit to a site, held or planned",
        of,
        *where,
        ("visited_on", "its day", of.visited_on),
        ("mode", "on site, remote or self-assessed", _words(of.mode)),
        ("assessment", "code of the assessment it was part of", _code(of.assessment_code)),
        ("planned", "whether it is still to be held", _yes(of.planned)),
        joins=(join,),
    )


def _results() -> Report:
    of: Any = VERSIONED["results"]
    whose, join = _department(of)
    where, joined = _site(of)
    return _report(
        "results",
        "what one assessment found one element to be, in a department or at a site; earlier ones too",
        of,
        *whose,
        *where,
        ("element", "code of the element", of.element),
        ("band", "compliance plus, compliant, partial, non-compliant or not applicable", _words(of.band)),
        ("assessment_type", "self-assessment, annual review and so on", _words(of.assessment_type)),
        ("assessed_on", "day of the assessment", of.assessed_on),
        ("assessment", "code of the assessment, where one was named", _code(of.assessment_code)),
        ("restated", "whether the sender marked it as taken over from before", _yes(of.restated)),
        joins=(join, joined),
    )


def _actions() -> Report:
    of: Any = VERSIONED["actions"]
    whose, join = _department(of)
    return _report(
        "actions",
        "an action that a department has promised",
        of,
        ("action_code", "its code, where it has one", _code(of.action_code)),
        *whose,
        ("element", "code of the element it is about", _code(of.element)),
        ("action", "what was promised", of.action),
        ("due_on", "day on which it is due", of.due_on),
        ("status", "in the sender's words", of.status),
        ("origin", "where it comes from", of.origin),
        ("assessment", "code of the assessment it comes from", _code(of.assessment_code)),
        ("recheck_on", "day on which it is looked at again", of.recheck_on),
        ("closed_on", "day on which it was closed; empty: open", of.closed_on),
        joins=(join,),
    )


def _evidence() -> Report:
    of: Any = VERSIONED["evidence"]
    whose, join = _department(of)
    where, joined = _site(of)
    return _report(
        "evidence",
        "a piece of evidence for an element: that it is there and until when, not what it says",
        of,
        *whose,
        ("element", "code of the element", of.element),
        ("evidence_code", "its code in its department", of.evidence_code),
        ("kind", "descriptive, supportive or observed", of.kind),
        *where,
        ("expires_on", "first day on which it serves no longer; empty: no end", of.expires_on),
        joins=(join, joined),
    )


def _customer_groups() -> Report:
    of: Any = VERSIONED["customer_groups"]
    whose, join = _department(of)
    return _report(
        "customer_groups",
        "a group of customers of a department",
        of,
        *whose,
        ("customer_group", "what it is called", of.group),
        ("hard_to_reach", "whether it is; empty: not stated", of.hard_to_reach),
        ("disadvantaged", "whether it is; empty: not stated", of.disadvantaged),
        ("reviewed_on", "day on which it was last looked at", of.reviewed_on),
        ("elements", "codes of the elements it is about, ; between", _code(of.elements)),
        joins=(join,),
    )


def _service_standards() -> Report:
    of: Any = VERSIONED["service_standards"]
    whose, join = _department(of)
    return _report(
        "service_standards",
        "what a department promised for a period, and what it achieved",
        of,
        *whose,
        ("promise", "what is promised", of.promise),
        ("channel", "by which way customers come", _code(of.channel)),
        ("period", "which time it is about", of.period),
        ("direction", "whether more or less is better", of.direction),
        ("target", "what was to be achieved", of.target),
        ("achieved", "what was", of.achieved),
        ("benchmark", "what others achieve", of.benchmark),
        ("unit", "of these numbers", of.unit),
        ("elements", "codes of the elements it is about, ; between", _code(of.elements)),
        joins=(join,),
    )


def _loads() -> Report:
    of: Any = File
    return _report(
        "loads",
        "one table of one file that was sent, with what became of its rows",
        of,
        ("load", "number of the load", of.load_number),
        ("file", "number of the table in the load", of.file_number),
        ("loaded_at", "when the load was done (UTC)", Load.finished_at),
        ("table_name", "which table it held", of.table_name),
        ("outcome", "what became of it", of.outcome),
        ("rows_read", "rows that were there", of.read_count),
        ("rows_loaded", "rows that are new or say something else than before", of.loaded_count),
        ("rows_unchanged", "rows that said what was known", of.unchanged_count),
        ("rows_duplicate", "rows that were there twice", of.duplicate_count),
        ("rows_without_result", "rows that said nothing", of.no_result_count),
        ("rows_set_aside", "rows that could not be taken", of.set_aside_count),
        joins=((Load, and_(Load.tenant_id == of.tenant_id, Load.load_number == of.load_number)),),
    )
