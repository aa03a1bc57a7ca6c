"""A file with one fault, and the good rows that are around it."""

import json
from dataclasses import dataclass, field
from datetime import date

from tests.etl.made import csv, frame

HEADINGS = ("Department code", "Assessment type", "Assessed on", "Element", "Band", "Comment")
Row = tuple[object, ...]
NUMBERS = {"made": 0}  # each fault speaks of a department of its own, or one would contradict another


@dataclass(frozen=True)
class Fault:
    """A file with one fault. Either it is refused, or rows of it are set aside, or it loads and a note tells.

    `aside`: by the sender's row, what the reason must name (the column and its value, where there are). `loads`: how
    many of its rows are taken.
    """

    name: str
    what: str
    data: bytes
    refused: tuple[str, ...] = ()
    aside: dict[int, tuple[str, ...]] = field(default_factory=dict)
    noted: tuple[str, ...] = ()
    loads: int = 0
    sheet: str | None = None

    @property
    def ends(self) -> str:
        """What becomes of it, in a word or two."""
        if self.refused:
            return "refused"
        if self.aside:
            return f"{'row' if len(self.aside) == 1 else 'rows'} set aside"
        return "loaded, with a note" if self.noted else "loaded"


def rows() -> list[Row]:
    """Three good rows of the fault that is being made."""
    return [cell(element=f"1.1.{n}") for n in (1, 2, 3)]


def cell(**change: object) -> Row:
    """A good row of element 1.2.1 with some cells changed."""
    row = {"department": f"D{NUMBERS['made']}", "type": "annual_review", "day": date(2025, 3, 7), "element": "1.2.1"}
    return tuple((row | {"band": "Compliant", "comment": "fine"} | change).values())


def lines() -> list[Row]:
    """The same below their headings."""
    return [HEADINGS, *rows()]


def records() -> str:
    """The same as JSON."""
    return frame(HEADINGS, rows()).write_json()


def table(*below: object, headings: tuple[str, ...] = HEADINGS) -> str:
    """Two good rows as CSV, and these below them."""
    return csv(headings, *rows()[:2], *below)


def one() -> dict[str, object]:
    """One of them as an object."""
    return dict(json.loads(records())[0])
