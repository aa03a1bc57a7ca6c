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
from scheme.days import day_of
from scheme.letters import clean
from scheme.standard import spelling
from scheme.tables import TABLES, Column
from scheme.words import Stored, Words

SURE, LIKELY, NO = "sure", "likely", ""
WIDE = "wide"
# Columns that a whole file may be about, so that one value holds for every row.
FIXABLE = (
    *("department_code", "site_code", "assessment_type", "assessed_on", "visited_on", "started_on", "ended_on"),
    *("awarded_on", "expires_on", "owner", "due_on", "period"),
)
_HEADED_WITHIN = 30  # rows, blank ones apart
_READ = 400  # distinct cells of a column that are looked at
_TYPED = ("element", "day", "band", "assessment_type", "mode", "flag", "count", "number")
_TELLING = ("element", "day", "band", "assessment_type")  # kinds that cells tell by themselves
_ENOUGH = 0.4
_FEW_WORDS = 12


@dataclass(frozen=True)
class Likely:
    """What a column may be: one of ours ("" for none), how surely ("sure", "likely", "" for none), and why in words."""

    name: str
    certainty: str
    why: str


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


@dataclass(frozen=True)
class _Content:
    """The distinct cells of a column, how many are filled, and by kind the share of them that can be read as it."""

    cells: tuple[tuple[str, Stored], ...]
    filled: int
    shares: Mapping[str, float]

    @property
    def longest(self) -> int:
        return max((len(text) for text, _ in self.cells), default=0)


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
    contents = {n: _content(sheet, rows[0], n, words) for n in headings if n not in elements}
    ways = []
    for name in [table] if table else ([WIDE] if len(elements) > 1 else [*TABLES]):
        columns = _assigned(_columns(name), headings, contents, known)
        there = {likely.name for likely in columns.values()}
        needed = [column.name for column in _columns(name) if column.required]
        missing = tuple(one for one in needed if one not in there and (one, "valid_until") not in _instead(there))
        got = sum(0.4 if one in FIXABLE else 0 for one in missing) + len(needed) - len(missing)
        explained = len(columns) + (len(elements) if name == WIDE else 0)
        ways.append((got / len(needed) + explained / len(headings), name, columns, missing))
    _, name, columns, missing = max(ways, key=lambda way: way[0])
    all_ = {n: columns.get(n, Likely("", NO, _what(contents[n]))) for n in contents}
    wide = elements if name == WIDE else {}
    for n in elements.keys() - wide.keys():
        all_[n] = Likely("", NO, "its heading is the code of an element")
    certainty, why = _why_table(name, columns, missing, wide)
    return Proposal(rows[0], headings, name, certainty, why, all_, wide, missing)


def day_order(cells: Collection[str]) -> DayOrder:
    """Which comes first in days like 03/04/2025, from the cells of day columns; None where every one reads both ways."""
    seen = [clean(shown(cell)) for cell in cells]
    first, last, both = [], [], []
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
        if seen and spelling(seen) and how not in ("error", "merged") and words.parsed(kind, text, how)[1] is not None:  # type: ignore[arg-type]
            word = written.setdefault(spelling(seen), seen)
            counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def below(sheet: Sheet, row: int, n: int) -> list[str]:
    """The cells of a column below the headings that hold anything, as the file stored them."""
    column = sheet.cells.filter(sheet.cells["row"] > row)[str(n)]
    return [cell for cell in column if cell != MERGED and clean(shown(cell))]


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


# --- columns ----------------------------------------------------------------------------------------------------------


def _columns(table: str) -> tuple[Column, ...]:
    if table == WIDE:
        return tuple(column for column in TABLES["results"].columns if column.name not in ("element", "band"))
    return TABLES[table].columns


def _instead(there: Collection[str]) -> Collection[tuple[str, str]]:
    return {("expires_on", "valid_until")} if "valid_until" in there else ()


def _content(sheet: Sheet, row: int, n: int, words: Words) -> _Content:
    cells = below(sheet, row, n)
    distinct = tuple(stored(cell) for cell in list(dict.fromkeys(cells))[:_READ])
    shares = {}
    for kind in _TYPED if distinct else ():
        read = sum(_reads(kind, text, how, words) for text, how in distinct)
        shares[kind] = read / len(distinct)
    return _Content(distinct, len(cells), shares)


def _reads(kind: str, text: str, how: Stored, words: Words) -> bool:
    if kind == "day":
        return how == "date" or any(day_of(text, first)[0] is not None for first in (True, False))
    value, why = words.parsed(kind, text, how)  # type: ignore[arg-type]  # one of _TYPED
    return why is None and (value is not None or kind == "band")


