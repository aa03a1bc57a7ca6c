"""Arrivals: from the address to the sentence, the chips and the table."""

from typing import Any

from dash import Dash, Input, Output

from dashboard import components, data, ids
from dashboard.filters import filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import arrivals as page
from db.roles import LOADS, SEND


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.ARRIVALS_HEADLINE, "children"),
        Output(ids.ARRIVALS_EMPTY, "children"),
        Output(ids.ARRIVALS_ENTER, "children"),
        Output(ids.ARRIVALS_CHIPS, "children"),
        Output(ids.ARRIVALS_TABLE, "data-table"),
        Input(ids.VIEW, "data"),
    )(update_arrivals)


@needs(LOADS, kept=True)
def update_arrivals(address: str | None) -> tuple[Any, Any, Any, Any, str]:
    """The page for an address."""
    asked = filters(address, "arrivals")
    view = data.view(current_scope(), asked.known_at)
    enter = page.entering() if view.scope.may(SEND) else ""
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), enter, "", ""
    tree = data.branch(view, asked.as_of, asked.department)
    rows = data.cut(view, data.arrivals(view, asked.as_of), asked.department)
    if rows.is_empty():
        return page.NOBODY, components.empty_state(*page.NO_DEPARTMENT), enter, "", ""
    paths = dict(tree.select("department_code", "path").iter_rows())
    names = data.names_with_organisation(view)
    return page.headline(rows), "", enter, page.chips(rows, asked), page.arrivals_table(rows, names, paths, asked)
