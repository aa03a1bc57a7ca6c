"""The reviews that a certificate has left: those that are booked, and one for each year that lacks one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from scheme.coverage import REVIEWS, completion
from scheme.cycle import Cycles, certificates_on, cycles, planned
from scheme.frames import Programme
from scheme.standing import below, in_code_order

BEFORE_ITS_END = 28  # days before a year ends on which a review that nobody has booked is taken to begin (ours)


@dataclass(frozen=True)
class Review:
    """A review that is left: its name, the code of the assessment where it is booked, whose it is, its working days.

    places: the departments whose sites it may visit; None is all of the certificate's.
    """

    name: str
    assessment_code: str | None
    department_code: str | None
    days: tuple[date, ...]
    places: frozenset[str | None] | None

    def may_visit(self, departments: Collection[str]) -> bool:
        """Whether a site of these departments may be visited in it."""
        return self.places is None or not self.places.isdisjoint(departments)


def reviews_left(programme: Programme, day: date, certificate: str, days: int) -> list[Review]:
    """The reviews of a certificate from the day until it expires, by day (**ours**, but for which there are).

    Booked are planned reviews of the holder or a department below (scheme.coverage.completion; several of one
    department on one day are one): their working days, from the day on; `days` of them up to the last where no
    beginning is told. Where fewer are booked than years want one, years without are taken to have one of `days` working
    days, four weeks before they end. A review of a department below visits sites of that department and below.
    """
    held = certificates_on(programme, day).filter(pl.col("certificate_code") == certificate)
    of = cycles(programme, day, held)
    if of.terms.is_empty() or of.terms["cut_on"][0] <= day:
        return []
    holder, cut_on = of.terms["holder"][0], of.terms["cut_on"][0]
    ahead = planned(programme, day, of).filter(pl.col("assessment_type").is_in(REVIEWS))
    rows = in_code_order(ahead, "assessment_code").unique(
        ["department_code", "ended_on"], keep="first", maintain_order=True
    )
    found = [
        Review(
            row["assessment_code"],
            row["assessment_code"],
            row["department_code"],
            _booked(row["started_on"], row["ended_on"], day, days),
            None
            if row["department_code"] == holder
            else frozenset(below(programme.departments, row["department_code"])),
        )
        for row in rows.iter_rows(named=True)
    ]
    left = completion(programme, day, held, of)["reviews_left"][0]
    lacking = left - ahead["ended_on"].n_unique()
    for number, begins_on, ends_on in _without(of, ahead["ended_on"].to_list())[: max(0, lacking)]:
        ends_on = min(ends_on, cut_on)
        first = max(day, begins_on, ends_on - timedelta(days=BEFORE_ITS_END))
        if first < cut_on:
            last = max(ends_on, first + timedelta(days=1))
            found.append(Review(f"year {number}", None, holder, _assumed(first, last, days), None))
    return sorted(found, key=lambda review: (review.days[0], review.days[-1]))


def _without(of: Cycles, booked: Collection[date]) -> list[tuple[int, date, date]]:
    """The years not over with no review held or booked, with their bounds; one may slip in from the year after.

    As scheme.cycle settles assessment days: a year without one takes the first within the grace after its end.
    """
    has_one = set(of.looked_at.filter(pl.col("assessment_type").is_in(REVIEWS))["year"])
    waiting, found = sorted(set(booked)), []
    grace, cut_on = timedelta(days=of.terms["grace"][0]), of.terms["cut_on"][0]
    for year in of.years.sort("year").iter_rows(named=True):
        begins_on, ends_on = year["begins_on"], year["ends_on"]
        own = [on for on in waiting if begins_on <= on < ends_on]
        if year["year"] not in has_one and year["state"] != "over" and begins_on < cut_on:
            late = [on for on in waiting if ends_on <= on < ends_on + grace][:1]
            if not (own or late):
                found.append((year["year"], begins_on, ends_on))
            own = own or late
        waiting = [on for on in waiting if on not in own]
    return found


def _working(first: date, last: date) -> list[date]:
    every = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [on for on in every if on.weekday() < 5]


def _booked(started_on: date | None, ended_on: date, day: date, days: int) -> tuple[date, ...]:
    if started_on is not None:
        first = min(max(started_on, day), ended_on)
        return tuple(_working(first, ended_on)) or (ended_on,)
    weeks = _working(max(day, ended_on - timedelta(days=2 * days + 5)), ended_on)
    return tuple(weeks[-days:]) or (ended_on,)


def _assumed(begins_on: date, ends_on: date, days: int) -> tuple[date, ...]:
    """The first working days of a stretch, or its first day where it has none."""
    last = min(ends_on - timedelta(days=1), begins_on + timedelta(days=2 * days + 5))
    return tuple(_working(begins_on, last)[:days]) or (begins_on,)
