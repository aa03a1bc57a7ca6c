"""Headroom: from the address to the sentence, the chips, the tables and the details."""

from typing import Any

from dash import Dash, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard import cells, components, data, ids
from dashboard.filters import cell as place_of
from dashboard.filters import filters
from dashboard.identity import current_scope
from dashboard.pages import details
from dashboard.pages import headroom as page
from dashboard.pages.verdicts import judged, nothing, nothing_assessed, verdicts, worst_first


def register(app: Dash) -> None:
    """The page follows from the address, the details from the cell in it."""
    app.callback(
        Output(ids.HEADROOM_HEADLINE, "children"),
        Output(ids.HEADROOM_EMPTY, "children"),
        Output(ids.HEADROOM_CRITERIA, "data-table"),
        Output(ids.HEADROOM_CHIPS, "children"),
        Output(ids.HEADROOM_TABLE, "data-table"),
        Output(ids.HEADROOM_LEGEND, "children"),
        Input(ids.VIEW, "data"),
    )(update_headroom)
    app.callback(
        Output(ids.drawer_title("headroom"), "children"),
        Output(ids.drawer_body("headroom"), "children"),
        Input(ids.CELL, "data"),
        State(ids.VIEW, "data"),
    )(update_details)


def update_headroom(address: str | None) -> tuple[Any, Any, str, Any, str, Any]:
    """The page for an address."""
    asked = filters(address, "headroom")
    view = data.view(current_scope(), asked.known_at)
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", "", ""
    known, basis = data.programme(view), asked.basis.replace("difference", "formal")
    tree = data.branch(view, asked.as_of, asked.department)
    if known.results.is_empty():
        advice = nothing_assessed(view.scope.tenant_code, asked.as_of, known.sites.height)
        return nothing(asked.as_of), advice, "", "", "", ""
    headroom = data.cut(view, data.headrooms(view, asked.as_of, basis), asked.department)
    rows = worst_first(verdicts(tree, headroom))
    criteria = page.criteria_table(rows, headroom, known.standard) if judged(rows).height > 1 else ""
    told = page.departments_table(rows, headroom, known.standard, asked)
    legend = components.legend(known.standard, "headroom")
    return page.headline(rows, asked, basis), "", criteria, page.chips(rows, asked), told, legend


def update_details(cell: str | None, address: str | None) -> tuple[str, list[Component]]:
    """What is behind the cell in the address."""
    asked, place = filters(address, "headroom"), place_of(cell)
    if place is None:
        raise PreventUpdate
    view = data.view(current_scope(), asked.known_at)
    behind = cells.cell(view, asked.as_of, asked.basis, *place)
    return details.title(behind), list(details.body(behind, asked))
