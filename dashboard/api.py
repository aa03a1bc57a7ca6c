"""The API under /api/v1: programs send files and read measures with a token of one tenant (commands.md).

No cookie counts here and no token elsewhere. What is asked is checked here, what it needs is asked by dashboard.gate,
and what is answered is described in dashboard.openapi; every answer but the page is JSON.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl
from flask import Flask, Response, abort, current_app, g, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

import formats
import measures
from dashboard import data, gate
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.openapi import ROOT, description
from dashboard.providers import configured_origin
from dashboard.uploads import sent
from db.roles import EXPORT, SEND
from db.session import Scope
from etl import run
from etl.run import LoadReport
from etl.sources import Paths, kept_source
from scheme.errors import UsageError
from scheme.standard import BASES

_LONGEST = 200  # letters of what an address says
_LARGEST_LOAD = 2**31 - 1


def add_api(server: Flask) -> None:
    """Add the API, its description and its page to the server."""
    for path, view, method in (
        ("/", page, "GET"),
        ("/openapi.json", openapi, "GET"),
        ("/measures/<measure>", measured, "GET"),
        ("/loads", loads, "GET"),
        ("/loads", load, "POST"),
        ("/loads/<load>/rejected", rejected, "GET"),
        ("/checks", check, "POST"),
    ):
        rule = f"{ROOT}{path}"
        # Flask's own answer to OPTIONS would name what Dash's catch-all takes too; `need` says what is ours.
        server.add_url_rule(rule, f"api.{view.__name__}", view, methods=[method], provide_automatic_options=False)


def need() -> str | None:
    """What the present request needs; ends it with 404 or 405 where the API has no such address or method."""
    if request.endpoint is not None and request.endpoint.startswith("api."):
        return gate.need_of_endpoint()
    adapter = current_app.create_url_adapter(request)
    allowed = [method for method in ("GET", "POST") if adapter is not None and _is_ours(adapter, method)]
    if allowed:
        more = ["HEAD"] if "GET" in allowed else []
        raise MethodNotAllowed([*allowed, *more])
    raise NotFound("There is no such address; /api/v1/ lists those there are.")


def _is_ours(adapter: Any, method: str) -> bool:
    try:
        return str(adapter.match(request.path, method=method)[0]).startswith("api.")
    except HTTPException:
        return False


def told(error: Exception, plainly: Response) -> Response:
    """The JSON that says of a fault what `plainly`, a line of text, says to people."""
    said = plainly.get_data(as_text=True).strip()
    answer = json({"error": said, "number": g.get("error_number")}, plainly.status_code)
    if isinstance(error, HTTPException):
        if type(error).description != error.description and error.description:
            answer.set_data(formats.json_bytes({"error": error.description, "number": None}) + b"\n")
        for name, value in error.get_headers():
            if name in ("Allow", "WWW-Authenticate"):
                answer.headers[name] = value
    if "Retry-After" in plainly.headers:
        answer.headers["Retry-After"] = plainly.headers["Retry-After"]
    return answer


# --- what is the same for everybody -----------------------------------------------------------------------------------


@needs(gate.SIGNED_IN)
def page() -> str:
    """The API as a page to read."""
    return render_template("api.html", api=description(), host=configured_origin() or request.host_url.rstrip("/"))


@needs(gate.SIGNED_IN)
def openapi() -> Response:
    """The API's description."""
    return json(description())


# --- what is read -----------------------------------------------------------------------------------------------------


@needs(EXPORT)
def measured(measure: str) -> Response:
    """One measure as the records of commands.md."""
    if measure not in measures.KEYS:
        abort(404, f"There is no such measure; there are {', '.join(measures.KEYS)}.")
    asked = _asked("as_of", "known_at", "basis", many=("department",))
    basis = asked["basis"]
    if basis is not None and (measure not in measures.BASES_OF or basis not in BASES):
        has = (
            f"choose a basis of {', '.join(BASES)}"
            if measure in measures.BASES_OF
            else f"leave basis out: {measure} has none"
        )
        raise UsageError(has)
    day = _day(asked["as_of"]) if asked["as_of"] is not None else datetime.now(UTC).date()
    known_at = _moment(asked["known_at"]) if asked["known_at"] is not None else None
    try:
        frame = measures.measure(current_scope(), measure, day, known_at, asked["department"], basis)
    except UsageError:
        abort(404, "There is no department of that code, or it is not yours; leave it out to see those there are.")
    return json(formats.records(frame))


@needs(EXPORT)
def loads() -> Response:
    """The loads, newest first: a token for some departments sees its own."""
    _asked()
    return json(formats.records(data.loads(data.view(current_scope()))))


