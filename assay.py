"""The command line: parses, calls, prints; nothing else (commands.md).

What a sub-command does not need is not imported.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheme.errors import AssayError, UsageError

if TYPE_CHECKING:
    import polars as pl

    from etl.run import LoadReport

TOOK_ALL, FAILED, WRONG_USAGE, SET_ASIDE = 0, 1, 2, 3

app = typer.Typer(
    help="Assay: a dashboard for corporate accreditation programmes.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
tenant_app, user_app, standard_app = (typer.Typer(no_args_is_help=True, rich_markup_mode=None) for _ in range(3))
app.add_typer(tenant_app, name="tenant", help="Organisations that run a programme; they never see each other.")
app.add_typer(user_app, name="user", help="People who sign in.")
app.add_typer(standard_app, name="standard", help="Standards: shipped ones and your own.")


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


class Role(StrEnum):
    """What a person may do."""

    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    CORPORATE_LEAD = "corporate_lead"
    SENIOR_LEADER = "senior_leader"
    ASSESSOR = "assessor"
    CHAMPION = "champion"


class Basis(StrEnum):
    """Whose word: assessors', the department's own, or a desk review's."""

    FORMAL = "formal"
    SELF = "self"
    DESK = "desk"


Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's code. Example: --tenant ASHCOMBE")]
Printed = Annotated[
    Format | None,
    typer.Option("--format", help="How to print: a table to a terminal, JSON to a pipe. Example: --format csv"),
]
Paths = Annotated[list[str], typer.Argument(help="A file, a folder or a glob. Example: results/*.xlsx")]
Source = Annotated[
    Path | None,
    typer.Option("--source", help="A file that maps a sender's headings and words. Example: --source housing.toml"),
]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse a file at its first row set aside.")]


def main() -> None:
    """Run the command line: errors become one line on standard error and an exit code."""
    try:
        app()
    except UsageError as error:
        sys.exit(_said(error, WRONG_USAGE))
    except AssayError as error:
        sys.exit(_said(error, FAILED))
    except KeyboardInterrupt:
        sys.exit(_said("stopped; nothing of a load under way is in", FAILED))
    except BrokenPipeError:
        sys.exit(FAILED)
    except Exception as error:
        if os.environ.get("ASSAY_DEBUG"):
            raise
        sys.exit(_said(f"{type(error).__name__}: {error} (ASSAY_DEBUG=1 shows where)", FAILED))


def _said(message: object, code: int) -> int:
    print(f"assay: {message}", file=sys.stderr)
    return code


# --- printing ---------------------------------------------------------------------------------------------------------


