"""Visits: the sites of a certificate visited in its cycle, and those still to visit (measures.md section 5)."""

from datetime import date
from math import isqrt

import polars as pl

from scheme.cycle import asked_on, certificates_on, places_of
from scheme.frames import Programme, Schema
from scheme.standing import belongs_to, holds, in_code_order

SITES_TO_VISIT: Schema = {
    "certificate_code": pl.String,
    "site_code": pl.String,
    "in_scope": pl.Boolean,
    "must_visit": pl.Boolean,
    "visited": pl.Boolean,
    "last_visited_on": pl.Date,  # the last counting visit
    "department_code": pl.String,  # of the holder
    "site_name": pl.String,
    "department_codes": pl.List(pl.String),
    "central_function": pl.Boolean,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "address": pl.String,
    "in_scope_from": pl.Date,
    "in_scope_to": pl.Date,
    "visits_listed": pl.Int64,  # held in the cycle up to the day, of any mode, counting or not
}
VISITS_OWED: Schema = {
    "certificate_code": pl.String,
    "department_code": pl.String,  # of the holder
    "sites_in_scope": pl.Int64,
    "sites_required": pl.Int64,  # null: no number stated
    "visited": pl.Int64,
    "outstanding": pl.Int64,  # null: no number stated
    "must_visit_outstanding": pl.Int64,
    "days_to_expiry": pl.Int64,  # negative once past
    "benchmark": pl.Struct({"initial": pl.Int64, "surveillance": pl.Int64, "recertification": pl.Int64}),
}
_ROW = ["certificate_code", "site_code"]


def visits(programme: Programme, day: date, certificates: pl.DataFrame | None = None) -> pl.DataFrame:
    """How many sites of each certificate were visited in its cycle and how many are owed.

    Columns and dtypes are VISITS_OWED's, sorted by certificate_code. `visited` takes in sites no longer in scope; a
    must-visit site in scope is owed until visited. `benchmark` is IAF MD 1, no scheme rule. `certificates`: of these
    instead of `certificates_on`, each as of the day in its column `asked_on` where it has one. measures.md section 5.
    """
    of = asked_on(certificates_on(programme, day) if certificates is None else certificates, day)
    of_certificate = (
        sites(programme, day, of)
        .group_by("certificate_code")
        .agg(
            sites_in_scope=pl.col("in_scope").sum(),
            visited=pl.col("visited").sum(),
            must_visit_outstanding=(pl.col("in_scope") & pl.col("must_visit") & ~pl.col("visited")).sum(),
            ordinary=(pl.col("in_scope") & ~pl.col("central_function")).sum(),
        )
    )
    counted = ["sites_in_scope", "visited", "must_visit_outstanding", "ordinary"]
    rows = (
        of.join(of_certificate, on="certificate_code", how="left", maintain_order="left")
        .with_columns(pl.col(counted).fill_null(0).cast(pl.Int64))
        .with_columns(
            outstanding=(pl.col("sites_required") - pl.col("visited")).clip(lower_bound=0),
            days_to_expiry=(pl.col("expires_on") - pl.col("asked_on")).dt.total_days(),
        )
    )
    benchmarks = pl.Series("benchmark", [_benchmark(x) for x in rows["ordinary"]], dtype=VISITS_OWED["benchmark"])
    return rows.with_columns(benchmarks).select(pl.col(name).cast(dtype) for name, dtype in VISITS_OWED.items())


def sites(programme: Programme, day: date, certificates: pl.DataFrame | None = None) -> pl.DataFrame:
    """The sites of each certificate, whatever their scope, and whether a visit in its cycle counts.

    Columns and dtypes are SITES_TO_VISIT's, sorted by certificate_code, site_code. `certificates`: of these instead
    of `certificates_on`, each as of the day in its column `asked_on` where it has one. measures.md section 5.
    """
    certificates = asked_on(certificates_on(programme, day) if certificates is None else certificates, day)
    homes = belongs_to(programme.sites).rename({"department_code": "place"})
    of_certificate = places_of(programme, certificates).join(homes, on="place").select(_ROW).unique()
    listed = _listed(programme, certificates, of_certificate)
    seen = listed.group_by(_ROW).agg(
        last_visited_on=pl.col("visited_on").filter("counts").max(), visits_listed=pl.len()
    )
    rows = (
        of_certificate.join(
            certificates.select("certificate_code", "department_code", "asked_on"), on="certificate_code"
        )
        .join(programme.sites, on="site_code")
        .join(seen, on=_ROW, how="left")
        .with_columns(
            pl.col("visits_listed").fill_null(0),
            in_scope=holds(pl.col("asked_on"), "in_scope_from", "in_scope_to"),
            visited=pl.col("last_visited_on").is_not_null(),
        )
    )
    return in_code_order(rows, *_ROW).select(pl.col(name).cast(dtype) for name, dtype in SITES_TO_VISIT.items())


def _listed(programme: Programme, certificates: pl.DataFrame, of_certificate: pl.DataFrame) -> pl.DataFrame:
    """The visits held in each cycle up to the day: certificate_code, site_code, visited_on, counts."""
    modes = [
        ["on_site", "remote"] if programme.profile(day, name).remote_visits_count else ["on_site"]
        for day, name in certificates.select("asked_on", "profile").iter_rows()
    ]
    cycles = certificates.select(
        "certificate_code",
        "asked_on",
        "awarded_on",
        pl.min_horizontal("expires_on", "ended_on").alias("cut_on"),
        pl.Series("modes", modes, dtype=pl.List(pl.String)),
    )
    preparing = programme.assessments.filter(
        pl.col("assessment_type").is_in(["gap_analysis", "desk_review", "self_assessment"])
    )["assessment_code"]
    visited_on = pl.col("visited_on")
    in_scope = holds(visited_on, "in_scope_from", "in_scope_to")
    part_of_preparing = pl.col("assessment_code").is_in(preparing.to_list()).fill_null(False)
    return (
        programme.visits.filter(~pl.col("planned"))
        .join(of_certificate, on="site_code")
        .join(cycles, on="certificate_code")
        .join(programme.sites.select("site_code", "in_scope_from", "in_scope_to"), on="site_code")
        .filter(visited_on >= pl.col("awarded_on"), visited_on < pl.col("cut_on"), visited_on <= pl.col("asked_on"))
        .select(
            *_ROW,
            "visited_on",
            counts=pl.col("mode").fill_null("on_site").is_in(pl.col("modes")) & in_scope & ~part_of_preparing,
        )
    )


def _benchmark(sites: int) -> dict[str, int]:
    """The sites to sample per audit by IAF MD 1 (labelled so on screen): ceil(r x sqrt(sites)), in whole numbers."""

    def smallest(squared_ratio: int) -> int:
        # the smallest n with 25 n^2 >= squared_ratio x sites: r is 5/5, 3/5, 4/5
        n = isqrt(squared_ratio * sites // 25)
        return n if 25 * n * n >= squared_ratio * sites else n + 1

    return {"initial": smallest(25), "surveillance": smallest(9), "recertification": smallest(16)}
