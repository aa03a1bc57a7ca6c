"""Data: from the address to the loads, the rows set aside, and their downloads."""

import re
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import polars as pl
from dash import Dash, Input, Output
from flask import Response, abort, request

import formats
from dashboard import components, data, ids
from dashboard.administration.withdrawals import may_withdraw
from dashboard.filters import filters
from dashboard.gate import needs
from dashboard.handing_out import file_stem, handed_out
from dashboard.identity import current_scope
from dashboard.pages import data as page
from dashboard.uploads import shown_name
from db.loading import SENT_BY_CHAMPIONS
from db.roles import EXPORT, LOADS, RESULTS, SEND
from etl.template import KINDS, WORKBOOK, template
from scheme.errors import UsageError


def register(app: Dash) -> None:
    """Everything follows from the address; the rows set aside can be taken away as files."""
    app.callback(
        Output(ids.DATA_HEADLINE, "children"),
        Output(ids.DATA_CHOSEN, "children"),
        Output(ids.DATA_REJECTED, "data-table"),
        Output(ids.DATA_LOADS, "data-table"),
        Output(ids.DATA_CONFIRM, "children"),
        Output(ids.DATA_TEMPLATES, "children"),
        Input(ids.VIEW, "data"),
    )(update_data)
    app.server.get("/download/rejected/<int:load>.<kind>")(rejected_file)
    app.server.get("/download/blank/<template_kind>.xlsx")(blank_file)
    app.server.get("/download/template/<path:department>.xlsx")(department_file)
    app.server.get("/download/original/<int:load>/<int:file_number>")(original_file)


@needs(LOADS, kept=True)
def update_data(address: str | None) -> tuple[Any, Any, str, str, Any, Any]:
    """The page for an address."""
    asked, view = filters(address, "data"), data.view(current_scope())
    to_fill_in = _templates(view)
    loads = data.loads(view)
    if loads.is_empty() and not data.sees_all(view):
        return page.NOTHING_SENT, page.nothing_sent(), "", "", "", to_fill_in
    if loads.is_empty():
        return components.NO_DATA, components.nothing_loaded(view.scope.tenant_code), "", "", "", to_fill_in
    load = asked.load or page.newest_with_trouble(loads)
    confirm = page.to_confirm(data.rows_of(view, "departments"), data.rows_of(view, "sites"))
    headline = page.headline(loads) + ("" if data.sees_all(view) else page.OWN)
    if load is None:
        loads_shown = page.loads_table(loads, load, asked, data.withdrawn(view))
        return headline, "", "", loads_shown, confirm, to_fill_in
    rejected = _of_file(data.rejected(view, load), asked.file)
    files, notes = (
        _of_file(loads.filter(pl.col("load") == load), asked.file),
        _of_file(data.notes(view, load), asked.file),
    )
    gone = data.withdrawn(view)
    chosen = page.chosen(load, files, notes, rejected, asked, _afterwards(view, load, gone.get(load)))
    table = page.rejected_table(load, rejected) if rejected.height else ""
    return headline, chosen, table, page.loads_table(loads, load, asked, gone), confirm, to_fill_in


def _templates(view: data.View) -> Any:
    if not view.scope.may(SEND):
        return ""
    departments = data.tree(view, _today()).filter(pl.col("department_code").is_not_null())
    kinds = KINDS if data.sees_all(view) else [kind for kind in KINDS if kind in (WORKBOOK, *SENT_BY_CHAMPIONS)]
    return page.templates(kinds, list(departments.select("department_code", "name").iter_rows()))


def _afterwards(view: data.View, load: int, withdrawn_by: int | None) -> page.Afterwards:
    kept = data.originals_of(view, load).filter("is_kept").unique("file", keep="first") if _may_take(view) else None
    numbers = dict(kept.select("file", "file_number").iter_rows()) if kept is not None else {}
    may = may_withdraw(view.scope) and data.why_not_withdrawn(view, load) is None
    return page.Afterwards(withdrawn_by, may, numbers)


def _may_take(view: data.View) -> bool:
    return view.scope.may(EXPORT)


@needs(LOADS, EXPORT)
def original_file(load: int, file_number: int) -> Response:
    """A file as it was sent: always to be kept, never to be shown; of a load that this person may see (F19)."""
    most = 2**31 - 1
    found = data.original(data.view(current_scope()), load, file_number) if max(load, file_number) <= most else None
    if found is None:
        abort(404)
    name, body = found
    headers = {"Content-Disposition": _attachment(name), "X-Content-Type-Options": "nosniff"}
    return Response(body, content_type="application/octet-stream", headers=headers)


def _attachment(name: str) -> str:
    """What a browser is told of a file to be kept: its sender's name, in letters that end no header (RFC 6266)."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", shown_name(name)) or "original"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(shown_name(name) or plain, safe='')}"


@needs(LOADS, EXPORT)
def rejected_file(load: int, kind: str) -> Response:
    """The rows a load set aside, as sent, with `why`: CSV, or a workbook with a sheet for each of the sender's."""
    view = data.view(current_scope())
    rows = _of_file(data.rejected(view, load), request.args.get("file", ""))
    if kind not in formats.CONTENT_TYPES or rows.is_empty():
        abort(404)
    body = formats.csv_text(formats.as_sent(rows)) if kind == "csv" else formats.xlsx_bytes(formats.sent_back(rows))
    return handed_out(body, f"set-aside-{load}", kind)


@needs(SEND)
def blank_file(template_kind: str) -> Response:
    """A blank file to fill in: the self-assessment workbook, or a canonical table; nothing of the tenant is in it."""
    if template_kind not in KINDS:
        abort(404)
    return handed_out(template(current_scope(), template_kind, None, _today()), template_kind, "xlsx")


@needs(RESULTS, SEND, EXPORT)
def department_file(department: str) -> Response:
    """The self-assessment workbook of a department, with what is known now."""
    try:
        body = template(current_scope(), WORKBOOK, department, _today())
    except UsageError:
        abort(404)
    return handed_out(body, file_stem("self-assessment", department), "xlsx")


def _today() -> date:
    return datetime.now(UTC).date()


def _of_file(frame: pl.DataFrame, file: str) -> pl.DataFrame:
    return frame.filter(pl.col("file") == file) if file else frame
