"""Which column of a sheet may be which of ours: by its heading, by what its cells hold, and why in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from etl.cells import MERGED, Sheet, shown, stored
from etl.headings import nearness
from scheme.days import day_of
from scheme.letters import clean
from scheme.tables import Column
from scheme.words import Stored, Words

SURE, LIKELY, NO = "sure", "likely", ""
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
class Content:
    """The distinct cells of a column, how many are filled, and by kind the share of them that can be read as it."""

    cells: tuple[tuple[str, Stored], ...]
    filled: int
    shares: Mapping[str, float]

    @property
    def longest(self) -> int:
        """The letters of its longest cell."""
        return max((len(text) for text, _ in self.cells), default=0)


def below(sheet: Sheet, row: int, n: int) -> list[str]:
    """The cells of a column below the headings that hold anything, as the file stored them."""
    column = sheet.cells.filter(sheet.cells["row"] > row)[str(n)]
    return [cell for cell in column if cell != MERGED and clean(shown(cell))]


def content_of(sheet: Sheet, row: int, n: int, words: Words) -> Content:
    """What a column holds below the headings."""
    cells = below(sheet, row, n)
    distinct = tuple(stored(cell) for cell in list(dict.fromkeys(cells))[:_READ])
    shares = {}
    for kind in _TYPED if distinct else ():
        read = sum(_reads(kind, text, how, words) for text, how in distinct)
        shares[kind] = read / len(distinct)
    return Content(distinct, len(cells), shares)


def _reads(kind: str, text: str, how: Stored, words: Words) -> bool:
    if kind == "day":
        return how == "date" or any(day_of(text, first)[0] is not None for first in (True, False))
    value, why = words.parsed(kind, text, how)  # type: ignore[arg-type]  # one of _TYPED
    return why is None and (value is not None or kind == "band")


def assigned(
    ours: tuple[Column, ...],
    headings: Mapping[int, str],
    contents: Mapping[int, Content],
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


def _paired(column: Column, heading: str, content: Content, known: frozenset[str]) -> tuple[float, Likely]:
    """How likely a column of theirs is one of ours, from 0 to 1, and what is to be said of it."""
    near, how = nearness(column.name, heading)
    share, told = _by_content(column, content, known, is_named=near > 0)
    if share is None:  # nothing that cells could tell
        score = near * 0.85
    elif near == 1:
        score = 1 if share >= 0.5 else 0.7
    elif column.kind in _TELLING or known:
        score = 0.45 * near + 0.55 * share
        if not near and not column.required and not known:
            score = 0  # by its cells alone, a column is only what the table needs
        if share < 0.2:
            worded = column.kind in ("band", "assessment_type", "code") and not _is_measured(content, is_named=True)
            score = near * (0.8 if worded else 0.3)
    else:
        score = (0.7 * near + 0.2 * share) if near else 0
    surely = (near == 1 and (share is None or share >= 0.5)) or (near >= 0.75 and (share or 0) >= 0.9)
    why = "; ".join(part for part in (how, told) if part)
    return score, Likely(column.name, SURE if surely else LIKELY, why)


def _by_content(column: Column, content: Content, known: frozenset[str], is_named: bool) -> tuple[float | None, str]:
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
    repeats = 2 <= len(content.cells) <= _FEW_WORDS and 2 * len(content.cells) <= content.filled
    if column.kind == "band" and share < 0.6 and repeats and not _is_measured(content, is_named):
        share = max(share, 0.75 if len(content.cells) > 2 else 0.74)  # a few words, as a scale of their own has
        told = f"it says {_few(content)} again and again, as a scale of bands does"
    return share, told


def _is_measured(content: Content, is_named: bool) -> bool:
    """Whether its cells are days, codes of elements, or numbers of a kind that is no scale."""
    if max(content.shares.get(kind, 0) for kind in ("day", "element")) > 0.5:
        return True
    return content.shares.get("number", 0) > 0.5 and (not is_named or len(content.cells) > 6)


def _of(share: float, content: Content) -> str:
    number = len(content.cells)
    whole = "all" if share == 1 else f"{round(share * number)} of"
    return f"{whole} {number} different cells" if number > 1 else "its cells"


def _few(content: Content) -> str:
    shown_ = [clean(text) for text, _ in content.cells[:4]]
    return ", ".join(shown_) + (" …" if len(content.cells) > 4 else "")


def unlike(content: Content) -> str:
    """What is to be said of a column that is like none of ours."""
    return f"not recognised; such as {clean(content.cells[0][0])[:40]}" if content.cells else "its cells are empty"
