"""What pages read, kept ready for reading: the rows that hold now, as scheme.frames wants them (stack.md, its speeds).

The six tables of a programme lie in `ready_frames` as Arrow IPC, packed with zstd: 513,000 rows are half a megabyte and
a few milliseconds, where the driver's tuples are seconds. Results lie there with the days between which they hold
(scheme.intervals) and the file they came from, their words as numbers of one dictionary of the tenant's, and in PARTS
by department, so that a load of one department writes one of them anew; of which places each file tells lies apart
(ORIGINS), for what tells of arrivals asks for no more. The row HEADER says which load all of it stands
for; where that is not the newest one, or its `edition` is another than this program writes, nothing here is read
(db.reads takes the canonical tables, which are right and slow) and the next load or `assay upgrade` makes it whole
(db.readied).
"""

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import polars as pl
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.frames import as_told
from db.models import Load, ReadyFrame
from scheme import frames
from scheme.frames import Schema
from scheme.intervals import WORDS, as_text
from scheme.tables import TABLES

EDITION = 3
HEADER = ""
DICTIONARY = "words"
PARTS = 16
SCHEMAS: Mapping[str, Schema] = {
    "departments": frames.DEPARTMENTS,
    "sites": frames.SITES,
    "certificates": frames.CERTIFICATES,
    "assessments": frames.ASSESSMENTS,
    "visits": frames.VISITS,
    "results": frames.RESULTS,
}
INTERVALS: Schema = {**frames.RESULTS, "until_on": pl.Date, "previous_band": pl.String}
# Which file of which load said a row (db.reads.arrived).
FROM: Schema = {"load_number": pl.Int64, "file_number": pl.Int64}
COLUMNS = (*INTERVALS, *FROM)
ORIGINS = "origins"
COMES_FROM = ("department_code", "site_code", *FROM)
# Which dictionary a column's words are of.
WORDS_OF = {**{name: name for name in WORDS}, "previous_band": "band"}
ORDER = ("department_code", "site_code", "element", "assessed_on", "assessment_type")
Words = dict[str, list[str]]


@dataclass(frozen=True)
class Ready:
    """The six tables as they hold now; of the results the `intervals`: INTERVALS' columns, words as Enum."""

    tables: Mapping[str, pl.DataFrame]
    intervals: pl.DataFrame


def warehouse_columns(table: str) -> dict[str, str]:
    """The columns of a programme's table, each by what the warehouse calls it."""
    return {"department_code" if name == "department_codes" else name: name for name in SCHEMAS[table]}


