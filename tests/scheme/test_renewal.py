"""measures.md section 6: the five checks of the renewal gate, and what is planned."""

import polars as pl
import pytest

from scheme.renewal import CHECKS, DATES, RENEWAL, next_dates, renewal
from scheme.standard import Profile, shipped
from tests.by_hand import assessment, certificate, department, on, programme, result, site, visit

CYCLE = certificate("2024-04-01", "2027-04-01")
CODES = shipped("cse").codes
ALL = " ".join(CODES)


def whole(day, kind="annual_review", of=None, **bands):
    """A result of every element; `bands` by element with `_` for the dot and a letter before."""
    other = {name[1:].replace("_", "."): band for name, band in bands.items()}
    return [result(code, other.get(code, "compliant"), day, of=of, kind=kind) for code in CODES]


def gate(made, day, check):
    row = renewal(made, on(day)).row(by_predicate=pl.col("check") == check, named=True)
    return row["outcome"], row["outcome_at_expiry"]


def why(made, day, check):
    return renewal(made, on(day)).row(by_predicate=pl.col("check") == check, named=True)["today"]


def test_a_programme_without_certificates_has_an_empty_gate_with_all_columns():
    assert renewal(programme(), on("2026-01-01")).schema == pl.Schema(RENEWAL)
    assert next_dates(programme(), on("2026-01-01")).schema == pl.Schema(DATES)


def test_every_certificate_has_the_five_checks_in_order_and_certificates_are_in_number_order():
    made = programme(certificate("2024-04-01", "2027-04-01", "C10"), certificate("2024-04-01", "2027-04-01", "C9", "A"))
    rows = renewal(made, on("2026-01-01"))
    assert rows["certificate_code"].to_list() == ["C9"] * 5 + ["C10"] * 5
    assert rows["check"].to_list() == list(CHECKS) * 2


def test_reports_fail_only_once_a_year_without_a_review_is_over_grace_included():
    made = programme(CYCLE)
    assert gate(made, "2025-07-01", "reports") == ("pass", "fail")
    assert gate(made, "2025-07-02", "reports") == ("fail", "fail")
    assert why(made, "2025-07-02", "reports") == (
        "Year 1 (1 April 2024 to 31 March 2025) is over without an assessment day."
    )


def test_planned_reviews_make_the_reports_and_elements_good_by_expiry():
    made = programme(
        CYCLE,
        assessment("annual_review", "2025-03-01", ALL, planned=True),
        assessment("annual_review", "2026-03-01", "1.1.1", planned=True),
        annual_elements=(),
    )
    assert gate(made, "2024-06-01", "reports") == ("pass", "pass")
    assert gate(made, "2024-06-01", "elements") == ("fail", "pass")


def test_a_booking_that_passed_without_being_held_is_nothing():
    made = programme(CYCLE, assessment("annual_review", "2025-03-01", ALL, planned=True), annual_elements=())
    assert gate(made, "2025-03-01", "elements") == ("fail", "pass")
    assert gate(made, "2025-03-02", "elements") == ("fail", "fail")


def test_what_was_found_after_the_day_is_not_known_on_it_and_neither_is_a_review_that_was_not_planned():
    made = programme(
        CYCLE,
        *whole("2025-03-01"),
        assessment("annual_review", "2025-03-01", ALL),
        annual_elements=(),
    )
    assert gate(made, "2025-02-28", "elements") == ("fail", "fail")
    assert gate(made, "2025-03-01", "elements") == ("pass", "pass")


def test_a_missed_annual_element_asks_for_attention_once_nothing_is_outstanding():
    made = programme(
        CYCLE,
        *whole("2025-05-01"),
        result("1.1.2", "compliant", "2024-06-01"),
        assessment("annual_review", "2026-06-01", "1.1.1"),
        annual_elements=("1.1.1",),
    )
    assert gate(made, "2026-08-01", "elements") == ("attention", "attention")
    assert why(made, "2026-08-01", "elements") == (
        "Nothing is outstanding, but 1 element that is due every year was missed in a year that is over: "
        "1.1.1 (year 1)."
    )


def test_without_an_annual_list_elements_are_unknown_and_with_an_empty_one_they_pass():
    review = whole("2025-05-01")
    assert gate(programme(CYCLE, *review, annual_elements=None), "2026-01-01", "elements") == ("unknown", "unknown")
    assert gate(programme(CYCLE, *review, annual_elements=()), "2026-01-01", "elements") == ("pass", "pass")


@pytest.mark.parametrize(
    ("required", "must", "visited", "outcome"),
    [
        (2, False, 1, "fail"),
        (1, False, 1, "pass"),
        (None, False, 0, "unknown"),
        (None, True, 0, "fail"),
        (0, True, 0, "fail"),
        (None, True, 1, "unknown"),
    ],
)
def test_sites_fail_for_a_number_or_a_must_visit_site_owed_and_are_unknown_without_a_number(
    required, must, visited, outcome
):
    rows = [site("S", must_visit=must), site("T"), *[visit("S", "2025-01-01")][:visited]]
    made = programme(certificate("2024-04-01", "2027-04-01", sites_required=required), *rows)
    assert gate(made, "2026-01-01", "sites")[0] == outcome


