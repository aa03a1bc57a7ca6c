"""Overview: from the address to the sentence, the week, the chips and the table."""

from typing import Any

import polars as pl
from dash import Dash, Input, Output

from dashboard import components, data, ids
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import overview as page
from dashboard.pages import overview_facts as facts_of
from dashboard.pages.others import line
from dashboard.pages.verdicts import nothing_assessed, verdicts
from db.roles import LOADS, RESULTS


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.OVERVIEW_HEADLINE, "children"),
        Output(ids.OVERVIEW_WEEK, "children"),
        Output(ids.OVERVIEW_CHIPS, "children"),
        Output(ids.OVERVIEW_TABLE, "data-table"),
        Output(ids.OVERVIEW_OTHERS, "children"),
        Input(ids.VIEW, "data"),
    )(update_overview)


@needs(RESULTS, kept=True)
def update_overview(address: str | None) -> tuple[Any, Any, Any, str, str]:
    """The page for an address."""
    asked = filters(address, "overview")
    view = data.view(current_scope(), asked.known_at)
    others = line(*data.distribution(view, asked.as_of)) if data.tells_of_others(view) else ""
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", others
    facts = _facts(view, asked)
    week = page.week(facts, asked)
    if data.programme(view).intervals.is_empty():
        advice = nothing_assessed(view.scope.tenant_code, asked.as_of, data.programme(view).sites.height)
        week = components.stack(advice, week)
    came = data.arrivals(view, asked.as_of) if view.scope.may(LOADS) else None
    return page.headline(facts), week, page.chips(facts, asked), page.departments_table(facts, asked, came), others


def _facts(view: data.View, asked: Filters) -> facts_of.Facts:
    day, basis, there = asked.as_of, asked.basis.replace("difference", "formal"), asked.department
    tree, headroom = data.branch(view, day, there), data.cut(view, data.headrooms(view, day, basis), there)
    certificates = data.cut(view, data.certificates(view, day), there)
    planned = data.cut(view, data.programme(view).assessments, there)
    rows = facts_of.departments(
        verdicts(tree, headroom),
        headroom,
        data.headrooms(view, facts_of.year_before(day), basis),
        data.latest_results(view, day),
        facts_of.ahead(planned, certificates),
        day,
    )
    hopeless, unsure = _cycles(view, asked)
    return facts_of.Facts(
        day,
        basis,
        rows,
        facts_of.forms_due(planned, day),
        facts_of.actions_overdue(data.cut(view, data.open_actions(view, day), there), day),
        facts_of.expiring(certificates, day),
        {**data.names(view), None: view.scope.tenant_name},
        hopeless,
        unsure,
    )


def _cycles(view: data.View, asked: Filters) -> tuple[int, int]:
    """How many certificates can no longer complete their cycle, and how many owe something without showing they can."""
    owed = data.cut(view, data.completions(view, asked.as_of), asked.department).filter(pl.col("outstanding") > 0)
    visits = data.cut(view, data.visited(view, asked.as_of), asked.department)
    past = visits.filter(pl.col("outstanding") > 0, pl.col("days_to_expiry") <= 0)
    hopeless = set(owed.filter(~pl.col("can_complete"))["certificate_code"]) | set(past["certificate_code"])
    unsure = owed.filter(pl.col("can_complete").is_null())["certificate_code"]
    return len(hopeless), len(set(unsure) - hopeless)