def as_read(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows as the warehouse keeps them, as scheme.frames wants them, in no promised order."""
    columns, schema = warehouse_columns(table), SCHEMAS[table]
    flags = [pl.col(name).fill_null(value=False) for name, dtype in schema.items() if dtype == pl.Boolean]
    return as_told(table, rows.select(*columns)).rename(columns).with_columns(flags)


def sorted_alike(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows in the order in which they are read, by whatever path: the same data always gives the same frames.

    Rules sort for themselves. Results are in the order of their parts, and within one of their places and days.
    """
    if table != "results":
        return frame.sort(TABLES[table].key)
    codes = frame["department_code"].unique()
    part = pl.col("department_code").replace_strict(codes, [part_of(code) for code in codes], return_dtype=pl.Int64)
    return frame.sort(part, *ORDER)


def part_of(department: str | None) -> int:
    """In which part the results of a department lie."""
    return crc32((department or "").encode()) % PARTS


def stands_for(session: Session) -> int | None:
    """The newest load in what is kept ready; None where nothing is, or another edition of it."""
    asked = select(ReadyFrame.load_number).where(ReadyFrame.table_name == HEADER, ReadyFrame.edition == EDITION)
    return session.scalars(asked).one_or_none()


def ready(session: Session) -> Ready | None:
    """All that is kept ready; None where it does not stand for the newest load."""
    if not _is_of_now(session):
        return None
    found = bodies(session, [*SCHEMAS, DICTIONARY])
    tables = {name: body_frame(found[name, 0]) for name in SCHEMAS if name != "results"}
    return Ready(tables, results_in(found, words_in(found), list(INTERVALS)))


def origins(session: Session) -> pl.DataFrame | None:
    """Of which places the results that hold now speak, and which file said so, each once; None as in `ready`.

    Columns: department_code, site_code (String, null where none is named), load_number, file_number (Int64).
    """
    if not _is_of_now(session):
        return None
    found = bodies(session, [ORIGINS, DICTIONARY])
    return as_text(results_in(found, words_in(found), COMES_FROM, ORIGINS))


def _is_of_now(session: Session) -> bool:
    newest = session.scalars(select(func.max(Load.load_number))).one()
    return newest is not None and stands_for(session) == newest


def bodies(
    session: Session, tables: Sequence[str] | None = None, parts: Collection[int] | None = None
) -> dict[tuple[str, int], bytes]:
    """The bodies of some tables and parts (None is all), by both; of results only parts that have rows.

    Of this edition alone: where another one has more parts, those that it left are still there.
    """
    asked = select(ReadyFrame.table_name, ReadyFrame.part, ReadyFrame.body).where(
        ReadyFrame.edition == EDITION,
        ReadyFrame.table_name.in_(tables) if tables is not None else ReadyFrame.table_name != HEADER,
        (ReadyFrame.row_count > 0) | ReadyFrame.table_name.not_in(("results", ORIGINS)),
    )
    if parts is not None:
        asked = asked.where(ReadyFrame.part.in_(sorted(parts)))
    return {(name, part): body for name, part, body in session.execute(asked)}


def words_in(found: Mapping[tuple[str, int], bytes]) -> Words:
    """The dictionary, by column; new words come at the end, so that a number always means the same."""
    known = body_frame(found[DICTIONARY, 0])
    return {name: known.filter(pl.col("column") == name)["word"].to_list() for name in WORDS}


def results_in(
    found: Mapping[tuple[str, int], bytes], words: Words, columns: Sequence[str] = COLUMNS, table: str = "results"
) -> pl.DataFrame:
    """Some columns (of INTERVALS' and FROM's) of the results of all parts found, in their order; words are Enum.

    `table` may be ORIGINS, which has those of COMES_FROM alone, each once.
    """
    kinds = {column: pl.Enum(words[name]) for column, name in WORDS_OF.items() if column in columns}
    # Each part has its numbers as short as they were when it was written; the dictionary may have grown since.
    wide = {column: pl.Series([], dtype=kind).to_physical().dtype for column, kind in kinds.items()}
    schema: Schema = {**INTERVALS, **FROM, **wide}
    there = [body_frame(body, columns).cast(wide) for (name, _), body in sorted(found.items()) if name == table]  # type: ignore[arg-type]
    numbers = pl.concat(there) if there else pl.DataFrame(schema=schema).select(columns)
    return numbers.with_columns(pl.col(column).cat.to(kind) for column, kind in kinds.items())


def body_frame(body: bytes, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The frame that a body holds; of some columns no other is unpacked."""
    return pl.read_ipc(io.BytesIO(body), columns=None if columns is None else list(columns))


def write(session: Session, table: str, part: int, load: int, frame: pl.DataFrame | None) -> None:
    """Put a part in the place of what it was; the header has none."""
    body = b""
    if frame is not None:
        into = io.BytesIO()
        frame.write_ipc(into, compression="zstd")
        body = into.getvalue()
    told = {"edition": EDITION, "load_number": load, "row_count": 0 if frame is None else frame.height, "body": body}
    of_part = update(ReadyFrame).where(ReadyFrame.table_name == table, ReadyFrame.part == part)
    if not session.execute(of_part.values(**told)).rowcount:  # type: ignore[attr-defined]  # of an UPDATE there is one
        session.add(ReadyFrame(table_name=table, part=part, **told))
        session.flush()


def written_as(frame: pl.DataFrame) -> pl.DataFrame:
    """Results with their words as the numbers that a body holds."""
    return frame.with_columns(pl.col(column).to_physical() for column in WORDS_OF)
