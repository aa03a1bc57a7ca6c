"""Which stretch of time a sender's words for a period mean; for words that name none, or two, it is not guessed.

The rule is **ours** (inputs.md says nothing of periods): a calendar year `2025`; a year from April to March `2025-26`,
`2025/26`, `2025/2026`; a quarter of either, `2025 Q3`, `2025-Q3`, `Q1 2025-26`; a month, `March 2025`, `2025-03`,
`03/2025`. Days, halves and anything else are unknown; so is `2011-12`, which may be a year or a month.
"""

import re
from dataclasses import dataclass
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
         "december")  # fmt: skip
_NAMED = {name: number for names in (_MONTHS, _LONG) for number, name in enumerate(names, 1)} | {"sept": 9}
_YEAR = r"(?P<year>(?:19|20)[0-9]{2})"
_SPAN = rf"{_YEAR}(?P<dash>[-/])(?P<next>[0-9]{{2}}|[0-9]{{4}})"
_QUARTER = r"q(?P<quarter>[1-4])"
_GAP = r"[ -]?"
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        _YEAR,
        _SPAN,
        rf"{_YEAR}{_GAP}{_QUARTER}",
        rf"{_QUARTER}{_GAP}{_YEAR}",
        rf"{_SPAN}{_GAP}{_QUARTER}",
        rf"{_QUARTER}{_GAP}{_SPAN}",
        rf"(?P<month>[a-z]+) {_YEAR}",
        rf"(?P<number>0?[1-9]|1[0-2])/{_YEAR}",
    )
)
_FIRST_OF_SPAN = 4  # April


@dataclass(frozen=True, order=True)
class Period:
    """A stretch of whole months; ordered by its last month, the longer one later where two end together."""

    last: int  # months since the year 0
    months: int

    @property
    def begins_on(self) -> date:
        """Its first day."""
        return _first_day(self.last - self.months + 1)

    @property
    def is_over_after(self) -> date:
        """The first day after it."""
        return _first_day(self.last + 1)


def period_of(text: str) -> Period | None:
    """What a sender's words mean; None where that is not known."""
    words = " ".join(re.sub("[\u2010-\u2015]", "-", text).casefold().replace("quarter ", "q").split())
    found = next((match.groupdict() for shape in _SHAPES if (match := shape.fullmatch(words))), None)
    if found is None:
        return None
    year, quarter = int(found["year"]), int(found.get("quarter") or 0)
    begins = 12 * year
    if found.get("next") is not None:
        is_span = found["next"] in (f"{(year + 1) % 100:02}", str(year + 1))
        if not quarter and _is_month(found["dash"], found["next"]):
            return None if is_span else Period(begins + int(found["next"]) - 1, 1)
        if not is_span:
            return None
        begins += _FIRST_OF_SPAN - 1
    month = _NAMED.get(found.get("month") or "") or int(found.get("number") or 0)
    if found.get("month") and not month:
        return None
    if month:
        return Period(begins + month - 1, 1)
    return Period(begins + 3 * quarter - 1, 3) if quarter else Period(begins + 11, 12)


def _is_month(dash: str, digits: str) -> bool:
    return dash == "-" and len(digits) == 2 and 1 <= int(digits) <= 12


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)
