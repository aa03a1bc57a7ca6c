"""Departments and certificates to choose from in forms, and how they and roles are called."""

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from dashboard import data
from dashboard.administration.frame import today
from dashboard.identity import current_scope
from dashboard.words import listing, organisation

# What each role is for, for those who give it.
ROLES = {
    "administrator": "Keeps people, departments, sites, certificates, profile and sources, and sees all results.",
    "corporate_lead": "Runs the whole programme: sees everything there is and sends files.",
    "senior_leader": "Reads results: overview, heatmap, headroom and what is behind them.",
    "assessor": "Reads results and coverage, in departments or in the scope of certificates.",
    "champion": "Looks after some departments and what lies below them; sends files for them.",
}
EXPORT_CHOICES = (
    ("usual", "As is usual for the role", "Yes for everybody but administrators."),
    ("yes", "Yes", ""),
    ("no", "No", "They see the same pages and can take no file away."),
)


def role_name(role: str) -> str:
    """A role as it is called on screen."""
    return role.replace("_", " ").capitalize()


def departments(kept: Iterable[str] = ()) -> list[tuple[str, str, int]]:
    """The departments to choose from in tree order: code, words and depth; then codes in use that are no more."""
    tree = data.tree(data.view(current_scope()), today()).drop_nulls("department_code")
    rows = tree.select("department_code", "name", "depth").iter_rows()
    choices = [(code, code if name == code else f"{name} ({code})", int(depth)) for code, name, depth in rows]
    there = {code for code, _, _ in choices}
    return choices + [(code, f"{code} (closed)", 1) for code in kept if code not in there]


def certificates(kept: Iterable[str] = ()) -> list[tuple[str, str, int]]:
    """The certificates that still run: code, words and depth; then codes in use that are over."""
    view = data.view(current_scope())
    names, held = data.names(view), data.rows_of(view, "certificates")
    held = held.filter((pl.col("expires_on") > today()).fill_null(value=True)).sort("certificate_code")
    rows = held.select("certificate_code", "department_code").iter_rows()
    whose = {code: names.get(holder) or holder or organisation(current_scope().tenant_name) for code, holder in rows}
    choices = [(code, f"{code} ({holder})", 1) for code, holder in whose.items()]
    return choices + [(code, f"{code} (over)", 1) for code in kept if code not in whose]


def where(departments_: Sequence[str], certificates_: Sequence[str], names: Mapping[str | None, str]) -> str:
    """Where somebody has a role, in words."""
    if departments_:
        return listing([names.get(code) or code for code in departments_], 4)
    if certificates_:
        return f"{'certificate' if len(certificates_) == 1 else 'certificates'} {listing(certificates_, 4)}"
    return "everywhere"
