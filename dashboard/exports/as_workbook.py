"""A document as one workbook (XLSX): what is in it, what its pages say, a sheet for each table, and what it is of.

A sheet for each table, with its title and what it is of on top, one header row with filters, no merged cells
(reliability.md A9), real numbers and days, and the colours of the screen. No text is ever a formula or a link (F8).
"""

import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import formats
from dashboard.exports import as_data
from dashboard.exports.document import About, Block, Cell, Chart, Column, Document, Facts, Grid, Heading, Page, Points
from dashboard.exports.imprint import snapshot, whose
from dashboard.words import day, listing, moment

FIRST = ("Contents", "What the pages say", "What the columns mean")
AS_DATA = " as data"  # ends the name of a sheet that holds a table's numbers, where its cells are made of several
LAST = "About"
_MOST_FORMATS = 150  # ways to write a number; Excel takes about 200
_LONGEST = 32_000  # characters of a cell; Excel takes 32 767
_WIDEST = 48  # characters of a column
_MANY = 20  # columns, from which a table is printed on A3
_PLAIN = {"font_name": "Arial", "font_size": 10, "valign": "top"}
_LINE = "#b1b4b6"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
_CODE = re.compile(r"\d+(\.\d+)*(?= )")  # begins the full wording of a criterion, an element, what lies between
_CENTRED = ("band", "state", "marks", "change", "difference", "status")


def workbook(document: Document) -> bytes:
    """The document as a workbook; the same document always gives the same bytes."""
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties(_properties(document))
        _Book(book, document).write()
    return buffer.getvalue()


def about_line(about: About) -> str:
    """Whose figures, of which day, known when, by which profile, in one line."""
    told = [about.tenant_name, f"as of {day(about.as_of)}", snapshot(about)]
    told += ["; ".join(about.profiles)] if about.profiles else []
    told += ["fictional demonstration data"] if about.is_fictional else []
    return " · ".join(told)


def asked(page: Page) -> str:
    """What was asked of a page, in words; nothing where nothing was chosen."""
    return "; ".join(f"{label}: {value}" for label, value in page.filters)


def sayings(page: Page) -> Iterator[tuple[str, str]]:
    """What a page says in words: under which heading, and the sentence; facts as "label: what it is"."""
    under = ""
    for block in (*page.blocks, *page.folded):
        if isinstance(block, Heading):
            under = block.text
        for text in _texts(block):
            yield under, text


def _texts(block: Block) -> Sequence[str]:
    if isinstance(block, Points):
        return block.items
    if isinstance(block, Facts):
        return [f"{label}: {value}" for label, value in block.pairs]
    if isinstance(block, Chart):
        return [f"{block.title}: {block.summary}"]
    return [] if isinstance(block, Heading | Grid) else [block.text]


def _properties(document: Document) -> dict[str, Any]:
    about = document.about
    said = {"title": document.title, "subject": about_line(about), "company": about.tenant_name}
    said = {name: _plain(text)[:250] for name, text in (said | {"author": about.made_for}).items()}
    return {**said, "created": about.made_at.replace(tzinfo=None), "comments": snapshot(about)}


