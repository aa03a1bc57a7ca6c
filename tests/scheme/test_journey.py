"""Which stage an assessment is in: every combination of what may be recorded, and which review is the present one."""

from datetime import date, timedelta
from itertools import product

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from scheme.headroom import headroom
from scheme.journey import JOURNEY, STAGES, STEPS, journey, steps
from tests.by_hand import assessment, department, on, programme, result
from tests.programmes import cases

VISIT = date(2026, 6, 15)
CODES = ("1.1.1", "1.1.2")


def review(day, kind="annual_review", of="A", planned=False, **columns):
    table, row = assessment(kind, str(day), of=of, planned=planned)
    return table, row | {name: on(value) if name.endswith("_on") else value for name, value in columns.items()}


def of(made, day, code="A"):
    return journey(made, on(day)).row(by_predicate=pl.col("department_code").eq_missing(code), named=True)


def stage(made, day):
    return of(made, day)["stage"]


@pytest.mark.parametrize("day", ["2026-05-17", "2026-05-18", "2026-06-14"])
def test_before_a_visit_the_stage_is_the_furthest_of_which_there_is_a_fact_whatever_else_is_missing(day):
    """All combinations of the five facts there can be before a booked visit, four weeks before it or not."""
    before = ("gap_analysis", "self_assessment", "application", "desk_review", "feedback")
    for facts in product([False, True], repeat=5):
        there = dict(zip(before, facts, strict=True))
        told = {"submitted_on": "2026-05-10" if there["application"] else None}
        told["feedback_on"] = "2026-05-16" if there["feedback"] else None
        rows = [
            review("2026-05-05", kind) for kind in ("gap_analysis", "self_assessment", "desk_review") if there[kind]
        ]
        made = programme(department("A"), review(VISIT, planned=True, **told), *rows)
        reached = [name for name in before if there[name]] + ["four_weeks"] * (day >= "2026-05-18")
        assert stage(made, day) == (reached[-1] if reached else None), there
        rows = steps(made, on(day)).filter(department_code="A").rows()
        assert [name for _, name, state, _ in rows if state == "reached"] == reached
        furthest = STAGES.index(reached[-1]) if reached else -1
        assert {state for _, name, state, _ in rows if STAGES.index(name) > furthest} == {"ahead"}


def test_after_a_visit_the_stage_is_the_furthest_of_which_there_is_a_fact_whatever_else_is_missing():
    """All combinations of what is recorded after a visit: recommendation, verification, decision, partials, more."""
    for recommended, verified, decided, found, again in product([False, True], repeat=5):
        told = {"recommendation": "Award" if recommended else None, "decision": "Confirmed" if decided else None}
        days = {"feedback_on": "2026-06-20", "verified_on": "2026-06-25" if verified else None}
        rows = [result("1.1.1", "partial" if found else "compliant", str(VISIT), of="A")]
        rows += [review("2026-06-28", "reassessment")] if again else []
        made = programme(department("A"), review(VISIT, **told, **days), *rows)
        reached = {"visit": True, "recommendation": recommended, "verification": verified, "decision": decided}
        reached |= {"improvement": decided and found, "reassessment": again}
        assert stage(made, "2026-07-01") == [name for name, is_there in reached.items() if is_there][-1]


def test_what_is_dated_after_the_day_is_not_reached_on_it():
    told = {"submitted_on": "2026-05-10", "feedback_on": "2026-06-20", "recommendation": "Award"}
    made = programme(
        department("A"),
        review("2026-05-01", "self_assessment"),
        review(VISIT, **told, verified_on="2026-06-25", decision="Confirmed"),
    )
    days = ["2026-04-30", "2026-05-01", "2026-06-15", "2026-06-20", "2026-06-25"]
    assert [stage(made, day) for day in days] == [None, "self_assessment", "visit", "recommendation", "decision"]


def test_the_last_review_stays_the_present_one_until_the_next_is_prepared_for():
    last = review("2026-03-02", decision="Confirmed", verified_on="2026-03-20")

    def present(day, *rows, **told):
        coming = review("2027-03-01", planned=True, **told)
        return of(programme(department("A"), last, coming, *rows), day)["begins_on"]

    assert present("2026-12-01") == date(2026, 3, 2)
    assert present("2026-12-01", submitted_on="2026-12-01") == date(2027, 3, 1)
    assert present("2026-12-01", submitted_on="2026-12-02") == date(2026, 3, 2)
    assert present("2026-12-01", review("2026-11-01", "self_assessment")) == date(2027, 3, 1)
    assert present("2026-12-01", result("1.1.1", "partial", "2026-11-01", of="A", kind="desk_review")) == date(
        2027, 3, 1
    )
    assert present("2026-12-01", review("2026-02-01", "self_assessment")) == date(2026, 3, 2)
    assert present("2027-01-31") == date(2026, 3, 2)
    assert present("2027-02-01") == date(2027, 3, 1)


