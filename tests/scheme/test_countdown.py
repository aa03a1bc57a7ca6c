"""The countdown: what a desk review predicts of a visit within four weeks, and what to mend before it."""

from datetime import date

import polars as pl

from scheme.countdown import COUNTDOWN, TO_MEND, countdown, to_mend
from scheme.headroom import headroom
from scheme.standard import shipped
from tests.by_hand import assessment, department, on, programme, result

DAY = on("2026-05-20")
WHOLE = [result(code, "compliant", "2025-06-01", of="A") for code in shipped("cse").codes]
BOOKED = assessment("annual_review", "2026-06-15", of="A", planned=True)
NO_ACTIONS = pl.DataFrame(
    schema={"department_code": pl.String, "element": pl.String, "owner": pl.String, "due_on": pl.Date}
)


def desk(element, band, day="2026-05-10"):
    return result(element, band, day, of="A", kind="desk_review")


def of_criterion(made, criterion="1", day=DAY):
    return countdown(made, day).row(by_predicate=pl.col("criterion") == criterion, named=True)


def test_nothing_near_gives_empty_frames_with_all_columns():
    made = programme(department("A"))
    assert countdown(made, DAY).schema == pl.Schema(COUNTDOWN)
    assert countdown(made, DAY).is_empty()
    assert to_mend(made, DAY, NO_ACTIONS).schema == pl.Schema(TO_MEND)


def test_only_visits_that_begin_within_four_weeks_are_counted_down():
    made = programme(department("A"), *WHOLE, BOOKED)
    assert countdown(made, on("2026-05-17")).is_empty()
    assert set(countdown(made, on("2026-05-18"))["days"]) == {28}
    assert countdown(made, on("2026-06-15")).is_empty()


def test_without_a_desk_review_in_this_round_nothing_is_predicted():
    row = of_criterion(programme(department("A"), *WHOLE, BOOKED, desk("1.1.1", "non_compliant", "2025-05-01")))
    assert (row["predicted"], row["status"], row["looked_at"]) == (None, "passes", 0)


def test_the_prediction_is_what_the_visit_will_say_if_it_finds_what_the_desk_review_found():
    review = [assessment("annual_review", "2025-06-01", of="A"), *WHOLE, BOOKED]
    found = [desk("1.1.1", "non_compliant"), desk("1.2.1", "partial"), desk("2.1.1", "compliance_plus")]
    made = programme(department("A"), *review, *found)
    row = of_criterion(made)
    assert (row["predicted"], row["status"], row["looked_at"]) == ("fails", "passes", 2)
    assert row["why_predicted"] == "Criterion 1 fails: 1.1.1 is non-compliant."
    # the visit itself, finding the same
    visit = [
        result("1.1.1", "non_compliant", "2026-06-15", of="A"),
        result("1.2.1", "partial", "2026-06-15", of="A"),
        result("2.1.1", "compliance_plus", "2026-06-15", of="A"),
    ]
    then = headroom(programme(department("A"), *review, *visit), on("2026-06-15")).filter(department_code="A")
    assert countdown(made, DAY)["predicted"].to_list() == then["status"].to_list()


def test_a_formal_result_that_came_after_the_desk_review_stands():
    again = result("1.1.1", "compliant", "2026-05-12", of="A", kind="reassessment")
    held = assessment("annual_review", "2025-06-01", of="A")
    made = programme(department("A"), held, *WHOLE, BOOKED, desk("1.1.1", "non_compliant"), again)
    assert of_criterion(made)["predicted"] == "passes"
    same_day = result("1.1.1", "compliant", "2026-05-10", of="A", kind="reassessment")
    made = programme(department("A"), held, *WHOLE, BOOKED, desk("1.1.1", "non_compliant"), same_day)
    assert of_criterion(made)["predicted"] == "fails"


def test_what_to_mend_names_the_owner_of_the_action_that_is_due_first():
    partials = [desk("1.1.1", "non_compliant"), desk("1.2.1", "partial"), desk("1.2.2", "partial")]
    made = programme(department("A"), assessment("annual_review", "2025-06-01", of="A"), *WHOLE, BOOKED, *partials)
    actions = pl.DataFrame(
        [("A", "1.1.1", "late", None), ("A", "1.1.1", "Ann", date(2026, 6, 1)), ("B", "1.2.1", "Bea", None)],
        NO_ACTIONS.schema,
        orient="row",
    )
    rows = to_mend(made, DAY, actions).select("element", "band", "by_desk", "owner", "due_on").rows()
    assert rows[0] == ("1.1.1", "non_compliant", True, "Ann", date(2026, 6, 1))
    assert rows[1][1:] == ("partial", True, None, None)
    assert len(rows) == 2