class _Book:
    """The workbook while it is written."""

    def __init__(self, book: Any, document: Document) -> None:
        self.book, self.document = book, document
        self.formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self.ways: set[str] = set()
        self.tables = 0

    def write(self) -> None:
        """Every sheet in its order; the contents are filled in last, when it is known what there is."""
        document = self.document
        first = {name: self.sheet(name) for name in FIRST}
        there = []
        for page in document.pages:
            for grid in page.grids:
                sheet = self.sheet(_title(page, grid))
                self.grid(sheet, page, grid)
                there.append((sheet.get_name(), page, grid))
                if grid.rows and _is_made_up(grid):
                    sheet = self.sheet(f"{_title(page, grid)[: 31 - len(AS_DATA)]}{AS_DATA}")
                    self.data(sheet, page, grid)
                    there.append((sheet.get_name(), page, replace(grid, caption=f"{grid.caption}: the numbers")))
        last = self.sheet(LAST)
        self.contents(first[FIRST[0]], there)
        said = [(page.title, under, text) for page in document.pages for under, text in sayings(page)]
        self.listed(first[FIRST[1]], FIRST[1], ("Page", "Under", "Says"), said, (20, 30, 110))
        self.listed(first[FIRST[2]], FIRST[2], ("Sheet", "Column", "Stands for"), list(_meant(there)), (34, 24, 110))
        self.about(last)

    def sheet(self, wanted: str) -> Any:
        """A sheet of that name, or of one near it."""
        there = [one.get_name() for one in self.book.worksheets()]
        made = self.book.add_worksheet(formats.sheet_name(_plain(wanted), there))
        made.hide_gridlines(2)
        made.set_landscape()
        made.set_paper(9)
        made.fit_to_pages(1, 0)
        line = f"{_plain(self.document.about.tenant_name)} · as of {day(self.document.about.as_of)}"[:100].replace(
            "&", "&&"
        )
        made.set_footer(f"&L&8{line}&R&8&A, page &P of &N")
        return made

    def style(self, **told: Any) -> Any:
        """A format, made once."""
        key = tuple(sorted({**_PLAIN, **told}.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format(dict(key))
        return self.formats[key]

    # --- tables -------------------------------------------------------------------------------------------------------

    def top(self, sheet: Any, title: str, line: str) -> None:
        """The title of a sheet and what it is of."""
        sheet.write_string(0, 0, title[:_LONGEST], self.style(bold=True, font_size=14))
        sheet.set_row(0, 22)
        sheet.write_string(1, 0, line[:_LONGEST], self.style(font_color="#505a5f"))

    def table(self, sheet: Any, row: int, headers: Sequence[str], rows: int, wrap: bool = True) -> None:
        """A table as Excel knows it, with its header row and filters; its cells are written afterwards."""
        bold = self.style(bold=True, text_wrap=wrap, bottom=2, bottom_color="#0b0c0c", valign="bottom")
        self.tables += 1
        columns = [{"header": name, "header_format": bold} for name in _distinct(headers)]
        given = {"name": f"Table_{self.tables}", "style": None, "columns": columns, "autofilter": True}
        sheet.add_table(row, 0, row + max(rows, 1), len(headers) - 1, given)
        sheet.freeze_panes(row + 1, 1)
        sheet.repeat_rows(0, row)

    def grid(self, sheet: Any, page: Page, grid: Grid) -> None:
        """A table of a page as it is seen there."""
        about = self.document.about
        self.top(sheet, grid.caption, " · ".join(filter(None, (page.title, asked(page), about_line(about)))))
        smalls = [any(row.cells[place].small for row in grid.rows) for place in range(len(grid.columns))]
        columns = [(replace(c, label=n), s) for (c, s), n in _columns(grid.columns, smalls)]
        depth = max((len(column.groups) for column in grid.columns), default=0)
        header = 2 + depth
        names = [f"{column.label}: more" if is_small else column.label for column, is_small in columns]
        self.table(sheet, header, names, len(grid.rows))
        widths = [min(max(map(len, name.split()), default=0) + 3, _WIDEST) for name in names]
        for number, row in enumerate(grid.rows, start=header + 1):
            place = 0
            for column, cell, has_small in zip(grid.columns, row.cells, smalls, strict=True):
                first = {"indent": min(row.depth, 15)} if place == 0 and row.depth else {}
                widths[place] = max(widths[place], self.cell(sheet, number, place, cell, column, first))
                place += 1
                if has_small:
                    style = self.style(text_wrap=True, border=1, border_color=_LINE)
                    sheet.write_string(number, place, cell.small[:_LONGEST], style)
                    widths[place] = max(widths[place], min(len(cell.small) + 2, 30))
                    place += 1
            if row.depth:
                sheet.set_row(number, None, None, {"level": min(row.depth, 7)})
        self.groups(sheet, columns, depth, widths)
        lines = max((-(-len(name) // max(width - 2, 1)) for name, width in zip(names, widths, strict=True)), default=1)
        sheet.set_row(header, 14 * min(lines, 6) + 2)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        if len(columns) > _MANY:
            sheet.set_paper(8)
        sheet.repeat_columns(0)
        sheet.outline_settings(True, False, True, False)  # what lies below a row stands below it
        if not grid.rows:
            sheet.write_string(header + 1, 0, "Nothing is here.", self.style())
        if grid.note:
            sheet.write_string(header + max(len(grid.rows), 1) + 2, 0, grid.note[:_LONGEST], self.style(italic=True))

    def data(self, sheet: Any, page: Page, grid: Grid) -> None:
        """The same table with a column for each number that its cells are made of, and bands in words."""
        told, about = as_data.frame(grid), self.document.about
        self.top(sheet, grid.caption, " · ".join(filter(None, (page.title, asked(page), about_line(about)))))
        self.table(sheet, 2, [_plain(name) for name in told.columns], told.height)
        for number, row in enumerate(told.iter_rows(), start=3):
            for place, value in enumerate(row):
                plain = Cell(str(value) if isinstance(value, str | bool) else "", value=value)
                self.cell(sheet, number, place, plain, Column("", "", ""), {})
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, max(told.width - 1, 1), 16)

    def groups(self, sheet: Any, columns: Sequence[tuple[Column, bool]], depth: int, widths: Sequence[int]) -> None:
        """The headers above the header row, each where its columns begin: nothing is merged.

        Where there is no room for its words, a header is its code alone; "What the columns mean" has both.
        """
        for level in range(depth):
            names = [column.groups[level] if level < len(column.groups) else "" for column, _ in columns]
            for place, name in enumerate(names):
                if not name:
                    continue
                style = self.style(bold=True, top=1, top_color=_LINE)
                if place and names[place - 1] == name:
                    sheet.write_blank(2 + level, place, None, style)
                    continue
                room = sum(width for width, other in zip(widths[place:], names[place:], strict=True) if other == name)
                code = _CODE.match(name)
                text = code[0] if code and len(name) > room else name
                sheet.write_string(2 + level, place, text[:_LONGEST], style)

    def cell(self, sheet: Any, row: int, place: int, cell: Cell, column: Column, more: dict[str, Any]) -> int:
        """Write a cell; gives how wide it wants to be, in characters."""
        told: dict[str, Any] = {"border": 1, "border_color": _LINE, **more}
        if cell.fill:
            told |= {"bg_color": cell.fill, "font_color": cell.ink or "#0b0c0c"}
        if column.kind in _CENTRED:
            told["align"] = "center"
        value = cell.value
        if isinstance(value, date) and value.year >= 1900:
            style = self.style(**{**told, "num_format": "d mmmm yyyy", "align": "left"})
            sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), style)
            return 18
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            sheet.write_number(row, place, value, self.style(**told, num_format=self.way(value, cell.shown)))
            return min(len(cell.shown or str(value)) + 3, _WIDEST)
        text = (cell.shown if column.kind == "band" or cell.parts else _text(cell))[:_LONGEST]
        style = self.style(**told, text_wrap=len(text) > 8)
        if text:
            sheet.write_string(row, place, text, style)
        else:
            sheet.write_blank(row, place, None, style)
        return min(max(map(len, text.splitlines()), default=0) + 3, _WIDEST)

    def way(self, value: float, shown: str) -> str:
        """How a number is written so that it reads as on screen and stays a number."""
        told = number_format(value, shown)
        if told not in self.ways and len(self.ways) >= _MOST_FORMATS:
            return "General"
        self.ways.add(told)
        return told

    # --- the sheets around them ---------------------------------------------------------------------------------------

    def contents(self, sheet: Any, there: Sequence[tuple[str, Page, Grid]]) -> None:
        """What is in the workbook, each with a way to it."""
        rows = [
            (FIRST[1], "All pages", "Every sentence of every page", ""),
            (FIRST[2], "All pages", "The full wording of columns whose headers are short", ""),
            *((name, page.title, grid.caption, asked(page)) for name, page, grid in there),
            (LAST, "", "Whose figures these are, of which day, and how to make them again", ""),
        ]
        headers = ("Sheet", "Page", "What it shows", "What was asked")
        self.listed(sheet, self.document.title, headers, rows, (34, 24, 70, 50))
        for number, row in enumerate(rows, start=3):
            way = "'" + row[0].replace("'", "''") + "'!A1"
            style = self.style(font_color="#1d70b8", underline=1)
            sheet.write_url(number, 0, f"internal:{way}", style, row[0])

    def about(self, sheet: Any) -> None:
        """What the workbook is of, and what makes it again."""
        about, document = self.document.about, self.document
        known = f"{about.known_at:%Y-%m-%dT%H:%M:%S.%fZ}"
        rows = [
            ("Title", document.title),
            ("Organisation", whose(about)),
            ("As of", day(about.as_of)),
            ("Snapshot", snapshot(about)),
            ("Profiles in use that day", listing(about.profiles) or "none"),
            ("Made", f"{moment(about.made_at)}, for {about.made_for}"),
            *([("Data", "Fictional demonstration data")] if about.is_fictional else []),
            *((f"Page: {page.title}", page.address.replace("%3A", ":")) for page in document.pages),
            (
                "Make it again",
                f"with as_of={about.as_of.isoformat()} and known_at={known} in the addresses of the pages",
            ),
        ]
        self.listed(sheet, LAST, ("What", "Is"), rows, (30, 110))

    def listed(
        self, sheet: Any, title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]
    ) -> None:
        """A sheet that is a plain list of texts."""
        self.top(sheet, title, about_line(self.document.about))
        self.table(sheet, 2, headers, len(rows))
        for number, row in enumerate(rows, start=3):
            for place, text in enumerate(row):
                sheet.write_string(number, place, text[:_LONGEST], self.style(text_wrap=True))
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)


