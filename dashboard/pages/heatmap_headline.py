"""The one sentence of the heatmap, from facts."""

import polars as pl

from dashboard.filters import Filters
from dashboard.language import counted_said
from dashboard.language import day_said as day
from dashboard.language import said as _
from dashboard.pages.heatmap_grid import Grid, differences, statuses
from dashboard.pages.verdicts import by as by_whom
from dashboard.pages.verdicts import judged, movements, nothing, stand
from dashboard.words import count_said as count
from dashboard.words import listing_said as listing


def headline(grid: Grid, asked: Filters) -> str:
    """The one sentence: who fails, who is at the limit, where most of all, and what has changed."""
    if asked.basis == "difference":
        return _of_difference(grid)
    rows = statuses(grid)
    said = stand(rows)
    if not said:
        return nothing(asked.as_of)
    departments = judged(rows)
    return " ".join([by_whom(asked.basis) + said[0], *said[1:], *_tightest(grid, departments), *_since(grid, asked)])


def _tightest(grid: Grid, departments: pl.DataFrame) -> list[str]:
    """The criteria in which most departments fail or are at their limit."""
    tight = grid.headroom.join(departments.select("department_code"), on="department_code")
    number = dict(tight.filter(pl.col("status").is_in(["fails", "at_limit"])).group_by("criterion").len().iter_rows())
    if not number or departments.height == 1:
        return []
    most = max(number.values())
    where = [criterion for criterion in grid.standard.criteria if number.get(criterion.code) == most]
    if len(where) == 1:
        named = {"criterion": where[0].code, "title": where[0].title.lower(), "departments": count(most, "department")}
        return [_("Tightest: criterion {criterion}, {title} ({departments}).", **named)]
    return [_("Tightest: criteria {criteria}.", criteria=listing([criterion.code for criterion in where]))]


def _since(grid: Grid, asked: Filters) -> list[str]:
    """How many departments are better and worse than on the day compared."""
    if grid.before_headroom is None or asked.compare is None:
        return []
    by = movements(grid.headroom, grid.before_headroom)["change"].to_list()
    better, worse = by.count(1), by.count(-1)
    if not better and not worse:
        return [_("Against {day}: none better or worse.", day=day(asked.compare))]
    named = {"better": better or _("none"), "worse": worse or _("none"), "day": day(asked.compare)}
    return [_("Against {day}: {better} better, {worse} worse.", **named)]


def _of_difference(grid: Grid) -> str:
    found = differences(grid)
    if found.is_empty():
        return _("No element here has both an own assessment and an assessor's band, so there is nothing to compare.")
    compared = found["department_code"].n_unique()
    higher = found.filter(pl.col("by") > 0).group_by("department_code").len("higher")
    if higher.is_empty():
        return _(
            "None of {departments} rates itself higher than its assessors.", departments=count(compared, "department")
        )
    most = grid.tree.join(higher, on="department_code", nulls_equal=True, maintain_order="left")
    name, number = most.sort("higher", descending=True, maintain_order=True).select("name", "higher").row(0)
    return counted_said(
        "{count} of {departments} rates itself higher than its assessors, in {elements}; "
        "most of all {name} ({number}).",
        "{count} of {departments} rate themselves higher than their assessors, in {elements}; "
        "most of all {name} ({number}).",
        higher.height,
        departments=count(compared, "department"),
        elements=count(found.filter(pl.col("by") > 0).height, "element"),
        name=name,
        number=number,
    )
