"""Trend: from the address to what moved, what is falling, how bands went by year, and the estimate of risk."""

from datetime import date
from typing import Any

from dash import Dash, Input, Output

from dashboard import components, data, ids, trends
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import trend as page
from dashboard.pages import trend_alarms as alarms
from dashboard.pages import trend_risk as estimate
from dashboard.pages.overview_facts import year_before
from db.roles import RESULTS
from scheme.trend import criteria_drifting, elements_falling, falls, recurring, window


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
    app.callback(
        Output(ids.TREND_SAID, "children"),
        Output(ids.TREND_ELEMENTS, "data-table"),
        Output(ids.TREND_CRITERIA, "data-table"),
        Output(ids.TREND_FALLS, "data-table"),
        Output(ids.TREND_RECURRING, "data-table"),
        Output(ids.TREND_YEARS, "children"),
        Input(ids.VIEW, "data"),
    )(update_alarms)
    app.callback(Output(ids.TREND_RISK, "children"), Input(ids.VIEW, "data"))(update_risk)


@needs(RESULTS, kept=True)
def update_movement(address: str | None) -> tuple[Any, ...]:
    """What moved between two days."""
    asked, view = _asked(address)
    page.check(asked)
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", "", ""
    data.branch(view, asked.as_of, asked.department)
    first, second = _days(asked)
    moves, standard = trends.moved(view, first, second, asked.department), data.standard(view)
    head = page.headline(moves, first)
    if moves.is_empty():
        return head, "", "", "", "", ""
    told = page.moves_table(moves, standard, data.names_with_organisation(view), asked)
    sentences = page.said(moves, first, second, standard)
    return head, "", sentences, page.bands_table(moves, standard), page.chips(moves, asked), told


@needs(RESULTS, kept=True)
def update_alarms(address: str | None) -> tuple[Any, ...]:
    """What falls, what stays partial, what is more than chance, and bands by year."""
    asked, view = _asked(address)
    if data.is_empty(view):
        return "", "", "", "", "", ""
    known, day, there = data.programme(view), asked.as_of, asked.department
    standard, names, steps, since = (
        known.standard,
        data.names_with_organisation(view),
        trends.steps_of(view, day, there),
        window(known, day),
    )
    elements, criteria = elements_falling(steps, since), criteria_drifting(steps, since)
    chart = alarms.years_chart(trends.years_of(view, day, there), standard)
    fallen = alarms.falls_table(falls(steps, since), standard, names, asked)
    again = alarms.recurring_table(recurring(steps), standard, names, asked)
    said = alarms.said(elements, criteria, since, day)
    return said, *alarms.alarms_tables(elements, criteria, standard, names), fallen, again, chart


@needs(RESULTS, kept=True)
def update_risk(address: str | None) -> Any:
    """The estimate of losing the award, where the organisation turned it on."""
    asked, view = _asked(address)
    if data.is_empty(view) or not trends.estimates(view):
        return ""
    told, standard = trends.risk_of(view, asked.as_of, asked.department), data.standard(view)
    return estimate.panel(told, standard, data.names_with_organisation(view), asked, is_cut=not data.sees_all(view))


def _asked(address: str | None) -> tuple[Filters, data.View]:
    asked = filters(address, "trend")
    return asked, data.view(current_scope(), asked.known_at)


def _days(asked: Filters) -> tuple[date, date]:
    """The earlier and the later of the two days; without one to compare with, a year before."""
    first, second = sorted((asked.compare or year_before(asked.as_of), asked.as_of))
    return first, second
