"""Next review: from the address to what a review should look at."""

from typing import Any

import polars as pl
from dash import Dash, Input, Output
from dash.development.base_component import Component

from dashboard import components, data, ids, scopes
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.pages import certificates
from dashboard.pages import scope as page
from db.roles import CYCLE, PLAN
from scheme.errors import UsageError


def register(app: Dash) -> None:
    """Everything follows from the address."""
    app.callback(
        Output(ids.SCOPE_HEADLINE, "children"),
        Output(ids.SCOPE_REVIEWS, "data-table"),
        Output(ids.SCOPE_CHOSEN, "children"),
        Output(ids.SCOPE_TABLE, "data-table"),
        Output(ids.SCOPE_LEFT, "data-table"),
        Output(ids.SCOPE_DRAFTS, "data-table"),
        Output(ids.filter_bar("scope"), "data-options"),
        Input(ids.VIEW, "data"),
    )(update_scope)


@needs(CYCLE)
def update_scope(address: str | None) -> tuple[Any, ...]:
    """The page for an address."""
    asked = filters(address, "scope")
    view = data.view(current_scope(), asked.known_at)
    names = data.names_with_organisation(view)
    planned = scopes.planned(view, asked.as_of)
    completions = data.cut(view, data.completions(view, asked.as_of), asked.department)
    rows = page.by_next(completions, data.certificates(view, asked.as_of), planned, asked.as_of)
    chosen = certificates.chosen(rows, data.cut(view, data.programme(view).certificates), asked)
    drafts = page.drafts_table(scopes.kept(view))
    if chosen is None:
        options = page.offered(rows, "", planned, names, None)
        return certificates.NOTHING, "", _nothing(view, asked), "", "", drafts, options
    options = page.offered(rows, chosen["certificate_code"], planned, names, chosen["elements_per_review"])
    listed = page.reviews_table(rows, names, asked) if certificates.is_list(rows, asked) else ""
    head, *rest = _proposal(view, chosen, rows, names, asked)
    return head + certificates.instead(chosen, asked), listed, *rest, drafts, options


def _proposal(
    view: data.View, chosen: dict[str, Any], rows: pl.DataFrame, names: certificates.Names, asked: Filters
) -> tuple[Any, ...]:
    """Headline, figures, what is taken and what is left out."""
    which = (chosen["certificate_code"], asked.review or None, asked.on, asked.capacity)
    try:
        found = scopes.proposal(view, asked.as_of, *which)
    except UsageError as error:
        return "No review can be proposed here.", page.not_possible(error, asked), "", ""
    standard = data.standard(view)
    about = page.about(found, chosen, rows, names, asked, view.scope.may(PLAN))
    return (
        page.headline(found, names),
        about,
        page.proposed(found, standard, asked.as_of),
        page.left_out(found, standard),
    )


def _nothing(view: data.View, asked: Filters) -> Component:
    if data.is_empty(view):
        return components.nothing_loaded(view.scope.tenant_code)
    known = data.cut(view, data.programme(view).certificates)
    needed = ("certificate_code", "awarded_on", "expires_on")
    return certificates.nothing("A review is of a certificate's holder.", needed, known, asked)
