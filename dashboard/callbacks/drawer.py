"""The drawer of a page: from the cell in the address to what is behind it."""

from collections.abc import Callable

from dash import Dash, Input, Output
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard import cells, data, gate, ids, improving, scenarios
from dashboard.behind import Behind, ElementBehind
from dashboard.filters import Filters, cell, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import details, whatif_choice
from dashboard.pages.details_better import Better
from db.roles import CYCLE, SEND


def register(app: Dash, page: str, need: str) -> None:
    """Fill a page's drawer; whoever may open the page may open its drawer."""
    app.callback(
        Output(ids.drawer_title(page), "children"),
        Output(ids.drawer_body(page), "children"),
        Input(ids.CELL, "data"),
        Input(ids.VIEW, "data"),
    )(_update(page, need))


def _update(page: str, need: str) -> Callable[..., tuple[str, list[Component]]]:
    @needs(need, kept=True)
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
        better = _better(view, asked, behind)
        return details.title(behind), [*tries, *details.body(behind, asked, view.scope.may(SEND), better)]

    return update_details


def _better(view: data.View, asked: Filters, behind: Behind) -> Better:
    """What could be done about a cell: the way to safety of its criterion, who does it well, the next review."""
    day, code, basis = asked.as_of, behind.place.code, behind.basis
    key = behind.element.code if isinstance(behind, ElementBehind) else ""
    criterion = behind.element.criterion if isinstance(behind, ElementBehind) else behind.criterion.code
    return Better(
        improving.fixes_of(view, day, code, 1, basis).filter(criterion=criterion),
        improving.lessons_for(view, day, key, code, basis),
        improving.told_exemplars(view).get(key, []),
        data.names(view),
        improving.certificate_of(view, day, code) if view.scope.may(CYCLE) else None,
        view.scope.may(SEND),
    )
