"""What the pages about getting better show, of a view: the way to safety, who does what well, how an element stands."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import polars as pl

import measures
from dashboard.data import View, certificates, cut, open_actions, programme, sees_all, standings
from scheme.cycle import certificates_on, planned_of
from scheme.exemplars import exemplars, held_since, lessons
from scheme.intervals import among
from scheme.safety import cheapest, limits
from scheme.standard import BASES
from scheme.standing import effective


def fixes(view: View, day: date, left: int = 1, basis: str = "formal") -> pl.DataFrame:
    """scheme.safety.cheapest of the day, cut to what may be seen; with owner, that of the first open action there."""
    return view.kept("fixes", lambda: cut(view, _fixes(view, day, left, basis)), day, left, basis)


def fixes_of(view: View, day: date, department: str | None, left: int = 1, basis: str = "formal") -> pl.DataFrame:
    """The rows of `fixes` of one department alone, None for the corporate body."""

    def make() -> pl.DataFrame:
        return cut(view, _fixes(view, day, left, basis, (department,)))

    return view.kept("fixes of one", make, day, left, basis, department)


def _fixes(
    view: View, day: date, left: int, basis: str, departments: tuple[str | None, ...] | None = None
) -> pl.DataFrame:
    actions = open_actions(view, day)
    cell = ["department_code", "element"]
    first = actions.sort("due_on", nulls_last=True, maintain_order=True).unique(cell, keep="first", maintain_order=True)
    rows = cheapest(programme(view), day, left, basis, actions, standings(view, day, basis), departments)
    owners = first.select(*cell, "owner", "action")
    return rows.join(owners, on=cell, how="left", nulls_equal=True, maintain_order="left")


def out_of_reach(view: View, day: date, left: int = 1, basis: str = "formal") -> pl.DataFrame:
    """scheme.safety.limits of the day, cut to what may be seen."""

    def make() -> pl.DataFrame:
        return cut(view, limits(programme(view), day, left, basis, standings(view, day, basis)))

    return view.kept("limits", make, day, left, basis)


def exemplars_of(view: View, day: date, element: str = "") -> pl.DataFrame:
    """scheme.exemplars.exemplars of the day, of one element if it is given, cut to what may be seen."""
    elements = (element,) if element else None

    def make() -> pl.DataFrame:
        return cut(view, exemplars(programme(view), day, standings(view, day), elements))

    return view.kept("exemplars", make, day, element)


def lessons_of(view: View, day: date, element: str, basis: str = "formal") -> pl.DataFrame:
    """scheme.exemplars.lessons of one element on the day, cut to what may be seen."""

    def make() -> pl.DataFrame:
        return cut(view, lessons(programme(view), day, basis, standings(view, day, basis), element))

    return view.kept("lessons", make, day, basis, element)


def lessons_for(view: View, day: date, element: str, department: str | None, basis: str = "formal") -> pl.DataFrame:
    """The rows of `lessons_of` from which one department learns, None for the corporate body."""

    def make() -> pl.DataFrame:
        bands = standings(view, day, basis)
        return cut(view, lessons(programme(view), day, basis, bands, element, (department,)))

    return view.kept("lessons for one", make, day, basis, element, department)


def since_of(view: View, day: date, basis: str = "formal", element: str = "") -> pl.DataFrame:
    """scheme.exemplars.held_since of the day, of one element if it is given, cut to what may be seen."""
    elements = (element,) if element else None

    def make() -> pl.DataFrame:
        return cut(view, held_since(programme(view), day, basis, elements=elements))

    return view.kept("held since", make, day, basis, element)


def looked_at(view: View, day: date, element: str, basis: str = "formal") -> pl.DataFrame:
    """The departments' own results of an element that moved something up to the day.

    department_code, element, assessed_on, assessment_type, band.
    """
    return view.kept("looked at", lambda: cut(view, _looked_at(view, day, element, basis)), day, element, basis)


def _looked_at(view: View, day: date, element: str, basis: str) -> pl.DataFrame:
    known = programme(view)
    of_it = among(known.intervals["element"], (element,))
    own = known.results_where(BASES[basis], pl.col("site_code").is_null(), pl.col("assessed_on") <= day, of_it)
    moving = effective(own, known.assessments).filter(~pl.col("restated"))
    return moving.select("department_code", "element", "assessed_on", "assessment_type", "band")


def told_exemplars(view: View) -> Mapping[str, list[tuple[str, date]]]:
    """By element, the names of departments out of sight that hold compliance plus today, and since when.

    Only to whoever sees a part, only where the tenant chose so, only where their own are partial or worse today, and
    as known now (measures.exemplars_elsewhere). Empty for everybody else.
    """
    if sees_all(view) or view.scope.certificates is not None or view.known_at is not None:
        return {}
    today = datetime.now(UTC).date()
    return view.kept("exemplars elsewhere", lambda: measures.exemplars_elsewhere(view.scope, today), today)


def looks_ahead(view: View, day: date) -> pl.DataFrame:
    """The next planned formal assessment of each certificate's cycle that looks at each element, cut by holder.

    certificate_code, element, review_on (its first day), assessment_type, of (its department), department_code (the
    holder's).
    """
    return view.kept("looks ahead", lambda: cut(view, _looks_ahead(view, day)), day)


def _looks_ahead(view: View, day: date) -> pl.DataFrame:
    known = programme(view)
    certificates = certificates_on(known, day)
    ahead = planned_of(known, day, certificates).rename({"department_code": "of"})
    holders = certificates.select("certificate_code", "department_code")
    return (
        ahead.select(
            "certificate_code",
            pl.col("scope").alias("element"),
            pl.coalesce("started_on", "ended_on").alias("review_on"),
            "assessment_type",
            "of",
        )
        .explode("element")
        .drop_nulls("element")
        .sort("review_on", maintain_order=True)
        .unique(["certificate_code", "element"], keep="first", maintain_order=True)
        .join(holders, on="certificate_code")
    )


def certificate_of(view: View, day: date, department: str | None) -> str | None:
    """The certificate that covers a department on the day: its own, else that of the nearest above that may be seen."""
    held = dict(certificates(view, day).select("department_code", "certificate_code").iter_rows())
    parents = dict(programme(view).departments.select("department_code", "parent_code").iter_rows())
    walked: set[str | None] = set()
    code = department
    while code not in walked:
        if code in held:
            return str(held[code])
        walked.add(code)
        code = parents.get(code)
    return None
