"""Headroom: how many more partials each criterion can bear (measures.md section 3)."""

from datetime import date
from typing import Any

import polars as pl

from scheme.frames import Programme, Schema
from scheme.standard import ALL_BANDS
from scheme.standing import active, in_code_order
from scheme.standing import standing as standing_on

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
    tenant's profile in force on the day. `standing` saves computing it again. measures.md section 3.
    """
    bands = standing_on(programme, day, basis) if standing is None else standing
    allowances = programme.profile(day).allowances
    criteria = pl.DataFrame(
        [(c.code, len(c.elements), allowances[c.code]) for c in programme.standard.criteria],
        schema={"criterion": pl.String, "elements": pl.Int64, "allowance": pl.Int64},
        orient="row",
    )
    criterion_of = pl.DataFrame(
        [(element.code, element.criterion) for element in programme.standard.elements],
        schema={"element": pl.String, "criterion": pl.String},
        orient="row",
    )
    counts = (
        bands.join(criterion_of, on="element", maintain_order="left")
        .group_by("department_code", "criterion")
        .agg(
            *((pl.col("band") == band).sum().cast(pl.Int64).alias(band) for band in ALL_BANDS),
            pl.col("rolled_up").sum().cast(pl.Int64),
            partials=pl.col("element").filter(pl.col("band") == "partial"),
            failing=pl.col("element").filter(pl.col("band") == "non_compliant"),
        )
    )
    numbers = [*ALL_BANDS, "rolled_up"]
    judged = pl.sum_horizontal("compliance_plus", "compliant", "partial", "non_compliant")
    rows = (
        _places(programme, day)
        .join(criteria, how="cross")
        .join(counts, on=["department_code", "criterion"], how="left", nulls_equal=True)
        .with_columns(pl.col(numbers).fill_null(0), pl.col("partials", "failing").fill_null([]))
        .with_columns(
            not_assessed=pl.col("elements") - pl.sum_horizontal(ALL_BANDS),
            headroom=pl.col("allowance") - pl.col("partial"),
            indicative=pl.col("rolled_up") > 0,
            compliance_share=pl.when(judged > 0).then((pl.col("compliance_plus") + pl.col("compliant")) / judged),
        )
        .with_columns(status=_status())
    )
    why = pl.Series("why", [_why(row) for row in rows.iter_rows(named=True)], dtype=pl.String)
    return in_code_order(rows.with_columns(why), "department_code", "criterion").select(
        pl.col(name).cast(dtype) for name, dtype in HEADROOM.items()
    )


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
    codes = [None, *active(programme.departments, day)["department_code"]]
    return pl.DataFrame({"department_code": codes}, schema={"department_code": pl.String})


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


def _why(row: dict[str, Any]) -> str:
    """The sentence that says from facts why a criterion has its status."""
    name, missing, elements = f"Criterion {row['criterion']}", row["not_assessed"], row["elements"]
    codes = f" ({', '.join(row['partials'])})" if row["partials"] else ""
    partials = f"{_counted(row['partial'], 'partial')}, {row['allowance'] or 'none'} allowed{codes}"
    match row["status"]:
        case "fails":
            reasons = [partials] if row["headroom"] < 0 else []
            if row["failing"]:
                reasons.append(f"{_listed(row['failing'])} {'is' if len(row['failing']) == 1 else 'are'} non-compliant")
            sentence = f"{name} fails: {'; '.join(reasons)}."
        case "at_limit":
            sentence = f"{name} is at its limit: {partials}."
        case "incomplete":
            return f"{name} is incomplete: {missing} of {_counted(elements, 'element')} not assessed.{_indication(row)}"
        case _:
            sentence = f"{name} passes: {partials}."
    if missing:
        sentence += f" {_counted(missing, 'element')} not assessed."
    return sentence + _indication(row)


def _indication(row: dict[str, Any]) -> str:
    rolled, bands = row["rolled_up"], row["elements"] - row["not_assessed"]
    if not rolled:
        return ""
    return f" Indication: {rolled} of {_counted(bands, 'band')} {'is' if rolled == 1 else 'are'} rolled up."


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _listed(codes: list[str]) -> str:
    return codes[0] if len(codes) == 1 else f"{', '.join(codes[:-1])} and {codes[-1]}"
