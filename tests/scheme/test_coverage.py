"""measures.md section 4: what a cycle has covered, the states of its years, and what is left."""

import polars as pl
import pytest

from scheme.coverage import COMPLETION, COVERAGE, YEARS, certificates_on, completion, coverage, cycle_years
from tests.by_hand import assessment, certificate, department, on, programme, result, site

CYCLE = certificate("2024-04-01", "2027-04-01")  # three years from 1 April


def row(made, day, element="1.1.1"):
    return coverage(made, on(day)).row(by_predicate=pl.col("element") == element, named=True)


def covered(made, day="2026-06-01"):
    return coverage(made, on(day)).filter("covered")["element"].to_list()


def years_of(made, day):
    years = cycle_years(made, on(day))
    return [(state, [str(x) for x in days]) for state, days in years["state", "assessment_days"].rows()]


def test_a_programme_without_certificates_has_empty_measures_with_all_columns():
    made, day = programme(), on("2026-01-01")
    assert coverage(made, day).schema == pl.Schema(COVERAGE)
    assert cycle_years(made, day).schema == pl.Schema(YEARS)
    assert completion(made, day).schema == pl.Schema(COMPLETION)
    assert coverage(made, day).is_empty()


def test_measures_speak_of_the_last_certificate_of_each_holder_and_of_two_the_highest_code():
    made = programme(
        certificate("2020-01-01", "2023-01-01", "C1"),
        certificate("2023-01-01", "2026-01-01", "C9"),
        certificate("2023-01-01", "2026-01-01", "C10"),
        certificate("2026-01-01", "2029-01-01", "C0"),
        certificate("2020-01-01", "2023-01-01", "C2", holder="A"),
    )
    assert certificates_on(made, on("2025-12-31"))["certificate_code"].to_list() == ["C2", "C10"]
    assert certificates_on(made, on("2026-01-01"))["certificate_code"].to_list() == ["C0", "C2"]
    assert certificates_on(made, on("2019-12-31")).is_empty()


@pytest.mark.parametrize(
    ("day", "counts"),
    [("2024-03-31", False), ("2024-04-01", True), ("2026-06-01", True), ("2026-06-02", False)],
)
def test_only_results_inside_the_cycle_and_up_to_the_day_cover(day, counts):
    made = programme(CYCLE, result("1.1.1", "compliant", day))
    assert covered(made) == (["1.1.1"] if counts else [])


def test_a_result_on_the_day_of_expiry_does_not_cover():
    made = programme(CYCLE, result("1.1.1", "compliant", "2027-03-31"), result("1.1.2", "compliant", "2027-04-01"))
    assert covered(made, "2028-01-01") == ["1.1.1"]


def test_any_band_covers_not_applicable_included():
    made = programme(
        CYCLE,
        result("1.1.1", "not_applicable", "2025-01-01"),
        result("1.1.2", "non_compliant", "2025-01-01"),
    )
    assert covered(made) == ["1.1.1", "1.1.2"]


@pytest.mark.parametrize("kind", ["self_assessment", "gap_analysis", "desk_review"])
def test_preparations_cover_nothing(kind):
    made = programme(
        CYCLE, result("1.1.1", "compliant", "2025-01-01", kind=kind), assessment(kind, "2025-01-01", "1.1.2")
    )
    assert covered(made) == []


def test_the_scope_of_a_held_formal_assessment_covers_with_or_without_a_band():
    made = programme(
        CYCLE,
        assessment("annual_review", "2025-01-01", "1.1.1 1.1.2"),
        assessment("annual_review", "2025-02-01", "1.1.3", planned=True),
        assessment("annual_review", "2026-07-01", "1.2.1"),
    )
    assert covered(made) == ["1.1.1", "1.1.2"]
    assert row(made, "2026-06-01")["last_covered_on"] == on("2025-01-01")


