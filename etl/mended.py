"""Rows that their sender mended before they were taken: they go on as a copy that says so, and what they were is kept.

Such a row leaves the file it was sent in and stands in a mended copy of it: the same file, SHA-256 and row, a sheet
called "mended by ...", a note for each row with what its cells were. So lineage tells it from what the file says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from db.loading import FileReport
from etl.arrive import Arrived
from etl.cells import marked, shown
from etl.layouts import canonical
from etl.layouts.staged import Staged
from scheme.tables import TABLES

MOST = 500  # rows mended in one sending
Place = tuple[int, int, str | None]  # file_number, row, and which of the results in that row


@dataclass(frozen=True)
class Mend:
    """A mended row: where it stands, and its cells by our columns, as they were sent and as they are now."""

    file_number: int
    row: int
    at: str | None
    was: Mapping[str, str]
    now: Mapping[str, str]

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.file_number, self.row, self.at

    def told(self) -> dict[str, Any]:
        """The same as JSON; `Mend(**told)` gives it back."""
        return asdict(self)


@dataclass
class MendedRows(Staged):
    """Rows of a mended copy; their own cells are those that were mended, under our columns' names."""

    mends: Mapping[tuple[int, str | None], Mend] = field(default_factory=dict)

    def own_cells(self, places: Sequence[tuple[int, str | None]]) -> list[dict[str, str]]:
        """The cells as they are now, and beside each that was mended the one that was sent."""
        found = []
        for place in places:
            mend = self.mends[place]
            before = {f"{name} (as sent)": mend.was[name] for name in mend.now if mend.now[name] != mend.was[name]}
            found.append({**mend.now, **before})
        return found


def cells_of(arrived: Arrived, places: Sequence[Place]) -> list[dict[str, str]]:
    """The cells of rows by our columns, as their sender sees them; nothing for a row that is not there."""
    found: dict[Place, dict[str, str]] = {}
    for number in {number for number, _, _ in places} & arrived.sheets.keys():
        sheet = arrived.sheets[number]
        rows = sheet.rows.filter(pl.col("row_number").is_in([row for n, row, _ in places if n == number]))
        for row in rows.iter_rows(named=True):
            own = {name: shown(row[name] or "") for name in _columns(sheet)}
            found.setdefault((number, row["row_number"], row["at"]), own)
    return [found.get(place, {}) for place in places]


def lay_in(arrived: Arrived, mends: Sequence[Mend], by: str) -> dict[int, int]:
    """Put mended rows in the place of those they mend; gives for each mended copy's file_number that of its file.

    A mend whose row no longer says what it said (its source is read otherwise now) is left out: the row stands as it
    was sent. What arrived is to be typed again (etl.arrive.typed).
    """
    were = cells_of(arrived, [mend.place for mend in mends])
    holding = [mend for mend, was in zip(mends, were, strict=True) if was and was == dict(mend.was) != dict(mend.now)]
    copies: dict[int, int] = {}
    for number in dict.fromkeys(mend.file_number for mend in holding):
        own = {(mend.row, mend.at): mend for mend in holding if mend.file_number == number}
        sheet, report = arrived.sheets[number], arrived.files[number - 1]
        named = [(row, at) in own for row, at in sheet.rows.select("row_number", "at").iter_rows()]
        which = pl.Series(named, dtype=pl.Boolean)
        rows = [_mended(row, own) for row in sheet.rows.filter(which).iter_rows(named=True)]
        told = f"mended by {by}"
        copy = FileReport(report.file, f"{report.sheet}, {told}" if report.sheet else told, report.sha256, report.table)
        copy.layout, copy.certainty = report.layout, report.certainty
        copy.notes = [_note(mend, by) for mend in own.values()]
        report.notes.append(f"rows mended by {by} before they were taken: {', '.join(str(row) for row, _ in own)}")
        arrived.files.append(copy)
        copies[len(arrived.files)] = number
        frame = pl.DataFrame(rows, sheet.rows.schema, orient="row")
        arrived.sheets[len(arrived.files)] = MendedRows(
            sheet.table, frame, sheet.sheet, sheet.headings, sheet.identity, mends=own
        )
        sheet.rows = sheet.rows.filter(~which)
    return copies


def _mended(row: dict[str, Any], own: Mapping[tuple[int, str | None], Mend]) -> dict[str, Any]:
    mend = own[row["row_number"], row["at"]]
    said = {name: marked(text, "text") for name, text in mend.now.items() if text != mend.was.get(name)}
    return {**row, **said, "fault": None}


def _note(mend: Mend, by: str) -> str:
    cells = [
        f"{name} was '{mend.was[name]}', is '{mend.now[name]}'" for name in mend.now if mend.now[name] != mend.was[name]
    ]
    return f"row {mend.row} was mended by {by}: {'; '.join(cells)}"


def _columns(sheet: Staged) -> list[str]:
    return [name for name in sheet.rows.columns if name in canonical.names(TABLES[sheet.table])]
