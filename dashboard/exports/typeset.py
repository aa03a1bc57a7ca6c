"""Blocks set by typst: what is handed to its templates, and the one place where it is run.

What people wrote reaches typst as data only (a JSON file the template reads), never as markup, so it cannot be run.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from dashboard import theme
from dashboard.exports import fonts
from dashboard.exports.columns import Part, alignment, broken, heads, parts
from dashboard.exports.document import Cell, Grid, Row
from dashboard.exports.fonts import ems
from dashboard.exports.imprint import plain

TEMPLATES = Path(__file__).with_name("templates")
A4, A3 = 842.0, 1191.0  # the long side, in points: pages lie on their side, as screens do
MARGIN = 40.0
INSET = 3.0
# Tried in this order (**ours**): page, letters, and whether headers may stand upright. The last one cuts the grid.
_TRIED = ((A4, 8.5, False), (A4, 8.5, True), (A3, 8.5, True), (A3, 7.5, True))
_COLOURS = ("ink", "ink-soft", "line", "line-strong", "accent", "accent-soft", "sunken")
Files = Mapping[str, bytes]


def run(
    template: str,
    told: Mapping[str, Any],
    files: Files,
    *,
    kind: Literal["pdf", "svg", "png"],
    made_at: datetime | None = None,
    ppi: float = 144,
) -> list[bytes]:
    """What typst makes of a template of ours and `told` (its data.json): one file, or of pictures one a page.

    `made_at` stands in a PDF as the time it was made; the same input gives the same bytes.
    """
    import typst

    source = {name.name: name.read_bytes() for name in TEMPLATES.glob("*.typ")}
    colours = {name: theme.colour(name) for name in _COLOURS}
    inputs = {
        "main": source[template],
        "blocks.typ": source["blocks.typ"],
        "data.json": orjson.dumps({**told, "colours": colours}),
        **files,
    }
    options: dict[str, Any] = {"pdf_standards": "ua-1"} if kind == "pdf" else {"ppi": ppi} if kind == "png" else {}
    if made_at is not None:
        moment = made_at if made_at.tzinfo else made_at.replace(tzinfo=UTC)
        options["timestamp"] = int(moment.timestamp())
    made = typst.compile(inputs, font_paths=fonts.for_typst(), format=kind, **options)
    return made if isinstance(made, list) else [made]


def sheet(grids: Sequence[Grid]) -> float:
    """The long side of the paper that the widest of some grids needs, in points."""
    return max((_tried(grid)[0] for grid in grids), default=A4)


def _tried(grid: Grid) -> tuple[float, float, tuple[Part, ...]]:
    for side, size, may_turn in _TRIED:
        found = parts(grid, size, side - 2 * MARGIN, INSET, may_turn=may_turn)
        if len(found) == 1 and found[0].width <= side - 2 * MARGIN:
            break
    return side, size, found


def grid_told(grid: Grid, *, room: float | None = None) -> dict[str, Any]:
    """A grid as a template reads it, cut into parts where even the largest paper is too narrow.

    With `room` (points) it is set on as wide a picture as that, and cut no earlier.
    """
    size, cut = 8.5, parts(grid, 8.5, room or 0, INSET, may_turn=True) if room else ()
    if not room:
        _, size, cut = _tried(grid)
    return {
        "kind": "grid",
        "caption": plain(grid.caption),
        "note": plain(grid.note),
        "size": size,
        "empty": not grid.rows,
        "parts": [_part_told(grid, part, size) for part in cut],
    }


def _part_told(grid: Grid, part: Part, size: float) -> dict[str, Any]:
    columns = [grid.columns[place] for place in part.places]
    labels = [
        {"text": _fitting(column.label), "turned": is_turned, "align": alignment(column, Cell())}
        for column, is_turned in zip(columns, part.turned, strict=True)
    ]
    above = [_above(row, part, size) for row in heads(columns)]
    rows = [[_cell_told(grid, row, place) for place in part.places] for row in grid.rows]
    return {"widths": part.widths, "above": above, "labels": labels, "rows": rows, "width": part.width}


def _above(row: Sequence[tuple[str, int]], part: Part, size: float) -> list[dict[str, Any]]:
    """A row of headers above the columns' own; by their codes alone, where the words of one do not fit over it."""
    rooms, at = [], 0
    for _, span in row:
        rooms.append((sum(part.widths[at : at + span]) - 2 * INSET) / size)
        at += span
    texts = [plain(text) for text, _ in row]
    if any(ems(word, True) > room for text, room in zip(texts, rooms, strict=True) for word in text.split()):
        texts = [text.split()[0] if text[:1].isdigit() else text for text in texts]
    fitting = [broken(text, max(1.0, room / 1.1)) for text, room in zip(texts, rooms, strict=True)]
    return [{"text": text, "span": span} for text, (_, span) in zip(fitting, row, strict=True)]


def _cell_told(grid: Grid, row: Row, place: int) -> dict[str, Any]:
    cell, column = row.cells[place], grid.columns[place]
    told: dict[str, Any] = {"text": _fitting(cell.shown), "align": alignment(column, cell)}
    if cell.small:
        told["small"] = _fitting(cell.small)
    if cell.fill:
        told |= {"fill": cell.fill, "ink": cell.ink or theme.colour("ink")}
    if cell.href and cell.href.startswith(("https://", "http://")):
        told["href"] = plain(cell.href)
    if place == 0 and row.depth:
        told["depth"] = row.depth
    return told


def _fitting(text: str) -> str:
    return broken(plain(text))
