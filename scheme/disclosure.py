"""What may be told of departments to somebody who may not open them: rounded counts by status, the same for everybody.

The rule is **ours** (issue 3, item 2; reliability.md T12), argued in docs/decisions.md, "Rounded counts without names":

1. Counted are all departments active on the day, the reader's own among them, by status of headroom. So everybody is
   told the same numbers, and two readers who compare theirs find out nothing by subtracting.
2. A department without a verdict of its own (not assessed in full, or by bands rolled up from below) counts as
   incomplete. The corporate body is not counted: everybody knows which one it is.
3. Every number is rounded to a multiple of STEP, each for itself. What would round to none is never told alone: of the
   departments that are *not* the reader's, every group told holds SMALLEST or more. Statuses are joined by LADDER until
   that holds; where it never does, or where fewer than FEWEST departments are not the reader's, nothing is told.
4. The day is the last of a quarter (`told_on`) and the moment is now, so that nobody sees one result come in by asking
   for the day before and the day after, or for what was known before and after a load.

Promised: to someone who knows the status of their own departments and of any SMALLEST - 1 others, each further
department may still have every status, and none is certain. **Not** promised: anything against those who together know
all departments but one; they learn its group where a count stands at the edge of rounding, and may by comparing two
quarters. tests/scheme/test_disclosure.py shows both, by trying every world.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from scheme.headroom import STATUSES, status_by_department

STEP = 5  # counts are told as multiples of it
SMALLEST = STEP // 2 + 1  # the smallest count that does not round to none
FEWEST = 5  # departments that are not the reader's, below which nothing is told
# From fine to coarse; each joins what the one before it told apart, so two readers' answers are one and a coarser one.
LADDER = (
    (("fails",), ("at_limit",), ("incomplete",), ("passes",)),
    (("fails",), ("at_limit",), ("incomplete", "passes")),
    (("fails", "at_limit"), ("incomplete", "passes")),
)

Group = tuple[str, ...]


@dataclass(frozen=True)
class Distribution:
    """How departments stand, without names: rounded counts by group of statuses, and how many there are, rounded."""

    groups: tuple[tuple[Group, int], ...]
    departments: int


def distribution(headroom: pl.DataFrame, own: Collection[str | None]) -> Distribution | None:
    """How all departments stand, as far as it may be told to a reader who may open `own`; None for not at all.

    `headroom` is scheme.headroom.headroom of the whole tenant on the day of `told_on`.
    """
    statuses = _statuses(headroom)
    others = Counter(status for code, status in statuses.items() if code not in own)
    if others.total() < FEWEST:
        return None
    for groups in LADDER:
        if all(sum(others[status] for status in group) >= SMALLEST for group in groups):
            everybody = Counter(statuses.values())
            told = ((group, rounded(sum(everybody[status] for status in group))) for group in groups)
            return Distribution(tuple(told), rounded(everybody.total()))
    return None


def rounded(count: int) -> int:
    """A count to the nearest multiple of STEP."""
    return (count + STEP // 2) // STEP * STEP


def told_on(day: date) -> date:
    """The day as of which a distribution is told: the last of the quarter that ended on or before the day."""
    after = day + timedelta(days=1)
    first = after.replace(month=(after.month - 1) // 3 * 3 + 1, day=1)
    return first - timedelta(days=1)


def _statuses(headroom: pl.DataFrame) -> dict[str, str]:
    """The status that each department counts with, one of STATUSES; the corporate body has none."""
    nothing = (pl.col("not_assessed") == pl.col("elements")).all().alias("nothing")
    rows = (
        status_by_department(headroom)
        .drop_nulls("department_code")
        .join(headroom.group_by("department_code").agg(nothing), on="department_code")
        .select(
            "department_code",
            pl.when(pl.col("indicative") | pl.col("nothing")).then(pl.lit(STATUSES[2])).otherwise("status"),
        )
    )
    return dict(rows.iter_rows())
