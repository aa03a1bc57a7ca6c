"""The journey of an assessment: which stage each department's present assessment is in, and what comes next.

Every stage is told by a fact that somebody recorded; none is guessed. What the guide leaves open is **ours**:

- A review is a formal assessment other than a reassessment, known by its row or, without one, by results of its own.
- A *round* is all that belongs to one review: the gap analysis, self-assessment and desk review since the review before
  it, and the reassessments after it.
- The present review of a department is the last one whose visit has begun. It gives way to the next one that is booked
  once that is being prepared: one of the three was held since, its form was submitted, or its visit is four weeks away.
  Where something was prepared and nothing is booked, the round has no review yet. A booking that has passed without
  being held is none.
- The stage is the furthest that is reached; one before it without a fact has nothing recorded, and is not made up.
- Areas for improvement are the holder's own results of the review that are partial or non-compliant, once it is
  decided; what was missing is what was non-compliant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from scheme.arrivals import review_forms
from scheme.coverage import REVIEWS
from scheme.frames import Programme, Schema
from scheme.intervals import among, as_text
from scheme.standard import FORMAL, code_order
from scheme.standing import active, effective

PREPARING = ("gap_analysis", "self_assessment", "desk_review")
STAGES = (
    *("gap_analysis", "self_assessment", "application", "desk_review", "feedback", "four_weeks"),
    *("visit", "recommendation", "verification", "decision", "improvement", "reassessment"),
)
FOUR_WEEKS = timedelta(weeks=4)
JOURNEY: Schema = {
    "department_code": pl.String,  # null: the corporate body
    "assessment_code": pl.String,  # null: nothing is booked or held
    "assessment_type": pl.String,
    "begins_on": pl.Date,
    "ended_on": pl.Date,
    "stage": pl.String,  # one of STAGES; null: none is reached
    "since_on": pl.Date,  # when it was reached; null where no day is recorded
    "next_step": pl.String,  # one of STAGES, or booking
    "next_on": pl.Date,  # by when, where a day follows from facts
    "days_to_visit": pl.Int64,  # null unless the visit lies ahead
    "self_assessed": pl.Int64,  # elements with a self-assessment in this round
    "elements": pl.Int64,  # of the standard
    "not_self_assessed": pl.List(pl.String),  # the others, in official order
    "improve": pl.Int64,  # elements that the review found partial or non-compliant
    "improve_left": pl.Int64,  # of these, still so on the day
    "missing_left": pl.Int64,  # of these, still non-compliant
    "round_from": pl.Date,  # the last day of the review before; null where there was none
    "desk_on": pl.Date,  # of the desk review of this round
}
STEPS: Schema = {
    "department_code": pl.String,
    "stage": pl.String,
    "state": pl.String,  # reached; nothing: a later one is reached and of this nothing is recorded; ahead
    "on": pl.Date,  # when it was reached, or will be where a day follows from facts
}
_BELOW = ("partial", "non_compliant")
_REVIEW = ("department_code", "assessment_type", "ended_on")
_OF_REVIEW: Schema = {"department_code": pl.String, "assessment_type": pl.String, "assessed_on": pl.Date}
_Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Round:
    """A department's present review, if it has one, and what belongs to it."""

    department: str | None
    review: _Row | None
    after: date | None  # the last day of the review before
    prepared: Mapping[str, date]  # by type, the last day
    feedback_on: date | None  # of what was prepared
    reassessments: Sequence[_Row]
    following: _Row | None  # the next booked review after a held one


def journey(programme: Programme, day: date) -> pl.DataFrame:
    """Where the present assessment of every department active on the day stands, and of the corporate body.

    Columns and dtypes are JOURNEY's, by department. The rule is told at the top of this module.
    """
    return journey_with_steps(programme, day)[0]


def steps(programme: Programme, day: date) -> pl.DataFrame:
    """Every stage of every department's present assessment: reached, nothing recorded, or ahead; STEPS."""
    return journey_with_steps(programme, day)[1]


