"""What the pages show: of a view, and so of nothing but what the person may see.

Every measure is made from a programme that was cut to the person's departments before (scheme.sight), so that none can
depend on another department; the exceptions are `distribution` and dashboard.improving.told_exemplars. Answers are kept
by dashboard.view.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import polars as pl

import measures
from dashboard.behind import Origin
from dashboard.language import standard_said
from dashboard.view import View as View
from dashboard.view import view as view
from dashboard.words import organisation
from db import originals, reads
from db.roles import EXPORT, LOADS
from db.session import open_session
from db.withdraw import refusal
from db.withdraw import withdrawn as withdrawals
from scheme.actions import is_closed
from scheme.arrivals import ARRIVED
from scheme.arrivals import arrivals as arrivals_of
from scheme.coverage import certificates_on, completion, coverage, cycle_years
from scheme.disclosure import Distribution, told_on
from scheme.errors import UsageError
from scheme.frames import Programme
from scheme.headroom import headroom, status_by_department
from scheme.standard import Standard, code_order
from scheme.standing import active, as_told, coded_standing, site_standing
from scheme.visits import sites, visits

T = TypeVar("T")


def asked(view: View, name: str, make: Callable[..., T], *about: object) -> T:
    """Something read from the warehouse (`make` takes the session), kept with the view."""

    def read() -> T:
        with open_session(view.scope) as session:
            return make(session)

    return view.kept(name, read, *about)


def programme(view: View) -> Programme:
    """Everything the measures of this view are made of: cut to what the person may see (scheme.sight.in_sight)."""
    return view.kept("programme", lambda: measures.programme(view.scope, view.known_at))


def standard(view: View) -> Standard:
    """The standard in the language of the page: for what is shown; what is worked out takes that of `programme`."""
    return standard_said(programme(view).standard)


def seen(view: View) -> frozenset[str | None] | None:
    """The departments this person may see, None for all (the corporate body among them)."""

    return None if sees_all(view) else frozenset(programme(view).departments["department_code"])


def cut(view: View, frame: pl.DataFrame, department: str | None = None) -> pl.DataFrame:
    """The rows of a frame with department_code that this person may see, below one department if it is given.

    A department that may not be seen, or does not exist, gives no rows; of rows about certificates those remain whose
    certificate may be seen.
    """
    frame, codes = measures.of_certificates(frame, view.scope.certificates), seen(view)
    if department:
        known = set(programme(view).departments["department_code"])
        below = measures.selected(programme(view).departments, (department,)) if department in known else set()
        codes = frozenset(below or ()) if codes is None else codes & frozenset(below or ())
    if codes is None:
        return frame
    return frame.filter(pl.col("department_code").is_in([code for code in codes if code is not None]))


def standings(view: View, day: date, basis: str = "formal") -> pl.DataFrame:
    """scheme.standing.standing of the day, cut to what may be seen."""
    return view.kept("standing", lambda: cut(view, as_told(_coded(view, day, basis))), day, basis)


def _coded(view: View, day: date, basis: str) -> pl.DataFrame:
    return view.kept("coded standing", lambda: coded_standing(programme(view), day, basis), day, basis)


def site_standings(view: View, day: date, basis: str = "formal") -> pl.DataFrame:
    """scheme.standing.site_standing of the day, cut to what may be seen."""
    return view.kept("site standing", lambda: cut(view, site_standing(programme(view), day, basis)), day, basis)


def headrooms(view: View, day: date, basis: str = "formal") -> pl.DataFrame:
    """scheme.headroom.headroom of the day, cut to what may be seen."""
    return view.kept("headroom", lambda: cut(view, _headroom(view, day, basis)), day, basis)


def _headroom(view: View, day: date, basis: str) -> pl.DataFrame:
    return headroom(programme(view), day, basis, _coded(view, day, basis))


def statuses(view: View, day: date, basis: str = "formal") -> pl.DataFrame:
    """scheme.headroom.status_by_department of the day, cut to what may be seen."""
    return view.kept("status", lambda: status_by_department(headrooms(view, day, basis)), day, basis)


def coverages(view: View, day: date) -> pl.DataFrame:
    """scheme.coverage.coverage of the day, cut by holder."""
    return view.kept("coverage", lambda: cut(view, coverage(programme(view), day)), day)


def years(view: View, day: date) -> pl.DataFrame:
    """scheme.coverage.cycle_years of the day, cut by holder."""
    return view.kept("years", lambda: cut(view, cycle_years(programme(view), day)), day)


def completions(view: View, day: date) -> pl.DataFrame:
    """scheme.coverage.completion of the day, cut by holder."""
    return view.kept("completion", lambda: cut(view, completion(programme(view), day)), day)


def visited(view: View, day: date) -> pl.DataFrame:
    """scheme.visits.visits of the day, cut by holder."""
    return view.kept("visits", lambda: cut(view, visits(programme(view), day)), day)


def sites_of(view: View, day: date) -> pl.DataFrame:
    """scheme.visits.sites of the day, cut by holder."""
    return view.kept("sites", lambda: cut(view, sites(programme(view), day)), day)


def tree(view: View, day: date) -> pl.DataFrame:
    """The departments active on the day in tree order, the corporate body first where it may be seen.

    Columns: department_code, name, parent_code (the nearest shown one), depth (UInt32), path (names above, " › "
    between), is_named (Boolean: a register gave it a name), has_below (Boolean).
    """
    return view.kept("tree", lambda: _tree(view, day), day)


def _tree(view: View, day: date) -> pl.DataFrame:
    shown = cut(view, active(programme(view).departments, day))
    name = dict(zip(shown["department_code"], shown["department_name"], strict=True))
    parent = dict(zip(shown["department_code"], shown["parent_code"], strict=True))
    children: dict[str | None, list[str]] = {}
    for code in sorted(name, key=code_order):
        above = parent[code]
        children.setdefault(above if above in name else None, []).append(code)
    whole = seen(view) is None
    rows: list[dict[str, Any]] = []
    if whole:
        rows.append(_row(None, view.scope.tenant_name, None, 0, "", True, bool(children)))

    def walk(above: str | None, depth: int, path: tuple[str, ...]) -> None:
        for code in children.get(above, ()):
            label = name[code] or code
            rows.append(_row(code, label, above, depth, " › ".join(path), bool(name[code]), code in children))
            walk(code, depth + 1, (*path, label))

    walk(None, 1 if whole else 0, ())
    return pl.DataFrame(rows, schema=_TREE)


def branch(view: View, day: date, department: str) -> pl.DataFrame:
    """The rows of `tree` of a department and all below it, of everything when it is "".

    UsageError where it does not exist, is not active on the day or may not be seen: the three look the same.
    """
    rows = cut(view, tree(view, day), department)
    if department and rows.is_empty():
        raise UsageError(f"there is no department {department} on this day that you may see; choose one in the list")
    return rows


_TREE = {
    "department_code": pl.String,
    "name": pl.String,
    "parent_code": pl.String,
    "depth": pl.UInt32,
    "path": pl.String,
    "is_named": pl.Boolean,
    "has_below": pl.Boolean,
}


def _row(*values: object) -> dict[str, Any]:
    return dict(zip(_TREE, values, strict=True))


def rows_of(view: View, name: str) -> pl.DataFrame:
    """A canonical table as known (db.reads.table): its rows about what this person may see."""
    rows = asked(view, f"table {name}", lambda session: reads.table(session, name, view.known_at))
    if sees_all(view):
        return rows
    if name == "sites":
        return rows.join(programme(view).sites.select("site_code"), on="site_code", how="semi", maintain_order="left")
    return cut(view, rows)


def results_behind(view: View, departments: list[str | None], elements: list[str]) -> pl.DataFrame:
    """Every result of these departments (and their sites) and elements, with comments and where it came from."""
    with open_session(view.scope) as session:
        return _in_sight(view, reads.result_rows(session, departments, elements, view.known_at))


def superseded_behind(view: View, departments: list[str | None], elements: list[str]) -> pl.DataFrame:
    """The same as earlier loads told it, before a later one said something else; with superseded_at."""
    with open_session(view.scope) as session:
        return _in_sight(view, reads.superseded_rows(session, departments, elements, view.known_at))


def visits_behind(view: View, sites: list[str]) -> pl.DataFrame:
    """Every visit to those of these sites that this person may see, and where it came from (db.reads.visit_rows)."""
    seen = set(programme(view).sites["site_code"])
    with open_session(view.scope) as session:
        return reads.visit_rows(session, [site for site in sites if site in seen], view.known_at)


def _in_sight(view: View, results: pl.DataFrame) -> pl.DataFrame:
    """Results of what this person may see: a row belongs to the department and to the site it names."""
    if sees_all(view):
        return results
    sites, codes = programme(view).sites["site_code"], programme(view).departments["department_code"]
    mine = pl.col("department_code").is_in(codes.to_list()) | pl.col("site_code").is_in(sites.to_list())
    return results.filter(mine)


def open_actions(view: View, day: date) -> pl.DataFrame:
    """The actions not closed on the day (scheme.actions.is_closed)."""
    return rows_of(view, "actions").filter(~is_closed(day))


def loads(view: View) -> pl.DataFrame:
    """The loads, newest first, with the keys of commands.md, `loads`: what somebody with departments sent themselves.

    The rest of the tenant's loads tell of other departments.
    """
    if sees_all(view):
        return asked(view, "loads", reads.loads)
    actor = view.scope.actor
    return asked(view, "own loads", lambda session: reads.loads(session, actor), actor)


def editions(view: View) -> pl.DataFrame:
    """The newest edition of each file (db.reads.editions): of somebody with departments, what they sent themselves."""
    actor = None if sees_all(view) else view.scope.actor
    return asked(view, "editions", lambda session: reads.editions(session, actor), actor)


def reasons(view: View) -> pl.DataFrame:
    """Why rows of the newest editions were set aside (db.reads.reasons)."""
    shown = editions(view)
    loads = sorted(set(shown.filter(pl.col("set_aside") > 0)["load"]))
    rows = asked(view, "reasons", lambda session: reads.reasons(session, loads), *loads)
    return rows.join(shown.select("load", "file").unique(), on=["load", "file"], how="semi", maintain_order="left")


def latest_load(view: View) -> tuple[int, datetime, str] | None:
    """The newest load that said something of what this person may see: number, when it finished, who sent it."""
    if sees_all(view):
        return asked(view, "newest load", reads.latest_load)
    codes, sites = programme(view).departments["department_code"], programme(view).sites["site_code"]
    return asked(view, "newest load", lambda session: reads.latest_load(session, codes.to_list(), sites.to_list()))


def rejected(view: View, load: int) -> pl.DataFrame:
    """The rows a load set aside; none of a load that is not shown."""
    with open_session(view.scope) as session:
        return reads.rejected(session, load if _is_shown(view, load) else 0)


def notes(view: View, load: int) -> pl.DataFrame:
    """What a load had to say of its files (db.reads.notes); nothing of a load that is not shown."""
    with open_session(view.scope) as session:
        return reads.notes(session, load if _is_shown(view, load) else 0)


def withdrawn(view: View) -> dict[int, int]:
    """The loads that are shown and were withdrawn, each with the number of its withdrawal."""
    shown = set(loads(view)["load"])
    return {load: by for load, by in asked(view, "withdrawn", withdrawals).items() if load in shown}


def why_not_withdrawn(view: View, load: int) -> str | None:
    """Why a load cannot be withdrawn, None where nothing is against it yet (db.withdraw.refusal)."""
    with open_session(view.scope) as session:
        return refusal(session, load)


def originals_of(view: View, load: int) -> pl.DataFrame:
    """The files of a load that are kept as they were sent (db.originals.files); none of a load that is not shown."""
    with open_session(view.scope) as session:
        return originals.files(session, [load] if _is_shown(view, load) else [])


def original(view: View, load: int, file_number: int) -> tuple[str, bytes] | None:
    """A file as it was sent, with its name; None where it is not kept, or of a load that is not shown."""
    with open_session(view.scope) as session:
        sent = originals.sent(session, load, file_number) if _is_shown(view, load) else None
        data = originals.opened(session, sent.sha256) if sent else None
    return (sent.name, data) if sent and data is not None else None


def origins_of(view: View, numbers: Iterable[int]) -> Mapping[int, Origin]:
    """What is to be said of loads that rows come from: by number, what this person may know of each (Origin)."""
    wanted = sorted(set(numbers))
    with open_session(view.scope) as session:
        told, kept = reads.senders(session, wanted), originals.files(session, wanted)
    if not sees_all(view) or view.scope.certificates is not None:
        kept = kept.filter(pl.col("load").is_in(loads(view)["load"].to_list() if view.scope.may(LOADS) else []))
    may_take = view.scope.may(LOADS) and view.scope.may(EXPORT)
    files: dict[int, dict[tuple[str, str | None], tuple[str, int | None]]] = {}
    for load, number, name, sheet, sha256, is_kept in kept.iter_rows():
        files.setdefault(load, {}).setdefault((name, sheet), (sha256, number if is_kept and may_take else None))
    return {load: Origin(sent_by, loader, files.get(load, {})) for load, sent_by, loader in told.iter_rows()}


def _is_shown(view: View, load: int) -> bool:
    return load in loads(view)["load"]


def latest_results(view: View, day: date) -> pl.DataFrame:
    """The newest result of any kind on or before the day, by department: department_code, last_on.

    A department's own, those of its sites, and those of what lies below it; for the corporate body the newest of all.
    """
    return view.kept("latest", lambda: cut(view, _latest(programme(view), day)), day)


def _latest(known: Programme, day: date) -> pl.DataFrame:
    results = known.results.filter(pl.col("assessed_on") <= day)
    own = results.select("department_code", "assessed_on")
    of_sites = (
        results.filter(pl.col("site_code").is_not_null())
        .select("site_code", "assessed_on")
        .join(known.sites.select("site_code", "department_codes").explode("department_codes"), on="site_code")
        .select(pl.col("department_codes").alias("department_code"), "assessed_on")
    )
    newest = dict(
        pl.concat([own, of_sites]).drop_nulls().group_by("department_code").agg(pl.col("assessed_on").max()).iter_rows()
    )
    parents = dict(known.departments.select("department_code", "parent_code").iter_rows())
    for code, last_on in list(newest.items()):
        above, met = parents.get(code), {code}
        while above is not None and above not in met:
            met.add(above)
            newest[above] = max(last_on, newest.get(above, last_on))
            above = parents.get(above)
    whole = results["assessed_on"].max()
    schema = {"department_code": pl.String, "last_on": pl.Date}
    return pl.DataFrame([*newest.items(), *([(None, whole)] if whole else [])], schema, orient="row")


def arrivals(view: View, day: date) -> pl.DataFrame:
    """What is expected of each department, and what came last, worst first: scheme.arrivals.ARRIVALS, and how clean.

    Adds received_at (UTC), contact, and of the loads that are shown to the viewer (`loads`) sent_by, file_names, read
    and set_aside: null of any other, for its files hold rows of departments that the viewer may not see.
    """
    actor = None if sees_all(view) else view.scope.actor
    return view.kept("arrivals", lambda: cut(view, _arrivals(view, day, actor)), day, actor)


def _arrivals(view: View, day: date, actor: str | None) -> pl.DataFrame:
    known, whole = programme(view), sees_all(view)
    came = asked(view, "arrived", lambda session: reads.arrived(session, view.known_at))
    if not whole:  # before anything is worked out from them (scheme.sight)
        mine = pl.col("department_code").is_in(known.departments["department_code"].to_list())
        site = pl.col("department_code").is_null() & pl.col("site_code").is_in(known.sites["site_code"].to_list())
        came = came.filter(mine.fill_null(value=False) | site)
    told = arrivals_of(known, day, came.with_columns(received_on=pl.col("received_at").dt.date()).select(list(ARRIVED)))
    clean = asked(view, "file counts", lambda session: reads.file_counts(session, actor), actor)
    files = (
        told.select("department_code", "load_number", file_number="files")
        .explode("file_number")
        .join(clean, on=["load_number", "file_number"])
        .group_by("department_code")
        .agg(
            pl.col("sent_by").first(),
            pl.col("file").unique().sort().alias("file_names"),
            pl.col("read").sum(),
            pl.col("set_aside").sum(),
        )
    )
    moments = came.select("load_number", "received_at").unique("load_number")
    contacts = rows_of(view, "departments").select("department_code", "contact")
    for more, on in ((files, "department_code"), (moments, "load_number"), (contacts, "department_code")):
        told = told.join(more, on=on, how="left", nulls_equal=True, maintain_order="left")
    return told


def certificates(view: View, day: date) -> pl.DataFrame:
    """The certificate of each holder on the day (scheme.coverage.certificates_on), cut by holder."""
    return view.kept("certificates", lambda: cut(view, certificates_on(programme(view), day)), day)


def is_empty(view: View) -> bool:
    """Whether nothing at all has been loaded yet."""
    known = programme(view)
    return known.departments.is_empty() and known.intervals.is_empty() and known.sites.is_empty()


def sees_all(view: View) -> bool:
    """Whether this person may see every department of the tenant."""
    return view.scope.departments is None


def names(view: View) -> dict[str | None, str]:
    """The name of every department this person may see, open or not, or its code where it has none."""
    known = programme(view).departments.select("department_code", "department_name")
    return {code: name or code for code, name in known.iter_rows()}


def names_with_organisation(view: View) -> dict[str | None, str]:
    """The same, and under None the organisation's own name."""
    return names(view) | {None: organisation(view.scope.tenant_name)}


def tells_of_others(view: View) -> bool:
    """Whether this person may be told how departments stand without names: the tenant chose so, and it is about now."""
    if sees_all(view) or view.scope.certificates is not None or view.known_at is not None:
        return False
    return view.kept("tells of others", lambda: measures.tells_of_others(view.scope))


def distribution(view: View, day: date) -> tuple[Distribution | None, date]:
    """How all departments stand, without names, and the day: the last of a quarter, not ahead (scheme.disclosure).

    None where that must not be told.
    """
    end = told_on(min(day, datetime.now(UTC).date()))
    return view.kept("distribution", lambda: measures.distribution(view.scope, end), end), end
