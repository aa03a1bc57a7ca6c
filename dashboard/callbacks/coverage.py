"""Coverage: from the address to a certificate's elements, years and what is owed."""

from typing import Any

import polars as pl
from dash import Dash, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard import cells, components, data, ids
from dashboard.filters import Filters, filters
from dashboard.filters import cell as place_of
from dashboard.identity import current_scope
from dashboard.pages import coverage as page
from dashboard.pages import details


def register(app: Dash) -> None:
    """The page follows from the address, the details from the cell in it."""
    app.callback(
        Output(ids.COVERAGE_HEADLINE, "children"),
        Output(ids.COVERAGE_NOTES, "children"),
        Output(ids.COVERAGE_CHIPS, "children"),
        Output(ids.COVERAGE_MATRIX, "data-table"),
        Output(ids.COVERAGE_LEGEND, "children"),
        Output(ids.COVERAGE_CRITERIA, "data-table"),
        Output(ids.COVERAGE_YEARS, "data-table"),
        Output(ids.COVERAGE_CERTIFICATES, "data-table"),
        Output(ids.filter_bar("coverage"), "data-options"),
        Input(ids.VIEW, "data"),
    )(update_coverage)
    app.callback(
        Output(ids.drawer_title("coverage"), "children"),
        Output(ids.drawer_body("coverage"), "children"),
        Input(ids.CELL, "data"),
        State(ids.VIEW, "data"),
    )(update_details)


def update_coverage(address: str | None) -> tuple[Any, ...]:
    """The page for an address."""
    asked = filters(address, "coverage")
    view, today = data.view(current_scope(), asked.known_at), asked.as_of
    every = page.by_certificate(
        data.coverages(view, today), data.completions(view, today), data.certificates(view, today), today
    )
    if every.is_empty():
        return "", _no_certificate(view), "", "", "", "", "", "", components.options(certificate=[])
    names, tenant, standard = data.names(view), view.scope.tenant_name, data.programme(view).standard
    chosen = _chosen(every, asked)
    of_it = pl.col("certificate_code") == chosen["certificate_code"]
    elements, years = data.coverages(view, today).filter(of_it), data.years(view, today).filter(of_it)
    return (
        page.headline(chosen, names.get(chosen["department_code"]) or tenant),
        page.notes(chosen),
        page.chips(elements, asked),
        page.matrix(page.shown(elements, asked.status), years, standard, asked),
        components.legend(standard, "coverage"),
        page.criteria_table(elements, standard),
        page.years_table(years),
        page.certificates_table(every, names, tenant, asked),
        components.options(certificate=_options(every, names, tenant)),
    )


def update_details(cell: str | None, address: str | None) -> tuple[str, list[Component]]:
    """What is behind the element in the address."""
    asked, place = filters(address, "coverage"), place_of(cell)
    if place is None:
        raise PreventUpdate
    view = data.view(current_scope(), asked.known_at)
    behind = cells.cell(view, asked.as_of, asked.basis, *place)
    return details.title(behind), list(details.body(behind, asked))


def _chosen(every: pl.DataFrame, asked: Filters) -> dict[str, Any]:
    own = every.filter(pl.col("certificate_code") == asked.certificate)
    return (own if own.height else every).row(0, named=True)


def _options(every: pl.DataFrame, names: dict[str | None, str], tenant: str) -> list[tuple[str, str]]:
    return [
        (row["certificate_code"], f"{names.get(row['department_code']) or tenant} ({row['certificate_code']})")
        for row in every.iter_rows(named=True)
    ]


def _no_certificate(view: data.View) -> Component:
    if data.is_empty(view):
        return components.nothing_loaded(view.scope.tenant_code)
    return components.empty_state(
        "No certificate is known on this day",
        "Coverage is counted in the cycle of a certificate. Load a table of certificates "
        "(certificate_code, awarded_on, expires_on), or choose a later day.",
    )