def test_a_planned_visit_happens_by_expiry_unless_it_has_passed_or_lies_beyond():
    def owed(day):
        made = programme(
            certificate("2024-04-01", "2027-04-01", sites_required=1), site("S"), visit("S", day, planned=True)
        )
        return gate(made, "2026-01-01", "sites")

    assert owed("2026-01-01") == owed("2027-03-31") == ("fail", "pass")
    assert owed("2025-12-31") == owed("2027-04-01") == ("fail", "fail")


def test_the_pass_mark_is_judged_by_the_allowances_of_the_certificates_own_profile():
    made = programme(
        certificate("2024-04-01", "2027-04-01", profile="strict"),
        *whole("2025-05-01", e1_1_1="partial"),
    )
    strict = Profile("strict", "Strict body", allowances=dict.fromkeys("12345", 0))
    made.profiles["strict"] = [strict]
    assert gate(made, "2026-01-01", "pass_mark") == ("fail", "fail")
    assert why(made, "2026-01-01", "pass_mark") == "Criterion 1 fails: 1 partial, none allowed (1.1.1)."


def test_what_fails_only_by_rolled_up_bands_fails_and_is_said_to_be_an_indication():
    rolled = whole("2025-05-01", of="A", e1_1_1="non_compliant")
    made = programme(CYCLE, department("A"), *rolled)
    assert gate(made, "2026-01-01", "pass_mark") == ("fail", "fail")
    assert why(made, "2026-01-01", "pass_mark").startswith(
        "An indication from rolled-up bands, not an assessor's verdict. Criterion 1 fails"
    )
    both = programme(CYCLE, department("A"), *rolled, result("1.1.1", "non_compliant", "2025-06-01"))
    assert why(both, "2026-01-01", "pass_mark").startswith("Criterion 1 fails")


def test_a_holder_that_is_closed_by_expiry_is_not_judged_then():
    made = programme(
        certificate("2024-04-01", "2027-04-01", holder="A"),
        department("A", until="2027-01-01"),
        *whole("2025-05-01", of="A"),
    )
    assert gate(made, "2026-01-01", "pass_mark") == ("pass", "unknown")


def test_a_fall_in_the_cycle_asks_for_attention_until_it_is_put_right():
    fallen = [CYCLE, result("1.1.1", "compliant", "2023-05-01"), result("1.1.1", "partial", "2025-05-01")]
    assert gate(programme(*fallen), "2026-01-01", "trend") == ("attention", "attention")
    assert why(programme(*fallen), "2026-01-01", "trend") == "1.1.1 fell from compliant to partial on 1 May 2025."
    mended = programme(*fallen, result("1.1.1", "compliant", "2025-06-01", kind="reassessment"))
    assert gate(mended, "2026-01-01", "trend") == ("pass", "pass")


def test_a_fall_before_the_cycle_or_after_it_ended_is_not_of_it():
    before = programme(
        CYCLE, result("1.1.1", "compliant", "2023-01-01"), result("1.1.1", "non_compliant", "2024-03-31")
    )
    assert gate(before, "2026-01-01", "trend")[0] == "pass"
    ended = programme(
        certificate("2024-04-01", "2027-04-01", ended="2025-05-01"),
        result("1.1.1", "compliant", "2024-05-01"),
        result("1.1.1", "partial", "2025-05-01"),
    )
    assert gate(ended, "2026-01-01", "trend")[0] == "pass"


def test_fewer_than_two_formal_assessments_tell_no_trend():
    made = programme(
        CYCLE,
        result("1.1.1", "partial", "2025-05-01"),
        result("1.1.1", "partial", "2025-06-01", restated=True),
        result("1.1.1", "partial", "2025-07-01", kind="self_assessment"),
        assessment("annual_review", "2026-06-01", ALL, planned=True),
    )
    assert gate(made, "2026-01-01", "trend") == ("unknown", "unknown")


def test_an_assessment_planned_for_the_day_itself_leaves_the_bands_found_on_it_as_they_are():
    made = programme(
        CYCLE,
        *whole("2025-05-01", e1_1_1="non_compliant"),
        result("1.1.1", "compliant", "2026-01-01"),
        assessment("annual_review", "2026-01-01", "1.1.2", planned=True),
    )
    assert gate(made, "2026-01-01", "pass_mark") == ("pass", "pass")


def test_a_certificate_that_expired_is_judged_at_expiry_as_its_last_day_knew_it():
    made = programme(
        CYCLE,
        *whole("2025-05-01", e1_1_1="non_compliant"),
        result("1.1.1", "compliant", "2027-04-01"),
    )
    assert gate(made, "2027-06-01", "pass_mark") == ("pass", "fail")


def test_the_next_dates_are_the_booked_reviews_their_forms_one_month_before_and_expiry():
    made = programme(
        certificate("2024-04-01", "2027-04-01", holder="A"),
        department("A"),
        department("B", "A"),
        assessment("renewal", "2027-03-31", of="A", planned=True),
        assessment("annual_review", "2026-02-28", of="B", planned=True),
        assessment("annual_review", "2025-12-31", of="A", planned=True),
        assessment("gap_analysis", "2026-03-01", of="A", planned=True),
    )
    rows = next_dates(made, on("2026-02-01")).select("what", "on", "days", "department_code").rows()
    assert [(what, str(day), days, code) for what, day, days, code in rows] == [
        ("form", "2026-01-28", -4, "B"),
        ("review", "2026-02-28", 27, "B"),
        ("form", "2027-02-28", 392, "A"),
        ("review", "2027-03-31", 423, "A"),
        ("expiry", "2027-04-01", 424, "A"),
    ]
