"""Certificates: who holds one, from when until when, and by which rules."""

from collections.abc import Mapping

from dashboard.administration.forms import ORGANISATION, Cell, Field, choices, day, rows_of
from dashboard.administration.frame import today
from dashboard.administration.register import Register, Row
from dashboard.identity import current_scope
from db import reads
from db.session import open_session


def _listed(row: Row, names: Mapping[str, str]) -> list[Cell]:
    holder = names.get(row["department_code"] or "", row["department_code"]) or ORGANISATION
    sites = row["sites_required"]
    return [
        Cell(holder),
        Cell(day(row["awarded_on"])),
        Cell(day(row["expires_on"])),
        _state(row),
        Cell("" if sites is None else str(sites)),
        Cell(row["profile"] or "Own"),
    ]


def _state(row: Row) -> Cell:
    if row["ended_on"] is not None and row["ended_on"] <= today():
        return Cell(f"Not in force since {day(row['ended_on'])}", tag="bad")
    if row["expires_on"] <= today():
        return Cell("Expired", tag="quiet")
    return Cell("Not awarded yet", tag="quiet") if row["awarded_on"] > today() else Cell("In force")


_HOLD, _OVER = " in force or to come", " expired or ended"


def _part(row: Row) -> str:
    return _OVER if min(row["expires_on"], row["ended_on"] or row["expires_on"]) <= today() else _HOLD


def _fields() -> list[Field]:
    with open_session(current_scope()) as session:
        versions = reads.register(session).profiles
    profiles = [(code, f"{own[-1].name} ({code})") for code, own in versions.items() if code]
    return [
        Field("certificate_code", "Code", needed=True),
        Field("department_code", "Holder", "select", choices=choices(rows_of("departments"))),
        Field("awarded_on", "Awarded on", "date", needed=True),
        Field("expires_on", "Expires on", "date", "The first day without it.", needed=True),
        Field("ended_on", "Ended on", "date", "Where it was suspended or withdrawn: the first day without it."),
        Field("sites_required", "Sites to be visited", "number", "The number that the certificate states, if it does."),
        Field("certification_body", "Certification body"),
        Field("profile", "Rules", "select", choices=[("", "The organisation's own"), *profiles]),
    ]


ROUTES = Register(
    "certificates",
    "Certificates",
    "certificate",
    "What was awarded to the organisation or to a department. Coverage, sites and renewal are counted for each.",
    ("Code", "Holder", "Awarded on", "Expires on", "State", "Sites to visit", "Rules"),
    _listed,
    _fields,
    {
        "department_code": "Holder",
        "awarded_on": "Awarded on",
        "expires_on": "Expires on",
        "ended_on": "Ended on",
        "sites_required": "Sites to visit",
        "profile": "Rules",
    },
    (_HOLD, _OVER),
    _part,
).routes()
