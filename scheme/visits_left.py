"""Whether the sites that a certificate owes can still be visited in the reviews that it has left (all of it **ours**).

measures.md section 5 counts what is owed and names no such rule; this one is made as that of coverage (section 4):

- Owed are the sites still to be visited, or the must-visit sites where these are more: one visit serves both.
- A review visits as many sites as any did before: the most sites visited on behalf of one assessment, or on one day
  where a visit names none, of the sites of the certificate, in any cycle up to the day.
- It can be done where owed <= reviews left x that number; it is not known where no site was ever visited.
"""

from datetime import date
from typing import Any

import polars as pl

from scheme.cycle import certificates_on, places_of
from scheme.frames import Programme, Schema
from scheme.sentences import counted
from scheme.standing import belongs_to

VISITS_LEFT: Schema = {
    "certificate_code": pl.String,
    "department_code": pl.String,  # of the holder
    "owed": pl.Int64,
    "reviews_left": pl.Int64,
    "sites_per_review": pl.Int64,  # the most that one visited; null where none did
    "can_complete": pl.Boolean,  # null: not known
    "sentence": pl.String,
}


def visits_left(programme: Programme, day: date, visits: pl.DataFrame, completion: pl.DataFrame) -> pl.DataFrame:
    """Whether each certificate's visits can still be made: columns and dtypes are VISITS_LEFT's, in their order.

    `visits` is scheme.visits.visits and `completion` scheme.coverage.completion of the day.
    """
    rows = (
        visits.select(
            "certificate_code",
            "department_code",
            owed=pl.max_horizontal(pl.col("outstanding").fill_null(0), "must_visit_outstanding"),
        )
        .join(completion.select("certificate_code", "reviews_left"), on="certificate_code", how="left")
        .join(_per_review(programme, day), on="certificate_code", how="left", maintain_order="left")
        .with_columns(pl.col("reviews_left").fill_null(0))
        .with_columns(
            can_complete=pl.when(pl.col("owed") == 0)
            .then(True)
            .when(pl.col("reviews_left") == 0)
            .then(False)
            .otherwise(pl.col("owed") <= pl.col("reviews_left") * pl.col("sites_per_review"))
        )
    )
    sentences = pl.Series("sentence", [_sentence(row) for row in rows.iter_rows(named=True)], dtype=pl.String)
    return rows.with_columns(sentences).select(pl.col(name).cast(dtype) for name, dtype in VISITS_LEFT.items())


def _per_review(programme: Programme, day: date) -> pl.DataFrame:
    """certificate_code, sites_per_review."""
    homes = belongs_to(programme.sites).rename({"department_code": "place"})
    sites = places_of(programme, certificates_on(programme, day)).join(homes, on="place")
    held = programme.visits.filter(~pl.col("planned"), pl.col("visited_on") <= day)
    review = pl.coalesce("assessment_code", pl.col("visited_on").cast(pl.String))
    return (
        held.with_columns(review=review)
        .join(sites.select("certificate_code", "site_code").unique(), on="site_code")
        .group_by("certificate_code", "review")
        .agg(pl.col("site_code").n_unique())
        .group_by("certificate_code")
        .agg(sites_per_review=pl.col("site_code").max())
    )


def _sentence(row: dict[str, Any]) -> str:
    owed, left, each = row["owed"], row["reviews_left"], row["sites_per_review"]
    if not owed:
        return "No visit is owed."
    said = f"{counted(owed, 'site')} {'is' if owed == 1 else 'are'} still to be visited"
    if not left:
        return f"{said} and no review is left."
    reviews = f"{counted(left, 'review')} {'is' if left == 1 else 'are'} left"
    if each is None:
        return f"{said}; {reviews}, and no earlier visit tells how many sites one takes in."
    enough = "enough" if row["can_complete"] else "too few"
    return f"{said}; {reviews} and none has taken in more than {counted(each, 'site')}: {enough}."
