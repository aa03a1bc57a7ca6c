"""What departments promise customers, what they achieved in each period, and what a published charter still lacks.

Elements 4.1.1-4.1.2 and 5.1-5.3 are judged on it; the standard sets no rule for it, so all of it is **ours**:

- A promise is a department's words with their channel. Its periods are put in order by scheme.periods, as long as each
  of them is known; where one is not, they stay in the order in which they were loaded, and no trend is told.
- A period counts from the day on which it begins.
- Met: achieved is the target or beyond it, in the direction that the sender names (`higher`, `lower`). Without a
  target, or without a direction where the two differ, neither is said.
- A trend is told of the last three periods of one length, the newest among them: better, worse or the same each time,
  else up and down; without a direction, higher or lower. Fewer than three tell none.
- The checklist tells only what the rows can: the rest of a charter people look at themselves.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from scheme.frames import Schema
from scheme.periods import Period, period_of
from scheme.standard import code_order

OUTCOMES = ("missed", "met", "no_direction", "no_target")  # in the order in which pages show them
TRENDS = ("better", "worse", "same", "mixed", "higher", "lower")
FEWEST = 3  # periods that a trend is told of
KEPT = 12  # the newest periods of a promise that a chart shows
_KEY = ("department_code", "promise", "channel")
# A period of a promise, as it was sent. `place` counts from 1, the earliest first.
SERIES: Schema = {
    "department_code": pl.String,
    "promise": pl.String,
    "channel": pl.String,
    "place": pl.Int64,
    "period": pl.String,
    "achieved": pl.Float64,
    "target": pl.Float64,
    "benchmark": pl.Float64,
    "outcome": pl.String,  # OUTCOMES
}
# A promise as it stands in its newest period.
PROMISES: Schema = {
    "department_code": pl.String,
    "promise": pl.String,
    "channel": pl.String,
    "unit": pl.String,
    "direction": pl.String,  # higher, lower; null where neither is said
    "period": pl.String,
    "achieved": pl.Float64,
    "target": pl.Float64,
    "benchmark": pl.Float64,
    "outcome": pl.String,  # OUTCOMES
    "beside": pl.String,  # better, worse, same than the benchmark; null where that is not known
    "trend": pl.String,  # TRENDS; null where there is too little
    "periods": pl.Int64,
    "is_ordered": pl.Boolean,  # every period is known, so that they stand in the order of time
    "is_recent": pl.Boolean,  # the newest period was over less than a year before the day; null where it is not known
    "elements": pl.List(pl.String),  # of all its rows
    "published_link": pl.String,  # the newest one
}
Meant = Mapping[str, Period | None]  # what each text of a period means
_HIGHER = ("higher", "high", "up", "more", "increase", "higher is better", "at least", "min", "minimum")
_LOWER = ("lower", "low", "down", "less", "decrease", "lower is better", "at most", "max", "maximum")


def direction_of(text: str | None) -> str | None:
    """Higher or lower, as a sender says which is better; None where the words say neither."""
    words = " ".join((text or "").casefold().split())
    return "higher" if words in _HIGHER else "lower" if words in _LOWER else None


def outcome(achieved: float, target: float | None, direction: str | None) -> str:
    """What became of a promise in one period: one of OUTCOMES."""
    if target is None:
        return "no_target"
    if achieved == target:
        return "met"
    if direction is None:
        return "no_direction"
    return "met" if (achieved > target) == (direction == "higher") else "missed"


def trend(achieved: Sequence[float], direction: str | None) -> str | None:
    """How the last three values moved, earliest first: one of TRENDS; None where there are fewer."""
    if len(achieved) < FEWEST:
        return None
    steps = [after - before for before, after in zip(achieved[-FEWEST:], achieved[-FEWEST + 1 :], strict=False)]
    if all(step == 0 for step in steps):
        return "same"
    if not (all(step > 0 for step in steps) or all(step < 0 for step in steps)):
        return "mixed"
    way = "higher" if steps[0] > 0 else "lower"
    return way if direction is None else "better" if way == direction else "worse"


def promises(rows: pl.DataFrame, day: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every promise as it stands on the day (PROMISES), and its periods (SERIES), both in order of department.

    `rows`: the canonical table service_standards with load_number, file_number and row_number.
    """
    latest: list[dict[str, Any]] = []
    series: list[dict[str, Any]] = []
    if rows.is_empty():
        return pl.DataFrame(schema=PROMISES), pl.DataFrame(schema=SERIES)
    told, meant = _by_promise(rows), {text: period_of(text) for text in rows["period"].unique()}
    for key in sorted(told, key=lambda key: (code_order(key[0]), *key[1:])):
        own = told[key]
        begun = [row for row in own if (known := meant[row["period"]]) is None or known.begins_on <= day]
        if begun:
            turns, is_ordered = _in_turn(begun, meant)
            direction = direction_of(next((row["direction"] for row in reversed(turns) if row["direction"]), None))
            named = dict(zip(_KEY, (key[0], key[1], key[2] or None), strict=True))
            for place, row in enumerate(turns, 1):
                said = {name: row[name] for name in ("period", "achieved", "target", "benchmark")}
                met = outcome(row["achieved"], row["target"], direction)
                series.append({**named, "place": place, **said, "outcome": met})
            latest.append({**named, **_latest(turns, is_ordered, direction, day, meant)})
    return pl.DataFrame(latest, schema=PROMISES), pl.DataFrame(series, schema=SERIES)