def test_a_departments_certificate_covers_what_lies_below_it_active_or_not_and_nothing_else():
    made = programme(
        certificate("2024-04-01", "2027-04-01", holder="A"),
        department("A"),
        department("B", "A", until="2024-05-01"),
        department("C"),
        site("S", "B", until="2024-05-01"),
        site("T", "C"),
        site("U"),
        result("1.1.1", "compliant", "2025-01-01", of="A"),
        result("1.1.2", "compliant", "2025-01-01", of="B"),
        result("1.1.3", "compliant", "2025-01-01", of="C"),
        result("1.2.1", "compliant", "2025-01-01"),
        result("1.2.2", "compliant", "2025-01-01", site="S"),
        result("1.2.3", "compliant", "2025-01-01", site="T", of="A"),
        result("1.3.1", "compliant", "2025-01-01", site="U"),
        result("1.3.2", "compliant", "2025-01-01", site="S", of="C"),
        assessment("renewal", "2025-01-01", "1.3.3", of="B"),
        assessment("renewal", "2025-01-01", "1.3.4", of="C"),
    )
    assert covered(made) == ["1.1.1", "1.1.2", "1.2.2", "1.3.2", "1.3.3"]


def test_a_corporate_certificate_covers_everything():
    made = programme(
        CYCLE,
        department("A"),
        site("S", "A"),
        site("U"),
        result("1.1.1", "compliant", "2025-01-01"),
        result("1.1.2", "compliant", "2025-01-01", of="A"),
        result("1.1.3", "compliant", "2025-01-01", site="S"),
        result("1.2.1", "compliant", "2025-01-01", site="U"),
    )
    assert covered(made) == ["1.1.1", "1.1.2", "1.1.3", "1.2.1"]


@pytest.mark.parametrize("kind", ["initial", "renewal"])
def test_initial_and_renewal_open_the_cycle_and_do_not_count_in_its_first_days(kind):
    rows = [
        result("1.1.1", "compliant", "2024-07-01", kind=kind),  # the 92nd day
        result("1.1.2", "compliant", "2024-07-02", kind=kind),
        result("1.1.3", "compliant", "2024-07-01"),
        assessment(kind, "2024-06-30", "1.2.1"),
    ]
    assert covered(programme(CYCLE, *rows)) == ["1.1.2", "1.1.3"]
    assert covered(programme(CYCLE, *rows, opening_days=0)) == ["1.1.1", "1.1.2", "1.1.3", "1.2.1"]
    assert covered(programme(CYCLE, *rows, opening_assessment_counts=True)) == ["1.1.1", "1.1.2", "1.1.3", "1.2.1"]


def test_without_an_annual_list_all_elements_are_rolling_and_the_cycle_says_so():
    unknown, none = programme(CYCLE, annual_elements=None), programme(CYCLE, annual_elements=())
    day = on("2024-05-01")
    assert set(coverage(unknown, day)["kind"]) == set(coverage(none, day)["kind"]) == {"rolling"}
    assert completion(unknown, day)["annual_list_set"].to_list() == [False]
    assert completion(none, day)["annual_list_set"].to_list() == [True]


def annual(*rows, **settings):
    return programme(CYCLE, *rows, annual_elements=("1.1.1",), **settings)


def test_a_review_that_slipped_past_an_anniversary_moves_to_the_year_that_lacks_one():
    made = annual(result("1.1.1", "compliant", "2025-06-01"), result("1.1.2", "compliant", "2025-06-01"))
    assert years_of(made, "2025-06-01") == [("over", ["2025-06-01"]), ("running", []), ("to_come", [])]
    assert row(made, "2025-06-01")["years"] == ["covered", "due", "open"]
    assert row(made, "2025-06-01", "1.1.2")["years"] == ["covered", "satisfied", "satisfied"]


