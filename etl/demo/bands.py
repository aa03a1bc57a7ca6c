"""What came out: the bands of every assessment of the demo, with the sentences that assessors write.

The bands in force today come first, from the story; each department's past is then told backwards from them, so that
partials last for years, totals move both ways and later cycles are better. Last, no department ever passed its
allowance unless the story says so: it would not have kept its certificate.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from etl.demo.cast import Cast, Department, chance, phrases
from etl.demo.reviews import Review, troubled
from etl.demo.visits import Visit
from scheme.standard import BANDS, NOT_APPLICABLE, Standard

PLUS, COMPLIANT, PARTIAL, NONE = BANDS
CHARGES = "3.1.2"  # not applicable where nothing is charged


@dataclass(frozen=True)
class Result:
    """A band for an element at a review, of a department as a whole or of one of its sites."""

    department: str
    site: str
    kind: str
    day: date
    element: str
    band: str
    restated: bool
    review: str
    assessor: str
    reason: str = ""
    comment: str = ""


Looks = dict[str, list[tuple[Review, str]]]  # by element, in the order of days


def _today(cast: Cast, department: Department, seed: int, standard: Standard) -> dict[str, str]:
    # The bands in force on the day for which the demo is built.
    by = chance(seed, cast.code, department.code, "today")
    partial = department.partial
    if partial is None:
        free = [code for code in troubled(cast, department, seed, standard) if code not in department.mended]
        by.shuffle(free)
        chosen: list[str] = []
        for code in free[: by.choice((0, 1, 1, 2, 2, 3))]:
            if all(other[0] != code[0] for other in chosen):
                chosen.append(code)
        partial = tuple(chosen)
    bands = dict.fromkeys(standard.codes, COMPLIANT)
    firm = {*partial, *department.named}
    bands |= dict.fromkeys(
        by.sample([c for c in standard.codes if c not in firm], department.plus or by.randint(2, 9)), PLUS
    )
    if department.plus is not None and department.mended:
        bands[department.mended[0]] = PLUS
    if CHARGES not in firm and chance(cast.code, department.code, "charges").random() < 0.35:
        bands[CHARGES] = NOT_APPLICABLE
    return bands | dict.fromkeys(partial, PARTIAL) | dict.fromkeys(department.non_compliant, NONE)


def _before(band: str, hard: float, by: random.Random) -> str:
    # The band at the look before one that gave this band; `hard` is the share of compliant ones that were partial.
    dice = by.random()
    if band == NOT_APPLICABLE:
        return band
    if band == PLUS:
        return PLUS if dice < 0.68 else COMPLIANT
    if band == PARTIAL:
        return PARTIAL if dice < 0.72 else COMPLIANT
    if band == NONE:
        return PARTIAL if dice < 0.6 else COMPLIANT
    if hard:
        return PARTIAL if dice < hard else COMPLIANT
    return PLUS if dice < 0.05 else PARTIAL if dice > 0.975 else COMPLIANT


def looks(cast: Cast, department: Department, formal: Sequence[Review], seed: int, standard: Standard) -> Looks:
    """The bands given at each look at each element, earliest first."""
    by = chance(seed, cast.code, department.code, "bands")
    hard = set(troubled(cast, department, seed, standard))
    bands: dict[tuple[str, str], str] = {}
    settled: set[tuple[str, str]] = set()
    for element, now in _today(cast, department, seed, standard).items():
        seen = [review for review in formal if not review.scope or element in review.scope]
        band = now
        for number, review in enumerate(reversed(seen)):
            told = number == 1 and element in (*department.slipped, *department.mended)
            if told:
                band = COMPLIANT if element in department.slipped else PARTIAL
            elif number:
                band = _before(band, (0.2 if number == 1 else 0.5) * (element in hard), by)
            if element in review.failing and band != NOT_APPLICABLE:
                band = NONE
            bands[review.code, element] = band
            if told or number == 0:
                settled.add((review.code, element))
    _within_allowance(department, formal, bands, settled, standard)
    given: Looks = defaultdict(list)
    for review in formal:
        for element in standard.codes:
            if (review.code, element) in bands:
                given[element].append((review, bands[review.code, element]))
    return given


def _within_allowance(
    department: Department,
    formal: Sequence[Review],
    bands: dict[tuple[str, str], str],
    settled: set[tuple[str, str]],
    standard: Standard,
) -> None:
    # Partials that the story does not settle become compliant where there are too many; those who slip had room before.
    allowances = standard.profile.allowances if standard.profile else {}
    given_at: dict[str, str] = {}
    for review in formal:
        given_at |= {element: review.code for element in standard.codes if (review.code, element) in bands}
        room = department.slipped and review is not formal[-1]
        for criterion in standard.criteria:
            partial = [e for e in criterion.elements if bands.get((given_at.get(e, ""), e)) == PARTIAL]
            over = len(partial) - allowances[criterion.code] + bool(room)
            loose = [e for e in partial if (given_at[e], e) not in settled]
            for element in sorted(loose, key=lambda e: given_at[e] != review.code)[: max(over, 0)]:
                bands[given_at[element], element] = COMPLIANT


def _frame(band: str, before: str | None) -> str:
    if band == PLUS:
        return "plus" if before is None else "kept_plus" if before == PLUS else "raised"
    if band == COMPLIANT:
        return {None: "met", COMPLIANT: "kept", PLUS: "lowered"}.get(before, "mended")
    if band == PARTIAL:
        return {None: "partial", PARTIAL: "still", NONE: "better_than_none"}.get(before, "slipped")
    return "free" if band == NOT_APPLICABLE else "none"


def _results_of(
    cast: Cast, department: Department, all_looks: Looks, formal: Sequence[Review], seed: int
) -> Iterator[Result]:
    says, prints_all = phrases(), chance(cast.code, department.code, "prints").random() < 0.5
    standing: dict[str, str] = {}
    at = {(review.code, element): band for element, seen in all_looks.items() for review, band in seen}
    for review in formal:
        by = chance(seed, review.code, "comments")
        before = dict(standing)
        for element in all_looks:
            band = at.get((review.code, element))
            if band is not None:
                reason = by.choice(says.words["reasons"]) if band == PARTIAL else ""
                reason = "nothing is charged" if band == NOT_APPLICABLE else reason
                comment = says.say(_frame(band, before.get(element)), element, by)
                standing[element] = band
                yield Result(
                    department.code, "", review.kind, review.day, element, band, False, review.code, review.assessor,
                    reason, comment,
                )  # fmt: skip
            elif prints_all and element in standing and review.kind != "reassessment":
                yield Result(
                    department.code, "", review.kind, review.day, element, standing[element], True, review.code,
                    review.assessor,
                )  # fmt: skip


def _by_site(formal: Sequence[Review], visits: Iterable[Visit], seed: int, standard: Standard) -> Iterator[Result]:
    # A department that is assessed site by site has no bands of its own.
    visited: dict[str, list[str]] = defaultdict(list)
    for visit in visits:
        visited[visit.review].append(visit.site)
    for review in formal:
        for site in visited[review.code]:
            by = chance(seed, review.code, site)
            for element in review.scope or standard.codes:
                dice = by.random()
                band = PLUS if dice < 0.12 else PARTIAL if dice > 0.975 else COMPLIANT
                comment = phrases().say(
                    "plus" if band == PLUS else "met" if band == COMPLIANT else "partial", element, by
                )
                yield Result(
                    review.department, site, review.kind, review.day, element, band, False, review.code,
                    review.assessor, "", comment,
                )  # fmt: skip


def _site_checks(
    cast: Cast, department: Department, review: Review, visits: Iterable[Visit], seed: int
) -> Iterator[Result]:
    # Premises, people and information are looked at site by site as well; at a shared site they would speak of all.
    own = {site.code for site in cast.sites if site.departments == (department.code,)}
    for visit in visits:
        if visit.review == review.code and visit.mode == "on_site" and visit.site in own:
            by = chance(seed, review.code, visit.site, "check")
            for element in ("2.2.2", "3.1.1", "3.3.3"):
                band = PARTIAL if by.random() < 0.06 else PLUS if by.random() < 0.15 else COMPLIANT
                frame = {PARTIAL: "partial", PLUS: "plus"}.get(band, "met")
                yield Result(
                    department.code, visit.site, review.kind, visit.day, element, band, False, review.code,
                    review.assessor, "not everywhere" if band == PARTIAL else "",
                    phrases().say(frame, element, by),
                )  # fmt: skip


def _in_force(all_looks: Looks, element: str, day: date) -> str | None:
    bands = [band for review, band in all_looks.get(element, ()) if review.day <= day]
    return bands[-1] if bands else None


def _informal(
    review: Review, all_looks: Looks, seed: int, standard: Standard, told: Mapping[str, str]
) -> Iterator[Result]:
    # Departments rate themselves higher than assessors do; papers alone show less than a visit.
    by = chance(seed, review.code, "informal")
    for element in review.scope or standard.codes:
        band, dice = _in_force(all_looks, element, review.day), by.random()
        if band == NOT_APPLICABLE:
            pass
        elif review.kind == "gap_analysis":
            band = NONE if dice < 0.12 else PARTIAL if dice < 0.45 else COMPLIANT
        elif band is None:
            band = COMPLIANT if dice < 0.8 else PARTIAL
        elif review.kind == "self_assessment":
            kinder = {NONE: PARTIAL, PARTIAL: COMPLIANT, COMPLIANT: PLUS, PLUS: PLUS}[band]
            band = kinder if dice < (0.6 if band in (NONE, PARTIAL) else 0.1) else band
        elif band == COMPLIANT and dice < 0.06:
            band = PARTIAL
        elif band == PLUS and dice < 0.4:
            band = COMPLIANT
        band = told.get(element, band)
        comment = phrases().say("self", element, by) if review.kind == "self_assessment" and dice < 0.25 else ""
        if review.kind == "desk_review":
            frame = {PARTIAL: "partial", NOT_APPLICABLE: "free", NONE: "none"}.get(band, "met")
            comment = phrases().say(frame, element, by)
        yield Result(
            review.department, "", review.kind, review.day, element, band, False, review.code, review.assessor,
            "", comment,
        )  # fmt: skip


def results(
    cast: Cast, reviews: Sequence[Review], visits: Sequence[Visit], seed: int, standard: Standard
) -> tuple[list[Result], Mapping[str, Looks]]:
    """Every result of every held review, in the order of days; and the looks of each department behind them."""
    given: list[Result] = []
    by_department: dict[str, Looks] = {}
    held: dict[str, list[Review]] = defaultdict(list)
    for review in reviews:
        if not review.planned:
            held[review.department].append(review)
    for code, department in cast.everyone.items():
        formal = [review for review in held[code] if review.formal]
        if department.by_site:
            given += _by_site(formal, visits, seed, standard)
        all_looks = {} if department.by_site else looks(cast, department, formal, seed, standard)
        by_department[code] = all_looks
        given += _results_of(cast, department, all_looks, formal, seed)
        if formal and not department.by_site and code:
            given += _site_checks(cast, department, formal[-1], visits, seed)
        for review in held[code]:
            if not review.formal:
                lately = review.kind == "desk_review" and review is held[code][-1]
                found = dict.fromkeys(department.desk_partial, PARTIAL)
                found |= dict.fromkeys(department.desk_non_compliant, NONE)
                given += _informal(review, all_looks, seed, standard, found if lately else {})
    return sorted(given, key=lambda r: (r.day, r.department, r.kind, r.site)), by_department
