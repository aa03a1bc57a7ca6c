"""Headroom: how many more partials each criterion can bear (measures.md section 3)."""

from datetime import date

import polars as pl

from scheme.frames import Programme, Schema
from scheme.intervals import as_text, coded_as
from scheme.standard import ALL_BANDS, code_order
from scheme.standing import CORPORATE, active, coded_standing

STATUSES = ("fails", "at_limit", "incomplete", "passes")
HEADROOM: Schema = {
    "department_code": pl.String,
    "criterion": pl.String,
    "elements": pl.Int64,
    **dict.fromkeys(ALL_BANDS, pl.Int64),
    "not_assessed": pl.Int64,
    "allowance": pl.Int64,
    "headroom": pl.Int64,  # negative when exceeded
    "indicative": pl.Boolean,
    "status": pl.String,  # one of STATUSES
    "why": pl.String,
    "compliance_share": pl.Float64,  # 0 to 1; null where nothing was assessed
}
STATUS: Schema = {
    "department_code": pl.String,
    "status": pl.String,
    "criterion": pl.String,
    "why": pl.String,
    "indicative": pl.Boolean,
}


def headroom(
    programme: Programme, day: date, basis: str = "formal", standing: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The headroom of every criterion, for the corporate body and every department active on the day.

    Also where nothing was assessed; sorted by code: columns and dtypes are HEADROOM's. Allowances are those of the
    tenant's profile in force on the day. `standing` saves computing it again, as text or coded (scheme.standing).
    measures.md section 3.
    """
    bands = coded_standing(programme, day, basis) if standing is None else standing
    allowances = programme.profile(day).allowances
    criteria = pl.DataFrame(
        [(c.code, len(c.elements), allowances[c.code]) for c in programme.standard.criteria],
        schema={"criterion": _codes(programme), "elements": pl.Int64, "allowance": pl.Int64},
        orient="row",
    )
    criterion = {element.code: element.criterion for element in programme.standard.elements}
    of_element = pl.Series([criterion[code] for code in programme.elements.categories], dtype=_codes(programme))
    counts = (
        bands.with_columns(
            coded_as(bands["department_code"], programme.places).fill_null(CORPORATE),
            of_element.gather(coded_as(bands["element"], programme.elements).to_physical()).alias("criterion"),
        )
        .group_by("department_code", "criterion")
        .agg(
            *((pl.col("band") == band).sum().cast(pl.Int64).alias(band) for band in ALL_BANDS),
            pl.col("rolled_up").sum().cast(pl.Int64),
            partials=pl.col("element").filter(pl.col("band") == "partial").cast(pl.String),
            failing=pl.col("element").filter(pl.col("band") == "non_compliant").cast(pl.String),
        )
    )
    numbers = [*ALL_BANDS, "rolled_up"]
    judged = pl.sum_horizontal("compliance_plus", "compliant", "partial", "non_compliant")
    rows = (
        _places(programme, day)
        .join(criteria.sort("criterion"), how="cross")
        .join(counts, on=["department_code", "criterion"], how="left", maintain_order="left")
        .with_columns(pl.col("criterion").cast(pl.String))
        .with_columns(pl.col(numbers).fill_null(0), pl.col("partials", "failing").fill_null([]))
        .with_columns(
            not_assessed=pl.col("elements") - pl.sum_horizontal(ALL_BANDS),
            headroom=pl.col("allowance") - pl.col("partial"),
            indicative=pl.col("rolled_up") > 0,
            compliance_share=pl.when(judged > 0).then((pl.col("compliance_plus") + pl.col("compliant")) / judged),
        )
        .with_columns(status=_status())
    )
    told = as_text(rows.with_columns(why=_why()))
    return told.with_columns(
        pl.when(pl.col("department_code") != CORPORATE).then("department_code").alias("department_code")
    ).select(pl.col(name).cast(dtype) for name, dtype in HEADROOM.items())


def status_by_department(headroom: pl.DataFrame) -> pl.DataFrame:
    """The status of every department: that of its worst criterion, and why (measures.md section 3).

    Columns and dtypes are STATUS's, in the order of `headroom`. `criterion` is the tightest: of the worst status, with
    the least headroom, the first in order; `why` is its sentence. `indicative` where any criterion is: then the status
    is an indication and no verdict (section 2).
    """
    tightest = headroom.with_row_index("place").sort(pl.col("status").cast(pl.Enum(STATUSES)), "headroom", "place")
    return (
        tightest.group_by("department_code")
        .agg(pl.col("status", "criterion", "why").first(), pl.col("indicative").any(), pl.col("place").min())
        .sort("place")
        .select(list(STATUS))
    )


def _places(programme: Programme, day: date) -> pl.DataFrame:
    codes = [CORPORATE, *active(programme.departments, day)["department_code"]]
    return pl.DataFrame({"department_code": codes}, schema={"department_code": programme.places}).sort(pl.all())


def _codes(programme: Programme) -> pl.Enum:
    """The criteria, in the order of codes."""
    return pl.Enum(sorted((criterion.code for criterion in programme.standard.criteria), key=code_order))


def _status() -> pl.Expr:
    """The first that holds (measures.md section 3)."""
    return (
        pl.when((pl.col("non_compliant") > 0) | (pl.col("headroom") < 0))
        .then(pl.lit("fails"))
        .when(pl.col("headroom") == 0)
        .then(pl.lit("at_limit"))
        .when(pl.col("not_assessed") > 0)
        .then(pl.lit("incomplete"))
        .otherwise(pl.lit("passes"))
    )


def _why() -> pl.Expr:
    """The sentence that says from facts why a criterion has its status."""
    missing, elements, failing = pl.col("not_assessed"), pl.col("elements"), pl.col("failing")
    allowed = pl.when(pl.col("allowance") == 0).then(pl.lit("none")).otherwise(pl.col("allowance").cast(pl.String))
    named = pl.lit(" (") + pl.col("partials").list.join(", ") + ")"
    codes = pl.when(pl.col("partials").list.len() > 0).then(named).otherwise(pl.lit(""))
    partials = _counted("partial", pl.col("partial")) + ", " + allowed + " allowed" + codes
    several = failing.list.head(failing.list.len() - 1).list.join(", ") + " and " + failing.list.last() + " are"
    one = failing.list.first() + " is"
    failed = pl.when(failing.list.len() == 1).then(one).otherwise(several) + " non-compliant"
    exceeded, fails = pl.col("headroom") < 0, failing.list.len() > 0
    reasons = pl.when(exceeded & fails).then(partials + "; " + failed).when(exceeded).then(partials).otherwise(failed)
    of_all = missing.cast(pl.String) + " of " + _counted("element", elements)
    rest = pl.when(missing > 0).then(pl.lit(" ") + _counted("element", missing) + " not assessed.")
    told = (
        pl.when(pl.col("status") == "fails")
        .then(pl.lit(" fails: ") + reasons)
        .when(pl.col("status") == "at_limit")
        .then(pl.lit(" is at its limit: ") + partials)
        .when(pl.col("status") == "incomplete")
        .then(pl.lit(" is incomplete: ") + of_all + " not assessed")
        .otherwise(pl.lit(" passes: ") + partials)
    )
    more = pl.when(pl.col("status") == "incomplete").then(pl.lit("")).otherwise(rest.otherwise(pl.lit("")))
    return pl.lit("Criterion ") + pl.col("criterion") + told + "." + more + _indication()


def _indication() -> pl.Expr:
    rolled = pl.col("rolled_up")
    verb = pl.when(rolled == 1).then(pl.lit(" is")).otherwise(pl.lit(" are"))
    bands = _counted("band", pl.col("elements") - pl.col("not_assessed"))
    told = pl.lit(" Indication: ") + rolled.cast(pl.String) + " of " + bands + verb + " rolled up."
    return pl.when(rolled > 0).then(told).otherwise(pl.lit(""))


def _counted(noun: str, number: pl.Expr) -> pl.Expr:
    """As scheme.sentences.counted, of a whole column."""
    ending = pl.when(number == 1).then(pl.lit("")).otherwise(pl.lit("s"))
    return pl.when(number == 0).then(pl.lit("no")).otherwise(number.cast(pl.String)) + f" {noun}" + ending
