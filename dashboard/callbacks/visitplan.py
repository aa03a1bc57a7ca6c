"""Visit plan: from the address to a certificate's plan, its map, its files and the plans that were kept."""

from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import Dash, Input, Output
from flask import Response, abort, request

import formats
from dashboard import data, ids, visit_files, visit_plans
from dashboard.filters import Filters, filters
from dashboard.gate import needs
from dashboard.handing_out import file_stem, handed_out
from dashboard.identity import current_scope
from dashboard.map_svg import map_svg
from dashboard.pages import certificates
from dashboard.pages import visitplan as page
from dashboard.pages.sites import worst_first
from dashboard.pages.visitplan_proof import certificate, proof
from dashboard.visit_shown import Shown, on_map, sentence
from dashboard.words import day
from db.roles import CYCLE, EXPORT, PLAN, SEND

_ASKED = ("as_of", "known_at", "certificate", "mode", "pace", "days", "share", "seed", "draft")


def register(app: Dash) -> None:
    """Everything follows from the address; a plan can be taken along as list, calendar and map."""
    app.callback(
        Output(ids.VISITPLAN_HEADLINE, "children"),
        Output(ids.VISITPLAN_ABOUT, "children"),
        Output(ids.VISITPLAN_UNDONE, "children"),
        Output(ids.VISITPLAN_TABLE, "data-table"),
        Output(ids.VISITPLAN_MAP, "children"),
        Output(ids.VISITPLAN_REVIEWS, "data-table"),
        Output(ids.VISITPLAN_PROOF, "children"),
        Output(ids.VISITPLAN_KEPT, "children"),
        Output(ids.filter_bar("visitplan"), "data-options"),
        Input(ids.VIEW, "data"),
    )(update_visitplan)
    app.server.get("/download/visit-plan.<kind>")(visit_plan_file)


@needs(CYCLE)
def update_visitplan(address: str | None) -> tuple[Any, ...]:
    """The page for an address."""
    asked = filters(address, "visitplan")
    view = data.view(current_scope(), asked.known_at)
    names = data.names_with_organisation(view)
    rows = worst_first(data.visited(view, asked.as_of), data.certificates(view, asked.as_of), asked.as_of)
    options = certificates.options(rows, names)
    kept = page.kept_table(visit_plans.all_kept(view), asked)
    shown = _shown(view, asked, rows)
    if shown is None:
        nothing = certificates.nothing("Visits are planned for a certificate.", _NEEDS, _known(view), asked)
        return certificates.NOTHING, nothing, "", "", "", "", "", kept, options
    return *_plan(view, shown, asked, names), kept, options


_NEEDS = ("certificate_code", "awarded_on", "expires_on", "sites_required")


def _known(view: data.View) -> pl.DataFrame:
    return data.cut(view, data.programme(view).certificates)


def _shown(view: data.View, asked: Filters, rows: pl.DataFrame) -> Shown | None:
    """The kept plan that the address names, else a new one for its certificate or the one that owes most."""
    if asked.draft is not None:
        return visit_plans.kept(view, asked.as_of, asked.draft)
    row = certificates.chosen(rows, _known(view), asked)
    wanted = visit_plans.wanted(asked, row["certificate_code"]) if row else None
    return visit_plans.solved(view, asked.as_of, wanted) if wanted else None


def _plan(view: data.View, shown: Shown, asked: Filters, names: certificates.Names) -> tuple[Any, ...]:
    may = {"plan": view.scope.may(PLAN), "send": view.scope.may(SEND)}
    (holder,) = visit_plans.holder(view, shown.wanted.certificate) or (None,)
    return (
        page.headline(shown, names.get(holder, shown.wanted.certificate)),
        page.about(shown, asked, may),
        page.undone(shown),
        page.visits_table(shown),
        page.drawn_map(shown),
        page.reviews_table(shown, names),
        proof(shown),
    )


@needs(CYCLE, EXPORT)
def visit_plan_file(kind: str) -> Response:
    """A plan to take along: the list as CSV or a workbook, entries for a calendar, or a map."""
    query = urlencode({key: request.args[key] for key in _ASKED if request.args.get(key)})
    asked = filters(f"/visitplan?{query}", "visitplan")
    view = data.view(current_scope(), asked.known_at)
    if kind not in visit_files.KINDS or not (asked.certificate or asked.draft is not None):
        abort(404)
    if asked.draft is None and asked.certificate not in data.visited(view, asked.as_of)["certificate_code"]:
        abort(404)
    shown = _shown(view, asked, data.visited(view, asked.as_of))
    if shown is None or shown.plan.visits.is_empty():
        abort(404)
    return handed_out(_file(view, shown, kind), file_stem("visit-plan", shown.wanted.certificate, asked.as_of), kind)


def _file(view: data.View, shown: Shown, kind: str) -> str | bytes:
    title = f"Visit plan for certificate {shown.wanted.certificate} as of {day(shown.day)}"
    if kind == "ics":
        return visit_files.calendar(shown, view.scope.tenant_code)
    if kind == "svg":
        placed, names, left = on_map(shown)
        return map_svg(title, placed, names, left) if placed.height else abort(404)
    about = [view.scope.tenant_name, title, f"{sentence(shown)}.", *certificate(shown)]
    lists = visit_files.lists(shown)
    return formats.csv_text(lists["Visits"]) if kind == "csv" else formats.xlsx_bytes(lists, about)
