"""Sites: from the address to a certificate's sites, their map and the list to take along."""

from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import Dash, Input, Output
from flask import Response, abort, request

import formats
from dashboard import components, data, ids
from dashboard.filters import Filters, filters
from dashboard.identity import current_scope
from dashboard.pages import sites as page

_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def register(app: Dash) -> None:
    """Everything follows from the address; the list can be taken along as a file."""
    app.callback(
        Output(ids.SITES_HEADLINE, "children"),
        Output(ids.SITES_CHIPS, "children"),
        Output(ids.SITES_TABLE, "data-table"),
        Output(ids.SITES_TAKE_ALONG, "children"),
        Output(ids.SITES_MAP, "children"),
        Output(ids.SITES_CERTIFICATES, "data-table"),
        Output(ids.SITES_BENCHMARK, "children"),
        Output(ids.filter_bar("sites"), "data-options"),
        Input(ids.VIEW, "data"),
    )(update_sites)
    app.server.get("/download/sites.<kind>")(sites_file)


def update_sites(address: str | None) -> tuple[Any, ...]:
    """The page for an address."""
    asked = filters(address, "sites")
    view = data.view(current_scope(), asked.known_at)
    visits = page.worst_first(data.visited(view, asked.as_of))
    if visits.is_empty():
        return "", _no_certificate(view), "", "", "", "", "", components.options(certificate=[])
    names, chosen = data.names(view), _chosen(visits, asked)
    sites = _sites(view, chosen["certificate_code"], asked)
    name = names.get(chosen["department_code"]) or view.scope.tenant_name
    ended = data.certificates(view, asked.as_of).filter(pl.col("certificate_code") == chosen["certificate_code"])
    return (
        page.headline(chosen, name, ended["ended_on"][0]),
        page.chips(sites, asked),
        page.sites_table(page.shown(sites, asked.status), names),
        page.take_along(chosen["certificate_code"], asked),
        page.plan(sites),
        page.certificates_table(visits, names, view.scope.tenant_name, asked),
        page.benchmark(chosen),
        components.options(certificate=_options(visits, names, view.scope.tenant_name)),
    )


def sites_file(kind: str) -> Response:
    """The sites of a certificate as shown, to take along."""
    query = {key: request.args[key] for key in ("as_of", "status", "certificate") if request.args.get(key)}
    asked = filters(f"/sites?{urlencode(query)}", "sites")
    view = data.view(current_scope())
    visits = data.visited(view, asked.as_of)
    if kind not in _TYPES or visits.filter(pl.col("certificate_code") == asked.certificate).is_empty():
        abort(404)
    frame = page.to_take_along(page.shown(_sites(view, asked.certificate, asked), asked.status), data.names(view))
    about = [view.scope.tenant_name, f"Sites of certificate {asked.certificate}", f"As of {asked.as_of:%-d %B %Y}"]
    body = formats.csv_text(frame) if kind == "csv" else formats.xlsx_bytes({"Sites": frame}, about)
    headers = {"Content-Disposition": f'attachment; filename="sites-{asked.as_of}.{kind}"'}
    return Response(body, content_type=_TYPES[kind], headers=headers)


def _chosen(visits: pl.DataFrame, asked: Filters) -> dict[str, Any]:
    own = visits.filter(pl.col("certificate_code") == asked.certificate)
    return (own if own.height else visits).row(0, named=True)


def _sites(view: data.View, certificate: str, asked: Filters) -> pl.DataFrame:
    own = data.sites_of(view, asked.as_of).filter(pl.col("certificate_code") == certificate)
    return page.with_states(own, data.programme(view).visits, asked.as_of)


def _options(visits: pl.DataFrame, names: dict[str | None, str], tenant: str) -> list[tuple[str, str]]:
    return [
        (row["certificate_code"], f"{names.get(row['department_code']) or tenant} ({row['certificate_code']})")
        for row in visits.iter_rows(named=True)
    ]


def _no_certificate(view: data.View) -> Any:
    if data.is_empty(view):
        return components.nothing_loaded(view.scope.tenant_code)
    return components.empty_state(
        "No certificate is known on this day",
        "Sites are visited under a certificate. Load a table of certificates "
        "(certificate_code, awarded_on, expires_on, sites_required), or choose a later day.",
    )
