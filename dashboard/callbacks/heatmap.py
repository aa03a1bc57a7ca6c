"""Heatmap: from the address to the sentence, the table and the details."""

from typing import Any

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from dashboard import cells, components, data, ids
from dashboard.filters import Filters, cell, filters
from dashboard.identity import current_scope
from dashboard.pages import details
from dashboard.pages import heatmap as page
from dashboard.pages.heatmap_grid import Grid
from dashboard.pages.heatmap_headline import headline


def register(app: Dash) -> None:
    """The page follows from the address, the drawer from the cell in it."""
    app.callback(
        Output(ids.HEATMAP_HEADLINE, "children"),
        Output(ids.HEATMAP_EMPTY, "children"),
        Output(ids.HEATMAP_TABLE, "data-table"),
        Output(ids.HEATMAP_LEGEND, "children"),
        Output(ids.filter_bar("heatmap"), "data-options"),
        Input(ids.VIEW, "data"),
    )(update_heatmap)
    app.callback(
        Output(ids.drawer_title("heatmap"), "children"),
        Output(ids.drawer_body("heatmap"), "children"),
        Input(ids.CELL, "data"),
        State(ids.VIEW, "data"),
    )(update_details)


def update_heatmap(address: str | None) -> tuple[Any, Any, str, Any, str]:
    """The page for an address."""
    asked = filters(address, "heatmap")
    view = data.view(current_scope(), asked.known_at)
    options = page.options(data.programme(view).standard)
    if data.is_empty(view):
        first = components.nothing_loaded(view.scope.tenant_code)
        return "There are no results to show yet.", first, "", "", options
    grid = _grid(view, asked)
    page.check(asked, grid.standard, grid.tree)
    return headline(grid, asked), "", page.table(grid, asked), page.legend(grid, asked), options


def update_details(chosen: str | None, address: str | None) -> tuple[Any, Any]:
    """What the chosen cell is made of."""
    asked, place = filters(address, "heatmap"), cell(chosen)
    if place is None:
        raise PreventUpdate
    view = data.view(current_scope(), asked.known_at)
    behind = cells.cell(view, asked.as_of, asked.basis, *place)
    return details.title(behind), details.body(behind, asked)


def _grid(view: data.View, asked: Filters) -> Grid:
    """What is shown; with a department, what lies below it."""
    day, basis, programme = asked.as_of, asked.basis.replace("difference", "formal"), data.programme(view)
    there = asked.department
    return Grid(
        programme.standard,
        programme.profile(day).cycle_years,
        day,
        data.cut(view, data.tree(view, day), there),
        data.cut(view, data.standings(view, day, basis), there),
        data.cut(view, data.headrooms(view, day, basis), there),
        data.cut(view, data.standings(view, asked.compare, basis), there) if asked.compare else None,
        data.cut(view, data.headrooms(view, asked.compare, basis), there) if asked.compare else None,
        data.cut(view, data.standings(view, day, "self"), there) if asked.basis == "difference" else None,
    )
