"""A load withdrawn whole: what holds afterwards is what would hold had it never been loaded, all others replayed.

The rule, row by row. What the load said is superseded. What it had superseded is said again, unless a later load said
something else. A row that a later load said as well holds on, and stands from then on where that later load has it: it
was *unchanged* only because the load now withdrawn had said it first. Where a later load left a cell empty, the cell
shows what was said before the withdrawn load, or nothing. Codes that the load had named in a register are to be
confirmed again where others name them, and go where none does. What a later load took back as vanished (db.writes) is
taken back again only where it would have been. What loads set aside is not looked at again: each says what it was
understood to say on its day.

How: inside a savepoint all is put back to what held before the load, the later ones are published again by the code
that took them (db.writes.taken, from db.statements), and what then holds is written down; the savepoint is undone, and
the difference becomes one new load, the withdrawal. So what was known before stays readable at every moment. Files
and forms may be withdrawn; a recoding is undone by recoding, and a withdrawal by loading the file again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db import audit, models, reads, said_again, statements
from db.frames import PLACE, fetched, supersede
from db.loading import NO_FILE, FileReport, Load
from db.models import VERSIONED
from db.recode import naming_rows, renamed
from db.writes import finished, recorded, taken
from scheme.errors import UsageError
from scheme.frames import Schema
from scheme.tables import TABLES


@dataclass(frozen=True)
class Withdrawal:
    """What taking a load back does: its number, the withdrawal's own (None where it was only asked), and what goes.

    `back`: by table, how many rows go back to what each earlier or later load said; `held`: how many a later load says
    as well, so that nothing but where they come from changes; `gone`: how many vanish.
    """

    load: int
    number: int | None
    back: dict[str, dict[int, int]] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)

    def sentences(self) -> list[str]:
        """The same in words: "57 results go back to what load 3 said"."""
        told = []
        for table, loads in self.back.items():
            for load, n in loads.items():
                back = f"{'goes' if n == 1 else 'go'} back to what load {load} said"
                ahead = f"{'reads' if n == 1 else 'read'} as load {load} alone would have said"
                told.append(f"{_rows(n, table)} {back if load < self.load else ahead}")
        for table, n in self.held.items():
            told.append(f"{_rows(n, table)} {'stays' if n == 1 else 'stay'}, for a later load says the same")
        told += [f"{_rows(n, table)} {'vanishes' if n == 1 else 'vanish'}" for table, n in self.gone.items()]
        return told or ["nothing changes, for others say all that it said"]


def withdraw(session: Session, number: int, sent_by: str, why: str) -> Withdrawal:
    """Take a load back whole (the module's own words say what that means); needs a session that may write.

    UsageError where there is no such load, where it was withdrawn already, is a recoding or a withdrawal itself, where
    a later one was taken before what loads say was kept, or where departments would end up below themselves.
    """
    if not why.strip():
        raise UsageError("say why the load is withdrawn; it is kept with the withdrawal")
    changes = _changes(session, _base(session, number), number)
    told = _told(number, changes)
    again = {
        table: rows.filter("is_said").select(*said_again.columns(table), *PLACE) for table, rows in changes.items()
    }
    places = said_again.places(again, begin=2)
    itself = FileReport(f"withdrawal of load {number}", None, NO_FILE, None, notes=[why.strip(), *told.sentences()])
    files = said_again.files(session, places, f"load {number} is withdrawn")
    row = recorded(session, Load(sent_by, None, [itself, *files]))
    row.withdraws_load = number
    for table, rows in changes.items():
        ends = rows.filter(pl.col("held_by").is_not_null())
        supersede(session, table, ends.with_columns(load_number="held_by"), row.load_number)
    said_again.say(session, again, places, row.load_number)
    _refuse_loops(session, number)
    finished(session, row)
    counts = {"back": sum(sum(n.values()) for n in told.back.values()), "gone": sum(told.gone.values())}
    audit.record(session, "withdrew load", f"load {number}", by=row.load_number, **counts)
    return Withdrawal(number, row.load_number, told.back, told.held, told.gone)


def asked(session: Session, number: int) -> Withdrawal:
    """What withdrawing a load would do; needs a session that may write, and leaves all as it is."""
    return _told(number, _changes(session, _base(session, number), number))


def withdrawn(session: Session) -> dict[int, int]:
    """The loads that were withdrawn, each with the number of its withdrawal."""
    loads = models.Load
    rows = session.execute(
        select(loads.withdraws_load, loads.load_number).where(loads.withdraws_load.is_not(None))
    ).all()
    return {load: withdrawal for load, withdrawal in rows if load is not None}


def refusal(session: Session, number: int) -> str | None:
    """Why a load cannot be withdrawn whatever came after it; None where it may be."""
    row = session.scalars(select(models.Load).where(models.Load.load_number == number)).one_or_none()
    if row is None:
        return f"there is no load {number}; look for its number in the list of loads"
    gone = withdrawn(session)
    if number in gone:
        return f"load {number} is withdrawn already, by load {gone[number]}"
    if row.withdraws_load is not None:
        return f"load {number} is itself a withdrawal; load the file of load {row.withdraws_load} again"
    recoded = statements.recoding(session, number)
    if recoded is not None or _says_again(session, number):
        return f"load {number} gave a department another code; recode it back"
    return None


def _says_again(session: Session, number: int) -> bool:
    # A recoding of before version 0003: all that it has was said before.
    file = models.File
    asked = select(file.file_number).where(file.load_number == number, file.first_load_number.is_not(None))
    return session.scalars(asked.limit(1)).first() is not None


def _base(session: Session, number: int) -> int:
    """The load before which all is to be put back: this one, or an earlier one withdrawn since."""
    why_not = refusal(session, number)
    if why_not:
        raise UsageError(why_not)
    base, gone = number, withdrawn(session)
    while True:
        # What held before the base must not have in it what was withdrawn only after.
        earlier = [load for load, by in gone.items() if load < base < by]
        if not earlier:
            return base
        base = min(earlier)


# --- what would hold --------------------------------------------------------------------------------------------------


def _changes(session: Session, base: int, number: int) -> dict[str, pl.DataFrame]:
    """By table, the rows that differ: the columns as they are to be, PLACE of where that was first said, and flags.

    held_by: the load whose row ends (null: there was none); is_said: whether there is a row to say; is_same: whether it
    says what the one that ends said.
    """
    savepoint = session.begin_nested()
    try:
        first = _put_back(session, base)
        loads, changes = _replayed(session, base, first, number), {}
        for table in TABLES:
            model = VERSIONED[table]
            ended = _rows_of(session, table, model.load_number < first, model.superseded_by_load >= first)
            then = _rows_of(session, table, model.load_number >= first, model.superseded_by_load.is_(None))
            # A row of a load that was published again stood in the load which that one stands for.
            changes[table] = _differing(table, ended, then.with_columns(pl.col("load_number").replace(loads)))
    finally:
        savepoint.rollback()
    return {table: rows for table, rows in changes.items() if rows.height}


def _rows_of(session: Session, table: str, *where: ColumnElement[bool]) -> pl.DataFrame:
    """Rows as kept, held_by (the load that holds them), and PLACE of where they first stood."""
    model, columns = VERSIONED[table], {**said_again.columns(table), **PLACE}
    rows = fetched(session, select(*(getattr(model, name) for name in columns)).where(*where), columns)
    return said_again.first_said(session, rows.with_columns(held_by="load_number"))


def _put_back(session: Session, base: int) -> int:
    """Let hold again what held before a load, by a load of its own; gives its number."""
    revived, dropped = {}, {}
    for table, model in VERSIONED.items():
        columns = {**said_again.columns(table), **PLACE}
        names = [getattr(model, name) for name in columns]
        ended = model.load_number < base, model.superseded_by_load >= base
        revived[table] = fetched(session, select(*names).where(*ended), columns)
        newer = model.load_number >= base, model.superseded_by_load.is_(None)
        dropped[table] = fetched(session, select(*names).where(*newer), columns)
    places = said_again.places(revived)
    row = recorded(session, Load("", None, said_again.files(session, places, "put back")))
    for table, rows in dropped.items():
        supersede(session, table, rows, row.load_number)
    said_again.say(session, revived, places, row.load_number)
    finished(session, row)
    return row.load_number


def _replayed(session: Session, base: int, first: int, number: int) -> dict[int, int]:
    """Publish again the loads from `base` on that are withdrawn neither before nor now; what each stands for."""
    gone, again = {*withdrawn(session), number}, {}
    later = select(models.Load).where(
        models.Load.load_number >= base, models.Load.load_number < first, models.Load.withdraws_load.is_(None)
    )
    for row in session.scalars(later.order_by(models.Load.load_number)).all():
        if row.load_number in gone:
            continue
        codes = statements.recoding(session, row.load_number)
        if codes is None:
            again[taken(session, statements.said(session, row))] = row.load_number
            continue
        old, new = codes
        if any(rows.height for rows in naming_rows(session, new).values()):
            raise UsageError(
                f"load {row.load_number} called {old} {new}, and without load {number} {new} would be a department "
                f"beside it; recode {new} back first"
            )
        done = renamed(session, naming_rows(session, old), old, new, row.sent_by, "")
        finished(session, done)
        again[done.load_number] = row.load_number
    return again


def _differing(table: str, ended: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    key, columns = TABLES[table].key, said_again.columns(table)
    values = [name for name in columns if name not in key]
    was = {name: f"{name}_was" for name in (*values, *PLACE)}
    both = then.drop("held_by").with_columns(is_said=True)
    both = both.join(
        ended.rename(was), on=key, how="full", coalesce=True, nulls_equal=True, maintain_order="left_right"
    )
    both = both.with_columns(pl.col("is_said").fill_null(value=False), is_same=_alike(values))
    stays = pl.col("is_said") & pl.col("held_by").is_not_null() & pl.col("is_same") & _alike(list(PLACE))
    return both.filter(~stays).select(*columns, *PLACE, "held_by", "is_said", "is_same")


def _alike(names: Sequence[str]) -> pl.Expr:
    alike = [pl.col(name).eq_missing(pl.col(f"{name}_was")) for name in names]
    return pl.all_horizontal(alike) if alike else pl.lit(value=True)


def _refuse_loops(session: Session, number: int) -> None:
    codes: Schema = {"department_code": pl.String, "parent_code": pl.String}
    parents = dict(reads.kept(session, "departments", codes).iter_rows())
    for code in parents:
        above, met = parents[code], {code}
        while above is not None and above not in met:
            met.add(above)
            above = parents.get(above)
        if above is not None:
            raise UsageError(
                f"without load {number} department {above} would lie below itself, for later loads moved others; "
                "withdraw those first, or correct the register"
            )


# --- in words ---------------------------------------------------------------------------------------------------------


def _told(number: int, changes: Mapping[str, pl.DataFrame]) -> Withdrawal:
    told = Withdrawal(number, None)
    for table, rows in changes.items():
        back = rows.filter(pl.col("is_said") & (pl.col("held_by").is_null() | ~pl.col("is_same")))
        held = rows.filter(pl.col("is_said") & pl.col("held_by").is_not_null() & pl.col("is_same")).height
        gone = rows.filter(~pl.col("is_said")).height
        if back.height:
            told.back[table] = dict(back.group_by("load_number").len().sort("load_number").iter_rows())
        if held:
            told.held[table] = held
        if gone:
            told.gone[table] = gone
    return told


def _rows(number: int, table: str) -> str:
    words = table.replace("_", " ")
    if not words.endswith("s"):  # evidence
        return f"{number:,} row{'' if number == 1 else 's'} of {words}"
    return f"{number:,} {words[:-1] if number == 1 else words}"
