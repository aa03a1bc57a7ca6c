"""What the overview says, worked out from frames: departments with their verdict, what is due, what comes next."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from dashboard.language import mark
from dashboard.pages.verdicts import movements, worst_first
from scheme.arrivals import review_forms

SILENT_AFTER = "-12mo"
FORMS_AHEAD = timedelta(days=14)
EXPIRES_SOON = timedelta(days=90)


@dataclass(frozen=True)
class Facts:
    """What the page says of one day; frames as the functions of this module give them."""

    day: date
    basis: str
    departments: pl.DataFrame
    forms: pl.DataFrame
    actions: pl.DataFrame
    certificates: pl.DataFrame
    names: dict[str | None, str]
    hopeless: int  # certificates whose cycle can no longer be completed
    unsure: int  # certificates that owe something and do not show that they will make it


def departments(
    rows: pl.DataFrame,
    headroom: pl.DataFrame,
    before: pl.DataFrame,
    latest: pl.DataFrame,
    ahead: pl.DataFrame,
    day: date,
) -> pl.DataFrame:
    """One row for each department with all the table shows, worst first.

    `rows` are dashboard.pages.verdicts.verdicts; `headroom` and `before` scheme.headroom.headroom of the day and a year
    before; `latest`: department_code, last_on; `ahead` as the function of that name gives. Adds: change and
    change_words (null where there is nothing to compare), next_on, next_what, last_on, silent (no result of any kind
    for twelve months).
    """
    nearest = (
        ahead.filter(pl.col("on") >= day)
        .sort("on")
        .group_by("department_code", maintain_order=True)
        .agg(next_on=pl.col("on").first(), next_what=pl.col("what").first())
    )
    for frame in (movements(headroom, before), latest, nearest):
        rows = rows.join(frame, on="department_code", how="left", nulls_equal=True, maintain_order="left")
    since = pl.lit(day).dt.offset_by(SILENT_AFTER)
    return worst_first(rows.with_columns(silent=pl.col("last_on").is_null() | (pl.col("last_on") < since)))


def silent(rows: pl.DataFrame) -> pl.DataFrame:
    """The departments without a result for twelve months, the longest silent first; the corporate body is none."""
    return rows.filter("silent", pl.col("department_code").is_not_null()).sort("last_on", maintain_order=True)


def forms_due(assessments: pl.DataFrame, day: date) -> pl.DataFrame:
    """The review forms due within a fortnight or overdue, of assessments still to come, first due first."""
    is_due = pl.col("form_on") <= day + FORMS_AHEAD
    is_to_come = pl.col("begins_on") >= day
    forms = review_forms(assessments).filter(pl.col("submitted_on").is_null(), is_due, is_to_come)
    return forms.sort("form_on", "department_code")


def actions_overdue(actions: pl.DataFrame, day: date) -> pl.DataFrame:
    """Open actions past their day by department: department_code, overdue (count), due_on (the oldest); most first."""
    return (
        actions.filter(pl.col("due_on") < day)
        .group_by("department_code")
        .agg(pl.len().alias("overdue"), pl.col("due_on").min())
        .sort("overdue", "due_on", "department_code", descending=[True, False, False])
    )


def expiring(certificates: pl.DataFrame, day: date) -> pl.DataFrame:
    """The certificates in force that expire within ninety days, or have expired without a successor."""
    soon = pl.col("expires_on") <= day + EXPIRES_SOON
    return certificates.filter(pl.col("ended_on").is_null(), soon).sort("expires_on", "department_code")


def ahead(assessments: pl.DataFrame, certificates: pl.DataFrame) -> pl.DataFrame:
    """The dates that departments have ahead: department_code, on, what (assessments, their forms, expiries)."""
    kind = pl.col("assessment_type")
    return pl.concat(
        [
            review_forms(assessments)
            .filter(pl.col("submitted_on").is_null())
            .select("department_code", on="form_on", what=kind.replace_strict(FORMS, return_dtype=pl.String)),
            review_forms(assessments).select(
                "department_code", on="begins_on", what=kind.replace_strict(_EVENTS, return_dtype=pl.String)
            ),
            certificates.select("department_code", on="expires_on", what=pl.lit(mark("Certificate expires"))),
        ]
    )


FORMS = {
    "initial": mark("First form due"),
    "annual_review": mark("Review form due"),
    "renewal": mark("Renewal form due"),
    "reassessment": mark("Reassessment form due"),
}
# The same before a colon.
KINDS = {
    "initial": mark("First form"),
    "renewal": mark("Renewal form"),
    "reassessment": mark("Reassessment form"),
}
_EVENTS = {
    "initial": mark("First assessment"),
    "annual_review": mark("Annual review"),
    "renewal": mark("Renewal"),
    "reassessment": mark("Reassessment"),
}


def year_before(day: date) -> date:
    """The same day a year before, 28 February for 29 February."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)
