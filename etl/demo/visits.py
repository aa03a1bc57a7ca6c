"""Which sites the assessors of the demo went to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from etl.demo.cast import Cast, chance
from etl.demo.reviews import Review, working_day


@dataclass(frozen=True)
class Visit:
    """A visit to a site."""

    site: str
    day: date
    mode: str
    review: str
    planned: bool


def visits(cast: Cast, reviews: Sequence[Review], seed: int, today: date) -> list[Visit]:
    """The sites visited at each formal assessment: in turn, those that must be visited first; some only remotely."""
    begun = today - timedelta(cast.corporate.award_days or 0)
    last: dict[str, date] = {}
    given: list[Visit] = []
    for review in reviews:
        if not review.formal or review.kind == "reassessment" or not review.department:
            continue
        by = chance(seed, review.code, "visits")
        sites = [
            site
            for site in cast.sites
            if review.department in site.departments
            and site.in_scope(review.day, today)
            and not (site.not_yet and review.day >= begun and not review.planned)
        ]
        overdue = review.day - timedelta(800)
        seen = {site.code: last.get(site.code, date.min) for site in sites}
        sites.sort(key=lambda s: (not (s.must_visit and seen[s.code] < overdue), seen[s.code], by.random()))
        required = cast.everyone[review.department].sites_required
        take = math.ceil((len(sites) * 0.62 if required is None else required) / 3)
        for site in sites[:take]:
            mode = "on_site" if review.planned or site.must_visit or by.random() > 0.12 else "remote"
            day = review.day - timedelta(by.choice((0, 0, 0, 1)) if review.day.weekday() else 0)
            if last.get(site.code) == day:
                continue
            last[site.code] = day
            given.append(Visit(site.code, day, mode, review.code, review.planned))
    for site in (site for site in cast.sites if site.not_yet):
        given.append(Visit(site.code, working_day(begun + timedelta(160)), "self_assessed", "", False))
    return given
