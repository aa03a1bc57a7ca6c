"""Coverage: which elements were looked at in the cycle of a certificate, what it still owes (measures.md section 4)."""

from datetime import date
from typing import Any

import polars as pl

from scheme.cycle import YEARS, Cycles, certificates_on, cycle_years, cycles, planned
from scheme.frames import Programme, Schema
from scheme.standard import FORMAL
from scheme.standing import in_code_order

__all__ = ["COMPLETION", "COVERAGE", "STATES", "YEARS", "certificates_on", "completion", "coverage", "cycle_years"]

# A reassessment follows a review up; it is none (ours).
REVIEWS = tuple(kind for kind in FORMAL if kind != "reassessment")
STATES = ("covered", "satisfied", "planned", "missed", "due", "open")

COVERAGE: Schema = {
    "certificate_code": pl.String,
    "element": pl.String,
    "kind": pl.String,  # annual, rolling
    "covered": pl.Boolean,
    "last_covered_on": pl.Date,
    "years": pl.List(pl.String),  # one of STATES for each year of the cycle
    "outstanding": pl.Boolean,
    "department_code": pl.String,  # of the holder
    "criterion": pl.String,
}
COMPLETION: Schema = {
    "certificate_code": pl.String,
    "department_code": pl.String,  # of the holder
    "elements": pl.Int64,
    "covered": pl.Int64,
    "share": pl.Float64,  # covered / elements, 0 to 1
    "outstanding": pl.Int64,
    "reviews_left": pl.Int64,
    "elements_per_review": pl.Float64,  # median; null without a review before
    "can_complete": pl.Boolean,  # null: not known
    "annual_list_set": pl.Boolean,
    "sentence": pl.String,
}
_CELL = ["certificate_code", "element"]


def coverage(
    programme: Programme, day: date, certificates: pl.DataFrame | None = None, known: Cycles | None = None
) -> pl.DataFrame:
    """Whether each element was looked at in the cycle of each certificate, and its state in every year.

    Columns and dtypes are COVERAGE's, sorted by certificate_code, element. Where the profile names no annual elements
    all are rolling; `completion` says whether the list is set. `certificates`: of these instead of `certificates_on`,
    each as of the day in its column `asked_on` where it has one. `known`: their cycles, where they are known already.
    measures.md section 4.
    """
    of = certificates_on(programme, day) if certificates is None else certificates
    return _coverage(programme, day, known or cycles(programme, day, of))


def completion(
    programme: Programme, day: date, certificates: pl.DataFrame | None = None, known: Cycles | None = None
) -> pl.DataFrame:
    """Whether each certificate's cycle can still be completed: what is outstanding against the reviews left.

    Columns and dtypes are COMPLETION's, sorted by certificate_code. `certificates`: of these instead of all of
    `certificates_on`. `known`: their cycles, where they are known already. measures.md section 4; how to count is
    **ours**:
    - a review is a formal assessment but a reassessment; several on one day are one;
    - `reviews_left` is the larger of the days with a planned review of the holder or a department below it, on or
      after the day asked, and of the years not over in which no review counted yet; 0 once the certificate is not in
      force;
    - `elements_per_review` is the median, over the days with a review that counted in any cycle of the holder up to
      the day asked, of the elements looked at on that day;
    - `can_complete` where outstanding <= reviews_left x elements_per_review; null where there was no review before.
    """
    certificates = certificates_on(programme, day) if certificates is None else certificates
    past = cycles(programme, day, _ever(programme, day, certificates))
    present = known or past.of(certificates)
    counts = (
        _coverage(programme, day, present)
        .group_by("certificate_code")
        .agg(pl.len().alias("elements"), pl.col("covered").sum(), pl.col("outstanding").sum())
    )
    rows = (
        present.terms.rename({"holder": "department_code"})
        .join(counts, on="certificate_code")
        .join(_reviews_left(programme, day, present), on="certificate_code")
        .join(_per_review(past), on="department_code", how="left", nulls_equal=True)
        .with_columns(
            share=pl.col("covered") / pl.col("elements"),
            can_complete=pl.when(pl.col("outstanding") == 0)
            .then(True)
            .when(pl.col("reviews_left") == 0)
            .then(False)
            .otherwise(pl.col("outstanding") <= pl.col("reviews_left") * pl.col("elements_per_review")),
        )
    )
    sentences = pl.Series("sentence", [_sentence(row) for row in rows.iter_rows(named=True)], dtype=pl.String)
    return in_code_order(rows.with_columns(sentences), "certificate_code").select(
        pl.col(name).cast(dtype) for name, dtype in COMPLETION.items()
    )


