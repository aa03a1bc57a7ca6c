"""measures.md section 3: headroom, status and the sentence why."""

import polars as pl
import pytest

from scheme.headroom import HEADROOM, STATUS, headroom, status_by_department
from scheme.standard import shipped
from scheme.standing import standing
from tests.by_hand import department, on, programme, result

DAY = on("2026-01-01")
CRITERION_5 = shipped("cse").criteria[4].elements
THIRD = shipped("cse").criteria[2].elements


def judged(band_of: dict[str, str], elements=(), of=None):
    """Results of these bands, and compliant ones of the other `elements`."""
    return [result(code, band_of.get(code, "compliant"), "2025-01-01", of=of) for code in {*band_of, *elements}]


def row(made, criterion="3", of=None):
    rows = headroom(made, DAY).filter(pl.col("department_code").eq_missing(pl.lit(of)), criterion=criterion)
    return rows.row(0, named=True)


def test_criteria_have_these_elements_and_allowances():
    assert headroom(programme(), DAY)["criterion", "elements", "allowance"].rows() == [
        ("1", 11, 2),
        ("2", 11, 2),
        ("3", 12, 2),
        ("4", 13, 3),
        ("5", 10, 2),
    ]


def test_every_active_department_and_the_corporate_body_have_rows_where_nothing_was_assessed():
    made = programme(department("D10"), department("D9"), department("X", until="2026-01-01"))
    rows = headroom(made, DAY)
    assert rows.schema == pl.Schema(HEADROOM)
    assert rows["department_code"].unique(maintain_order=True).to_list() == [None, "D9", "D10"]
    assert set(rows["status"]) == {"incomplete"}
    assert rows["compliance_share"].null_count() == 15
    assert row(made)["why"] == "Criterion 3 is incomplete: 12 of 12 elements not assessed."


def test_bands_are_counted_and_partials_taken_off_the_allowance():
    bands = {THIRD[0]: "compliance_plus", THIRD[1]: "partial", THIRD[2]: "non_compliant", THIRD[3]: "not_applicable"}
    made = row(programme(*judged(bands, THIRD[:6])))
    counts = ("compliance_plus", "compliant", "partial", "non_compliant", "not_applicable", "not_assessed")
    assert [made[name] for name in counts] == [1, 2, 1, 1, 1, 6]
    assert made["headroom"] == 1
    assert made["compliance_share"] == 3 / 5


def test_a_criterion_of_not_applicable_elements_alone_has_no_compliance_share():
    assert row(programme(*judged({THIRD[0]: "not_applicable"})))["compliance_share"] is None


def test_an_allowance_is_data_and_never_a_percentage():
    made = programme(*judged({"3.2.2": "partial"}, THIRD), allowances={"1": 2, "2": 2, "3": 0, "4": 3, "5": 2})
    assert (row(made)["headroom"], row(made)["status"]) == (-1, "fails")
    assert row(made)["why"] == "Criterion 3 fails: 1 partial, none allowed (3.2.2)."


THREE = {"3.3.1": "partial", "3.2.2": "partial", "3.4.2": "partial"}
TWO = {"3.3.1": "partial", "3.2.2": "partial"}


