"""A department under another code: all that names the old one is said again under the new one, and kept as it was.

Every row that holds now and names the old code is superseded by one load, which says the same with the new code. What
was known before stays readable. A row keeps the file, sheet and row number in which its sender wrote it: the load has
an entry of its own for each file that rows come from, with the file's name and fingerprint and with where it was first
loaded (files.first_load_number, first_file_number).
"""

from collections.abc import Sequence
from datetime import date

import polars as pl
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db import reads
from db.audit import record
from db.frames import fetched, insert, kept_schema, supersede
from db.loading import FileReport, Load
from db.models import TAKEN_IN, ApiToken, DepartmentAlias, File, Grant, GroupGrant
from db.writes import finished, recorded
from scheme.errors import UsageError
from scheme.frames import Schema
from scheme.standard import code_order
from scheme.tables import TABLES

_PLACE: Schema = {"load_number": pl.Int64, "file_number": pl.Int64, "row_number": pl.Int64}
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
    rows = {table: _naming(session, table, old) for table in _tables()}
    if not any(frame.height for frame in rows.values()):
        raise UsageError(f"no department {old}; look for its code in the list of departments")
    places = pl.concat(
        frame.select(pl.lit(table).alias("table"), "load_number", "file_number") for table, frame in rows.items()
    )
    places = places.group_by("table", "load_number", "file_number", maintain_order=True).len()
    load = Load(sent_by, None, _files(session, places, f"{old} is called {new} now{f': {why}' if why else ''}"))
    row = recorded(session, load)
    numbers = places.select("table", "load_number", "file_number").with_row_index("said_in", 1)
    for table, frame in rows.items():
        supersede(session, table, frame, row.load_number)
        said = _renamed(table, frame, old, new).join(
            numbers.filter(pl.col("table") == table), on=["load_number", "file_number"], how="left"
        )
        place = [pl.lit(row.load_number, pl.Int64).alias("load_number"), pl.col("said_in").cast(pl.Int64)]
        insert(session, table, said.select(*_columns(table), *place, "row_number").rename({"said_in": "file_number"}))
    _remember(session, old, new, row.load_number, today)
    _follow(session, old, new)
    finished(session, row)
    counts = {table: frame.height for table, frame in rows.items() if frame.height}
    record(session, "recoded department", old, to=new, load=row.load_number, rows=sum(counts.values()))
    return row.load_number, counts


def _tables() -> list[str]:
    return [name for name, table in TABLES.items() if set(_NAMES_ONE) & set(table.names)]


def _columns(table: str) -> Schema:
    return {**kept_schema(table), **({"is_confirmed": pl.Boolean} if table in TAKEN_IN else {})}


def _naming(session: Session, table: str, code: str) -> pl.DataFrame:
    """The rows that hold now and name the code, as kept, with where they come from."""
    rows = reads.kept(session, table, {**_columns(table), **_PLACE})
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


def _files(session: Session, places: pl.DataFrame, note: str) -> list[FileReport]:
    whole = dict.fromkeys(("load_number", "file_number", "first_load_number", "first_file_number"), pl.Int64)
    columns: Schema = {**whole, **dict.fromkeys(("file", "sheet", "sha256", "layout", "certainty"), pl.String)}
    loads = places["load_number"].unique().to_list()
    statement = select(*(getattr(File, name) for name in columns)).where(File.load_number.in_(loads))
    known = {(row["load_number"], row["file_number"]): row for row in fetched(session, statement, columns).to_dicts()}
    files = []
    for table, load_number, file_number, count in places.iter_rows():
        file = known[load_number, file_number]
        first = (file["first_load_number"] or load_number, file["first_file_number"] or file_number)
        told = [f"said again: {note} (first loaded in load {first[0]})"]
        report = FileReport(file["file"], file["sheet"], file["sha256"], table, count, count, notes=told, first=first)
        report.layout, report.certainty = file["layout"], file["certainty"]
        files.append(report)
    return files


def _remember(session: Session, old: str, new: str, load_number: int, today: date) -> None:
    forget_former_code(session, new)
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
