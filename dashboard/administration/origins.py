"""Where a source's files come from: the form that says so, and how its runs went (docs/sending.md)."""

import tomllib
from typing import Any

from flask import abort
from werkzeug.wrappers import Response

from dashboard.administration import Route
from dashboard.administration.forms import Act, Cell, Field, Table, Wrong, address, code_asked
from dashboard.administration.frame import done, sent, sentence, shown
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.words import moment
from db import kept_sources, source_runs
from db.kept_sources import Edition
from db.roles import ADMINISTER
from db.session import open_session
from etl.due import Standing, standings
from etl.fetch import objection
from etl.origin_text import said_from, with_origin
from etl.schedule import ZONES
from scheme.errors import UsageError

_KINDS = (
    ("", "Sent by people or programs", "Nothing is fetched."),
    ("folder", "A folder of this server", "With all below it. The operator says which folders may be read."),
    ("glob", "Files that fit a pattern", "Such as /srv/in/housing/*.xlsx."),
    ("url", "A web address", "Such as https://files.example.org/results.csv; asked again only for what has changed."),
    ("store", "An object store", "Such as s3://bucket/folder, az://container/folder or gs://bucket/folder."),
    ("database_env", "A database", "The operator keeps its address under a name: write the name."),
)
_NAMED = "The name under which the operator keeps it, never the secret itself."
# Fields of some kinds alone: name, label, hint.
_MORE = {
    "token_env": ("url", Field("token_env", "Web address: token", hint=_NAMED)),
    "endpoint_env": ("store", Field("endpoint_env", "Object store: endpoint", hint=_NAMED)),
    "account_env": ("store", Field("account_env", "Object store: account or key id", hint=_NAMED)),
    "key_env": ("store", Field("key_env", "Object store: key", hint=_NAMED)),
    "region": ("store", Field("region", "Object store: region", hint="Such as eu-west-2.")),
    "table": ("database_env", Field("table", "Database: table", hint="Or write a query instead.")),
    "query": ("database_env", Field("query", "Database: query", "area", "One SELECT.", rows=4)),
}
_YES = (("yes", "Yes", 0),)
_FORM = [
    Field("kind", "Its files are", "radios", choices=_KINDS),
    Field("place", "Where", hint="A path, an address, or the name of a database's address."),
    *(field for _, field in _MORE.values()),
    Field("every", "How often", hint="Such as 15 minutes, 6 hours, 1 day or 2 weeks."),
    Field("at", "At what time", hint="With days and weeks: such as 06:00."),
    Field("time_zone", "By the clocks of", "select", choices=[(zone, zone) for zone in ZONES]),
    Field("strict", "Refuse a file at its first row set aside", "boxes", choices=_YES),
    Field("withdraw_missing", "Take back rows that a newer edition of a file no longer has", "boxes", choices=_YES),
]
_TEXTS = ("code", "kind", "place", *_MORE, "every", "at", "time_zone")


@needs(ADMINISTER)
def origin() -> Response:
    """The form that says where a source's files come from."""
    edition = _newest(code_asked())
    said = said_from(edition.body)
    kind = next((kind for kind, *_ in _KINDS if kind and kind in said), "")
    told: dict[str, Any] = {name: str(said.get(name, "")) for name in (*_MORE, "every", "at", "time_zone")}
    told |= {name: ["yes"] if said.get(name) is True else [] for name in ("strict", "withdraw_missing")}
    return _page(edition, told | {"code": edition.code, "kind": kind, "place": str(said.get(kind, ""))})


@needs(ADMINISTER)
def origin_changed() -> Response:
    """Keep a newer edition of the source that says it."""
    told = sent(*_TEXTS, many=("strict", "withdraw_missing"))
    edition = _newest(told["code"])
    said = {**said_from(edition.body)} if told["kind"] else {}
    # What the form does not ask for (what a file is called, how long one must lie) stays for a place of that kind.
    said = {key: value for key, value in said.items() if key in ("file", "settle_seconds") and told["kind"] in said}
    if told["kind"]:
        said = {told["kind"]: told["place"], **said}
        said |= {name: told[name] for name, (kind, _) in _MORE.items() if kind == told["kind"] and told[name]}
        said |= {name: told[name] for name in ("every", "at") if told[name]}
        said |= {"time_zone": told["time_zone"]} if told["at"] else {}
        said |= {name: True for name in ("strict", "withdraw_missing") if told[name] == ["yes"]}
    try:
        body = with_origin(edition.body, said, "the source")
        with open_session(current_scope(), write=True) as session:
            kept_sources.add(session, edition.code, body)
    except UsageError as error:
        return _page(edition, told, {_about(str(error), told): sentence(error)})
    after = "" if told["kind"] else " Nothing is fetched for it any more."
    return done(f"The source {edition.code} is kept.{after}", address("sources", "/from", code=edition.code))


def _about(error: str, told: dict[str, Any]) -> str:
    """The field that an error speaks of; "" is the form as a whole."""
    if told["kind"] and (f"`{told['kind']}`" in error or "must name a folder" in error):
        return "place"
    return next((name for name in (*_MORE, "every", "at", "time_zone") if f"`{name}`" in error), "")


def _newest(code: str) -> Edition:
    with open_session(current_scope()) as session:
        there = kept_sources.editions(session, code) or abort(404)
    try:
        tomllib.loads(there[-1].body)
    except tomllib.TOMLDecodeError:
        abort(404)  # its text alone can be changed
    return there[-1]


def _page(edition: Edition, told: dict[str, Any], wrong: Wrong | None = None) -> Response:
    now, code = source_runs.now(), edition.code
    with open_session(current_scope()) as session:
        runs = source_runs.latest(session, code, now)
    rows = [
        [
            Cell(moment(run.started_at)),
            Cell(run.outcome.capitalize(), "", "bad" if run.outcome in source_runs.BAD else ""),
            Cell(run.what),
            Cell(f"Load {run.load}", f"/data?load={run.load}") if run.load else Cell(""),
        ]
        for run in runs
    ]
    standing = next((one for one in standings(current_scope(), now) if one.edition.code == code), None)
    lead = "A timer of the server fetches what is new and loads it."
    if standing and standing.origin:
        lead = f"Next run: {when(standing)}. " + (against(standing) or lead)
    return shown(
        "form",
        f"Where the files of {code} come from",
        wrong,
        lead=lead,
        up=Act(f"Source {code}", address("sources", "/change", code=code)),
        action=address("sources", "/from"),
        form=[Field("code", "Code", "hidden"), *_FORM],
        told=told,
        do="Keep it",
        tables=[Table("Runs, newest first", ["Began", "What became of it", "In words", "Load"], rows, "None yet.")],
    )


def when(one: Standing) -> str:
    """When a source is due, in words."""
    return "as soon as the timer comes" if one.due_at <= source_runs.now() else moment(one.due_at)


def against(one: Standing) -> str:
    """What speaks against a source's running as things are, as a sentence; "" where nothing does."""
    found = objection(one.scope.tenant_code, one.origin) if one.origin else one.fault
    return sentence(found) if found else ""


ROUTES = (Route("/from", origin), Route("/from", origin_changed, ("POST",)))
