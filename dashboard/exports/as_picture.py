"""A table or chart of a page as a picture, SVG or PNG, with its title, what was asked and whose figures it shows.

A picture says nothing to whoever cannot see it: wherever one is offered its rows are offered too (reliability.md A9).
"""

from html import escape
from typing import Any, Literal

from dashboard import theme
from dashboard.exports import drawing, imprint, typeset
from dashboard.exports.document import About, Chart, Grid
from dashboard.exports.imprint import Filters, plain

_ROOM = 1600.0  # points: a table wider than this is cut into parts, one below the other
_PPI = 144
_LONGEST = 14_400  # pixels on a side: what viewers still open; a longer table comes in fewer of them to the inch
_ROW = 24.0  # points, at most usual


def chart_svg(chart: Chart, about: About, filters: Filters = ()) -> bytes:
    """A chart as SVG."""
    return _svg(chart.title, chart.summary, _chart(chart, about, filters, "svg"))


def chart_png(chart: Chart, about: About, filters: Filters = ()) -> bytes:
    """A chart as PNG, two pixels to the point."""
    return _chart(chart, about, filters, "png")


def grid_svg(grid: Grid, about: About, filters: Filters = ()) -> bytes:
    """A table as SVG."""
    return _svg(grid.caption, grid.note, _grid(grid, about, filters, "svg"))


def grid_png(grid: Grid, about: About, filters: Filters = ()) -> bytes:
    """A table as PNG, two pixels to the point; fewer where it would be higher than viewers can open."""
    return _grid(grid, about, filters, "png")


def _chart(chart: Chart, about: About, filters: Filters, kind: Literal["svg", "png"]) -> bytes:
    picture, width = drawing.drawn(chart.figure)
    block = {
        "kind": "chart",
        "title": "",
        "summary": plain(chart.summary),
        "alt": plain(chart.summary),
        "file": "chart.svg",
        "width": width,
    }
    return _made(chart.title, block, width, about, filters, kind, {"chart.svg": picture})


def _grid(grid: Grid, about: About, filters: Filters, kind: Literal["svg", "png"]) -> bytes:
    block = {**typeset.grid_told(grid, room=_ROOM), "caption": ""}
    width = max((part["width"] for part in block["parts"]), default=0.0)
    high = _ROW * sum(2 + len(part["rows"]) for part in block["parts"])
    ppi = max(36.0, min(_PPI, 72 * _LONGEST / high)) if high else _PPI
    return _made(grid.caption, block, max(width, 480.0), about, filters, kind, {}, ppi)


def _made(
    title: str,
    block: dict[str, Any],
    width: float,
    about: About,
    filters: Filters,
    kind: Literal["svg", "png"],
    files: typeset.Files,
    ppi: float = _PPI,
) -> bytes:
    told = {
        "title": plain(title) or "Untitled",
        "chosen": plain(imprint.chosen(filters)),
        "line": plain(imprint.line(about)),
        "fictional": imprint.FICTIONAL if about.is_fictional else "",
        "paper": theme.colour("paper"),
        "width": width + 42,
        "block": block,
    }
    return typeset.run("picture.typ", told, files, kind=kind, ppi=ppi)[0]


def _svg(title: str, words: str, made: bytes) -> bytes:
    """A drawing with its name and description inside, for whoever puts it into a page."""
    start, rest = made.decode().split(">", 1)
    named = f"<title>{escape(plain(title))}</title><desc>{escape(plain(words))}</desc>"
    return f'{start} role="img">{named}{rest}'.encode()
