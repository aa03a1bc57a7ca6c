"""measures.md section 2: the band in force, and the roll-up."""

from itertools import pairwise

import polars as pl
import pytest

from scheme.standing import MIX, STANDING, standing
from tests.by_hand import department, on, programme, result, site

DAY = on("2026-01-01")


def row(made, of=None, element="1.1.1", day=DAY, basis="formal"):
    """The standing of one department and element, or None."""
    rows = standing(made, day, basis).filter(pl.col("department_code").eq_missing(pl.lit(of)), element=element)
    return rows.row(0, named=True) if len(rows) else None


def test_a_programme_without_results_has_no_standing_and_keeps_the_columns():
    assert standing(programme(), DAY).schema == pl.Schema(STANDING)
    assert standing(programme(department("A"), site("S", "A")), DAY).is_empty()


def test_the_latest_result_up_to_the_day_is_in_force():
    made = programme(result("1.1.1", "partial", "2025-01-01"), result("1.1.1", "compliant", "2025-06-01"))
    assert row(made)["band"] == "compliant"
    assert row(made, day=on("2025-06-01"))["band"] == "compliant"
    assert row(made, day=on("2025-05-31"))["band"] == "partial"
    assert row(made, day=on("2024-12-31")) is None


def test_the_order_of_rows_never_matters():
    rows = [
        result("1.1.1", "partial", "2025-01-01", kind="renewal"),
        result("1.1.1", "compliant", "2025-01-01", kind="initial"),
        result("1.1.1", "non_compliant", "2024-01-01", kind="reassessment"),
    ]
    assert standing(programme(*rows), DAY).equals(standing(programme(*rows[::-1]), DAY))


def test_of_two_results_on_one_day_the_later_type_counts():
    order = ["initial", "annual_review", "renewal", "reassessment"]
    for earlier, later in pairwise(order):
        made = programme(
            result("1.1.1", "partial", "2025-01-01", kind=later),
            result("1.1.1", "compliant", "2025-01-01", kind=earlier),
        )
        assert row(made)["assessment_type"] == later
        assert row(made)["previous_band"] == "compliant"


def test_preparations_do_not_move_the_formal_standing():
    made = programme(
        result("1.1.1", "compliant", "2024-01-01"),
        *(
            result("1.1.1", "partial", "2025-01-01", kind=kind)
            for kind in ("self_assessment", "gap_analysis", "desk_review")
        ),
    )
    assert row(made)["band"] == "compliant"
    assert not row(made)["carried_forward"]


def test_the_bases_self_and_desk_answer_from_their_own_results():
    made = programme(
        result("1.1.1", "compliant", "2024-01-01"),
        result("1.1.1", "compliance_plus", "2024-02-01", kind="self_assessment"),
        result("1.1.1", "partial", "2024-03-01", kind="desk_review"),
        result("1.1.1", "non_compliant", "2024-04-01", kind="gap_analysis"),
    )
    assert [row(made, basis=basis)["band"] for basis in ("formal", "self", "desk")] == [
        "compliant",
        "compliance_plus",
        "partial",
    ]


def test_a_band_is_carried_forward_once_the_department_was_looked_at_again():
    made = programme(
        result("1.1.1", "compliant", "2024-01-01"),
        result("1.1.2", "compliant", "2025-01-01"),
        result("1.1.3", "compliant", "2025-06-01", site="S"),
        site("S"),
    )
    assert row(made)["carried_forward"]
    assert not row(made, element="1.1.2")["carried_forward"]
    assert not row(made, day=on("2024-12-31"))["carried_forward"]


def test_another_basis_or_department_carries_nothing_forward():
    made = programme(
        department("A"),
        result("1.1.1", "compliant", "2024-01-01"),
        result("1.1.2", "compliant", "2025-01-01", of="A"),
        result("1.1.2", "compliant", "2025-01-01", kind="self_assessment"),
    )
    assert not row(made)["carried_forward"]


def test_the_previous_band_is_the_own_result_next_before_equal_or_not():
    made = programme(
        result("1.1.1", "partial", "2023-01-01"),
        result("1.1.1", "compliant", "2024-01-01"),
        result("1.1.1", "compliant", "2025-01-01"),
        result("1.1.2", "compliant", "2025-01-01"),
    )
    assert row(made)["previous_band"] == "compliant"
    assert row(made, day=on("2024-06-01"))["previous_band"] == "partial"
    assert row(made, element="1.1.2")["previous_band"] is None


