"""Way to safety: from the address to the sentence and the path of each department."""

from typing import Any

import polars as pl
from dash import Dash, Input, Output

from dashboard import components, data, ids, improving
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import safety as page
from dashboard.pages.verdicts import nothing, nothing_assessed
from db.roles import RESULTS, SEND


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(Output(ids.SAFETY_HEADLINE, "children"), Output(ids.SAFETY_BODY, "children"), Input(ids.VIEW, "data"))(
        update_safety
    )


@needs(RESULTS, kept=True)
def update_safety(address: str | None) -> tuple[Any, Any]:
    """The page for an address."""
    asked = filters(address, "safety")
    view, basis = data.view(current_scope(), asked.known_at), asked.basis.replace("difference", "formal")
    room, day, there = page.left(asked), asked.as_of, asked.department
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code)
    about = _about(view, asked)
    if data.cut(view, data.standings(view, day, basis), there).is_empty():
        return nothing(day), nothing_assessed(view.scope.tenant_code, day, data.programme(view).sites.height)
    rows = data.cut(view, improving.fixes(view, day, room, basis), there)
    limits = data.cut(view, improving.out_of_reach(view, day, room, basis), there)
    lacking = limits.filter((pl.col("not_assessed") > 0) | (pl.col("reachable") < room))
    return page.headline(rows, lacking, asked), page.body(rows, lacking, about)


def _about(view: data.View, asked: Filters) -> page.About:
    names = data.names_with_organisation(view)
    paths = dict(data.branch(view, asked.as_of, asked.department).select("department_code", "path").iter_rows())
    return page.About(names, paths, data.standard(view), asked, view.scope.may(SEND))
