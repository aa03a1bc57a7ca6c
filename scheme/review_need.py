"""What one review of a certificate is needed for: each element's need and its reason, and what else lies ahead.

The order of need and the reviews counted on are **ours** (docs/scheme.md, "The next review"); scheme.review_scope puts
them together.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from scheme.coverage import REVIEWS
from scheme.cycle import Cycles, planned
from scheme.frames import Programme
from scheme.sentences import day as in_words
from scheme.standard import BANDS, Standard, code_order

# In order of need.
GROUPS = ("annual", "not_covered", "second_look", "fallen", "age", "planned")
_POOR = {"non_compliant": 0, "partial": 1}  # owed a second look, the worse first

Row = Mapping[str, Any]
Job = tuple[str, int | None]  # an element still to be looked at, and the year if it is an annual one's


@dataclass(frozen=True)
class Ahead:
    """What lies ahead of a certificate beside the review itself, which counts for `year`.

    `promised`: elements with the year for which another planned review will look at them, its code and day;
    `others`: the year of every other review that is left and how many elements its scope holds already;
    `lacking`: annual elements to be looked at in the years that run or in which a review is left.
    """

    year: int
    promised: Mapping[Job, tuple[str, date]]
    others: Sequence[tuple[int, int]]
    lacking: Sequence[Job]

    @classmethod
    def of(
        cls,
        programme: Programme,
        day: date,
        of: Cycles,
        year_of: Mapping[date, int],
        cells: pl.DataFrame,
        booked: Row,
        reviews_left: int,
    ) -> "Ahead":
        """`reviews_left`, this review among them: the planned ones, then one in each empty year that none serves."""
        ahead = [row for row in planned(programme, day, of).to_dicts() if row["assessment_code"] != booked["code"]]
        ahead.sort(key=lambda row: (row["ended_on"], code_order(row["assessment_code"])))
        promised: dict[Job, tuple[str, date]] = {}
        scopes: dict[date, set[str]] = {}
        for row in ahead:
            for element in row["scope"] or ():
                promised.setdefault((element, year_of[row["ended_on"]]), (row["assessment_code"], row["ended_on"]))
            if row["assessment_type"] in REVIEWS and row["ended_on"] != booked["ended_on"]:
                scopes.setdefault(row["ended_on"], set()).update(row["scope"] or ())
        year = year_of[booked["ended_on"]]
        others = [(year_of[on], len(scope)) for on, scope in scopes.items()]
        served = {year, *(each for each, _ in others)}
        unserved = [row["year"] for row in empty_years(of, day) if row["year"] not in served]
        others += [(each, 0) for each in unserved[: max(0, reviews_left - 1 - len(others))]]
        years = {each for each, state in of.years.select("year", "state").iter_rows() if state == "running"}
        years |= {year, *(each for each, _ in others)}
        annual = cells.filter(kind="annual").select("element", "years").iter_rows()
        lacking: list[Job] = [
            (element, each) for element, states in annual for each in years if states[each - 1] != "covered"
        ]
        return cls(year, promised, others, lacking)

    def promise(self, element: str, kind: str) -> tuple[str, date] | None:
        """The other planned review that will look at an element in time, and its day."""
        if kind == "annual":
            return self.promised.get((element, self.year))
        return next((who for (one, _), who in self.promised.items() if one == element), None)

    def undone(self, rows: Sequence[Row], capacity: int, chosen: Collection[str] | None = None) -> list[Job]:
        """What no review looks at in time if each of those left takes so many, those of highest need first.

        `chosen`: what this review looks at instead.
        """
        taken = set(taken_of(rows, capacity) if chosen is None else chosen)
        room: dict[int | None, int] = {}
        for one, promised in self.others:
            room[one] = room.get(one, 0) + max(0, capacity - promised)
        place = {row["element"]: n for n, row in enumerate(rows)}
        undone: list[Job] = []
        for element, year in sorted(self.lacking, key=lambda job: (job[1] or 0, place[job[0]])):
            if (element, year) in self.promised or (year == self.year and element in taken):
                continue
            if room.get(year, 0):
                room[year] -= 1
            else:
                undone.append((element, year))
        left = [row["element"] for row in rows if row["group"] == "not_covered" and row["element"] not in taken]
        return [*undone, *((element, None) for element in left[sum(room.values()) :])]


def taken_of(rows: Iterable[Row], capacity: int) -> list[str]:
    """The elements that a review of this capacity takes of those in order of need."""
    return [row["element"] for row in rows if row["group"] != "planned"][:capacity]


def by_need(
    cells: pl.DataFrame, bands: Mapping[str, Row], standard: Standard, booked: Row, ahead: Ahead
) -> list[dict[str, Any]]:
    """The elements in order of need: the columns of scheme.review_scope.SCOPE but place and taken.

    `bands`: the standing of the department reviewed, by element.
    """
    rows = []
    for cell in cells.iter_rows(named=True):
        band = bands.get(cell["element"], {})
        needs = _needs(cell, band, ahead)
        group = next(name for name in GROUPS if needs[name])
        last = cell["last_covered_on"]
        key = (
            GROUPS.index(group),
            _POOR.get(band["band"], 2) if needs["second_look"] else 2,
            not needs["fallen"],
            last or band.get("assessed_on") or date.min,
            code_order(cell["element"]),
        )
        told = {name: cell[name] for name in ("element", "criterion", "kind", "last_covered_on")}
        told |= {"group": group, "reason": _reason(group, cell, band, needs, standard, ahead), "key": key}
        told |= {"band": band.get("band"), "assessed_on": band.get("assessed_on")}
        rows.append(told | {"in_scope_now": cell["element"] in (booked["scope"] or ())})
    rows.sort(key=lambda row: row["key"])
    return [{name: value for name, value in row.items() if name != "key"} for row in rows]


def _needs(cell: Row, band: Row, ahead: Ahead) -> dict[str, Any]:
    """Which of GROUPS hold for an element; "planned" is asked first, since it takes the need away."""
    promised = ahead.promise(cell["element"], cell["kind"])
    if promised:
        return {**dict.fromkeys(GROUPS, False), "planned": promised}
    last, seen_on, was = cell["last_covered_on"], band.get("assessed_on"), band.get("previous_band")
    annual = cell["kind"] == "annual"
    return {
        "annual": annual and cell["years"][ahead.year - 1] != "covered",
        "not_covered": not annual and not cell["covered"],
        "second_look": band.get("band") in _POOR and (last is None or last <= seen_on),
        "fallen": band.get("band") in BANDS and was in BANDS and BANDS.index(band["band"]) > BANDS.index(was),
        "age": True,
        "planned": None,
    }


def _reason(group: str, cell: Row, band: Row, needs: Row, standard: Standard, ahead: Ahead) -> str:
    if group == "planned":
        code, on = needs["planned"]
        return f"Review {code} on {in_words(on)} will look at it."
    known = _of_band(band, needs, standard)
    match group:
        case "annual":
            return f"Due every year and not looked at in year {ahead.year} yet{known}."
        case "not_covered":
            return f"Not looked at in this cycle{known}."
        case "second_look":
            return f"{known[2:]} and not looked at since."
        case "fallen":
            return f"{known[2:]}."
    return f"Looked at on {in_words(cell['last_covered_on'])}; nothing is owed."


def _of_band(band: Row, needs: Row, standard: Standard) -> str:
    """What its band adds to the need, behind a semicolon; nothing where it adds nothing."""
    if not (needs["second_look"] or needs["fallen"]):
        return ""
    label, on = standard.band[band["band"]].label, in_words(band["assessed_on"])
    if needs["fallen"]:
        return f"; Fell from {standard.band[band['previous_band']].label} to {label} on {on}"
    return f"; {label} on {on}{' (rolled up, an indication)' if band['rolled_up'] else ''}"


def empty_years(of: Cycles, day: date) -> list[Row]:
    """The years not over in which no review counted yet (scheme.coverage.completion)."""
    reviewed = set(of.looked_at.filter(pl.col("assessment_type").is_in(REVIEWS))["year"])
    cut_on = of.terms["cut_on"][0]
    years = [row for row in of.years.iter_rows(named=True) if row["state"] != "over" and row["begins_on"] < cut_on]
    return [row for row in years if row["year"] not in reviewed] if cut_on > day else []
