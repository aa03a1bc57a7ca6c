"""A document as lines, and what stands at the beginning of one: an element's code, a band, a year's prefix."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property

from etl.cells import Book, Sheet, shown
from etl.layouts.staged import squashed
from etl.parse.documents import HEADING
from scheme.days import day_of
from scheme.letters import clean
from scheme.words import Words

_CODE = re.compile(
    r"(?:element\s*[:|]?\s*)?((?:\d{1,2}|[ivx]{1,4})(?:\s?[.-]\s?\d{1,2}){1,3})\.?(?![\w.])[)\]]?", re.I | re.ASCII
)
_YEAR = re.compile(
    r"(?:(?P<two>\d\d)\s?)?RP\s?(?P<rp>\d{1,2})(?![\w.])(?:\s*[-–—/(]\s*(?P<year>(?:19|20)\d\d)\)?)?\s*[:.)|–—-]*\s*",
    re.ASCII,
)
_AFTER_BAND = ":;,.|)]–—-"
_WORDS_OF_A_BAND = 5
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DAY = re.compile(
    rf"\d{{4}}-\d\d?-\d\d?|\d\d?[/.]\d\d?[/.]\d{{4}}|(?P<days>(?:\d\d?(?:st|nd|rd|th)?(?:\s+{_MONTH})?\s*(?:,|and|&|to|-|–)"
    rf"\s*(?:and\s+)?)*)(?P<last>\d\d?(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH}),?\s+(?P<year>\d{{4}}))",
    re.I,
)


@dataclass(frozen=True)
class Line:
    """A paragraph, a line of a page, or a row of a table: its number, its place in words, its cells as shown."""

    row: int
    where: str
    table: str  # the table's name, or "" for text
    cells: tuple[str, ...]
    is_heading: bool = False

    @cached_property
    def text(self) -> str:
        """Its cells in one line of plain spaces; ` | ` stands between cells and between columns of text."""
        parts = [part for cell in self.cells for part in cell.split("\t")]
        return " | ".join(text for text in map(clean, parts) if text)


@dataclass(frozen=True)
class Year:
    """A year of a rolling programme, as a prefix names it."""

    label: str
    programme: int
    year: int | None

    @property
    def key(self) -> tuple[int, int]:
        """What makes two prefixes the same year; years in order."""
        return (self.year or 0, self.programme)


def lines(book: Book) -> list[Line]:
    """All lines of a document, in its order."""
    return [line for sheet in book.sheets for line in _of(sheet, book.kind)]


def _of(sheet: Sheet, kind: str) -> Iterator[Line]:
    is_table = (sheet.name or "").startswith("table")
    names = [name for name in sheet.cells.columns if name.isdigit()]
    for n, row in enumerate(sheet.cells.iter_rows(named=True), 1):
        cells = tuple(shown(row[name]) for name in names)
        number = row["row"]
        page = f"page {number // 1000}, line {number % 1000}"
        where = page if kind == "pdf" else f"{sheet.name}, row {n}" if is_table else f"line {number}"
        if is_table:
            yield Line(number, where, sheet.name or "", cells)
        else:
            yield Line(number, where, "", cells[:1], cells[1:] == (HEADING,))


def code_at(text: str) -> tuple[str, str] | None:
    """The code of an element, existing or not, at the beginning of a line, and the rest of it."""
    match = _CODE.match(text)
    return (match[1], text[match.end() :]) if match else None


def element_at(text: str, words: Words) -> tuple[str, str] | None:
    """The same, of nothing shorter than an element's code: a sub-criterion's is not meant."""
    code = code_at(text)
    return code if code and _parts_of(code[0]) >= _shortest(words.standard.codes) else None


def _parts_of(code: str) -> int:
    return len(re.split(r"[.-]", code))


@cache
def _shortest(codes: tuple[str, ...]) -> int:
    return min(map(_parts_of, codes))


def year_at(text: str) -> tuple[Year, str] | None:
    """The prefix of a year of a rolling programme (`RP2 - 2016:`, `10RP2`) at the beginning, and the rest."""
    match = _YEAR.match(text)
    if not match:
        return None
    year = int(match["year"]) if match["year"] else 2000 + int(match["two"]) if match["two"] else None
    return Year(clean(match[0]).rstrip(" :.)|–—-"), int(match["rp"]), year), text[match.end() :]


def day_of_year(year: Year, days: Mapping[str, date]) -> date | None:
    """The day of a year of the programme, of days by prefix: `RP1 - 2015`, `15RP1` and `RP1` may mean the same."""
    for label, day in days.items():
        other = year_at(label)
        alike = other is not None and other[0].programme == year.programme
        if other and alike and (other[0].year == year.year or None in (other[0].year, year.year)):
            return day
    return None


def band_at(text: str, words: Words) -> tuple[str, str, bool] | None:
    """The word of a band at the beginning of what follows a code, the rest, and whether a mark sets it apart.

    "Compliant with the law" has none: where no mark follows the word, the next must begin with a capital letter.
    """
    start = len(text) - len(text.lstrip(" :;,.|([–—-"))
    ends = [start + match.end() for match in re.finditer(r"\S+", text[start:])][:_WORDS_OF_A_BAND]
    for end in reversed(ends):
        word = text[start:end].rstrip(_AFTER_BAND)
        if not any(c.isalnum() for c in word) or "(" in word or words.band(word)[1] is not None:
            continue
        rest = text[start + len(word) :]
        mark = rest.lstrip(" ")[:1]
        if not mark or mark in _AFTER_BAND + "(":
            gloss = mark == "("
            return word, rest.strip() if gloss else rest.lstrip(" " + _AFTER_BAND).rstrip(), True
        if mark.isupper() and len(word) > 3:
            return word, rest.strip(), False
    return None


def is_band(text: str, words: Words) -> bool:
    """Whether a text is nothing but a band, or a word that says that there is no result."""
    bare = clean(text).strip(_AFTER_BAND + "([ ")
    return any(c.isalnum() for c in bare) and words.band(bare)[1] is None


def days_in(text: str, words: Words) -> list[date]:
    """The days that a text names, `3 and 4 March 2025` and `28 February to 3 March 2025` included, in order."""
    found: set[date] = set()
    for match in _DAY.finditer(clean(text)):
        if not match["last"]:
            found.update(filter(None, [words.day(match[0])[0]]))
            continue
        whole = [match["last"]]
        for day, month in re.findall(rf"(\d\d?)(?:st|nd|rd|th)?(?:\s+({_MONTH}))?", match["days"] or "", re.I):
            whole.append(f"{day} {month or match['month']} {match['year']}")
        found.update(filter(None, [day_of(day.replace(".", ""))[0] for day in whole]))
    return sorted(found)


def named(cell: str, names: Sequence[str]) -> bool:
    """Whether a heading is one of the names, whatever its case, spaces and hyphens."""
    return squashed(cell.rstrip(" :")).replace("'", "").replace("’", "") in names
