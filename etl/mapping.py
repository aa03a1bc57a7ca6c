"""An unknown table looked at: which line heads it, which table it may be, which column which of ours, and why.

What is found here is shown to a person, who takes it or says otherwise (inputs.md section 4: nothing is guessed in
silence). What they confirm becomes a source (etl.source_text), and is proposed for the next file with these headings.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from etl.cells import MERGED, Sheet, shown, stored
from etl.headings import nearness
from etl.layouts.choose import OURS
from etl.layouts.staged import squashed
from etl.likely import LIKELY, NO, SURE, Likely, assigned, below, content_of, unlike
from scheme.letters import clean
from scheme.standard import spelling
from scheme.tables import TABLES, Column
from scheme.words import Stored, Words

WIDE = "wide"
# Columns that a whole file may be about, so that one value holds for every row.
FIXABLE = (
    *("department_code", "site_code", "assessment_type", "assessed_on", "visited_on", "started_on", "ended_on"),
    *("awarded_on", "expires_on", "owner", "due_on", "period", "department_name", "site_name"),
)
_HEADED_WITHIN = 30  # rows, blank ones apart


@dataclass(frozen=True)
class DayOrder:
    """How days are written: day first (None where the cells do not tell), and why that is thought."""

    day_first: bool | None
    why: str


@dataclass(frozen=True)
class Proposal:
    """What a sheet may be: the row of its headings by number, the headings and what each column may be, its table.

    `elements`: by column, the element that its heading names, of a wide table alone. `missing`: columns the table
    needs and no column may be.
    """

    row: int
    headings: Mapping[int, str]
    table: str
    certainty: str
    why: str
    columns: Mapping[int, Likely]
    elements: Mapping[int, str]
    missing: tuple[str, ...]


def heading_rows(sheet: Sheet, words: Words) -> list[int]:
    """The numbers of the rows that may be its headings, the likeliest first; none where no row has two filled cells."""
    scored = []
    rows = list(sheet.cells.head(_HEADED_WITHIN).iter_rows(named=True))
    widest = max((len(_texts(row)) for row in rows), default=0)
    for n, row in enumerate(rows):
        texts = _texts(row)
        if len(texts) < 2 or len({squashed(shown(cell)) for cell in texts.values()}) < 2:
            continue
        known = sum(_known(*stored(cell), words) for cell in texts.values())
        worded = sum(_is_worded(*stored(cell), words) for cell in texts.values())
        scored.append((-(2 * known + worded) / widest - 0.3 * (n + 1 < len(rows)), n, int(row["row"])))
    return [number for _, _, number in sorted(scored)][:8]


def proposal(
    sheet: Sheet,
    words: Words,
    departments: Collection[str] = (),
    sites: Collection[str] = (),
    row: int | None = None,
    table: str | None = None,
) -> Proposal | None:
    """What the sheet may be, by its headings and by what stands below; None where no row can be its headings.

    `departments`, `sites`: codes that are known, in which such a column is recognised. `row`, `table`: what a person
    said of it already.
    """
    rows = [row] if row is not None else heading_rows(sheet, words)[:1]
    found = sheet.cells.filter(sheet.cells["row"] == rows[0]) if rows else sheet.cells.clear()
    if not found.height:
        return None
    cells = _texts(found.row(0, named=True))
    headings = {n: clean(shown(cell)) for n, cell in cells.items()}
    elements = {n: code for n, cell in cells.items() if (code := words.element(*stored(cell))[0])}
    known = {
        "department_code": frozenset(departments),
        "parent_code": frozenset(departments),
        "site_code": frozenset(sites),
    }
    contents = {n: content_of(sheet, rows[0], n, words) for n in headings if n not in elements}
    ways = []
    for name in [table] if table else ([WIDE] if len(elements) > 1 else [*TABLES]):
        columns = assigned(columns_of(name), headings, contents, known)
        there = {likely.name for likely in columns.values()}
        needed = [column.name for column in columns_of(name) if column.required]
        missing = tuple(one for one in needed if one not in there and (one, "valid_until") not in _instead(there))
        got = sum(0.4 if one in FIXABLE else 0 for one in missing) + len(needed) - len(missing)
        explained = len(columns) + (len(elements) if name == WIDE else 0)
        ways.append((got / len(needed) + explained / len(headings), name, columns, missing))
    _, name, columns, missing = max(ways, key=lambda way: way[0])
    all_ = {n: columns.get(n, Likely("", NO, unlike(contents[n]))) for n in contents}
    wide = elements if name == WIDE else {}
    for n in elements.keys() - wide.keys():
        all_[n] = Likely("", NO, "its heading is the code of an element")
    certainty, why = _why_table(name, columns, missing, wide)
    return Proposal(rows[0], headings, name, certainty, why, all_, wide, missing)


def day_order(cells: Collection[str]) -> DayOrder:
    """Which comes first in days like 03/04/2025, from cells that hold days; None where every one reads both ways."""
    seen = [clean(shown(cell)) for cell in cells]
    first: list[str] = []
    last: list[str] = []
    both: list[str] = []
    for text in seen:
        if match := re.fullmatch(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ][0-9]{4}\b.*", text):
            day, month = int(match[1]), int(match[2])
            (first if day > 12 else last if month > 12 else both).append(text)
    if first and last:
        return DayOrder(None, f"{first[0]} has the day first and {last[0]} the month; the sender must settle it")
    if first:
        return DayOrder(True, f"{first[0]} can only be read with the day first")
    if last:
        return DayOrder(False, f"{last[0]} can only be read with the month first")
    if both:
        return DayOrder(None, f"{both[0]} reads both ways, and so does every other day here; ask the sender")
    return DayOrder(True, "no day here depends on it")


def unknown_words(cells: Collection[str], kind: str, words: Words) -> dict[str, int]:
    """The words of band or assessment type that are not known, as first written, and how many cells have each."""
    written: dict[str, str] = {}
    counts: dict[str, int] = {}
    for cell in cells:
        text, how = stored(cell)
        seen = clean(text)
        is_word = bool(seen and spelling(seen)) and how not in ("error", "merged")
        if is_word and words.parsed(kind, text, how)[1] is not None:  # type: ignore[arg-type]  # kinds of columns are words
            word = written.setdefault(spelling(seen), seen)
            counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def cells_of(sheet: Sheet, proposed: Proposal, names: Collection[str]) -> Iterator[str]:
    """The cells below all columns that were taken for one of these."""
    for n, likely in proposed.columns.items():
        if likely.name in names:
            yield from below(sheet, proposed.row, n)


# --- headings ---------------------------------------------------------------------------------------------------------


def _texts(row: Mapping[str, object]) -> dict[int, str]:
    cells = ((int(n), str(cell)) for n, cell in row.items() if n.isdigit())
    return {n: cell for n, cell in cells if cell != MERGED and clean(shown(cell))}


def _known(text: str, how: Stored, words: Words) -> float:
    """How much a cell is like a heading of ours."""
    if words.element(text, how)[0]:
        return 0.5  # the heading of a wide table, or a cell of a narrow one
    return max(nearness(name, text)[0] for name in OURS.values())


def _is_worded(text: str, how: Stored, words: Words) -> bool:
    """Whether a cell is words, as headings are, and no number, day, code or band."""
    read = any(words.parsed(kind, text, how)[0] is not None for kind in ("day", "number", "band", "element"))
    return how == "text" and not read and len(text) < 60


# --- tables -----------------------------------------------------------------------------------------------------------


def columns_of(table: str) -> tuple[Column, ...]:
    """The columns that one of a table may be; a wide one's without element and band."""
    if table == WIDE:
        return tuple(column for column in TABLES["results"].columns if column.name not in ("element", "band"))
    return TABLES[table].columns


def _instead(there: Collection[str]) -> Collection[tuple[str, str]]:
    return {("expires_on", "valid_until")} if "valid_until" in there else ()


def _why_table(
    name: str, columns: Mapping[int, Likely], missing: tuple[str, ...], elements: Mapping[int, str]
) -> tuple[str, str]:
    needed = {column.name for column in columns_of(name) if column.required}
    told = [f"{len(elements)} of its headings are codes of elements"] if elements else []
    found = sorted({one.name for one in columns.values()} & needed)
    if found:
        told.append(f"it has what may be {_listed(found)}")
    if missing:
        told.append(f"it lacks {_listed(missing)}")
    surely = not missing and all(one.certainty == SURE for one in columns.values() if one.name in needed)
    return (SURE if surely else LIKELY), "; ".join(told) or "nothing in it is known"


def _listed(names: Collection[str]) -> str:
    *others, last = (name.replace("_", " ") for name in names)
    return f"{', '.join(others)} and {last}" if others else last
