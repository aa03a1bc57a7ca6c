"""A department under another code: all that names the old one is said again under the new one, and kept as it was.

Every row that holds now and names the old code is superseded by one load, which says the same with the new code. What
was known before stays readable. A row keeps the file, sheet and row number in which its sender wrote it
(db.said_again).
"""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db import models, reads, said_again, statements
from db.audit import record
from db.frames import PLACE, supersede
from db.identities import ApiToken, Grant, GroupGrant
from db.loading import Load
from db.models import DepartmentAlias
from db.writes import finished, recorded
from scheme.errors import UsageError
from scheme.standard import code_order
from scheme.tables import TABLES

_NAMES_ONE = ("department_code", "parent_code")  # columns that name a department, or several


def former_codes(session: Session) -> dict[str, tuple[str, date]]:
    """Codes that departments had before, with the code they have now and since when the old one is not theirs."""
    rows = {row.old_code: row for row in session.scalars(select(DepartmentAlias))}
    found = {}
    for old, row in rows.items():
        new = row.new_code
        while new in rows:
            new = rows[new].new_code
        found[old] = (new, row.since)
    return found


def forget_former_code(session: Session, old: str) -> bool:
    """Let a code that a department had before be any code again; whether it was one."""
    done = session.execute(delete(DepartmentAlias).where(DepartmentAlias.old_code == old))
    return bool(done.rowcount)  # type: ignore[attr-defined]  # of a DELETE there is one


def naming(session: Session, code: str) -> dict[str, int]:
    """How many rows that hold now name a department, by table; tables without one are left out."""
    counts = {table: _naming(session, table, code).height for table in _tables()}
    return {table: count for table, count in counts.items() if count}


def recode(
    session: Session, old: str, new: str, sent_by: str, today: date, why: str = ""
) -> tuple[int, dict[str, int]]:
    """Say all that names one department under another code; gives the number of the load and the rows said, by table.

    Needs a session that may write. From now on the old code is understood as the new one. Grants, tokens and the
    groups of sign-on that name it follow. UsageError where something names the new code already, or nothing the old.
    """
    taken = naming(session, new)
    if taken:
        raise UsageError(
            f"the code {new} is in use ({_told(taken)}); merge the two departments, or choose another code"
        )
    meant = former_codes(session).get(new)
    if meant is not None and meant[0] != old:
        raise UsageError(
            f"{new} is what {meant[0]} was called until {meant[1]:%-d %B %Y}, and files that say {new} are read as "
            f"{meant[0]}; choose another code"
        )
    rows = naming_rows(session, old)
    if not any(frame.height for frame in rows.values()):
        raise UsageError(f"no department {old}; look for its code in the list of departments")
    note = f"{old} is called {new} now{f': {why}' if why else ''}"
    row = renamed(session, rows, old, new, sent_by, note)
    statements.keep_recoding(session, row.load_number, old, new)
    _remember(session, old, new, row.load_number, today)
    _follow(session, old, new)
    finished(session, row)
    counts = {table: frame.height for table, frame in rows.items() if frame.height}
    record(session, "recoded department", old, to=new, load=row.load_number, rows=sum(counts.values()))
    return row.load_number, counts


def renamed(
    session: Session, rows: Mapping[str, pl.DataFrame], old: str, new: str, sent_by: str, note: str
) -> models.Load:
    """Say rows that name one department (`naming_rows`) under another code by a new load; gives it, to be finished."""
    places = said_again.places(rows)
    row = recorded(session, Load(sent_by, None, said_again.files(session, places, note)))
    for table, frame in rows.items():
        supersede(session, table, frame, row.load_number)
    said_again.say(
        session, {table: _renamed(table, frame, old, new) for table, frame in rows.items()}, places, row.load_number
    )
    return row


def naming_rows(session: Session, code: str) -> dict[str, pl.DataFrame]:
    """By table, the rows that hold now and name a department, as kept and with where they come from."""
    return {table: _naming(session, table, code) for table in _tables()}


def _tables() -> list[str]:
    return [name for name, table in TABLES.items() if set(_NAMES_ONE) & set(table.names)]


def _naming(session: Session, table: str, code: str) -> pl.DataFrame:
    """The rows that hold now and name the code, as kept, with where they come from."""
    rows = reads.kept(session, table, {**said_again.columns(table), **PLACE})
    named = [_names(table, name, code) for name in _NAMES_ONE if name in TABLES[table].names]
    return rows.filter(pl.any_horizontal(named))


def _names(table: str, column: str, code: str) -> pl.Expr:
    if TABLES[table].column(column).kind == "codes":
        return pl.col(column).str.split(";").list.contains(code).fill_null(value=False)
    return (pl.col(column) == code).fill_null(value=False)


def _renamed(table: str, rows: pl.DataFrame, old: str, new: str) -> pl.DataFrame:
    columns: list[pl.Series | pl.Expr] = []
    for name in _NAMES_ONE:
        if name not in TABLES[table].names:
            continue
        if TABLES[table].column(name).kind == "codes":
            said = [cell and _in_order([new if c == old else c for c in cell.split(";")]) for cell in rows[name]]
            columns.append(pl.Series(name, said, pl.String))
        else:
            columns.append(pl.col(name).replace({old: new}))
    if table == "actions":
        # The key of an action without a code begins with its department (etl.tidy.action_key).
        rest = pl.col("action_key").str.slice(len(old))
        keyed = pl.col("action_code").is_null() & (pl.col("department_code") == old)
        columns.append(pl.when(keyed).then(pl.lit(new) + rest).otherwise("action_key").alias("action_key"))
    return rows.with_columns(columns)


def _in_order(codes: Sequence[str]) -> str:
    return ";".join(sorted(set(codes), key=code_order))


def _remember(session: Session, old: str, new: str, load_number: int, today: date) -> None:
    for code in (new, old):  # the old one may have been a former code itself that somebody said again
        forget_former_code(session, code)
    session.add(DepartmentAlias(old_code=old, new_code=new, since=today, load_number=load_number))
    session.flush()


def _follow(session: Session, old: str, new: str) -> None:
    """Let grants, groups and tokens that name the old code name the new one."""
    session.execute(update(Grant).where(Grant.department_code == old).values(department_code=new))
    groups = list(session.scalars(select(GroupGrant).where(GroupGrant.department_code.in_([old, new]))))
    named = {(group.provider, group.group_name) for group in groups if group.department_code == new}
    for group in groups:
        if group.department_code == old and (group.provider, group.group_name) in named:
            session.delete(group)
        elif group.department_code == old:
            group.department_code = new
    session.flush()
    for token in session.scalars(select(ApiToken).where(ApiToken.departments != "")).all():
        codes = [new if code == old else code for code in token.departments.split(";")]
        one = update(ApiToken).where(ApiToken.token_number == token.token_number)
        session.execute(one.values(departments=_in_order(codes)))


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{table.replace('_', ' ')}: {count}" for table, count in counts.items())
