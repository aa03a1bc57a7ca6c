"""When the departments of the demo were looked at, by whom, and at what: certificates and assessments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from etl.demo.cast import Cast, Department, chance, phrases
from scheme.standard import FORMAL, Standard, code_order

SHORT = {
    "self_assessment": "SA",
    "gap_analysis": "GA",
    "desk_review": "DR",
    "initial": "IN",
    "annual_review": "AR",
    "renewal": "RN",
    "reassessment": "RA",
}
BOOKED_AHEAD = 500  # days


@dataclass(frozen=True)
class Certificate:
    """An award to a department, or to the corporate body ("")."""

    code: str
    department: str
    awarded_on: date
    expires_on: date
    ended_on: date | None
    sites_required: int | None


@dataclass(frozen=True)
class Review:
    """An assessment of one department. `scope` is empty where all elements are looked at."""

    department: str
    kind: str
    day: date
    scope: tuple[str, ...]
    planned: bool
    assessor: str
    failing: tuple[str, ...] = ()  # non-compliant here and mended at the reassessment that follows
    submitted: bool = False

    @property
    def code(self) -> str:
        """A code made of the department, the type and the day."""
        return f"{self.department or 'CORP'}-{SHORT[self.kind]}-{self.day:%y%m%d}"

    @property
    def formal(self) -> bool:
        """Whether it moves the official position."""
        return self.kind in FORMAL


def years_later(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 28 February where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def working_day(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta((7 - day.weekday()) % 7 if day.weekday() > 4 else 0)


def _awards(department: Department, today: date) -> list[date]:
    last = today - timedelta(department.award_days or 0)
    since = today - timedelta(department.opened_days if department.opened_days is not None else 9 * 366)
    return [day for back in (6, 3, 0) if (day := years_later(last, -back)) >= since]


def certificates(cast: Cast, today: date) -> list[Certificate]:
    """Every award of three cycles, the corporate body's first; closed departments were under its certificate."""
    given = []
    for department in cast.everyone.values():
        if department.award_days is None or department.closed_days is not None:
            continue
        for day in (awards := _awards(department, today)):
            ended = department.ended_days if day == awards[-1] else None
            given.append(
                Certificate(
                    f"{department.code or 'CORPORATE'}-{day.year}",
                    department.code,
                    day,
                    years_later(day, 3),
                    None if ended is None else today - timedelta(ended),
                    department.sites_required,
                )
            )
    return given


def _year_days(cast: Cast, holder: Department, award: date, seed: int, today: date) -> list[date]:
    # The reviews of a cycle: most a few weeks before the anniversary, some after it.
    by = chance(seed, cast.code, holder.code, award)
    days = []
    for year in (1, 2, 3):
        due = years_later(award, year)
        early, late = by.randint(8, 50), by.randint(10, 60)
        slips = by.random() < 0.18 and year < 3 and holder.partial is None
        day = working_day(due + timedelta(late if slips else -early))
        if holder.next_in is not None and abs((due - today).days - holder.next_in) < 120:
            day = today + timedelta(holder.next_in)
        elif -5 < (day - today).days <= 5:
            day = working_day(today + timedelta(9))
        days.append(day)
    return days


def _scopes(
    cast: Cast, holder: Department, award: date, latest: bool, seed: int, standard: Standard
) -> list[tuple[str, ...]]:
    # Between them the three reviews of a cycle look at everything, unless the story says that they did not.
    by = chance(seed, cast.code, holder.code, award, "scope")
    rolling = [code for code in standard.codes if code not in cast.annual]
    by.shuffle(rolling)
    if latest and holder.looks:
        sizes = [looks - len(cast.annual) for looks in holder.looks]
    else:
        first, second = by.randint(15, 19), by.randint(15, 19)
        sizes = [first, second, len(rolling) - first - second]
    ends = [sum(sizes[:n]) for n in range(4)]
    return [tuple(sorted((*cast.annual, *rolling[ends[n] : ends[n + 1]]), key=code_order)) for n in range(3)]


def _formal(cast: Cast, department: Department, seed: int, today: date, standard: Standard) -> Iterator[Review]:
    holder = department if department.award_days is not None else cast.holder(department.code)
    by = chance(seed, cast.code, department.code, "reviews")
    opened = today - timedelta(department.opened_days) if department.opened_days is not None else date.min
    closed = today - timedelta(department.closed_days) if department.closed_days is not None else date.max
    people = phrases().words["assessors"]
    if department.first_in is not None:
        yield Review(
            department.code, "initial", working_day(today + timedelta(department.first_in)), (), True, people[0]
        )
    if holder is None or holder.award_days is None or department.self_only or department.first_in is not None:
        return
    awards, turn = _awards(holder, today), chance(cast.code, holder.code, "assessor").randrange(len(people))
    began = False
    for cycle, award in enumerate(awards):
        days = _year_days(cast, holder, award, seed, today)
        scopes = _scopes(cast, holder, award, award == awards[-1], seed, standard)
        events = list(zip(("annual_review", "annual_review", "renewal"), days, scopes, strict=True))
        if cycle == 0:
            events.insert(0, ("initial", working_day(award - timedelta(by.randint(28, 45))), ()))
        for kind, day, scope in events:
            if holder is not department:  # teams are seen the day before, so that their holder's day is the last
                day -= timedelta(3 if day.weekday() == 0 else 1)
            ahead = (day - today).days
            if not opened <= day < closed or (department.silent_days and -ahead < department.silent_days):
                continue
            if ahead > BOOKED_AHEAD:
                continue
            if not began:
                looks = department.initial_looks or len(standard.codes)
                some = by.sample(standard.codes, looks) if looks < len(standard.codes) else []
                kind, scope = "initial", tuple(sorted({*some, *(cast.annual if some else ())}, key=code_order))
            began = True
            assessor = people[(turn + cycle * 2 + (kind == "renewal")) % len(people)]
            yield Review(department.code, kind, day, scope, ahead > 0, assessor, submitted=department.submitted)


