"""Way to safety: from the address to the sentence and the path of each department."""

from typing import Any

import polars as pl
from dash import Dash, Input, Output

from dashboard import components, data, ids, improving
from dashboard.filters import filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import safety as page
from dashboard.pages.verdicts import nothing, nothing_assessed
from dashboard.words import organisation
from db.roles import RESULTS, SEND


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(Output(ids.SAFETY_HEADLINE, "children"), Output(ids.SAFETY_BODY, "children"), Input(ids.VIEW, "data"))(
        update_safety
    )


@needs(RESULTS)
def update_safety(address: str | None) -> tuple[Any, Any]:
    """The page for an address."""
    asked = filters(address, "safety")
    view, basis = data.view(current_scope(), asked.known_at), asked.basis.replace("difference", "formal")
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code)
    known, room = data.programme(view), page.left(asked)
    tree = data.branch(view, asked.as_of, asked.department)
    if known.results.is_empty():
        return nothing(asked.as_of), nothing_assessed(view.scope.tenant_code, asked.as_of, known.sites.height)
    rows = data.cut(view, improving.fixes(view, asked.as_of, room, basis), asked.department)
    limits = data.cut(view, improving.out_of_reach(view, asked.as_of, room, basis), asked.department)
    names = data.names(view) | {None: organisation(view.scope.tenant_name)}
    paths = dict(tree.select("department_code", "path").iter_rows())
    lacking = limits.filter((pl.col("not_assessed") > 0) | (pl.col("reachable") < room))
    about = page.About(names, paths, known.standard, asked, view.scope.may(SEND))
    return page.headline(rows, lacking, asked), page.body(rows, lacking, about)
