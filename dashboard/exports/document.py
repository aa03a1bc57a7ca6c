"""What a page says as plain blocks: what every file that somebody takes away is made of, whatever its kind.

A page is told once (dashboard.exports.shown); PDF, slides, workbook, letter and pictures are written from these blocks,
so that none can say anything else than the screen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from dashboard.table import Kind

Value = str | int | float | bool | date | None


@dataclass(frozen=True)
class Cell:
    """A cell of a grid.

    `shown` is what stands there on screen ("P", "2/3", "7 March 2025"); `words` says the same in full, also to whoever
    cannot see its colour; `value` is what a spreadsheet holds (a real number, day or text; None for nothing); `small`
    is a smaller line below. `fill` and `ink` are colours (#rrggbb) where the screen paints the cell. `href` is where
    it leads, an address of ours or https.
    """

    shown: str = ""
    words: str = ""
    value: Value = None
    small: str = ""
    fill: str | None = None
    ink: str | None = None
    href: str | None = None
    parts: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True)
class Column:
    """A column: header, full wording, kind of cell (dashboard.table.Kind) and the headers above, outermost first."""

    key: str
    label: str
    title: str
    kind: Kind = "text"
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A row: its cells in the order of the columns, its name, and in a tree its depth (0 is the top)."""

    cells: tuple[Cell, ...]
    name: str = ""
    depth: int = 0


@dataclass(frozen=True)
class Grid:
    """A table; `id` is that of its place on the page. The first column names the rows."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawing (a plain plotly figure), its title, the sentence that says what it shows, and its data as a grid."""

    id: str
    title: str
    summary: str
    figure: Mapping[str, Any] = field(hash=False)
    grid: Grid | None = None


@dataclass(frozen=True)
class Heading:
    """A heading; the page's own title is level 1, so blocks begin at 2."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Words: `lead` is the sentence that answers the page's question, `note` is what only some need."""

    text: str
    kind: Literal["lead", "plain", "note"] = "plain"


@dataclass(frozen=True)
class Points:
    """A list of sentences, numbered if their order matters."""

    items: tuple[str, ...]
    is_ordered: bool = False


@dataclass(frozen=True)
class Facts:
    """Short facts, each a label and what it is."""

    pairs: tuple[tuple[str, str], ...]


Block = Heading | Paragraph | Points | Facts | Grid | Chart


@dataclass(frozen=True)
class Page:
    """A page as somebody sees it: name of its modules, title, its address with what was asked, and what it says.

    `filters`: what was asked in words, label and value, nothing where nothing was chosen. `folded` is what stands
    behind a line that one can open, each part under a heading with that line; the blocks name the line as a note.
    """

    name: str
    title: str
    address: str
    blocks: tuple[Block, ...]
    filters: tuple[tuple[str, str], ...] = ()
    folded: tuple[Block, ...] = ()

    @property
    def grids(self) -> tuple[Grid, ...]:
        """Every table of the page in its order, those of charts among them, then those that are folded away."""
        every = (*self.blocks, *self.folded)
        found = (block.grid if isinstance(block, Chart) else block for block in every)
        return tuple(block for block in found if isinstance(block, Grid))


@dataclass(frozen=True)
class About:
    """What stands on every page of every file: whose figures, of which day, known when, by which profile.

    The snapshot is `as_of`, `known_at` (UTC) and `load`, the newest load known then (None without any, and for whoever
    sees a part of the organisation): with these the same file can be made again. `profiles` are the names of the
    profiles of the certification bodies in use that day.
    """

    tenant_code: str
    tenant_name: str
    as_of: date
    known_at: datetime
    load: int | None
    profiles: tuple[str, ...]
    made_at: datetime
    made_for: str
    is_fictional: bool = False


@dataclass(frozen=True)
class Document:
    """A file's whole content: its title, what stands on every page, and its pages."""

    title: str
    about: About
    pages: tuple[Page, ...]
