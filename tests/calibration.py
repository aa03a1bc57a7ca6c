"""How well the estimate of risk is calibrated: `python -m tests.calibration` writes docs/risk-calibration.svg.

Two checks. The demo's history replayed (scheme.hindsight): before each formal assessment the estimate is made from what
was known then, and held against what the assessment found. And made-up tenants that move exactly as the model says,
where the true chances are known.
"""

import sys
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import polars as pl

from etl.demo import SEED
from etl.demo.cast import TENANTS
from etl.demo.story import story
from scheme.frames import ASSESSMENTS, CERTIFICATES, DEPARTMENTS, RESULTS, SITES, VISITS, Programme
from scheme.hindsight import Forecast, replayed
from scheme.risk import chances, risk
from scheme.standard import BANDS, shipped
from scheme.transitions import model
from scheme.trend import steps

TODAY = date(2026, 11, 22)
EDGES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 1.0)
STANDARD = shipped("cse")
TRUE = {  # how the elements of a made-up tenant move
    "compliance_plus": (0.75, 0.24, 0.01, 0.0),
    "compliant": (0.06, 0.87, 0.06, 0.01),
    "partial": (0.01, 0.49, 0.47, 0.03),
    "non_compliant": (0.05, 0.7, 0.2, 0.05),
}


class Bin(NamedTuple):
    """Forecasts of about one chance: how many, their mean, how many failed, the range of that share (Wilson, 95 %)."""

    number: int
    mean: float
    failed: int
    low: float
    high: float


def as_programme(results: list[dict[str, Any]], departments: Sequence[str]) -> Programme:
    """A programme of results and departments alone."""
    schemas = {"sites": SITES, "certificates": CERTIFICATES, "assessments": ASSESSMENTS, "visits": VISITS}
    assert STANDARD.profile
    return Programme(
        STANDARD,
        {"": [STANDARD.profile]},
        pl.DataFrame([{"department_code": code} for code in departments], DEPARTMENTS),
        results=pl.DataFrame(results, RESULTS),
        **{name: pl.DataFrame(schema=schema) for name, schema in schemas.items()},
    )


def demo(tenant: str, today: date = TODAY) -> Programme:
    """The demo's story of a tenant as a programme: its results, and its departments as if always active."""
    told = story(tenant, SEED, today)
    rows = [
        {
            "department_code": result.department or None,
            "site_code": result.site or None,
            "assessment_type": result.kind,
            "assessed_on": result.day,
            "element": result.element,
            "band": result.band,
            "restated": result.restated,
        }
        for result in told.results
        if result.day <= today
    ]
    return as_programme(rows, [department.code for department in told.cast.departments if department.code])


def made_up(
    seed: int, departments: int = 30, rounds: int = 6, alike: float = 80.0
) -> tuple[list[Forecast], list[bool]]:
    """Forecasts for a tenant that moves as the model says, and for each whether the range held the true chance.

    Each department moves in ways of its own, drawn around TRUE; `alike` is how much they are alike. In each round
    everything is looked at; the last round is forecast.
    """
    by = Random(seed)
    ways = {f"D{n}": {was: _drawn(TRUE[was], alike, by) for was in BANDS} for n in range(departments)}
    bands = {code: dict.fromkeys(STANDARD.codes, "compliant") for code in ways}
    rows = []
    for number in range(rounds):
        for code, way in ways.items():
            bands[code] = {e: by.choices(BANDS, way[band])[0] if number else band for e, band in bands[code].items()}
            rows += [_result(code, date(2020 + number, 3, 7), e, band) for e, band in bands[code].items()]
    programme = as_programme(rows, list(ways))
    day = date(2020 + rounds, 1, 1)
    made = model(steps(programme, day))
    assert made
    told = risk(programme, day, made).drop_nulls(["criterion", "low"])
    allowances, forecasts, held = programme.profile(day).allowances, [], []
    for code, criterion, chance, low, high in told.select(
        "department_code", "criterion", "chance", "low", "high"
    ).iter_rows():
        now = [bands[code][e] for c in STANDARD.criteria if c.code == criterion for e in c.elements]
        moving = [(1, (ways[code][b][0] + ways[code][b][1], ways[code][b][2], ways[code][b][3])) for b in now]
        true = chances(moving, allowances[criterion])[0]
        held.append(low <= true <= high)
        later = [by.choices(BANDS, ways[code][band])[0] for band in now]
        failed = "non_compliant" in later or later.count("partial") > allowances[criterion]
        forecasts.append(Forecast(code, criterion, day, chance, failed))
    return forecasts, held


def _drawn(shares: Sequence[float], alike: float, by: Random) -> list[float]:
    parts = [by.gammavariate(alike * share, 1.0) if share else 0.0 for share in shares]
    return [part / sum(parts) for part in parts]


