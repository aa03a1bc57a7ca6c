"""The visit plan against every plan there is, on small cases; and what it says of large and of hopeless ones."""

from datetime import date, timedelta
from hashlib import sha256
from itertools import product
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheme.errors import UsageError
from scheme.reviews_left import reviews_left
from scheme.visit_choice import choose, kilometres
from scheme.visit_counts import Candidate
from scheme.visit_plan import PLANNED, REVIEWS, UNDONE, Wanted, lot, visit_plan
from scheme.visit_plan_kept import since
from tests.by_hand import assessment, certificate, department, on, programme, site, visit

DAY = "2026-01-05"
PLACES = st.one_of(st.none(), st.tuples(st.integers(50, 53), st.integers(-3, 0)))


@st.composite
def small_cases(draw):
    """Up to six sites and three reviews, with ties, doubles and too little room as a rule."""
    reviews = draw(st.integers(0, 3))
    some = st.frozensets(st.sampled_from(range(reviews)), max_size=reviews) if reviews else st.just(frozenset())
    most = 6 if reviews < 3 else 5
    sites = []
    for number in range(draw(st.integers(0, most))):
        kind, where = draw(st.sampled_from(["must", "drawn", "needed", "needed", "booked"])), draw(some)
        if kind == "booked":
            where = frozenset(sorted(where)[:1])
            kind = "booked" if where else "needed"
        sites.append(Candidate(f"S{number}", kind, where, draw(PLACES)))
    taken = [sum(one.kind == "booked" and one.reviews == {review} for one in sites) for review in range(reviews)]
    capacity = [max(taken[review], draw(st.integers(0, 4))) for review in range(reviews)]
    return sites, capacity, draw(st.integers(0, 6))


def worth(sites, capacity, number, plan):
    """What the goals make of a plan, the better the smaller; None where it breaks a rule."""
    visits = [[one for one, review in zip(sites, plan, strict=True) if review == r] for r in range(len(capacity))]
    if any(len(own) > room for own, room in zip(visits, capacity, strict=True)):
        return None
    if any(one.kind == "booked" and review is None for one, review in zip(sites, plan, strict=True)):
        return None
    done = [one for own in visits for one in own]
    kinds = {kind: sum(one.kind == kind for one in done) for kind in ("booked", "must", "drawn", "needed")}
    fixed = kinds["booked"] + kinds["must"] + kinds["drawn"]
    if len(done) > max(number, fixed):
        return None
    sizes = [len(own) for own in visits]
    apart = sum(one.kind == "needed" and one.place is None for one in done)
    return (
        -kinds["must"],
        -kinds["drawn"],
        -len(done),
        max(sizes, default=0) - min(sizes, default=0),
        apart,
        round(sum(around(sites, r, own) for r, own in enumerate(visits)), 3),
    )


def around(sites, review, visits):
    """The sum of distances to the best centre: any site with coordinates that may be visited in the review."""
    centres = [one.place for one in sites if one.place is not None and review in one.reviews]
    placed = [one.place for one in visits if one.place is not None]
    return min((sum(kilometres(centre, place) for place in placed) for centre in centres), default=0.0)


@settings(max_examples=120, deadline=None)
@given(small_cases())
def test_no_plan_at_all_is_better_than_the_one_that_is_chosen(case):
    sites, capacity, number = case
    found = choose(sites, capacity, number, 60)
    ours = worth(sites, capacity, number, [found.review_of.get(one.code) for one in sites])
    every = product(*([None, *sorted(one.reviews)] for one in sites))
    best = min(told for plan in every if (told := worth(sites, capacity, number, plan)) is not None)
    assert ours is not None, "it breaks a rule"
    assert ours[:-1] == best[:-1]
    assert ours[-1] == pytest.approx(best[-1], abs=0.002)
    assert found.distance == pytest.approx(best[-1], abs=0.002)
    assert found.is_optimal
    assert found.bound == pytest.approx(found.distance, abs=0.002)


def many(number, reviews, musts, seed=1):
    """Sites around some towns, as a county has them."""
    draw = Random(seed)
    towns = [(51 + 3 * draw.random(), -3 + 4 * draw.random()) for _ in range(8)]
    sites = []
    for turn in range(number):
        north, east = draw.choice(towns)
        place = (north + draw.gauss(0, 0.3), east + draw.gauss(0, 0.4))
        sites.append(Candidate(f"S{turn}", "must" if turn < musts else "needed", frozenset(range(reviews)), place))
    return sites