def test_a_review_moves_up_to_the_last_day_of_grace():
    assert years_of(annual(result("1.1.1", "compliant", "2025-07-01")), "2025-07-02")[0][1] == ["2025-07-01"]
    assert years_of(annual(result("1.1.1", "compliant", "2025-07-02")), "2025-07-02")[0][1] == []
    shorter = annual(result("1.1.1", "compliant", "2025-04-11"), review_grace_days=10)
    assert years_of(shorter, "2025-07-02")[0][1] == []


def test_a_year_with_an_assessment_day_of_its_own_takes_none_from_the_next():
    made = annual(result("1.1.1", "compliant", "2025-03-31"), result("1.1.1", "compliant", "2025-04-01"))
    assert [days for _, days in years_of(made, "2025-05-01")] == [["2025-03-31"], ["2025-04-01"], []]


def test_only_the_earliest_late_day_moves_with_all_its_results():
    made = annual(
        result("1.1.1", "compliant", "2025-05-01"),
        result("1.1.2", "compliant", "2025-05-01"),
        result("1.1.1", "compliant", "2025-06-01"),
    )
    assert [days for _, days in years_of(made, "2025-07-01")] == [["2025-05-01"], ["2025-06-01"], []]
    assert row(made, "2025-07-01")["years"] == ["covered", "covered", "open"]


def test_years_are_settled_in_order_so_that_one_slip_may_pass_on_to_the_next():
    made = annual(result("1.1.1", "compliant", "2025-05-01"), result("1.1.1", "compliant", "2026-05-01"))
    assert [days for _, days in years_of(made, "2026-06-01")] == [["2025-05-01"], ["2026-05-01"], []]


def test_a_moved_day_does_not_move_again():
    made = annual(result("1.1.1", "compliant", "2026-04-10"), review_grace_days=800)
    assert [days for _, days in years_of(made, "2026-06-01")] == [["2026-04-10"], [], []]


def test_the_last_year_takes_nothing_from_beyond_the_cycle():
    made = annual(result("1.1.1", "compliant", "2027-04-10"))
    assert [days for _, days in years_of(made, "2027-06-01")] == [[], [], []]


def test_restated_results_make_no_assessment_day():
    made = annual(result("1.1.1", "compliant", "2025-01-01", restated=True))
    assert years_of(made, "2025-06-01")[0] == ("running", [])


@pytest.mark.parametrize(
    ("day", "states"),
    [
        ("2024-04-01", ["running", "to_come", "to_come"]),
        ("2025-03-31", ["running", "to_come", "to_come"]),
        ("2025-04-01", ["running", "running", "to_come"]),
        ("2025-07-01", ["running", "running", "to_come"]),
        ("2025-07-02", ["over", "running", "to_come"]),
        ("2027-03-31", ["over", "over", "running"]),
        ("2027-04-01", ["over", "over", "over"]),
    ],
)
def test_a_year_without_an_assessment_day_runs_until_its_grace_is_past_but_the_last_ends_at_once(day, states):
    assert [state for state, _ in years_of(annual(), day)] == states


def test_a_year_with_an_assessment_day_is_over_at_its_end():
    made = annual(result("1.1.1", "compliant", "2024-10-01"))
    assert years_of(made, "2025-03-31")[0][0] == "running"
    assert years_of(made, "2025-04-01")[0][0] == "over"


def test_an_annual_element_is_due_in_each_running_year_missed_in_each_empty_one_and_open_before():
    assert row(annual(), "2024-05-01")["years"] == ["due", "open", "open"]
    assert row(annual(), "2025-04-15")["years"] == ["due", "due", "open"]
    assert row(annual(), "2025-08-01")["years"] == ["missed", "due", "open"]


def test_a_rolling_element_is_due_in_the_last_year_alone_and_missed_once_that_is_over():
    assert row(annual(), "2025-08-01", "1.1.2")["years"] == ["open", "open", "open"]
    assert row(annual(), "2026-08-01", "1.1.2")["years"] == ["open", "open", "due"]
    assert row(annual(), "2027-04-01", "1.1.2")["years"] == ["open", "open", "missed"]