def test_a_booking_that_passed_is_none_and_what_was_prepared_waits_for_a_new_one():
    passed = review("2026-03-02", planned=True)
    assert of(programme(department("A"), passed), "2026-03-03")["assessment_code"] is None
    row = of(programme(department("A"), passed, review("2026-02-01", "gap_analysis")), "2026-03-03")
    assert (row["stage"], row["next_step"], row["assessment_code"]) == ("gap_analysis", "booking", None)


def test_the_next_step_is_the_form_one_month_before_and_then_the_visit():
    row = of(programme(department("A"), review(VISIT, planned=True)), "2026-05-20")
    assert (row["next_step"], row["next_on"], row["days_to_visit"]) == ("application", date(2026, 5, 15), 26)
    row = of(programme(department("A"), review(VISIT, planned=True, submitted_on="2026-05-01")), "2026-05-20")
    assert (row["next_step"], row["next_on"]) == ("visit", VISIT)


def test_after_a_decision_what_was_missing_comes_first_then_what_may_be_improved_then_the_next_form():
    held = review(VISIT, recommendation="Reassess", verified_on="2026-06-25", decision="Confirmed")
    ahead = [review("2026-09-01", "reassessment", planned=True), review("2027-06-01", planned=True)]

    def row(*bands):
        found = [result(code, band, str(VISIT), of="A") for code, band in zip(CODES, bands, strict=True)]
        return of(programme(department("A"), held, *found, *ahead), "2026-07-01")

    both = row("non_compliant", "partial")
    assert (both["next_step"], both["next_on"]) == ("reassessment", date(2026, 9, 1))
    assert (both["improve"], both["improve_left"], both["missing_left"]) == (2, 2, 1)
    assert (row("compliant", "partial")["next_step"], row("compliant", "partial")["next_on"]) == (
        "improvement",
        date(2027, 6, 1),
    )
    assert (row("compliant", "compliant")["next_step"], row("compliant", "compliant")["next_on"]) == (
        "application",
        date(2027, 5, 1),
    )


def test_what_a_reassessment_put_right_is_no_longer_left():
    made = programme(
        department("A"),
        review(VISIT, decision="Confirmed", verified_on="2026-06-25"),
        result("1.1.1", "non_compliant", str(VISIT), of="A"),
        review("2026-08-01", "reassessment"),
        result("1.1.1", "compliant", "2026-08-01", of="A", kind="reassessment"),
    )
    row = of(made, "2026-08-02")
    assert (row["stage"], row["improve"], row["improve_left"], row["missing_left"]) == ("reassessment", 1, 0, 0)


def test_self_assessment_counts_the_elements_of_this_round_alone():
    rows = [
        result("1.1.1", "compliant", "2025-06-01", of="A", kind="self_assessment"),
        result("1.1.2", "compliant", "2026-05-01", of="A", kind="self_assessment"),
        result("1.1.3", "compliant", "2026-05-10", of="A", kind="self_assessment"),
    ]
    made = programme(department("A"), review("2025-06-15"), review(VISIT, planned=True), *rows)
    row = of(made, "2026-05-09")
    assert (row["self_assessed"], row["elements"], row["round_from"]) == (1, 57, date(2025, 6, 15))
    assert "1.1.2" not in row["not_self_assessed"]
    assert len(row["not_self_assessed"]) == 56


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_every_active_department_has_one_row_and_every_stage_one_step_whatever_was_recorded(case):
    made, day = case
    rows, every = journey(made, day), steps(made, day)
    assert rows.schema == pl.Schema(JOURNEY)
    assert every.schema == pl.Schema(STEPS)
    assert (
        rows["department_code"].to_list()
        == headroom(made, day)["department_code"].unique(maintain_order=True).to_list()
    )
    assert every["stage"].to_list() == list(STAGES) * rows.height
    for row in rows.iter_rows(named=True):
        own = every.filter(pl.col("department_code").eq_missing(row["department_code"]))
        reached = own.filter(state="reached")["stage"].to_list()
        assert row["stage"] == (reached[-1] if reached else None)
        assert row["improve_left"] <= row["improve"]
        assert own.filter(pl.col("state") == "reached", pl.col("on") > day).is_empty()
        if row["days_to_visit"] is not None:
            assert row["begins_on"] == day + timedelta(row["days_to_visit"]) > day
