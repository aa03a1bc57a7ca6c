"""Sources: how each sender's headings and words are read, kept with every edition (docs/sending.md)."""

from typing import Any

from flask import abort, request
from werkzeug.wrappers import Response

from dashboard.administration import Route, sources_map
from dashboard.administration.forms import Act, Cell, Field, Table, Wrong, address, code_asked
from dashboard.administration.frame import done, sent, sentence, shown
from dashboard.administration.origins import ROUTES as ORIGINS
from dashboard.administration.origins import against, when
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.words import moment
from db import kept_sources, source_runs
from db.kept_sources import Edition
from db.roles import ADMINISTER
from db.session import open_session
from etl.due import Standing, standings
from etl.sources import source_of
from scheme.errors import UsageError

_LIST = Act("Sources", address("sources"))
_WHENCE = ["Its files come from", "Last run", "Next run"]
_LONGEST = 60_000  # characters of a source file
_EXAMPLE = """name = "Housing"
table = "results"

[columns]                # their heading = our column
"Team" = "department_code"
"Std ref" = "element"
"Outcome" = "band"

[fixed]                  # a column they do not send, the same for every row
assessment_type = "annual_review"
assessed_on = 2026-03-07

[bands]                  # their word = ours
"Green" = "compliant"
"Amber" = "partial"
"""


@needs(ADMINISTER)
def sources() -> Response:
    """The sources that the organisation keeps."""
    with open_session(current_scope()) as session:
        kept = kept_sources.kept(session)
    fetched = {one.edition.code: one for one in standings(current_scope(), source_runs.now())}
    rows = [
        [
            Cell(one.code, address("sources", "/change", code=one.code)),
            *_told(one),
            Cell(str(one.number)),
            *_fetched(one.code, fetched.get(one.code)),
        ]
        for one in kept
    ]
    headings = ["Source", "Sender", "Its files are", "Kept on", "By", "Edition"]
    headings += _WHENCE
    empty = "None are kept yet. A sender who uses our headings and words needs none."
    return shown(
        "register",
        "Sources",
        lead="What a sender calls things differently is written in a source, one for each sender. It is named when "
        "their files are sent: assay load FILE --source CODE, or source=CODE over the API.",
        acts=[
            Act("Map a sender's file", address("sources", "/map")),
            Act("Write a source yourself", address("sources", "/new")),
        ],
        tables=[Table("Sources that hold", headings, rows, empty)],
    )


def _fetched(code: str, one: Standing | None) -> list[Cell]:
    """Where a source's files come from, how its last run went, and when the next is due."""
    link = address("sources", "/from", code=code)
    if one is None:
        return [Cell("sent by people or programs", link), Cell(""), Cell("")]
    last, bad = one.last, one.state in ("failed", "late", "unreadable")
    told = "" if last is None else f"{last.outcome.capitalize()}, {moment(last.started_at)}"
    place = one.origin.in_words() if one.origin else "its text makes no sense"
    small = one.origin.schedule.in_words() if one.origin else one.fault
    tag = "bad" if bad else ""
    return [
        Cell(place, link, small=small),
        Cell(told or "None yet", "", tag, small=against(one) or (last.what if last and bad else "")),
        Cell(when(one), small="It is late." if one.state == "late" else ""),
    ]


def _told(one: Edition) -> list[Cell]:
    read = source_of(one.body, f"source {one.code}", one.code)
    table = (read.table or "found by their headings").replace("_", " ")
    return [Cell(read.name or one.code), Cell(table), Cell(moment(one.added_at)), Cell(one.added_by)]


@needs(ADMINISTER)
def new() -> Response:
    """The form for a source."""
    return _page("Add a source", "/new", {})


@needs(ADMINISTER)
def added() -> Response:
    """Keep a source."""
    told = _sent()
    with open_session(current_scope()) as session:
        there = kept_sources.editions(session, told["code"])
    wrong = {"code": f"There is a source {told['code']} already; change it instead."} if there else _keep(told)
    return _page("Add a source", "/new", told, wrong) if wrong else _kept(told)


@needs(ADMINISTER)
def change() -> Response:
    """A source as it holds now, to be changed, and its editions."""
    there = _editions(code_asked())
    return _changing(there, {"code": there[-1].code, "body": there[-1].body})


