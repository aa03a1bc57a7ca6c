"""The scope of the next review: which elements it should look at, in order of need, and what is missed otherwise.

What is owed is measures.md section 4's; the order of need, and which reviews are counted on, are **ours**
(docs/scheme.md, "The next review").
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor
from typing import Any

import polars as pl

from scheme.coverage import REVIEWS, completion, coverage
from scheme.cycle import Cycles, certificates_on, cycles, planned, planned_of, settled
from scheme.errors import UsageError
from scheme.frames import Programme, Schema
from scheme.review_need import Ahead, Job, Row, by_need, empty_years, taken_of
from scheme.sentences import day as in_words
from scheme.standard import code_order
from scheme.standing import standing

PLANNED: Schema = {
    "certificate_code": pl.String,
    "assessment_code": pl.String,
    "department_code": pl.String,
    "assessment_type": pl.String,
    "started_on": pl.Date,
    "ended_on": pl.Date,
    "scope": pl.List(pl.String),  # null: none stated
    "assessor": pl.String,
}
SCOPE: Schema = {
    "place": pl.Int64,  # 1 and on, in order of need
    "element": pl.String,
    "criterion": pl.String,
    "kind": pl.String,  # annual, rolling
    "group": pl.String,  # one of GROUPS
    "taken": pl.Boolean,
    "reason": pl.String,  # a sentence
    "last_covered_on": pl.Date,  # in this cycle
    "band": pl.String,  # of the department reviewed; null: not assessed
    "assessed_on": pl.Date,  # the day of that band
    "in_scope_now": pl.Boolean,  # in the scope that the review has already
}
MISSED: Schema = {"element": pl.String, "kind": pl.String, "year": pl.Int64, "why": pl.String}  # year: of annual ones
LOST: Schema = {"element": pl.String, "years": pl.List(pl.Int64)}


@dataclass(frozen=True)
class ReviewScope:
    """What a review should look at. `elements` has SCOPE's columns in order of need, every element of the standard.

    `code` is None where the review is not booked yet. `year` is the one that it will count for. `capacity` is what it
    takes; `usual` what a review of this holder has looked at before (median; None: no earlier review tells).
    `outstanding` and `reviews_left` are scheme.coverage.completion's, this review among them; `needed` is the smallest
    number that each review left must look at so that no more is missed than must be. `missed` (MISSED) is what is not
    looked at in time if every review left takes `capacity`; `unavoidable` of these, however much the reviews take;
    `lost` (LOST) are annual elements whose years are over without a look, for good.
    """

    certificate_code: str
    holder: str | None
    code: str | None
    department_code: str | None
    started_on: date
    ended_on: date
    year: int
    capacity: int
    usual: float | None
    outstanding: int
    reviews_left: int
    needed: int
    unavoidable: int
    expires_on: date
    elements: pl.DataFrame
    missed: pl.DataFrame
    lost: pl.DataFrame

    @property
    def taken(self) -> list[str]:
        """The elements it takes, in order of need."""
        return list(self.elements.filter("taken")["element"])

    @property
    def sentence(self) -> str:
        """How many reviews are left, what that asks of each, and what will be missed otherwise."""
        if not self.outstanding and self.missed.is_empty():
            return "Everything was looked at in this cycle: nothing is outstanding."
        left = f"{self.reviews_left} review{' is' if self.reviews_left == 1 else 's are'} left"
        owed = f"{self.outstanding or 'no'} element{' is' if self.outstanding == 1 else 's are'} outstanding"
        pace = f"{self.needed} for each review" if self.reviews_left > 1 else f"{self.needed} for it"
        pace = pace if self.needed else "which other planned reviews will look at"
        number = self.missed.height
        if not number:
            end = "nothing will be missed"
        elif number == self.unavoidable:
            end = f"{number} will be missed, as no review is left in their year"
        else:
            any_case = f" ({self.unavoidable} of them in any case)" if self.unavoidable else ""
            end = f"{number} will be missed unless a review looks at more{any_case}"
        return f"{left} and {owed}, {pace}; this one looks at {len(self.taken)}: {end}."


def planned_reviews(programme: Programme, day: date) -> pl.DataFrame:
    """The reviews planned on or after the day in the cycle of each certificate: PLANNED's columns, by day and code.

    A review is a formal assessment but a reassessment, of the holder or a department below it.
    """
    return _in_order(planned_of(programme, day, certificates_on(programme, day)))


def review_scope(
    programme: Programme,
    day: date,
    certificate: str,
    *,
    review: str | None = None,
    on: date | None = None,
    capacity: int | None = None,
    chosen: Collection[str] | None = None,
) -> ReviewScope:
    """Every element in order of need for one review of a certificate, and which of them it takes.

    `review` is the code of a planned one; else `on` the last day of one of the holder that is yet to be booked; with
    neither the next planned one, the holder's own before those of departments below; where none is planned, one on the
    last day of the first year not over that has had no review. `capacity`: how many elements it takes, by default the
    holder's median (whole ones), and where no earlier review tells the number needed. `chosen`: what a planner chose
    that it takes instead; the later reviews still take `capacity`.

    The order is **ours**: annual elements not yet looked at in the review's year; rolling ones not covered in the
    cycle; those that are non-compliant or partial and were not looked at since; those that fell; those looked at
    longest ago; last, and never taken, what another planned review will look at. Inside each the same criteria decide
    in turn, then code order. UsageError where there is no such certificate or review, a review that was held
    meanwhile, a day outside what is left of the cycle, or a capacity below 1.
    """
    if capacity is not None and capacity < 1:
        raise UsageError("a review looks at one element at least; give a number of 1 or more")
    held = certificates_on(programme, day).filter(pl.col("certificate_code") == certificate)
    if held.is_empty():
        raise UsageError(f"there is no certificate {certificate} on this day; choose one in the list")
    holder = held["department_code"][0]
    whose = programme.certificates.filter(pl.col("department_code").eq_missing(holder))
    own = programme.but(certificates=whose)
    of = cycles(own, day, held)
    booked = _booked(own, day, of, review, on)
    if booked["code"] is None:
        # What is planned says nothing of how long results hold.
        own = own.but(assessments=pl.concat([own.assessments, _as_planned(own, booked)]))
    year_of = _year_of(own, day, of)
    cells = coverage(own, day, held, of)
    done = completion(own, day, held, of).row(0, named=True)
    ahead = Ahead.of(own, day, of, year_of, cells, booked, done["reviews_left"])
    rows = by_need(cells, _bands(own, day, booked["department_code"]), own.standard, booked, ahead)
    usual, every = done["elements_per_review"], len(rows)
    unavoidable = len(ahead.undone(rows, every))
    needed = next(n for n in range(every + 1) if len(ahead.undone(rows, n)) == unavoidable)
    taking = capacity or (max(1, floor(usual)) if usual is not None else max(1, needed))
    taken = set(taken_of(rows, taking) if chosen is None else chosen)
    told = [{**row, "place": n, "taken": row["element"] in taken} for n, row in enumerate(rows, 1)]
    return ReviewScope(
        certificate,
        holder,
        booked["code"],
        booked["department_code"],
        booked["started_on"],
        booked["ended_on"],
        ahead.year,
        taking,
        usual,
        done["outstanding"],
        done["reviews_left"],
        needed,
        unavoidable,
        held["expires_on"][0],
        pl.DataFrame(told, schema=SCOPE),
        _missed(ahead.undone(rows, taking, chosen), of),
        _lost(cells),
    )


# --- which review -----------------------------------------------------------------------------------------------------


def _in_order(ahead: pl.DataFrame) -> pl.DataFrame:
    rows = ahead.filter(pl.col("assessment_type").is_in(REVIEWS))
    order = sorted(rows.to_dicts(), key=lambda row: (row["ended_on"], code_order(row["assessment_code"])))
    return pl.DataFrame([{name: row[name] for name in PLANNED} for row in order], schema=PLANNED)


def _booked(programme: Programme, day: date, of: Cycles, review: str | None, on: date | None) -> dict[str, Any]:
    """The review looked at: code (None where it is yet to be booked), department_code, its days, scope."""
    term = of.terms.row(0, named=True)
    if term["cut_on"] <= day:
        raise UsageError(f"certificate {term['certificate_code']} is not in force since {in_words(term['cut_on'])}")
    there = _in_order(planned(programme, day, of))
    if review is not None:
        there = there.filter(pl.col("assessment_code") == review)
        if there.is_empty():
            raise UsageError(_why_not(programme, day, of, review))
    if on is None and there.height:
        own = there.filter(pl.col("department_code").eq_missing(term["holder"]))
        row = (own if own.height else there).row(0, named=True)
        return {"code": row["assessment_code"], **row, "started_on": row["started_on"] or row["ended_on"]}
    last = on or _first_open(of, day)
    if not day <= last < term["cut_on"]:
        raise UsageError(
            f"{in_words(last)} is not among the days left of this certificate: choose one from {in_words(day)} until "
            f"before {in_words(term['cut_on'])}"
        )
    return {"code": None, "department_code": term["holder"], "started_on": last, "ended_on": last, "scope": None}


def _why_not(programme: Programme, day: date, of: Cycles, review: str) -> str:
    places = [place or None for place in of.places["place"]]
    named = programme.assessments.filter(pl.col("assessment_code") == review).to_dicts()
    own = [row for row in named if row["department_code"] in places]
    if any(not row["planned"] for row in own):
        return f"review {review} was held on {in_words(own[0]['ended_on'])}; choose one that is still to come"
    if own and own[0]["ended_on"] < day:
        return f"review {review} was planned for {in_words(own[0]['ended_on'])}, which is past; was it held?"
    return f"there is no review {review} planned under this certificate; choose one in the list"


def _first_open(of: Cycles, day: date) -> date:
    """The last day of the first year not over in which no review counted yet, else of the cycle."""
    cut_on: date = of.terms["cut_on"][0]
    ends = [row["ends_on"] for row in empty_years(of, day)]
    first: date = min([*(end - timedelta(days=1) for end in ends if end > day), cut_on - timedelta(days=1)])
    return first


def _as_planned(programme: Programme, booked: Row) -> pl.DataFrame:
    row = {"assessment_type": "annual_review", "planned": True, "department_code": booked["department_code"]}
    days = {"started_on": booked["started_on"], "ended_on": booked["ended_on"]}
    schema = programme.assessments.schema
    return pl.DataFrame([{name: {**row, **days}.get(name) for name in schema}], schema=schema)


def _year_of(programme: Programme, day: date, of: Cycles) -> dict[date, int]:
    """The year that each planned day will count for once held: its own, or the year that it slipped past."""
    held = [each for days in of.years["assessment_days"] for each in days]
    ahead = planned(programme, day, of)["ended_on"].to_list()
    bounds = list(of.years.select("begins_on", "ends_on").iter_rows())
    own = settled(bounds, sorted({*held, *ahead}), timedelta(days=of.terms["grace"][0]))
    return {each: year for year, days in enumerate(own, 1) for each in days}


def _bands(programme: Programme, day: date, department: str | None) -> dict[str, Row]:
    rows = standing(programme, day).filter(pl.col("department_code").eq_missing(department))
    return {row["element"]: row for row in rows.iter_rows(named=True)}


# --- in words ---------------------------------------------------------------------------------------------------------


def _missed(undone: Sequence[Job], of: Cycles) -> pl.DataFrame:
    ends_on = of.terms["cut_on"][0]
    rows = []
    for element, year in undone:
        kind = "rolling" if year is None else "annual"
        why = f"No review looks at it before the cycle ends on {in_words(ends_on)}."
        if year is not None:
            why = f"No review that is left for year {year} looks at it."
        rows.append({"element": element, "kind": kind, "year": year, "why": why})
    return pl.DataFrame(rows, schema=MISSED)


def _lost(cells: pl.DataFrame) -> pl.DataFrame:
    rows = [
        {"element": element, "years": [year for year, state in enumerate(states, 1) if state == "missed"]}
        for element, states in cells.filter(kind="annual").select("element", "years").iter_rows()
    ]
    return pl.DataFrame([row for row in rows if row["years"]], schema=LOST)