@pytest.mark.parametrize(
    ("band", "day", "worse"),
    [
        ("partial", "2025-01-02", True),
        ("partial", "2025-01-01", False),
        ("compliant", "2025-01-02", False),
        ("compliance_plus", "2025-01-02", False),
        ("not_applicable", "2025-01-02", False),
    ],
)
def test_a_strictly_later_and_strictly_worse_band_directly_below_is_worse_below(band, day, worse):
    own = result("1.1.1", "compliant", "2025-01-01")
    assert row(programme(own, site("S"), result("1.1.1", band, day, site="S")))["worse_below"] is worse
    assert row(programme(own, department("A"), result("1.1.1", band, day, of="A")))["worse_below"] is worse


def test_nothing_is_worse_than_an_own_band_that_is_not_applicable():
    made = programme(
        site("S"),
        result("1.1.1", "not_applicable", "2025-01-01"),
        result("1.1.1", "non_compliant", "2025-06-01", site="S"),
    )
    assert not row(made)["worse_below"]


def test_a_rolled_up_band_below_is_worse_below_with_its_newest_day():
    made = programme(
        department("A"),
        site("S", "A"),
        result("1.1.1", "compliant", "2025-01-01"),
        result("1.1.1", "partial", "2025-06-01", site="S"),
    )
    assert row(made)["worse_below"]
    assert not row(made, "A")["worse_below"]


def rolled(*bands: str, **settings):
    """What departments with these bands roll up to."""
    rows = [
        made
        for number, band in enumerate(bands)
        for made in (department(f"D{number}"), result("1.1.1", band, f"2025-01-{number + 1:02}", of=f"D{number}"))
    ]
    return row(programme(*rows, **settings))


PLUS, COMPLIANT, PARTIAL, FAILING, NONE = (name.removeprefix("below_") for name in MIX)


@pytest.mark.parametrize(
    ("bands", "band"),
    [
        ([PLUS, PLUS], PLUS),
        ([PLUS, COMPLIANT], COMPLIANT),
        ([COMPLIANT, COMPLIANT], COMPLIANT),
        ([NONE, NONE], NONE),
        ([NONE, PLUS], PLUS),
        ([NONE, NONE, FAILING], FAILING),
        ([COMPLIANT, FAILING, FAILING, FAILING], PARTIAL),  # a quarter is no minor part
        ([COMPLIANT, FAILING, FAILING, FAILING, FAILING], FAILING),
        ([COMPLIANT, FAILING, FAILING, FAILING, FAILING, NONE], FAILING),
        ([COMPLIANT, FAILING, FAILING, PARTIAL, PARTIAL], PARTIAL),  # half of the others is not more than half
        ([FAILING, PARTIAL], PARTIAL),
        ([FAILING, FAILING, PARTIAL], FAILING),
        ([PARTIAL], PARTIAL),
    ],
)
def test_bands_roll_up_to_this_one(bands, band):
    assert rolled(*bands)["band"] == band


def test_one_partial_among_sound_ones_rolls_up_to_a_partial():
    assert rolled(*[COMPLIANT] * 24, PARTIAL)["band"] == PARTIAL


def test_the_minor_share_is_a_setting_of_the_profile():
    assert rolled(COMPLIANT, FAILING, FAILING, minor_share=1 / 3)["band"] == PARTIAL
    assert rolled(COMPLIANT, FAILING, FAILING, minor_share=0.34)["band"] == FAILING


def test_a_rolled_up_band_shows_its_mix_its_newest_day_and_that_it_is_one():
    made = rolled(COMPLIANT, PARTIAL, PLUS, FAILING, NONE)
    assert [made[name] for name in MIX] == [1, 1, 1, 1, 1]
    assert made["assessed_on"] == on("2025-01-05")  # that of the not applicable one
    assert made["rolled_up"]
    assert (made["assessment_type"], made["carried_forward"], made["previous_band"]) == (None, None, None)
    assert not made["worse_below"]


def test_an_own_band_has_no_mix_and_is_not_rolled_up():
    made = row(programme(department("A"), result("1.1.1", PARTIAL, "2025-01-01", of="A")), "A")
    assert [made[name] for name in MIX] == [None] * 5
    assert not made["rolled_up"]


def test_an_own_result_stands_before_what_lies_below():
    made = programme(
        department("A"), result("1.1.1", PARTIAL, "2020-01-01"), result("1.1.1", PLUS, "2025-01-01", of="A")
    )
    assert row(made)["band"] == PARTIAL


