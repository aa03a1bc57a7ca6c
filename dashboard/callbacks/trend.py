"""Trend: from the address to what moved, what is falling, how bands went by year, and the estimate of risk."""

from datetime import date
from typing import Any

from dash import Dash, Input, Output

from dashboard import components, data, ids, trends
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import trend as page
from dashboard.pages.overview_facts import year_before
from dashboard.words import organisation
from db.roles import RESULTS


def register(app: Dash) -> None:
    """Everything follows from the address; movement comes first, for it is quickest."""
    app.callback(
        Output(ids.TREND_HEADLINE, "children"),
        Output(ids.TREND_EMPTY, "children"),
        Output(ids.TREND_SENTENCES, "children"),
        Output(ids.TREND_BANDS, "data-table"),
        Output(ids.TREND_CHIPS, "children"),
        Output(ids.TREND_MOVES, "data-table"),
        Input(ids.VIEW, "data"),
    )(update_movement)


@needs(RESULTS)
def update_movement(address: str | None) -> tuple[Any, ...]:
    """What moved between two days."""
    asked, view = _asked(address)
    page.check(asked)
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", "", ""
    data.branch(view, asked.as_of, asked.department)
    first, second = _days(asked)
    moves, standard = trends.moved(view, first, second, asked.department), data.programme(view).standard
    head = page.headline(moves, first, second)
    if moves.is_empty():
        return head, "", "", "", "", ""
    told = page.moves_table(moves, standard, _names(view), asked)
    sentences = page.said(moves, first, second, standard)
    return head, "", sentences, page.bands_table(moves, standard), page.chips(moves, asked), told


def _asked(address: str | None) -> tuple[Filters, data.View]:
    asked = filters(address, "trend")
    return asked, data.view(current_scope(), asked.known_at)


def _days(asked: Filters) -> tuple[date, date]:
    """The earlier and the later of the two days; without one to compare with, a year before."""
    first, second = sorted((asked.compare or year_before(asked.as_of), asked.as_of))
    return first, second


def _names(view: data.View) -> dict[str | None, str]:
    return data.names(view) | {None: organisation(view.scope.tenant_name)}
