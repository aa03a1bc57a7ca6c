"""A source as the text of its file (TOML), from what a person confirmed; and which kept source fits a refused file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from etl.cells import Book, Sheet
from etl.layouts.choose import OURS, heading_rows, staged
from etl.layouts.staged import LEFT_OUT, Source, Staged, squashed
from scheme.errors import FileRefused, UsageError
from scheme.words import Words

_LOOKED_AT = 120  # rows: more than those among which headings are looked for
_NAMED = 3  # sources that one sentence names


def text_of(source: Source) -> str:
    """The TOML of a source, whose columns are headings as their sender writes them; etl.sources.source_of reads it."""
    lines = [f"name = {_quoted(source.name)}"] if source.name else []
    lines += [f"table = {_quoted(source.table)}"] if source.table else []
    lines += [] if source.day_first else ["day_first = false        # 03/07/2025 is 7 March"]
    lines += ["date_1904 = true"] if source.date_1904 else []
    for key, about in (
        ("columns", "their heading = our column"),
        ("fixed", "a column they do not send, the same for every row"),
        ("bands", "their word = ours"),
        ("assessment_types", "their word = ours"),
    ):
        section: Mapping[str, str] = getattr(source, key)
        if section:
            bare = key == "fixed"
            lines += ["", f"[{key}]".ljust(24) + f" # {about}"]
            lines += [f"{word if bare else _quoted(word)} = {_quoted(ours)}" for word, ours in section.items()]
    return "\n".join(lines).lstrip("\n") + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def chosen(
    headings: Mapping[int, str],
    columns: Mapping[int, str],
    *,
    table: str,
    fixed: Mapping[str, str] | None = None,
    day_first: bool = True,
    name: str | None = None,
) -> Source:
    """The source that says what a person chose: by place, the headings and our columns ("" is left out).

    A heading that is ours, and was left out all the same, is named as left out. UsageError where two columns are to be
    the same, or two that have one heading are to differ: a source knows columns by their headings alone.
    """
    places: dict[str, list[int]] = {}
    for n, heading in headings.items():
        places.setdefault(squashed(heading), []).append(n)
    said: dict[str, str] = {}
    for n, ours in columns.items():
        twins = places[squashed(headings[n])]
        if ours and len(twins) > 1:
            where = " and ".join(str(place + 1) for place in twins)
            raise UsageError(
                f"columns {where} are both headed “{headings[n]}”, by which they cannot be told apart; leave both out, "
                "or give one another heading in the file"
            )
        if ours and ours in said.values():
            first = next(heading for heading, other in said.items() if other == ours)
            raise UsageError(f"“{first}” and “{headings[n]}” cannot both be {ours}; leave one of them out")
        if ours or OURS.get(squashed(headings[n])):
            said[headings[n]] = ours or LEFT_OUT
    return Source(name, table, said, dict(fixed or {}), day_first=day_first)


# --- the next file with the same headings -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Fit:
    """A kept source with which a file could be read: how many of the headings it maps are there, and of how many."""

    code: str
    there: int
    of: int
    fixed: Mapping[str, str]


def proposed(book: Book, kept: Mapping[str, Source], words: Words) -> list[Fit]:
    """The kept sources, by code, with which a file would be recognised and that map headings of it, the best first."""
    start = Book(book.kind, [Sheet(s.name, s.cells.head(_LOOKED_AT), s.hidden) for s in book.sheets])
    fits = []
    for code, source in kept.items():
        mapped = {heading for heading, ours in source.columns.items() if ours != LEFT_OUT}
        rows = [row for sheet in start.sheets for row in heading_rows(sheet, source)]
        there = max((len(mapped & {squashed(text) for text in row.texts.values()}) for row in rows), default=0)
        if there and _takes(start, source, words):
            fits.append(Fit(code, there, len(mapped), source.fixed))
    return sorted(fits, key=lambda fit: (-fit.there / fit.of, -fit.there, fit.code))


def _takes(book: Book, source: Source, words: Words) -> bool:
    try:
        return bool(staged(book, source, words)[0])
    except FileRefused:
        return False


def said_of(fits: list[Fit]) -> str:
    """The sentence that proposes sources for a file that was refused without one."""
    first, *others = fits[:_NAMED]
    whole = "all" if first.there == first.of else f"{first.there} of"
    for_all = ", ".join(f"{name} = {value or 'nothing'}" for name, value in first.fixed.items())
    fixed = f", and it says {for_all} for every row" if for_all else ""
    also = f"; so do those of {' and '.join(fit.code for fit in others)}" if others else ""
    return (
        f"the headings fit your source {first.code} ({whole} {first.of} that it maps are there{fixed}){also}. "
        f"It is not used unless it is named: `--source {first.code}`"
    )


def read_as(book: Book, source: Source, words: Words, kept: Mapping[str, Source]) -> tuple[list[Staged], list[str]]:
    """etl.layouts.choose.staged, whose refusal also proposes the kept sources (by code) that the headings fit."""
    try:
        return staged(book, source, words)
    except FileRefused as refused:
        fits = proposed(book, {code: one for code, one in kept.items() if one != source}, words)
        if not fits:
            raise
        raise FileRefused(f"{refused}; {said_of(fits)}") from refused
