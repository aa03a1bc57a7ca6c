"""The one sentence of the heatmap, from facts."""

import polars as pl

from dashboard import words
from dashboard.filters import Filters
from dashboard.pages.heatmap_grid import Grid, differences, statuses
from dashboard.pages.verdicts import BY, judged, movements, nothing, stand


def headline(grid: Grid, asked: Filters) -> str:
    """The one sentence: who fails, who is at the limit, where most of all, and what has changed."""
    if asked.basis == "difference":
        return _of_difference(grid)
    rows = statuses(grid)
    said = stand(rows)
    if not said:
        return nothing(asked.as_of)
    departments = judged(rows)
    return " ".join([BY[asked.basis] + said[0], *said[1:], *_tightest(grid, departments), *_since(grid, asked)])


def _tightest(grid: Grid, departments: pl.DataFrame) -> list[str]:
    """The criteria in which most departments fail or are at their limit."""
    tight = grid.headroom.join(departments.select("department_code"), on="department_code")
    number = dict(tight.filter(pl.col("status").is_in(["fails", "at_limit"])).group_by("criterion").len().iter_rows())
    if not number or departments.height == 1:
        return []
    most = max(number.values())
    where = [criterion for criterion in grid.standard.criteria if number.get(criterion.code) == most]
    if len(where) == 1:
        return [f"Tightest: criterion {where[0].code}, {where[0].title.lower()} ({words.count(most, 'department')})."]
    return [f"Tightest: criteria {words.listing([criterion.code for criterion in where])}."]


def _since(grid: Grid, asked: Filters) -> list[str]:
    """How many departments are better and worse than on the day compared."""
    if grid.before_headroom is None or asked.compare is None:
        return []
    by = movements(grid.headroom, grid.before_headroom)["change"].to_list()
    better, worse = by.count(1), by.count(-1)
    changed = f"{better or 'none'} better, {worse or 'none'} worse" if better or worse else "none better or worse"
    return [f"Against {words.day(asked.compare)}: {changed}."]


def _of_difference(grid: Grid) -> str:
    found = differences(grid)
    if found.is_empty():
        return "No element here has both an own assessment and an assessor's band, so there is nothing to compare."
    compared = found["department_code"].n_unique()
    higher = found.filter(pl.col("by") > 0).group_by("department_code").len("higher")
    if higher.is_empty():
        return f"None of {words.count(compared, 'department')} rates itself higher than its assessors."
    most = grid.tree.join(higher, on="department_code", nulls_equal=True, maintain_order="left")
    name, number = most.sort("higher", descending=True, maintain_order=True).select("name", "higher").row(0)
    rate = "rates itself higher than its" if higher.height == 1 else "rate themselves higher than their"
    return (
        f"{higher.height} of {words.count(compared, 'department')} {rate} assessors, "
        f"in {words.count(found.filter(pl.col('by') > 0).height, 'element')}; most of all {name} ({number})."
    )
