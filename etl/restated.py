"""Results that repeat an earlier band: one that differs from the band in force moves nothing, so it is told."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from scheme import frames
from scheme.frames import Programme
from scheme.standard import ASSESSMENT_TYPES, FORMAL
from scheme.standing import effective
from scheme.tables import TABLES

_ITEM = ["department_code", "element"]
_LISTED = 20  # rows named in one note


def may_be(rows: Mapping[str, pl.DataFrame], assessments: pl.DataFrame) -> bool:
    """Whether any result of a load could be restated: marked so, or of an assessment that states a scope."""
    results = rows.get("results")
    if results is None or not results.height:
        return False
    all_ = [assessments, *(frame for name, frame in rows.items() if name == "assessments")]
    scoped = pl.concat(frame.select("ended_on", "scope") for frame in all_)
    days = scoped.filter(pl.col("scope").list.len() > 0)["ended_on"]
    return bool(results["restated"].any()) or bool(results["assessed_on"].is_in(days.unique().implode()).any())


def notes(rows: Mapping[str, pl.DataFrame], programme: Programme) -> Iterator[tuple[int, str]]:
    """For each file, a sentence naming its restated formal results whose band differs from the one in force.

    `rows`: good rows of the load by table (etl.tidy); `programme`: what the warehouse knew before it.
    """
    results = rows["results"].with_columns(pl.col("restated").fill_null(value=False))
    told = results.select(*frames.RESULTS)
    key = list(TABLES["results"].key)
    before = programme.results.join(told.select(key), on=key, how="anti", nulls_equal=True)
    known = effective(pl.concat([before, told]), _assessments(rows, programme))
    rank = {kind: n for n, kind in enumerate(ASSESSMENT_TYPES)}
    own = (
        known.filter(pl.col("site_code").is_null() & pl.col("assessment_type").is_in(FORMAL))
        .with_columns(pl.col("assessment_type").replace_strict(rank, return_dtype=pl.Int64).alias("turn"))
        .with_columns(pl.col("department_code").fill_null(""))
        .sort("assessed_on", "turn")
    )
    place = [name for name in key if name != "site_code"]
    since = pl.col("assessed_on").alias("since")
    moving = own.filter(~pl.col("restated")).select(*_ITEM, "assessed_on", pl.col("band").alias("in_force"), since)
    repeated = own.filter("restated").join_asof(moving, on="assessed_on", by=_ITEM, check_sortedness=False)
    here = results.filter(pl.col("site_code").is_null()).with_columns(pl.col("department_code").fill_null(""))
    differing = repeated.filter(pl.col("band") != pl.col("in_force")).join(
        here.select(*place, "file_number", "row_number"), on=place
    )
    for (number,), part in differing.sort("file_number", "row_number").group_by("file_number", maintain_order=True):
        named = "; ".join(map(_sentence, part.head(_LISTED).iter_rows(named=True)))
        more = f"; and {part.height - _LISTED} more" if part.height > _LISTED else ""
        yield int(str(number)), f"restated results that differ from the band in force move nothing: {named}{more}"


def _sentence(row: Mapping[str, Any]) -> str:
    band, in_force = row["band"].replace("_", " "), row["in_force"].replace("_", " ")
    who = row["department_code"] or "the corporate body"
    return f"row {row['row_number']}, {row['element']} of {who}: {band}, but {in_force} since {row['since']:%-d %B %Y}"


def _assessments(rows: Mapping[str, pl.DataFrame], programme: Programme) -> pl.DataFrame:
    if "assessments" not in rows:
        return programme.assessments
    new = rows["assessments"].with_columns(pl.col("planned").fill_null(value=False)).select(*frames.ASSESSMENTS)
    before = programme.assessments.join(new, on="assessment_code", how="anti")
    return pl.concat([before, new])