def test_two_thousand_sites_get_a_plan_that_says_how_far_it_may_be_off():
    sites = many(2000, 3, 20)
    found = choose(sites, [100] * 3, 60, 5.0)
    assert len(found.review_of) == 60
    assert {one.code for one in sites if one.kind == "must"} <= set(found.review_of)
    assert [list(found.review_of.values()).count(review) for review in range(3)] == [20, 20, 20]
    assert 0 < found.bound <= found.distance
    assert found.centres == 60 < found.possible_centres == 2000
    assert found.is_optimal == (found.bound == pytest.approx(found.distance, abs=0.01))


def test_a_plan_out_of_time_is_whole_and_says_that_it_may_be_off():
    found = choose(many(400, 4, 40), [200] * 4, 400, 0.01)
    assert len(found.review_of) == 400
    assert not found.is_optimal
    assert 0 <= found.bound < found.distance


def test_the_same_input_gives_the_same_choice():
    first, again = (choose(many(300, 3, 10), [30] * 3, 45, 60) for _ in range(2))
    assert first == again


# --- from a programme -------------------------------------------------------------------------------------------------

HELD = certificate("2024-04-01", "2027-04-01", "C", "LIB", sites_required=5)
BOOKED = assessment("annual_review", "2026-03-10", of="LIB", planned=True, code="R1")
RENEWAL = assessment("renewal", "2027-02-09", of="LIB", planned=True, code="R2")
HERE = {"latitude": 52.0, "longitude": -1.0}


def libraries(*rows):
    return programme(department("LIB"), department("LIB-N", "LIB"), HELD, BOOKED, RENEWAL, *rows)


def plan(made, day=DAY, **wanted):
    return visit_plan(made, on(day), Wanted("C", **wanted), 60)


def test_a_plan_keeps_its_columns_where_there_is_nothing():
    told = plan(programme(department("LIB"), HELD))
    assert (told.reviews.schema, told.visits.schema) == (pl.Schema(REVIEWS), pl.Schema(PLANNED))
    assert told.undone.schema == pl.Schema(UNDONE)


def test_must_visit_sites_come_first_and_what_is_left_is_said_by_name_with_its_reason():
    made = libraries(
        site("MUST", "LIB", must_visit=True, **HERE),
        site("NORTH", "LIB-N", must_visit=True, **HERE),
        site("GOING", "LIB", must_visit=True, until="2026-02-01", **HERE),
        *(site(f"S{number}", "LIB", **HERE) for number in range(4)),
    )
    told = plan(made, sites_a_day=1)
    assert set(told.visits["site_code"]) == {"MUST", "NORTH"}
    assert told.undone.rows() == [
        ("GOING", 1, "must", "no review that is left may visit it: none is of its department while it is in scope"),
        (None, 3, "needed", "the reviews that may visit them have room for 2 sites in all"),
    ]
    assert told.owed == 5


def test_visited_sites_are_not_visited_again_and_booked_ones_keep_their_day():
    made = libraries(
        *(site(f"S{number}", "LIB", **HERE) for number in range(6)),
        visit("S0", "2025-05-05"),
        visit("S1", "2026-03-10", planned=True, part_of="R1"),
        visit("S2", "2026-06-01", planned=True),
    )
    told = plan(made)
    assert "S0" not in told.visits["site_code"]
    assert told.owed == 4
    assert told.visits.height == 4
    rows = {row["site_code"]: row for row in told.visits.iter_rows(named=True)}
    assert (rows["S1"]["why"], rows["S1"]["review"], rows["S1"]["day"]) == ("booked", "R1", date(2026, 3, 10))
    assert (rows["S2"]["why"], rows["S2"]["review"], rows["S2"]["day"]) == ("booked", None, date(2026, 6, 1))
    assert told.reviews["visits"].to_list() == [2, 1] or told.reviews["visits"].to_list() == [1, 2]
    assert told.undone.is_empty()


def test_a_site_is_only_in_a_review_while_it_is_in_scope_and_of_its_department():
    made = libraries(
        assessment("annual_review", "2026-05-05", of="LIB-N", planned=True, code="RN"),
        site("LATE", "LIB", must_visit=True, since="2026-12-01", **HERE),
        site("EARLY", "LIB", must_visit=True, until="2026-04-01", **HERE),
        site("NORTH", "LIB-N", must_visit=True, since="2026-04-01", until="2026-09-01", **HERE),
    )
    told = dict(plan(made).visits.select("site_code", "review").rows())
    assert told == {"LATE": "R2", "EARLY": "R1", "NORTH": "RN"}


