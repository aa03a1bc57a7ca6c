"""The drawer of a page: from the cell in the address to what is behind it."""

from collections.abc import Callable

from dash import Dash, Input, Output
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard import cells, data, gate, ids, scenarios
from dashboard.behind import ElementBehind
from dashboard.filters import cell, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import details, whatif_choice
from db.roles import SEND


def register(app: Dash, page: str, need: str) -> None:
    """Fill a page's drawer; whoever may open the page may open its drawer."""
    app.callback(
        Output(ids.drawer_title(page), "children"),
        Output(ids.drawer_body(page), "children"),
        Input(ids.CELL, "data"),
        Input(ids.VIEW, "data"),
    )(_update(page, need))


def _update(page: str, need: str) -> Callable[..., tuple[str, list[Component]]]:
    @needs(need)
    def update_details(chosen: str | None, address: str | None) -> tuple[str, list[Component]]:
        """What the chosen cell is made of; that evidence was read is written into the audit log (W6)."""
        asked, place = filters(address, page), cell(chosen)
        if place is None:
            raise PreventUpdate
        view = data.view(current_scope(), asked.known_at)
        behind = cells.cell(view, asked.as_of, asked.basis, *place)
        if isinstance(behind, ElementBehind) and behind.evidence.height:
            gate.record("read evidence", f"{place[0] or 'corporate body'}, {place[1]}", rows=behind.evidence.height)
        tries = whatif_choice.panel(asked, behind.standard, scenarios.trial(view, asked, behind), chosen or "")
        return details.title(behind), [*tries, *details.body(behind, asked, view.scope.may(SEND))]

    return update_details