def _with_reassessments(
    cast: Cast, department: Department, reviews: list[Review], seed: int, today: date, standard: Standard
) -> list[Review]:
    by = chance(seed, cast.code, department.code, "reassessments")
    held = [review for review in reviews if not review.planned]
    given = list(reviews)

    def fail(review: Review, element: str, day: date, planned: bool = False) -> None:
        at = given.index(review)
        scope = tuple(sorted({*review.scope, element}, key=code_order)) if review.scope else ()
        given[at] = replace(review, scope=scope, failing=() if planned else (element,))
        given.append(Review(department.code, "reassessment", day, (element,), planned, review.assessor))

    if department.reassessed:
        day = working_day(today - timedelta(department.reassessed_days))
        before = [review for review in held if review.day < day - timedelta(20)]
        if before:
            fail(before[-1], department.reassessed, day)
    elif department.reassess_in is not None and held:
        fail(held[-1], department.non_compliant[0], working_day(today + timedelta(department.reassess_in)), True)
    elif len(held) > 4 and by.random() < 0.3:
        element = by.choice([code for code in standard.codes if code not in department.named])
        review = by.choice(held[1:-3])
        fail(review, element, working_day(review.day + timedelta(by.randint(55, 80))))
    return sorted(given, key=lambda review: (review.day, review.code))


def troubled(cast: Cast, department: Department, seed: int, standard: Standard) -> tuple[str, ...]:
    """The elements with which a department has or had a hard time, the story's first; assessors look again at them."""
    by = chance(seed, cast.code, department.code, "troubled")
    free = [code for code in standard.codes if code not in department.named]
    return (*dict.fromkeys(department.named), *by.sample(free, by.randint(4, 7)))


def reviews(cast: Cast, seed: int, today: date, standard: Standard) -> list[Review]:
    """Every assessment, held or booked, of every department, in the order of days."""
    given: list[Review] = []
    for department in cast.everyone.values():
        by = chance(seed, cast.code, department.code, "looks")
        again = troubled(cast, department, seed, standard)
        formal = []
        for review in _formal(cast, department, seed, today, standard):
            scope = review.scope
            if scope and not department.looks and review.kind != "initial":
                scope = tuple(sorted({*scope, *(code for code in again if by.random() < 0.6)}, key=code_order))
            if review.kind == "renewal" and chance(cast.code, review.department.split("-")[0], "full").random() < 0.25:
                scope = ()
            formal.append(replace(review, scope=scope))
        held = [n for n, review in enumerate(formal) if not review.planned]
        if held and formal[held[-1]].scope:  # what the story says of today was seen at the latest review
            last = formal[held[-1]]
            formal[held[-1]] = replace(last, scope=tuple(sorted({*last.scope, *department.named}, key=code_order)))
        formal = _with_reassessments(cast, department, formal, seed, today, standard)
        given += [*formal, *_informal(cast, department, formal, seed, today)]
    return sorted(given, key=lambda review: (review.day, review.code))


def _informal(cast: Cast, department: Department, formal: Sequence[Review], seed: int, today: date) -> Iterator[Review]:
    by = chance(seed, cast.code, department.code, "informal")
    owner = by.choice(phrases().words["owners"])
    if department.self_only:
        for back in range(min(4, cast.self_assessed_days // 365)):
            yield Review("", "self_assessment", working_day(today - timedelta(170 + 365 * back)), (), False, owner)
    for review in formal:
        own, desk = (working_day(review.day - timedelta(days)) for days in (by.randint(38, 60), by.randint(18, 30)))
        dice = by.random()
        if review.kind == "initial" and dice < 0.4 and not review.planned:
            yield Review(
                department.code, "gap_analysis", working_day(review.day - timedelta(210)), (), False, review.assessor
            )
        if review.kind == "reassessment":
            continue
        if -cast.self_assessed_days < (own - today).days <= 0 and review.kind != "initial":
            yield Review(department.code, "self_assessment", own, (), False, owner)
        found = {*department.desk_partial, *department.desk_non_compliant}
        if found and 0 < (review.day - today).days <= 28:
            scope, lately = tuple(sorted({*review.scope, *found}, key=code_order)), today - timedelta(2)
            before = timedelta(max(0, lately.weekday() - 4))  # the Friday before a weekend
            yield Review(department.code, "desk_review", lately - before, scope, False, review.assessor)
        elif desk <= today and review.scope and dice < 0.35:
            yield Review(department.code, "desk_review", desk, review.scope, False, review.assessor)
