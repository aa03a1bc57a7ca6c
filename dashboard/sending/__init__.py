"""Send files: choose or drop them, see what taking them would do, mend what was set aside, take it or leave it.

Plain pages that work without JavaScript, in the frame of administration. Between preview and taking, the files wait in
the warehouse (db.sendings), for their sender alone; what is taken is just those bytes, and does just what was shown.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, abort, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

import formats
from dashboard.administration.forms import Wrong
from dashboard.administration.frame import done, sent, shown
from dashboard.gate import needs
from dashboard.handing_out import handed_out
from dashboard.identity import current_scope
from dashboard.sending import told
from dashboard.shell import SENDING
from dashboard.uploads import MOST_FILES, Sent, folder_of_its_own, largest, turn
from dashboard.uploads import sent as files_sent
from dashboard.words import count, sentence
from db import audit, kept_sources, sendings
from db.roles import EXPORT, SEND
from db.sendings import Preview, Waiting
from db.session import Scope, open_session
from db.writes import Opened
from etl import preview as previews
from etl.layouts.staged import Source
from etl.mended import MOST, Mend
from etl.preview import Otherwise
from etl.sources import Found, kept_source
from scheme.errors import UsageError

_LONGEST = 4000  # letters of a cell
_OVER = "This sending is not waiting any more: it was taken or left, or a day has passed. Send the files again."
_ANEW = "Nothing was taken: by now taking this would do something else than what was shown. Look again below."


def add_sending(server: Flask) -> None:
    """Add /send and what lies below it to the server."""
    one = f"{SENDING.path}/<int:number>"
    for path, view, method in (
        (SENDING.path, start, "GET"),
        (SENDING.path, received, "POST"),
        (one, waiting, "GET"),
        (f"{one}/take", taken, "POST"),
        (f"{one}/leave", left, "POST"),
        (f"{one}/mend", mended, "POST"),
        (f"{one}/changes.<kind>", changes_file, "GET"),
        (f"{one}/set-aside.<kind>", set_aside_file, "GET"),
    ):
        server.add_url_rule(path, f"sending.{view.__name__}", view, methods=[method])


# --- sending ----------------------------------------------------------------------------------------------------------


@needs(SEND)
def start() -> Response:
    """Choose or drop files; and what of one's own waits to be taken or left."""
    return _start()


@needs(SEND)
def received() -> Response:
    """Check files that were sent as a load would, keep them, and show what taking them would do."""
    scope = current_scope()
    try:
        with files_sent(scope.tenant_id, ("source", "page")) as brought:
            number = _previewed(scope, brought)
    except HTTPException as error:
        nothing = error.code == 400 and "There is no file" in (error.description or "")
        words = "Choose one or more files first." if nothing else error.description or error.name
        page = _start({"file": words})
        page.status_code = error.code or 400
        return page
    except UsageError as error:
        return _start({"file": sentence(error)})
    return redirect(f"{SENDING.path}/{number}", 303)


def _start(wrong: Wrong | None = None) -> Response:
    with open_session(current_scope()) as session:
        there = sendings.waiting(session)
        sources = [
            ("", "None: our own headings and words"),
            *((one.code, one.code) for one in kept_sources.kept(session)),
        ]
    limits = {"largest": largest(), "most": MOST_FILES}
    return shown("sending/start", SENDING.title, wrong, there=told.listed(there), sources=sources, **limits)


def _previewed(scope: Scope, brought: Sent) -> int:
    code = brought.fields.get("source", "")
    preview = previews.preview(scope, brought.files, source=_source(scope, code), by=scope.email)
    files = [(file.name, file.path.read_bytes()) for file in brought.files]
    with open_session(scope, write=True) as session:
        return sendings.keep(session, files, code or None, preview)


def _source(scope: Scope, code: str | None) -> Source | None:
    return kept_source(scope, code) if code else None


# --- what waits -------------------------------------------------------------------------------------------------------


@needs(SEND)
def waiting(number: int) -> Response:
    """What taking a sending of one's own would do."""
    return _waiting(_one(number))


def _waiting(one: Waiting, wrong: Wrong | None = None) -> Response:
    return shown("sending/preview", told.TITLE, wrong, sending=one, **told.preview(one, current_scope()))


@needs(SEND)
def taken(number: int) -> Response:
    """Load just the bytes that were previewed, if that does just what was shown; else show what it would do now."""
    scope, one, shown_then = current_scope(), _one(number), sent("preview")["preview"]

    def let_go(session: Opened) -> None:
        if not sendings.taken(session, number):
            raise UsageError(_OVER)

    if shown_then != one.fingerprint:
        return done(_ANEW, f"{SENDING.path}/{number}")
    try:
        with turn(scope.tenant_id), _files(one) as files:
            how = {"source": _source(scope, one.source), "mends": _mends(one), "by": scope.email}
            report = previews.take(scope, files, shown_then, also=let_go, **how)  # type: ignore[arg-type]  # a dict of mixed values
    except Otherwise as otherwise:
        _show_anew(number, _mends(one), otherwise.preview)
        return done(_ANEW, f"{SENDING.path}/{number}")
    except HTTPException as error:
        return _waiting(one, {"": error.description or error.name})
    except UsageError as error:
        return done(str(error), SENDING.path)
    return done(told.outcome(report), SENDING.path)


