"""measures.md section 5: which sites were visited and which are still to visit."""

from dataclasses import replace

import polars as pl
import pytest

from scheme.visits import SITES_TO_VISIT, VISITS_OWED, sites, visits
from tests.by_hand import assessment, certificate, department, on, programme, site, visit

CYCLE = certificate("2024-04-01", "2027-04-01", sites_required=2)
DAY = "2026-01-01"


def row(made, day=DAY):
    return visits(made, on(day)).row(0, named=True)


def visited(made, day=DAY):
    return sites(made, on(day)).filter("visited")["site_code"].to_list()


def test_a_programme_without_certificates_has_no_sites_to_visit_and_keeps_the_columns():
    assert visits(programme(site("S")), on(DAY)).schema == pl.Schema(VISITS_OWED)
    assert sites(programme(site("S")), on(DAY)).schema == pl.Schema(SITES_TO_VISIT)
    assert sites(programme(site("S")), on(DAY)).is_empty()


def test_a_certificate_without_sites_still_says_what_is_required():
    made = row(programme(CYCLE))
    assert (made["sites_in_scope"], made["visited"], made["outstanding"], made["must_visit_outstanding"]) == (
        0,
        0,
        2,
        0,
    )


def test_the_sites_of_a_certificate_are_those_of_its_holder_and_below_whatever_their_scope():
    made = programme(
        certificate("2024-04-01", "2027-04-01", holder="A"),
        department("A"),
        department("B", "A", until="2020-01-01"),
        department("C"),
        site("S10", "A", "C"),
        site("S9", "B", until="2020-01-01"),
        site("T", "C"),
        site("U"),
    )
    assert sites(made, on(DAY))["site_code", "in_scope"].rows() == [("S9", False), ("S10", True)]
    assert row(made)["sites_in_scope"] == 1


def test_a_corporate_certificate_has_all_sites_each_once():
    made = programme(CYCLE, department("A"), department("B"), site("S", "A", "B"), site("U"))
    assert sites(made, on(DAY))["site_code"].to_list() == ["S", "U"]
    assert row(made)["sites_in_scope"] == 2


@pytest.mark.parametrize(
    ("day", "counts"),
    [("2024-03-31", False), ("2024-04-01", True), (DAY, True), ("2026-01-02", False)],
)
def test_a_visit_counts_inside_the_cycle_and_up_to_the_day(day, counts):
    assert visited(programme(CYCLE, site("S"), visit("S", day))) == (["S"] if counts else [])


def test_a_visit_on_or_after_the_end_of_the_certificate_does_not_count():
    made = programme(
        certificate("2024-04-01", "2027-04-01", ended="2025-01-01"),
        site("S"),
        site("T"),
        visit("S", "2024-12-31"),
        visit("T", "2025-01-01"),
    )
    assert visited(made) == ["S"]


def test_a_planned_visit_does_not_count():
    assert visited(programme(CYCLE, site("S"), visit("S", "2025-01-01", planned=True))) == []


def test_remote_and_self_assessed_visits_are_listed_and_do_not_count():
    made = programme(
        CYCLE,
        site("S"),
        visit("S", "2025-01-01", mode="remote"),
        visit("S", "2025-01-02", mode="self_assessed"),
        visit("S", "2025-01-03", planned=True),
    )
    assert visited(made) == []
    assert sites(made, on(DAY))["visits_listed"].to_list() == [2]


def test_a_profile_may_let_remote_visits_count_but_no_self_assessed_ones():
    rows = [
        CYCLE,
        site("S"),
        site("T"),
        visit("S", "2025-01-01", mode="remote"),
        visit("T", "2025-01-01", mode="self_assessed"),
    ]
    assert visited(programme(*rows, remote_visits_count=True)) == ["S"]


def test_the_certificates_own_profile_says_whether_remote_visits_count():
    made = programme(
        certificate("2024-04-01", "2027-04-01", profile="other"), site("S"), visit("S", "2025-01-01", mode="remote")
    )
    other = replace(made.profiles[""][0], name="Other", remote_visits_count=True)
    assert visited(replace(made, profiles={**made.profiles, "other": [other]})) == ["S"]


def test_a_visit_counts_when_the_site_was_in_scope_on_its_day_be_it_in_scope_now_or_not():
    made = programme(
        CYCLE,
        site("S", until="2025-06-01"),
        site("T", until="2025-06-01"),
        site("U", since="2025-06-01"),
        visit("S", "2025-05-31"),
        visit("T", "2025-06-01"),
        visit("U", "2025-05-31"),
    )
    assert visited(made) == ["S"]
    assert (row(made)["visited"], row(made)["sites_in_scope"], row(made)["outstanding"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("kind", "counts"),
    [("gap_analysis", False), ("desk_review", False), ("self_assessment", False), ("annual_review", True)],
)
def test_a_visit_that_is_part_of_a_preparation_does_not_count(kind, counts):
    made = programme(CYCLE, site("S"), assessment(kind, "2025-01-01", code="X"), visit("S", "2025-01-01", part_of="X"))
    assert visited(made) == (["S"] if counts else [])


def test_a_site_counts_once_and_shows_its_last_counting_visit():
    made = programme(
        CYCLE,
        site("S"),
        visit("S", "2025-01-01"),
        visit("S", "2025-03-01"),
        visit("S", "2025-06-01", mode="remote"),
    )
    assert row(made)["visited"] == 1
    listed = sites(made, on(DAY)).row(0, named=True)
    assert (listed["last_visited_on"], listed["visits_listed"]) == (on("2025-03-01"), 3)


def test_outstanding_is_never_below_none_and_empty_where_no_number_is_stated():
    rows = [site(code) for code in "STU"] + [visit(code, "2025-01-01") for code in "STU"]
    assert row(programme(CYCLE, *rows))["outstanding"] == 0
    assert row(programme(certificate("2024-04-01", "2027-04-01"), *rows))["outstanding"] is None


def test_a_must_visit_site_in_scope_is_owed_until_visited():
    made = programme(
        CYCLE,
        site("S", must_visit=True),
        site("T", must_visit=True, until="2025-06-01"),
        site("U", must_visit=True),
        site("V"),
        visit("U", "2025-01-01"),
    )
    assert row(made)["must_visit_outstanding"] == 1
    assert row(made, "2025-05-31")["must_visit_outstanding"] == 2


@pytest.mark.parametrize(("day", "days"), [("2027-03-31", 1), ("2027-04-01", 0), ("2027-04-11", -10)])
def test_days_to_expiry_are_negative_once_past(day, days):
    assert row(programme(CYCLE), day)["days_to_expiry"] == days


@pytest.mark.parametrize(
    ("count", "benchmark"),
    [(0, (0, 0, 0)), (1, (1, 1, 1)), (24, (5, 3, 4)), (25, (5, 3, 4)), (26, (6, 4, 5)), (100, (10, 6, 8))],
)
def test_the_benchmark_is_reckoned_from_the_square_root_of_the_ordinary_sites(count, benchmark):
    rows = [site(f"S{number}") for number in range(count)]
    made = programme(CYCLE, *rows, site("HQ", central_function=True), site("old", until="2020-01-01"))
    assert tuple(row(made)["benchmark"].values()) == benchmark


def test_24_sites_are_sampled_by_5_and_twice_3_before_the_renewal():
    benchmark = row(programme(CYCLE, *(site(f"S{number}") for number in range(24))))["benchmark"]
    assert (benchmark["initial"], benchmark["surveillance"], benchmark["surveillance"]) == (5, 3, 3)
