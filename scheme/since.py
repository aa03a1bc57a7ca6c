"""Since last time: what became of every element of a department since somebody last looked at it.

What assessors ask for at a visit. measures.md tells which results count (sections 1 and 2); the rest is **ours**:

- *Last time* is, of a department, its last review held: the newest formal assessment other than a reassessment, known
  by its row or by own results (not restated) of its type and day. Of two on one day the later type.
- An element was *last looked at* on the newest day of an own formal result, not restated, or of a held formal
  assessment of the department whose scope names it.
- Since then: what the department said of itself, or a desk review, on a later day; its actions about the element that
  were closed on that day or later; those that are open; and the evidence there is.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from scheme.actions import UNDONE
from scheme.coverage import REVIEWS
from scheme.frames import Programme, Schema
from scheme.sentences import counted
from scheme.sentences import day as in_words
from scheme.standard import BANDS, FORMAL, NOT_APPLICABLE
from scheme.standing import active, belongs_to, below, effective, in_code_order

LAST: Schema = {"department_code": pl.String, "reviewed_on": pl.Date, "assessment_type": pl.String}
SINCE: Schema = {
    "department_code": pl.String,
    "element": pl.String,
    "reviewed_on": pl.Date,  # last time; null: no review was held
    "in_last": pl.Boolean,  # whether it was looked at last time
    "looked_on": pl.Date,  # null: never
    "looked_type": pl.String,
    "band_before": pl.String,  # in force on the day before last time, own; null: none
    "band_then": pl.String,  # in force at the end of last time
    "band": pl.String,  # in force on the day
    "found": pl.String,  # how last time moved it, one of CHANGES; null where there is no band after it, or no last time
    "change": pl.String,  # how it moved since, the same
    "self_on": pl.Date,  # the newest self-assessment after looked_on
    "self_band": pl.String,
    "desk_on": pl.Date,  # the newest desk review after looked_on
    "desk_band": pl.String,
    "closed": pl.Int64,  # actions closed since; where it was never looked at, all that are closed
    "open": pl.Int64,
    "overdue": pl.Int64,  # of those open
    "next_due": pl.Date,  # of those open
    "evidence": pl.Int64,  # pieces, by code
    "expired": pl.Int64,  # of these
}
CHANGES = ("same", "better", "worse", "beside", "first")  # beside: into or out of not applicable
AROUND: Schema = {"what": pl.String, "code": pl.String, "on": pl.Date}
WHATS = ("opened", "closed", "site_in", "site_out")
_KEY = ["department_code", "element"]
_WHOLE = "department_code"


def last_reviews(programme: Programme, day: date) -> pl.DataFrame:
    """The last review held of the corporate body and of each department active on the day: LAST, by code.

    Those that were never reviewed have no row.
    """
    rows = _held(programme, day).filter(pl.col("assessment_type").is_in(REVIEWS))
    key = [_WHOLE, "assessment_type"]
    every = pl.concat(
        [rows.select(*key, "on"), _own(programme, day).filter(_is_review()).select(*key, on="assessed_on")]
    )
    newest = every.sort("on", _order(FORMAL)).group_by(_WHOLE).last().rename({"on": "reviewed_on"})
    there = pl.col(_WHOLE).is_null() | pl.col(_WHOLE).is_in(active(programme.departments, day)[_WHOLE].to_list())
    return in_code_order(newest.filter(there), _WHOLE).select(pl.col(name).cast(dtype) for name, dtype in LAST.items())


def since(programme: Programme, day: date, actions: pl.DataFrame, evidence: pl.DataFrame) -> pl.DataFrame:
    """Every element of the standard for the corporate body and each department active on the day: SINCE, by code.

    `actions` is scheme.actions.actions of the day (STATED), `evidence` has the columns of scheme.evidence.EVIDENCE.
    """
    codes = pl.DataFrame({_WHOLE: [None, *active(programme.departments, day)[_WHOLE]]}, {_WHOLE: pl.String})
    elements = pl.DataFrame({"element": programme.standard.codes}, {"element": pl.String})
    rows = codes.join(elements, how="cross").join(last_reviews(programme, day), on=_WHOLE, how="left", nulls_equal=True)
    own, looks = _own(programme, day), _looks(programme, day)
    for frame in (_looked(looks), _newest(own, "band"), _at_last(rows, own, looks)):
        rows = rows.join(frame, on=_KEY, how="left", nulls_equal=True)
    for kind, name in (("self_assessment", "self"), ("desk_review", "desk")):
        rows = rows.join(_later(programme, day, kind, name, rows), on=_KEY, how="left", nulls_equal=True)
    for frame in (_done(actions, rows), _shown(evidence, day)):
        rows = rows.join(frame, on=_KEY, how="left", nulls_equal=True)
    numbers = ("closed", "open", "overdue", "evidence", "expired")
    rows = rows.with_columns(pl.col(numbers).fill_null(0), pl.col("in_last").fill_null(value=False))
    rows = rows.with_columns(found=_change("band_before", "band_then"), change=_change("band_then", "band"))
    order = {element: place for place, element in enumerate(programme.standard.codes)}
    turned = rows.sort(pl.col("element").replace_strict(order, return_dtype=pl.Int64), maintain_order=True)
    return in_code_order(turned, _WHOLE).select(pl.col(name).cast(dtype) for name, dtype in SINCE.items())


def around(programme: Programme, holder: str | None, first: date, day: date) -> pl.DataFrame:
    """What opened and closed at a holder and below it after the first day, up to the day: AROUND, by day and code.

    Departments (opened, closed) and sites of any of them (site_in, site_out: of the programme). A day "to" is the first
    on which it no longer holds.
    """
    places = below(programme.departments, holder)
    codes = [code or "" for code in places]
    departments = programme.departments.filter(pl.col(_WHOLE).is_in(codes))
    theirs = belongs_to(programme.sites).filter(pl.col(_WHOLE).is_in(codes))["site_code"].unique()
    sites = programme.sites.filter(pl.col("site_code").is_in(theirs.to_list()))
    told = [
        frame.select(what=pl.lit(what), code=pl.col(name), on=pl.col(on))
        for what, frame, name, on in (
            ("opened", departments, _WHOLE, "active_from"),
            ("closed", departments, _WHOLE, "active_to"),
            ("site_in", sites, "site_code", "in_scope_from"),
            ("site_out", sites, "site_code", "in_scope_to"),
        )
    ]
    rows = pl.concat(told).filter(pl.col("on") > first, pl.col("on") <= day)
    return in_code_order(rows, "code").sort("on", pl.col("what").cast(pl.Enum(WHATS)), maintain_order=True)


def happened(row: Mapping[str, Any]) -> str:
    """What a row of SINCE tells of the time since the element was last looked at, in sentences."""
    said = []
    for name, who in (("self", "Self-assessed"), ("desk", "Desk review:")):
        if row[f"{name}_on"] is not None:
            said.append(f"{who} {_words(row[f'{name}_band'])} on {in_words(row[f'{name}_on'])}.")
    actions = [counted(row["closed"], "action") + " closed"] if row["closed"] else []
    if row["open"]:
        over = f", {row['overdue']} of them overdue" if row["overdue"] else ""
        due = f", next due {in_words(row['next_due'])}" if row["next_due"] and not row["overdue"] else ""
        actions.append(f"{counted(row['open'], 'action')} open{over}{due}")
    if actions:
        said.append(f"{'; '.join(actions)}.")
    return " ".join(said)


def _words(band: str) -> str:
    return {"non_compliant": "non-compliant"}.get(band, band.replace("_", " "))


# --- from frame to frame ----------------------------------------------------------------------------------------------


def _order(types: tuple[str, ...]) -> pl.Expr:
    return pl.col("assessment_type").cast(pl.Enum(types))


def _is_review() -> pl.Expr:
    return pl.col("assessment_type").is_in(REVIEWS)


def _own(programme: Programme, day: date) -> pl.DataFrame:
    """Own formal results up to the day, not restated, the newest last."""
    moving = effective(programme.results, programme.assessments).filter(
        pl.col("assessment_type").is_in(FORMAL),
        pl.col("assessed_on") <= day,
        pl.col("site_code").is_null(),
        ~pl.col("restated"),
        pl.col("element").is_in(programme.standard.codes),
    )
    return moving.sort("assessed_on", _order(FORMAL), maintain_order=True)


def _held(programme: Programme, day: date) -> pl.DataFrame:
    """Formal assessments held up to the day: department_code, assessment_type, scope, on."""
    there = programme.assessments.filter(
        ~pl.col("planned"), pl.col("ended_on") <= day, pl.col("assessment_type").is_in(FORMAL)
    )
    return there.select(_WHOLE, "assessment_type", "scope", on="ended_on")


def _looks(programme: Programme, day: date) -> pl.DataFrame:
    """Every time a department's element was looked at: _KEY, assessment_type, on, the newest last."""
    scoped = _held(programme, day).explode("scope").rename({"scope": "element"}).drop_nulls("element")
    key = [*_KEY, "assessment_type", "on"]
    own = _own(programme, day).rename({"assessed_on": "on"})
    return pl.concat([own.select(key), scoped.select(key)]).unique().sort("on", _order(FORMAL))


