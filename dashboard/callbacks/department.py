"""Department: from the address to all there is about one department, or to the list to choose it from."""

from typing import Any

import polars as pl
from dash import Dash, Input, Output
from dash.development.base_component import Component

from dashboard import components, customers, data, doing, ids
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import department as page
from dashboard.pages import groups, standards
from dashboard.pages.department_facts import About
from dashboard.pages.verdicts import verdicts
from db.roles import CYCLE, LOADS, RESULTS, SEND
from scheme.arrivals import review_forms
from scheme.standing import holds
from scheme.timeline import timeline


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.DEPARTMENT_HEADLINE, "children"),
        Output(ids.DEPARTMENT_BODY, "children"),
        Input(ids.VIEW, "data"),
    )(update_department)


@needs(RESULTS, kept=True)
def update_department(address: str | None) -> tuple[Any, Any]:
    """The page for an address."""
    asked = filters(address, "department")
    view = data.view(current_scope(), asked.known_at)
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code)
    data.branch(view, asked.as_of, asked.department)
    tree = data.tree(view, asked.as_of)
    rows = verdicts(tree, data.headrooms(view, asked.as_of))
    roots = tree.filter(pl.col("parent_code").is_null(), pl.col("department_code").is_not_null())["department_code"]
    code = asked.department or (roots[0] if roots.len() == 1 and not data.sees_all(view) else "")
    if rows.is_empty():
        return page.NOBODY[0] + ".", components.empty_state(*page.NOBODY)
    if not code:
        return page.choose_headline(rows), page.choose(rows, asked)
    about = _about(view, asked, code, rows)
    return page.headline(about), page.body(about, asked, view.scope.may(SEND), _customers(view, asked, code))


def _customers(view: data.View, asked: Filters, code: str) -> list[Component]:
    """What it promises its customers, and who they are, in short."""
    return [
        standards.panel(customers.promised(view, asked.as_of, code), asked, code),
        groups.panel(customers.known_groups(view, asked.as_of, code), asked, code),
    ]


def _about(view: data.View, asked: Filters, code: str, rows: pl.DataFrame) -> About:
    day, own = asked.as_of, pl.col("department_code") == code
    known = data.programme(view)
    return About(
        day,
        rows.row(by_predicate=own, named=True),
        data.standard(view),
        data.headrooms(view, day).filter(own),
        data.standings(view, day).filter(own),
        data.standings(view, day, "self").filter(own),
        view.kept("timeline", lambda: timeline(known, day, code), day, code),
        doing.actions(view, day).filter(own),
        doing.findings_without(view, day).filter(own),
        doing.evidence(view, day).filter(own),
        doing.lacking(view, day).filter(own),
        review_forms(known.assessments).filter(own),
        rows.filter(parent_code=code),
        data.names_with_organisation(view),
        _certificates(view, asked, code) if view.scope.may(CYCLE) else None,
        data.arrivals(view, day).filter(own) if view.scope.may(LOADS) else None,
        _sites(view, asked, code) if view.scope.may(CYCLE) else None,
    )


def _certificates(view: data.View, asked: Filters, code: str) -> pl.DataFrame:
    """scheme.coverage.completion of its own certificate and of those it is below, with their ends; its own first."""
    parents = dict(data.programme(view).departments.select("department_code", "parent_code").iter_rows())
    above: list[str | None] = []
    place: str | None = code
    while place is not None and place not in above:
        above.append(place)
        place = parents.get(place)
    held = data.certificates(view, asked.as_of).select("certificate_code", "expires_on", "ended_on")
    rows = data.completions(view, asked.as_of).filter(
        pl.col("department_code").is_null() | pl.col("department_code").is_in(above)
    )
    turn = pl.col("department_code").replace_strict(above, range(len(above)), default=len(above), return_dtype=pl.Int64)
    return rows.join(held, on="certificate_code").sort(turn, maintain_order=True)


def _sites(view: data.View, asked: Filters, code: str) -> pl.DataFrame:
    """Its sites in scope: site_code, site_name, must_visit, visited (null: no certificate), last_on, booked_on."""
    day, known = asked.as_of, data.programme(view)
    own = known.sites.filter(holds(day, "in_scope_from", "in_scope_to"), pl.col("department_codes").list.contains(code))
    counted = data.sites_of(view, day).group_by("site_code").agg(pl.col("visited").any())
    held = known.visits.filter(~pl.col("planned"), pl.col("visited_on") <= day, pl.col("mode") != "self_assessed")
    ahead = known.visits.filter("planned", pl.col("visited_on") >= day)
    rows = own.select("site_code", "site_name", "must_visit")
    for more in (
        counted,
        held.group_by("site_code").agg(last_on=pl.col("visited_on").max()),
        ahead.group_by("site_code").agg(booked_on=pl.col("visited_on").min()),
    ):
        rows = rows.join(more, on="site_code", how="left", maintain_order="left")
    return rows.sort("visited", ~pl.col("must_visit"), "last_on", nulls_last=[True, False, False], maintain_order=True)
