"""Movement: what became of every band between two days (issue item 13; the counting rules below are **ours**).

Only own bands move: a band rolled up from below is an indication and is left out. A *place* is a department (or the
corporate body) that is active on the day, and an element of which it has an own band on it. Between two days a place
- *kept* its band, or went to a `better` or a `worse` one;
- was `set_beside` the scale (now not applicable), or was `taken_in` from there;
- was `first` assessed, or its department `opened` after the first day: it has no band before;
- its department `closed` before the second day: it has no band after.

So, of every department, criterion and band (`not_applicable` is counted as a band of its own): kept + lost = before and
kept + gained = after, and nothing is left over. What was never assessed is nowhere counted.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from scheme.frames import Programme, Schema
from scheme.standard import ALL_BANDS, BANDS, NOT_APPLICABLE, Band
from scheme.standing import active, in_code_order
from scheme.standing import standing as standing_on

HOW = ("kept", "worse", "better", "set_beside", "taken_in", "first", "opened", "closed")
MOVES: Schema = {
    "department_code": pl.String,
    "criterion": pl.String,
    "element": pl.String,
    "band_before": pl.String,  # null: none
    "band_after": pl.String,  # null: none
    "assessed_on": pl.Date,  # of the band after; where there is none, of the band before
    "how": pl.String,  # one of HOW
}
MOVEMENT: Schema = {
    "department_code": pl.String,
    "criterion": pl.String,
    "band": pl.String,
    **dict.fromkeys(("before", "kept", "gained", "lost", "after"), pl.Int64),
}
NUMBERS = ("before", "kept", "gained", "lost", "after")
_PLACE = ["department_code", "element"]


def moves(
    programme: Programme,
    first: date,
    second: date,
    basis: str = "formal",
    standings: tuple[pl.DataFrame, pl.DataFrame] | None = None,
) -> pl.DataFrame:
    """What became of every place with an own band on either day, sorted by code; columns and dtypes are MOVES's.

    `standings`: scheme.standing.standing of both days, which saves computing them again. ValueError where the second
    day is before the first: movement goes forward.
    """
    if second < first:
        raise ValueError("movement goes from an earlier day to a later one")
    before, after = standings or (standing_on(programme, first, basis), standing_on(programme, second, basis))
    both = _own(before, "before").join(_own(after, "after"), on=_PLACE, how="full", coalesce=True, nulls_equal=True)
    criteria = {element.code: element.criterion for element in programme.standard.elements}
    told = both.with_columns(
        criterion=pl.col("element").replace_strict(criteria, return_dtype=pl.String),
        assessed_on=pl.coalesce("on_after", "on_before"),
        how=_how(active(programme.departments, first)["department_code"].to_list()),
    )
    return in_code_order(told, *_PLACE).select(pl.col(name).cast(dtype) for name, dtype in MOVES.items())


def movement(moves: pl.DataFrame) -> pl.DataFrame:
    """Kept, gained and lost of every band, by department and criterion: columns and dtypes are MOVEMENT's.

    Each criterion in which a department has a place has a row for every band, in the order of the scale.
    """
    by = ["department_code", "criterion"]
    bands = pl.DataFrame({"band": ALL_BANDS}, schema={"band": pl.String})
    scale = {band: number for number, band in enumerate(ALL_BANDS)}
    rows = moves.join(bands, how="cross").group_by([*by, "band"], maintain_order=True).agg(_numbers())
    ordered = rows.sort(pl.col("band").replace_strict(scale, return_dtype=pl.Int8), maintain_order=True)
    return in_code_order(ordered, *by).select(pl.col(name).cast(dtype) for name, dtype in MOVEMENT.items())


def together(movement: pl.DataFrame, *by: str) -> pl.DataFrame:
    """The numbers of `movement` added up over all that `by` does not name ("department_code", "criterion"): by, band.

    Every band has a row where there is any row at all; in the order of `movement`.
    """
    return movement.group_by([*by, "band"], maintain_order=True).agg(pl.col(name).sum() for name in NUMBERS)


def sentences(rows: pl.DataFrame, bands: Sequence[Band]) -> list[str]:
    """A sentence to be read aloud for each band of the scale that was there on either day, best first.

    "Kept 12 compliance plus, gained 2, lost 1." `rows` have MOVEMENT's numbers, one row for each band.
    """
    known: Mapping[str, dict[str, Any]] = {row["band"]: row for row in rows.iter_rows(named=True)}
    found = [(known[band.code], band.label.lower()) for band in bands if band.code in known and band.code in BANDS]
    return [_sentence(row, label) for row, label in found if row["before"] or row["after"]]


def _sentence(row: Mapping[str, Any], label: str) -> str:
    kept, gained, lost = (f"{row[name]:,}" if row[name] else "" for name in ("kept", "gained", "lost"))
    return f"Kept {kept or 'no'} {label}, gained {gained or 'none'}, lost {lost or 'none'}."


def _own(standing: pl.DataFrame, when: str) -> pl.DataFrame:
    named = {"band": f"band_{when}", "assessed_on": f"on_{when}"}
    return standing.filter(~pl.col("rolled_up")).select(*_PLACE, *named).rename(named)


def _how(there: list[str]) -> pl.Expr:
    """`there`: the departments active on the first day; the corporate body is there since ever."""
    was, now = pl.col("band_before"), pl.col("band_after")
    scale = {band: number for number, band in enumerate(BANDS)}
    worse = now.replace_strict(scale, default=None, return_dtype=pl.Int8) > was.replace_strict(
        scale, default=None, return_dtype=pl.Int8
    )
    is_old = pl.col("department_code").is_null() | pl.col("department_code").is_in(there)
    return (
        pl.when(now.is_null())
        .then(pl.lit("closed"))
        .when(was.is_null() & is_old)
        .then(pl.lit("first"))
        .when(was.is_null())
        .then(pl.lit("opened"))
        .when(was == now)
        .then(pl.lit("kept"))
        .when(now == NOT_APPLICABLE)
        .then(pl.lit("set_beside"))
        .when(was == NOT_APPLICABLE)
        .then(pl.lit("taken_in"))
        .when(worse)
        .then(pl.lit("worse"))
        .otherwise(pl.lit("better"))
    )


def _numbers() -> list[pl.Expr]:
    was, now = pl.col("band_before").eq_missing(pl.col("band")), pl.col("band_after").eq_missing(pl.col("band"))
    return [
        was.sum().alias("before"),
        (was & now).sum().alias("kept"),
        (now & ~was).sum().alias("gained"),
        (was & ~now).sum().alias("lost"),
        now.sum().alias("after"),
    ]
