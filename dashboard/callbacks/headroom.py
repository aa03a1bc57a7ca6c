"""Headroom: from the address to the sentence, the chips, the tables and the details."""

from typing import Any

import polars as pl
from dash import Dash, Input, Output

from dashboard import components, data, ids, scenarios
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import headroom as page
from dashboard.pages import whatif
from dashboard.pages.others import panel
from dashboard.pages.verdicts import judged, nothing, nothing_assessed, verdicts, worst_first
from dashboard.trying import Scenario
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


@needs(RESULTS, kept=True)
def update_headroom(address: str | None) -> tuple[Any, Any, Any, str, Any, str, Any, Any]:
    """The page for an address."""
    asked = filters(address, "headroom")
    view = data.view(current_scope(), asked.known_at)
    others = _others(view, asked)
    if data.is_empty(view):
        return "", components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", "", "", others
    known = data.programme(view)
    tree = data.branch(view, asked.as_of, asked.department)
    if known.intervals.is_empty() and not asked.tried and asked.draft is None:
        advice = nothing_assessed(view.scope.tenant_code, asked.as_of, known.sites.height)
        return "", nothing(asked.as_of), advice, "", "", "", "", others
    return *_drawn(view, asked, tree, scenarios.scenario(view, asked)), others


def _drawn(
    view: data.View, asked: Filters, tree: pl.DataFrame, supposing: Scenario | None
) -> tuple[Any, str, str, str, Any, str, Any]:
    """The page but for what is told of others: in fact, or as supposed."""
    standard, basis, day = data.standard(view), asked.basis.replace("difference", "formal"), asked.as_of
    cells = supposing.cells if supposing and supposing.applies else {}
    headroom = data.cut(view, scenarios.headrooms(view, day, cells, basis), asked.department)
    fact = data.cut(view, data.headrooms(view, day), asked.department) if cells else None
    rows = worst_first(verdicts(tree, headroom))
    is_several = judged(rows).height > 1
    criteria = page.criteria_table(rows, headroom, standard, bool(cells)) if is_several else ""
    told = page.departments_table(rows, headroom, standard, asked, fact)
    legend = [components.legend(standard, "headroom"), *([whatif.legend()] if cells else [])]
    banner = whatif.banner(asked, supposing, *scenarios.sides(view, day, supposing), view.scope.may(PLAN))
    said = whatif.said(page.headline(rows, asked, basis), supposing)
    return banner, said, "", criteria, page.chips(rows, asked), told, legend


def _others(view: data.View, asked: Filters) -> Any:
    """How all departments stand without names, for people with departments of their own where the tenant chose so."""
    if not data.tells_of_others(view):
        return ""
    return panel(*data.distribution(view, asked.as_of))
