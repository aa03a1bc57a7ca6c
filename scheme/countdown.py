"""The countdown to a visit that begins within four weeks: what the desk review predicts, and what to mend first.

The prediction (**ours**) is the headroom there will be if the visit finds what this round's desk review found, and all
that it did not look at stays as it is in force. What an older desk review said has been judged since, and counts for
nothing. Where this round has no desk review nothing is predicted, and what to mend follows from what is in force.
"""

from dataclasses import replace
from datetime import date

import polars as pl

from scheme.frames import Programme, Schema
from scheme.headroom import headroom
from scheme.journey import FOUR_WEEKS, journey
from scheme.safety import FIXES, cheapest
from scheme.sight import in_sight
from scheme.standing import standing

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
    "predicted": pl.String,  # status if the visit finds what the desk review found; null without one
    "why_predicted": pl.String,
    "status": pl.String,  # by the bands in force
    "why": pl.String,
    "indicative": pl.Boolean,  # the bands in force are rolled up, at least in part
}
TO_MEND: Schema = {
    **FIXES,
    "by_desk": pl.Boolean,  # so found by the desk review; else it is the band in force
    "owner": pl.String,  # of the open action that is due first; null where there is none
    "due_on": pl.Date,
}
_KEY = ["department_code", "criterion"]
_CELL = ["department_code", "element"]


def countdown(programme: Programme, day: date, journeys: pl.DataFrame | None = None) -> pl.DataFrame:
    """Of each department whose visit begins within four weeks, what is predicted for every criterion.

    Columns and dtypes are COUNTDOWN's, the nearest visit first. `journeys`: scheme.journey.journey of the day, where it
    is known already.
    """
    near = _near(programme, day, journeys)
    if near.is_empty():
        return pl.DataFrame(schema=COUNTDOWN)
    programme = _with_all_below(programme, near)
    desk = headroom(_as_found(programme, day, near), day).select(*_KEY, predicted="status", why_predicted="why")
    looked_at = headroom(_of_this_round(programme, near), day, "desk").select(
        *_KEY, looked_at=pl.col("elements") - pl.col("not_assessed")
    )
    rows = (
        near.join(headroom(programme, day), on="department_code", nulls_equal=True, maintain_order="left_right")
        .join(desk, on=_KEY, nulls_equal=True, maintain_order="left")
        .join(looked_at, on=_KEY, nulls_equal=True, maintain_order="left")
        .with_columns(pl.when(pl.col("desk_on").is_not_null()).then(pl.col("predicted", "why_predicted")))
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in COUNTDOWN.items())


def to_mend(
    programme: Programme, day: date, actions: pl.DataFrame, journeys: pl.DataFrame | None = None
) -> pl.DataFrame:
    """What each of these departments had best mend before its visit, with who has it in hand.

    scheme.safety.cheapest with one partial to spare, of the bands that are predicted. `actions`: the open ones
    (department_code, element, owner, due_on). TO_MEND, by department and place. `journeys`: as for `countdown`.
    """
    near = _near(programme, day, journeys)
    if near.is_empty():
        return pl.DataFrame(schema=TO_MEND)
    theirs = near["department_code"].to_list()
    fixes = cheapest(_as_found(programme, day, near), day, 1, "formal", actions, departments=theirs)
    owners = actions.sort("due_on", nulls_last=True).unique(["department_code", "element"], keep="first")
    return (
        fixes.join(
            owners.select(*_CELL, "owner", "due_on"), on=_CELL, how="left", nulls_equal=True, maintain_order="left"
        )
        .join(
            _found(programme, day, near).select(*_CELL, "by_desk"),
            on=_CELL,
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        .with_columns(by_desk=pl.col("by_desk").is_not_null())
        .select(list(TO_MEND))
    )


def _near(programme: Programme, day: date, journeys: pl.DataFrame | None) -> pl.DataFrame:
    every = journey(programme, day) if journeys is None else journeys
    ahead = every.filter(pl.col("days_to_visit") <= FOUR_WEEKS.days)
    names = ("department_code", "assessment_code", "assessment_type", "begins_on", "desk_on", "round_from")
    return ahead.select(*names, days="days_to_visit").sort("days", maintain_order=True)


def _with_all_below(programme: Programme, near: pl.DataFrame) -> Programme:
    """The programme cut to these departments and what lies below them, of which their bands are made."""
    codes = near["department_code"].to_list()
    return programme if None in codes else in_sight(programme, codes)


def _of_this_round(programme: Programme, near: pl.DataFrame) -> Programme:
    """The programme with those desk results alone that belong to the rounds of these departments."""
    rounds = near.select("department_code", "round_from", is_near=True)
    results = programme.results.join(rounds, on="department_code", how="left", nulls_equal=True, maintain_order="left")
    desk = pl.col("assessment_type") == "desk_review"
    own = pl.col("is_near").is_null() | pl.col("round_from").is_null() | (pl.col("assessed_on") > pl.col("round_from"))
    return replace(programme, results=results.filter(~desk | own).select(programme.results.columns))


def _found(programme: Programme, day: date, near: pl.DataFrame) -> pl.DataFrame:
    """The cells of which this round's desk review gave a band: department_code, element, band, assessed_on, by_desk."""
    bands = standing(_of_this_round(programme, near), day, "desk").filter(~pl.col("rolled_up"))
    here = bands.join(near.select("department_code"), on="department_code", how="semi", nulls_equal=True)
    return here.select(*_CELL, "band", "assessed_on", by_desk=True)


def _as_found(programme: Programme, day: date, near: pl.DataFrame) -> Programme:
    """The programme as it will be if visits find what the desk reviews found.

    Their bands count as formal ones of the same day, and win over others of it; a later formal result stays the later.
    """
    found = _found(programme, day, near).select(
        "department_code",
        pl.lit(None, pl.String).alias("site_code"),
        pl.lit("reassessment").alias("assessment_type"),  # the last in order
        "assessed_on",
        "element",
        "band",
        pl.lit(value=False).alias("restated"),
    )
    key = ["department_code", "assessment_type", "assessed_on"]
    results = programme.results.join(found, on=[*key, "site_code", "element"], how="anti", nulls_equal=True)
    # what a reassessment of that day set out to look at says nothing of these
    theirs = found.rename({"assessed_on": "ended_on"})
    held = programme.assessments.join(
        theirs, on=["department_code", "assessment_type", "ended_on"], how="anti", nulls_equal=True
    )
    return replace(programme, assessments=held, results=pl.concat([results, found]))
