"""The itinerary of a review: who is met where and when about which elements, and what is wrong with it in plain words.

The checks are **ours**: none forbids anything, each says what a planner would want to know before it is sent out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import combinations

from scheme.sentences import day as in_words
from scheme.standard import code_order

# Whom assessors meet; the guide asks for all three.
MET = {"customers": "Customers", "staff": "Staff", "partners": "Partners"}


@dataclass(frozen=True)
class Meeting:
    """One row of an itinerary, in local time; `site` is "" where it is at none, `met` holds keys of MET."""

    day: date
    begins: time
    ends: time
    site: str
    met: tuple[str, ...]
    who: str
    elements: tuple[str, ...]
    note: str


def in_time(meetings: Sequence[Meeting]) -> list[Meeting]:
    """The rows in order of time."""
    return sorted(meetings, key=lambda row: (row.day, row.begins, row.ends, code_order(row.site)))


def checks(
    meetings: Sequence[Meeting],
    scope: Sequence[str],
    days: tuple[date, date],
    sites: Mapping[str, tuple[date | None, date | None]],
) -> list[str]:
    """What is wrong with an itinerary (its rows in order of time, numbered from 1), a sentence each; none where sound.

    `days`: the first and the last of the review; `sites`: those of the certificate, each in scope from, until.
    """
    numbered = list(enumerate(meetings, 1))
    met = {who for row in meetings for who in row.met}
    said = [f"Nobody is to meet {words.lower()}." for who, words in MET.items() if who not in met]
    seen = {element for row in meetings for element in row.elements}
    missing = sorted(set(scope) - seen, key=code_order)
    if missing:
        said.append(f"In the scope and in no row: {', '.join(missing)}.")
    for number, row in numbered:
        beyond = sorted(set(row.elements) - set(scope), key=code_order)
        if beyond:
            said.append(f"Row {number} names what is not in the scope: {', '.join(beyond)}.")
        if not days[0] <= row.day <= days[1]:
            said.append(f"Row {number} is on {in_words(row.day)}, which is no day of the review.")
        if row.site and row.site not in sites:
            said.append(f"Row {number} is at {row.site}, which is no site of this certificate.")
        elif row.site and not _is_in_scope(sites[row.site], row.day):
            said.append(f"Row {number} is at {row.site}, which is not in scope on {in_words(row.day)}.")
    for (one, row), (other, later) in combinations(numbered, 2):
        if row.day == later.day and row.begins < later.ends and later.begins < row.ends:
            said.append(f"Rows {one} and {other} are at one time on {in_words(row.day)}.")
    return said


def _is_in_scope(days: tuple[date | None, date | None], day: date) -> bool:
    begins, ends = days
    return (begins is None or begins <= day) and (ends is None or day < ends)