def test_a_rolling_element_covered_twice_is_covered_in_both_years():
    made = annual(result("1.1.2", "compliant", "2024-10-01"), result("1.1.2", "compliant", "2026-10-01"))
    assert row(made, "2026-12-01", "1.1.2")["years"] == ["covered", "satisfied", "covered"]


def test_an_annual_element_covered_in_one_year_satisfies_no_other():
    made = annual(result("1.1.1", "compliant", "2024-10-01"), result("1.1.2", "compliant", "2025-10-01"))
    assert row(made, "2026-05-01")["years"] == ["covered", "missed", "due"]


def test_an_element_in_the_scope_of_a_planned_formal_assessment_is_planned_in_its_year():
    made = annual(
        assessment("annual_review", "2025-02-01", "1.1.1 1.1.2", planned=True),
        assessment("annual_review", "2026-05-01", "1.1.1", planned=True),
        assessment("desk_review", "2025-02-01", "1.1.3", planned=True),
    )
    assert row(made, "2024-05-01")["years"] == ["planned", "open", "planned"]
    assert row(made, "2024-05-01", "1.1.2")["years"] == ["planned", "open", "open"]
    assert row(made, "2024-05-01", "1.1.3")["years"] == ["open", "open", "open"]
    assert row(made, "2025-02-01")["years"][0] == "planned"
    assert row(made, "2025-02-02")["years"][0] == "due"


def test_a_planned_assessment_past_an_anniversary_is_not_moved():
    made = annual(assessment("annual_review", "2025-05-01", "1.1.1", planned=True))
    assert row(made, "2025-04-15")["years"] == ["due", "planned", "open"]


def test_a_plan_of_another_department_or_past_the_end_of_the_certificate_is_none():
    made = programme(
        certificate("2024-04-01", "2027-04-01", holder="A", ended="2025-01-01"),
        department("A"),
        department("B"),
        assessment("annual_review", "2024-12-31", "1.1.1", of="A", planned=True),
        assessment("annual_review", "2025-01-01", "1.1.2", of="A", planned=True),
        assessment("annual_review", "2024-12-01", "1.1.3", of="B", planned=True),
    )
    assert [row(made, "2024-05-01", element)["years"][0] for element in ("1.1.1", "1.1.2", "1.1.3")] == [
        "planned",
        "open",
        "open",
    ]


def test_what_is_planned_is_outstanding_until_it_is_done():
    made = annual(assessment("annual_review", "2025-02-01", "1.1.1 1.1.2", planned=True))
    assert row(made, "2024-05-01")["outstanding"]
    assert row(made, "2024-05-01", "1.1.2")["outstanding"]


def test_an_annual_element_is_outstanding_while_a_running_year_lacks_it():
    made = annual(result("1.1.1", "compliant", "2024-10-01"))
    assert not row(made, "2025-03-31")["outstanding"]
    assert row(made, "2025-04-01")["outstanding"]
    assert not row(made, "2027-04-01")["outstanding"]  # missed, and cannot be made good


def test_a_rolling_element_is_outstanding_until_covered_even_after_the_cycle():
    made = annual(result("1.1.2", "compliant", "2024-10-01"))
    assert not row(made, "2027-05-01", "1.1.2")["outstanding"]
    assert row(made, "2027-05-01", "1.1.3")["outstanding"]


def completed(made, day):
    return completion(made, on(day)).row(0, named=True)


def test_the_coverage_share_is_covered_of_all_elements():
    made = completed(annual(result("1.1.1", "compliant", "2024-10-01")), "2024-12-01")
    assert (made["covered"], made["elements"], made["share"]) == (1, 57, 1 / 57)


