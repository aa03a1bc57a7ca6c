"""A visit plan as a drawing that stands by itself: SVG without a map behind it, so that nobody else is asked."""

from collections.abc import Mapping, Sequence
from math import floor, log10
from typing import Any
from xml.sax.saxutils import escape

import polars as pl

from dashboard import theme
from dashboard.figures_visits import colour_of, in_kilometres

_WIDE, _EDGE, _LINE = 900, 60, 22  # pixels
LABELLED = 60  # sites with their names written beside them; of more, the list has them


def map_svg(title: str, placed: pl.DataFrame, names: Mapping[int, str], left_out: str) -> str:
    """The drawing: sites numbered by review, names beside them, a scale, north up, and below what the numbers mean.

    `placed` as dashboard.figures_visits.reviews_plan takes it; `left_out` says what is not on it, or is "".
    """
    apart = in_kilometres(placed)
    east, north = apart["east"], apart["north"]
    span = max(_span(east), _span(north), 0.1)
    scale = (_WIDE - 2 * _EDGE) / span
    high = _EDGE * 2 + _span(north) * scale
    marks = [
        _mark(
            _EDGE + (row["east"] - _least(east)) * scale,
            _EDGE + (_least(north) + _span(north) - row["north"]) * scale,
            row,
            labelled=apart.height <= LABELLED,
        )
        for row in apart.sort("review").iter_rows(named=True)
    ]
    here = set(apart["review"])
    legend = [
        f"{number}: {name}" if number else f"○ {name}" for number, name in sorted(names.items()) if number in here
    ]
    lines = [*legend, *([left_out] if left_out else [])]
    tall = high + _LINE * (len(lines) + 2)
    told = f"{apart.height} sites in kilometres, north up. " + ". ".join(lines)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {tall:.0f}" width="{_WIDE}" '
            f'height="{tall:.0f}" role="img" aria-labelledby="title desc" font-family="sans-serif" font-size="13">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="desc">{escape(told)}</desc>',
            f'<rect width="100%" height="100%" fill="{theme.colour("paper")}"/>',
            _text(_EDGE, 28, title, "bold"),
            *marks,
            *_measure(high, scale, span),
            *(_text(_EDGE, high + _LINE * (turn + 1.5), line) for turn, line in enumerate(lines)),
            "</svg>",
        ]
    )


def _least(values: pl.Series) -> float:
    return float(values.min())  # type: ignore[arg-type]  # a column of numbers, never empty


def _span(values: pl.Series) -> float:
    return float(values.max()) - _least(values)  # type: ignore[arg-type]  # as above


def _text(x: float, y: float, words: str, weight: str = "normal") -> str:
    ink = theme.colour("ink")
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{ink}" font-weight="{weight}">{escape(words)}</text>'


def _mark(x: float, y: float, row: Mapping[str, Any], *, labelled: bool) -> str:
    review, name = row["review"], row["site_name"]
    colour, paper = colour_of(review), theme.colour("paper")
    dot = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="11" fill="{colour}"/><text x="{x:.1f}" y="{y + 4:.1f}" fill="{paper}" '
        f'text-anchor="middle" font-size="11">{review}</text>'
        if review
        else f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{paper}" stroke="{colour}"/>'
    )
    side, anchor = (x - 15, "end") if x > _WIDE * 0.7 else (x + 15, "start")
    words = (
        f'<text x="{side:.1f}" y="{y + 4:.1f}" fill="{theme.colour("ink")}" text-anchor="{anchor}" font-size="11">'
        f"{escape(name)}</text>"
        if labelled and review
        else ""
    )
    return f"<g><title>{escape(name)}</title>{dot}{words}</g>"


def _measure(y: float, scale: float, span: float) -> Sequence[str]:
    """A line of a round number of kilometres, and where north is."""
    rough = span / 4
    step = 10 ** floor(log10(rough))
    length = max(n * step for n in (1, 2, 5) if n * step <= rough)
    end, ink = _EDGE + length * scale, theme.colour("ink")
    return (
        f'<path d="M{_EDGE} {y - 12:.1f}H{end:.1f}" stroke="{ink}" stroke-width="2"/>',
        _text(end + 8, y - 8, f"{length:g} km"),
        _text(_WIDE - _EDGE - 50, 28, "↑ North"),
    )
