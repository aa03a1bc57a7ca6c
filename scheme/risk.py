"""An estimate: the chance that a criterion fails at the next formal assessment (issue item 14; **ours** throughout).

- An element that is looked at goes from its band to another by its department's chances (scheme.transitions): as its
  own elements went from that band before, shrunk to how those of all departments in sight went.
- The next formal assessment looks at what its booked scope names; where none is booked, or it states no scope, at
  everything. What it does not look at keeps its band; so does what is not applicable.
- Elements move independently of each other, and as they moved so far: nobody acts on what this estimate says.

From these chances follows exactly, by convolution (the Poisson-binomial distribution), how many elements are partial
and whether any is non-compliant: a criterion passes where none is and there are no more partials than allowed. The
interval holds the middle `CERTAINTY` of that chance over draws of the shares, of all departments and then of each, from
what the steps leave open (Dirichlet); the generator has a fixed seed, so the same data give the same interval.

Silent where there are too few steps, and for a criterion with an element that has no own band.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import comb, prod

import polars as pl

from scheme.frames import Programme, Schema
from scheme.standard import BANDS, FORMAL, NOT_APPLICABLE, Standard
from scheme.standing import in_code_order
from scheme.transitions import Chances, Key, Model, Shares, Whole, drawn, shares, wholes
from scheme.trend import own_results

DETAILED = 40  # departments
CERTAINTY = 0.9
RISK: Schema = {
    "department_code": pl.String,
    "criterion": pl.String,  # null: any of them, so that the award is lost
    "chance": pl.Float64,  # that it fails; null where an element has no own band, as are the next four
    "low": pl.Float64,
    "high": pl.Float64,
    "too_many_partials": pl.Float64,  # the chance of more partials than allowed
    "any_non_compliant": pl.Float64,
    "looked_at": pl.Int64,  # elements that can move
    "unknown": pl.Int64,  # elements without an own band
    "own_steps": pl.Int64,  # of the department, in all criteria
    "booked_on": pl.Date,  # the day of the booked assessment; null: none, so everything is looked at
}
KEPT: Shares = {"compliance_plus": (1, 0, 0), "compliant": (1, 0, 0), "partial": (0, 1, 0), "non_compliant": (0, 0, 1)}


@dataclass(frozen=True)
class Outlook:
    """One department before its next formal assessment: the own bands in force, and what will be looked at."""

    bands: Mapping[str, str]  # by element
    looked_at: frozenset[str]
    booked_on: date | None = None


def chances(elements: Iterable[tuple[int, Chances]], allowance: int) -> tuple[float, float, float]:
    """The chance that a criterion fails, that it has more partials than allowed, that anything is non-compliant; exact.

    `elements`: how many with the same chances, and these. An element that keeps its band has a chance of 1 for it.
    """
    found = [(number, *three) for number, three in elements]
    passes = _few([(number, sound, partial) for number, sound, partial, _ in found], allowance)
    few = _few([(number, sound + failing, partial) for number, sound, partial, failing in found], allowance)
    clean = prod((sound + partial) ** number for number, sound, partial, _ in found)
    return max(0.0, 1 - passes), max(0.0, 1 - few), max(0.0, 1 - clean)


def outlooks(programme: Programme, day: date) -> dict[Key, Outlook]:
    """Of every department active on the day, and the corporate body, with an own band: bands, and what comes next."""
    last = own_results(programme, day).group_by("department_code", "element").agg(pl.col("band").last())
    bands: dict[Key, dict[str, str]] = defaultdict(dict)
    for code, element, band in last.iter_rows():
        bands[code][element] = band
    ahead = programme.assessments.filter(
        "planned", pl.col("assessment_type").is_in(FORMAL), pl.col("ended_on") >= day
    ).sort("ended_on", "assessment_code", descending=True)
    booked = {code: (on, scope) for code, on, scope in ahead.select("department_code", "ended_on", "scope").iter_rows()}
    everything = programme.standard.codes
    return {
        code: Outlook(
            own, frozenset(booked.get(code, (None, None))[1] or everything), booked.get(code, (None, None))[0]
        )
        for code, own in bands.items()
    }


def criteria_chances(
    shares: Shares, outlook: Outlook, standard: Standard, allowances: Mapping[str, int]
) -> dict[str, tuple[float, float, float]]:
    """By criterion what `chances` gives, of those whose every element has an own band."""
    return {
        code: chances([(number, (shares if moves else KEPT)[band]) for band, moves, number in groups], allowances[code])
        for code, groups in _groups(outlook, standard).items()
    }


def risk(programme: Programme, day: date, model: Model, departments: Collection[Key] | None = None) -> pl.DataFrame:
    """The estimate of every criterion, and of the award, for each of these departments with an own band (None is all).

    Columns and dtypes are RISK's, sorted by code. The `DETAILED` departments with the greatest chance of losing the
    award have an interval, so that hundreds of departments are not drawn for nothing.
    """
    standard, allowances = programme.standard, programme.profile(day).allowances
    found = outlooks(programme, day)
    known = {code: found[code] for code in found if departments is None or code in departments}
    told = {code: criteria_chances(shares(model, code), known[code], standard, allowances) for code in known}
    award = {code: _award(told[code]) for code in known}
    whole = wholes(model)
    detailed = sorted(known, key=lambda code: (-award[code][0], code or ""))[:DETAILED]
    among = {code: _drawn(model, code, known[code], whole, standard, allowances) for code in detailed}
    rows = []
    for code, outlook in known.items():
        own_steps = sum(map(sum, model.own[code].values())) if code in model.own else 0
        for criterion in (*standard.criteria, None):
            elements = frozenset(standard.codes if criterion is None else criterion.elements)
            unknown = len(elements - outlook.bands.keys())
            three = award[code] if criterion is None else told[code].get(criterion.code)
            parts: list[float | None] = [None] * 5
            if unknown == 0 and three is not None:
                found_at = among[code][criterion.code if criterion else None] if code in among else None
                parts = [three[0], *(_middle(found_at, three[0]) if found_at else (None, None)), three[1], three[2]]
            moving = sum(outlook.bands.get(e, NOT_APPLICABLE) != NOT_APPLICABLE for e in outlook.looked_at & elements)
            rows.append(
                (code, criterion.code if criterion else None, *parts, moving, unknown, own_steps, outlook.booked_on)
            )
    return in_code_order(pl.DataFrame(rows, RISK, orient="row"), "department_code", "criterion")


def _award(told: Mapping[str, tuple[float, float, float]]) -> tuple[float, float, float]:
    """The chances that any criterion fails, and why; criteria share no element."""
    first, second, third = (1 - prod(1 - three[place] for three in told.values()) for place in range(3))
    return first, second, third


def _groups(outlook: Outlook, standard: Standard) -> dict[str, list[tuple[str, bool, int]]]:
    """By criterion without an unknown element: band, whether it may move, and how many elements are so."""
    found = {}
    for criterion in standard.criteria:
        if all(element in outlook.bands for element in criterion.elements):
            scaled = [element for element in criterion.elements if outlook.bands[element] != NOT_APPLICABLE]
            counted = Counter((outlook.bands[element], element in outlook.looked_at) for element in scaled)
            found[criterion.code] = [(*key, number) for key, number in sorted(counted.items())]
    return found


def _few(groups: Iterable[tuple[int, float, float]], most: int) -> float:
    """The chance of at most so many: groups of how many, the chance of each not to count, and to count."""
    if most < 0:
        return 0.0
    by_number = [1.0]
    for number, without, counts in groups:
        if counts == 0.0:
            by_number = [chance * without**number for chance in by_number]
            continue
        own = [comb(number, k) * counts**k * without ** (number - k) for k in range(min(number, most) + 1)]
        longer = [0.0] * min(len(by_number) + len(own) - 1, most + 1)
        for n, chance in enumerate(by_number):
            for k in range(min(len(own), len(longer) - n)):
                longer[n + k] += chance * own[k]
        by_number = longer
    return sum(by_number)


def _drawn(
    model: Model,
    department: Key,
    outlook: Outlook,
    wholes: Iterable[Whole],
    standard: Standard,
    allowances: Mapping[str, int],
) -> dict[Key, list[float]]:
    """By criterion (None: any), a department's chance of failing at each draw of the shares."""
    groups = _groups(outlook, standard)
    moving = [was for was in BANDS if any(moves and band == was for told in groups.values() for band, moves, _ in told)]
    found: dict[Key, list[float]] = defaultdict(list)
    for own in drawn(model, department, wholes, moving):
        passes = 1.0
        for criterion, told in groups.items():
            three = [(number, *(own if moves else KEPT)[band][:2]) for band, moves, number in told]
            passed = _few(three, allowances[criterion])
            found[criterion].append(1 - passed)
            passes *= passed
        found[None].append(1 - passes)
    return found


def _middle(drawn: Sequence[float], chance: float) -> tuple[float, float]:
    """The middle of what was drawn; it never leaves out the chance itself."""
    ordered = sorted(drawn)
    cut = int(len(ordered) * (1 - CERTAINTY) / 2)
    return max(0.0, min(ordered[cut], chance)), max(ordered[-1 - cut], chance)