def show(frame: "pl.DataFrame", wanted: Format | None, title: str = "assay") -> None:
    """Print a frame to standard output: as a table to a terminal, as JSON to a pipe, or as asked."""
    import formats

    match wanted or (Format.TABLE if sys.stdout.isatty() else Format.JSON):
        case Format.JSON:
            _write(formats.json_bytes(formats.records(frame)) + b"\n")
        case Format.CSV:
            _write(formats.csv_text(frame).encode())
        case Format.PARQUET:
            _write(formats.parquet_bytes(frame))
        case Format.XLSX:
            _write(formats.xlsx_bytes({title: frame}))
        case Format.TABLE:
            _table(formats.flat(frame))


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _table(frame: "pl.DataFrame") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    # Where nobody looks at it there is no edge at which a cell would have to be broken.
    console = Console(width=None if sys.stdout.isatty() else 100_000)
    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*("" if value is None else str(value) for value in row))
    console.print(table)
    console.print(f"{frame.height} row{'' if frame.height == 1 else 's'}")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal, one line per file elsewhere."""
    if not sys.stderr.isatty():
        yield lambda file, done, total: print(f"{done}/{total} {file}", file=sys.stderr)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda file, done, total: bar.update(task, description=file, completed=done, total=total)


def _report(report: "LoadReport") -> int:
    """Name on standard error what was refused, set aside or is worth knowing; give the exit code."""
    for file in report.files:
        where = file.file + (f", sheet {file.sheet}" if file.sheet else "")
        if file.outcome == "refused":
            print(f"refused: {where}: {file.reason}", file=sys.stderr)
        for note in file.notes:
            print(f"note: {where}: {note}", file=sys.stderr)
    for row in report.rejected[:50]:
        file = report.files[row.file_number - 1]
        sheet = f", sheet {file.sheet}" if file.sheet else ""
        print(f"set aside: {file.file}{sheet}, row {row.row}: {row.why}", file=sys.stderr)
    if len(report.rejected) > 50:
        print(f"set aside: and {len(report.rejected) - 50} more; `assay rejected` lists them all", file=sys.stderr)
    for skipped in report.skipped:
        print(f"note: {skipped}", file=sys.stderr)
    faulty = report.rejected or any(file.outcome == "refused" for file in report.files)
    return SET_ASIDE if faulty else TOOK_ALL


# --- arguments --------------------------------------------------------------------------------------------------------


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--as-of {text}: not a day; write it as 2026-03-31") from error


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if len(text) == 10:  # a day alone: what was known at its end
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--known-at {text}: not a moment; write it as 2026-03-31T14:05:00Z") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error


# --- commands ---------------------------------------------------------------------------------------------------------


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Where to serve. Example: --port 8051")] = 8050,
    serve_it: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve it once it is built.")] = True,
) -> None:
    """Build the demo warehouse and serve it. Example: assay demo --port 8051."""
    from db.upgrade import upgrade as bring_up
    from etl import demo as demo_data

    bring_up()
    with _progress() as progress:
        people = demo_data.build(progress=progress)
    print("\nThe demo warehouse is ready. All tenants but the published ones are fictional. Sign in as:\n")
    for person in people:
        print(f"  {person.email:34} {person.password:26} {person.role.replace('_', ' ')}, {person.tenants}")
    print()
    if serve_it:
        serve(port=port)


@app.command()
def upgrade() -> None:
    """Create the warehouse, or bring it to this version. Example: assay upgrade."""
    from db.upgrade import upgrade as bring_up

    print(f"assay: {bring_up()}", file=sys.stderr)


@tenant_app.command("add")
def tenant_add(
    code: Annotated[str, typer.Argument(help="Its code. Example: ASHCOMBE")],
    name: Annotated[str, typer.Option(help='Its name. Example: --name "Ashcombe County Council"')],
    standard: Annotated[str | None, typer.Option(help="The code of its standard; cse for a new one.")] = None,
    profile: Annotated[
        list[Path] | None,
        typer.Option(help="A profile's file; several for several versions. Example: --profile ours.toml"),
    ] = None,
) -> None:
    """Add a tenant, or another version of its profile. Example: assay tenant add ASHCOMBE --name "Ashcombe Council"."""
    from db.tenants import add_tenant
    from scheme.standard import parsed

    bodies = [(path.name, parsed(_read(path), str(path))) for path in profile or ()]
    print(f"assay: {add_tenant(code, name, standard, bodies)}", file=sys.stderr)


@tenant_app.command("list")
def tenant_list(printed: Printed = None) -> None:
    """List the tenants. Example: assay tenant list."""
    from db.tenants import tenants

    show(tenants(), printed, "tenants")


@standard_app.command("list")
def standard_list(printed: Printed = None) -> None:
    """List the standards. Example: assay standard list."""
    import polars as pl

    from db.tenants import standards

    rows = [
        {"code": s.code, "title": s.title, "edition": s.edition, "criteria": len(s.criteria), "elements": len(s.codes)}
        for s in standards()
    ]
    show(pl.DataFrame(rows), printed, "standards")


@standard_app.command("show")
def standard_show(code: str, printed: Printed = None) -> None:
    """Show the elements of a standard. Example: assay standard show cse."""
    import polars as pl

    from db.tenants import standard_of_code

    elements = standard_of_code(code).elements
    show(
        pl.DataFrame(
            [
                {
                    "element": e.code,
                    "criterion": e.criterion,
                    "sub_criterion": e.sub_criterion,
                    "title": e.title,
                    "guidance": e.guidance,
                }
                for e in elements
            ],
            infer_schema_length=None,
        ),
        printed,
        code,
    )


@standard_app.command("check")
def standard_check(file: Path) -> None:
    """Say whether a standard's file is sound; write nothing. Example: assay standard check ours.toml."""
    from scheme.standard import parsed, standard_of

    standard = standard_of(parsed(_read(file), str(file)), str(file))
    print(
        f"assay: {file}: {standard.code}, {len(standard.criteria)} criteria, {len(standard.elements)} elements: sound",
        file=sys.stderr,
    )
    if standard.profile is None:
        print(f"assay: {file}: no [profile] with its allowances; a tenant must bring one", file=sys.stderr)


@standard_app.command("add")
def standard_add(file: Path) -> None:
    """Add a standard, or a newer text of it. Example: assay standard add ours.toml."""
    from db.tenants import add_standard

    print(f"assay: {add_standard(_read(file), str(file))}", file=sys.stderr)


@user_app.command("add")
def user_add(
    email: str,
    role: Annotated[Role, typer.Option(help="What they may do. Example: --role corporate_lead")],
    tenant: Annotated[str | None, typer.Option(help="The tenant's code; an operator needs none.")] = None,
    department: Annotated[
        list[str] | None, typer.Option(help="Only this department and what lies below; may be repeated.")
    ] = None,
) -> None:
    """Give a person a role; print a one-time password for a new one. Example: assay user add a@b.uk --role assessor."""
    from db.people import add_user

    password = add_user(email, role.value, tenant, department or [])
    if password is None:
        print(f"assay: {email} has the role {role.value} now, and keeps the password", file=sys.stderr)
    else:
        print("assay: a password for the first sign-in, which asks for one of their own:", file=sys.stderr)
        print(password)


