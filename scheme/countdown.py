"""The countdown to a visit that begins within four weeks: what the desk review predicts, and what to mend first.

The prediction is the headroom made of the desk review's bands (basis *desk*), and of this round's alone: what an older
desk review said has been judged since. It speaks of what was looked at; the rest is not assessed, and said to be. Where
this round has no desk review, nothing is predicted, and what is to be mended is told from the bands in force (**ours**).
"""

from dataclasses import replace
from datetime import date

import polars as pl

from scheme.frames import Programme, Schema
from scheme.headroom import headroom
from scheme.journey import FOUR_WEEKS, journey
from scheme.safety import FIXES, cheapest

COUNTDOWN: Schema = {
    "department_code": pl.String,
    "assessment_code": pl.String,
    "assessment_type": pl.String,
    "begins_on": pl.Date,
    "days": pl.Int64,  # to the first day of the visit
    "desk_on": pl.Date,  # of this round's desk review; null: there was none
    "criterion": pl.String,
    "elements": pl.Int64,
    "looked_at": pl.Int64,  # of them, by the desk review
    "predicted": pl.String,  # status by the desk review's bands; null without one
    "why_predicted": pl.String,
    "status": pl.String,  # by the bands in force
    "why": pl.String,
    "indicative": pl.Boolean,  # the bands in force are rolled up, at least in part
}
TO_MEND: Schema = {
    **FIXES,
    "basis": pl.String,  # desk, or formal where there was no desk review
    "owner": pl.String,  # of the open action that is due first; null where there is none
    "due_on": pl.Date,
}
_KEY = ["department_code", "criterion"]


def countdown(programme: Programme, day: date) -> pl.DataFrame:
    """Of each department whose visit begins within four weeks, what is predicted for every criterion.

    Columns and dtypes are COUNTDOWN's, the nearest visit first.
    """
    near = _near(programme, day)
    desk = headroom(_of_this_round(programme, near), day, "desk").select(
        *_KEY, looked_at=pl.col("elements") - pl.col("not_assessed"), predicted="status", why_predicted="why"
    )
    rows = (
        near.join(headroom(programme, day), on="department_code", nulls_equal=True, maintain_order="left_right")
        .join(desk, on=_KEY, nulls_equal=True, maintain_order="left")
        .with_columns(pl.when(pl.col("desk_on").is_not_null()).then(pl.col("predicted", "why_predicted")))
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in COUNTDOWN.items())


def to_mend(programme: Programme, day: date, actions: pl.DataFrame) -> pl.DataFrame:
    """What each of these departments had best mend before its visit, with who has it in hand.

    scheme.safety.cheapest with one partial to spare, on the basis of the desk review where this round has one.
    `actions`: the open ones (department_code, element, owner, due_on). TO_MEND, by department and place.
    """
    near = _near(programme, day)
    owners = actions.sort("due_on", nulls_last=True).unique(["department_code", "element"], keep="first")
    parts = [pl.DataFrame(schema=TO_MEND)]
    for basis, has_desk in (("desk", True), ("formal", False)):
        own = near.filter(pl.col("desk_on").is_not_null() == has_desk).select("department_code")
        if own.is_empty():
            continue
        of = _of_this_round(programme, near) if has_desk else programme
        fixes = cheapest(of, day, 1, basis, actions).join(own, on="department_code", how="semi", nulls_equal=True)
        told = owners.select("department_code", "element", "owner", "due_on")
        fixes = fixes.join(told, on=["department_code", "element"], how="left", nulls_equal=True, maintain_order="left")
        parts.append(fixes.with_columns(basis=pl.lit(basis)).select(list(TO_MEND)))
    return pl.concat(parts)


def _near(programme: Programme, day: date) -> pl.DataFrame:
    ahead = journey(programme, day).filter(pl.col("days_to_visit") <= FOUR_WEEKS.days)
    names = ("department_code", "assessment_code", "assessment_type", "begins_on", "desk_on", "round_from")
    return ahead.select(*names, days="days_to_visit").sort("days", maintain_order=True)


def _of_this_round(programme: Programme, near: pl.DataFrame) -> Programme:
    """The programme with those desk results alone that belong to the rounds of these departments."""
    rounds = near.select("department_code", "round_from", is_near=True)
    results = programme.results.join(rounds, on="department_code", how="left", nulls_equal=True, maintain_order="left")
    desk = pl.col("assessment_type") == "desk_review"
    own = pl.col("is_near").is_null() | pl.col("round_from").is_null() | (pl.col("assessed_on") > pl.col("round_from"))
    return replace(programme, results=results.filter(~desk | own).select(programme.results.columns))
