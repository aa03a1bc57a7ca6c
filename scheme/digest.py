"""The weekly letter: what changed between two days, as known on each (issue 6, item 5; the choice is **ours**).

It tells of bands that went to a better or worse one, of first bands, of what began to hold and what ceased to
(scheme.alerts). Where there is none of these there is no letter. What merely stays as it was is not repeated.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from scheme.alerts import beside, thing

COUNTED = ("worse", "better", "first", "opened", "closed")  # of scheme.movement.HOW


@dataclass(frozen=True)
class Digest:
    """What changed from the first day to the second.

    moves: scheme.movement.MOVES of those counted, `worse` first; began, ceased: scheme.alerts.ALERTS.
    """

    first: date
    second: date
    moves: pl.DataFrame
    began: pl.DataFrame
    ceased: pl.DataFrame

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed, so that there is nothing to tell."""
        return self.moves.is_empty() and self.began.is_empty() and self.ceased.is_empty()

    def count(self, how: str) -> int:
        """How many places moved so (scheme.movement.HOW)."""
        return self.moves.filter(how=how).height


def digest(first: date, second: date, moves: pl.DataFrame, before: pl.DataFrame, now: pl.DataFrame) -> Digest:
    """What changed: `moves` is scheme.movement.moves of the two days, before and now are the alerts of each.

    What went on to its next step began anew, and did not cease.
    """
    told = moves.filter(pl.col("how").is_in(COUNTED))
    order = pl.col("how").cast(pl.Enum(COUNTED))
    still = {thing(key) for key in now["key"]}
    ceased = before.filter(pl.Series([thing(key) not in still for key in before["key"]], dtype=pl.Boolean))
    return Digest(first, second, told.sort(order, maintain_order=True), beside(now, before), ceased)
