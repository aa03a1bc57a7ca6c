"""Keeping db.ready true: in the transaction of a load what it changed is changed there too, and nothing else is read.

db.frames notes every row that is added to a canonical table or ended in it; `brought_up` applies that to the parts it
touches. Where what is kept stands for an older load, or is of another edition, all of it is made anew from the
canonical tables. In a savepoint nothing is written: what is done there is undone, and if it is not, what is kept stands
for an older load, which is seen.
"""

from collections.abc import Iterable, Sequence

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import reads
from db.frames import Change, changes_taken, kept_schema
from db.models import Load
from db.ready import (
    COMES_FROM,
    DICTIONARY,
    FROM,
    HEADER,
    ORDER,
    ORIGINS,
    PARTS,
    SCHEMAS,
    Words,
    as_read,
    bodies,
    body_frame,
    part_of,
    results_in,
    sorted_alike,
    stands_for,
    warehouse_columns,
    words_in,
    write,
    written_as,
)
from scheme.intervals import WORDS, in_turn_of, intervals
from scheme.tables import TABLES


def brought_up(session: Session, load: int) -> None:
    """Let what is kept ready stand for a load that has just been recorded, with all that was changed since the last."""
    changes = changes_taken(session)
    if session.in_nested_transaction():
        return
    before: int | None = session.scalars(select(func.max(Load.load_number)).where(Load.load_number < load)).one()
    fresh = before is None
    if changes is None or (not fresh and stands_for(session) != before):
        changes, fresh = _everything(session), True
    changes = [change for change in changes if change.table in SCHEMAS]
    _apply(session, load, changes, fresh=fresh)


def made_whole(session: Session) -> bool:
    """Make what is kept ready anew where it does not stand for the newest load; whether that was needed."""
    newest = session.scalars(select(func.max(Load.load_number))).one()
    if newest is None or stands_for(session) == newest:
        return False
    _apply(session, newest, _everything(session), fresh=True)
    return True


def _everything(session: Session) -> list[Change]:
    found = []
    for table in SCHEMAS:
        columns = {name: kept_schema(table)[name] for name in warehouse_columns(table)}
        found.append(Change(table, reads.kept(session, table, {**columns, **FROM}), False))
    return found


def _apply(session: Session, load: int, changes: Sequence[Change], *, fresh: bool) -> None:
    """Make changes to what is kept, in turn; to nothing at all where it is begun afresh."""
    touched = set(range(PARTS)) if fresh else set()
    assessments: pl.DataFrame | None = None
    for table in SCHEMAS:
        mine = [change for change in changes if change.table == table]
        if table == "results" or not (mine or fresh):
            continue
        held = pl.DataFrame(schema=SCHEMAS[table]) if fresh else _held(session, table)
        rows = sorted_alike(table, _changed(table, held, mine))
        write(session, table, 0, load, rows)
        if table == "assessments":
            assessments = rows
            moved = pl.concat([held, rows]).filter(pl.struct(pl.all()).is_unique())
            touched |= {part_of(code) for code in moved["department_code"].unique()}
    mine = [change for change in changes if change.table == "results"]
    touched |= {part_of(code) for change in mine for code in change.rows["department_code"].unique()}
    if touched:
        known = _held(session, "assessments") if assessments is None else assessments
        _results(session, load, mine, touched, known, fresh=fresh)
    write(session, HEADER, 0, load, None)


def _held(session: Session, table: str) -> pl.DataFrame:
    return body_frame(bodies(session, [table])[table, 0])


def _changed(table: str, held: pl.DataFrame, changes: Iterable[Change]) -> pl.DataFrame:
    """Rows as read, with changes made to them in turn."""
    for change in changes:
        if change.ended:
            held = held.join(_keys(table, change.rows), on=TABLES[table].key, how="anti", nulls_equal=True)
        else:
            held = pl.concat([held, as_read(table, change.rows)])
    return held


def _keys(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    key = TABLES[table].key
    return rows.select(
        pl.when(pl.col(n) != "").then(n).alias(n) if t == pl.String else pl.col(n)
        for n, t in rows.schema.items()
        if n in key
    )


def _results(
    session: Session,
    load: int,
    changes: Sequence[Change],
    touched: set[int],
    assessments: pl.DataFrame,
    *,
    fresh: bool,
) -> None:
    """Make the parts `touched` anew, with changes to results made in turn."""
    found = {} if fresh else bodies(session, ["results", DICTIONARY], {*touched, 0})
    found = {(table, part): body for (table, part), body in found.items() if table == DICTIONARY or part in touched}
    words = words_in(found) if found else {name: [] for name in WORDS}
    told = [_keys("results", change.rows) if change.ended else _said(change.rows) for change in changes]
    grown = _grown(words, told)
    if grown != words or fresh:
        rows = [(name, word) for name, known in grown.items() for word in known]
        write(session, DICTIONARY, 0, load, pl.DataFrame(rows, {"column": pl.String, "word": pl.String}, orient="row"))
    held = results_in(found, grown).select(*SCHEMAS["results"], *FROM)
    for change, frame in zip(changes, told, strict=True):
        coded = frame.with_columns(pl.col(name).cast(pl.Enum(grown[name])) for name in WORDS if name in frame.columns)
        if change.ended:
            held = held.join(coded, on=TABLES["results"].key, how="anti", nulls_equal=True)
        else:
            held = pl.concat([held, coded])
    ready = _in_turn(intervals(held, assessments))
    of_code = pl.Series([part_of(code) for code in grown["department_code"]], dtype=pl.Int64)
    number = of_code.gather(ready["department_code"].to_physical()).fill_null(part_of(None)).alias("part")
    numbers = written_as(ready)
    by_part = numbers.with_columns(number).partition_by("part", include_key=False, as_dict=True)
    for part in sorted(touched):
        of_part = by_part.get((part,), numbers.clear())
        write(session, "results", part, load, of_part)
        write(session, ORIGINS, part, load, of_part.select(COMES_FROM).unique(maintain_order=True))


def _said(rows: pl.DataFrame) -> pl.DataFrame:
    return as_read("results", rows).with_columns(rows.select(pl.col(name).cast(kind) for name, kind in FROM.items()))


def _grown(words: Words, added: Iterable[pl.DataFrame]) -> Words:
    grown = {}
    for name, known in words.items():
        there = set(known)
        said = [frame[name].unique() for frame in added if name in frame.columns]
        new = {word for column in said for word in column if word is not None} - there
        grown[name] = [*known, *sorted(new)]
    return grown


def _in_turn(rows: pl.DataFrame) -> pl.DataFrame:
    """Results sorted as db.ready.sorted_alike sorts those of one part."""
    places = {}
    for name in ORDER:
        column = rows[name]
        if isinstance(column.dtype, pl.Enum):
            ranks = column.dtype.categories.rank("ordinal").cast(pl.Int64)
            places[name] = ranks.gather(column.to_physical()).fill_null(0)
        else:
            places[name] = column.to_physical().cast(pl.Int64)
    turn = in_turn_of(pl.DataFrame(places))
    return rows if turn is None else rows[turn]
