"""Heatmap: from the address to the sentence, the table and the details."""

from typing import Any

from dash import Dash, Input, Output

from dashboard import components, data, ids, scenarios
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.language import said as _
from dashboard.pages import heatmap as page
from dashboard.pages import whatif
from dashboard.pages.heatmap_grid import Grid
from dashboard.pages.heatmap_headline import headline
from dashboard.trying import Scenario
from db.roles import PLAN, RESULTS


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.HEATMAP_SCENARIO, "children"),
        Output(ids.HEATMAP_HEADLINE, "children"),
        Output(ids.HEATMAP_EMPTY, "children"),
        Output(ids.HEATMAP_TABLE, "data-table"),
        Output(ids.HEATMAP_LEGEND, "children"),
        Output(ids.filter_bar("heatmap"), "data-options"),
        Input(ids.VIEW, "data"),
    )(update_heatmap)


@needs(RESULTS, kept=True)
def update_heatmap(address: str | None) -> tuple[Any, Any, Any, str, Any, str]:
    """The page for an address."""
    asked = filters(address, "heatmap")
    view = data.view(current_scope(), asked.known_at)
    options = page.options(data.standard(view))
    if data.is_empty(view):
        first = components.nothing_loaded(view.scope.tenant_code)
        return "", _("There are no results to show yet."), first, "", "", options
    supposing = scenarios.scenario(view, asked)
    grid = _grid(view, asked, supposing)
    page.check(asked, grid.standard, grid.tree)
    banner = whatif.banner(asked, supposing, *scenarios.sides(view, asked.as_of, supposing), view.scope.may(PLAN))
    said = whatif.said(headline(grid, asked), supposing)
    return banner, said, "", page.table(grid, asked), page.legend(grid, asked), options


def _grid(view: data.View, asked: Filters, supposing: Scenario | None) -> Grid:
    """What is shown; with a department, what lies below it."""
    day, basis, programme = asked.as_of, asked.basis.replace("difference", "formal"), data.programme(view)
    there = asked.department
    cells = supposing.cells if supposing and supposing.applies else {}
    return Grid(
        data.standard(view),
        programme.profile(day).cycle_years,
        day,
        data.cut(view, data.tree(view, day), there),
        data.cut(view, scenarios.standings(view, day, cells, basis), there),
        data.cut(view, scenarios.headrooms(view, day, cells, basis), there),
        data.cut(view, data.standings(view, asked.compare, basis), there) if asked.compare else None,
        data.cut(view, data.headrooms(view, asked.compare, basis), there) if asked.compare else None,
        data.cut(view, data.standings(view, day, "self"), there) if asked.basis == "difference" else None,
        supposing.facts if supposing and cells else {},
        data.cut(view, data.headrooms(view, day, basis), there) if cells else None,
    )