@needs(SEND)
def left(number: int) -> Response:
    """Leave a sending: nothing of it is taken, and its files are gone."""
    sent("preview")
    with open_session(current_scope(), write=True) as session:
        was_there = sendings.left(session, number)
    if not was_there:
        abort(404)
    return done("Left: nothing of it was taken, and the files are gone.", SENDING.path)


@needs(SEND)
def mended(number: int) -> Response:
    """Check mended rows with all the others of their sending, and show what taking it would do then."""
    scope, one = current_scope(), _one(number)
    preview, rows, cells = sent("preview", many=("row", "cell"))["preview"], _all("row"), _all("cell")
    if preview != one.fingerprint:
        return done(_ANEW, f"{SENDING.path}/{number}")
    mends = _with(one, rows, cells)
    if mends == _mends(one):
        return _waiting(one, {"": "No cell was changed. Change what is wrong in a row, then check again."})
    if len(mends) > MOST:
        return _waiting(one, {"": f"{MOST} rows can be mended here; download the rest, mend it and send it again."})
    try:
        with turn(scope.tenant_id), _files(one) as files:
            anew = previews.preview(scope, files, source=_source(scope, one.source), mends=mends, by=scope.email)
    except HTTPException as error:
        return _waiting(one, {"": error.description or error.name})
    _show_anew(number, mends, anew)
    still = anew.short["counts"]["set_aside"]
    said = f"{count(len(mends), 'row')} mended and checked again with the rest; "
    return done(
        said + (f"{count(still, 'row')} set aside still." if still else "none is set aside now."),
        f"{SENDING.path}/{number}",
    )


def _all(name: str) -> list[str]:
    """Every value of a field that stands many times in a form, in the order of the page; 400 for one too long."""
    values = request.form.getlist(name)
    if any(len(value) > _LONGEST or "\x00" in value for value in values):
        abort(400)
    return values


def _with(one: Waiting, rows: list[str], cells: list[str]) -> list[Mend]:
    """The mends of a sending with those that the form brings; 400 where the form is not the one that was shown."""
    mends = {mend.place: mend for mend in _mends(one)}
    there, waiting_cells = one.preview["mendable"], iter(cells)
    if len(set(rows)) != len(rows) or any(not row.isdecimal() or int(row) >= len(there) for row in rows):
        abort(400)
    for row in (there[int(row)] for row in rows):
        now = {name: next(waiting_cells, None) for name in row["now"]}
        if None in now.values():
            abort(400)
        typed = {name: (text or "").replace("\r\n", "\n").strip() for name, text in now.items()}
        # A cell that was left alone stays as it was, with the spaces and lines that a form's field does not keep.
        kept = {name: row["now"][name] if _same(text, row["now"][name]) else text for name, text in typed.items()}
        mend = Mend(row["file_number"], row["row"], row["at"], row["was"], kept)
        mends.pop(mend.place, None)
        if kept != row["was"]:
            mends[mend.place] = mend
    if next(waiting_cells, None) is not None:
        abort(400)
    return list(mends.values())


def _same(typed: str, shown_: str) -> bool:
    return "".join(typed.split()) == "".join(shown_.split())


def _one(number: int) -> Waiting:
    with open_session(current_scope()) as session:
        return sendings.one(session, number) or abort(404)


def _mends(one: Waiting) -> list[Mend]:
    return [Mend(**mend) for mend in one.mends]


def _show_anew(number: int, mends: list[Mend], preview: Preview) -> None:
    with open_session(current_scope(), write=True) as session:
        if not sendings.shown_anew(session, number, [mend.told() for mend in mends], preview):
            abort(404)
        audit.record(session, "previewed again", f"sending {number}", mended=len(mends))


@contextmanager
def _files(one: Waiting) -> Iterator[list[Found]]:
    """The files of a sending, under made-up names in a folder that is gone afterwards."""
    with open_session(current_scope()) as session:
        bodies = sendings.bodies(session, one.number)
    with folder_of_its_own() as folder:
        found = []
        for place, (name, body) in enumerate(bodies):
            path = folder / f"{place:06}"
            path.write_bytes(body)
            found.append(Found(path, name))
        yield found


# --- the rest of a large preview, as files ----------------------------------------------------------------------------


@needs(SEND, EXPORT)
def changes_file(number: int, kind: str) -> Response:
    """All that taking a sending would add or change: CSV or a workbook."""
    frame = _long(number, previews.CHANGES, kind)
    body = formats.csv_text(frame) if kind == "csv" else formats.xlsx_bytes({"Changes": frame})
    return handed_out(body, "changes", kind)


@needs(SEND, EXPORT)
def set_aside_file(number: int, kind: str) -> Response:
    """The rows of a sending that are set aside, as sent, with `why`: to be mended and sent again."""
    rows = _long(number, previews.SET_ASIDE, kind)
    body = formats.csv_text(formats.as_sent(rows)) if kind == "csv" else formats.xlsx_bytes(formats.sent_back(rows))
    return handed_out(body, "set-aside", kind)


def _long(number: int, what: str, kind: str) -> told.Frame:
    with open_session(current_scope()) as session:
        bodies = sendings.bodies(session, number, what) if kind in formats.CONTENT_TYPES else []
    return told.frame_of(bodies[0][1]) if bodies else abort(404)
