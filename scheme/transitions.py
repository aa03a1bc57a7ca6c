"""How bands go from one formal result to the next, in one department and in all: what the estimate of risk stands on.

With n own steps from a band, a department's own shares count for n of n + weight, and the shares of all departments in
sight (half a step to each band added) for the rest. The weight is whichever of `WEIGHTS` explains best how departments
differ: the likelihood of the Dirichlet-multinomial over all of them. **Ours**; docs/risk.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import lgamma
from random import Random

import polars as pl

from scheme.standard import BANDS

FEWEST = 200  # steps: about four assessments of everything
WEIGHTS = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)
DRAWS = 200
_SEED = 57
_HALF = 0.5
Key = str | None  # a department; None is the corporate body
Counts = Mapping[str, Sequence[int]]  # by band before: how many went to each of BANDS
Chances = tuple[float, float, float]  # of an element: to be sound, partial, non-compliant
Shares = Mapping[str, Chances]  # by band before
Whole = Mapping[str, Sequence[float]]  # by band before: the shares of all departments that went to each of BANDS


@dataclass(frozen=True)
class Model:
    """What steps say: how many there are, how far departments are pulled to all, and the steps of each and of all."""

    steps: int
    weight: float
    own: Mapping[Key, Counts]
    whole: Counts


class Tally:
    """Steps counted as they come, so that a history need not be counted anew for each day of it."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._steps = 0
        self._own: dict[Key, dict[str, list[int]]] = defaultdict(_nothing)
        self._whole = _nothing()

    def add(self, department: Key, was: str, now: str, number: int = 1) -> None:
        """Count steps of a department from a band of the scale to another."""
        self._steps += number
        self._own[department][was][BANDS.index(now)] += number
        self._whole[was][BANDS.index(now)] += number

    def model(self, weight: float | None = None) -> Model | None:
        """What has been counted so far, None where it is less than `FEWEST`; to be used before more is counted.

        `weight`: None to find the one that fits best.
        """
        if self._steps < FEWEST:
            return None
        best = weight or max(WEIGHTS, key=lambda tried: likelihood(self._own.values(), self._whole, tried))
        return Model(self._steps, best, self._own, self._whole)


def model(steps: pl.DataFrame) -> Model | None:
    """The model that steps on the scale give (scheme.trend.STEPS); None where they are fewer than `FEWEST`."""
    tally = Tally()
    scaled = steps.drop_nulls("change").group_by("department_code", "band_before", "band").len()
    for code, was, now, number in scaled.iter_rows():
        tally.add(code, was, now, number)
    return tally.model()


def shares(model: Model, department: Key) -> Shares:
    """The chances of one department's elements, by the band before."""
    return {was: _three(_pulled(model, department, was, _smooth(model.whole[was]))) for was in BANDS}


def likelihood(departments: Iterable[Counts], whole: Counts, weight: float) -> float:
    """The logarithm of the chance of these steps at a weight, up to what the weight does not change."""
    found = 0.0
    means = {was: _smooth(whole[was]) for was in BANDS}
    for counts in departments:
        for was, own in counts.items():
            found += lgamma(weight) - lgamma(weight + sum(own))
            found += sum(
                lgamma(number + weight * mean) - lgamma(weight * mean)
                for number, mean in zip(own, means[was], strict=True)
                if number
            )
    return found


def wholes(model: Model) -> list[Whole]:
    """`DRAWS` draws of the shares of all departments from what their steps leave open, the same each time."""
    by = Random(_SEED)  # noqa: S311  # nothing is kept secret by it
    parts = {was: [number + _HALF for number in model.whole[was]] for was in BANDS}
    return [{was: _dirichlet(parts[was], by) for was in BANDS} for _ in range(DRAWS)]


def drawn(model: Model, department: Key, wholes: Iterable[Whole], bands: Iterable[str]) -> list[Shares]:
    """For each of those draws one of a department's own chances, by these bands before.

    By a seed of the department's own: the same whichever others are drawn.
    """
    by, wanted = Random(f"{_SEED} {department}"), list(bands)  # noqa: S311
    return [{was: _drawn_three(_pulled(model, department, was, whole[was]), by) for was in wanted} for whole in wholes]


def _nothing() -> dict[str, list[int]]:
    return {was: [0] * len(BANDS) for was in BANDS}


def _smooth(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + _HALF * len(counts)
    return [(number + _HALF) / total for number in counts]


def _pulled(model: Model, department: Key, was: str, whole: Sequence[float]) -> list[float]:
    own = model.own[department][was] if department in model.own else [0] * len(BANDS)
    return [number + model.weight * share for number, share in zip(own, whole, strict=True)]


def _three(parts: Sequence[float]) -> Chances:
    plus, compliant, partial, failing = parts
    total = sum(parts)
    return (plus + compliant) / total, partial / total, failing / total


def _drawn_three(parts: Sequence[float], by: Random) -> Chances:
    """A draw of what `_three` gives: the two sound bands need not be told apart."""
    plus, compliant, partial, failing = parts
    sound, less, least = _dirichlet([plus + compliant, partial, failing], by)
    return sound, less, least


def _dirichlet(parts: Sequence[float], by: Random) -> list[float]:
    drawn = [by.gammavariate(part, 1.0) for part in parts]
    total = sum(drawn)
    return [part / total for part in drawn]
