"""What commands print: results to standard output, everything else to standard error (commands.md)."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from commands.arguments import Format

if TYPE_CHECKING:
    import polars as pl

    from etl.run import LoadReport

TOOK_ALL, FAILED, WRONG_USAGE, SET_ASIDE = 0, 1, 2, 3


def say(message: object) -> None:
    """Tell what was done, or what is wrong, on standard error."""
    print(f"assay: {message}", file=sys.stderr)


def wanted_format(wanted: Format | None) -> Format:
    """How to print: as asked, else a table to a terminal and JSON to a pipe."""
    return wanted or (Format.TABLE if sys.stdout.isatty() else Format.JSON)


def show(frame: "pl.DataFrame", wanted: Format | None, title: str = "assay") -> None:
    """Print a frame to standard output in the wanted format; `title` names an XLSX's sheet."""
    import formats

    match wanted_format(wanted):
        case Format.JSON:
            write(formats.json_bytes(formats.records(frame)) + b"\n")
        case Format.CSV:
            write(formats.csv_text(frame).encode())
        case Format.PARQUET:
            write(formats.parquet_bytes(frame))
        case Format.XLSX:
            write(formats.xlsx_bytes({title: frame}))
        case Format.TABLE:
            show_table(formats.flat(frame))


def write(data: bytes) -> None:
    """Put bytes on standard output as they are."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def show_table(frame: "pl.DataFrame") -> None:
    """Print a frame as a table, and how many rows it has."""
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
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A function that shows how far long work is: a bar on a terminal, one line per file elsewhere."""
    if not sys.stderr.isatty():
        yield lambda file, done, total: print(f"{done}/{total} {file}", file=sys.stderr)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda file, done, total: bar.update(task, description=file, completed=done, total=total)


def report_code(report: "LoadReport") -> int:
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
