"""Visit plan: which sites of a certificate to visit in which of its remaining reviews (**ours**; visits: section 5).

What must hold: no site that was visited or is in the plan already, each only in a review of its own department or one
above and while it is in scope, no more than a review can take. Within that the goals of scheme.visit_choice, in their
order; what cannot be met is said by name, with the reason.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from math import inf
from typing import Any

import polars as pl

from scheme.errors import UsageError
from scheme.frames import Programme, Schema
from scheme.reviews_left import Review, reviews_left
from scheme.visit_choice import Choice, bearing, choose, kilometres
from scheme.visit_counts import Candidate
from scheme.visits import sites, visits

SITES_A_DAY = 2  # what one day of a review can take, unless asked otherwise
SECONDS = 5.0  # for which shorter distances are looked for

REVIEWS: Schema = {
    "review": pl.String,  # the code of the assessment, or the year of the cycle where none is booked
    "assessment_code": pl.String,  # null: not booked
    "department_code": pl.String,
    "begins_on": pl.Date,
    "ends_on": pl.Date,
    "days": pl.Int64,
    "room": pl.Int64,  # sites that it can take
    "visits": pl.Int64,
    "days_of_work": pl.Float64,  # visits / sites a day
    "centre": pl.String,  # site_code; null where no site with coordinates is in it
    "kilometres": pl.Float64,  # sum of the distances to the centre; null likewise
    "farthest": pl.Float64,
}
PLANNED: Schema = {
    "review": pl.String,  # null: booked on a day of its own
    "day": pl.Date,
    "site_code": pl.String,
    "why": pl.String,  # booked, must, drawn, near; needed (for the number, without coordinates)
    "kilometres": pl.Float64,  # from the centre of its review; null: not known
}
UNDONE: Schema = {
    "site_code": pl.String,  # null: any of the certificate's sites
    "sites": pl.Int64,
    "why": pl.String,  # must, drawn, needed
    "reason": pl.String,
}
_ORDER = {"booked": 0, "must": 1, "drawn": 2, "near": 3, "needed": 4}


@dataclass(frozen=True)
class Wanted:
    """What a plan is asked for: a certificate, sites a day, days of a review not booked, share drawn by lot, its seed.

    The share is in per cent of the visits that are still to be booked, rounded up. `every`: all sites that wait, not
    only as many as are owed. UsageError where a number makes no sense.
    """

    certificate: str
    sites_a_day: int = SITES_A_DAY
    days: int = 2
    drawn_percent: int = 0
    seed: int = 1
    every: bool = False

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not 1 <= self.sites_a_day <= 20:
            raise UsageError("the sites a day are a number from 1 to 20")
        if not 1 <= self.days <= 60:
            raise UsageError("the days of a review that is not booked are a number from 1 to 60")
        if not 0 <= self.drawn_percent <= 100:
            raise UsageError("the share of sites drawn by lot lies between 0 and 100 per cent")


@dataclass(frozen=True)
class VisitPlan:
    """A plan: its reviews (REVIEWS), visits (PLANNED) and what it leaves undone (UNDONE), with what is proven of it.

    owed: sites still to visit, null where no number is stated; distance and bound in kilometres, gap in per cent of
    the distance (0 where proved best); centres: sites tried as centres of reviews, of `possible_centres`; drawn: how
    many sites the lot fell on; without_place: visits of the plan to sites without coordinates.
    """

    reviews: pl.DataFrame
    visits: pl.DataFrame
    undone: pl.DataFrame
    owed: int | None
    drawn: int
    is_optimal: bool
    distance: float
    bound: float
    gap: float
    centres: int
    possible_centres: int
    without_place: int


def visit_plan(programme: Programme, day: date, wanted: Wanted, seconds: float = SECONDS) -> VisitPlan:
    """The visits that are left to make of a certificate, as of the day.

    UsageError where nobody holds that certificate on the day. The same input gives the same plan, unless HiGHS ran out
    of its seconds. Sites are drawn by lot in the order of the SHA-256 of `seed:site_code`, so that anybody can repeat
    it.
    """
    held = visits(programme, day).filter(pl.col("certificate_code") == wanted.certificate)
    if held.is_empty():
        raise UsageError(f"nobody holds the certificate {wanted.certificate} on this day")
    reviews = reviews_left(programme, day, wanted.certificate, wanted.days)
    waiting = _waiting(programme, day, wanted.certificate)
    booked = _booked(programme, day, wanted.certificate, waiting, reviews)
    owed = held["outstanding"][0]
    number = len(waiting) if wanted.every else owed or 0
    apart = [code for code, (_, review) in booked.items() if review is None]
    found = _candidates(waiting, reviews, booked, wanted, max(0, number - len(booked)))
    own = [sum(review == number for _, review in booked.values()) for number in range(len(reviews))]
    room = [max(len(r.days) * wanted.sites_a_day, taken) for r, taken in zip(reviews, own, strict=True)]
    chosen = choose(found, room, max(0, number - len(apart)), seconds)
    rows = _rows(found, reviews, chosen, booked, wanted)
    short = max(0, number - rows.height)
    return VisitPlan(
        _reviews(reviews, room, chosen, rows, wanted),
        rows,
        _undone(found, reviews, chosen, short, room),
        owed,
        sum(one.kind == "drawn" for one in found),
        chosen.is_optimal,
        chosen.distance,
        chosen.bound,
        _gap(chosen),
        chosen.centres,
        chosen.possible_centres,
        sum(one.place is None for one in found if one.code in chosen.review_of),
    )


def lot(codes: Iterable[str], seed: int) -> list[str]:
    """The codes in the order of a lot that anybody can draw again: by the SHA-256 of `seed:code`."""
    return sorted(codes, key=lambda code: (sha256(f"{seed}:{code}".encode()).hexdigest(), code))


def _gap(chosen: Choice) -> float:
    if chosen.is_optimal or not chosen.distance:
        return 0.0
    return round(100 * (chosen.distance - chosen.bound) / chosen.distance, 2)


# --- what there is to choose from -------------------------------------------------------------------------------------


def _waiting(programme: Programme, day: date, certificate: str) -> list[dict[str, Any]]:
    """The sites of the certificate that no visit of this cycle counts for and that are in scope, now or later."""
    rows = sites(programme, day).filter(
        pl.col("certificate_code") == certificate,
        ~pl.col("visited"),
        pl.col("in_scope_to").is_null() | (pl.col("in_scope_to") > day),
    )
    return rows.to_dicts()


def _booked(
    programme: Programme, day: date, certificate: str, waiting: Sequence[Mapping[str, Any]], reviews: Sequence[Review]
) -> dict[str, tuple[date, int | None]]:
    """The waiting sites with a planned visit that will count: its first day, and in which review (None: in none)."""
    held = programme.certificates.filter(pl.col("certificate_code") == certificate).row(0, named=True)
    cut_on = min(held["expires_on"], held["ended_on"] or held["expires_on"])
    remote = programme.profile(day, held["profile"]).remote_visits_count
    of_site = {row["site_code"]: row for row in waiting}
    number = {review.assessment_code: place for place, review in enumerate(reviews) if review.assessment_code}
    found: dict[str, tuple[date, int | None]] = {}
    for row in programme.visits.filter("planned", pl.col("visited_on") >= day).sort("visited_on").to_dicts():
        site, on = of_site.get(row["site_code"]), row["visited_on"]
        counts = (row["mode"] or "on_site") in (("on_site", "remote") if remote else ("on_site",))
        if site is None or site["site_code"] in found or not counts or on >= cut_on or not _in_scope(site, on, on):
            continue
        own = [
            place
            for code, place in number.items()
            if reviews[place].may_visit(site["department_codes"])
            and (code == row["assessment_code"] or reviews[place].days[0] <= on <= reviews[place].days[-1])
        ]
        named = number.get(row["assessment_code"])
        found[site["site_code"]] = (on, named if named in own else own[0] if own else None)
    return found


def _in_scope(site: Mapping[str, Any], first: date, last: date) -> bool:
    begins, ends = site["in_scope_from"], site["in_scope_to"]
    return (begins is None or begins <= first) and (ends is None or ends > last)


def _candidates(
    waiting: Sequence[Mapping[str, Any]],
    reviews: Sequence[Review],
    booked: Mapping[str, tuple[date, int | None]],
    wanted: Wanted,
    to_book: int,
) -> list[Candidate]:
    """The sites that are left to be planned, each with why it is to be visited."""
    open_in = {
        site["site_code"]: frozenset(
            number
            for number, review in enumerate(reviews)
            if review.may_visit(site["department_codes"]) and _in_scope(site, review.days[0], review.days[-1])
        )
        for site in waiting
    }
    free = [s["site_code"] for s in waiting if not s["must_visit"] and s["site_code"] not in booked]
    drawn = set(lot([c for c in free if open_in[c]], wanted.seed)[: -(-to_book * wanted.drawn_percent // 100)])
    found = []
    for site in waiting:
        code, place = site["site_code"], (site["latitude"], site["longitude"])
        kind = "must" if site["must_visit"] else "drawn" if code in drawn else "needed"
        where = open_in[code]
        if code in booked:
            number = booked[code][1]
            if number is None:
                continue
            kind, where = "booked", frozenset([number])
        found.append(Candidate(code, kind, where, None if None in place else place))
    return found


# --- what was chosen --------------------------------------------------------------------------------------------------


def _rows(
    found: Sequence[Candidate],
    reviews: Sequence[Review],
    chosen: Choice,
    booked: Mapping[str, tuple[date, int | None]],
    wanted: Wanted,
) -> pl.DataFrame:
    """PLANNED: review by review, the days filled by sweeping around the centre; what is booked keeps its day."""
    of_code = {site.code: site for site in found}
    told: list[tuple[str | None, date, str, str, float | None]] = []
    for code, (on, number) in booked.items():
        if number is None:
            told.append((None, on, code, "booked", None))
    for number, review in enumerate(reviews):
        own = [of_code[code] for code, of in chosen.review_of.items() if of == number]
        centre = of_code[chosen.centre_of[number]].place if number in chosen.centre_of else None
        days = _days(review, [booked[site.code][0] for site in own if site.kind == "booked"], wanted.sites_a_day)
        for site in sorted(own, key=lambda site: (_turn(centre, site), site.code)):
            on = booked[site.code][0] if site.kind == "booked" else next(days)
            far = kilometres(centre, site.place) if centre and site.place else None
            why = "near" if site.kind == "needed" and site.place else site.kind
            told.append((review.name, on, site.code, why, far))
    rows = pl.DataFrame(told, schema=PLANNED, orient="row")
    place = {review.name: number for number, review in enumerate(reviews)}
    return rows.sort(
        pl.col("review").replace_strict(place, default=-1, return_dtype=pl.Int64), "day", maintain_order=True
    )


def _turn(centre: tuple[float, float] | None, site: Candidate) -> float:
    return bearing(centre, site.place) if centre and site.place else inf


def _days(review: Review, taken: Sequence[date], sites_a_day: int) -> Iterator[date]:
    """The days of a review, each as often as it has room beside what is booked."""
    return iter([on for on in review.days for _ in range(max(0, sites_a_day - taken.count(on)))])


def _reviews(
    reviews: Sequence[Review], room: Sequence[int], chosen: Choice, rows: pl.DataFrame, wanted: Wanted
) -> pl.DataFrame:
    told = []
    for number, review in enumerate(reviews):
        far = rows.filter(pl.col("review") == review.name)["kilometres"]
        centre = chosen.centre_of.get(number)
        told.append(
            (
                review.name,
                review.assessment_code,
                review.department_code,
                review.days[0],
                review.days[-1],
                len(review.days),
                room[number],
                far.len(),
                far.len() / wanted.sites_a_day,
                centre,
                round(far.sum(), 3) if centre else None,
                far.max() if centre else None,
            )
        )
    return pl.DataFrame(told, schema=REVIEWS, orient="row")


def _undone(
    found: Sequence[Candidate], reviews: Sequence[Review], chosen: Choice, short: int, room: Sequence[int]
) -> pl.DataFrame:
    """UNDONE: the must-visit and drawn sites that no review takes, and how many the number lacks."""
    told: list[tuple[str | None, int, str, str]] = []
    for site in found:
        if site.kind in ("must", "drawn") and site.code not in chosen.review_of:
            told.append((site.code, 1, site.kind, _reason(site, reviews)))
    if short:
        waiting = sum(bool(site.reviews) and site.code not in chosen.review_of for site in found)
        if not reviews:
            reason = "no review is left in which it could be done"
        elif waiting:
            reason = f"the reviews that may visit them have room for {sum(room)} sites in all"
        else:
            reason = "no other site may be visited in a review that is left"
        told.append((None, short, "needed", reason))
    rows = pl.DataFrame(told, schema=UNDONE, orient="row")
    return rows.sort(pl.col("why").replace_strict(_ORDER, return_dtype=pl.Int64), maintain_order=True)


def _reason(site: Candidate, reviews: Sequence[Review]) -> str:
    if not reviews:
        return "no review is left in which it could be visited"
    if not site.reviews:
        return "no review that is left may visit it: none is of its department while it is in scope"
    return "the reviews that may visit it are full"
