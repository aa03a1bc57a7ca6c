"""Assessments: from the address to the stages of departments, the countdown and one department's timeline."""

from typing import Any

import polars as pl
from dash import Dash, Input, Output
from dash.development.base_component import Component

from dashboard import components, data, ids, renewals
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import journey as page
from dashboard.pages.certificates import Names
from dashboard.pages.journey_countdown import countdown
from db.roles import CYCLE, SEND

NO_DEPARTMENT = (
    "No department is active on this day",
    "Open departments, or load a table of them and one of assessments, and it shows here how far each of these is.",
)


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.JOURNEY_HEADLINE, "children"),
        Output(ids.JOURNEY_CHOSEN, "children"),
        Output(ids.JOURNEY_COUNTDOWN, "children"),
        Output(ids.JOURNEY_CHIPS, "children"),
        Output(ids.JOURNEY_TABLE, "data-table"),
        Input(ids.VIEW, "data"),
    )(update_journey)


@needs(CYCLE, kept=True)
def update_journey(address: str | None) -> tuple[Any, ...]:
    """The page for an address."""
    asked = filters(address, "journey")
    view = data.view(current_scope(), asked.known_at)
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", ""
    data.branch(view, asked.as_of, asked.department)
    rows = data.cut(view, renewals.journeys(view, asked.as_of), asked.department)
    if rows.is_empty():
        return "There is nothing to follow on this day.", components.empty_state(*NO_DEPARTMENT), "", "", ""
    names = data.names_with_organisation(view)
    steps = renewals.steps(view, asked.as_of)
    chosen = _chosen(rows, steps, names, asked)
    near = _countdown(view, names, asked)
    return page.headline(rows), chosen, near, page.chips(rows, asked), page.stages_table(rows, names, asked)


def _chosen(rows: pl.DataFrame, steps: pl.DataFrame, names: Names, asked: Filters) -> Component | str:
    """The timeline of the department in the filter."""
    own = rows.filter(pl.col("department_code") == asked.department)
    if own.is_empty():
        return ""
    return page.timeline(
        own.row(0, named=True), steps.filter(pl.col("department_code") == asked.department), names, asked
    )


def _countdown(view: data.View, names: Names, asked: Filters) -> Component | str:
    near = data.cut(view, renewals.countdowns(view, asked.as_of), asked.department)
    mend = renewals.to_mend(view, asked.as_of) if near.height else near
    return countdown(near, mend, names, asked, view.scope.may(SEND))
