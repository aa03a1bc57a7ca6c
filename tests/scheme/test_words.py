"""measures.md section 1: what is active, restated, in force, inside a cycle."""

from dataclasses import replace

import polars as pl
import pytest

from scheme.coverage import coverage, cycle_years
from scheme.frames import Programme
from scheme.headroom import headroom
from scheme.standard import shipped
from scheme.standing import active, below, effective, standing
from tests.by_hand import assessment, certificate, department, on, programme, result


@pytest.mark.parametrize(
    ("day", "codes"),
    [("2024-12-31", ["B"]), ("2025-01-01", ["A", "B"]), ("2025-12-31", ["A", "B"]), ("2026-01-01", ["A"])],
)
def test_a_department_is_active_from_its_first_day_until_the_day_before_active_to(day, codes):
    frame = programme(department("A", since="2025-01-01"), department("B", until="2026-01-01")).departments
    assert active(frame, on(day))["department_code"].to_list() == codes


def test_what_lies_below_takes_in_all_levels_and_closed_departments():
    frame = programme(
        department("A"), department("B", "A"), department("C", "B", until="2020-01-01"), department("D")
    ).departments
    assert below(frame, "A") == {"A", "B", "C"}
    assert below(frame, "D") == {"D"}
    assert below(frame, None) == {None, "A", "B", "C", "D"}


def test_a_loop_of_parents_neither_hangs_nor_hides_own_results():
    looped = programme(department("A", "B"), department("B", "A"), result("1.1.1", "partial", "2025-01-01", of="A"))
    assert below(looped.departments, "A") == {"A", "B"}
    rows = standing(looped, on("2026-01-01"))
    assert rows.filter(~pl.col("rolled_up"))["department_code"].to_list() == ["A"]


def restated(*rows) -> list[bool]:
    made = programme(*rows)
    return effective(made.results, made.assessments)["restated"].to_list()


DAY = "2025-05-05"
PRINTED = result("1.1.1", "compliant", DAY)


def test_a_result_outside_the_scope_of_its_assessment_is_restated():
    assert restated(PRINTED, assessment("annual_review", DAY, "1.1.2 1.1.3")) == [True]
    assert restated(PRINTED, assessment("annual_review", DAY, "1.1.1 1.1.3")) == [False]


def test_a_result_is_restated_only_outside_the_scope_of_every_matching_assessment():
    assert restated(PRINTED, assessment("annual_review", DAY, "1.1.2"), assessment("annual_review", DAY, "1.1.1")) == [
        False
    ]
    assert restated(PRINTED, assessment("annual_review", DAY, "1.1.2"), assessment("annual_review", DAY, "1.1.3")) == [
        True
    ]


def test_an_assessment_without_a_scope_restates_nothing():
    assert restated(PRINTED, assessment("annual_review", DAY)) == [False]
    assert restated(PRINTED, assessment("annual_review", DAY), assessment("annual_review", DAY, "1.1.2")) == [False]


@pytest.mark.parametrize(
    "other",
    [
        assessment("renewal", DAY, "1.1.2"),
        assessment("annual_review", "2025-05-06", "1.1.2"),
        assessment("annual_review", DAY, "1.1.2", of="A"),
        assessment("annual_review", DAY, "1.1.2", planned=True),
    ],
    ids=["type", "day", "department", "planned"],
)
def test_an_assessment_of_another_type_day_or_department_or_not_yet_held_restates_nothing(other):
    assert restated(PRINTED, other) == [False]


def test_a_result_its_sender_marked_is_restated_whatever_the_scope():
    assert restated(result("1.1.1", "partial", DAY, restated=True), assessment("annual_review", DAY, "1.1.1")) == [True]


def test_a_site_result_is_restated_by_the_assessment_of_the_department_it_names():
    scoped = assessment("annual_review", DAY, "1.1.2", of="A")
    assert restated(result("1.1.1", "partial", DAY, of="A", site="S"), scoped) == [True]
    assert restated(result("1.1.1", "partial", DAY, site="S"), scoped) == [False]


