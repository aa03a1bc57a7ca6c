"""Whether a visit plan that was kept still fits the facts: what became of each of its visits since."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import polars as pl

from scheme.frames import Programme
from scheme.reviews_left import Review, reviews_left
from scheme.visit_plan import PLANNED
from scheme.visits import sites

# What became of a visit of a plan, the first that holds: see `since`.
SINCE = ("visited", "gone", "left", "booked", "moved", "passed", "stands")


def since(programme: Programme, day: date, certificate: str, planned: pl.DataFrame, days: int) -> pl.DataFrame:
    """The visits of a plan (PLANNED) with `since`, what became of each by the day; one of SINCE.

    visited: a visit counts by now; gone: the certificate has no such site any more; left: out of scope on its day;
    booked: a planned visit says it; moved: its review is no longer on that day, or no longer there; passed: its day is
    over and nothing was held; stands: as it was planned. `days`: of a review that is not booked, as the plan has it.
    """
    known = {
        row["site_code"]: row
        for row in sites(programme, day).filter(pl.col("certificate_code") == certificate).iter_rows(named=True)
    }
    ahead = programme.visits.filter("planned", pl.col("visited_on") >= day)
    booked = frozenset(ahead["site_code"])
    reviews = {review.name: review for review in reviews_left(programme, day, certificate, days)}
    told = [_since(row, known, booked, reviews, day) for row in planned.iter_rows(named=True)]
    return planned.select(list(PLANNED)).with_columns(pl.Series("since", told, dtype=pl.String))


def _since(
    row: Mapping[str, Any],
    known: Mapping[str, Mapping[str, Any]],
    booked: Collection[str],
    reviews: Mapping[str, Review],
    day: date,
) -> str:
    site, on = known.get(row["site_code"]), row["day"]
    if site is None:
        return "gone"
    if site["visited"]:
        return "visited"
    begins, ends = site["in_scope_from"], site["in_scope_to"]
    if (begins is not None and begins > on) or (ends is not None and ends <= on):
        return "left"
    if row["site_code"] in booked:
        return "booked"
    if on < day:
        return "passed"
    review = reviews.get(row["review"]) if row["review"] else None
    if review is None or not review.days[0] <= on <= review.days[-1]:
        return "moved"
    return "stands"
