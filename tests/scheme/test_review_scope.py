"""The scope of the next review against a slow twin, and in cases written by hand."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scheme.errors import UsageError
from scheme.review_scope import planned_reviews, review_scope
from tests import oracle
from tests.by_hand import assessment, certificate, department, on, programme, result
from tests.programmes import cases, frame
from tests.scheme.test_rules_agree_with_their_slow_twins import examples

REVIEWS = ("initial", "annual_review", "renewal")


# --- the slow twin, from docs/scheme.md ("The next review") ----------------------------------------------------------


def ahead_of(programme, certificate, day) -> list[dict[str, Any]]:
    """The formal assessments planned on or after the day, inside the cycle, of the holder and all below it."""
    places = oracle.with_all_below(programme, certificate["department_code"])
    return [
        row
        for row in programme.assessments.to_dicts()
        if row["planned"]
        and row["assessment_type"] in oracle.FORMAL
        and row["department_code"] in places
        and row["ended_on"] >= day
        and oracle.counts_in_cycle(certificate, row["ended_on"])
    ]


def twin(programme, day, certificate, own, last, capacity):
    """Order of need, what is taken, and the fewest that must be missed, found by matching jobs to looks one by one."""
    years = [
        row for row in oracle.cycle_years(programme, day) if row["certificate_code"] == certificate["certificate_code"]
    ]
    cells = [
        row for row in oracle.coverage(programme, day) if row["certificate_code"] == certificate["certificate_code"]
    ]
    profile = oracle.profile_on(programme, day, certificate["profile"])
    planned = ahead_of(programme, certificate, day)
    days = {x for row in years for x in row["assessment_days"]} | {row["ended_on"] for row in planned} | {last}
    bounds = [(row["begins_on"], row["ends_on"]) for row in years]
    settled = oracle.settled(bounds, days, profile.review_grace_days)
    year_of = {x: k for k, own_days in enumerate(settled) for x in own_days}
    year = year_of[last]
    others = [row for row in planned if row["assessment_code"] != own["assessment_code"]]
    standing = {
        row["element"]: row
        for row in oracle.standing(programme, day)
        if row["department_code"] == own["department_code"]
    }

    def promised(element: str, kind: str, when: int) -> bool:
        scopes = [(year_of[row["ended_on"]], row["scope"] or ()) for row in others]
        return any(element in scope and (kind == "rolling" or then == when) for then, scope in scopes)

    def need(cell):
        element, kind, last_on = cell["element"], cell["kind"], cell["last_covered_on"]
        band = standing.get(element)
        poor = band and band["band"] in ("partial", "non_compliant")
        again = bool(poor and (last_on is None or last_on <= band["assessed_on"]))
        order = oracle.BEST_FIRST
        fell = bool(
            band
            and band["band"] in order
            and band["previous_band"] in order
            and order.index(band["band"]) > order.index(band["previous_band"])
        )
        if promised(element, kind, year):
            group, again, fell = 5, False, False
        elif kind == "annual" and cell["years"][year] != "covered":
            group = 0
        elif not cell["covered"]:
            group = 1
        else:
            group = 2 if again else 3 if fell else 4
        worst = {"non_compliant": 0, "partial": 1}[band["band"]] if again else 2
        seen = last_on or (band and band["assessed_on"])
        return group, worst, not fell, (seen is not None, seen), oracle.number_order(element)

    order = sorted(cells, key=need)
    takes = [cell for cell in order if need(cell)[0] < 5]

    left_days = {row["ended_on"] for row in planned if row["assessment_type"] in REVIEWS}
    left_days |= {last}
    scopes = {x: {e for row in others if row["ended_on"] == x and row["assessment_type"] in REVIEWS
                  for e in row["scope"] or ()} for x in left_days - {last}}  # fmt: skip

    def fewest_missed(reviews_left, empty_years, capacity):
        looks = [year_of[x] for x, scope in scopes.items() for _ in range(capacity - len(scope))]
        with_review = {year, *(year_of[x] for x in scopes)}
        assumed = [k for k in empty_years if k not in with_review][: max(0, reviews_left - len(left_days))]
        looks += [k for k in assumed for _ in range(capacity)]
        taken = {cell["element"] for cell in takes[:capacity]}
        wanted = {k for k, row in enumerate(years) if row["state"] == "running"} | with_review | set(assumed)
        jobs = [
            (cell["element"], k)
            for cell in cells
            if cell["kind"] == "annual"
            for k in wanted
            if cell["years"][k] != "covered"
            and not promised(cell["element"], "annual", k)
            and not (k == year and cell["element"] in taken)
        ]
        jobs += [
            (cell["element"], None)
            for cell in cells
            if cell["kind"] == "rolling" and not cell["covered"] and cell["element"] not in taken
            if not promised(cell["element"], "rolling", year)
        ]
        return len(jobs) - matched(jobs, looks)

    return [cell["element"] for cell in order], [cell["element"] for cell in takes[:capacity]], fewest_missed


def matched(jobs, looks) -> int:
    """The most jobs that can have a look of their own, by augmenting paths."""
    holder: dict[int, int] = {}

    def finds(job: int, tried: set[int]) -> bool:
        for look, year in enumerate(looks):
            if look not in tried and jobs[job][1] in (None, year):
                tried.add(look)
                if look not in holder or finds(holder[look], tried):
                    holder[look] = job
                    return True
        return False

    return sum(finds(job, set()) for job in range(len(jobs)))


@st.composite
def asked(draw):
    """A programme, a day, a certificate in force with a review of it or a day, and a capacity."""
    made, day = draw(cases())
    codes = count()
    renamed = made.assessments.with_columns(
        assessment_code=pl.Series([f"R{next(codes)}" for _ in range(made.assessments.height)], dtype=pl.String)
    )
    made = replace(made, assessments=renamed)
    running = [
        row
        for row in oracle.chosen_certificates(made, day)
        if day < min(row["expires_on"], row["ended_on"] or row["expires_on"])
    ]
    assume(running)
    chosen = draw(st.sampled_from(running))
    reviews = [row for row in ahead_of(made, chosen, day) if row["assessment_type"] in REVIEWS]
    ends = min(chosen["expires_on"], chosen["ended_on"] or chosen["expires_on"])
    last = draw(st.sampled_from([day, ends - timedelta(days=1), day + (ends - day) // 2]))
    review = draw(st.sampled_from([None, *reviews, *reviews]))
    return made, day, chosen, review, last, draw(st.integers(1, 7))


def of(case):
    made, day, chosen, review, last, capacity = case
    which = {"on": last} if review is None else {"review": review["assessment_code"]}
    return review_scope(made, day, chosen["certificate_code"], **which, capacity=capacity)


@examples
@given(case=asked())
def test_the_proposal_is_what_its_twin_finds_and_misses_no_more_than_must_be(case):
    made, day, chosen, review, last, capacity = case
    found = of(case)
    own = review or {"assessment_code": None, "department_code": chosen["department_code"], "ended_on": last}
    if review is None:
        row = {"assessment_type": "annual_review", "planned": True, "ended_on": last, "started_on": last}
        row |= {"department_code": chosen["department_code"]}
        more = frame([row], made.assessments.schema)
        made = replace(made, assessments=pl.concat([made.assessments, more]))
    order, taken, fewest_missed = twin(made, day, chosen, own, own["ended_on"], capacity)
    assert found.elements["element"].to_list() == order
    assert found.taken == taken
    assert_the_best_is_taken(found, capacity)
    states = [row for row in oracle.cycle_years(made, day) if row["certificate_code"] == found.certificate_code]
    profile = oracle.profile_on(made, day, chosen["profile"])
    places = oracle.with_all_below(made, chosen["department_code"])
    reviewed = {x for _, x in oracle.counting(_only(made, REVIEWS), chosen, profile, day)}
    ends = min(chosen["expires_on"], chosen["ended_on"] or chosen["expires_on"])
    empty = [
        k
        for k, row in enumerate(states)
        if row["state"] != "over" and row["begins_on"] < ends and not reviewed & set(row["assessment_days"])
    ]
    assert places
    missed = lambda n: fewest_missed(found.reviews_left, empty, n)  # noqa: E731
    assert found.missed.height == missed(capacity)
    assert found.unavoidable == missed(len(order))
    assert found.needed == min(n for n in range(len(order) + 1) if missed(n) == found.unavoidable)
    assert found.outstanding == sum(
        row["outstanding"] for row in oracle.coverage(made, day) if row["certificate_code"] == found.certificate_code
    )


def assert_the_best_is_taken(found, capacity: int) -> None:
    """No element left out has a higher need than one taken, what is annual comes first, what others do is left."""
    own = found.elements.filter(pl.col("group") != "planned")
    assert own["taken"].to_list() == [n < capacity for n in range(own.height)]
    assert not found.elements.filter(pl.col("group") == "planned")["taken"].any()
    groups = own["group"].to_list()
    assert groups == sorted(groups, key=("annual", "not_covered", "second_look", "fallen", "age").index)


def _only(made, types):
    """The programme with the results and assessments of these types alone."""
    kept = pl.col("assessment_type").is_in(types)
    return replace(made, results=made.results.filter(kept), assessments=made.assessments.filter(kept))


@examples
@given(case=asked())
def test_with_room_for_everything_only_that_is_missed_for_which_no_review_is_left(case):
    found = of((*case[:-1], 60))
    assert found.missed.height == found.unavoidable
    assert found.missed.filter(pl.col("kind") == "rolling").is_empty()
    assert found.missed.filter(pl.col("year") == found.year).is_empty()


# --- by hand ----------------------------------------------------------------------------------------------------------

CYCLE = certificate("2024-04-01", "2027-04-01")
CODES = [element.code for element in programme().standard.elements]


def everything(day, band="compliant", **named):
    bands = {name.removeprefix("e").replace("_", "."): value for name, value in named.items()}
    return [result(code, bands.get(code, band), day) for code in CODES]


def proposed(*rows, day="2026-06-01", annual=("1.1.1", "4.3.2"), **asked_for):
    return review_scope(programme(*rows, annual_elements=annual), on(day), "C", **asked_for)


def row(found, element):
    return found.elements.row(by_predicate=pl.col("element") == element, named=True)


def test_each_element_says_why_in_a_sentence():
    found = proposed(
        CYCLE,
        *everything("2025-03-10", e1_2_1="compliance_plus", e1_2_2="partial"),
        result("1.2.1", "compliant", "2026-03-05"),
        result("2.1.1", "not_applicable", "2026-03-06"),
    )
    assert found.year == 3
    assert row(found, "1.1.1")["reason"] == "Due every year and not looked at in year 3 yet."
    assert row(found, "1.2.2")["reason"] == "Partial on 10 March 2025 and not looked at since."
    assert row(found, "1.2.1")["reason"] == "Fell from Compliance plus to Compliant on 5 March 2026."
    assert row(found, "2.1.1")["reason"] == "Looked at on 6 March 2026; nothing is owed."
    assert found.elements["element"].to_list()[:4] == ["1.1.1", "4.3.2", "1.2.2", "1.2.1"]
    assert found.elements["element"].to_list()[-1] == "2.1.1"


def test_a_fall_to_partial_is_told_with_what_it_fell_from():
    found = proposed(CYCLE, *everything("2025-03-10"), result("1.2.1", "partial", "2026-03-05"))
    assert row(found, "1.2.1")["reason"] == "Fell from Compliant to Partial on 5 March 2026 and not looked at since."
    assert row(found, "1.2.1")["group"] == "second_look"


def test_a_partial_that_was_looked_at_since_is_owed_no_second_look():
    later = assessment("annual_review", "2026-03-05", "1.2.2")
    found = proposed(CYCLE, *everything("2025-03-10", e1_2_2="partial"), later)
    assert row(found, "1.2.2")["group"] == "age"


def test_when_everything_was_looked_at_it_says_so():
    found = proposed(CYCLE, *everything("2026-05-10"), annual=())
    assert found.sentence == "Everything was looked at in this cycle: nothing is outstanding."
    assert found.missed.is_empty()


def test_the_sentence_says_how_many_reviews_are_left_and_what_will_be_missed():
    rows = [CYCLE, *(result(code, "compliant", "2025-03-10") for code in CODES[:23])]
    planned = assessment("annual_review", "2026-09-01", planned=True, code="A")
    last = assessment("renewal", "2027-02-01", planned=True, code="B")
    found = proposed(*rows, planned, last, annual=(), capacity=10)
    assert (found.code, found.reviews_left, found.outstanding, found.needed) == ("A", 2, 34, 17)
    assert found.sentence == (
        "2 reviews are left and 34 elements are outstanding, 17 for each review; this one looks at 10: 14 will be "
        "missed unless a review looks at more."
    )
    assert found.missed["element"].to_list() == CODES[-14:]
    assert found.missed["why"][0] == "No review looks at it before the cycle ends on 1 April 2027."


def test_what_another_planned_review_will_look_at_is_left_to_it():
    other = assessment("renewal", "2027-02-01", " ".join(CODES[3:]), planned=True, code="B")
    found = proposed(CYCLE, other, assessment("annual_review", "2026-09-01", planned=True, code="A"), annual=())
    assert (found.code, found.taken) == ("A", CODES[:3])
    assert row(found, CODES[3])["reason"] == "Review B on 1 February 2027 will look at it."


def test_annual_elements_whose_year_is_over_are_lost_for_good():
    found = proposed(CYCLE, result("4.3.2", "compliant", "2024-08-10"), result("1.1.2", "compliant", "2025-08-10"))
    assert found.lost.rows() == [("1.1.1", [1, 2]), ("4.3.2", [2])]


def test_a_review_takes_as_many_as_this_holders_reviews_did_and_where_none_tells_as_many_as_needed():
    held = [*(result(code, "compliant", "2024-08-10") for code in CODES[:6])]
    assert proposed(CYCLE, *held, annual=()).capacity == 6
    found = proposed(CYCLE, annual=(), day="2026-04-10")
    assert (found.usual, found.reviews_left, found.capacity) == (None, 2, 29)  # year 2 is still in its grace


def test_where_no_review_is_planned_the_last_day_of_the_first_year_without_one_is_taken():
    found = proposed(CYCLE, *(result(code, "compliant", "2024-08-10") for code in CODES[:6]), day="2025-06-01")
    assert (found.code, found.ended_on, found.year) == (None, on("2026-03-31"), 2)


def test_a_review_in_the_grace_of_an_empty_year_counts_for_that_year():
    slipped = assessment("annual_review", "2025-05-01", planned=True, code="A")
    found = proposed(CYCLE, slipped, day="2025-04-10")
    assert found.year == 1
    assert row(found, "1.1.1")["reason"] == "Due every year and not looked at in year 1 yet."


def test_the_bands_are_those_of_the_department_reviewed():
    rows = [CYCLE, department("A"), *everything("2025-03-10"), result("1.2.1", "partial", "2025-08-10", of="A")]
    below = assessment("annual_review", "2026-09-01", of="A", planned=True, code="R")
    found = proposed(*rows, below, annual=())
    assert (found.department_code, found.taken[0], row(found, "1.2.1")["band"]) == ("A", "1.2.1", "partial")
    assert row(proposed(*rows, below, annual=(), on=on("2026-10-01")), "1.2.1")["band"] == "compliant"


@pytest.mark.parametrize(
    ("asked_for", "words"),
    [
        ({"review": "H"}, "review H was held on 10 March 2026; choose one that is still to come"),
        ({"review": "P"}, "review P was planned for 5 May 2026, which is past; was it held?"),
        ({"review": "X"}, "there is no review X planned under this certificate"),
        ({"review": "Z"}, "there is no review Z planned under this certificate"),
        ({"on": on("2026-05-31")}, "31 May 2026 is not among the days left"),
        ({"on": on("2027-04-01")}, "1 April 2027 is not among the days left"),
        ({"capacity": 0}, "a review looks at one element at least"),
    ],
)
def test_what_makes_no_sense_is_refused_in_plain_words(asked_for, words):
    rows = [
        assessment("annual_review", "2026-03-10", code="H"),
        assessment("annual_review", "2026-05-05", planned=True, code="P"),
        department("B"),
        certificate("2025-04-01", "2028-04-01", "D", "B"),
        assessment("reassessment", "2026-09-09", planned=True, code="Z"),
    ]
    with pytest.raises(UsageError, match=words):
        proposed(CYCLE, *rows, **asked_for)


def test_a_certificate_that_ended_is_refused():
    ended = certificate("2024-04-01", "2027-04-01", ended="2026-05-01")
    with pytest.raises(UsageError, match="certificate C is not in force since 1 May 2026"):
        proposed(ended)
    with pytest.raises(UsageError, match="there is no certificate Q on this day"):
        review_scope(programme(ended), on("2026-06-01"), "Q")


def test_planned_reviews_come_by_day_without_reassessments():
    rows = [
        assessment("renewal", "2027-02-01", planned=True, code="B"),
        assessment("reassessment", "2026-09-01", planned=True, code="R"),
        assessment("annual_review", "2026-09-01", "1.1.1", planned=True, code="A"),
        assessment("annual_review", "2026-05-01", planned=True, code="OVER"),
    ]
    listed = planned_reviews(programme(CYCLE, *rows), on("2026-06-01"))
    assert listed["assessment_code"].to_list() == ["A", "B"]


def test_what_a_planner_chose_instead_tells_what_is_missed_with_it():
    rows = [CYCLE, *(result(code, "compliant", "2025-03-10") for code in CODES[:50])]
    found = proposed(*rows, annual=(), day="2026-08-01", on=on("2027-03-01"), capacity=5, chosen=(CODES[0], CODES[50]))
    assert (found.taken, found.missed["element"].to_list()) == ([CODES[50], CODES[0]], CODES[51:])
