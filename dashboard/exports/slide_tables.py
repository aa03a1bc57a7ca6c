"""Grids as native tables of slides: editable, one header row that is flagged as such, never in letters below 10 pt."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from dashboard.exports.columns import Part, alignment, broken, parts
from dashboard.exports.deck import BOTTOM, SIDE, TOP, WIDTH, Deck, ink, points
from dashboard.exports.document import Cell, Column, Grid, Row
from dashboard.exports.fonts import ems
from dashboard.exports.imprint import Filters, plain

_SIZES = (12.0, 10.0)
_ACROSS, _DOWN = 4.0, 2.0  # margins of a cell, in points
_NOTE = 30.0  # for the note below
_GRID = "{5940675A-B579-460E-94D1-54222C63F5DA}"  # PowerPoint's own style "No Style, Table Grid"
_XML = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_LINKS = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_ALIGNED = {"left": "l", "right": "r", "center": "ctr"}


@dataclass(frozen=True)
class Written:
    """A row as it is written: the lines of each cell, and its height in points."""

    row: Row
    lines: tuple[tuple[str, ...], ...]
    height: float


def add(deck: Deck, page: str, grid: Grid, filters: Filters, lead: str = "") -> None:
    """Slides with a grid, cut to columns and rows that can be read; each part repeats its header and first column.

    `lead` is the sentence above it on the first.
    """
    room, deep = WIDTH - 2 * SIDE, BOTTOM - TOP - (_NOTE if grid.note else 0.0)
    name = page if not grid.caption else f"{page}: {grid.caption}"
    if grid.caption.casefold().startswith(page.casefold()):
        name = grid.caption
    told = replace(grid, columns=_labelled(grid.columns))
    for size in _SIZES:
        cut = parts(told, size, room, _ACROSS, may_turn=size == _SIZES[-1])
        if len(cut) == 1 and cut[0].width <= room:
            break
    taken = [deck.room_of(lead)] + [0.0] * len(cut)
    pieces = [(part, some) for at, part in enumerate(cut) for some in _fitted(told, part, size, deep, taken[at])]
    for number, (part, rows) in enumerate(pieces, start=1):
        of = f" ({number} of {len(pieces)})" if len(pieces) > 1 else ""
        notes = [f"{grid.caption}{of}.", grid.note, "No rows." if not grid.rows else ""]
        slide = deck.slide(f"{name}{of}", filters=filters, notes="\n".join(filter(None, notes)))
        _put(slide, told, part, rows, size, deck.lead(slide, lead if number == 1 else ""))
        deck.note(slide, grid.note, _NOTE, _SIZES[0])


def _labelled(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns with headers that stand alone: one that is there twice gives way to its code, or to all of it."""
    often = Counter(column.label for column in columns)
    return tuple(one if often[one.label] == 1 else replace(one, label=_whole(one)) for one in columns)


def _whole(column: Column) -> str:
    code = column.title.split(" ")[0]
    return code if code[:1].isdigit() else " ".join((*column.groups[-1:], column.label))


def _fitted(grid: Grid, part: Part, size: float, deep: float, taken: float) -> Iterator[list[Written]]:
    """The rows of a part, slide by slide, the first of which has some room taken already."""
    room = deep - _head_height(grid, part, size)
    some: list[Written] = []
    used = taken
    for row in grid.rows:
        for written in _written(row, part, size, room):
            if some and used + written.height > room:
                yield some
                some, used = [], 0.0
            some.append(written)
            used += written.height
    yield some


def _head_height(grid: Grid, part: Part, size: float) -> float:
    highest = 1.0
    for place, width, is_turned in zip(part.places, part.widths, part.turned, strict=True):
        label = plain(grid.columns[place].label)
        lines = ems(label, True) / 1.2 + 0.6 if is_turned else len(_wrapped(label, (width - 2 * _ACROSS) / size))
        highest = max(highest, lines)
    return highest * size * 1.2 + 2 * _DOWN


def _written(row: Row, part: Part, size: float, room: float) -> Iterator[Written]:
    """A row, or several where one of its cells is too long for a slide."""
    wrapped = []
    for place, width in zip(part.places, part.widths, strict=True):
        cell = row.cells[place]
        aside = row.depth * size if place == 0 else 0.0
        text = "\n".join(filter(None, (plain(cell.shown), plain(cell.small))))
        wrapped.append(_wrapped(text, (width - 2 * _ACROSS - aside) / size))
    most = max(1, int((room - 2 * _DOWN) / (size * 1.2)))
    for at in range(0, max(map(len, wrapped), default=1), most):
        lines = tuple(tuple(own[at : at + most]) for own in wrapped)
        yield Written(row, lines, max(map(len, lines), default=1) * size * 1.2 + 2 * _DOWN)