def test_the_lot_can_be_drawn_again_by_anybody():
    codes = [f"S{number}" for number in range(20)]
    by_hand = sorted(codes, key=lambda code: sha256(f"7:{code}".encode()).hexdigest())
    assert lot(codes, 7) == by_hand != lot(codes, 8)
    made = libraries(*(site(code, "LIB", **HERE) for code in codes))
    told = plan(made, sites_a_day=5, drawn_percent=50, seed=7)
    assert set(told.visits.filter(pl.col("why") == "drawn")["site_code"]) == set(by_hand[:3])  # half of 5, rounded up
    assert told.drawn == 3
    assert plan(made, sites_a_day=5, drawn_percent=50, seed=7).visits.equals(told.visits)


def test_a_year_without_a_booked_review_is_taken_to_have_one_and_says_so():
    made = programme(department("LIB"), certificate("2025-06-01", "2028-06-01", "C", "LIB", sites_required=3))
    told = reviews_left(made, on(DAY), "C", 2)
    assert [(review.name, review.assessment_code, review.days[0]) for review in told] == [
        ("year 1", None, date(2026, 5, 4)),
        ("year 2", None, date(2027, 5, 4)),
        ("year 3", None, date(2028, 5, 4)),
    ]
    assert all(len(review.days) == 2 for review in told)


def test_a_booked_review_that_slips_past_a_year_serves_that_year_and_another_is_taken_for_its_own():
    held = certificate("2024-12-01", "2027-12-01", "C", "LIB", sites_required=3)
    late = assessment("annual_review", "2026-02-02", of="LIB", planned=True, code="R1")
    told = reviews_left(programme(department("LIB"), held, late), on(DAY), "C", 1)
    assert [(review.name, review.days) for review in told] == [
        ("R1", (date(2026, 2, 2),)),
        ("year 2", (date(2026, 11, 3),)),
        ("year 3", (date(2027, 11, 3),)),
    ]


def test_no_review_is_left_of_a_certificate_that_is_over():
    made = libraries(site("S", "LIB", must_visit=True))
    told = visit_plan(made, on("2027-05-01"), Wanted("C"), 60)
    assert told.reviews.is_empty()
    assert told.undone["reason"].to_list() == [
        "no review is left in which it could be visited",
        "no review is left in which it could be done",
    ]


def test_sites_without_coordinates_are_taken_last_and_counted():
    made = libraries(site("A", "LIB", **HERE), site("B", "LIB", **HERE), *(site(f"N{n}", "LIB") for n in range(9)))
    told = plan(made)
    assert {"A", "B"} < set(told.visits["site_code"])
    assert told.without_place == 2 or told.without_place == told.visits.height - 2
    assert told.visits.filter(pl.col("why") == "needed")["kilometres"].null_count() == told.without_place


def test_every_site_that_waits_can_be_asked_for():
    made = libraries(*(site(f"S{number}", "LIB", **HERE) for number in range(7)))
    assert plan(made, sites_a_day=4, every=True).visits.height == 7
    assert plan(made, sites_a_day=3, every=True).undone["sites"].to_list() == [1]


@pytest.mark.parametrize("wrong", [{"sites_a_day": 0}, {"days": 0}, {"drawn_percent": 101}])
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UsageError):
        Wanted("C", **wrong)


def test_a_certificate_that_nobody_holds_is_refused():
    with pytest.raises(UsageError, match="nobody holds"):
        visit_plan(libraries(), on(DAY), Wanted("D"))


def test_a_kept_plan_tells_what_became_of_each_visit():
    rows = [site(f"S{number}", "LIB", **HERE) for number in range(7)]
    told = plan(libraries(*rows), sites_a_day=4)
    first = told.visits["site_code"].to_list()
    later = [
        *(row for row in rows if row[1]["site_code"] not in (first[1], first[4])),
        site(first[1], "LIB", until="2026-01-10", **HERE),
        visit(first[0], "2026-01-06"),
        visit(first[2], "2026-03-10", planned=True),
    ]
    now = since(libraries(*later), on(DAY) + timedelta(days=2), "C", told.visits, 2)
    became = dict(now.select("site_code", "since").rows())
    assert (became[first[0]], became[first[1]], became[first[2]]) == ("visited", "left", "booked")
    assert (became[first[3]], became[first[4]]) == ("stands", "gone")
    after = dict(since(libraries(*rows), on("2026-04-01"), "C", told.visits, 2).select("site_code", "since").rows())
    assert {after[code] for code, review in told.visits.select("site_code", "review").rows() if review == "R1"} == {
        "passed"
    }
