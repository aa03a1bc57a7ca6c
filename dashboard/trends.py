"""What the page Trend shows: movement, trend and estimates, of a view and so of nothing but what the person may see.

Every answer is made from the programme cut to the person's sight (dashboard.data.programme), so no number of it can
tell of a department outside it. With a department, its rows and those below it are taken before anything is tested.
"""

from datetime import date

import polars as pl

from dashboard.data import cut, programme, standings
from dashboard.view import View
from db.session import open_session
from db.tenants import setting
from scheme.hindsight import Estimate, record, replayed
from scheme.movement import moves
from scheme.risk import RISK, risk
from scheme.transitions import model
from scheme.trend import bands_by_year, steps


def moved(view: View, first: date, second: date, department: str = "") -> pl.DataFrame:
    """scheme.movement.moves between two days, cut to what may be seen below a department."""

    def made() -> pl.DataFrame:
        both = standings(view, first), standings(view, second)
        return cut(view, moves(programme(view), first, second, standings=both))

    return cut(view, view.kept("moves", made, first, second), department)


def steps_of(view: View, day: date, department: str = "") -> pl.DataFrame:
    """scheme.trend.steps up to the day, cut to what may be seen below a department."""
    return cut(view, view.kept("steps", lambda: cut(view, steps(programme(view), day)), day), department)


def years_of(view: View, day: date, department: str = "") -> pl.DataFrame:
    """scheme.trend.bands_by_year up to the day, of what may be seen below a department."""
    codes = cut(view, programme(view).departments, department)["department_code"].to_list() if department else None
    return view.kept("bands by year", lambda: bands_by_year(programme(view), day, codes), day, department)


def estimates(view: View) -> bool:
    """Whether the organisation turned estimates of risk on, and this is not an assessor, who is to judge unswayed."""

    def chosen() -> bool:
        with open_session(view.scope) as session:
            return setting(session, "risk_estimates") == "on"

    return view.scope.role != "assessor" and view.kept("estimates", chosen)


def risk_of(view: View, day: date, department: str = "") -> Estimate:
    """The estimate of what may be seen below a department.

    The model is made of all that may be seen, whichever department is asked for; None, and no rows, with too few steps.
    """
    whole = steps_of(view, day)
    number = whole["change"].count()
    made = view.kept("model", lambda: model(whole), day)
    if made is None:
        return Estimate(pl.DataFrame(schema=RISK), None, number)
    known = programme(view)
    codes = cut(view, known.departments, department)["department_code"].to_list() if department else None
    rows = view.kept("risk", lambda: cut(view, risk(known, day, made, codes)), day, department)
    past = view.kept("hindsight", lambda: record(list(replayed(known, day, made.weight))), day)
    return Estimate(rows, made, number, past)