def test_a_restated_result_moves_and_covers_nothing():
    again = programme(
        certificate("2024-01-01", "2027-01-01"),
        result("1.1.1", "compliant", "2024-06-01"),
        result("1.1.1", "partial", "2025-06-01", restated=True),
        result("1.1.2", "partial", "2025-06-01", restated=True),
    )
    row = standing(again, on("2026-01-01")).row(0, named=True)
    assert (row["band"], row["assessed_on"], row["carried_forward"]) == ("compliant", on("2024-06-01"), False)
    assert standing(again, on("2026-01-01")).height == 1
    assert coverage(again, on("2026-01-01")).filter("covered")["last_covered_on"].to_list() == [on("2024-06-01")]


def bounds(awarded: str, expires: str, **settings) -> list[tuple[str, str]]:
    years = cycle_years(programme(certificate(awarded, expires), **settings), on(awarded))
    return [(str(begins), str(ends)) for begins, ends in years["begins_on", "ends_on"].rows()]


def test_a_year_after_29_february_is_28_february_and_29_again_in_a_leap_year():
    assert bounds("2024-02-29", "2029-02-28", cycle_years=5) == [
        ("2024-02-29", "2025-02-28"),
        ("2025-02-28", "2026-02-28"),
        ("2026-02-28", "2027-02-28"),
        ("2027-02-28", "2028-02-29"),
        ("2028-02-29", "2029-02-28"),
    ]


def test_the_last_year_ends_with_the_certificate_be_it_early_or_late():
    assert bounds("2024-04-01", "2027-09-30")[-1] == ("2026-04-01", "2027-09-30")
    assert bounds("2024-04-01", "2026-09-30")[-1] == ("2026-04-01", "2026-09-30")


def test_a_year_that_would_begin_on_the_expiry_does_not_exist():
    assert len(bounds("2024-04-01", "2026-04-01")) == 2
    assert len(bounds("2024-04-01", "2026-04-02")) == 3


def test_an_ended_certificate_counts_nothing_more_but_keeps_its_years():
    ended = programme(
        certificate("2024-04-01", "2027-04-01", ended="2025-03-01"),
        result("1.1.1", "compliant", "2025-02-28"),
        result("1.1.2", "compliant", "2025-03-01"),
        assessment("annual_review", "2025-03-02", "1.1.3"),
    )
    day = on("2026-05-01")
    assert coverage(ended, day).filter("covered")["element"].to_list() == ["1.1.1"]
    assert cycle_years(ended, day)["state"].to_list() == ["over", "running", "running"]
    assert cycle_years(ended, on("2026-07-02"))["state"].to_list() == ["over", "over", "running"]


def with_versions(made: Programme, *versions) -> Programme:
    profile = shipped("cse").profile
    return replace(made, profiles={"": [replace(profile, **version) for version in versions]})


def test_the_profile_in_force_on_the_day_counts_and_the_first_one_since_ever():
    made = with_versions(
        programme(),
        {"in_force_from": on("2025-01-01"), "allowances": dict.fromkeys("12345", 1)},
        {"in_force_from": on("2026-01-01"), "allowances": dict.fromkeys("12345", 9)},
    )
    assert [headroom(made, on(day))["allowance"][0] for day in ("2020-01-01", "2025-12-31", "2026-01-01")] == [1, 1, 9]


def test_the_profile_of_a_certificate_overrides_the_tenants_for_its_coverage():
    profile = shipped("cse").profile
    made = programme(certificate("2024-04-01", "2027-04-01", profile="Other Body"))
    other = replace(profile, name="other body", annual_elements=("1.1.1",), cycle_years=1)
    made = replace(made, profiles={"": [profile], "other": [other]})
    assert coverage(made, on("2024-05-01")).filter(kind="annual")["element"].to_list() == ["1.1.1"]
    assert cycle_years(made, on("2024-05-01")).height == 1
