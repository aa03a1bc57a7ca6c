"""Actions: how each stands on a day, from a finding to a re-check, and which findings nobody does anything about.

measures.md names no rule for them; all of it is **ours**:

- An action is closed from its closing day on; where none is stated, when its status says so in a word of CLOSED.
- One that is open is overdue after its day, and due soon within SOON before it.
- One that is closed and has a day for a re-check waits for it until the element was looked at again: until the band in
  force is of the closing day or later (of the re-check's day, where the closing day is not stated).
- A finding is a partial or non-compliant band in force by an own result: a rolled-up band is an indication
  (measures.md section 2), and what is to be done about it is done below.
"""

from datetime import date, timedelta

import polars as pl

from scheme.frames import Schema
from scheme.standard import code_order

CLOSED = ("closed", "done", "complete", "completed", "finished", "cancelled", "withdrawn")
SOON = timedelta(days=28)
# In the order of urgency: past its day; its day is near; open; closed, and to be looked at again; closed.
STATES = ("overdue", "due_soon", "open", "recheck", "closed")
UNDONE = STATES[:3]
ACTIONS: Schema = {
    "action_key": pl.String,
    "action_code": pl.String,
    "department_code": pl.String,
    "element": pl.String,
    "action": pl.String,
    "owner": pl.String,
    "due_on": pl.Date,
    "status": pl.String,  # the sender's word
    "origin": pl.String,
    "assessment_code": pl.String,
    "recheck_on": pl.Date,
    "closed_on": pl.Date,
    "comment": pl.String,
}
STATED: Schema = {
    **ACTIONS,
    "state": pl.String,  # one of STATES
    "days_over": pl.Int64,  # past its day, or past that of its re-check; null where it is not
    "band": pl.String,  # of its element in force on the day; null: not assessed
    "assessed_on": pl.Date,
    "rolled_up": pl.Boolean,
}
FINDINGS: Schema = {"department_code": pl.String, "element": pl.String, "band": pl.String, "assessed_on": pl.Date}
_PLACE = ["department_code", "element"]
_WEAK = ("non_compliant", "partial")  # the worst first


def is_closed(day: date) -> pl.Expr:
    """Whether an action is closed on the day: by its closing day, and where it has none by its status."""
    said = pl.col("status").str.strip_chars().str.to_lowercase().is_in(CLOSED).fill_null(value=False)
    return pl.when(pl.col("closed_on").is_null()).then(said).otherwise(pl.col("closed_on") <= day)


def actions(known: pl.DataFrame, standing: pl.DataFrame, day: date) -> pl.DataFrame:
    """How every action stands on the day, the most urgent first: columns and dtypes are STATED's.

    `known` has the columns of ACTIONS, `standing` is scheme.standing.standing of the day. In the order of STATES; those
    overdue the longest, the others with the earliest day first, none last; closed ones the newest first.
    """
    now = standing.select(*_PLACE, "band", "assessed_on", "rolled_up")
    rows = known.select(list(ACTIONS)).join(now, on=_PLACE, how="left", nulls_equal=True, maintain_order="left")
    today = pl.lit(day)
    closed, over = is_closed(day), pl.col("due_on") < today
    seen_again = (pl.col("assessed_on") >= pl.coalesce("closed_on", "recheck_on")).fill_null(value=False)
    waits = pl.col("recheck_on").is_not_null() & ~seen_again
    state = (
        pl.when(closed & waits)
        .then(pl.lit("recheck"))
        .when(closed)
        .then(pl.lit("closed"))
        .when(over)
        .then(pl.lit("overdue"))
        .when(pl.col("due_on") <= today + SOON)
        .then(pl.lit("due_soon"))
        .otherwise(pl.lit("open"))
    )
    due = pl.when(pl.col("state") == "recheck").then("recheck_on").when(pl.col("state") != "closed").then("due_on")
    rows = rows.with_columns(state=state).with_columns(due=due)
    days = pl.when(pl.col("due") < today).then((today - pl.col("due")).dt.total_days())
    return _in_turn(rows.with_columns(days_over=days)).select(
        pl.col(name).cast(dtype) for name, dtype in STATED.items()
    )


def _in_turn(rows: pl.DataFrame) -> pl.DataFrame:
    codes = sorted(set(rows["department_code"]), key=code_order)
    return rows.sort(
        pl.col("state").cast(pl.Enum(STATES)),
        pl.when(pl.col("state") == "closed")
        .then(-pl.col("closed_on").cast(pl.Int32))
        .otherwise(pl.col("due").cast(pl.Int32)),
        pl.col("department_code").replace_strict(codes, range(len(codes)), return_dtype=pl.Int64),
        "action_key",
        nulls_last=[False, True, False, False],
    )


def findings_without(stated: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """The partial and non-compliant bands in force that no action is about: FINDINGS, the worst and oldest first.

    `stated` is what `actions` gives of the same day. One that is open is about it, and so is one that is closed and
    waits for its re-check.
    """
    found = standing.filter(pl.col("band").is_in(_WEAK), ~pl.col("rolled_up")).select(list(FINDINGS))
    about = stated.filter(pl.col("state").is_in((*UNDONE, "recheck"))).select(_PLACE)
    rows = found.join(about, on=_PLACE, how="anti", nulls_equal=True).with_row_index("place")
    order = pl.col("band").cast(pl.Enum(_WEAK))
    return rows.sort(order, "assessed_on", "place").select(list(FINDINGS))
