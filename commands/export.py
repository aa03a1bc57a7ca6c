"""What an organisation has, taken out as tables: export."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commands.arguments import Printed, Tenant, sub_app
from commands.printing import SET_ASIDE, TOOK_ALL, say, show

export_app = sub_app()


class Plain(StrEnum):
    """As which files reports are written."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


@export_app.command()
def export(
    tenant: Tenant,
    out: Annotated[Path, typer.Option("--out", help="A new or empty folder. Example: --out ashcombe-tables")],
    plain: Annotated[
        Plain | None,
        typer.Option("--plain", help="Reports in plain names for other tools instead. Example: --plain parquet"),
    ] = None,
    printed: Printed = None,
) -> None:
    """Write a tenant's tables as CSV that `assay load` takes. Example: assay export --tenant ASHCOMBE --out tables.

    What it is measured by (profiles, an own standard) lies in the hidden folder .assay below, which a load passes over.
    """
    import polars as pl

    from db.tenants import scope_of
    from etl.take_out import take_out, take_out_plain

    if plain:
        written = take_out_plain(scope_of(tenant), out, plain)
        columns = {"file": pl.String, "rows": pl.Int64}
        show(pl.DataFrame(list(written.items()), columns, orient="row"), printed, "reports")
        say(f"{len(written)} files written to {out}; what each column says is in columns.{plain}")
        return
    done = take_out(scope_of(tenant), out)
    rows = [(name, f"{name}.csv", count) for name, count in done.rows.items()]
    show(pl.DataFrame(rows, {"table": pl.String, "file": pl.String, "rows": pl.Int64}, orient="row"), printed, "tables")
    for path in done.profiles:
        say(f"a profile to be given to `assay tenant add` first: --profile {path}")
    if done.confirmed:
        say(f"these codes, which no register had named, will be named by one: {', '.join(done.confirmed)}")
    for file, row in done.rejected:
        say(f"{file}, row {row.row} will be set aside: {row.why}")
    say(f"{sum(done.rows.values()):,} rows written to {out} and read back; sha256 of what holds: {done.sha256}")
    raise typer.Exit(SET_ASIDE if done.rejected else TOOK_ALL)
