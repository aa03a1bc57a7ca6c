"""How wide the columns of a grid become on paper or on a slide, and where a grid too wide for it is cut.

Widths are in points, measured in the font that PDF files are set in. A cut grid repeats its first column, which names
the rows, so that no part needs another to be understood.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dashboard.exports.document import Cell, Column, Grid
from dashboard.exports.fonts import ems
from dashboard.exports.imprint import plain

RIGHT = frozenset({"number", "share"})
LEFT = frozenset({"text", "link", "day", "status", "headroom"})
_MOST_WORD, _MOST_LINE = 14.0, 60.0  # in ems: no word asks for more (it is broken), no column for more than this


_NAMES = 0.18  # of the room
_MOST_TURNED = 18.0  # ems: a longer header is not turned upright, so that it leaves room for rows


@dataclass(frozen=True)
class Part:
    """The columns of one part of a grid: their places in it, widths in points, and whose header is turned upright."""

    places: tuple[int, ...]
    widths: tuple[float, ...]
    turned: tuple[bool, ...]

    @property
    def width(self) -> float:
        """The whole width in points."""
        return sum(self.widths)


def broken(text: str, most: float = _MOST_WORD) -> str:
    """The same text with places to break (U+200B) in words wider than `most` ems."""
    if len(text) <= most:  # no letter is wider than an em by much
        return text
    return " ".join(_chopped(word, most) if ems(word) > most else word for word in text.split(" "))


def _chopped(word: str, most: float) -> str:
    step = max(1, int(len(word) * most / ems(word) / 2))
    return "\u200b".join(word[at : at + step] for at in range(0, len(word), step))


def parts(grid: Grid, size: float, room: float, inset: float, *, may_turn: bool) -> tuple[Part, ...]:
    """A grid's columns at a size of letters within `room` points, cut into as many parts as are needed.

    With `may_turn`, headers wider than all below them are turned upright, where the columns do not fit otherwise.
    """
    wanted = [_wanted(grid, place, size, inset) for place in range(len(grid.columns))]
    upright = [min(max(least, label), most) for least, _, label, most in wanted]
    short = [ems(plain(column.label), True) <= _MOST_TURNED for column in grid.columns]
    is_tight = may_turn and sum(upright) > room
    turned = [is_tight and one and label > least for one, (least, _, label, _) in zip(short, wanted, strict=True)]
    turned[:1] = [False] * len(turned[:1])
    leasts = [
        least if is_turned else wide for (least, *_), wide, is_turned in zip(wanted, upright, turned, strict=True)
    ]
    if leasts:  # what names the rows is read again and again: it gets its line, up to a part of the room (**ours**)
        leasts[0] = max(leasts[0], min(wanted[0][1], room * _NAMES))
    lines = [max(natural, least) for (_, natural, *_), least in zip(wanted, leasts, strict=True)]
    return tuple(_part(places, leasts, lines, turned, room) for places in _cut(grid.columns, leasts, room))


def _wanted(grid: Grid, place: int, size: float, inset: float) -> tuple[float, float, float, float]:
    """Of a column: its longest word, its longest line, its header's longest word, and the most a word may ask for."""
    column, cells = grid.columns[place], [row.cells[place] for row in grid.rows]
    texts = {text for cell in cells for text in (cell.shown, cell.small) if text}
    deepest = max((row.depth for row in grid.rows), default=0) if place == 0 else 0
    least = max((_longest_word(text) for text in texts), default=1.0)
    natural = max((ems(line) for text in texts for line in plain(text).split("\n")), default=1.0)
    label = max((ems(word, True) for word in plain(column.label).split()), default=1.0)
    aside = 2 * inset + deepest * size
    most = _MOST_WORD * size + aside
    natural = min(max(natural, min(ems(plain(column.label), True), _MOST_WORD)), _MOST_LINE)
    return min(least * size + aside, most), natural * size + aside, label * size + aside, most


def _longest_word(text: str) -> float:
    return max((ems(word) for word in plain(text).split()), default=1.0)


def _cut(columns: Sequence[Column], leasts: Sequence[float], room: float) -> list[tuple[int, ...]]:
    """Places of columns, part by part: first at headers above them, and inside these only where they do not fit."""
    found: list[list[int]] = [[]]
    first = leasts[0] if leasts else 0.0
    used = first
    for together in _neighbours(columns):
        wide = sum(leasts[place] for place in together)
        if found[-1] and used + wide > room and first + wide <= room:
            found.append([])
            used = first
        for place in together:
            if found[-1] and used + leasts[place] > room:
                found.append([])
                used = first
            found[-1].append(place)
            used += leasts[place]
    return [(0, *places) for places in found]


def _neighbours(columns: Sequence[Column]) -> list[list[int]]:
    """Places of all columns but the first, neighbours under the same outermost header together."""
    found: list[list[int]] = []
    for before, place in pairwise(range(len(columns))):
        is_same = columns[place].groups[:1] == columns[before].groups[:1] and columns[place].groups and before > 0
        if is_same:
            found[-1].append(place)
        else:
            found.append([place])
    return found


def _part(
    places: tuple[int, ...], leasts: Sequence[float], lines: Sequence[float], turned: Sequence[bool], room: float
) -> Part:
    """A part whose columns share what is left of the room, each by what it still wants."""
    short = [lines[place] - leasts[place] for place in places]
    left = room - sum(leasts[place] for place in places)
    share = min(1.0, max(0.0, left) / sum(short)) if sum(short) else 0.0
    widths = tuple(leasts[place] + share * more for place, more in zip(places, short, strict=True))
    return Part(places, widths, tuple(turned[place] for place in places))


def heads(columns: Sequence[Column]) -> list[list[tuple[str, int]]]:
    """The rows of headers above the columns' own: each label with how many columns it spans, "" where there is none."""
    deepest = max((len(column.groups) for column in columns), default=0)
    rows = []
    for depth in range(deepest):
        row: list[tuple[str, int]] = []
        before: tuple[str, ...] | None = None
        for column in columns:
            own = column.groups[: depth + 1] if len(column.groups) > depth else ()
            if row and own == before:
                row[-1] = (row[-1][0], row[-1][1] + 1)
            else:
                row.append((own[depth] if own else "", 1))
            before = own
        rows.append(row)
    return rows


def alignment(column: Column, cell: Cell) -> str:
    """Where a cell's text stands: numbers right, words left, what is a mark or painted in the middle."""
    if column.kind in RIGHT:
        return "right"
    return "left" if column.kind in LEFT and (cell.fill is None or column.kind != "text") else "center"
