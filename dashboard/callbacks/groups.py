"""Customer groups: from the address to the sentence, the chips and the table."""

from typing import Any

from dash import Dash, Input, Output

from dashboard import components, customers, data, ids
from dashboard.filters import filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import groups as page
from db.roles import RESULTS


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.GROUPS_HEADLINE, "children"),
        Output(ids.GROUPS_EMPTY, "children"),
        Output(ids.GROUPS_CHIPS, "children"),
        Output(ids.GROUPS_TABLE, "data-table"),
        Input(ids.VIEW, "data"),
    )(update_groups)


@needs(RESULTS, kept=True)
def update_groups(address: str | None) -> tuple[Any, Any, Any, str]:
    """The page for an address."""
    asked = filters(address, "groups")
    view = data.view(current_scope(), asked.known_at)
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", ""
    tree = data.branch(view, asked.as_of, asked.department)
    rows = customers.known_groups(view, asked.as_of, asked.department)
    if rows.is_empty():
        return page.NOTHING, components.empty_state(*page.NO_GROUPS), "", ""
    paths = dict(tree.select("department_code", "path").iter_rows())
    told = page.groups_table(page.shown(rows, asked), data.names(view), paths, asked)
    return page.headline(rows), "", page.chips(rows, asked), told
