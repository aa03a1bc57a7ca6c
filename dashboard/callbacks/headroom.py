"""Headroom: from the address to the sentence, the chips, the tables and the details."""

from typing import Any

from dash import Dash, Input, Output

from dashboard import components, data, ids, scenarios
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import headroom as page
from dashboard.pages import whatif
from dashboard.pages.others import panel
from dashboard.pages.verdicts import judged, nothing, nothing_assessed, verdicts, worst_first
from db.roles import PLAN, RESULTS


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.HEADROOM_SCENARIO, "children"),
        Output(ids.HEADROOM_HEADLINE, "children"),
        Output(ids.HEADROOM_EMPTY, "children"),
        Output(ids.HEADROOM_CRITERIA, "data-table"),
        Output(ids.HEADROOM_CHIPS, "children"),
        Output(ids.HEADROOM_TABLE, "data-table"),
        Output(ids.HEADROOM_LEGEND, "children"),
        Output(ids.HEADROOM_OTHERS, "children"),
        Input(ids.VIEW, "data"),
    )(update_headroom)


@needs(RESULTS)
def update_headroom(address: str | None) -> tuple[Any, Any, Any, str, Any, str, Any, Any]:
    """The page for an address."""
    asked = filters(address, "headroom")
    view = data.view(current_scope(), asked.known_at)
    others = _others(view, asked)
    if data.is_empty(view):
        return "", components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", "", "", others
    known, basis = data.programme(view), asked.basis.replace("difference", "formal")
    tree = data.branch(view, asked.as_of, asked.department)
    if known.results.is_empty():
        advice = nothing_assessed(view.scope.tenant_code, asked.as_of, known.sites.height)
        return "", nothing(asked.as_of), advice, "", "", "", "", others
    supposing = scenarios.scenario(view, asked)
    cells = supposing.cells if supposing and supposing.applies else {}
    headroom = data.cut(view, scenarios.headrooms(view, asked.as_of, cells, basis), asked.department)
    rows = worst_first(verdicts(tree, headroom))
    criteria = page.criteria_table(rows, headroom, known.standard, bool(cells)) if judged(rows).height > 1 else ""
    fact = data.cut(view, data.headrooms(view, asked.as_of), asked.department) if cells else None
    told = page.departments_table(rows, headroom, known.standard, asked, fact)
    legend = [components.legend(known.standard, "headroom"), *([whatif.legend()] if cells else [])]
    banner = whatif.banner(asked, supposing, *scenarios.sides(view, asked.as_of, supposing), view.scope.may(PLAN))
    return banner, page.headline(rows, asked, basis), "", criteria, page.chips(rows, asked), told, legend, others


def _others(view: data.View, asked: Filters) -> Any:
    """How all departments stand without names, for people with departments of their own where the tenant chose so."""
    if not data.tells_of_others(view):
        return ""
    return panel(*data.distribution(view, asked.as_of))
