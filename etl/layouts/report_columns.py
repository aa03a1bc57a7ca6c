"""Which columns of a report's table hold the element, the band and the comment: by heading, else by what is in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from etl.layouts.report_lines import Line, element_at, is_band, named
from etl.layouts.staged import Source, squashed
from scheme.errors import FileRefused
from scheme.letters import clean
from scheme.tables import TABLES
from scheme.words import Words

_ELEMENT = (
    *("element", "elements", "ref", "reference", "elementref", "elementreference", "elementno", "elementnumber"),
    *("elementcode", "no", "number", "code", "criterion", "criteria", "standard", "csecriteria", "cseelement"),
)
_BAND = (
    *("band", "rating", "compliance", "compliancelevel", "levelofcompliance", "complianceband", "level", "score"),
    *("outcome", "assessment", "judgement", "result", "grade", "assessorsrating", "assessorrating", "finding"),
)
_COMMENT = (
    *("comment", "comments", "assessorcomments", "assessorscomments", "evidence", "findings", "notes", "narrative"),
    *("commentary", "observations", "feedback", "assessorfeedback", "evidenceandcomments", "assessorsfindings"),
)
_EARLIER = ("previous", "last", "prior", "earlier", "before", "self", "desk", "document")
_FURTHER = tuple(name for name in TABLES["results"].names if name not in ("element", "band", "comment"))
_TICKS = frozenset("x✓✔☑☒√yY✗") - {"✗"}
_HEADINGS_WITHIN = 3  # rows


@dataclass(frozen=True)
class Columns:
    """Where a table has what; `ticks`: bands by column, where a band is a mark in a column of its own."""

    element: int
    band: int | None
    comments: tuple[int, ...]
    width: int
    first_row: int  # below the headings
    others: Mapping[str, int] = field(default_factory=dict)
    ticks: Mapping[int, str] = field(default_factory=dict)
    headings: tuple[str, ...] = ()
    continues: bool = False  # it goes on where the table before it ended, on the next page
    doubts: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def band_of(self, cells: Sequence[str]) -> str:
        """What a row says of the band; two marks in a row are both named, so that it is set aside."""
        if self.band is not None:
            return clean(cells[self.band])
        return " and ".join(band for n, band in self.ticks.items() if clean(cells[n]).casefold() in _marks())

    def is_heading(self, line: Line) -> bool:
        """Whether a row is the headings again, as on each page of a long table."""
        return bool(self.headings) and tuple(map(clean, line.cells)) == self.headings


def _marks() -> frozenset[str]:
    return frozenset(mark.casefold() for mark in _TICKS) | {"yes"}


def columns_of(
    rows: Sequence[Line], before: Columns | None, adjacent: bool, source: Source, words: Words
) -> Columns | None:
    """The columns of a table that gives bands to elements, None for any other; `before`: those of the table before.

    `adjacent`: nothing stands between the two, so that it may be the same table on the next page.

    FileRefused where two columns hold bands and no heading says which one counts.
    """
    width = max(len(line.cells) for line in rows)
    grid = [[clean(cell) for cell in line.cells] + [""] * (width - len(line.cells)) for line in rows]
    first, roles = _headings(grid, source, words)
    codes = [sum(_is_code(row[n], words) for row in grid[first:]) for n in range(width)]
    if not max(codes):
        return None
    element = codes.index(max(codes))
    if "element" in roles and codes[roles["element"][0]]:
        element = roles["element"][0]
    judged = [row for row in grid[first:] if _is_code(row[element], words)]
    if not first and before and before.width == width and codes[before.element] and not _has_headings(grid, words):
        return Columns(
            *(before.element, before.band, before.comments, width, 0, before.others, before.ticks, before.headings),
            continues=True,
        )
    headings = tuple(grid[first - 1]) if first else ()
    if adjacent and before and headings and headings == before.headings:
        return replace(before, first_row=first, continues=True, doubts=(), left_out=())
    ticks = {n: text for n, text in enumerate(headings) if n != element and is_band(text, words)}
    if len(ticks) >= 2 and all(row[n].casefold() in {"", *_marks(), "☐"} for row in judged for n in ticks):
        return _laid_out(element, None, headings, first, width, roles, ticks, judged)
    band = _band_column(element, judged, headings, roles, rows[0].table, words)
    return None if band is None else _laid_out(element, band, headings, first, width, roles, {}, judged)


def _laid_out(
    element: int,
    band: int | None,
    headings: tuple[str, ...],
    first: int,
    width: int,
    roles: Mapping[str, list[int]],
    ticks: Mapping[int, str],
    judged: Sequence[Sequence[str]],
) -> Columns:
    others = {name: roles[name][0] for name in _FURTHER if name in roles}
    used = {element, band, *ticks, *others.values()}
    comments = tuple(n for n in roles.get("comment", []) if n not in used)
    if not comments:
        long = {n: sum(len(row[n]) for row in judged) for n in range(width) if n not in used}
        behind = {n: size for n, size in long.items() if n > (element if band is None else band)}
        candidates = {n: size for n, size in (behind or ({} if headings else long)).items() if size}
        comments = (max(candidates, key=lambda n: candidates[n]),) if candidates else ()
    left_out = tuple(headings[n] for n in range(len(headings)) if headings[n] and n not in {*used, *comments})
    by_name = first > 0 and (band is None or band in roles.get("band", []))
    doubts = () if by_name else ("the columns of its tables were found by what is in them, not by headings",)
    return Columns(element, band, comments, width, first, others, ticks, headings, False, doubts, left_out)


def _headings(grid: Sequence[Sequence[str]], source: Source, words: Words) -> tuple[int, dict[str, list[int]]]:
    """The number of rows down to the headings (0: there are none), and columns by our names."""
    for n, row in enumerate(grid[:_HEADINGS_WITHIN]):
        roles: dict[str, list[int]] = {}
        for column, text in enumerate(row):
            if text and (role := _role(text, source)):
                roles.setdefault(role, []).append(column)
        if len(roles) >= 2 and not any(_is_code(cell, words) for cell in row):
            return n + 1, roles
    return 0, {}


def _role(heading: str, source: Source) -> str | None:
    key = squashed(heading)
    if key in source.columns:
        return source.columns[key]
    for role, names in (("element", _ELEMENT), ("band", _BAND), ("comment", _COMMENT)):
        if named(heading, names):
            return role
    return next((name for name in _FURTHER if squashed(name) == key), None)


def _has_headings(grid: Sequence[Sequence[str]], words: Words) -> bool:
    return sum(is_band(cell, words) for cell in grid[0]) >= 2


def _is_code(cell: str, words: Words) -> bool:
    return element_at(cell, words) is not None


def _band_column(
    element: int,
    judged: Sequence[Sequence[str]],
    headings: Sequence[str],
    roles: Mapping[str, list[int]],
    table: str,
    words: Words,
) -> int | None:
    """The column of bands: the one that is headed so, or of which half of what it holds are bands."""
    found = []
    for n in range(len(judged[0])):
        filled = [row[n] for row in judged if row[n]]
        if n != element and filled and sum(is_band(cell, words) for cell in filled) * 2 >= len(filled):
            found.append(n)
    headed = [n for n in roles.get("band", []) if n != element]
    if len(headed) == 1:
        return headed[0]
    if len(found) > 1 and headings:
        found = [n for n in found if not any(word in headings[n].casefold() for word in _EARLIER)] or found
    if len(found) > 1:
        which = " and ".join(headings[n] or f"column {n + 1}" for n in found) if headings else "no headings"
        raise FileRefused(
            f"{table} has {len(found)} columns of bands ({which}), and nothing says which one counts; map its heading "
            'to band in a source file, as [columns] "Rating" = "band"'
        )
    return found[0] if found else headed[0] if headed else None
