"""Overview: from the address to the sentence, the week, the chips and the table."""

from datetime import date
from typing import Any

import polars as pl
from dash import Dash, Input, Output

from dashboard import components, data, ids
from dashboard.filters import Filters, filters
from dashboard.identity import current_scope
from dashboard.pages import overview as page


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.OVERVIEW_HEADLINE, "children"),
        Output(ids.OVERVIEW_WEEK, "children"),
        Output(ids.OVERVIEW_CHIPS, "children"),
        Output(ids.OVERVIEW_TABLE, "data-table"),
        Input(ids.VIEW, "data"),
    )(update_overview)


def update_overview(address: str | None) -> tuple[Any, Any, Any, str]:
    """The page for an address."""
    asked = filters(address, "overview")
    view = data.view(current_scope(), asked.known_at)
    if data.is_empty(view):
        return "", components.nothing_loaded(view.scope.tenant_code), "", ""
    facts = _facts(view, asked)
    return page.headline(facts), page.week(facts), page.chips(facts, asked), page.departments_table(facts, asked)


def _facts(view: data.View, asked: Filters) -> page.Facts:
    day, known, basis = asked.as_of, data.programme(view), asked.basis.replace("difference", "formal")
    tree = data.tree(view, day)
    certificates = data.cut(view, data.certificates(view, day), asked.department)
    planned = data.cut(view, known.assessments, asked.department)
    rows = page.departments(
        tree,
        data.cut(view, data.headrooms(view, day, basis), asked.department),
        data.headrooms(view, _year_before(day), basis),
        data.latest_results(view, day),
        page.ahead(planned, certificates),
        day,
    )
    incomplete = data.completions(view, day).filter(~pl.col("can_complete"))
    unvisited = data.visited(view, day).filter(pl.col("outstanding") > 0, pl.col("days_to_expiry") <= 0)
    return page.Facts(
        day,
        rows,
        page.forms_due(planned, day),
        page.actions_overdue(data.cut(view, data.rows_of(view, "actions"), asked.department), day),
        page.expiring(certificates, day),
        page.names(tree),
        incomplete.height + unvisited.height,
        view.scope.tenant_name,
    )


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)
