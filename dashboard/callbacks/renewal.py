"""Renewal: from the address to a certificate's five checks and the rows behind them."""

from typing import Any

import polars as pl
from dash import Dash, Input, Output
from dash.development.base_component import Component

from dashboard import components, data, ids, renewals
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import certificates
from dashboard.pages import renewal as page
from db.roles import CYCLE, SEND


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.RENEWAL_HEADLINE, "children"),
        Output(ids.RENEWAL_CERTIFICATES, "data-table"),
        Output(ids.RENEWAL_CHOSEN, "children"),
        Output(ids.RENEWAL_CHECKS, "children"),
        Output(ids.filter_bar("renewal"), "data-options"),
        Input(ids.VIEW, "data"),
    )(update_renewal)


@needs(CYCLE, kept=True)
def update_renewal(address: str | None) -> tuple[Any, ...]:
    """The page for an address."""
    asked = filters(address, "renewal")
    view = data.view(current_scope(), asked.known_at)
    names = data.names_with_organisation(view)
    rows = _certificates(view, asked)
    chosen = certificates.chosen(rows, data.cut(view, data.programme(view).certificates), asked)
    options = certificates.options(rows, names)
    if chosen is None:
        return certificates.NOTHING, "", _nothing(view, asked), "", options
    head = page.headline(rows, chosen, names, asked) + certificates.instead(chosen, asked)
    listed = page.certificates_table(rows, names, asked) if certificates.is_list(rows, asked) else ""
    about = [*certificates.heading(chosen, rows, names, asked), *_about(view, chosen, names, asked)]
    return head, listed, about, _checks(view, chosen, names, asked), options


def _certificates(view: data.View, asked: Filters) -> pl.DataFrame:
    """The certificates one may choose from, the one that is worst off first."""
    checks = data.cut(view, renewals.renewals(view, asked.as_of), asked.department)
    return page.by_certificate(checks, data.certificates(view, asked.as_of), asked.as_of)


def _about(view: data.View, row: dict[str, Any], names: certificates.Names, asked: Filters) -> list[Component]:
    dates = renewals.next_dates(view, asked.as_of).filter(pl.col("certificate_code") == row["certificate_code"])
    book = [certificates.booking(row)] if view.scope.may(SEND) else []
    pack = [certificates.day_pack_link(row["certificate_code"], asked)] if row["in_force"] else []
    return [*page.about(row, dates, names, asked.as_of), *book, *pack]


def _checks(view: data.View, row: dict[str, Any], names: certificates.Names, asked: Filters) -> Component:
    code = row["certificate_code"]
    own = renewals.renewals(view, asked.as_of).filter(pl.col("certificate_code") == code)
    return page.checks(own, renewals.behind(view, asked.as_of, code), names, asked)


def _nothing(view: data.View, asked: Filters) -> Component:
    if data.is_empty(view):
        return components.nothing_loaded(view.scope.tenant_code)
    known = data.cut(view, data.programme(view).certificates)
    needs = ("certificate_code", "awarded_on", "expires_on", "sites_required")
    return certificates.nothing("A renewal is judged for a certificate.", needs, known, asked)
