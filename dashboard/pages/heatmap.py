"""The heatmap: where it is red. Departments as a tree by criteria, which open into their elements."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids
from dashboard.filters import Filters
from dashboard.language import mark
from dashboard.language import said as _
from dashboard.pages import verdicts, whatif
from dashboard.pages.heatmap_grid import Cells, Grid, band_cells, criterion_cells, difference_cells, statuses
from dashboard.table import Cell, Column, Group, Kind, Row, table_json
from dashboard.words import STATUS
from dashboard.words import count_said as count
from scheme.errors import UsageError
from scheme.standard import Criterion, Standard

MODES = {"": mark("Status and headroom"), "share": mark("Compliance share"), "bands": mark("Bands")}
_BY_DEPARTMENT = {
    "": mark("Status and headroom by department"),
    "share": mark("Compliance share by department"),
    "bands": mark("Bands by department"),
}
ALL = "all"
_KINDS: Mapping[str, Kind] = {"": "headroom", "share": "share", "bands": "counts"}
_OPEN = 500  # up to so many rows the tree begins open


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Heatmap",
        html.Div(id=ids.HEATMAP_SCENARIO),
        components.headline(ids.HEATMAP_HEADLINE),
        components.filter_bar(
            "heatmap",
            "as_of",
            "compare",
            "basis_and_difference",
            "department",
            components.Choice("mode", "Show", tuple(MODES.items())),
            components.Choice("criterion", "Open", (("", "Criteria only"), (ALL, "All elements"))),
        ),
        html.Div(id=ids.HEATMAP_EMPTY),
        components.table_place(ids.HEATMAP_TABLE),
        html.Div(id=ids.HEATMAP_LEGEND),
        components.drawer("heatmap"),
        is_told=True,
    )


def options(standard: Standard) -> str:
    """The criteria one can open, for the filter bar."""
    return components.options(criterion=[(c.code, f"{c.code} {c.title}") for c in standard.criteria])


def check(asked: Filters, standard: Standard, tree: pl.DataFrame) -> None:
    """UsageError for a mode, a criterion or a department that there is not."""
    if asked.mode not in MODES:
        raise UsageError(f"the heatmap has no mode {asked.mode}; choose one in the list Show")
    if asked.criterion not in ("", ALL, *(criterion.code for criterion in standard.criteria)):
        raise UsageError(f"{standard.title} has no criterion {asked.criterion}; choose one in the list Open")
    if tree.is_empty():
        raise UsageError(
            f"there is no department {asked.department} on this day that you may see; choose one in the list"
        )


# --- the table --------------------------------------------------------------------------------------------------------


def table(grid: Grid, asked: Filters) -> str:
    """The heatmap as the one table draws it."""
    columns = [Column("department", "Department"), Column("status", "Status", "status")]
    kind = "difference" if asked.basis == "difference" else _KINDS[asked.mode]
    for criterion in grid.standard.criteria:
        columns += _columns(grid.standard, criterion, asked, kind)
    keys, cells = [column.key for column in columns[2:]], _cells(grid, asked)
    found = list(grid.tree.iter_rows(named=True))
    stands = _verdicts(grid, found, is_wide=asked.criterion == ALL)
    rows = []
    for place, row in enumerate(found):
        code = row["department_code"]
        own = [row["name"], stands[place], *(cells.get((code, key)) for key in keys)]
        is_open = row["has_below"] and (place == 0 or len(found) <= _OPEN)
        rows.append(Row(code or "", own, depth=row["depth"] - found[0]["depth"], open=is_open, name=row["name"]))
    return table_json(
        ("" if grid.in_fact is None else _(whatif.SCENARIO)) + _caption(asked),
        columns,
        rows,
        bands=grid.standard.bands,
        tree=True,
        dense=True,
        find="url",
        empty="No departments match.",
        say=f"{count(len(rows), 'row')}, {count(len(columns) - 2, 'column')}",
    )


def _cells(grid: Grid, asked: Filters) -> Cells:
    if asked.basis == "difference":
        return difference_cells(grid)
    return criterion_cells(grid, asked.mode) | (band_cells(grid) if asked.criterion else {})


def _verdicts(grid: Grid, tree: list[dict[str, Any]], is_wide: bool) -> list[Cell]:
    """The status of each department of the tree; where its bands are rolled up, how those below it stand instead."""
    known = {row["department_code"]: row for row in statuses(grid).iter_rows(named=True)}
    in_fact = verdicts.shown_in_fact(grid.tree, grid.in_fact)
    cells = []
    for row in tree:
        now = known[row["department_code"]]
        told = verdicts.cell(now, is_told=not is_wide)
        cells.append(whatif.marked(told, now["shown"], in_fact.get(row["department_code"]), is_wide))
    return cells


def _caption(asked: Filters) -> str:
    if asked.basis == "difference":
        return _("Own assessment against the assessors', by department")
    return _(_BY_DEPARTMENT["bands" if asked.criterion == ALL else asked.mode])


def _columns(standard: Standard, criterion: Criterion, asked: Filters, kind: Kind) -> Iterable[Column]:
    code, full = criterion.code, f"{criterion.code} {criterion.title}"
    if asked.criterion not in (code, ALL):
        label = code if asked.criterion else full
        yield Column(code, label, kind, title=full, opens=True, expand=asked.href(criterion=code), edge=True)
        return
    over = Group(full, full, None if asked.criterion == ALL else asked.href(criterion=None))
    if asked.criterion == code:
        yield Column(
            code,
            "All",
            kind,
            title=_("{criterion}, all its elements", criterion=full),
            groups=(over,),
            opens=True,
            edge=True,
        )
    yield from _element_columns(standard, criterion, over, "difference" if kind == "difference" else "band")


def _element_columns(standard: Standard, criterion: Criterion, over: Group, kind: Kind) -> Iterable[Column]:
    sub_of = {element: sub for sub in criterion.sub_criteria for element in sub.elements}
    begun: set[str | None] = set()
    for element in criterion.elements:
        sub = sub_of.get(element)
        groups = (over, Group(sub.code, f"{sub.code} {sub.title}")) if sub else (over,)
        is_first = (sub.code if sub else None) not in begun
        begun.add(sub.code if sub else None)
        label = element.removeprefix(f"{sub.code}.") if sub else element
        full = f"{element} {standard.element[element].title}"
        yield Column(element, label, kind, title=full, groups=groups, opens=True, edge=is_first)


def legend(grid: Grid, asked: Filters) -> Component:
    """What the signs mean in what is shown."""
    kinds: list[Component] = []
    if asked.basis == "difference":
        kinds.append(_signs(_DIFFERENCES))
    elif not asked.mode and asked.criterion != ALL:
        kinds.append(_signs([*((components.status_word(code), "") for code in STATUS), *_HEADROOMS]))
    if asked.basis != "difference" and (asked.mode == "bands" or asked.criterion):
        kinds.append(components.legend(grid.standard))
    if grid.before_headroom is not None:
        kinds.append(_signs(_CHANGES))
    if grid.in_fact is not None:
        kinds.append(whatif.legend())
    return html.Div(kinds)


def _sign(words: str, name: str) -> Component:
    return html.Span(words, className=name, **components.HIDDEN)


_HEADROOMS = (
    (_sign("2/3", "hr-n"), mark("two partials of three allowed")),
    (_sign("1N", "hr-non"), mark("one non-compliant")),
    (_sign("4·", "hr-unknown"), mark("four not assessed")),
    (_sign("·", "b b-unknown"), mark("nothing assessed")),
)
_DIFFERENCES = (
    (_sign("↑", "diff diff-higher"), mark("the department rates itself higher than its assessors did")),
    (_sign("↓", "diff diff-lower"), mark("lower")),
    (_sign("=", "diff"), mark("the same")),
    (_sign("·", "b b-unknown"), mark("not rated by both")),
)
_CHANGES = ((_sign("↑ ↓", ""), mark("better, worse than on the day compared")),)


def _signs(items: Iterable[tuple[Component, str]]) -> Component:
    shown = [html.Li([sign, html.Span(_(words))] if words else [sign]) for sign, words in items]
    return html.Ul(shown, className="legend-list", **components.attributes(aria_label=_("What the signs mean")))
