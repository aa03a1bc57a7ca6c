"""Another standard is another file: made-up ones of other shapes go through every rule, and need no Python."""

import polars as pl
import pytest

from scheme.coverage import coverage, cycle_years
from scheme.headroom import headroom, status_by_department
from scheme.standard import parsed, standard_of
from scheme.standing import standing
from scheme.visits import visits
from tests.by_hand import certificate, department, on, programme, result, site, visit

SCALE = """
[[bands]]
code = "compliance_plus"
label = "Outstanding"
sign = "O"
spellings = ["A*"]
[[bands]]
code = "compliant"
label = "Good"
sign = "G"
[[bands]]
code = "partial"
label = "Requires improvement"
sign = "R"
[[bands]]
code = "non_compliant"
label = "Inadequate"
sign = "I"
[[bands]]
code = "not_applicable"
label = "Out of remit"
sign = "/"
"""
# Elements directly below criteria; a cycle of five years; letters for codes.
CARE = """
code = "care"
title = "A made-up care standard"
[profile]
cycle_years = 5
annual_elements = ["B2"]
review_grace_days = 30
[profile.allowances]
A = 0
B = 1
[[criteria]]
code = "B"
title = "Safe"
elements = [{ code = "B10", title = "Ten" }, { code = "B2", title = "Two" }, { code = "B1", title = "One" }]
[[criteria]]
code = "A"
title = "Kind"
elements = [{ code = "A1", title = "One" }]
"""
# Elements directly below a criterion beside others in a sub-criterion; one year.
MIXED = """
code = "mixed"
title = "A made-up standard of mixed depth"
[profile]
cycle_years = 1
annual_elements = []
[profile.allowances]
10 = 1
9 = 0
[[criteria]]
code = "9"
title = "Nine"
elements = [{ code = "9.1", title = "Directly below" }]
[[criteria.sub_criteria]]
code = "9.2"
title = "A sub-criterion"
elements = [{ code = "9.2.1", title = "Below that" }, { code = "9.2.10", title = "Ten" }]
[[criteria]]
code = "10"
title = "Ten"
elements = [{ code = "10.1", title = "One" }]
"""


def standard(text: str):
    return standard_of(parsed(text + SCALE, "a made-up file"))


CARE_STANDARD, MIXED_STANDARD = standard(CARE), standard(MIXED)


def test_a_standard_has_its_own_words_for_the_bands():
    assert [band.label for band in CARE_STANDARD.bands] == [
        "Outstanding",
        "Good",
        "Requires improvement",
        "Inadequate",
        "Out of remit",
    ]


@pytest.mark.parametrize("made_up", [CARE_STANDARD, MIXED_STANDARD], ids=["care", "mixed"])
def test_an_empty_tenant_of_any_standard_has_every_measure(made_up):
    made, day = programme(standard=made_up), on("2025-01-01")
    assert standing(made, day).is_empty()
    assert headroom(made, day).height == len(made_up.criteria)
    assert coverage(made, day).is_empty()
    assert visits(made, day).is_empty()


def test_standing_and_headroom_follow_criteria_without_sub_criteria():
    made = programme(
        department("A"),
        result("B2", "partial", "2025-01-01", of="A"),
        result("B10", "partial", "2025-01-01", of="A"),
        result("B1", "compliant", "2025-01-01", of="A"),
        result("A1", "compliance_plus", "2025-01-01", of="A"),
        standard=CARE_STANDARD,
    )
    day = on("2025-06-01")
    assert standing(made, day).filter(department_code="A")["element"].to_list() == ["A1", "B1", "B2", "B10"]
    rows = headroom(made, day).filter(department_code="A")
    assert rows["criterion", "elements", "allowance", "headroom", "status"].rows() == [
        ("A", 1, 0, 0, "at_limit"),
        ("B", 3, 1, -1, "fails"),
    ]
    assert rows["why"].to_list() == [
        "Criterion A is at its limit: no partials, none allowed.",
        "Criterion B fails: 2 partials, 1 allowed (B2, B10).",
    ]
    assert status_by_department(rows)["criterion"].to_list() == ["B"]


def test_a_cycle_of_five_years_has_five():
    made = programme(
        certificate("2020-01-01", "2025-01-01"), result("B2", "compliant", "2021-01-15"), standard=CARE_STANDARD
    )
    day = on("2022-01-15")
    assert cycle_years(made, day)["state"].to_list() == ["over", "running", "running", "to_come", "to_come"]
    rows = coverage(made, day)
    assert rows["element", "kind"].rows() == [
        ("A1", "rolling"),
        ("B1", "rolling"),
        ("B2", "annual"),
        ("B10", "rolling"),
    ]
    years = rows.row(by_predicate=pl.col("element") == "B2", named=True)["years"]
    assert years == ["covered", "due", "due", "open", "open"]


def test_a_cycle_of_one_year_has_one():
    made = programme(
        certificate("2024-01-01", "2025-01-01"), result("9.2.10", "partial", "2024-06-01"), standard=MIXED_STANDARD
    )
    rows = coverage(made, on("2024-07-01"))
    assert rows["element", "criterion", "years"].rows() == [
        ("9.1", "9", ["due"]),
        ("9.2.1", "9", ["due"]),
        ("9.2.10", "9", ["covered"]),
        ("10.1", "10", ["due"]),
    ]


def test_elements_of_mixed_depth_count_for_their_criterion_in_number_order():
    made = programme(
        result("9.1", "partial", "2025-01-01"), result("9.2.10", "compliant", "2025-01-01"), standard=MIXED_STANDARD
    )
    rows = headroom(made, on("2025-06-01"))
    assert rows["criterion", "elements", "partial", "not_assessed", "status"].rows() == [
        ("9", 3, 1, 1, "fails"),
        ("10", 1, 0, 1, "incomplete"),
    ]


def test_sites_of_any_standard_are_visited_alike():
    made = programme(
        certificate("2024-01-01", "2025-01-01", sites_required=1),
        site("S"),
        visit("S", "2024-02-01"),
        standard=MIXED_STANDARD,
    )
    assert visits(made, on("2024-03-01"))["outstanding"].to_list() == [0]
