"""One measured figure: what was measured, at which size, against what, and what was promised of it."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A figure of a benchmark. `ratio` is what counts: the value against a limit or a peer of the same run.

    `at_least` and `at_most` are the target for the ratio, or for the value itself where there is no ratio; both None
    where nothing is promised and the figure is for orientation. `note` says what a reader must know to judge it.
    """

    group: str  # "Way in", "Screens", "Load", "Peers", "Largest"
    what: str  # "results from CSV into PostgreSQL"
    size: str  # "1,000 departments", "1,000,000 rows"
    value: float
    unit: str  # s, ms, kB, MB, rows/s, requests/s, pages
    against: str = ""  # what the ratio is to: "bulk load of the same rows"
    ratio: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the target holds; None where there is none."""
        judged = self.value if self.ratio is None else self.ratio
        if self.at_least is not None:
            return judged >= self.at_least
        return None if self.at_most is None else judged <= self.at_most


def seconds(act: Callable[[], Any], times: int = 1) -> float:
    """How long something takes, in seconds: the median of several goes."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
