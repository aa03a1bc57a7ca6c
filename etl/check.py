"""Which rows contradict themselves, each other or the calendar (inputs.md section 4); etl.known asks the register."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from etl.tidy import DUPLICATE, GOOD, SET_ASIDE
from scheme.tables import TABLES

Ledger = dict[str, pl.DataFrame]  # by table, what etl.tidy gives
_PLACE = ("file_number", "row_number", "at")
_NAMED = 3  # other places named in a reason


def set_aside(frame: pl.DataFrame, which: pl.Expr, why: pl.Expr) -> pl.DataFrame:
    """The rows, with those still good for which the condition holds set aside for the reason."""
    now = (pl.col("fate") == GOOD) & which.fill_null(value=False)
    return frame.with_columns(
        pl.when(now).then(why).otherwise("why").alias("why"),
        pl.when(now).then(pl.lit(SET_ASIDE)).otherwise("fate").alias("fate"),
    )


def checked(ledger: Ledger, files: Sequence[str], today: date) -> Ledger:
    """Rows at odds with the calendar or with another row set aside, repeated rows marked as duplicates.

    `files`: what the files are called, in the order of their numbers. Neither the order of rows nor that of files
    decides what is loaded.
    """
    return {name: _compared(name, _in_order(name, frame, today), files) for name, frame in ledger.items()}


def _in_order(name: str, frame: pl.DataFrame, today: date) -> pl.DataFrame:
    for first, last, also_equal in _PERIODS.get(name, ()):
        wrong = pl.col(last) <= pl.col(first) if also_equal else pl.col(last) < pl.col(first)
        how = "does not lie after" if also_equal else "lies before"
        why = pl.format(f"{last} ({{}}) {how} {first} ({{}}); correct one of them", _said(last), _said(first))
        frame = set_aside(frame, wrong, why)
    if name in _HELD:
        day = _HELD[name]
        held = ~pl.col("planned").fill_null(value=False) if name == "visits" else pl.lit(value=True)
        hint = "mark the visit as planned" if name == "visits" else "send it once it is held"
        why = pl.format(f"{day} ({{}}) lies after the day of loading; correct it, or {hint}", _said(day))
        frame = set_aside(frame, (pl.col(day) > today) & held, why)
    for place, most in (("latitude", 90), ("longitude", 180)) if name == "sites" else ():
        why = pl.format(f"{place} ({{}}) lies outside -{most} to {most} degrees; correct it", place)
        frame = set_aside(frame, pl.col(place).abs() > most, why)
    return frame


# Table -> first day, last day, and whether the two may not be equal either.
_PERIODS = {
    "departments": [("active_from", "active_to", False)],
    "sites": [("in_scope_from", "in_scope_to", False)],
    "certificates": [("awarded_on", "expires_on", True)],
    "assessments": [("started_on", "ended_on", False)],
}
_HELD = {"results": "assessed_on", "visits": "visited_on"}


def _said(day: str) -> pl.Expr:
    return pl.col(day).dt.strftime("%-d %B %Y")


def _compared(name: str, frame: pl.DataFrame, files: Sequence[str]) -> pl.DataFrame:
    """Rows of one key: alike, all but the first are duplicates; different, all are set aside."""
    key = list(TABLES[name].key)
    frame = frame.sort(_PLACE, nulls_last=False, maintain_order=True).with_row_index("turn")
    good = frame.filter(pl.col("fate") == GOOD)
    shared = good.filter(good.select(key).is_duplicated())
    if not shared.height:
        return frame.drop("turn")
    values = [column for column in TABLES[name].values if column not in key]
    alike = shared.select(*key, "turn", "file_number", "row_number", *(_comparable(shared, value) for value in values))
    counts = alike.with_columns(pl.col(value).n_unique().over(key) for value in values)
    at_odds = counts.filter(pl.any_horizontal(pl.col(value) > 1 for value in values))
    reasons = _reasons(at_odds, key, values, files)
    first = pl.col("turn").min().over(key)
    repeated = alike.filter(pl.col("turn") != first).join(at_odds, on="turn", how="anti")
    fate = (
        pl.when(pl.col("why_not").is_not_null())
        .then(pl.lit(SET_ASIDE))
        .when(pl.col("turn").is_in(repeated["turn"].implode()))
        .then(pl.lit(DUPLICATE))
        .otherwise("fate")
    )
    both = frame.join(reasons, on="turn", how="left", maintain_order="left")
    return both.with_columns(fate.alias("fate"), pl.coalesce("why_not", "why").alias("why")).drop("turn", "why_not")


def _comparable(frame: pl.DataFrame, value: str) -> pl.Expr:
    dtype = frame.schema[value]
    if isinstance(dtype, pl.List):
        return pl.col(value).list.join(";")
    return pl.col(value).fill_null(value=False) if dtype == pl.Boolean else pl.col(value)


def _reasons(at_odds: pl.DataFrame, key: list[str], values: list[str], files: Sequence[str]) -> pl.DataFrame:
    """turn, why_not: for each row, the columns in which rows of its key differ, and where the others stand."""
    whys: list[tuple[int, str]] = []
    for group in at_odds.partition_by(key, maintain_order=True):
        differing = ", ".join(value for value in values if group[value][0] > 1)
        places = list(group.select("turn", "file_number", "row_number").iter_rows())
        for turn, file_number, _ in places:
            others = [(other, row) for n, other, row in places[: _NAMED + 1] if n != turn][:_NAMED]
            named = (f"row {row}" + ("" if n == file_number else f" of {files[n - 1]}") for n, row in others)
            more = f" and {len(places) - 1 - len(others)} more" if len(places) - 1 > len(others) else ""
            whys.append((turn, f"{', '.join(named)}{more} says otherwise ({differing}); keep one of them"))
    return pl.DataFrame(whys, {"turn": pl.get_index_type(), "why_not": pl.String}, orient="row")
