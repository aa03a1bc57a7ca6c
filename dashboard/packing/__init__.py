"""Packs: take this page, or the whole programme, away as files; see what is being made, pick up what is ready.

One page is made at once. The whole pack is a job (db.jobs), made by whoever works (dashboard.exports.work). Plain pages
that work without JavaScript, in the frame of administration.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, jsonify, request
from werkzeug.wrappers import Response as BaseResponse

from dashboard import data, shell
from dashboard.administration.forms import Wrong
from dashboard.administration.frame import done, sent, shown
from dashboard.exports import pack, work
from dashboard.filters import Filters, filters
from dashboard.gate import needs, refused
from dashboard.handing_out import handed_out
from dashboard.identity import current_person, current_scope, own_address
from dashboard.shell import PACKS
from dashboard.words import day, moment, sentence
from db import jobs
from db.jobs import Job
from db.roles import EXPORT
from db.session import open_session
from scheme.errors import UsageError

KINDS = tuple(pack.KINDS.items())
STATES = {"waiting": "Waiting", "working": "Being made", "done": "Ready", "failed": "Not made"}


def add_packing(server: Flask) -> None:
    """Add /packs and what lies below it to the server, and the addresses of the files."""
    for path, view, method in (
        (PACKS.path, packs, "GET"),
        (f"{PACKS.path}/new", new_pack, "GET"),
        (f"{PACKS.path}/new", new_pack_asked, "POST"),
        (f"{PACKS.path}/progress", progress, "GET"),
        (f"{PACKS.path}/<int:number>/remove", removed_pack, "POST"),
        ("/download/pack/<int:number>.<pack_kind>", pack_file, "GET"),
        ("/download/this-page.<pack_kind>", page_file, "GET"),
    ):
        server.add_url_rule(path, f"packing.{view.__name__}", view, methods=[method])


# --- taking one -------------------------------------------------------------------------------------------------------


@needs(EXPORT, hands_out=False)
def new_pack() -> BaseResponse:
    """What can be taken: the page at the address that is named, and the whole pack."""
    of = own_address(request.args.get("of", "/"))
    return _form(of, {"formats": [kind for kind, _ in KINDS], "departments": []})


@needs(EXPORT, hands_out=False)
def new_pack_asked() -> BaseResponse:
    """Ask for the whole pack; it is then being made."""
    told = sent("of", many=("formats", "departments"))
    of = own_address(told["of"])
    try:
        asked, known_at = _asked(of), datetime.now(UTC)
        body = _body(told, asked, known_at)
        scope = current_scope()
        pack.addresses(scope, body["departments"])
        with open_session(scope, write=True) as session:
            jobs.ask(session, pack.called(scope), body)
    except UsageError as error:
        return _form(of, told, {"formats" if "kind of file" in str(error) else "": sentence(error)})
    work.ASKED.set()
    return done("Your pack is being made. You may leave this page; it waits here for a week.", PACKS.path)


def _body(told: dict[str, Any], asked: Filters, now: datetime) -> dict[str, Any]:
    """What a form asked for, checked: a department that may not be seen is one that does not exist (T6)."""
    names = data.names(data.view(current_scope()))
    formats = [kind for kind, _ in KINDS if kind in told["formats"]]
    if not formats:
        raise UsageError("choose one kind of file at least")
    if not set(told["departments"]) <= set(names):
        raise UsageError("there is no such department; choose one in the list")
    of = pack.snapshot(asked.as_of, asked.known_at or now)
    when = {"as_of": of.as_of.isoformat(), "known_at": of.known_at.isoformat()}
    return {"formats": formats, "departments": told["departments"], **when}


def _asked(of: str) -> Filters:
    """What an address of a page of the menu asks; UsageError where it is of none."""
    known = next((page for page in shell.PAGES if page.path == urlsplit(of).path), None)
    if known is None:
        raise UsageError("there is no such page to take away; open one from the menu")
    return filters(of, known.name)


def _form(of: str, told: dict[str, Any], wrong: Wrong | None = None) -> BaseResponse:
    scope = current_scope()
    this = next((page for page in shell.PAGES if page.path == urlsplit(of).path and scope.may(page.needs)), None)
    asked = None
    if this is not None:
        try:
            asked = filters(of, this.name)
        except UsageError as error:
            wrong, this = {"": sentence(error), **(wrong or {})}, None
    view = data.view(scope)
    tree = data.tree(view, asked.as_of if asked else datetime.now(UTC).date()).drop_nulls("department_code")
    choices = [(code, name, max(0, depth - 1)) for code, depth, name in _rows(tree)]
    return shown(
        "packs/new",
        "Take a pack",
        wrong,
        this=this,
        of=of if this else "/",
        told=told,
        kinds=KINDS,
        as_of=day(asked.as_of) if asked else "today",
        known_at=moment(asked.known_at) if asked and asked.known_at else "",
        choices=choices,
        is_guest=current_person().guest is not None,
        pages=pack.titles(scope),
        most=pack.MOST_DEPARTMENTS,
    )


def _rows(tree: Any) -> Any:
    return tree.select("department_code", "depth", "name").iter_rows()


@needs(EXPORT)
def page_file(pack_kind: str) -> BaseResponse:
    """The page at the address that is named, as a file, as this person sees it now."""
    if pack_kind not in pack.KINDS:
        abort(404)
    of, scope = own_address(request.args.get("of", "/")), current_scope()
    asked = _asked(of)
    known = next(page for page in shell.PAGES if page.name == asked.page)
    if not scope.may(known.needs):
        return refused(known.needs)
    snapshot = pack.snapshot(asked.as_of, asked.known_at)
    body = pack.files(scope, [of], snapshot, pack.called(scope, of), [pack_kind])[pack_kind]
    return handed_out(body, pack.stem(scope.tenant_code, known.title, snapshot.as_of), pack_kind)


# --- what is there ----------------------------------------------------------------------------------------------------


@needs(EXPORT, hands_out=False)
def packs() -> BaseResponse:
    """What this person asked for: what is being made, what can be picked up, what failed and why."""
    with open_session(current_scope()) as session:
        there = jobs.jobs(session)
    return shown("packs/list", PACKS.title, packs=[_told(job) for job in there])


@needs(EXPORT, hands_out=False)
def progress() -> BaseResponse:
    """How far each of this person's packs is, for the script that keeps the page fresh."""
    with open_session(current_scope()) as session:
        there = jobs.jobs(session)
    told = [{"number": job.number, "state": job.state, "words": _how_far(job), "share": _share(job)} for job in there]
    return jsonify(told)


