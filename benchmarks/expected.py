"""A tenant of so many departments, and the numbers about it that whoever is measured must give."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from benchmarks.made import YEARS, tenant
from db import people, reads, sessions
from db.session import open_session
from scheme.headroom import headroom
from scheme.standard import ALL_BANDS
from scheme.standing import standing

COUNTED = [*ALL_BANDS, "not_assessed", "allowance", "headroom"]


@dataclass(frozen=True)
class Expected:
    """A tenant of so many departments, its corporate lead's session, and the numbers that both must give."""

    departments: int
    token: str
    headroom: pl.DataFrame  # department (its name), criterion, COUNTED
    standing: pl.DataFrame  # department_code (null: the whole organisation), department, element, band, criterion


def expected(departments: int, years: int = YEARS) -> Expected:
    """A new tenant in this process's warehouse with so many departments and years of reviews, and what is right."""
    code, email = f"P{departments}", f"lead{departments}@example.org"
    scope = tenant(code, departments, years)
    once, chosen = people.add_user(email, "corporate_lead", code) or "", secrets.token_urlsafe(16)
    token = sessions.change_password(sessions.sign_in(email, once) or "", once, chosen)
    day = datetime.now(UTC).date()
    with open_session(scope) as session:
        known = reads.programme(session)
    names = known.departments.select("department_code", department="department_name")
    whole = pl.DataFrame({"department_code": [None], "department": ["The whole organisation"]}, names.schema)
    names = pl.concat([names, whole])
    bands = standing(known, day)
    told = headroom(known, day, standing=bands).join(names, on="department_code", nulls_equal=True)
    criterion = {element.code: element.criterion for element in known.standard.elements}
    bands = bands.join(names, on="department_code", nulls_equal=True).with_columns(
        criterion=pl.col("element").replace_strict(criterion)
    )
    return Expected(
        departments,
        token,
        told.select("department_code", "department", "criterion", "elements", *COUNTED),
        bands.select("department_code", "department", "element", "band", "criterion"),
    )


def place(column: str) -> pl.Expr:
    """The place of a band on the scale, as our own heatmap sends it."""
    return pl.col(column).replace_strict({band: number for number, band in enumerate(ALL_BANDS)}).cast(pl.Int64)
