"""Sites: from the address to a certificate's sites, their map and the list to take along."""

from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import Dash, Input, Output
from dash.development.base_component import Component
from flask import Response, abort, request

import formats
from dashboard import components, data, ids
from dashboard.entering.choices import choices
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.handing_out import file_stem, handed_out
from dashboard.identity import current_scope
from dashboard.pages import certificates
from dashboard.pages import sites as page
from dashboard.pages.details_lineage import of_visits
from dashboard.words import day
from db.roles import CYCLE, EXPORT, SEND

_ASKED = ("as_of", "known_at", "status", "certificate")


def register(app: Dash) -> None:
    """Everything follows from the address; the list can be taken along as a file."""
    app.callback(
        Output(ids.SITES_HEADLINE, "children"),
        Output(ids.SITES_CERTIFICATES, "data-table"),
        Output(ids.SITES_CHOSEN, "children"),
        Output(ids.SITES_CHIPS, "children"),
        Output(ids.SITES_TABLE, "data-table"),
        Output(ids.SITES_MAP, "children"),
        Output(ids.SITES_BENCHMARK, "children"),
        Output(ids.filter_bar("sites"), "data-options"),
        Input(ids.VIEW, "data"),
    )(update_sites)
    app.server.get("/download/sites.<kind>")(sites_file)


@needs(CYCLE, kept=True)
def update_sites(address: str | None) -> tuple[Any, ...]:
    """The page for an address."""
    asked = filters(address, "sites")
    view = data.view(current_scope(), asked.known_at)
    names = data.names_with_organisation(view)
    rows = _certificates(view, asked)
    chosen = certificates.chosen(rows, data.cut(view, data.programme(view).certificates), asked)
    options = certificates.options(rows, names)
    if chosen is None:
        return certificates.NOTHING, "", _nothing(view, asked), "", "", "", "", options
    head = page.headline(rows, chosen, names, asked) + certificates.instead(chosen, asked)
    listed = page.certificates_table(rows, names, asked) if certificates.is_list(rows, asked) else ""
    return head, listed, *_sites(view, chosen, rows, names, asked), options


@needs(CYCLE, EXPORT)
def sites_file(kind: str) -> Response:
    """The sites of a certificate as shown, to take along."""
    query = urlencode({key: request.args[key] for key in _ASKED if request.args.get(key)})
    asked = filters(f"/sites?{query}", "sites")
    view = data.view(current_scope(), asked.known_at)
    names = data.names_with_organisation(view)
    rows = _certificates(view, asked).filter(pl.col("certificate_code") == asked.certificate)
    if kind not in formats.CONTENT_TYPES or rows.is_empty():
        abort(404)
    row = rows.row(0, named=True)
    frame = page.to_take_along(page.shown(_states(view, row, asked), asked.status), names)
    about = [view.scope.tenant_name, page.headline(rows, row, names, asked), f"As of {day(asked.as_of)}"]
    body = formats.csv_text(frame) if kind == "csv" else formats.xlsx_bytes({"Sites": frame}, about)
    return handed_out(body, file_stem("sites", asked.certificate, asked.as_of), kind)


def _certificates(view: data.View, asked: Filters) -> pl.DataFrame:
    """The certificates one may choose from, the one that owes most first."""
    visited = data.cut(view, data.visited(view, asked.as_of), asked.department)
    return page.worst_first(visited, data.certificates(view, asked.as_of), asked.as_of)


def _states(view: data.View, row: dict[str, Any], asked: Filters) -> pl.DataFrame:
    own = data.sites_of(view, asked.as_of).filter(pl.col("certificate_code") == row["certificate_code"])
    return page.with_states(own, data.programme(view).visits, row, asked.as_of)


def _sites(
    view: data.View, row: dict[str, Any], rows: pl.DataFrame, names: certificates.Names, asked: Filters
) -> tuple[Any, ...]:
    """Figures, chips, table, map, benchmark and lineage of one certificate."""
    sites = _states(view, row, asked)
    enter = choices(view.scope).sites if view.scope.may(SEND) else ()
    book = [certificates.booking(row)] if view.scope.may(SEND) else []
    return (
        [
            *certificates.heading(row, rows, names, asked),
            *page.about(row, sites, asked.as_of),
            page.planning(row, asked),
            *book,
        ],
        page.chips(sites, row["certificate_code"], asked),
        page.sites_table(page.shown(sites, asked.status), names, asked.as_of, enter),
        page.on_a_map(sites),
        [page.benchmark(row), _lineage(view, row, sites["site_code"].to_list(), asked)],
    )


def _lineage(view: data.View, row: dict[str, Any], sites: list[str], asked: Filters) -> Component:
    """Where the figures of a certificate come from."""
    known, visits = data.programme(view), data.visits_behind(view, sites)
    named = known.certificates.filter(pl.col("certificate_code") == row["certificate_code"])["profile"]
    profile = known.profile(asked.as_of, named[0] if named.len() else None)
    return of_visits(visits, data.origins_of(view, visits["load"].to_list()), profile)


def _nothing(view: data.View, asked: Filters) -> Component:
    if data.is_empty(view):
        return components.nothing_loaded(view.scope.tenant_code)
    known = data.cut(view, data.programme(view).certificates)
    needs = ("certificate_code", "awarded_on", "expires_on", "sites_required")
    return certificates.nothing("Sites are visited under a certificate.", needs, known, asked)
