"""How days, moments, counts and lists are written on screen.

`day`, `moment`, `count` and `listing` are English, for sentences that are English still; those that end in `_said` are
in the language spoken now, for sentences that are said in it (dashboard.language): never half and half.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from dashboard.language import counted_said, day_said, is_english, mark, said
from scheme.sentences import day as day

# measures.md section 3: what a person reads where the records say fails, at_limit, incomplete, passes; a status made of
# rolled-up bands is none (section 2).
STATUS = {
    "fails": mark("Fails"),
    "at_limit": mark("At limit"),
    "incomplete": mark("Incomplete"),
    "passes": mark("Passes"),
    "indication": mark("Indication"),
}

# What a sheet was taken for (db.loading.FileReport).
LAYOUTS = {
    "canonical": mark("Table with headings of ours"),
    "wide": mark("Wide table, a column for each element"),
    "workbook": mark("Self-assessment workbook"),
    "matrix": mark("Evidence matrix"),
    "report": mark("Assessor's report"),
}


def moment(value: datetime) -> str:
    """7 March 2025 at 14:02 UTC; a moment without a zone is taken as UTC."""
    utc = value.astimezone(UTC) if value.tzinfo else value
    return f"{day(utc.date())} at {utc:%H:%M} UTC"


def moment_said(value: datetime) -> str:
    """`moment` in the language spoken now."""
    utc = value.astimezone(UTC) if value.tzinfo else value
    return said("{day} at {time} UTC", day=day_said(utc.date()), time=f"{utc:%H:%M}")


def clock(value: datetime) -> str:
    """14:02 UTC."""
    return f"{value.astimezone(UTC):%H:%M} UTC"


def sentence(error: object) -> str:
    """What an error says, as a sentence; in the language spoken now where it is one that the catalogue has."""
    words = said(str(error))
    return f"{words[:1].upper()}{words[1:]}."


def organisation(tenant_name: str) -> str:
    """A tenant's name without the bracket that says its data is fictional: the bar at the top says so already."""
    return _FICTIONAL.sub("", tenant_name)


_FICTIONAL = re.compile(r"\s*\([^)]*\b(?:fictional|demo)[^)]*\)", re.IGNORECASE)


def count(number: int, one: str, several: str | None = None) -> str:
    """3 departments, 1 department, no departments."""
    words = one if number == 1 else several or f"{one}s"
    return f"{number:,} {words}" if number else f"no {words}"


def count_said(number: int, one: str, several: str | None = None) -> str:
    """`count` in the language spoken now."""
    if is_english():
        return count(number, one, several)
    return counted_said(f"{{count}} {one}", f"{{count}} {several or f'{one}s'}", number)


def listing(items: Sequence[str], shown: int | None = None) -> str:
    """A, b and c; with `shown`, the first of them and how many more: a, b and 4 more."""
    some = list(items)
    if shown is not None and len(some) > shown:
        some = [*some[:shown], f"{len(some) - shown} more"]
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} and {some[-1]}" if some else ""


def listing_said(items: Sequence[str], shown: int | None = None) -> str:
    """`listing` in the language spoken now."""
    some = list(items)
    if shown is not None and len(some) > shown:
        some = [*some[:shown], counted_said("{count} more", "{count} more", len(some) - shown)]
    if len(some) < 2:
        return some[0] if some else ""
    return said("{items} and {last}", items=", ".join(some[:-1]), last=some[-1])


def percent(chance: float) -> str:
    """A chance in per cent: 12 %, 3.4 %, 0.03 %; never 0 % or 100 % for what is neither."""
    if chance in (0.0, 1.0):
        return f"{chance:.0%}".replace("%", " %")
    if chance > 0.995:
        return "over 99 %"
    if chance < 0.0001:
        return "under 0.01 %"
    digits = 0 if chance >= 0.0995 else 1 if chance >= 0.00995 else 2
    return f"{chance * 100:.{digits}f} %"