@pytest.mark.parametrize(
    ("bands", "elements", "status", "why"),
    [
        (THREE, THIRD, "fails", "Criterion 3 fails: 3 partials, 2 allowed (3.2.2, 3.3.1, 3.4.2)."),
        ({"3.1.1": "non_compliant"}, THIRD, "fails", "Criterion 3 fails: 3.1.1 is non-compliant."),
        (
            {"3.1.1": "non_compliant", "3.4.1": "non_compliant"},
            THIRD,
            "fails",
            "Criterion 3 fails: 3.1.1 and 3.4.1 are non-compliant.",
        ),
        (
            THREE | {"3.1.1": "non_compliant"},
            THIRD,
            "fails",
            "Criterion 3 fails: 3 partials, 2 allowed (3.2.2, 3.3.1, 3.4.2); 3.1.1 is non-compliant.",
        ),
        (
            THREE,
            THIRD[:-1],
            "fails",
            "Criterion 3 fails: 3 partials, 2 allowed (3.2.2, 3.3.1, 3.4.2). 1 element not assessed.",
        ),
        (TWO, THIRD, "at_limit", "Criterion 3 is at its limit: 2 partials, 2 allowed (3.2.2, 3.3.1)."),
        (
            TWO,
            (),
            "at_limit",
            "Criterion 3 is at its limit: 2 partials, 2 allowed (3.2.2, 3.3.1). 10 elements not assessed.",
        ),
        (
            {"3.1.1": "partial"},
            THIRD[:-2],
            "incomplete",
            "Criterion 3 is incomplete: 2 of 12 elements not assessed.",
        ),
        ({"3.1.1": "partial"}, THIRD, "passes", "Criterion 3 passes: 1 partial, 2 allowed (3.1.1)."),
        ({}, THIRD, "passes", "Criterion 3 passes: no partials, 2 allowed."),
        ({"3.1.1": "not_applicable"}, THIRD, "passes", "Criterion 3 passes: no partials, 2 allowed."),
    ],
)
def test_a_criterion_has_this_status_and_says_why(bands, elements, status, why):
    made = row(programme(*judged(bands, elements)))
    assert (made["status"], made["why"]) == (status, why)


def test_forty_sound_departments_with_one_partial_each_are_a_failing_whole_by_indication_alone():
    codes = shipped("cse").codes
    rows = [
        made
        for number in range(40)
        for made in (
            department(f"D{number}"),
            *judged({codes[number]: "partial"}, codes, of=f"D{number}"),
        )
    ]
    statuses = status_by_department(headroom(programme(*rows), DAY))
    assert statuses["status"].to_list() == ["fails", *["passes"] * 40]
    assert statuses["indicative"].to_list() == [True, *[False] * 40]


def test_a_criterion_with_a_rolled_up_band_is_indicative_and_says_so():
    made = programme(department("A"), *judged({}, CRITERION_5[:3]), *judged({}, CRITERION_5[2:], of="A"))
    corporate = row(made, "5")
    assert corporate["indicative"]
    assert corporate["why"] == "Criterion 5 passes: no partials, 2 allowed. Indication: 7 of 10 bands are rolled up."
    assert not row(made, "5", of="A")["indicative"]
    assert not row(made, "1")["indicative"]


def test_the_headroom_of_a_given_standing_is_that_of_its_basis():
    made = programme(result("1.1.1", "partial", "2025-01-01", kind="self_assessment"))
    own = headroom(made, DAY, "self")
    assert own["partial"].sum() == 1
    assert own.equals(headroom(made, DAY, standing=standing(made, DAY, "self")))
    assert headroom(made, DAY)["partial"].sum() == 0


def test_a_department_has_the_status_of_its_worst_criterion_and_names_the_tightest():
    codes = shipped("cse").codes
    made = programme(
        department("A"),
        department("B"),
        department("C"),
        *judged({"2.1.1": "partial", "2.1.2": "partial", "4.1.1": "partial"}, codes, of="A"),
        *judged({"1.1.1": "non_compliant", "5.1.1": "non_compliant", "5.1.2": "partial"}, codes, of="B"),
        *judged({"4.1.1": "partial"}, codes, of="C"),
    )
    statuses = status_by_department(headroom(made, DAY))
    assert statuses.schema == pl.Schema(STATUS)
    assert statuses["department_code", "status", "criterion"].rows() == [
        (None, "at_limit", "2"),
        ("A", "at_limit", "2"),
        ("B", "fails", "5"),
        ("C", "passes", "1"),
    ]
    assert statuses["why"][1] == "Criterion 2 is at its limit: 2 partials, 2 allowed (2.1.1, 2.1.2)."


def test_departments_of_no_rows_have_no_status():
    assert status_by_department(headroom(programme(), DAY).clear()).schema == pl.Schema(STATUS)
