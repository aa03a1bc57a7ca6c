"""A sender's file on its way through the steps of its mapping: closed in the page's form, read anew at each step."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from cryptography.fernet import InvalidToken
from flask import abort

from dashboard.identity import current_scope, page_token
from dashboard.uploads import folder_of_its_own
from db import reads
from db.secret import box
from db.session import open_session
from etl import mapping
from etl.cells import Sheet, shown
from etl.layouts.staged import Source, squashed
from etl.likely import below
from etl.mapping import DayOrder, Proposal
from etl.read import Reader
from etl.sources import Found
from scheme.errors import FileRefused, UsageError
from scheme.letters import clean
from scheme.tables import TABLES, Column, Kind
from scheme.words import Words

LONGEST = 600_000  # characters of a file that is closed
_LASTS = 4 * 3600  # seconds
_SHOWN, _LONGEST_CELL = 8, 60  # rows in view, and letters of a cell


@dataclass(frozen=True)
class Sample:
    """A sender's file: its name, its bytes, and both as they travel in a form."""

    name: str
    data: bytes
    closed: str

    @contextmanager
    def file(self) -> Iterator[Found]:
        """The file on disk, until the block ends."""
        with folder_of_its_own() as folder:
            path = folder / "sample"
            path.write_bytes(self.data)
            yield Found(path, self.name)


def sealed(name: str, data: bytes) -> str:
    """A file closed with the program's secret, for this session's pages; UsageError where a form cannot hold it."""
    packed = zlib.compress("\n".join((page_token(), name, "")).encode() + data, 9)
    if len(packed) > LONGEST * 7 // 10:
        raise UsageError(
            f"the file is too large for this page ({len(packed) // 1000:,} KB packed; {LONGEST * 7 // 10_000} is the "
            "most): delete rows from a copy of it and choose that, for the first thousand rows tell enough"
        )
    return box().encrypt(packed).decode()


def unsealed(closed: str) -> Sample:
    """The file that `sealed` closed; 400 for anything else, and once it lay for hours."""
    try:
        packed = zlib.decompress(box().decrypt(closed.encode(), ttl=_LASTS))
    except InvalidToken:
        abort(400, "This page is too old or was changed; begin again with the file.")
    token, name, data = packed.split(b"\n", 2)
    if token.decode() != page_token():
        abort(400, "This page is another session's; begin again with the file.")
    return Sample(name.decode(), data, closed)


