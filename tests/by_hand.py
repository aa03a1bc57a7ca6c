"""Small programmes written by hand: rows by what they are, days as text."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from scheme.frames import ASSESSMENTS, CERTIFICATES, DEPARTMENTS, RESULTS, SITES, VISITS, Programme
from scheme.standard import Standard, shipped

TABLES = {
    "departments": DEPARTMENTS,
    "sites": SITES,
    "certificates": CERTIFICATES,
    "assessments": ASSESSMENTS,
    "visits": VISITS,
    "results": RESULTS,
}
Row = tuple[str, dict[str, Any]]


def on(day: str | None) -> date | None:
    return day and date.fromisoformat(day)


def department(code: str, parent: str | None = None, since: str | None = None, until: str | None = None) -> Row:
    days = {"active_from": on(since), "active_to": on(until)}
    return "departments", {"department_code": code, "parent_code": parent, **days}


def site(code: str, *departments: str, since: str | None = None, until: str | None = None, **flags: bool) -> Row:
    row = {"site_code": code, "department_codes": list(departments), "must_visit": False, "central_function": False}
    return "sites", row | {"in_scope_from": on(since), "in_scope_to": on(until)} | flags


def certificate(
    awarded: str, expires: str, code: str = "C", holder: str | None = None, ended: str | None = None, **columns: Any
) -> Row:
    row = {"certificate_code": code, "department_code": holder, "awarded_on": on(awarded), "expires_on": on(expires)}
    return "certificates", row | {"ended_on": on(ended)} | columns


def assessment(
    kind: str, day: str, scope: str | None = None, of: str | None = None, planned: bool = False, code: str | None = None
) -> Row:
    """`scope` names elements with a space between; the code is made from the rest where none is given."""
    row = {"assessment_code": code or f"{of} {kind} {day}", "department_code": of, "assessment_type": kind}
    days = {"started_on": on(day), "ended_on": on(day)}
    return "assessments", row | days | {"planned": planned, "scope": None if scope is None else scope.split()}


def visit(code: str, day: str, mode: str = "on_site", part_of: str | None = None, planned: bool = False) -> Row:
    row = {"site_code": code, "visited_on": on(day), "mode": mode, "assessment_code": part_of, "planned": planned}
    return "visits", row


def result(
    element: str,
    band: str,
    day: str,
    of: str | None = None,
    site: str | None = None,
    kind: str = "annual_review",
    restated: bool = False,
) -> Row:
    row = {"department_code": of, "site_code": site, "assessment_type": kind, "assessed_on": on(day)}
    return "results", row | {"element": element, "band": band, "restated": restated}


def programme(*rows: Row, standard: Standard | None = None, **settings: Any) -> Programme:
    """A programme of these rows; `settings` override keys of the standard's profile."""
    standard = standard or shipped("cse")
    assert standard.profile
    frames = {
        table: pl.DataFrame(
            [{name: row.get(name) for name in schema} for kind, row in rows if kind == table], schema=schema
        )
        for table, schema in TABLES.items()
    }
    return Programme(standard, {"": [replace(standard.profile, **settings)]}, **frames)