@needs(EXPORT)
def rejected(load: str) -> Response:
    """The rows a load set aside, as sent, with why."""
    _asked()
    number = int(load) if re.fullmatch(r"[0-9]{1,10}", load) else 0
    view = data.view(current_scope())
    if number > _LARGEST_LOAD or number not in data.loads(view)["load"]:
        abort(404, "There is no such load, or it is not yours.")
    return json(_rows(data.rejected(view, number)))


# --- what is sent -----------------------------------------------------------------------------------------------------


@needs(SEND)
def load() -> Response:
    """Take files into the warehouse, as `assay load` does; the report says what became of each."""
    scope = current_scope()

    def taken(paths: Paths, **how: Any) -> LoadReport:
        return run.load(scope, paths, sent_by=scope.email, **how)

    report = _sent(taken, "strict", "withdraw_missing")
    answer = json(_told(report, report.loads()), 201)
    answer.headers["Location"] = f"{ROOT}/loads/{report.load_number}/rejected"
    return answer


@needs(SEND)
def check() -> Response:
    """Say what would become of files, as `assay check` does; write nothing."""
    report = _sent(lambda paths, **how: run.check(paths, scope=current_scope(), **how), "strict")
    return json(_told(report, report.loads().drop("load")))


def _sent(take: Callable[..., LoadReport], *switches: str) -> LoadReport:
    _asked()
    scope = current_scope()
    with sent(scope.tenant_id, ("source", *switches)) as request_:
        how: dict[str, Any] = {name: _truth(name, request_.fields.get(name, "false")) for name in switches}
        if "source" in request_.fields:
            how["source"] = _source(scope, request_.fields["source"])
        return take(request_.files, **how)


def _source(scope: Scope, code: str) -> Any:
    if not re.fullmatch(r"[A-Za-z0-9_.&-]{1,40}", code):
        raise UsageError(
            "the field `source` is the code of a source that your organisation keeps: letters, digits, . & - _"
        )
    try:
        return kept_source(scope, code)
    except UsageError:
        abort(404, "There is no such source; /administration lists those that your organisation keeps.")


def _told(report: LoadReport, files: pl.DataFrame) -> dict[str, Any]:
    faulty = report.rejected or any(file.outcome == "refused" for file in report.files)
    notes = [{"file": file.file, "sheet": file.sheet, "note": note} for file in report.files for note in file.notes]
    told = {"loads": formats.records(files), "rejected": _rows(report.rejected_rows())}
    return {"exit_code": 3 if faulty else 0, **told, "notes": notes}


def _rows(rejected: pl.DataFrame) -> list[dict[str, Any]]:
    return [row | {"cells": formats.parsed_json(row["cells"])} for row in formats.records(rejected)]


# --- what an address says ---------------------------------------------------------------------------------------------


def _asked(*once: str, many: tuple[str, ...] = ()) -> dict[str, Any]:
    """The arguments of this request's address: those of `once` by name (None: not given), lists of `many`."""
    for name, values in request.args.lists():
        if name not in (*once, *many):
            there = f"there are {', '.join((*once, *many))}" if once or many else "it takes none"
            raise UsageError(f"no argument {_shown(name)} here; {there}")
        if (name in once and len(values) > 1) or len(values) > 100:
            raise UsageError(f"say {name} less often")
        if name in once and not (0 < len(values[0]) <= _LONGEST and values[0].isprintable()):
            raise UsageError(f"the argument {name} is empty, too long, or has letters that cannot be seen")
    given: dict[str, Any] = {name: request.args.get(name) for name in once}
    return given | {name: request.args.getlist(name) for name in many}


def _day(text: str) -> date:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise UsageError("write as_of as a day: 2026-03-31")


def _moment(text: str) -> datetime:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):  # a day alone: what was known at its end
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        # An address turns a `+` that was not escaped into a space.
        said = datetime.fromisoformat(re.sub(r"(:[0-9.]+) ([0-9]{2}:?[0-9]{2})$", r"\1+\2", text))
        return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError("write known_at as a moment: 2026-03-31T14:05:00Z") from error


def _truth(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise UsageError(f"say {name} as true or false")
    return text.lower() == "true"


def _shown(name: str) -> str:
    return name[:40] if name.isprintable() else "of that name"


def json(value: Any, status: int = 200) -> Response:
    """An answer of JSON, days and moments as commands.md writes them."""
    return Response(formats.json_bytes(value) + b"\n", status, mimetype="application/json")
