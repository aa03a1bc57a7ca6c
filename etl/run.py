"""The pipe: files -> cells -> tables -> typed rows -> checked rows -> the warehouse, in one transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from db import reads
from db.loading import FileReport, Rejected
from db.session import Scope, open_session
from db.writes import publish
from etl import restated
from etl.account import add_notes, load_of
from etl.arrive import Progress, arrived
from etl.known import Known
from etl.layouts.staged import Source
from scheme.standard import shipped

Paths = Sequence[str | Path]


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
        """A row for each file, sheet and table: the keys of commands.md, `loads`."""
        moment, text, whole = pl.Datetime("us", "UTC"), pl.String, pl.Int64
        counts = ("read", "loaded", "unchanged", "duplicate", "no_result", "set_aside")
        told = ("file", "sheet", "sha256", "table", *counts, "outcome", "reason")
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
) -> LoadReport:
    """Take files into the tenant's warehouse, all that can be taken of all of them in one transaction.

    A file that cannot be read is refused in the report and the others go on; with `strict` so is one of which a row was
    set aside. UsageError for paths or a source file that make no sense.
    """
    return _run(scope, paths, source, strict, withdraw_missing, sent_by, progress, today, keep=True)


def check(
    paths: Paths,
    *,
    scope: Scope | None = None,
    source: Source | str | Path | None = None,
    strict: bool = False,
    progress: Progress | None = None,
    today: date | None = None,
) -> LoadReport:
    """What `load` would do, written nowhere; without a scope by the shipped standard and against an empty warehouse."""
    if scope is not None:
        return _run(scope, paths, source, strict, False, "", progress, today, keep=False)
    standard = shipped("cse")
    files = arrived(paths, source, standard, progress)
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
    keep: bool,
) -> LoadReport:
    started_at, finished_at = datetime.now(UTC), None
    with open_session(scope) as session:
        standard = reads.register(session).standard
    files = arrived(paths, source, standard, progress)
    try:
        with open_session(scope, write=True) as session:
            known = _known(reads.register(session))
            load, new = load_of(files, known, strict, today or started_at.date())
            load.sent_by, load.withdraw_missing, load.started_at = sent_by, withdraw_missing, started_at
            if restated.may_be(load.tables, reads.table(session, "assessments")):
                add_notes(load.files, restated.notes(load.tables, reads.programme(session)))
            publish(session, load)
            newest = reads.latest_load(session)
            finished_at = newest[1] if newest else None
            if not keep:
                raise _Undone
    except _Undone:
        return LoadReport(None, load.files, load.rejected, new, files.skipped)
    return LoadReport(load.load_number, load.files, load.rejected, new, files.skipped, sent_by, started_at, finished_at)


def _known(register: reads.Register) -> Known:
    tables = {"departments": register.departments, "sites": register.sites}
    confirmed = {
        (table, code) for table, frame in tables.items() for code in frame.filter("is_confirmed")[frame.columns[0]]
    }
    parents = dict(register.departments.select("department_code", "parent_code").iter_rows())
    return Known(parents, frozenset(register.sites["site_code"]), frozenset(confirmed), register.profiles)
