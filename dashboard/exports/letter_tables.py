"""Tables of a letter: one header row that comes again on every sheet, no merged cells, the band's letter in its colour.

Written as elements, for a table of some thousand cells is slow otherwise.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from dashboard.exports.document import Cell, Column, Grid, Row
from dashboard.exports.imprint import plain
from dashboard.words import listing

WIDEST = 14  # columns of a table on one sheet; a wider one goes on below, its first column again (ours)
_HEAD, _LINE, _SOFT = "E9EEF2", "8A95A0", "48545F"
_COLOUR = re.compile(r"#([0-9a-fA-F]{6})\Z")
_ROOM = 16  # as much as a column with some forty characters
_LONGEST = 44  # characters: what is longer is no reason for a wider column


def element(name: str, attributes: dict[str, str] | None = None, *children: Any) -> Any:
    """An element of WordprocessingML: `w:tbl`, with attributes and children."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(name)
    for key, value in (attributes or {}).items():
        made.set(qn(key), value)
    made.extend(child for child in children if child is not None)
    return made


def tables(made: Any, grid: Grid, room: int) -> None:
    """Write a table with its caption above and its note below; `room` is the width of the sheet's text (EMU)."""
    from docx.shared import Pt

    caption = made.add_paragraph(style="Caption")
    caption.paragraph_format.keep_with_next = True
    caption.add_run(plain(grid.caption))
    if not grid.rows:
        made.add_paragraph(plain(grid.note or "Nothing to show."))
        return
    every = list(parts(grid))
    for number, (columns, places) in enumerate(every, 1):
        if number > 1:
            made.add_paragraph(plain(f"{grid.caption}, part {number} of {len(every)}"), style="Caption")
        made.element.body.insert(len(made.element.body) - 1, _table(made.part, grid, columns, places, room // 635))
    after = made.add_paragraph()  # or two tables would grow into one
    after.paragraph_format.space_before, after.paragraph_format.space_after = Pt(2), Pt(6)
    after.add_run(plain(grid.note)).font.size = Pt(9)


def parts(grid: Grid) -> Iterator[tuple[Sequence[Column], list[int]]]:
    """The columns of a table by part, each with their places: all of them, or the first again in every part."""
    places = list(range(len(grid.columns)))
    if len(places) <= WIDEST:
        yield grid.columns, places
        return
    for start in range(1, len(places), WIDEST - 1):
        here = [0, *places[start : start + WIDEST - 1]]
        yield [grid.columns[place] for place in here], here


def _table(part: Any, grid: Grid, columns: Sequence[Column], places: Sequence[int], room: int) -> Any:
    """`room` in twentieths of a point."""
    widths = _widths(grid, columns, places, room)
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    lines = [element(f"w:{side}", {"w:val": "single", "w:sz": "4", "w:color": _LINE}) for side in sides]
    margins = [element(f"w:{side}", {"w:w": "70", "w:type": "dxa"}) for side in ("left", "right")]
    said = f"{grid.caption}. Columns: {listing([_heading(column) for column in columns])}."
    properties = element(
        "w:tblPr",
        None,
        element("w:tblW", {"w:w": str(sum(widths)), "w:type": "dxa"}),
        element("w:tblBorders", None, *lines),
        element("w:tblLayout", {"w:type": "fixed"}),
        element("w:tblCellMar", None, *margins),
        element("w:tblLook", {"w:val": "00A0", "w:firstRow": "1", "w:firstColumn": "1", "w:noHBand": "1"}),
        element("w:tblCaption", {"w:val": plain(grid.caption)}),
        element("w:tblDescription", {"w:val": plain(said)}),
    )
    shape = element("w:tblGrid", None, *(element("w:gridCol", {"w:w": str(width)}) for width in widths))
    head = element(
        "w:tr",
        None,
        element("w:trPr", None, element("w:cantSplit"), element("w:tblHeader")),
        *(
            _cell(width, [_line(_heading(column), bold=True)], _HEAD)
            for column, width in zip(columns, widths, strict=True)
        ),
    )
    rows = (_row(part, row, columns, places, widths) for row in grid.rows)
    return element("w:tbl", None, properties, shape, head, *rows)


def _heading(column: Column) -> str:
    """A column's header with those above it: no merged cell stands for them (reliability.md A9)."""
    return ": ".join([*column.groups, column.label or column.title])


def _row(part: Any, row: Row, columns: Sequence[Column], places: Sequence[int], widths: Sequence[int]) -> Any:
    cells = []
    for turn, (column, place, width) in enumerate(zip(columns, places, widths, strict=True)):
        cell = row.cells[place]
        fill, ink = _colour(cell.fill), _colour(cell.ink)
        text = _text(cell, column)
        line = _line(text, bold=turn == 0, ink=ink, right=column.kind == "number", indent=row.depth if not turn else 0)
        if text and cell.href and cell.href.startswith("https://"):
            line = _linked(part, line, cell.href)
        small = [_line(cell.small, ink=ink or _SOFT, size=15)] if cell.small else []
        cells.append(_cell(width, [line, *small], fill))
    return element("w:tr", None, element("w:trPr", None, element("w:cantSplit")), *cells)


def _text(cell: Cell, column: Column) -> str:
    """What stands there; the sign of a band with its name, for there is room and no key beside it."""
    if column.kind == "band" and cell.fill:
        return f"{cell.shown} {cell.value if isinstance(cell.value, str) else cell.words}"
    return cell.shown or cell.words


def _cell(width: int, lines: Sequence[Any], fill: str | None) -> Any:
    shade = element("w:shd", {"w:val": "clear", "w:color": "auto", "w:fill": fill}) if fill else None
    return element(
        "w:tc", None, element("w:tcPr", None, element("w:tcW", {"w:w": str(width), "w:type": "dxa"}), shade), *lines
    )


def _line(
    text: str, *, bold: bool = False, ink: str | None = None, right: bool = False, indent: int = 0, size: int = 18
) -> Any:
    """A paragraph of a cell; `size` in half points."""
    spaces = element("w:spacing", {"w:before": "20", "w:after": "20", "w:line": "240", "w:lineRule": "auto"})
    inset = element("w:ind", {"w:left": str(indent * 200)}) if indent else None
    side = element("w:jc", {"w:val": "right"}) if right else None
    look = element(
        "w:rPr",
        None,
        element("w:b") if bold else None,
        element("w:color", {"w:val": ink}) if ink else None,
        element("w:sz", {"w:val": str(size)}),
    )
    run = element("w:r", None, look)
    for number, words in enumerate(plain(text).splitlines()):
        if number:
            run.append(element("w:br"))
        told = element("w:t", {"xml:space": "preserve"})
        told.text = words.replace("\t", " ")
        run.append(told)
    return element("w:p", None, element("w:pPr", None, spaces, inset, side), run)


def _linked(part: Any, line: Any, href: str) -> Any:
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml.ns import qn

    link = element("w:hyperlink", {"r:id": part.relate_to(plain(href), RELATIONSHIP_TYPE.HYPERLINK, is_external=True)})
    for run in line.findall(qn("w:r")):
        run.rPr.append(element("w:u", {"w:val": "single"}))
        link.append(run)
    line.append(link)
    return line


def _colour(told: str | None) -> str | None:
    found = _COLOUR.match(told or "")
    return found[1].upper() if found else None


def _widths(grid: Grid, columns: Sequence[Column], places: Sequence[int], room: int) -> list[int]:
    """How wide each column is: by its longest word, and less than evenly by its longest text; together the room."""
    wants = []
    for column, place in zip(columns, places, strict=True):
        texts = [
            _heading(column),
            *(f"{_text(row.cells[place], column)} {row.cells[place].small}".strip() for row in grid.rows),
        ]
        word = max((len(word) for text in texts for word in text.split()), default=1)
        longest = min(max(len(text) for text in texts), 4 * _LONGEST)
        is_room = bool(grid.rows) and not any(texts[1:])  # an empty column is there to be written into
        wants.append(_ROOM if is_room else max(min(word, 14) + 2, 3 + longest**0.75))
    return [int(room * want / sum(wants)) for want in wants]
