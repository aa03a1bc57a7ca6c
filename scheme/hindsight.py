"""How the estimate of risk would have fared: it is made again before each past assessment, and held against what came.

A forecast uses what was known the day before: the steps of earlier days, and the own bands in force. The elements that
the assessment looked at are taken as known, for its booked scope may be lost. **Ours**; docs/risk.md.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt

import polars as pl

from scheme.frames import Programme
from scheme.risk import Outlook, criteria_chances
from scheme.transitions import Key, Model, Tally, shares
from scheme.trend import own_results, steps


@dataclass(frozen=True)
class Forecast:
    """A criterion of a department before an assessment: its estimated chance of failing, and whether it then failed."""

    department: Key
    criterion: str
    on: date
    chance: float
    failed: bool


@dataclass(frozen=True)
class Record:
    """What forecasts came to: how many, the failures they expected and those found, and how far apart these are.

    `apart` is in standard deviations of the number expected; below 0 where fewer failed than expected.
    """

    forecasts: int
    expected: float
    found: int
    apart: float


@dataclass(frozen=True)
class Estimate:
    """scheme.risk.risk, the model it is of (None: too few steps), how many steps there are, how it would have fared."""

    rows: pl.DataFrame
    model: Model | None
    steps: int
    record: Record | None = None


def replayed(programme: Programme, day: date, weight: float | None = None) -> Iterator[Forecast]:
    """A forecast of each criterion of which something was looked at, before each formal assessment up to the day.

    Silent as the estimate is: with too few steps before it, or an element without an own band. `weight`: of the model
    (scheme.transitions), None to find it anew for each day.
    """
    standard, tally, made, last = programme.standard, Tally(), None, date.min
    looks: dict[tuple[date, Key], dict[str, str]] = defaultdict(dict)
    own = own_results(programme, day).select("assessed_on", "department_code", "element", "band")
    for on, code, element, band in own.iter_rows():
        looks[on, code][element] = band
    waiting = deque(
        steps(programme, day)
        .drop_nulls("change")
        .sort("assessed_on", maintain_order=True)
        .select("assessed_on", "department_code", "band_before", "band")
        .iter_rows()
    )
    standing: dict[Key, dict[str, str]] = {}
    for (on, code), found in looks.items():
        before = standing.get(code, {})
        standing[code] = after = before | found
        if on > last:
            while waiting and waiting[0][0] < on:
                tally.add(*waiting.popleft()[1:])
            made, last = tally.model(weight), on
        allowances = programme.profile(on).allowances
        if made is None:
            continue
        outlook = Outlook(before, frozenset(found))
        told = criteria_chances(shares(made, code), outlook, standard, allowances)
        for criterion in standard.criteria:
            if criterion.code in told and outlook.looked_at & {*criterion.elements}:
                bands = [after[element] for element in criterion.elements]
                failed = "non_compliant" in bands or bands.count("partial") > allowances[criterion.code]
                yield Forecast(code, criterion.code, on, told[criterion.code][0], failed)


def record(forecasts: Sequence[Forecast]) -> Record | None:
    """What forecasts came to; None where there are none."""
    if not forecasts:
        return None
    expected = sum(one.chance for one in forecasts)
    found = sum(one.failed for one in forecasts)
    spread = sqrt(sum(one.chance * (1 - one.chance) for one in forecasts))
    return Record(len(forecasts), expected, found, (found - expected) / spread if spread else 0.0)
