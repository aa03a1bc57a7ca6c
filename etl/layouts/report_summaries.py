"""What a report says in sum of a criterion, so that it can be held against its own rows."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from etl.layouts.report_lines import Line
from scheme.letters import clean
from scheme.words import Words

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBER = {name: n for n, name in enumerate(_NUMBERS)} | {"none": 0}
_COUNT = r"(?P<count>\d{1,2}|" + "|".join(_NUMBER) + r")"
_OPENING = re.compile(r"(?:summary (?:of|for) )?criterion (\d+)\b|(?:summary|totals?|overall)\b[^:|]{0,40}[:|]", re.I)
_SHORTEST = 5  # letters of a word that is looked for in running text
_LISTED = 20


@dataclass(frozen=True)
class Summary:
    """What a line says: how many elements of a criterion (None: of all together) have a band."""

    line: Line
    criterion: str | None
    counts: Mapping[str, int]


def summaries_in(line: Line, words: Words, criterion: str | None) -> list[Summary]:
    """The summary in a line of text: `Criterion 2: 1 partial, 10 compliant`; `criterion`: the one whose part it is."""
    text = line.text
    opening = _OPENING.match(text)
    if not opening:
        return []
    whole = re.match(r"total|overall", text, re.I)
    counts: dict[str, int] = {}
    for band, phrase in _phrases(words):
        first = rf"{_COUNT}\s+(?:elements?\s+)?(?:(?:are|is|at|as)\s+)?{phrase}(?!\w)"
        last = rf"{phrase}\s*[:=|–-]?\s*(?P<n>\d{{1,2}})(?![\w.])"
        match = re.search(rf"(?<![\w.-])(?:{first}|{last})", text, re.I)
        if match and band not in counts:
            said = match["count"] or match["n"]
            counts[band] = int(said) if said.isdigit() else _NUMBER[said.casefold()]
            text = text[: match.start()] + ";" * len(match[0]) + text[match.end() :]
    return [Summary(line, opening[1] or (None if whole else criterion), counts)] if counts else []


def summed_tables(tables: Iterable[Sequence[Line]], words: Words) -> Iterator[Summary]:
    """The rows of tables with a column for each band and a row for each criterion."""
    heads: dict[int, str] = {}
    for rows in tables:  # a table may go on without its headings on the next page
        for line in rows:
            cells = [clean(cell) for cell in line.cells]
            bands = {n: _band_of(cell, words) for n, cell in enumerate(cells)}
            if sum(band is not None for band in bands.values()) >= 2:
                heads = {n: band for n, band in bands.items() if band}
                continue
            counts = {heads[n]: int(cells[n]) for n in heads if n < len(cells) and re.fullmatch(r"\d{1,2}", cells[n])}
            label = next((cell for n, cell in enumerate(cells) if cell and n not in heads), "")
            number = re.match(r"(?:criterion\s*)?(\d+)(?![.\d])", label, re.I)
            if counts and (number or re.match(r"total|overall|all\b", label, re.I)):
                yield Summary(line, number[1] if number else None, counts)


def _band_of(cell: str, words: Words) -> str | None:
    bare = re.sub(r"^(?:number|no\.?|count|total)\s+(?:of\s+)?", "", cell, flags=re.I)
    return words.band(bare)[0] if len(bare) >= 2 and any(map(str.isalpha, bare)) else None


def _phrases(words: Words) -> list[tuple[str, str]]:
    spelt = [(band.code, word) for band in words.standard.bands for word in (band.label, *band.spellings)]
    long = [(code, word) for code, word in spelt if len(word) >= _SHORTEST]
    long.sort(key=lambda pair: -len(pair[1]))
    return [(code, r"[\s-]*".join(map(re.escape, re.split(r"[\s-]+", word))) + "s?") for code, word in long]


def told(summaries: Sequence[Summary], bands: Mapping[str, str], words: Words) -> list[str]:
    """A sentence for each summary that contradicts the rows (`bands`: by element), and one on those that agree."""
    notes: list[str] = []
    agreed = 0
    for summary in summaries:
        codes = [e.code for e in words.standard.elements if summary.criterion in (None, e.criterion)]
        wrong = []
        for band, count in summary.counts.items():
            rows = [code for code in codes if bands.get(code) == band]
            if len(rows) != count:
                label = words.standard.band[band].label.lower()
                which = ", ".join(rows[:_LISTED]) + (" ..." if len(rows) > _LISTED else "")
                wrong.append(f"says {count} {label}; its rows have {f'{len(rows)}: {which}' if rows else 'none'}")
        whose = f"Criterion {summary.criterion}'s summary" if summary.criterion else "The report's summary"
        notes += [f"{whose} {text}" for text in wrong]
        agreed += not wrong
    if agreed:
        notes.append(f"{agreed} of {len(summaries)} summaries in the report agree with its rows")
    return notes