@needs(EXPORT, hands_out=False)
def removed_pack(number: int) -> BaseResponse:
    """Remove a pack of one's own, or stop making it."""
    sent()
    with open_session(current_scope(), write=True) as session:
        was_there = jobs.remove(session, number)
    return done("The pack is removed." if was_there else "There is no such pack any more.", PACKS.path)


@needs(EXPORT)
def pack_file(number: int, pack_kind: str) -> BaseResponse:
    """A file of a pack of one's own; 404 where there is none, whoever else may have one."""
    scope = current_scope()
    with open_session(scope) as session:
        job = jobs.one(session, number)
        body = jobs.file(session, number, pack_kind) if job else None
    if job is None or body is None:
        abort(404)
    as_of = datetime.fromisoformat(job.body["as_of"]).date()
    return handed_out(body, pack.stem(scope.tenant_code, "pack", as_of), pack_kind)


def _told(job: Job) -> dict[str, Any]:
    """A pack as its list shows it."""
    known_at = datetime.fromisoformat(job.body["known_at"])
    return {
        "number": job.number,
        "title": job.title,
        "state": job.state,
        "state_words": STATES[job.state],
        "words": _how_far(job),
        "share": _share(job),
        "is_open": job.state in ("waiting", "working"),
        "of": f"As of {day(datetime.fromisoformat(job.body['as_of']).date())}, known on {moment(known_at)}",
        "departments": job.body["departments"],
        "asked": moment(job.asked_at),
        "until": day(job.expires_at.date()),
        "files": [(kind, pack.KINDS[kind], _size(size)) for kind, size in job.files.items()],
    }


def _share(job: Job) -> int:
    return 100 if job.state == "done" else min(99, 100 * job.done // job.steps) if job.steps else 0


def _how_far(job: Job) -> str:
    if job.state == "working" and job.steps:
        return f"{min(job.done + 1, job.steps)} of {job.steps}: {job.said}"
    return job.said if job.state in ("failed", "working") else ""


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 950_000 else f"{max(1, round(size / 1000))} kB"
