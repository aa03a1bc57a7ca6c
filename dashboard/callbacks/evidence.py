"""Evidence: from the address to the sentence, the chips and the table, or to what there is to see at a site."""

from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import Dash, Input, Output
from flask import Response, abort, request

import formats
from dashboard import components, data, doing, ids
from dashboard.entering.choices import choices
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.handing_out import file_stem, handed_out
from dashboard.identity import current_scope
from dashboard.pages import evidence as page
from dashboard.pages import evidence_on_site as on_site
from dashboard.words import day
from db.roles import EXPORT, RESULTS, SEND
from scheme.errors import UsageError

_ALL = (doing.evidence, doing.lacking)
_ASKED = ("as_of", "known_at", "site")


def register(app: Dash) -> None:
    """Everything follows from the address; what there is to see at a site can be taken along as a file."""
    app.callback(
        Output(ids.EVIDENCE_HEADLINE, "children"),
        Output(ids.EVIDENCE_EMPTY, "children"),
        Output(ids.EVIDENCE_ENTER, "children"),
        Output(ids.EVIDENCE_CHIPS, "children"),
        Output(ids.EVIDENCE_TABLE, "data-table"),
        Output(ids.filter_bar("evidence"), "data-options"),
        Input(ids.VIEW, "data"),
    )(update_evidence)
    app.server.get("/download/see-on-site.<kind>")(see_on_site_file)


@needs(RESULTS, kept=True)
def update_evidence(address: str | None) -> tuple[Any, ...]:
    """The page for an address."""
    asked = filters(address, "evidence")
    view = data.view(current_scope(), asked.known_at)
    if data.is_empty(view):
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", "", ""
    data.branch(view, asked.as_of, asked.department)
    options = on_site.site_options(_sites(view))
    if asked.site:
        return *_of_site(view, asked), options
    rows, lacking = (data.cut(view, made(view, asked.as_of), asked.department) for made in _ALL)
    rows = page.selected(rows, asked)
    enters = view.scope.may(SEND)
    head, enter = page.headline(rows, lacking), page.entering(asked) if enters else ""
    empty = page.nothing(enters) if rows.is_empty() else ""
    return head, empty, enter, page.chips(rows, lacking, asked), _listed(view, rows, lacking, asked), options


def _listed(view: data.View, rows: pl.DataFrame, lacking: pl.DataFrame, asked: Filters) -> str:
    names, enters = data.names_with_organisation(view), view.scope.may(SEND)
    if asked.status == page.NONE:
        return page.lacking_table(lacking, names, asked, enters)
    if rows.is_empty():
        return ""
    return page.evidence_table(page.shown(rows, asked.status), names, _sites(view), asked, _own_sites(view))


def _of_site(view: data.View, asked: Filters) -> tuple[Any, ...]:
    """Sentence, empty place, way in, controls and table of what there is to see at one site."""
    name, names = _site(view, asked.site), data.names_with_organisation(view)
    rows = doing.to_see(view, asked.as_of, asked.site)
    listed = on_site.site_table(rows, names, name, _own_sites(view))
    return on_site.site_headline(rows, name), "", "", on_site.site_controls(asked.site, asked), listed


@needs(RESULTS, EXPORT)
def see_on_site_file(kind: str) -> Response:
    """What there is to see at a site, to take along."""
    given = {key: request.args[key] for key in _ASKED if request.args.get(key)}
    if kind not in formats.CONTENT_TYPES or "site" not in given:
        abort(404)
    asked = filters(f"/evidence?{urlencode(given)}", "evidence")
    view = data.view(current_scope(), asked.known_at)
    if asked.site not in _sites(view):
        abort(404)
    name, rows = _site(view, asked.site), doing.to_see(view, asked.as_of, asked.site)
    frame = on_site.to_take_along(rows, data.names_with_organisation(view), (asked.site, name))
    about = [view.scope.tenant_name, on_site.site_headline(rows, name), f"As of {day(asked.as_of)}"]
    body = formats.csv_text(frame) if kind == "csv" else formats.xlsx_bytes({"See on site": frame}, about)
    return handed_out(body, file_stem("see-on-site", asked.site, asked.as_of), kind)


def _own_sites(view: data.View) -> page.Enters:
    return choices(view.scope).sites if view.scope.may(SEND) else None


def _sites(view: data.View) -> dict[str | None, str]:
    """The sites that may be seen by code, with their names, in the order of the names."""
    known = data.programme(view).sites.select("site_code", "site_name").iter_rows()
    return dict(sorted(((code, name or code) for code, name in known), key=lambda pair: (pair[1], pair[0])))


def _site(view: data.View, code: str) -> str:
    """The name of a site; UsageError where there is none that may be seen."""
    sites = _sites(view)
    if code not in sites:
        raise UsageError("there is no such site that you may see; choose one in the list")
    return sites[code]
