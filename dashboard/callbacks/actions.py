"""Actions: from the address to the sentence, the chips and the table."""

from typing import Any

import polars as pl
from dash import Dash, Input, Output

from dashboard import components, data, doing, ids
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import actions as page
from db.roles import RESULTS, SEND


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.ACTIONS_HEADLINE, "children"),
        Output(ids.ACTIONS_EMPTY, "children"),
        Output(ids.ACTIONS_ENTER, "children"),
        Output(ids.ACTIONS_CHIPS, "children"),
        Output(ids.ACTIONS_TABLE, "data-table"),
        Input(ids.VIEW, "data"),
    )(update_actions)


@needs(RESULTS, kept=True)
def update_actions(address: str | None) -> tuple[Any, Any, Any, Any, str]:
    """The page for an address."""
    asked = filters(address, "actions")
    view = data.view(current_scope(), asked.known_at)
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", ""
    data.branch(view, asked.as_of, asked.department)
    rows, findings = (_cut(view, made(view, asked.as_of), asked) for made in (doing.actions, doing.findings_without))
    enters = view.scope.may(SEND)
    head, enter = page.headline(rows, findings, asked), page.entering(asked) if enters else ""
    if rows.is_empty() and findings.is_empty():
        return head, page.nothing(enters), enter, "", ""
    return head, "", enter, page.chips(rows, findings, asked), _listed(view, rows, findings, asked)


def _cut(view: data.View, rows: pl.DataFrame, asked: Filters) -> pl.DataFrame:
    return page.selected(data.cut(view, rows, asked.department), asked)


def _listed(view: data.View, rows: pl.DataFrame, findings: pl.DataFrame, asked: Filters) -> str:
    names = data.names_with_organisation(view)
    standard, enters = data.standard(view), view.scope.may(SEND)
    if asked.status == page.FINDINGS:
        return page.findings_table(findings, names, standard, asked, enters)
    return page.actions_table(page.shown(rows, asked.status), names, standard, asked, enters)
