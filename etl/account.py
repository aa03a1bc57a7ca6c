"""Every row of every file accounted for: read = loaded + unchanged + duplicate + no result + set aside (F3)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from db.loading import FileReport, Load, Rejected, staged_schema
from etl.arrive import Arrived
from etl.check import Ledger, checked
from etl.known import Known, good, notes, settled, taken_in
from etl.tidy import DUPLICATE, NO_RESULT, SET_ASIDE
from scheme.standard import NOT_APPLICABLE
from scheme.tables import TABLES

_LISTED = 20  # rows named in one note


def load_of(arrived: Arrived, known: Known, strict: bool, today: date) -> tuple[Load, dict[str, pl.DataFrame]]:
    """What a load hands to the warehouse, its reports complete but for what publication counts; and the new codes.

    With `strict` a file of which a row is set aside is refused whole, and what is left is checked again without it.
    """
    names = [file.file for file in arrived.files]
    refused: dict[str, str] = {}
    while True:
        out = [n for n, name in enumerate(names, 1) if name in refused]
        rows = {name: frame.filter(~pl.col("file_number").is_in(out)) for name, frame in arrived.ledger.items()}
        ledger = settled(checked(rows, names, today), known, today)
        faults = _first_faults(ledger, arrived) if strict else {}
        if not faults:
            break
        refused |= faults
    new = taken_in(ledger, known)
    load = Load("", arrived.source, _counted(arrived.files, ledger, refused), good(ledger))
    load.rejected = _rejected(ledger, arrived)
    add_notes(load.files, notes(new))
    add_notes(load.files, _without_reason(load.tables))
    for name, frame in ledger.items():
        load.tables[name] = load.tables[name].select(*staged_schema(name))
        others = frame.filter(pl.col("fate") != "good")
        load.seen_keys[name] = others.filter("has_key").select(TABLES[name].key).unique()
        unread = others.filter((pl.col("fate") == SET_ASIDE) & ~pl.col("has_key"))
        load.unreadable_keys.update(unread["file_number"])
    return load, new


def add_notes(files: Sequence[FileReport], told: Iterable[tuple[int, str]]) -> None:
    """Add notes, each with the number of its file, to the files' reports."""
    for file_number, note in told:
        files[file_number - 1].notes.append(note)


def _first_faults(ledger: Ledger, arrived: Arrived) -> dict[str, str]:
    """By file, why its first row was set aside."""
    faults: dict[str, str] = {}
    aside = [
        frame.filter(pl.col("fate") == SET_ASIDE).select("file_number", "row_number", "why")
        for frame in ledger.values()
    ]
    for n, row, why in sorted(row for frame in aside for row in frame.iter_rows()):
        file = arrived.files[n - 1]
        where = f"sheet {file.sheet}, row {row}" if file.sheet else f"row {row}"
        faults.setdefault(file.file, f"{where} was set aside ({why}), and --strict takes a file whole or not at all")
    return faults


def _counted(files: Sequence[FileReport], ledger: Ledger, refused: Mapping[str, str]) -> list[FileReport]:
    """The reports with rows counted by fate; those of a refused file count none, for none of it is in."""
    fates: dict[int, dict[str, int]] = {}
    for frame in ledger.values():
        for file_number, fate, count in frame.group_by("file_number", "fate").len().iter_rows():
            fates.setdefault(file_number, {})[fate] = count
    told = []
    for n, file in enumerate(files, 1):
        outcome, reason = ("refused", refused[file.file]) if file.file in refused else (file.outcome, file.reason)
        report = FileReport(file.file, file.sheet, file.sha256, file.table, outcome=outcome, reason=reason)
        report.notes, report.layout, report.certainty = list(file.notes), file.layout, file.certainty
        own = fates.get(n, {})
        report.duplicate, report.no_result = own.get(DUPLICATE, 0), own.get(NO_RESULT, 0)
        report.set_aside, report.read = own.get(SET_ASIDE, 0), sum(own.values())
        told.append(report)
    return told


def _rejected(ledger: Ledger, arrived: Arrived) -> list[Rejected]:
    """The rows set aside with their senders' own cells, in the order of files and rows."""
    rejected: list[Rejected] = []
    for frame in ledger.values():
        aside = frame.filter(pl.col("fate") == SET_ASIDE).sort("file_number", "row_number", maintain_order=True)
        for (number,), part in aside.group_by("file_number", maintain_order=True):
            rows = list(part.select("row_number", "at", "why").iter_rows())
            cells = arrived.sheets[int(str(number))].own_cells([(row, at) for row, at, _ in rows])
            rejected += [
                Rejected(int(str(number)), row, why, own, at) for (row, at, why), own in zip(rows, cells, strict=True)
            ]
    return sorted(rejected, key=lambda row: (row.file_number, row.row))


def _without_reason(rows: Mapping[str, pl.DataFrame]) -> Iterator[tuple[int, str]]:
    """For each file, a sentence naming the results that are not applicable and do not say why (measures.md 1)."""
    results = rows.get("results")
    if results is None:
        return
    bare = results.filter((pl.col("band") == NOT_APPLICABLE) & pl.col("reason").is_null() & pl.col("comment").is_null())
    for (number,), part in bare.sort("file_number", "row_number").group_by("file_number", maintain_order=True):
        named = ", ".join(str(row) for row in part["row_number"].head(_LISTED))
        more = f" and {part.height - _LISTED} more" if part.height > _LISTED else ""
        yield int(str(number)), f"not applicable without a reason: rows {named}{more}; say why in the column reason"
