"""Service standards: from the address to the sentence, the table, the charts and the checklist."""

from typing import Any

from dash import Dash, Input, Output

from dashboard import components, customers, data, ids
from dashboard.filters import filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import standards as page
from db.roles import RESULTS


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.STANDARDS_HEADLINE, "children"),
        Output(ids.STANDARDS_EMPTY, "children"),
        Output(ids.STANDARDS_CHIPS, "children"),
        Output(ids.STANDARDS_TABLE, "data-table"),
        Output(ids.STANDARDS_CHARTS, "children"),
        Output(ids.STANDARDS_CHARTER, "children"),
        Input(ids.VIEW, "data"),
    )(update_standards)


@needs(RESULTS, kept=True)
def update_standards(address: str | None) -> tuple[Any, Any, Any, str, Any, Any]:
    """The page for an address."""
    asked = filters(address, "standards")
    view = data.view(current_scope(), asked.known_at)
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", "", ""
    tree = data.branch(view, asked.as_of, asked.department)
    every = customers.promised(view, asked.as_of, asked.department)
    if every.is_empty():
        return page.NOTHING, components.empty_state(*page.NO_PROMISES), "", "", "", page.charter([], every)
    subjects, names = data.standard(view).subjects, data.names(view)
    own = page.about(every, subjects, asked)
    shown, paths = page.shown(own, asked), dict(tree.select("department_code", "path").iter_rows())
    charts = page.charts(shown, customers.periods(view, asked.as_of), names)
    told, chips = page.standards_table(shown, names, paths, asked), page.chips(every, own, subjects, asked)
    return page.headline(own), "", chips, told, charts, page.charter(customers.charter(view, every), every)
