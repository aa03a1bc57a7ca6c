"""What is shown of one visit plan, on the page, in files and in forms: the plan with its sites and its draft."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from dashboard.words import count, day, listing
from db.drafts import Draft as Draft
from scheme.visit_plan import VisitPlan, Wanted

WHY = {
    "booked": "Booked already",
    "must": "Must be visited",
    "drawn": "Drawn by lot",
    "near": "Near the others",
    "needed": "For the number",
}


@dataclass(frozen=True)
class Shown:
    """A plan to be shown: what it was asked for and the day, the plan, the draft it comes from if it is a kept one.

    sites: scheme.visits.sites of its certificate. Of a kept one, `plan.visits` has `since` beside
    (scheme.visit_plan_kept).
    """

    wanted: Wanted
    day: date
    plan: VisitPlan
    sites: pl.DataFrame
    draft: Draft | None = None


def named(shown: Shown) -> pl.DataFrame:
    """The visits of a plan with site_name, address, must_visit, latitude and longitude, and review_number from 1."""
    about = shown.sites.select(
        "site_code",
        pl.coalesce("site_name", "site_code").alias("site_name"),
        "address",
        "must_visit",
        "latitude",
        "longitude",
    )
    number = {name: turn for turn, name in enumerate(shown.plan.reviews["review"], 1)}
    return shown.plan.visits.join(about, on="site_code", how="left", maintain_order="left").with_columns(
        review_number=pl.col("review").replace_strict(number, default=0, return_dtype=pl.Int64)
    )


def on_map(shown: Shown) -> tuple[pl.DataFrame, dict[int, str], str]:
    """The sites with coordinates and the number of their review, 0 for none; the reviews' names; what is not on it."""
    visits = named(shown).select("site_code", "review_number", "review")
    is_planned = pl.col("site_code").is_in(visits["site_code"].to_list())
    here = shown.sites.filter(~pl.col("visited") & pl.col("in_scope") | is_planned)
    placed = (
        here.filter(pl.col("latitude").is_not_null(), pl.col("longitude").is_not_null())
        .join(visits, on="site_code", how="left", maintain_order="left")
        .select(
            pl.coalesce("site_name", "site_code").alias("site_name"),
            "site_code",
            pl.col("review_number").fill_null(0).alias("review"),
            pl.col("review").is_null().alias("is_apart"),
            "latitude",
            "longitude",
        )
    )
    missing = here.height - placed.height
    left = (
        f"{count(missing, 'site')} without coordinates {'is' if missing == 1 else 'are'} not on it" if missing else ""
    )
    return placed, {0: "In no review of the plan", **dict(enumerate(review_names(shown), 1))}, left


def review_names(shown: Shown) -> list[str]:
    """Each review of a plan in words, with its days."""
    told = []
    for row in shown.plan.reviews.iter_rows(named=True):
        name = row["assessment_code"] or f"Review of {row['review']}, not booked"
        told.append(f"{name}, {days(row['begins_on'], row['ends_on'])}")
    return told


def days(first: date, last: date) -> str:
    """One day, or from when until when."""
    if first == last:
        return day(first)
    begins = str(first.day) if (first.year, first.month) == (last.year, last.month) else day(first)
    return f"{begins} to {day(last)}"


def sentence(shown: Shown) -> str:
    """Whether everything owed would be visited, and what not."""
    plan = shown.plan
    number, undone = plan.visits.height, plan.undone
    musts = undone.filter(pl.col("why") == "must")["site_code"].to_list()
    short = int(undone.filter(pl.col("why") == "needed")["sites"].sum())
    called = dict(shown.sites.select("site_code", pl.coalesce("site_name", "site_code")).iter_rows())
    reviews = count(plan.reviews.height, "review") + " left"
    if not number and undone.is_empty():
        if plan.owed is None:
            return (
                "The certificate states no number of sites and no must-visit site is owed, so nothing has to be visited"
            )
        return "Nothing is owed: no visit has to be planned"
    owed = f"of the {number + short:,} sites asked for" if shown.wanted.every else ""
    if not undone.is_empty():
        lacks = [f"{count(short, 'site')} of the number" if not owed else count(short, "site")] if short else []
        lacks += (
            [f"the must-visit site{'s' if len(musts) > 1 else ''} {listing([called.get(c, c) for c in musts], 3)}"]
            if musts
            else []
        )
        drawn = undone.filter(pl.col("why") == "drawn").height
        lacks += [f"{count(drawn, 'site')} drawn by lot"] if drawn else []
        done = (
            f"{number:,} {owed or ('site' if number == 1 else 'sites')} can be visited"
            if number
            else "No site can be visited"
        )
        return f"{done} in the {reviews}; left undone: {listing(lacks)}"
    what = "Everything owed" if not owed else "Every site that waits"
    return f"{what} can be visited: {count(number, 'site')} in the {reviews}"