def number_format(value: float, shown: str) -> str:
    """The number format under which a value reads as it is shown: 1,234, 12.5, 12 %, "2/3" for 2, a word for a rank."""
    text = shown.strip()
    if not text:
        return "General"
    figures = re.fullmatch(r"(-?[\d,]*\d)(?:\.(\d+))?(\s?%)?", text)
    if figures:
        said = float(f"{figures[1].replace(',', '')}.{figures[2] or 0}") / (100 if figures[3] else 1)
        places = len(figures[2] or "")
        if abs(said - value) <= 0.5001 * 10.0 ** -(places + (2 if figures[3] else 0)):
            whole = "#,##0" if "," in figures[1] else "0"
            return whole + (f".{'0' * places}" if places else "") + (figures[3] or "")
    begins = re.match(rf"{re.escape(str(value))}(?![\d.])", text)
    if begins:
        return f"0{_quoted(text[begins.end() :])}"
    return f"{_quoted(text)};{_quoted(text)};{_quoted(text)}"


def _plain(text: str) -> str:
    """The text on one line, without what XML cannot hold."""
    return _CONTROL.sub(" ", text)


def _quoted(text: str) -> str:
    text = _plain(text)
    return f'"{text[:60].replace(chr(34), chr(39))}"' if text else ""


