"""Rows said by hand in a form: the way in of a file, without the file."""

from collections.abc import Mapping, Sequence

import polars as pl

from db.loading import BY_HAND, NO_FILE, FileReport
from etl.arrive import Arrived, typed
from etl.cells import Sheet, marked
from etl.layouts import canonical
from etl.layouts.staged import HeadingRow, Source
from scheme.errors import UsageError
from scheme.standard import Standard
from scheme.tables import TABLES
from scheme.words import Words

Row = Mapping[str, str]  # column of the table -> what was typed


def filled_in(tables: Mapping[str, Sequence[Row]], standard: Standard, why: str = "") -> Arrived:
    """Rows of canonical tables as a load that arrived, one "file" for each table, its rows numbered from 1.

    `why`: what the person said of it; it becomes a note. UsageError where the rows of a table have not the same
    columns, lack one that the table needs, or have one that it has not.
    """
    arrived = Arrived(None, [])
    for name, rows in tables.items():
        sheet, heading = _sheet(name, rows)
        lacking = canonical.missing(TABLES[name], heading, Source())
        if lacking:
            raise UsageError(f"a form for {name} needs {' and '.join(lacking)}")
        staged = canonical.staged(name, sheet, heading, Source())
        report = FileReport(BY_HAND, None, NO_FILE, name, notes=[why] if why else [])
        report.layout, report.certainty = staged.layout, staged.certainty
        arrived.files.append(report)
        arrived.sheets[len(arrived.files)] = staged
    typed(arrived, Words(standard))
    return arrived


def columns(tables: Mapping[str, Sequence[Row]]) -> dict[str, frozenset[str]]:
    """By table, the columns that its form has: it is a whole statement, so an empty one takes back what was said."""
    return {name: frozenset(rows[0]) for name, rows in tables.items() if rows}


def _sheet(name: str, rows: Sequence[Row]) -> tuple[Sheet, HeadingRow]:
    headings = list(rows[0]) if rows else []
    odd = [heading for row in rows for heading in row if heading not in canonical.names(TABLES[name])]
    if not rows or odd or any(list(row) != headings for row in rows):
        raise UsageError(f"a form for {name} needs rows that all have the same columns of it ({', '.join(odd)})")
    # Not as a file's rows are, of which blank ones are left out: an empty form is to be told what it lacks.
    typed_in = {str(n): [marked(_plain(row[h]), "text") for row in rows] for n, h in enumerate(headings)}
    places = {"row": pl.int_range(1, len(rows) + 1, dtype=pl.UInt32, eager=True), "width": [0] * len(rows)}
    cells = pl.DataFrame({**places, **typed_in}, schema_overrides={"width": pl.UInt32})
    texts = dict(enumerate(headings))
    return Sheet(None, cells), HeadingRow(0, 0, texts, texts, {heading: [n] for n, heading in texts.items()})


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")
