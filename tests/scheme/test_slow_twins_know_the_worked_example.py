"""measures.md section 7, through the twins: who checks the rules must know the page's own numbers."""

from datetime import date

import pytest

from tests import oracle, oracle_renewal
from tests.programmes import worked_example

JUNE = date(2026, 6, 1)


@pytest.fixture
def by_element():
    return {row["element"]: row for row in oracle.coverage(worked_example(), JUNE)}


def criterion(code, day):
    return next(row for row in oracle.headroom(worked_example(), day) if row["criterion"] == code)


def test_a_non_compliant_element_fails_its_criterion_until_it_is_put_right():
    before, after = criterion("1", date(2026, 4, 15)), criterion("1", JUNE)
    assert (before["partial"], before["headroom"], before["non_compliant"], before["status"]) == (2, 0, 1, "fails")
    assert (after["headroom"], after["status"]) == (0, "at_limit")
    assert criterion("4", JUNE)["headroom"] == 3
    assert not after["indicative"]


def test_five_of_57_elements_are_covered_and_54_are_outstanding(by_element):
    assert [code for code, row in by_element.items() if row["covered"]] == ["1.1.1", "1.2.1", "1.2.2", "1.3.1", "4.3.2"]
    assert len(by_element) == 57
    assert sum(row["outstanding"] for row in by_element.values()) == 54


@pytest.mark.parametrize(
    ("element", "years"),
    [
        ("4.3.2", ["covered", "missed", "due"]),
        ("1.1.1", ["covered", "covered", "due"]),
        ("1.1.2", ["open", "open", "due"]),
        ("1.2.1", ["covered", "satisfied", "satisfied"]),
        ("1.3.1", ["satisfied", "covered", "covered"]),
    ],
)
def test_each_year_of_an_element_has_the_state_the_page_gives_it(by_element, element, years):
    assert by_element[element]["years"] == years


def test_the_first_two_years_are_over_with_an_assessment_day_each():
    years = oracle.cycle_years(worked_example(), JUNE)
    assert [(row["state"], row["assessment_days"]) for row in years] == [
        ("over", [date(2025, 3, 10)]),
        ("over", [date(2026, 3, 5)]),
        ("running", [date(2026, 5, 2)]),
    ]


def test_the_partial_of_1_2_1_is_its_second_and_carried_forward():
    row = next(row for row in oracle.standing(worked_example(), JUNE) if row["element"] == "1.2.1")
    assert (row["band"], row["previous_band"], row["carried_forward"]) == ("partial", "partial", True)


def test_three_sites_are_still_to_be_visited():
    (row,) = oracle.visits(worked_example(), JUNE)
    assert (row["sites_required"], row["visited"], row["outstanding"], row["days_to_expiry"]) == (3, 0, 3, 304)
    assert oracle.sites(worked_example(), JUNE) == []


def test_the_benchmark_for_24_sites_is_5_3_and_3():
    assert [oracle.smallest_root(tenths, 24) for tenths in (10, 6, 6)] == [5, 3, 3]


def test_the_renewal_gate_answers_as_the_page_says():
    outcomes = {row["check"]: row["outcome"] for row in oracle_renewal.renewal(worked_example(), JUNE)}
    assert outcomes == {
        "reports": "pass",
        "elements": "fail",
        "sites": "fail",
        "pass_mark": "pass",
        "trend": "attention",
    }