def _text(cell: Cell) -> str:
    if isinstance(cell.value, bool):
        return cell.shown or ("yes" if cell.value else "no")
    return cell.value if isinstance(cell.value, str) else cell.shown


def _title(page: Page, grid: Grid) -> str:
    return page.title if len(page.grids) == 1 else f"{page.title}, {grid.caption}"


def _is_made_up(grid: Grid) -> bool:
    """Whether the cells of a table hold more than they show: several numbers, or a band behind its sign."""
    return any(cell.parts for row in grid.rows for cell in row.cells) or any(c.kind == "band" for c in grid.columns)


def _named(columns: Sequence[Column]) -> list[str]:
    """What the columns are called: where a label is there twice, the code that its full wording begins with."""
    labels = [_plain(column.label).strip() or _plain(column.title).strip() or "Name" for column in columns]
    names = []
    for column, label in zip(columns, labels, strict=True):
        code = _CODE.match(column.title)
        again = label if labels.count(label) == 1 else code[0] if code else _plain(column.title) or label
        names.append(again)
    return names


def _columns(columns: Sequence[Column], smalls: Sequence[bool]) -> Iterator[tuple[tuple[Column, bool], str]]:
    """The columns of a sheet with their names: behind one whose cells have a smaller line comes one that holds it."""
    for column, name, has_small in zip(columns, _named(columns), smalls, strict=True):
        yield (column, False), name
        if has_small:
            yield (column, True), name


def _meant(there: Sequence[tuple[str, Page, Grid]]) -> Iterator[tuple[str, str, str]]:
    """What the columns stand for whose names do not say it: sheet, column, the full wording below its headers."""
    for sheet, _, grid in there:
        for column, name in zip(grid.columns, _named(grid.columns), strict=True):
            full = ": ".join([*column.groups, column.title])
            if full != name and not sheet.endswith(AS_DATA):
                yield sheet, name, full


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, each once whatever its case, as a table of Excel needs them."""
    told: list[str] = []
    taken: set[str] = set()
    for name in names:
        wanted, number = name[:250], 2
        while wanted.casefold() in taken:
            wanted, number = f"{name[:244]} ({number})", number + 1
        taken.add(wanted.casefold())
        told.append(wanted)
    return told