def test_a_department_rolls_up_its_sub_departments_standing_level_by_level():
    made = programme(
        department("A"),
        department("B", "A"),
        department("C", "B"),
        department("D", "B"),
        result("1.1.1", PLUS, "2025-01-01", of="C"),
        result("1.1.1", PARTIAL, "2025-02-01", of="D"),
    )
    assert [row(made, code)["band"] for code in ("B", "A", None)] == [PARTIAL] * 3
    assert row(made, "A")["below_partial"] == 1
    assert row(made, "A")["below_compliance_plus"] == 0  # only what lies directly below
    assert row(made)["assessed_on"] == on("2025-02-01")


def test_a_closed_department_has_no_rows_and_lets_nothing_reach_higher():
    made = programme(
        department("A", until="2025-06-01"),
        department("B", "A"),
        result("1.1.1", PLUS, "2025-01-01", of="A"),
        result("1.1.1", PARTIAL, "2025-01-01", of="B"),
    )
    assert row(made, "A") is None
    assert row(made, "B")["band"] == PARTIAL
    assert row(made) is None
    assert row(made, day=on("2025-05-31"))["band"] == PLUS


def test_only_sites_in_scope_on_the_day_count():
    made = programme(
        site("S", since="2025-03-01", until="2025-06-01"), result("1.1.1", PARTIAL, "2025-01-01", site="S")
    )
    days = ("2025-02-28", "2025-03-01", "2025-05-31", "2025-06-01")
    assert [row(made, day=on(day)) is not None for day in days] == [False, True, True, False]


def test_a_site_result_naming_no_department_counts_for_each_the_site_belongs_to():
    made = programme(
        department("A"),
        department("B"),
        department("C"),
        site("S", "A", "B"),
        result("1.1.1", PLUS, "2025-01-01", site="S"),
    )
    assert [row(made, code) is not None for code in "ABC"] == [True, True, False]
    assert row(made)["below_compliance_plus"] == 2


def test_a_site_result_naming_one_department_counts_for_no_other():
    made = programme(
        department("A"), department("B"), site("S", "A", "B"), result("1.1.1", PLUS, "2025-01-01", of="A", site="S")
    )
    assert [row(made, code) is not None for code in "AB"] == [True, False]


def test_on_one_day_and_type_the_site_result_naming_the_department_wins_there():
    made = programme(
        department("A"),
        department("B"),
        site("S", "A", "B"),
        result("1.1.1", PARTIAL, "2025-01-01", of="A", site="S"),
        result("1.1.1", PLUS, "2025-01-01", site="S"),
    )
    assert [row(made, code)["band"] for code in "AB"] == [PARTIAL, PLUS]


def test_a_later_type_or_day_wins_over_the_result_naming_the_department():
    made = programme(
        department("A"),
        site("S", "A"),
        result("1.1.1", PARTIAL, "2025-01-01", of="A", site="S"),
        result("1.1.1", PLUS, "2025-01-01", site="S", kind="renewal"),
    )
    assert row(made, "A")["band"] == PLUS


def test_a_site_with_no_department_lies_below_the_corporate_body():
    made = programme(department("A"), site("S"), result("1.1.1", PLUS, "2025-01-01", site="S"))
    assert row(made)["band"] == PLUS
    assert row(made, "A") is None


def test_a_site_result_is_never_an_own_result():
    made = programme(department("A"), site("S", "A"), result("1.1.1", PLUS, "2025-01-01", of="A", site="S"))
    assert row(made, "A")["rolled_up"]


def test_sites_and_sub_departments_are_mixed_one_for_one():
    made = programme(
        department("A"),
        department("B", "A"),
        site("S", "A"),
        site("T", "A"),
        result("1.1.1", PLUS, "2025-01-01", of="B"),
        result("1.1.1", PLUS, "2025-01-01", site="S"),
        result("1.1.1", PARTIAL, "2025-01-01", site="T"),
    )
    assert [row(made, "A")[name] for name in MIX] == [2, 0, 1, 0, 0]


def test_rows_are_sorted_with_the_corporate_body_first_and_numbers_in_number_order():
    made = programme(
        *(department(code) for code in ("D10", "D9", "A")),
        *(result("1.1.1", PLUS, "2025-01-01", of=code) for code in ("D10", "D9", "A")),
    )
    assert standing(made, DAY)["department_code"].to_list() == [None, "A", "D9", "D10"]