def _looked(looks: pl.DataFrame) -> pl.DataFrame:
    last = looks.group_by(_KEY, maintain_order=True).last()
    return last.rename({"on": "looked_on", "assessment_type": "looked_type"})


def _newest(own: pl.DataFrame, name: str) -> pl.DataFrame:
    return own.group_by(_KEY, maintain_order=True).agg(pl.col("band").last().alias(name))


def _at_last(rows: pl.DataFrame, own: pl.DataFrame, looks: pl.DataFrame) -> pl.DataFrame:
    """The bands before and after last time, and whether it was looked at: _KEY, band_before, band_then, in_last."""
    last = rows.select(_WHOLE, "reviewed_on", "assessment_type").unique().drop_nulls("reviewed_on")
    before = own.join(last.select(_WHOLE, "reviewed_on"), on=_WHOLE, nulls_equal=True, maintain_order="left")
    then = _newest(before.filter(pl.col("assessed_on") <= pl.col("reviewed_on")), "band_then")
    earlier = _newest(before.filter(pl.col("assessed_on") < pl.col("reviewed_on")), "band_before")
    then = then.join(earlier, on=_KEY, how="left", nulls_equal=True)
    at = looks.join(last.rename({"reviewed_on": "on"}), on=[_WHOLE, "assessment_type", "on"], nulls_equal=True)
    seen = at.select(_KEY).unique().with_columns(in_last=pl.lit(value=True))
    return then.join(seen, on=_KEY, how="full", coalesce=True, nulls_equal=True)


