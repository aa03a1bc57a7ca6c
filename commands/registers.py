"""Registers at the command line: what one holds, and rows said by hand, by the door that files use."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from commands.arguments import sender
from commands.printing import say
from scheme.errors import UsageError

if TYPE_CHECKING:
    import polars as pl


def register(tenant: str, table: str) -> "pl.DataFrame":
    """A canonical table of a tenant as it holds now, with the number of the load that said each row."""
    import polars as pl

    from db import reads
    from db.session import open_session
    from db.tenants import scope_of

    with open_session(scope_of(tenant)) as session:
        frame = reads.table(session, table)
    ours = {"is_confirmed": "confirmed", "load_number": "load"}
    return frame.select(pl.exclude("file_number", "row_number")).rename(
        {name: shown for name, shown in ours.items() if name in frame.columns}
    )


def history(tenant: str, table: str, code: str) -> "pl.DataFrame":
    """What was said of one thing in a register, newest load first; UsageError for a code that was never there."""
    import polars as pl

    from db.registers import versions
    from db.session import open_session
    from db.tenants import scope_of

    with open_session(scope_of(tenant)) as session:
        rows = versions(session, table, code)
    if not rows:
        noun = table.removesuffix("s")
        raise UsageError(f"there never was a {noun} '{code}'; `assay {noun} list` lists those there are")
    return pl.DataFrame(rows, infer_schema_length=None)


def held(tenant: str, table: str, code: str) -> dict[str, Any] | None:
    """The row of a code as it holds now; None where there is none that a register named."""
    frame = register(tenant, table)
    rows = frame.filter(frame[frame.columns[0]] == code).to_dicts()
    return rows[0] if rows and rows[0].get("confirmed", True) else None


def held_row(tenant: str, table: str, code: str) -> dict[str, Any]:
    """The row of a code as it holds now; UsageError where there is none."""
    row = held(tenant, table, code)
    if row is None:
        raise UsageError(f"no {table.removesuffix('s')} '{code}'; `assay {table.removesuffix('s')} list` lists them")
    return row


def refuse_known(tenant: str, table: str, code: str) -> None:
    """UsageError where a register has named the code already."""
    if held(tenant, table, code) is not None:
        noun = table.removesuffix("s")
        raise UsageError(f"there is a {noun} {code} already; `assay {noun} change` changes it")


def state(tenant: str, table: str, values: Mapping[str, object], why: str) -> None:
    """Say one row of a table by hand; what is None stays as it is. UsageError, and nothing is in, where it is refused.

    Says what it did on standard error.
    """
    from db.tenants import scope_of
    from etl.run import load_rows

    row = {name: typed(value) for name, value in values.items() if value is not None}
    report = load_rows(scope_of(tenant), table, [row], sent_by=sender(), why=why)
    if report.rejected:
        raise UsageError("; ".join(dict.fromkeys(rejected.why for rejected in report.rejected)))
    code = next(iter(row.values()))
    for file in report.files:
        for note in file.notes:
            if note != why:
                say(f"note: {note}")
        same = ", which changed nothing" if file.unchanged else ""
        say(f"{table.removesuffix('s')} {code} is as you say (load {report.load_number}{same})")


def typed(value: object) -> str:
    """A value as somebody types it into a form."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ";".join(value)
    return value.isoformat() if isinstance(value, date) else str(value)