def test_the_reviews_left_are_the_years_without_one_or_the_planned_ones_if_more():
    plans = [assessment("annual_review", day, planned=True) for day in ("2025-01-01", "2025-09-01", "2026-01-01")]
    assert completed(annual(), "2024-05-01")["reviews_left"] == 3
    assert completed(annual(result("1.1.1", "compliant", "2024-10-01")), "2024-12-01")["reviews_left"] == 2
    assert completed(annual(result("1.1.1", "compliant", "2024-10-01"), *plans), "2024-12-01")["reviews_left"] == 3
    assert completed(annual(*plans), "2025-10-01")["reviews_left"] == 2
    assert completed(annual(), "2027-04-01")["reviews_left"] == 0


def test_a_reassessment_is_no_review():
    made = annual(
        result("1.1.1", "compliant", "2024-10-01", kind="reassessment"),
        assessment("reassessment", "2024-12-01", planned=True),
    )
    assert completed(made, "2024-11-01")["reviews_left"] == 3
    assert completed(made, "2024-11-01")["elements_per_review"] is None


def test_no_review_is_left_of_a_certificate_that_has_ended():
    ended = programme(certificate("2024-04-01", "2027-04-01", ended="2025-01-01"))
    assert completed(ended, "2024-12-31")["reviews_left"] == 1
    assert completed(ended, "2025-01-01")["reviews_left"] == 0
    assert completed(ended, "2025-01-01")["sentence"] == "57 of 57 elements are outstanding and no review is left."
    assert completed(ended, "2025-01-01")["can_complete"] is False


def reviewed(counts: dict[str, int], codes):
    return [result(code, "compliant", day) for day, count in counts.items() for code in codes[:count]]


def test_reviews_of_earlier_cycles_tell_how_many_elements_one_looks_at():
    codes = programme().standard.codes
    made = programme(
        certificate("2021-04-01", "2024-04-01", "C1"),
        certificate("2024-04-01", "2027-04-01", "C2"),
        *reviewed({"2022-01-01": 19, "2023-01-01": 20, "2024-10-01": 30}, codes),
    )
    row = completed(made, "2024-12-01")
    assert (row["elements_per_review"], row["reviews_left"], row["outstanding"]) == (20, 2, 27)
    assert row["can_complete"] is True
    assert row["sentence"] == (
        "27 of 57 elements are outstanding; 2 reviews are left and a review of this holder has looked at "
        "20 elements (median): enough."
    )


def test_too_few_reviews_and_an_unknown_pace_are_told_apart():
    made = annual(result("1.1.2", "compliant", "2024-10-01"))
    assert completed(made, "2026-08-01")["can_complete"] is False
    assert completed(made, "2026-08-01")["sentence"] == (
        "56 of 57 elements are outstanding; 1 review is left and a review of this holder has looked at "
        "1 element (median): too few."
    )
    unknown = completed(annual(), "2026-08-01")
    assert unknown["can_complete"] is None
    assert unknown["sentence"] == (
        "57 of 57 elements are outstanding; 1 review is left, and no earlier review tells how many elements "
        "one looks at."
    )


def test_a_cycle_with_nothing_outstanding_can_be_completed():
    codes = programme().standard.codes
    made = programme(CYCLE, *reviewed({"2024-10-01": 57}, codes), annual_elements=())
    row = completed(made, "2027-05-01")
    assert (row["can_complete"], row["sentence"]) == (True, "Nothing is outstanding.")


def test_rows_are_sorted_by_certificate_then_element_in_number_order():
    made = programme(
        certificate("2024-04-01", "2027-04-01", "C10"), certificate("2024-04-01", "2027-04-01", "C9", holder="A")
    )
    rows = coverage(made, on("2025-01-01"))
    assert rows["certificate_code"].unique(maintain_order=True).to_list() == ["C9", "C10"]
    assert rows["element"].to_list() == [*made.standard.codes] * 2
    assert cycle_years(made, on("2025-01-01"))["certificate_code", "year"].rows() == [
        (code, year) for code in ("C9", "C10") for year in (1, 2, 3)
    ]
