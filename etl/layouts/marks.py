"""Headings that mark a layout: senders' words for them, without case, gloss in brackets and punctuation."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from etl.cells import MERGED, Sheet, shown
from etl.layouts.staged import HeadingRow, Source, squashed
from scheme.letters import clean

_LONG = 200  # characters; a text as long is no heading
LOOKED_AT = 100  # rows, blank ones apart, among which the headings must be
Spellings = Mapping[str, tuple[str, ...]]  # our word for a column -> how senders head it, bare


def bare(heading: str) -> str:
    """A heading as letters and digits alone, without case and a gloss in brackets."""
    return _bared(heading) if len(heading) < _LONG else _bared.__wrapped__(heading)


@lru_cache(4096)
def _bared(heading: str) -> str:
    """The same; kept for short texts, for those of one workbook are those of the next."""
    without = re.sub(r"[(\[].*?[)\]]", " ", clean(heading))
    return re.sub(r"[\W_]+", "", without).casefold()


def heading_row(
    sheet: Sheet, source: Source, spellings: Spellings, fits: Callable[[Mapping[str, list[int]]], bool]
) -> HeadingRow | None:
    """The first row of a sheet whose headings fit, its columns by our words; None where there is none.

    What the source file calls a column goes before what its heading looks like.
    """
    words = {spelt: name for name, each in spellings.items() for spelt in (bare(name), *each)}
    for row in sheet.rows(LOOKED_AT):
        columns: dict[str, list[int]] = {}
        texts: dict[int, str] = {}
        cells: dict[int, str] = {}
        for n, cell in _filled(row.texts):
            texts[n], cells[n] = clean(shown(cell)), cell
            mapped = source.columns.get(squashed(texts[n])) if source.columns else None
            name = mapped if mapped is not None else words.get(bare(texts[n]))
            if name in spellings:
                columns.setdefault(str(name), []).append(n)
        if fits(columns):
            return HeadingRow(row.number, row.width, texts, cells, columns)
    return None


def _filled(texts: Sequence[str]) -> list[tuple[int, str]]:
    return [(n, cell) for n, cell in enumerate(texts) if cell and is_said(cell)]


def is_said(cell: str) -> bool:
    """Whether a cell says anything of its own: it is neither empty nor covered by a merged one."""
    if not cell:
        return False
    if cell[0].isascii() and cell[0].isalnum():  # as most do: no cleaning takes such a letter away
        return True
    return cell != MERGED and bool(clean(shown(cell)))


def is_again(texts: Sequence[str], heading: HeadingRow) -> bool:
    """Whether a row repeats the headings, as on the top of each printed page."""
    same = (is_said(texts[n]) and bare(shown(texts[n])) == bare(text) for n, text in heading.texts.items())
    return bool(heading.texts) and all(same)


def others_than(heading: HeadingRow) -> bool:
    """Whether headings are of a canonical table, whatever else they have (inputs.md section 1)."""
    return any(bare(text) in _CANONICAL for text in heading.texts.values())


_CANONICAL = ("band", "evidencecode", "action", "actioncode", "dueon", "promise", "group")
