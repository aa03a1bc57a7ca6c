"""What a load hands to the warehouse and gets back: plain data, shared with the way in."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime

import polars as pl

from scheme.frames import Schema
from scheme.tables import TABLES

# PostgreSQL cannot index more than about 2,700 bytes: all key columns of a row together may hold this many.
KEY_BYTES = 2000

_STAGED: dict[str, pl.DataType | type[pl.DataType]] = {
    "day": pl.Date,
    "flag": pl.Boolean,
    "count": pl.Int64,
    "number": pl.Float64,
    "codes": pl.List(pl.String),
    "elements": pl.List(pl.String),
}


def staged_schema(table: str) -> Schema:
    """The columns and dtypes of a canonical table on its way in.

    Key columns that are no column of the table (action_key) come first, then its own, then file_number (the place in
    `Load.files`, from 1) and row_number (the sender's own). Codes that name nothing are null. Columns of values may be
    absent: nothing was said.
    """
    spec = TABLES[table]
    extra = {name: pl.String for name in spec.key if name not in spec.names}
    own = {column.name: _STAGED.get(column.kind, pl.String) for column in spec.columns}
    return {**extra, **own, "file_number": pl.Int64, "row_number": pl.Int64}


# What the file is called of a load that was said by hand. It has no fingerprint, for there is no file.
BY_HAND = "administration"
NO_FILE = ""
# The number of the load that was last committed here, for the line in the log that tells of a request.
load_of_this_thread: ContextVar[int | None] = ContextVar("load_of_this_thread", default=None)


@dataclass(frozen=True)
class Own:
    """The part of a tenant that a sender speaks for: these departments, and these sites, which belong to no other."""

    departments: frozenset[str]
    sites: frozenset[str]

    def rows(self, table: str) -> pl.Expr:
        """Whether a row of that table, staged or kept, speaks of nothing but this part; false for all other tables."""
        if table not in SENT_BY_CHAMPIONS:
            return pl.lit(value=False)
        names = TABLES[table].names
        department, site = self._in("department_code", self.departments), self._in("site_code", self.sites)
        if "site_code" not in names:
            return department
        if "department_code" not in names:
            return site
        if table != "results":  # evidence may name no site
            return department & (site | nothing("site_code"))
        return (department | nothing("department_code")) & (site | (nothing("site_code") & department))

    def _in(self, column: str, own: frozenset[str]) -> pl.Expr:
        return pl.col(column).is_in(sorted(own)).fill_null(value=False)


# What somebody who speaks for a part of the tenant alone may send; registers are kept by who speaks for all of it.
SENT_BY_CHAMPIONS = ("results", "visits", "actions", "evidence", "customer_groups", "service_standards", "assessments")


def nothing(column: str) -> pl.Expr:
    """Whether a code names nothing: null in staged rows, "" in kept ones."""
    return pl.col(column).is_null() | (pl.col(column) == "")


@dataclass
class FileReport:
    """What became of one table in one sheet of one file; `sheet` is None where the format has none.

    read = loaded + unchanged + duplicate + no_result + set_aside. `publish` fills in loaded and unchanged, and adds
    notes on rows that have vanished. `first`: the load and file in which rows said again first stood (db.recode).
    `layout`: what the sheet was taken for (canonical, wide, workbook, matrix, report), `certainty`: how surely ("sure":
    all that marks it is there; "likely": some is, the notes say what not); None where nothing was recognised.
    """

    file: str
    sheet: str | None
    sha256: str
    table: str | None
    read: int = 0
    loaded: int = 0
    unchanged: int = 0
    duplicate: int = 0
    no_result: int = 0
    set_aside: int = 0
    outcome: str = "loaded"  # or "refused"
    reason: str | None = None
    notes: list[str] = field(default_factory=list)
    first: tuple[int, int] | None = None
    layout: str | None = None
    certainty: str | None = None


@dataclass(frozen=True)
class Rejected:
    """A row set aside: where it stood, the sender's own cells by heading, and why in words.

    `at`: which of the results in that row it is, where a row holds several (etl.layouts.staged).
    """

    file_number: int
    row: int
    why: str
    cells: dict[str, str]
    at: str | None = None


@dataclass
class Load:
    """All that one load brings. A file is in `files` once per sheet and table; file_number counts them from 1.

    `tables`: staged frames by canonical table (see `staged_schema`), no two rows of one key. `seen_keys`: by table,
    frames of key columns for rows that are in an edition but not in `tables` (duplicates, no results, set aside with
    a key that could be read). `unreadable_keys`: the file_numbers in which a row was set aside whose key could not be
    read. Departments and sites that rows name and no register has are taken in at publication (db.taken_in.named).
    `cleared`: by table, the columns in which an empty cell takes back what was said; a file's never does, a form's
    does. `own`: the part of the tenant that the sender speaks for, None for all of it; nothing beyond it is told or
    taken back.
    """

    sent_by: str
    source: str | None
    files: list[FileReport]
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    seen_keys: dict[str, pl.DataFrame] = field(default_factory=dict)
    unreadable_keys: set[int] = field(default_factory=set)
    withdraw_missing: bool = False
    cleared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own: Own | None = None
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    load_number: int | None = None  # set by `publish`