def _coverage(programme: Programme, day: date, of: Cycles) -> pl.DataFrame:
    elements = pl.DataFrame(
        [(element.code, element.criterion) for element in programme.standard.elements],
        schema={"element": pl.String, "criterion": pl.String},
        orient="row",
    )
    last_days = of.looked_at.group_by(_CELL).agg(last_covered_on=pl.col("day").max())
    cells = (
        of.terms.select("certificate_code", "annual", department_code="holder")
        .join(elements, how="cross")
        .join(last_days, on=_CELL, how="left")
        .with_columns(annual=pl.col("element").is_in(pl.col("annual")), covered=pl.col("last_covered_on").is_not_null())
    )
    by_year = [*_CELL, "year"]
    covered = of.looked_at.select(by_year).unique()
    ahead = (
        planned(programme, day, of)
        .select("certificate_code", pl.col("scope").alias("element"), "ended_on")
        .explode("element")
        .join(of.years, on="certificate_code")
        .filter(pl.col("ended_on") >= pl.col("begins_on"), pl.col("ended_on") < pl.col("ends_on"))
        .select(by_year)
        .unique()
    )
    counted = pl.col("covered_then").is_not_null()
    owed = pl.col("annual") | (pl.col("year") == pl.col("year").max().over("certificate_code"))
    state = (
        pl.when(counted)
        .then(pl.lit("covered"))
        .when(~pl.col("annual") & pl.col("covered"))
        .then(pl.lit("satisfied"))
        .when(pl.col("planned_then").is_not_null())
        .then(pl.lit("planned"))
        .when(owed & (pl.col("state") == "over"))
        .then(pl.lit("missed"))
        .when(owed & (pl.col("state") == "running"))
        .then(pl.lit("due"))
        .otherwise(pl.lit("open"))
    )
    states = (
        cells.join(of.years.select("certificate_code", "year", "state"), on="certificate_code")
        .join(covered.with_columns(covered_then=True), on=by_year, how="left")
        .join(ahead.with_columns(planned_then=True), on=by_year, how="left")
        .with_columns(in_year=state, lacking=(pl.col("state") == "running") & ~counted)
        .sort("year")
        .group_by(_CELL)
        .agg(years=pl.col("in_year"), lacking=pl.col("lacking").any())
    )
    rows = cells.join(states, on=_CELL, how="left").with_columns(
        pl.col("years").fill_null([]),
        kind=pl.when("annual").then(pl.lit("annual")).otherwise(pl.lit("rolling")),
        outstanding=pl.when("annual").then(pl.col("lacking").fill_null(False)).otherwise(~pl.col("covered")),
    )
    return in_code_order(rows, *_CELL).select(pl.col(name).cast(dtype) for name, dtype in COVERAGE.items())


def _reviews_left(programme: Programme, day: date, of: Cycles) -> pl.DataFrame:
    """certificate_code, reviews_left: see `completion`."""
    ahead = (
        planned(programme, day, of)
        .filter(pl.col("assessment_type").is_in(REVIEWS))
        .group_by("certificate_code")
        .agg(planned=pl.col("ended_on").n_unique())
    )
    reviewed = of.looked_at.filter(pl.col("assessment_type").is_in(REVIEWS))
    empty = (
        of.years.join(reviewed, on=["certificate_code", "year"], how="anti")
        .join(of.terms.select("certificate_code", "cut_on"), on="certificate_code")
        .filter(pl.col("state") != "over", pl.col("begins_on") < pl.col("cut_on"), pl.col("cut_on") > day)
        .group_by("certificate_code")
        .agg(empty=pl.len())
    )
    return (
        of.terms.select("certificate_code")
        .join(ahead, on="certificate_code", how="left")
        .join(empty, on="certificate_code", how="left")
        .select("certificate_code", reviews_left=pl.max_horizontal("planned", "empty").fill_null(0).cast(pl.Int64))
    )


def _ever(programme: Programme, day: date, certificates: pl.DataFrame) -> pl.DataFrame:
    """Every certificate that their holders ever had; the present one's profile serves every cycle."""
    awarded = programme.certificates.filter(pl.col("awarded_on") <= day).drop("profile")
    return awarded.join(certificates.select("department_code", "profile"), on="department_code", nulls_equal=True)


def _per_review(past: Cycles) -> pl.DataFrame:
    """department_code, elements_per_review: see `completion`."""
    return (
        past.looked_at.filter(pl.col("assessment_type").is_in(REVIEWS))
        .join(past.terms.select("certificate_code", department_code="holder"), on="certificate_code")
        .group_by("department_code", "day")
        .agg(pl.col("element").n_unique())
        .group_by("department_code")
        .agg(elements_per_review=pl.col("element").median())
    )


def _sentence(row: dict[str, Any]) -> str:
    outstanding, left, each = row["outstanding"], row["reviews_left"], row["elements_per_review"]
    if not outstanding:
        return "Nothing is outstanding."
    owed = f"{outstanding} of {row['elements']} elements {'is' if outstanding == 1 else 'are'} outstanding"
    if not left:
        return f"{owed} and no review is left."
    reviews = f"{left} review{' is' if left == 1 else 's are'} left"
    if each is None:
        return f"{owed}; {reviews}, and no earlier review tells how many elements one looks at."
    looked_at = f"a review of this holder has looked at {each:g} element{'' if each == 1 else 's'} (median)"
    return f"{owed}; {reviews} and {looked_at}: {'enough' if row['can_complete'] else 'too few'}."