@dataclass(frozen=True)
class Step:
    """A sheet of the file as the steps show it: what it may be, and its first rows in view."""

    sheets: Sequence[tuple[str, str]]
    number: str
    sheet: Sheet
    proposal: Proposal
    words: Words
    rows_to_choose: Sequence[tuple[str, str]]

    @property
    def called(self) -> str:
        """What is looked at, and as what: choices made of something else are none."""
        return f"{self.number}/{self.proposal.row}/{self.proposal.table}"

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns of ours that a column may be."""
        return mapping.columns_of(self.proposal.table)

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [column.name for column in self.columns]

    def kind(self, name: str) -> Kind:
        """What one of ours holds."""
        return next(column.kind for column in self.columns if column.name == name)

    @cached_property
    def places(self) -> list[int]:
        """The sheet's columns that have a heading or hold anything below."""
        there = [int(n) for n in self.sheet.cells.columns if n.isdigit()]
        return [n for n in there if n in self.proposal.headings or below(self.sheet, self.proposal.row, n)]

    @cached_property
    def rows(self) -> list[tuple[int, list[str]]]:
        """The first rows below the headings: number and cells, long ones cut."""
        first = self.sheet.cells.filter(self.sheet.cells["row"] > self.proposal.row).head(_SHOWN)
        return [(row["row"], [_cut(shown(row[str(n)])) for n in self.places]) for row in first.iter_rows(named=True)]

    def choices(self, n: int, selected: str) -> list[tuple[str, str, bool]]:
        """What a column may be said to be: value, words, and whether it is that now."""
        names = [*self.names, *(["valid_until"] if "expires_on" in self.names else [])]
        needed = {column.name for column in self.columns if column.required}
        told = [(f"{n}:", "Leave it out", not selected)]
        for name in names:
            words = name.replace("_", " ").capitalize() + (" (needed)" if name in needed else "")
            told.append((f"{n}:{name}", words, name == selected))
        return told

    def chosen(self, sent: Sequence[str]) -> dict[int, str]:
        """What was said of the columns; 400 for what no page offers."""
        found: dict[int, str] = {}
        for one in sent:
            n, _, name = one.partition(":")
            if not n.isdigit() or int(n) not in self.places or name not in ("", "valid_until", *self.names):
                abort(400)
            if int(n) in self.proposal.headings:
                found[int(n)] = name
        return found

    def place_of(self, name: str) -> int:
        """The column at which to choose what is missing: the likeliest, else the first."""
        free = [n for n, likely in self.proposal.columns.items() if likely.name == name]
        return free[0] if free else next(iter(self.proposal.columns), self.places[0])

    def day_order(self) -> DayOrder:
        """How days are written, by the columns that may hold them."""
        days = {column.name for column in self.columns if column.kind == "day"} | {"valid_until"}
        return mapping.day_order(list(mapping.cells_of(self.sheet, self.proposal, days)))

    def unknown(self, source: Source) -> list[tuple[str, str, int]]:
        """Words that neither we nor the source know: the kind, the word as first written, how many cells have it."""
        words = Words(self.words.standard, source.bands, source.assessment_types, source.day_first, source.date_1904)
        found = []
        for kind in ("band", "assessment_type"):
            ours = {column.name for column in self.columns if column.kind == kind}
            places = [n for n, text in self.proposal.headings.items() if source.columns.get(squashed(text)) in ours]
            places += [n for n, text in self.proposal.headings.items() if source.columns.get(text) in ours]
            places += self.proposal.elements if kind == "band" else []
            cells = [cell for n in dict.fromkeys(places) for cell in below(self.sheet, self.proposal.row, n)]
            found += [(kind, word, cells_) for word, cells_ in mapping.unknown_words(cells, kind, words).items()]
        return found

    def as_written(self, source: Source) -> Source:
        """The source with its headings as the sender writes them."""
        own = {squashed(text): text for text in self.proposal.headings.values()}
        return replace(source, columns={own.get(heading, heading): ours for heading, ours in source.columns.items()})


def read(sample: Sample, sheet: str = "", row: str = "", table: str = "") -> Step:
    """The file read, and a sheet of it looked at: as a person said, else as is likeliest.

    FileRefused where the file cannot be read or no sheet has rows. 400 for a sheet, a row or a table that is none.
    """
    with Reader() as reader:
        book = reader.read_cells(sample.data)
    there = [(str(n), one) for n, one in enumerate(book.sheets) if one.cells.height]
    if not there:
        raise FileRefused("the file holds no rows; choose another")
    with open_session(current_scope()) as session:
        register = reads.register(session)
    words = Words(register.standard)
    codes = register.departments["department_code"].to_list(), register.sites["site_code"].to_list()
    looks: list[tuple[str, Sheet, Proposal | None]] = []
    for number, one in there:
        if sheet in ("", number):
            looks.append((number, one, _looked(one, words, codes, row if sheet else "", table if sheet else "")))
    found = [(number, one, proposal) for number, one, proposal in looks if proposal is not None]
    if not looks or (not found and (sheet or row)):
        abort(400)
    if not found:
        raise FileRefused("no line of the file has two filled cells, as the headings of a table have; choose another")
    number, one, proposal = max(found, key=lambda look: (look[2].certainty == "sure", -len(look[2].missing)))
    rows = list(dict.fromkeys((proposal.row, *mapping.heading_rows(one, words))))
    choices = [(n, one_.name or "The file") for n, one_ in there]
    return Step(choices, number, one, proposal, words, [_told(one, n) for n in sorted(rows)])


def _looked(sheet: Sheet, words: Words, codes: tuple[list[str], list[str]], row: str, table: str) -> Proposal | None:
    if (row and not row.isdigit()) or table not in ("", mapping.WIDE, *TABLES):
        abort(400)
    return mapping.proposal(sheet, words, *codes, row=int(row) if row else None, table=table or None)


def _told(sheet: Sheet, row: int) -> tuple[str, str]:
    cells = sheet.cells.filter(sheet.cells["row"] == row).row(0, named=True)
    texts = [clean(shown(str(cell))) for n, cell in cells.items() if n.isdigit()]
    return str(row), f"Row {row}: {_cut(', '.join(filter(None, texts)))}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 2]} …"