@app.command()
def check(
    paths: Paths,
    tenant: Annotated[str | None, typer.Option(help="Compare with this tenant's warehouse.")] = None,
    source: Source = None,
    strict: Strict = False,
    printed: Printed = None,
) -> None:
    """Say what would be taken and what not; write nothing. Example: assay check results/ --tenant ASHCOMBE."""
    import polars as pl

    import formats
    from db.tenants import scope_of
    from etl import run

    with _progress() as progress:
        report = run.check(
            paths, scope=scope_of(tenant) if tenant else None, source=source, strict=strict, progress=progress
        )
    loads, rejected = report.loads().drop("load"), report.rejected_rows()
    match printed or (Format.TABLE if sys.stdout.isatty() else Format.JSON):
        case Format.JSON:
            both = {"loads": formats.records(loads), "rejected": formats.records(rejected)}
            for row in both["rejected"]:
                row["cells"] = formats.parsed_json(row["cells"])
            _write(formats.json_bytes(both) + b"\n")
        case Format.XLSX:
            _write(formats.xlsx_bytes({"loads": loads, "rejected": rejected}))
        case Format.TABLE:
            _table(loads.select("file", "sheet", "table", "read", "loaded", "unchanged", "duplicate", "no_result",
                                "set_aside", "outcome"))  # fmt: skip
        case _:
            show(pl.concat([loads, rejected], how="diagonal"), printed)
    raise typer.Exit(_report(report))


@app.command()
def load(
    paths: Paths,
    tenant: Tenant,
    source: Source = None,
    strict: Strict = False,
    withdraw_missing: Annotated[
        bool, typer.Option("--withdraw-missing", help="Take back rows that a newer edition of a file no longer has.")
    ] = False,
    printed: Printed = None,
) -> None:
    """Take files into the warehouse. Example: assay load results/ --tenant ASHCOMBE."""
    from db.tenants import scope_of
    from etl import run

    scope = scope_of(tenant)
    with _progress() as progress:
        report = run.load(
            scope,
            paths,
            source=source,
            strict=strict,
            withdraw_missing=withdraw_missing,
            sent_by=os.environ.get("USER") or os.environ.get("LOGNAME") or "command line",
            progress=progress,
        )
    show(report.loads(), printed, "loads")
    raise typer.Exit(_report(report))


@app.command()
def loads(tenant: Tenant, printed: Printed = None) -> None:
    """List the loads, newest first. Example: assay loads --tenant ASHCOMBE."""
    from db import reads
    from db.session import open_session
    from db.tenants import scope_of

    with open_session(scope_of(tenant)) as session:
        frame = reads.loads(session)
    show(frame, printed, "loads")


@app.command()
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
    match printed or (Format.TABLE if sys.stdout.isatty() else Format.JSON):
        case Format.JSON:
            rows = [row | {"cells": formats.parsed_json(row["cells"])} for row in formats.records(frame)]
            _write(formats.json_bytes(rows) + b"\n")
        case Format.XLSX:
            _write(formats.xlsx_bytes(formats.sent_back(frame)))
        case Format.CSV:
            _write(formats.csv_text(formats.as_sent(frame)).encode())
        case Format.TABLE:
            _table(frame.select("file", "sheet", "row", "why"))
        case _:
            show(formats.as_sent(frame), printed)


@app.command()
def measure(
    measure: Annotated[str, typer.Argument(help="standing, headroom, coverage, visits, sites or history")],
    tenant: Tenant,
    as_of: Annotated[str | None, typer.Option(help="The day; today unless given. Example: --as-of 2026-03-31")] = None,
    known_at: Annotated[
        str | None, typer.Option(help="Hide what was loaded after. Example: --known-at 2026-03-31T14:05:00Z")
    ] = None,
    department: Annotated[
        list[str] | None, typer.Option(help="This department and what lies below; may be repeated.")
    ] = None,
    basis: Annotated[Basis | None, typer.Option(help="Whose word counts; formal unless given.")] = None,
    printed: Printed = None,
) -> None:
    """Print a measure. Example: assay measure headroom --tenant ASHCOMBE --as-of 2026-03-31."""
    import measures
    from db.tenants import scope_of

    frame = measures.measure(
        scope_of(tenant), measure, _day(as_of), _moment(known_at), department or (), basis and basis.value
    )
    show(frame, printed, measure)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on. Example: --host 0.0.0.0")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port. Example: --port 8051")] = 8050,
) -> None:
    """Serve the dashboard. Example: assay serve --port 8051."""
    from db.upgrade import require_current

    require_current()
    print(f"assay: serving http://{host}:{port} (stop with Ctrl+C)", file=sys.stderr)
    sys.stderr.flush()
    sys.stdout.flush()
    os.execvp(sys.executable, [sys.executable, "-m", "gunicorn", *_gunicorn(host, port)])  # noqa: S606


def _gunicorn(host: str, port: int) -> Sequence[Any]:
    quiet = ["--no-control-socket", "--log-level", "warning"]
    return ["--bind", f"{host}:{port}", "--workers", "2", "--threads", "4", *quiet, "dashboard.app:server"]


if __name__ == "__main__":
    main()
