"""What we understood: from the address to the sentence, the tables and what does not add up."""

from typing import Any

from dash import Dash, Input, Output

from dashboard import components, data, ids
from dashboard.filters import filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import data as loads_page
from dashboard.pages import understood as page
from db.roles import LOADS


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.UNDERSTOOD_HEADLINE, "children"),
        Output(ids.UNDERSTOOD_BODY, "children"),
        Output(ids.UNDERSTOOD_FILES, "data-table"),
        Output(ids.UNDERSTOOD_REASONS, "data-table"),
        Output(ids.UNDERSTOOD_DIFFERENCES, "data-table"),
        Input(ids.VIEW, "data"),
    )(update_understood)


@needs(LOADS, kept=True)
def update_understood(address: str | None) -> tuple[Any, Any, str, str, str]:
    """The page for an address."""
    asked, view = filters(address, "understood"), data.view(current_scope())
    files = data.editions(view)
    if files.is_empty():
        if not data.sees_all(view):
            return loads_page.NOTHING_SENT, loads_page.nothing_sent(), "", "", ""
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", ""
    day, reasons = asked.as_of, data.reasons(view)
    apart = page.apart(data.standings(view, day, "self"), data.standings(view, day))
    restated = int(data.programme(view).results["restated"].sum())
    odd = page.oddities(files, reasons, apart, restated, asked)
    return (
        page.headline(files, odd),
        page.body(files, odd),
        page.files_table(files, asked),
        page.reasons_table(reasons, asked) if reasons.height else "",
        page.differences_table(apart, data.names(view), view.scope.tenant_name, asked) if apart.height else "",
    )