def journey_with_steps(programme: Programme, day: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`journey` and `steps` of a day, of which both are made from the same rounds."""
    rounds = _rounds(programme, day)
    found = _Found(programme, day, rounds)
    rows, every = [], []
    for one in rounds:
        dates = _reached(one, day, found)
        rows.append(_stands(one, day, dates, found, programme.standard.codes))
        every += _steps(one, dates)
    return pl.DataFrame(rows, JOURNEY), pl.DataFrame(every, STEPS, orient="row")


def _stands(
    one: _Round, day: date, dates: Mapping[str, date | None], found: "_Found", codes: Sequence[str]
) -> dict[str, Any]:
    """The row of a department in JOURNEY."""
    stage = next((name for name in reversed(STAGES) if name in dates), None)
    review, improve = one.review or {}, found.improve(one.review)
    left = [band for element in improve if (band := found.now[one.department, element]) in _BELOW]
    begins_on, own = review.get("begins_on"), found.self_assessed(one, day)
    next_step, next_on = _next(one, day, dates, left)
    return {
        "department_code": one.department,
        **{name: review.get(name) for name in ("assessment_code", "assessment_type", "begins_on", "ended_on")},
        "stage": stage,
        "since_on": dates[stage] if stage else None,
        "next_step": next_step,
        "next_on": next_on,
        "days_to_visit": (begins_on - day).days if begins_on and begins_on > day else None,
        "self_assessed": len(own),
        "elements": len(codes),
        "not_self_assessed": [code for code in codes if code not in own],
        "improve": len(improve),
        "improve_left": len(left),
        "missing_left": left.count("non_compliant"),
        "round_from": one.after,
        "desk_on": one.prepared.get("desk_review"),
    }


def _steps(one: _Round, dates: Mapping[str, date | None]) -> list[tuple[Any, ...]]:
    """The rows of a department in STEPS."""
    begins_on = one.review and one.review["begins_on"]
    furthest = max((STAGES.index(name) for name in dates), default=-1)
    ahead = {"application": one.review and one.review["form_on"], "visit": begins_on}
    ahead["four_weeks"] = begins_on and begins_on - FOUR_WEEKS
    ahead["reassessment"] = next((row["begins_on"] for row in one.reassessments), None)
    rows: list[tuple[Any, ...]] = []
    for number, name in enumerate(STAGES):
        state = "reached" if name in dates else "nothing" if number < furthest else "ahead"
        on = dates[name] if name in dates else ahead.get(name) if state == "ahead" else None
        rows.append((one.department, name, state, on))
    return rows


class _Found:
    """What was found at the present reviews and by departments themselves, up to the day."""

    def __init__(self, programme: Programme, day: date, rounds: Sequence[_Round]) -> None:
        own, codes = (pl.col("site_code").is_null(), pl.col("assessed_on") <= day), programme.standard.codes
        of = [[one.review[name] for name in _REVIEW] for one in rounds if one.review]
        reviews = pl.DataFrame(of, _OF_REVIEW, orient="row")
        found = programme.results_where(FORMAL, *own, pl.col("assessed_on").is_in(reviews["assessed_on"].implode()))
        found = found.join(reviews, on=reviews.columns, how="semi", nulls_equal=True, maintain_order="left")
        found = effective(found, programme.assessments).filter(
            ~pl.col("restated"), pl.col("band").is_in(_BELOW), pl.col("element").is_in(codes)
        )
        self._below: dict[tuple[Any, ...], list[str]] = {}
        for *which, element in found.select(*_OF_REVIEW, "element").iter_rows():
            self._below.setdefault(tuple(which), []).append(element)
        holds = pl.col("until_on").is_null() | (pl.col("until_on") > day)
        cell = ["department_code", "element"]
        now = programme.results_where(FORMAL, *own, holds)
        now = now.join(found.select(cell).unique(), on=cell, how="semi", nulls_equal=True)
        self.now = {(code, element): band for code, element, band in now.select(*cell, "band").iter_rows()}
        self._selves: dict[str | None, list[tuple[date, str]]] = {}
        selves = programme.results_where(("self_assessment",), *own).filter(pl.col("element").is_in(codes))
        for code, on, element in selves.select("department_code", "assessed_on", "element").iter_rows():
            self._selves.setdefault(code, []).append((on, element))

    def improve(self, review: _Row | None) -> list[str]:
        """The elements that a review found partial or non-compliant."""
        if review is None:
            return []
        return self._below.get((review["department_code"], review["assessment_type"], review["ended_on"]), [])

    def self_assessed(self, one: _Round, day: date) -> set[str]:
        """The elements that a department assessed itself in a round."""
        until = min(day, one.review["begins_on"]) if one.review else day
        own = self._selves.get(one.department, [])
        return {element for on, element in own if on <= until and (one.after is None or on > one.after)}


def _rounds(programme: Programme, day: date) -> list[_Round]:
    forms = review_forms(programme.assessments).select("assessment_code", "form_on")
    known = (
        programme.assessments.with_columns(begins_on=pl.coalesce("started_on", "ended_on"))
        .join(forms, on="assessment_code", how="left")
        .filter(pl.col("planned") | (pl.col("begins_on") <= day))
    )
    of: dict[str | None, list[_Row]] = {}
    every = pl.concat([known, _known_by_results(programme, day, known)], how="diagonal")
    for row in every.sort("ended_on", "begins_on", "assessment_code").iter_rows(named=True):
        of.setdefault(row["department_code"], []).append(row)
    prepared: dict[str | None, list[tuple[str, date]]] = {}
    results = programme.results_where(PREPARING, pl.col("site_code").is_null(), pl.col("assessed_on") <= day)
    for code, kind, on in results.select("department_code", "assessment_type", "assessed_on").unique().iter_rows():
        prepared.setdefault(code, []).append((kind, on))
    codes = [None, *sorted(active(programme.departments, day)["department_code"], key=code_order)]
    return [_round(code, of.get(code, []), prepared.get(code, []), day) for code in codes]


def _known_by_results(programme: Programme, day: date, known: pl.DataFrame) -> pl.DataFrame:
    """The formal assessments that only own results tell of, in the columns a round needs."""
    key = ["department_code", "assessment_type", "ended_on"]
    results = programme.intervals
    told = results.filter(
        among(results["assessment_type"], FORMAL),
        pl.col("assessed_on") <= day,
        pl.col("site_code").is_null(),
        ~pl.col("restated"),
    ).select("department_code", "assessment_type", ended_on="assessed_on")
    alone = as_text(told.unique()).join(known.filter(~pl.col("planned")), on=key, how="anti", nulls_equal=True)
    return alone.with_columns(begins_on="ended_on", planned=pl.lit(value=False))


def _round(department: str | None, rows: Sequence[_Row], results: Sequence[tuple[str, date]], day: date) -> _Round:
    """The present round of a department; `rows` are its assessments in order, `results` the days of preparations."""
    rows = [row for row in rows if not (row["planned"] and row["ended_on"] < day)]  # a booking that has passed is none
    reviews = [row for row in rows if row["assessment_type"] in REVIEWS]
    begun = [row for row in reviews if row["begins_on"] <= day]
    booked = [row for row in reviews if row["begins_on"] > day]
    last, coming = begun[-1] if begun else None, booked[0] if booked else None
    held = [
        row for row in rows if row["assessment_type"] in PREPARING and not row["planned"] and row["ended_on"] <= day
    ]
    days = [*results, *((row["assessment_type"], row["ended_on"]) for row in held)]
    since = last["ended_on"] if last else None
    is_prepared = any(since is None or on > since for _, on in days)
    near = coming is not None and (_by(coming["submitted_on"], day) or coming["begins_on"] - FOUR_WEEKS <= day)
    if (is_prepared or near or last is None) and (coming or is_prepared):
        review, after = coming, since
    else:
        review, after = last, begun[-2]["ended_on"] if len(begun) > 1 else None
    until = review["begins_on"] if review else day
    inside = [(kind, on) for kind, on in days if on <= until and (after is None or on > after)]
    told = [row["feedback_on"] for row in held if (row["assessment_type"], row["ended_on"]) in inside]
    again = [row for row in rows if row["assessment_type"] == "reassessment"]
    return _Round(
        department,
        review,
        after,
        {kind: max(on for k, on in inside if k == kind) for kind, _ in inside},
        max((on for on in told if on is not None and on <= day), default=None),
        [row for row in again if review is not None and review is last and row["ended_on"] > review["ended_on"]],
        coming if review is last else None,
    )


def _by(on: date | None, day: date) -> bool:
    return on is not None and on <= day


def _reached(one: _Round, day: date, found: _Found) -> dict[str, date | None]:
    """The stages that are reached, each with its day where one is recorded."""
    dates: dict[str, date | None] = dict(one.prepared)
    review = one.review
    if one.feedback_on:
        dates["feedback"] = one.feedback_on
    if review is None:
        return dates
    begins_on, feedback_on = review["begins_on"], review["feedback_on"]
    early = feedback_on is not None and feedback_on < begins_on
    if _by(review["submitted_on"], day):
        dates["application"] = review["submitted_on"]
    if early and _by(feedback_on, day):
        dates["feedback"] = feedback_on
    if begins_on - FOUR_WEEKS <= day:
        dates["four_weeks"] = begins_on - FOUR_WEEKS
    if begins_on <= day:
        dates["visit"] = begins_on
    if review["planned"] or review["ended_on"] > day:
        return dates
    told_on = None if early else feedback_on
    if review["recommendation"] and (told_on is None or told_on <= day):
        dates["recommendation"] = told_on
    if _by(review["verified_on"], day):
        dates["verification"] = review["verified_on"]
    if review["decision"] and (review["verified_on"] is None or review["verified_on"] <= day):
        dates["decision"] = review["verified_on"]
        if found.improve(review):
            dates["improvement"] = review["verified_on"]
    again = [row["begins_on"] for row in one.reassessments if row["begins_on"] <= day]
    if again:
        dates["reassessment"] = again[-1]
    return dates


def _next(one: _Round, day: date, dates: Mapping[str, date | None], left: Sequence[str]) -> tuple[str, date | None]:
    """The next step, and by when where that follows from facts."""
    if one.review is None:
        return "booking", None
    if one.review["begins_on"] > day:
        if "application" not in dates:
            return "application", one.review["form_on"]
        return "visit", one.review["begins_on"]
    for stage in ("recommendation", "verification", "decision"):
        if stage not in dates and not any(later in dates for later in STAGES[STAGES.index(stage) + 1 :]):
            return stage, None
    if "non_compliant" in left:
        return "reassessment", next((row["begins_on"] for row in one.reassessments if row["begins_on"] > day), None)
    if left:
        return "improvement", one.following["begins_on"] if one.following else None
    return ("application", one.following["form_on"]) if one.following else ("booking", None)