def _assigned(
    ours: tuple[Column, ...],
    headings: Mapping[int, str],
    contents: Mapping[int, _Content],
    known: Mapping[str, frozenset[str]],
) -> dict[int, Likely]:
    """Which column is which of ours, each once: the likeliest pairs first."""
    pairs = []
    for place, column in enumerate(ours):
        for n, content in contents.items():
            score, likely = _paired(column, headings[n], content, known.get(column.name, frozenset()))
            if score >= _ENOUGH:
                pairs.append((-score, place, n, likely))
    found: dict[int, Likely] = {}
    for _, _, n, likely in sorted(pairs, key=lambda pair: pair[:3]):
        if n not in found and likely.name not in {one.name for one in found.values()}:
            found[n] = likely
    return found


def _paired(column: Column, heading: str, content: _Content, known: frozenset[str]) -> tuple[float, Likely]:
    """How likely a column of theirs is one of ours, from 0 to 1, and what is to be said of it."""
    near, how = nearness(column.name, heading)
    share, told = _by_content(column, content, known)
    if share is None:  # nothing that cells could tell
        score = near * 0.85
    elif near == 1:
        score = 1 if share >= 0.5 else 0.7
    elif column.kind in _TELLING or known:
        score = 0.45 * near + 0.55 * share
        if not near and not column.required and not known:
            score = 0  # by its cells alone, a column is only what the table needs
        if share < 0.2:
            score = near * (0.8 if column.kind in ("band", "assessment_type", "code") else 0.3)
    else:
        score = (0.7 * near + 0.2 * share) if near else 0
    surely = (near == 1 and (share is None or share >= 0.5)) or (near >= 0.75 and (share or 0) >= 0.9)
    why = "; ".join(part for part in (how, told) if part)
    return score, Likely(column.name, SURE if surely else LIKELY, why)


def _by_content(column: Column, content: _Content, known: frozenset[str]) -> tuple[float | None, str]:
    """The share of a column's cells that read as ours, None where that tells nothing, and what is to be said of it."""
    if not content.cells:
        return None, "its cells are empty"
    if column.kind == "code":
        share = sum(clean(text) in known for text, _ in content.cells) / len(content.cells)
        what = "departments" if column.name != "site_code" else "sites"
        if share:
            return share, f"{_of(share, content)} are {what} that you know"
        return (None, "") if content.longest <= 200 else (0.0, "")
    if column.kind not in content.shares:
        return None, ""
    share = content.shares[column.kind]
    kinds = {"element": "codes of elements", "day": "days", "band": "bands", "assessment_type": "types of assessment"}
    told = f"{_of(share, content)} are {kinds[column.kind]}" if column.kind in kinds and share else ""
    if column.kind == "band" and share < 0.6 and 2 <= len(content.cells) <= _FEW_WORDS < content.filled:
        share = max(share, 0.5)  # a few words again and again: a scale of their own
        told = f"it says {_few(content)} again and again, as a scale of bands does"
    return share, told


def _of(share: float, content: _Content) -> str:
    number = len(content.cells)
    whole = "all" if share == 1 else f"{round(share * number)} of"
    return f"{whole} {number} different cells" if number > 1 else "its cells"


def _few(content: _Content) -> str:
    shown_ = [clean(text) for text, _ in content.cells[:4]]
    return ", ".join(shown_) + (" …" if len(content.cells) > 4 else "")


def _what(content: _Content) -> str:
    return f"not recognised; such as {clean(content.cells[0][0])[:40]}" if content.cells else "its cells are empty"


def _why_table(
    name: str, columns: Mapping[int, Likely], missing: tuple[str, ...], elements: Mapping[int, str]
) -> tuple[str, str]:
    needed = {column.name for column in _columns(name) if column.required}
    told = [f"{len(elements)} of its headings are codes of elements"] if elements else []
    found = sorted({one.name for one in columns.values()} & needed)
    if found:
        told.append(f"it has what may be {_listed(found)}")
    if missing:
        told.append(f"it lacks {_listed(missing)}")
    surely = not missing and all(one.certainty == SURE for one in columns.values() if one.name in needed)
    return (SURE if surely else LIKELY), "; ".join(told) or "nothing in it is known"


def _listed(names: Collection[str]) -> str:
    return " and ".join(filter(None, (", ".join([*names][:-1]), [*names][-1])))


def marks(sheet: Sheet, proposed: Proposal, names: Collection[str]) -> Iterator[str]:
    """The cells below all columns that were taken for one of these."""
    for n, likely in proposed.columns.items():
        if likely.name in names:
            yield from below(sheet, proposed.row, n)
