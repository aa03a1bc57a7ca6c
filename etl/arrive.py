"""What arrives: files read one after another, each sheet's table found, all rows of a table typed together."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from db import originals
from db.engine import database_url
from db.loading import FileReport
from etl import sources
from etl.check import Ledger
from etl.layouts.choose import staged
from etl.layouts.staged import Source, Staged
from etl.read import LARGEST_FILE, Reader, too_large
from etl.tidy import tidy
from scheme.errors import FileRefused
from scheme.standard import Standard
from scheme.tables import TABLES
from scheme.words import Words

Progress = Callable[[str, int, int], None]  # what was read, how many are done, of how many


@dataclass
class Arrived:
    """What was read: a report for each file, sheet and table; the sheets behind them by file_number; their rows, typed.

    `skipped`: files that were not looked at, and why. `source`: what the sender is called. `originals`: by fingerprint,
    a file whose content it is.
    """

    source: str | None
    skipped: list[str]
    files: list[FileReport] = field(default_factory=list)
    sheets: dict[int, Staged] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=dict)
    originals: dict[str, sources.Found] = field(default_factory=dict)


def arrived(
    paths: sources.Paths, source: Source | str | Path | None, standard: Standard, progress: Progress | None
) -> Arrived:
    """Read the files that paths name, as their sender means them; one that cannot be read is refused in its report.

    UsageError for paths or a source file that make no sense.
    """
    sender = Source() if source is None else source if isinstance(source, Source) else sources.source(source)
    words = Words(standard, sender.bands, sender.assessment_types, sender.day_first, sender.date_1904)
    files, skipped = sources.found(paths, _warehouse_files())
    files = [file for file in files if not originals.holds(file.path)]
    all_ = Arrived(sender.name, skipped)
    with Reader() as reader:
        for n, file in enumerate(files, 1):
            _take(all_, file, reader, sender, words)
            if progress:
                progress(file.name, n, len(files))
    typed(all_, words)
    return all_


def typed(all_: Arrived, words: Words) -> None:
    """Type the rows of all sheets, table by table."""
    for name in TABLES:
        rows = [
            sheet.rows.with_columns(pl.lit(file_number, pl.Int64).alias("file_number"))
            for file_number, sheet in all_.sheets.items()
            if sheet.table == name
        ]
        if rows:
            all_.ledger[name] = tidy(name, pl.concat(rows, how="diagonal"), words)


def _take(all_: Arrived, file: sources.Found, reader: Reader, sender: Source, words: Words) -> None:
    """Read one file; whatever is wrong with it as a whole ends here."""
    fingerprint = ""
    try:
        data = _content(file.path)
        fingerprint = hashlib.sha256(data).hexdigest()
        all_.originals.setdefault(fingerprint, file)
        sheets, notes = staged(reader.read_cells(data), sender, words)
    except FileRefused as refused:
        all_.files.append(FileReport(file.name, None, fingerprint, None, outcome="refused", reason=str(refused)))
        return
    for sheet in sheets:
        all_.files.append(
            FileReport(file.name, sheet.sheet.name, fingerprint, sheet.table, notes=[*notes, *sheet.notes])
        )
        if not sheet.rows.height:
            all_.files[-1].notes.append("there is nothing below the headings")
        all_.sheets[len(all_.files)] = sheet
        notes = []  # what is told of the file as a whole is told once


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise FileRefused(too_large(size))
        return path.read_bytes()
    except OSError as error:
        raise FileRefused(f"the file cannot be opened ({error.strerror}); check that you may read it") from error


def _warehouse_files() -> set[Path]:
    kind, _, path = database_url().partition(":///")
    if not kind.startswith("sqlite"):
        return set()
    return {Path(path.partition("?")[0] + suffix).resolve() for suffix in ("", "-wal", "-shm", "-journal")}