def _by_promise(rows: pl.DataFrame) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    told: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows.sort("load_number", "file_number", "row_number", nulls_last=True).iter_rows(named=True):
        if row["achieved"] is not None:
            told.setdefault((row["department_code"], row["promise"], row["channel"] or ""), []).append(row)
    return told


def _in_turn(rows: list[dict[str, Any]], meant: Meant) -> tuple[list[dict[str, Any]], bool]:
    """The rows in the order of their periods, and True; as they were loaded, and False, where one is not known."""
    known = [meant[row["period"]] for row in rows]
    if any(period is None for period in known):
        return rows, False
    pairs: list[tuple[Period, dict[str, Any]]] = [(p, row) for p, row in zip(known, rows, strict=True) if p is not None]
    return [row for _, row in sorted(pairs, key=lambda pair: pair[0])], True


def _latest(
    turns: list[dict[str, Any]], is_ordered: bool, direction: str | None, day: date, meant: Meant
) -> dict[str, Any]:
    last = turns[-1]
    newest, beside = meant[last["period"]], None
    if last["benchmark"] is not None and (direction or last["benchmark"] == last["achieved"]):
        against = outcome(last["achieved"], last["benchmark"], direction)
        beside = "same" if last["achieved"] == last["benchmark"] else "better" if against == "met" else "worse"
    alike = [row["achieved"] for row in turns if newest and _months(row, meant) == newest.months]
    return {
        **{name: last[name] for name in ("unit", "period", "achieved", "target", "benchmark")},
        "direction": direction,
        "outcome": outcome(last["achieved"], last["target"], direction),
        "beside": beside,
        "trend": trend(alike, direction) if is_ordered else None,
        "periods": len(turns),
        "is_ordered": is_ordered,
        "is_recent": None if newest is None else (day - newest.is_over_after).days < 365,
        "elements": sorted({code for row in turns for code in row["elements"] or ()}, key=code_order),
        "published_link": next((row["published_link"] for row in reversed(turns) if row["published_link"]), None),
    }


def _months(row: Mapping[str, Any], meant: Meant) -> int:
    known = meant[row["period"]]
    return known.months if known else 0


# --- what a published charter should hold -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """A point of the checklist: its code, how many promises have it, and of how many; both None: not known to us."""

    code: str
    have: int | None = None
    of: int | None = None

    @property
    def state(self) -> str:
        """All, some or none of the promises, or unknown."""
        if self.have is None or not self.of:
            return "unknown"
        return "all" if self.have == self.of else "some" if self.have else "none"


TOLD = ("target", "channel", "direction", "published", "recent", "benchmark")
COVERED = ("quality", "complaints", "satisfaction")  # subjects of which one promise is enough
BY_PEOPLE = ("contact", "duties", "complain", "redress", "agreed", "formats")


def checklist(told: pl.DataFrame, subjects: Mapping[str, Collection[str]]) -> list[Point]:
    """The points of a charter for these promises (rows of PROMISES): those that rows tell, then those for people.

    `subjects`: the elements of each of COVERED; of those the count is of promises about them, of one that is needed.
    """
    every = told.height or None
    has = {
        "target": pl.col("target").is_not_null(),
        "channel": pl.col("channel").is_not_null(),
        "direction": pl.col("direction").is_not_null(),
        "published": pl.col("published_link").is_not_null(),
        "recent": pl.col("is_recent").fill_null(value=False),
        "benchmark": pl.col("benchmark").is_not_null(),
    }
    points = [Point(code, told.filter(has[code]).height if every else None, every) for code in TOLD]
    for code in COVERED:
        about = set(subjects.get(code, ()))
        named = sum(1 for elements in told["elements"].to_list() if about & set(elements or ()))
        points.append(Point(code, min(named, 1) if every and about else None, 1 if every and about else None))
    return [*points, *(Point(code) for code in BY_PEOPLE)]
