"""What arrives: files are read, each sheet's table found, all rows of a table typed together."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path

import polars as pl

from db import originals
from db.engine import database_url
from db.loading import FileReport
from etl import sources
from etl.check import Ledger
from etl.executor import PROCESSES, Content, Read, in_order
from etl.layouts.staged import Said, Source, Staged, framed
from etl.read import LARGEST_FILE, too_large
from etl.source_text import read_as
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
    paths: sources.Paths,
    source: Source | str | Path | None,
    standard: Standard,
    progress: Progress | None,
    executor: str = PROCESSES,
    kept: Mapping[str, Source] | None = None,
) -> Arrived:
    """Read the files that paths name, as their sender means them; one that cannot be read is refused in its report.

    `executor`: where they are read (etl.executor.in_order). `kept`: sources by code, which a refusal proposes where a
    file's headings fit them; none is used by itself. UsageError for paths, a source file or an executor that make no
    sense.
    """
    sender = Source() if source is None else source if isinstance(source, Source) else sources.source(source)
    words = Words(standard, sender.bands, sender.assessment_types, sender.day_first, sender.date_1904)
    files, skipped = sources.found(paths, _warehouse_files())
    files = [file for file in files if not originals.holds(file.path)]
    all_ = Arrived(sender.name, skipped)
    contents = (_content(file.path) for file in files)
    understood = partial(read_as, source=sender, words=words, kept=kept or {})
    with closing(in_order(executor, contents, understood)) as contents_read:
        for n, (file, (content, read)) in enumerate(zip(files, contents_read, strict=True), 1):
            _take(all_, file, content, read)
            if progress:
                progress(file.name, n, len(files))
    typed(all_, words)
    return all_


def typed(all_: Arrived, words: Words) -> None:
    """Type the rows of all sheets, table by table."""
    for name in TABLES:
        own = [(file_number, sheet.said) for file_number, sheet in all_.sheets.items() if sheet.table == name]
        if own:
            all_.ledger[name] = tidy(name, _together(own), words)


def _together(sheets: Sequence[tuple[int, pl.DataFrame | Said]]) -> pl.DataFrame:
    """The rows of sheets in one frame, in their order, with their file_number; runs of plain rows at once."""
    parts = []
    for is_plain, run in groupby(sheets, key=lambda each: isinstance(each[1], Said)):
        if is_plain:
            plain = [(number, rows) for number, rows in run if isinstance(rows, Said)]
            numbers = [number for number, rows in plain for _ in rows.rows]
            parts.append(framed([rows for _, rows in plain], {"file_number": numbers}))
        else:
            frames = ((number, rows) for number, rows in run if isinstance(rows, pl.DataFrame))
            parts += [rows.with_columns(pl.lit(number, pl.Int64).alias("file_number")) for number, rows in frames]
    return pl.concat(parts, how="diagonal")


def _take(all_: Arrived, file: sources.Found, content: Content, read: Read) -> None:
    """Put down what one file holds; whatever is wrong with it as a whole ends here."""
    fingerprint = ""
    if isinstance(content, bytes):
        fingerprint = hashlib.sha256(content).hexdigest()
        all_.originals.setdefault(fingerprint, file)
    if read.refused is not None:
        all_.files.append(FileReport(file.name, None, fingerprint, None, outcome="refused", reason=read.refused))
        return
    notes = read.notes
    if not read.sheets:
        all_.files.append(FileReport(file.name, None, fingerprint, None, notes=notes))
    for sheet in read.sheets:
        report = FileReport(file.name, sheet.sheet.name, fingerprint, sheet.table, notes=[*notes, *sheet.notes])
        report.layout, report.certainty = sheet.layout, sheet.certainty
        if sheet.layout in ("canonical", "wide") and not sheet.rows.height:
            report.notes.append("there is nothing below the headings")
        all_.files.append(report)
        all_.sheets[len(all_.files)] = sheet
        notes = []  # what is told of the file as a whole is told once


def _content(path: Path) -> Content:
    try:
        size = path.stat().st_size
        return FileRefused(too_large(size)) if size > LARGEST_FILE else path.read_bytes()
    except OSError as error:
        return FileRefused(f"the file cannot be opened ({error.strerror}); check that you may read it")


def _warehouse_files() -> set[Path]:
    kind, _, path = database_url().partition(":///")
    if not kind.startswith("sqlite"):
        return set()
    return {Path(path.partition("?")[0] + suffix).resolve() for suffix in ("", "-wal", "-shm", "-journal")}