def _later(programme: Programme, day: date, kind: str, name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The newest own result of a type after the element was last looked at: _KEY, NAME_on, NAME_band."""
    said = programme.results.filter(
        pl.col("assessment_type") == kind,
        pl.col("site_code").is_null(),
        pl.col("assessed_on") <= day,
    ).join(rows.select(*_KEY, "looked_on"), on=_KEY, nulls_equal=True)
    after = said.filter(pl.col("looked_on").is_null() | (pl.col("assessed_on") > pl.col("looked_on")))
    last = after.sort("assessed_on").group_by(_KEY).last()
    return last.select(*_KEY, pl.col("assessed_on").alias(f"{name}_on"), pl.col("band").alias(f"{name}_band"))


def _done(actions: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """What became of the actions about each element: _KEY, closed, open, overdue, next_due."""
    there = actions.join(rows.select(*_KEY, "looked_on"), on=_KEY, nulls_equal=True)
    is_open = pl.col("state").is_in(UNDONE)
    since_then = pl.col("looked_on").is_null() | (pl.col("closed_on") >= pl.col("looked_on")).fill_null(value=False)
    return there.group_by(_KEY).agg(
        closed=(~is_open & since_then).sum(),
        open=is_open.sum(),
        overdue=(pl.col("state") == "overdue").sum(),
        next_due=pl.col("due_on").filter(is_open).min(),
    )


def _shown(evidence: pl.DataFrame, day: date) -> pl.DataFrame:
    """How many pieces of evidence each element has, and how many have expired: _KEY, evidence, expired."""
    over = (pl.col("expires_on") <= day).fill_null(value=False)
    by_code = evidence.group_by(*_KEY, "evidence_code").agg(expired=over.any())
    return by_code.group_by(_KEY).agg(evidence=pl.len(), expired=pl.col("expired").sum())


def _change(before: str, after: str) -> pl.Expr:
    was, now = pl.col(before), pl.col(after)
    scale = {band: number for number, band in enumerate(BANDS)}
    places = [one.replace_strict(scale, default=None, return_dtype=pl.Int8) for one in (was, now)]
    return (
        pl.when(now.is_null() | pl.col("reviewed_on").is_null())
        .then(None)
        .when(was.is_null())
        .then(pl.lit("first"))
        .when(was == now)
        .then(pl.lit("same"))
        .when((was == NOT_APPLICABLE) | (now == NOT_APPLICABLE))
        .then(pl.lit("beside"))
        .when(places[1] < places[0])
        .then(pl.lit("better"))
        .otherwise(pl.lit("worse"))
    )