def _wrapped(text: str, room: float) -> list[str]:
    """Text in lines of at most `room` ems, as PowerPoint will break them or a little shorter; at least one."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in broken(paragraph, max(1.0, room)).replace("\u200b", " \u200b").split(" "):
            joined = f"{line}{word[1:]}" if word.startswith("\u200b") else f"{line} {word}" if line else word
            if line and ems(joined) > room:
                lines.append(line)
                line = word.removeprefix("\u200b")
            else:
                line = joined
        lines.append(line)
    return lines


def _put(slide: Any, grid: Grid, part: Part, rows: Sequence[Written], size: float, top: float) -> None:
    from pptx.oxml import parse_xml

    high = _head_height(grid, part, size)
    height = high + sum(row.height for row in rows)
    frame = slide.shapes.add_table(1, 1, *map(points, (SIDE, top, part.width, height)))
    described = frame._element.nvGraphicFramePr.cNvPr
    described.set("name", plain(grid.caption)[:200] or "Table")
    described.set("descr", plain(f"Table: {grid.caption}. {grid.note}".strip()))
    columns = "".join(f'<a:gridCol w="{points(width)}"/>' for width in part.widths)
    body = "".join(_row(slide, grid, part, row, size) for row in rows)
    xml = (
        f'<a:tbl {_XML} {_LINKS}><a:tblPr firstRow="1" firstCol="1"><a:tableStyleId>{_GRID}</a:tableStyleId></a:tblPr>'
        f"<a:tblGrid>{columns}</a:tblGrid>{_head(grid, part, size, high)}{body}</a:tbl>"
    )
    old = frame._element.graphic.graphicData.tbl
    old.getparent().replace(old, parse_xml(xml))


def _head(grid: Grid, part: Part, size: float, high: float) -> str:
    cells = []
    for place, is_turned in zip(part.places, part.turned, strict=True):
        column = grid.columns[place]
        look = f'anchor="{"ctr" if is_turned else "b"}"' + (' vert="vert270"' if is_turned else "")
        to = "l" if is_turned else _ALIGNED[alignment(column, Cell())]
        cells.append(_cell((plain(column.label),), size, to, look, fill=ink("sunken"), colour=ink("ink"), is_bold=True))
    return f'<a:tr h="{points(high)}">{"".join(cells)}</a:tr>'


def _row(slide: Any, grid: Grid, part: Part, written: Written, size: float) -> str:
    cells = []
    for place, lines in zip(part.places, written.lines, strict=True):
        cell, column = written.row.cells[place], grid.columns[place]
        aside = written.row.depth * size if place == 0 else 0.0
        cells.append(
            _cell(
                _joined(lines, cell),
                size,
                _ALIGNED[alignment(column, cell)],
                f'anchor="ctr" marL="{points(_ACROSS + aside)}"',
                fill=(cell.fill or "").removeprefix("#").upper(),
                colour=(cell.ink or "").removeprefix("#").upper() if cell.fill else ink("ink"),
                is_bold=bool(cell.fill),
                link=_linked(slide, cell),
            )
        )
    return f'<a:tr h="{points(written.height)}">{"".join(cells)}</a:tr>'


def _joined(lines: Sequence[str], cell: Cell) -> tuple[str, ...]:
    """A cell's paragraphs, so that whoever edits it finds sentences and not our lines; pieces of a long cell as cut."""
    whole = tuple(filter(None, (plain(cell.shown), plain(cell.small))))
    is_whole = "".join("".join(lines).split()) == "".join("".join(whole).split())
    return whole if is_whole else (" ".join(lines),)


def _linked(slide: Any, cell: Cell) -> str:
    """The relationship by which a cell leads to an address outside; "" where it does not."""
    from pptx.opc.constants import RELATIONSHIP_TYPE

    if not cell.href or not cell.href.startswith(("https://", "http://")):
        return ""
    return str(slide.part.relate_to(plain(cell.href), RELATIONSHIP_TYPE.HYPERLINK, is_external=True))


def _cell(
    paragraphs: Sequence[str], size: float, to: str, look: str, *, fill: str, colour: str, is_bold: bool, link: str = ""
) -> str:
    paint = f'<a:solidFill><a:srgbClr val="{colour or ink("ink")}"/></a:solidFill>'
    leads = f'<a:hlinkClick r:id="{link}"/>' if link else ""
    letters = f'<a:rPr lang="en-GB" sz="{round(size * 100)}" b="{int(is_bold)}">{paint}{leads}</a:rPr>'
    empty = f'<a:p><a:endParaRPr lang="en-GB" sz="{round(size * 100)}"/></a:p>'
    text = "".join(
        f'<a:p><a:pPr algn="{to}"/><a:r>{letters}<a:t>{escape(line)}</a:t></a:r></a:p>' for line in paragraphs if line
    )
    sides = f'marR="{points(_ACROSS)}" marT="{points(_DOWN)}" marB="{points(_DOWN)}"'
    left = "" if "marL" in look else f'marL="{points(_ACROSS)}" '
    painted = f'<a:solidFill><a:srgbClr val="{fill}"/></a:solidFill>' if fill else "<a:noFill/>"
    return (
        f"<a:tc><a:txBody><a:bodyPr/><a:lstStyle/>{text or empty}</a:txBody>"
        f"<a:tcPr {left}{sides} {look}>{painted}</a:tcPr></a:tc>"
    )
