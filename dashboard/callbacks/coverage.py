"""Coverage: from the address to a certificate's elements, years and what is owed."""

from typing import Any

import polars as pl
from dash import Dash, Input, Output
from dash.development.base_component import Component

from dashboard import components, data, ids
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.language import mark
from dashboard.language import said as _
from dashboard.pages import certificates
from dashboard.pages import coverage as page
from db.roles import CYCLE, SEND


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.COVERAGE_HEADLINE, "children"),
        Output(ids.COVERAGE_CERTIFICATES, "data-table"),
        Output(ids.COVERAGE_CHOSEN, "children"),
        Output(ids.COVERAGE_CRITERIA, "data-table"),
        Output(ids.COVERAGE_CHIPS, "children"),
        Output(ids.COVERAGE_MATRIX, "data-table"),
        Output(ids.COVERAGE_LEGEND, "children"),
        Output(ids.COVERAGE_YEARS, "data-table"),
        Output(ids.filter_bar("coverage"), "data-options"),
        Input(ids.VIEW, "data"),
    )(update_coverage)


@needs(CYCLE, kept=True)
def update_coverage(address: str | None) -> tuple[Any, ...]:
    """The page for an address."""
    asked = filters(address, "coverage")
    view = data.view(current_scope(), asked.known_at)
    names = data.names_with_organisation(view)
    rows = _certificates(view, asked)
    chosen = certificates.chosen(rows, data.cut(view, data.programme(view).certificates), asked)
    options = certificates.options(rows, names)
    if chosen is None:
        return _(certificates.NOTHING), "", _nothing(view, asked), "", "", "", "", "", options
    head = page.headline(rows, chosen, names, asked) + certificates.instead(chosen, asked)
    listed = page.certificates_table(rows, names, asked) if certificates.is_list(rows, asked) else ""
    about = [*certificates.heading(chosen, rows, names, asked), *page.about(chosen, asked.as_of)]
    about += [certificates.booking(chosen)] if view.scope.may(SEND) else []
    return head, listed, about, *_elements(view, chosen["certificate_code"], asked), options


def _certificates(view: data.View, asked: Filters) -> pl.DataFrame:
    """The certificates one may choose from, the one that needs most first."""
    day = asked.as_of
    completions = data.cut(view, data.completions(view, day), asked.department)
    return page.by_certificate(data.coverages(view, day), completions, data.certificates(view, day), day)


def _elements(view: data.View, certificate: str, asked: Filters) -> tuple[Any, ...]:
    """Criteria, chips, matrix, legend and years of one certificate."""
    of_it, standard = pl.col("certificate_code") == certificate, data.standard(view)
    elements = data.coverages(view, asked.as_of).filter(of_it)
    years = data.years(view, asked.as_of).filter(of_it)
    return (
        page.criteria_table(elements, standard),
        page.chips(elements, asked),
        page.matrix(page.shown(elements, asked.status), years, standard, asked),
        components.legend(standard, "coverage"),
        page.years_table(years),
    )


def _nothing(view: data.View, asked: Filters) -> Component:
    if data.is_empty(view):
        return components.nothing_loaded(view.scope.tenant_code)
    known = data.cut(view, data.programme(view).certificates)
    needs = ("certificate_code", "awarded_on", "expires_on")
    return certificates.nothing(mark("Coverage is counted in the cycle of a certificate."), needs, known, asked)
