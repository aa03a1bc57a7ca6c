"""What is loaded and measured: check, load, loads, rejected, measure."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from commands.arguments import Basis, Executor, Format, Printed, Tenant, day, moment, sender, sub_app, today
from commands.printing import progress, report_code, show, show_table, wanted_format, write

data_app = sub_app()

Paths = Annotated[
    list[str],
    typer.Argument(
        help="A file, a folder, a glob, or an https://, s3://, az:// or gs:// address. Example: results/*.xlsx"
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        "--source",
        help="How a sender's headings and words are read: a file, or the code of one that is kept. "
        "Example: --source housing.toml",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse a file at its first row set aside.")]


@data_app.command()
def check(
    paths: Paths,
    tenant: Annotated[
        str | None, typer.Option(help="Compare with what this tenant has. Example: --tenant ASHCOMBE")
    ] = None,
    source: Source = None,
    strict: Strict = False,
    executor: Executor = "processes",
    printed: Printed = None,
) -> None:
    """Say what would be taken and what not; write nothing. Example: assay check results/ --tenant ASHCOMBE."""
    import polars as pl

    import formats
    from db.tenants import scope_of
    from etl import run
    from etl.addressed import fetched

    with TemporaryDirectory(prefix="assay-") as folder, progress() as told:
        report = run.check(
            fetched(paths, Path(folder)),
            scope=scope_of(tenant) if tenant else None,
            source=source,
            strict=strict,
            progress=told,
            executor=executor,
        )
    loads, rejected = report.loads().drop("load"), report.rejected_rows()
    match wanted_format(printed):
        case Format.JSON:
            both = {"loads": formats.records(loads), "rejected": formats.records(rejected)}
            for row in both["rejected"]:
                row["cells"] = formats.parsed_json(row["cells"])
            write(formats.json_bytes(both) + b"\n")
        case Format.XLSX:
            write(formats.xlsx_bytes({"loads": loads, "rejected": rejected}))
        case Format.TABLE:
            show_table(loads.select("file", "sheet", "table", "read", "loaded", "unchanged", "duplicate", "no_result",
                                "set_aside", "outcome"))  # fmt: skip
        case _:
            show(pl.concat([loads, rejected], how="diagonal"), printed)
    raise typer.Exit(report_code(report))


@data_app.command()
def load(
    paths: Paths,
    tenant: Tenant,
    source: Source = None,
    strict: Strict = False,
    withdraw_missing: Annotated[
        bool, typer.Option("--withdraw-missing", help="Take back rows that a newer edition of a file no longer has.")
    ] = False,
    executor: Executor = "processes",
    printed: Printed = None,
) -> None:
    """Take files into the warehouse. Example: assay load results/ --tenant ASHCOMBE."""
    from db.tenants import scope_of
    from etl import run
    from etl.addressed import fetched

    scope = scope_of(tenant)
    with TemporaryDirectory(prefix="assay-") as folder, progress() as told:
        report = run.load(
            scope,
            fetched(paths, Path(folder)),
            source=source,
            strict=strict,
            withdraw_missing=withdraw_missing,
            sent_by=sender(),
            progress=told,
            executor=executor,
        )
    show(report.loads(), printed, "loads")
    raise typer.Exit(report_code(report))


@data_app.command()
def loads(tenant: Tenant, printed: Printed = None) -> None:
    """List the loads, newest first. Example: assay loads --tenant ASHCOMBE."""
    from db import reads
    from db.session import open_session
    from db.tenants import scope_of

    with open_session(scope_of(tenant)) as session:
        frame = reads.loads(session)
    show(frame, printed, "loads")


@data_app.command()
def rejected(
    load: Annotated[int, typer.Argument(help="The load's number. Example: 12")], tenant: Tenant, printed: Printed = None
) -> None:
    """List the rows a load set aside, as sent, with why. Example: assay rejected 12 --tenant ASHCOMBE --format csv."""
    import formats
    from db import reads
    from db.session import open_session
    from db.tenants import scope_of

    with open_session(scope_of(tenant)) as session:
        frame = reads.rejected(session, load)
    match wanted_format(printed):
        case Format.JSON:
            rows = [row | {"cells": formats.parsed_json(row["cells"])} for row in formats.records(frame)]
            write(formats.json_bytes(rows) + b"\n")
        case Format.XLSX:
            write(formats.xlsx_bytes(formats.sent_back(frame)))
        case Format.CSV:
            write(formats.csv_text(formats.as_sent(frame)).encode())
        case Format.TABLE:
            show_table(frame.select("file", "sheet", "row", "why"))
        case _:
            show(formats.as_sent(frame), printed)


@data_app.command()
def measure(
    measure: Annotated[
        str, typer.Argument(help="standing, headroom, coverage, visits, sites, renewal or history. Example: headroom")
    ],
    tenant: Tenant,
    as_of: Annotated[str | None, typer.Option(help="The day; today unless given. Example: --as-of 2026-03-31")] = None,
    known_at: Annotated[
        str | None, typer.Option(help="Hide what was loaded after. Example: --known-at 2026-03-31T14:05:00Z")
    ] = None,
    department: Annotated[
        list[str] | None,
        typer.Option(help="This department and what lies below; may be repeated. Example: --department LIB"),
    ] = None,
    basis: Annotated[
        Basis | None, typer.Option(help="Whose word counts; formal unless given. Example: --basis self")
    ] = None,
    printed: Printed = None,
) -> None:
    """Print a measure. Example: assay measure headroom --tenant ASHCOMBE --as-of 2026-03-31."""
    import measures
    from db.tenants import scope_of

    frame = measures.measure(
        scope_of(tenant),
        measure,
        day(as_of, "--as-of") if as_of is not None else today(),
        moment(known_at, "--known-at") if known_at is not None else None,
        department or (),
        basis and basis.value,
    )
    show(frame, printed, measure)
