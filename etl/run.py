"""The pipe: files -> cells -> tables -> typed rows -> checked rows -> the warehouse, in one transaction."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

import polars as pl

from db import originals, quotas, reads
from db.loading import FileReport, Load, Rejected
from db.recode import former_codes
from db.session import Scope, open_session
from db.writes import Opened, publish
from etl import restated
from etl.account import add_notes, load_of
from etl.arrive import Arrived, Progress, arrived
from etl.executor import PROCESSES
from etl.form import Row, columns, filled_in
from etl.former import read_as_present
from etl.known import Known
from etl.layouts.staged import Source
from etl.named import read_as_codes
from etl.own import NAMED_BY, own_part
from etl.sources import Paths, kept_source, sources_for
from scheme.errors import UsageError
from scheme.standard import Standard, shipped
from scheme.tables import TABLES

NewCodes = dict[str, pl.DataFrame]


@dataclass
class LoadReport:
    """What became of a load: its number (None for a check), its files, the rows set aside, the codes it took in.

    `taken_in`: by table, the new codes with file_number, row_number and like (a known code that may have been meant).
    `skipped`: files that were not looked at, and why.
    """

    load_number: int | None
    files: list[FileReport]
    rejected: list[Rejected]
    taken_in: dict[str, pl.DataFrame]
    skipped: list[str]
    sent_by: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    def loads(self) -> pl.DataFrame:
        """A row for each file, sheet and table: the keys of commands.md, `loads`, then layout and certainty."""
        moment, text, whole = pl.Datetime("us", "UTC"), pl.String, pl.Int64
        counts = ("read", "loaded", "unchanged", "duplicate", "no_result", "set_aside")
        told = ("file", "sheet", "sha256", "table", *counts, "outcome", "reason", "layout", "certainty")
        shared = (self.load_number, self.started_at, self.finished_at, self.sent_by)
        rows = [(*shared, *(getattr(file, name) for name in told)) for file in self.files]
        kinds = (whole, moment, moment, text, *(whole if name in counts else text for name in told))
        names = ("load", "started_at", "finished_at", "sent_by", *told)
        return pl.DataFrame(rows, dict(zip(names, kinds, strict=True)), orient="row")

    def rejected_rows(self) -> pl.DataFrame:
        """The rows set aside: file, sheet, row (Int64), why, cells (the sender's own, a JSON object)."""
        rows = [
            (self.files[r.file_number - 1].file, self.files[r.file_number - 1].sheet, r.row, r.why, json.dumps(r.cells))
            for r in self.rejected
        ]
        schema = {name: pl.Int64 if name == "row" else pl.String for name in ("file", "sheet", "row", "why", "cells")}
        return pl.DataFrame(rows, schema, orient="row")


class Onlooker(Protocol):
    """Who looks on while files are taken, or only checked; what it raises undoes the load."""

    def arrived(self, files: Arrived, standard: Standard) -> None:
        """The files are read and typed, and not checked yet."""

    def checked(self, session: Opened, load: Load, new: NewCodes) -> None:
        """The rows are checked, and nothing is published yet."""

    def published(self, session: Opened, load: Load) -> None:
        """The load is in, if this transaction ends well."""


def load(
    scope: Scope,
    paths: Paths,
    *,
    source: Source | str | Path | None = None,
    strict: bool = False,
    withdraw_missing: bool = False,
    sent_by: str,
    progress: Progress | None = None,
    today: date | None = None,
    executor: str = PROCESSES,
) -> LoadReport:
    """Take files into the tenant's warehouse, all that can be taken of all of them in one transaction.

    `source`: what the sender's words mean, the path of a file that says so, or the code of one that the tenant keeps.
    A file that cannot be read is refused in the report and the others go on; with `strict` so is one of which a row was
    set aside. `executor` is where files are read (etl.executor.in_order). UsageError for paths, a source file or an
    executor that make no sense.
    """
    return _run(scope, paths, source, strict, withdraw_missing, sent_by, progress, today, executor, keep=True)


def looked_on(
    scope: Scope,
    paths: Paths,
    onlooker: Onlooker,
    *,
    source: Source | None,
    keep: bool,
    sent_by: str = "",
    today: date | None = None,
) -> LoadReport:
    """`load`, or `check` where it is not to be kept, with somebody who looks on and may undo it (etl.preview)."""
    return _run(scope, paths, source, False, False, sent_by, None, today, PROCESSES, keep, onlooker)


def check(
    paths: Paths,
    *,
    scope: Scope | None = None,
    source: Source | str | Path | None = None,
    strict: bool = False,
    progress: Progress | None = None,
    today: date | None = None,
    executor: str = PROCESSES,
) -> LoadReport:
    """What `load` would do, written nowhere; without a scope by the shipped standard and against an empty warehouse."""
    if scope is not None:
        return _run(scope, paths, source, strict, False, "", progress, today, executor, keep=False)
    standard = shipped("cse")
    files = arrived(paths, source, standard, progress, executor)
    nothing = Known({}, frozenset(), frozenset(), {"": [standard.profile]} if standard.profile else {})
    load, new = load_of(files, nothing, strict, today or datetime.now(UTC).date())
    for frame in load.tables.values():
        for file_number, count in frame.group_by("file_number").len().iter_rows():
            load.files[file_number - 1].loaded = count
    return LoadReport(None, load.files, load.rejected, new, files.skipped)


class _Undone(Exception):
    """Raised at the end of a check, so that the transaction which did it all is rolled back."""


def _run(
    scope: Scope,
    paths: Paths,
    source: Source | str | Path | None,
    strict: bool,
    withdraw_missing: bool,
    sent_by: str,
    progress: Progress | None,
    today: date | None,
    executor: str,
    keep: bool,
    onlooker: Onlooker | None = None,
) -> LoadReport:
    started_at, finished_at = datetime.now(UTC), None
    with open_session(scope) as session:
        standard = reads.register(session).standard
    if isinstance(source, str | Path) and not Path(source).exists():
        source = kept_source(scope, str(source))
    files = arrived(paths, source, standard, progress, executor, sources_for(scope))
    if onlooker:
        onlooker.arrived(files, standard)
    try:
        with open_session(scope, write=True) as session:
            load, new = _checked(session, scope, files, strict, today or started_at.date())
            load.sent_by, load.withdraw_missing, load.started_at = sent_by, withdraw_missing, started_at
            if onlooker:
                onlooker.checked(session, load, new)
            publish(session, load)
            if onlooker:
                onlooker.published(session, load)
            newest = reads.latest_load(session)
            finished_at = newest[1] if newest else None
            if not keep:
                raise _Undone
            _keep_originals(session, files)
    except _Undone:
        return LoadReport(None, load.files, load.rejected, new, files.skipped)
    return LoadReport(load.load_number, load.files, load.rejected, new, files.skipped, sent_by, started_at, finished_at)


def _keep_originals(session: Opened, files: Arrived) -> None:
    """Keep what was sent, before the transaction ends that tells of it; UsageError where a file is another by now."""

    def contents() -> Iterator[tuple[str, bytes]]:
        for sha256, file in files.originals.items():
            try:
                data = file.path.read_bytes()
            except OSError as error:
                raise UsageError(f"{file.name} is gone since it was read; nothing is in, load it again") from error
            if hashlib.sha256(data).hexdigest() != sha256:
                raise UsageError(f"{file.name} was changed while it was read; nothing is in, load it again")
            yield sha256, data

    quotas.fits(session, {sha256: file.path.stat().st_size for sha256, file in files.originals.items()})
    originals.keep(session, contents())


def _checked(session: Opened, scope: Scope, files: Arrived, strict: bool, today: date) -> tuple[Load, NewCodes]:
    """What arrived as a load to be published, checked against what the tenant knows; and the codes it would take in."""
    known = _known(session, scope)
    # Of their own departments alone, or the reading of a name would tell what codes others have.
    read_as_codes(files, known.names, known.parents if known.own is None else known.own.departments)
    read_as_present(files, known.former)
    load, new = load_of(files, known, strict, today)
    load.own = known.own
    if restated.may_be(load.tables, reads.table(session, "assessments")):
        add_notes(load.files, restated.notes(load.tables, reads.programme(session)))
    return load, new


def _known(session: Opened, scope: Scope) -> Known:
    register = reads.register(session)
    tables = {"departments": register.departments, "sites": register.sites}
    confirmed = frozenset(
        (table, code) for table, frame in tables.items() for code in frame.filter("is_confirmed")[frame.columns[0]]
    )
    parents = dict(register.departments.select("department_code", "parent_code").iter_rows())
    sites = dict(register.sites.select("site_code", "department_code").iter_rows())
    former = former_codes(session)
    names = reads.table(session, "departments").select("department_code", "department_name").drop_nulls()
    if scope.departments is None:
        return Known(parents, frozenset(sites), confirmed, register.profiles, former, names=dict(names.iter_rows()))
    own = own_part(scope.departments, parents, sites)
    foreign = {}
    for table in NAMED_BY:
        held = reads.table(session, table)
        foreign[table] = frozenset(held.filter(~own.rows(table))[TABLES[table].key[0]])
    # Only of their own departments, or the reading of a code would tell that another has it.
    former = {old: new for old, new in former.items() if new[0] in own.departments}
    spoken = {code: name for code, name in names.iter_rows() if code in own.departments}
    return Known(parents, frozenset(sites), confirmed, register.profiles, former, own, foreign, spoken)


# --- said by hand -----------------------------------------------------------------------------------------------------


class Refused(Exception):
    """Rows said by hand that cannot all be taken: nothing of them is in. `report` has the rows and why."""

    def __init__(self, report: LoadReport) -> None:
        """Keep the report; the message is the reasons, each once."""
        super().__init__("; ".join(dict.fromkeys(row.why for row in report.rejected)))
        self.report = report


def load_rows(
    scope: Scope, table: str, rows: Sequence[Row], *, sent_by: str, why: str = "", today: date | None = None
) -> LoadReport:
    """Take rows of a canonical table that were typed into a form, through the very checks that a file goes through.

    `rows`: text by column, the same columns in each. All are taken or none: where one is set aside, the report has it
    in `rejected` with why (which begins with the column it is about, and a colon) and its `load_number` is None. They
    are published as a load whose file is called "administration", with `why` in its notes. A form is a whole statement:
    an empty cell takes back what was said (a file's never does). UsageError where it lacks a column the table needs.
    """
    try:
        with open_session(scope, write=True) as session:
            return said_by_hand(session, scope, {table: rows}, sent_by=sent_by, why=why, today=today)
    except Refused as refused:
        return refused.report


def said_by_hand(
    session: Opened,
    scope: Scope,
    tables: Mapping[str, Sequence[Row]],
    *,
    sent_by: str,
    why: str = "",
    today: date | None = None,
) -> LoadReport:
    """As `load_rows`, of several tables and inside a transaction that has begun; Refused where a row is set aside."""
    started_at = datetime.now(UTC)
    files = filled_in(tables, reads.register(session).standard, why)
    load, new = _checked(session, scope, files, False, today or started_at.date())
    load.sent_by, load.started_at, load.cleared = sent_by, started_at, columns(tables)
    if load.rejected:
        for file in load.files:
            file.outcome, file.reason = "refused", "a row was set aside, and a form is taken whole or not at all"
        raise Refused(LoadReport(None, load.files, load.rejected, new, []))
    publish(session, load)
    newest = reads.latest_load(session)
    return LoadReport(load.load_number, load.files, [], new, [], sent_by, started_at, newest[1] if newest else None)
