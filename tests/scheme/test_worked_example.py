"""measures.md section 7, every sentence of it."""

import polars as pl
import pytest

from scheme.coverage import completion, coverage, cycle_years
from scheme.headroom import headroom
from scheme.renewal import renewal
from scheme.standard import shipped
from scheme.standing import standing
from scheme.visits import visits
from tests.by_hand import certificate, on, programme, result

EXAMPLE = programme(
    certificate("2024-04-01", "2027-04-01", sites_required=3),
    *(
        result(element, "partial" if element == "1.2.1" else "compliant", "2024-02-20", kind="initial")
        for element in shipped("cse").codes
    ),
    result("1.1.1", "compliant", "2025-03-10"),
    result("1.2.1", "partial", "2025-03-10"),
    result("1.2.2", "partial", "2025-03-10"),
    result("4.3.2", "compliance_plus", "2025-03-10"),
    result("1.1.1", "compliant", "2026-03-05"),
    result("1.3.1", "non_compliant", "2026-03-05"),
    result("1.3.1", "compliant", "2026-05-02", kind="reassessment"),
    annual_elements=("1.1.1", "4.3.2"),
)
IN_APRIL, IN_JUNE = on("2026-04-15"), on("2026-06-01")


def criterion(day, code):
    return headroom(EXAMPLE, day).row(by_predicate=pl.col("criterion") == code, named=True)


def test_criterion_1_fails_in_april_for_its_non_compliant_element_with_no_headroom_left():
    row = criterion(IN_APRIL, "1")
    assert (row["partial"], row["headroom"], row["non_compliant"], row["status"]) == (2, 0, 1, "fails")
    assert row["why"] == "Criterion 1 fails: 1.3.1 is non-compliant."
    bands = dict(standing(EXAMPLE, IN_APRIL)["element", "band"].rows())
    assert {element for element, band in bands.items() if band == "partial"} == {"1.2.1", "1.2.2"}
    assert [element for element, band in bands.items() if band == "non_compliant"] == ["1.3.1"]


def test_criterion_1_is_at_its_limit_in_june_and_criterion_4_has_headroom_3():
    row = criterion(IN_JUNE, "1")
    assert (row["status"], row["headroom"]) == ("at_limit", 0)
    assert row["why"] == "Criterion 1 is at its limit: 2 partials, 2 allowed (1.2.1, 1.2.2)."
    assert criterion(IN_JUNE, "4")["headroom"] == 3


def test_five_of_57_elements_are_covered_in_june_and_54_are_outstanding():
    rows = coverage(EXAMPLE, IN_JUNE)
    assert rows.filter("covered")["element"].to_list() == ["1.1.1", "1.2.1", "1.2.2", "1.3.1", "4.3.2"]
    assert rows["outstanding"].sum() == 54
    assert rows.filter("covered", "outstanding")["element"].to_list() == ["1.1.1", "4.3.2"]
    whole = completion(EXAMPLE, IN_JUNE).row(0, named=True)
    assert (whole["covered"], whole["elements"], whole["outstanding"]) == (5, 57, 54)
    assert whole["share"] == 5 / 57
    assert whole["annual_list_set"]


@pytest.mark.parametrize(
    ("element", "states"),
    [
        ("4.3.2", ["covered", "missed", "due"]),
        ("1.1.2", ["open", "open", "due"]),
        ("1.2.1", ["covered", "satisfied", "satisfied"]),
        ("1.3.1", ["satisfied", "covered", "covered"]),
    ],
)
def test_an_element_has_these_states_in_the_three_years(element, states):
    assert coverage(EXAMPLE, IN_JUNE).row(by_predicate=pl.col("element") == element, named=True)["years"] == states


def test_renewal_passes_for_reports_and_pass_mark_fails_for_elements_and_asks_for_attention_to_the_trend():
    rows = renewal(EXAMPLE, IN_JUNE)
    assert dict(rows["check", "outcome"].rows()) == {
        "reports": "pass",
        "elements": "fail",
        "sites": "fail",
        "pass_mark": "pass",
        "trend": "attention",
    }
    details = dict(rows["check", "today"].rows())
    assert details["reports"] == (
        "Every year that is over has an assessment day: year 1 on 10 March 2025; year 2 on 5 March 2026."
    )
    assert details["trend"] == (
        "1.2.1 is partial 2 times in a row (20 February 2024 and 10 March 2025). "
        "1.2.2 fell from compliant to partial on 10 March 2025."
    )
    assert details["elements"].startswith("54 of 57 elements are outstanding: 1.1.1, 1.1.2, ")


def test_the_facts_behind_the_renewal_gate_are_there():
    years = cycle_years(EXAMPLE, IN_JUNE)
    over = years.filter(pl.col("state") == "over")
    assert over["year"].to_list() == [1, 2]  # reports pass
    assert over["assessment_days"].list.len().min() > 0
    assert coverage(EXAMPLE, IN_JUNE)["outstanding"].any()  # elements fail
    gate = headroom(EXAMPLE, IN_JUNE)
    assert set(gate["status"]) == {"at_limit", "passes"}  # pass_mark passes
    assert not gate["indicative"].any()
    partial = standing(EXAMPLE, IN_JUNE).row(by_predicate=pl.col("element") == "1.2.1", named=True)
    assert (partial["band"], partial["previous_band"]) == ("partial", "partial")  # trend: attention
    assert visits(EXAMPLE, IN_JUNE)["outstanding"].to_list() == [3]
