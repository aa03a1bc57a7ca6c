"""What the cells of the heatmap say: bands, counts, headroom, shares and differences, by department and column."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from dashboard.language import said as _
from dashboard.pages.verdicts import verdicts
from dashboard.table import Cell, band, counts, difference, differs, headroom, share, supposed, tried
from scheme.headroom import STATUSES
from scheme.standard import BANDS, Standard

Key = tuple[str | None, str]  # department, criterion or element
Cells = dict[Key, Cell]
_AT = ["department_code", "element"]


@dataclass(frozen=True)
class Grid:
    """What the heatmap shows of a day: frames of dashboard.data, cut to what may be seen and was asked for.

    tree: the departments in tree order. standing, headroom: of the day on the basis asked for. before_standing,
    before_headroom: of the day to compare with, None without one. own: standing by self-assessments, where the
    difference is asked for; standing is then the formal one. Of a scenario: tried, the band in force in fact at each
    cell that is tried, None where there is none, and in_fact, the headroom in fact; standing and headroom are then as
    supposed.
    """

    standard: Standard
    cycle_years: int
    day: date
    tree: pl.DataFrame
    standing: pl.DataFrame
    headroom: pl.DataFrame
    before_standing: pl.DataFrame | None = None
    before_headroom: pl.DataFrame | None = None
    own: pl.DataFrame | None = None
    tried: Mapping[Key, str | None] = field(default_factory=dict)
    in_fact: pl.DataFrame | None = None


def band_cells(grid: Grid) -> Cells:
    """The band of every element, with its age and, against the day compared, its change."""
    look = ["band", "rolled_up", "worse_below", "age", "change"]
    found = grid.standing.with_columns(age=_full_years(grid.day), change=pl.lit(0))
    if grid.before_standing is not None:
        before = grid.before_standing.select(*_AT, was="band", was_rolled_up="rolled_up")
        found = found.join(before, on=_AT, how="left", nulls_equal=True).with_columns(change=_change("was", "band"))
        # An indication is not compared with a judgement.
        same = (pl.col("rolled_up") == pl.col("was_rolled_up")).fill_null(value=False)
        found = found.with_columns(pl.when(same).then("change").otherwise(0).alias("change"))
    cells: Cells = {}
    # There are thousands of cells, but only some dozens of looks.
    for code, rolled_up, worse_below, age, change, places, elements in found.group_by(look).agg(_AT).iter_rows():
        old = age >= grid.cycle_years
        look_ = band(code, age, old=old, rolled_up=rolled_up, worse_below=worse_below, change=change)
        cells.update(dict.fromkeys(zip(places, elements, strict=True), look_))
    return cells | {at: tried(cells[at], fact) for at, fact in grid.tried.items() if at in cells}


def _full_years(day: date) -> pl.Expr:
    since = pl.col("assessed_on")
    is_before = since.dt.month().cast(pl.Int32) * 100 + since.dt.day() > day.month * 100 + day.day
    return day.year - since.dt.year() - is_before.cast(pl.Int32)


def _change(was: str, band: str) -> pl.Expr:
    """1 where a band is better than another, -1 where worse; 0 also where one is missing or beside the scale."""
    places = {code: place for place, code in enumerate(BANDS)}
    was_, now = (pl.col(name).replace_strict(places, default=None, return_dtype=pl.Int32) for name in (was, band))
    return (was_ - now).sign().fill_null(0)


def criterion_cells(grid: Grid, mode: str) -> Cells:
    """Each criterion as headroom with its status (mode ""), as share or as bands; None where nothing was assessed."""
    before, in_fact = _by_criterion(grid.before_headroom), _by_criterion(grid.in_fact)
    cells: Cells = {}
    for at, row in _by_criterion(grid.headroom).items():
        cells[at] = _criterion_cell(row, mode, criterion_change(row, before.get(at)))
        if at in in_fact:
            fact = _criterion_cell(in_fact[at], mode, criterion_change(in_fact[at], before.get(at)))
            cells[at] = supposed(cells[at], fact)
    return cells


def _criterion_cell(row: Mapping[str, Any], mode: str, change: int) -> Cell:
    return _MODES[mode](row, change) if row["not_assessed"] < row["elements"] else None


def _headroom(row: Mapping[str, Any], change: int) -> Cell:
    code = None if row["indicative"] else row["status"]
    return headroom(code, row["partial"], row["allowance"], row["non_compliant"], row["not_assessed"], change)


def _share(row: Mapping[str, Any], change: int) -> Cell:
    better = row["compliance_plus"] + row["compliant"]
    judged = better + row["partial"] + row["non_compliant"]
    said = _("{better} of {judged} compliant or better", better=better, judged=judged)
    return share(row["compliance_share"], said, rolled_up=row["indicative"], change=change)


def _counts(row: Mapping[str, Any], change: int) -> Cell:
    told = (row[name] for name in (*BANDS, "not_applicable", "not_assessed"))
    return counts(*told, rolled_up=row["indicative"], change=change)


_MODES = {"": _headroom, "share": _share, "bands": _counts}


def _by_criterion(headroom: pl.DataFrame | None) -> dict[Key, Mapping[str, Any]]:
    if headroom is None:
        return {}
    return {(row["department_code"], row["criterion"]): row for row in headroom.iter_rows(named=True)}


def criterion_change(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> int:
    """1 where a criterion is better than before, by status, then by non-compliants and partials; -1 where worse.

    Statuses made of rolled-up bands are no verdicts: of those only the counts are compared, and only with their like.
    """
    if before is None or now["indicative"] != before["indicative"] or before["not_assessed"] == before["elements"]:
        return 0

    def badness(row: Mapping[str, Any]) -> tuple[int, int, int]:
        place = 0 if row["indicative"] else -STATUSES.index(row["status"])
        return place, row["non_compliant"], row["partial"]

    return (badness(before) > badness(now)) - (badness(before) < badness(now))


def differences(grid: Grid) -> pl.DataFrame:
    """Where a department has both an own assessment and an assessor's band of its own, on the scale.

    Columns: department_code, element, own, assessed (bands), by (Int32: 1 where the own is higher, -1 lower, 0 same).
    """
    judged = [pl.col("band").is_in(BANDS), ~pl.col("rolled_up")]
    theirs = grid.standing.filter(judged).select(*_AT, assessed="band")
    ours = (grid.standing.clear() if grid.own is None else grid.own).filter(judged).select(*_AT, own="band")
    both = ours.join(theirs, on=_AT, nulls_equal=True)
    return both.with_columns(by=_change("assessed", "own"))


def difference_cells(grid: Grid) -> Cells:
    """Own assessments against the assessors', for every element and, counted, for every criterion."""
    found = differences(grid)
    cells: Cells = {}
    for own, assessed, places, elements in found.group_by("own", "assessed").agg(_AT).iter_rows():
        cells.update(dict.fromkeys(zip(places, elements, strict=True), differs(own, assessed)))
    criteria = {element.code: element.criterion for element in grid.standard.elements}
    counted = found.group_by("department_code", criterion=pl.col("element").replace_strict(criteria)).agg(
        *((pl.col("by") == by).sum().alias(name) for name, by in (("higher", 1), ("lower", -1), ("same", 0)))
    )
    for place, criterion, higher, lower, same in counted.iter_rows():
        cells[place, criterion] = difference(higher, lower, same)
    return cells


def statuses(grid: Grid) -> pl.DataFrame:
    """How each department stands (dashboard.pages.verdicts.verdicts)."""
    return verdicts(grid.tree, grid.headroom)