def _result(code: str, day: date, element: str, band: str) -> dict[str, Any]:
    return {
        "department_code": code,
        "site_code": None,
        "assessment_type": "annual_review",
        "assessed_on": day,
        "element": element,
        "band": band,
        "restated": False,
    }


def binned(forecasts: Sequence[Forecast]) -> list[Bin]:
    """The forecasts by EDGES; a part without any has no bin."""
    found = []
    for low, high in pairwise(EDGES):
        inside = [one for one in forecasts if low <= one.chance < high]
        if inside:
            failed = sum(one.failed for one in inside)
            mean = sum(one.chance for one in inside) / len(inside)
            found.append(Bin(len(inside), mean, failed, *_wilson(failed, len(inside))))
    return found


def _wilson(failed: int, number: int, z: float = 1.96) -> tuple[float, float]:
    share, more = failed / number, z * z / number
    middle = (share + more / 2) / (1 + more)
    half = z / (1 + more) * sqrt(share * (1 - share) / number + more / (4 * number))
    return max(0.0, middle - half), min(1.0, middle + half)


def told(name: str, forecasts: Sequence[Forecast]) -> str:
    """The numbers of a check, for the paper."""
    number, failed = len(forecasts), sum(one.failed for one in forecasts)
    expected = sum(one.chance for one in forecasts)
    brier = sum((one.chance - one.failed) ** 2 for one in forecasts) / number
    rate = failed / number
    lines = [f"{name}: {number} forecasts, {expected:.1f} failures expected, {failed} found; Brier {brier:.4f} "]
    lines[0] += f"(saying {rate:.3f} every time: {rate * (1 - rate):.4f})"
    for part in binned(forecasts):
        share = part.failed / part.number
        found = f"{share:.3f} found ({part.failed}), {part.low:.3f} to {part.high:.3f}"
        lines.append(f"  {part.number:5} at {part.mean:.3f}: {found}")
    return "\n".join(lines)


def drawing(series: Sequence[tuple[str, str, Sequence[Bin]]]) -> str:
    """The calibration plot as SVG: estimated against found, the diagonal is perfect, bars are 95 % ranges."""
    size, edge, most = 420, 52, 0.5

    def at(share: float) -> float:
        return round(edge + (size - edge - 12) * min(share, most) / most, 1)

    def up(share: float) -> float:
        return round(size - at(share), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size + 40}" font-family="sans-serif" '
        'font-size="12" role="img"><title>Estimated chance of failing against the share that failed</title>',
        f'<rect width="{size}" height="{size + 40}" fill="#ffffff"/>',
        f'<path d="M{at(0)} {up(0)}L{at(most)} {up(most)}" stroke="#767676" stroke-dasharray="4 4"/>',
        f'<path d="M{at(0)} {up(most)}V{up(0)}H{at(most)}" stroke="#333333" fill="none"/>',
    ]
    for tick in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5):
        parts.append(f'<text x="{at(tick)}" y="{up(0) + 16}" text-anchor="middle">{tick:.0%}</text>')
        parts.append(f'<text x="{at(0) - 6}" y="{up(tick) + 4}" text-anchor="end">{tick:.0%}</text>')
    parts.append(f'<text x="{size / 2}" y="{up(0) + 34}" text-anchor="middle">estimated chance of failing</text>')
    parts.append(
        f'<text transform="translate(13 {size / 2}) rotate(-90)" text-anchor="middle">share that failed</text>'
    )
    for number, (name, colour, bins) in enumerate(series):
        for part in bins:
            x, y = at(part.mean), up(part.failed / part.number)
            parts.append(f'<path d="M{x} {up(part.low)}V{up(part.high)}" stroke="{colour}" stroke-width="2"/>')
            if number:
                parts.append(f'<rect x="{x - 5}" y="{y - 5}" width="10" height="10" fill="{colour}"/>')
            else:
                parts.append(f'<circle cx="{x}" cy="{y}" r="5.5" fill="{colour}"/>')
        sign = "■" if number else "●"
        parts.append(f'<text x="{at(0) + 12}" y="{24 + 18 * number}" fill="{colour}">{sign} {name}</text>')
    return "\n".join([*parts, "</svg>\n"])


def main() -> None:
    """Make both checks, print their numbers and draw the plot."""
    past = [one for tenant in TENANTS for one in replayed(demo(tenant), TODAY)]
    both = [made_up(seed) for seed in range(20)]
    ours = [one for forecasts, _ in both for one in forecasts]
    held = [one for _, some in both for one in some]
    print(told("demo replayed", past))
    print(told("made-up tenants", ours))
    print(f"the range held the true chance in {sum(held) / len(held):.3f} of {len(held)}")
    where = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/risk-calibration.svg")
    bins = [("the demo's history", "#8f1d1d", binned(past)), ("made-up tenants", "#0b5a55", binned(ours))]
    where.write_text(drawing(bins), "utf-8")


if __name__ == "__main__":
    main()