@needs(ADMINISTER)
def changed() -> Response:
    """Keep a newer edition of a source."""
    told = _sent()
    there = _editions(told["code"])
    wrong = _keep(told)
    return _changing(there, told, wrong) if wrong else _kept(told)


@needs(ADMINISTER)
def edition() -> Response:
    """One edition of a source, to be read."""
    there = {str(one.number): one for one in _editions(code_asked())}
    one = there.get(request.args.get("edition", "")) or abort(404)
    up = Act(f"Source {one.code}", address("sources", "/change", code=one.code))
    facts = [("Kept on", moment(one.added_at)), ("By", one.added_by)]
    title = f"Source {one.code}, edition {one.number}"
    return shown("register", title, up=up, facts=facts, body=one.body, body_title="What it says")


def _editions(code: str) -> list[Edition]:
    with open_session(current_scope()) as session:
        return kept_sources.editions(session, code) or abort(404)


def _changing(there: list[Edition], told: dict[str, Any], wrong: Wrong | None = None) -> Response:
    rows = [
        [
            Cell(f"Edition {one.number}", address("sources", "/edition", code=one.code, edition=str(one.number))),
            Cell(moment(one.added_at)),
            Cell(one.added_by),
        ]
        for one in reversed(there)
    ]
    code = there[-1].code
    fetched = {one.edition.code: one for one in standings(current_scope(), source_runs.now())}
    whence = Table("Where its files come from", _WHENCE, [_fetched(code, fetched.get(code))])
    past = Table("History: every edition, newest first", ["Edition", "Kept on", "By"], rows)
    return _page(f"Source {there[-1].code}", "/change", told, wrong, [whence, past])


def _page(
    title: str, below: str, told: dict[str, Any], wrong: Wrong | None = None, tables: list[Table] | None = None
) -> Response:
    code = Field("code", "Code", "hidden") if below == "/change" else _CODE
    form = [
        code,
        Field("body", "What it says", "area", "The text of the source file (TOML), or choose the file below.", rows=18),
        _FILE,
    ]
    return shown(
        "form",
        title,
        wrong,
        up=_LIST,
        action=address("sources", below),
        form=form,
        told=told,
        do="Keep it",
        has_file=True,
        tables=tables or [],
        example=_EXAMPLE if below == "/new" else "",
        example_title="An example",
    )


_CODE = Field("code", "Code", hint="Short, such as housing; it is named when files are sent.", needed=True)
_FILE = Field("file", "Or take it from a file", "file", "A file in place of the text above, such as housing.toml.")


def _sent() -> dict[str, Any]:
    """What the form sent; a file stands in for the text."""
    told = sent("code", "body", longest=_LONGEST, files=("file",))
    told["body"] = told["body"].replace("\r\n", "\n")
    file = request.files.get("file")
    if file is not None and file.filename:
        told["body"] = file.read(_LONGEST + 1).decode("utf-8", "replace").replace("\r\n", "\n").removeprefix("\ufeff")
    return told


def _keep(told: dict[str, Any]) -> Wrong:
    """Keep a source if it makes sense; what is wrong with it."""
    if not told["body"].strip():
        return {"body": "Paste the text of the source file, or choose a file."}
    if len(told["body"]) > _LONGEST:
        return {"body": f"The text is too long; {_LONGEST:,} characters are the most."}
    try:
        source_of(told["body"], "the source", told["code"])
    except UsageError as error:
        return {"body": sentence(error)}
    try:
        with open_session(current_scope(), write=True) as session:
            kept_sources.add(session, told["code"], told["body"])
    except UsageError as error:
        return {"code": sentence(error)}
    return {}


def _kept(told: dict[str, Any]) -> Response:
    said = f"The source {told['code']} is kept. Its editions are listed below."
    return done(said, address("sources", "/change", code=told["code"]))


ROUTES = (
    Route("", sources),
    Route("/new", new),
    Route("/new", added, ("POST",)),
    Route("/change", change),
    Route("/change", changed, ("POST",)),
    Route("/edition", edition),
    *sources_map.ROUTES,
    *ORIGINS,
)
