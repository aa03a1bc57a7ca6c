"""A department's history: worked by hand, and against a slow twin on random programmes."""

import os
from collections import Counter
from datetime import date

from hypothesis import HealthCheck, given, settings

from scheme.standard import BASES
from scheme.timeline import TIMELINE, timeline
from tests import oracle
from tests.by_hand import assessment, certificate, department, programme, result
from tests.dashboard.made import assessed
from tests.programmes import cases

examples = settings(
    max_examples=int(os.environ.get("ASSAY_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
DAY = date(2026, 6, 20)


def test_what_happened_is_told_in_order_with_how_it_stood_after_each():
    known = programme(
        department("A"),
        department("B", "A"),
        certificate("2024-04-01", "2027-04-01", holder="A"),
        certificate("2021-04-01", "2024-04-01", code="OLD", holder="A"),
        *assessed("A", "2024-02-20", "initial"),
        *(result(element, "partial", "2025-03-10", of="A") for element in ("1.1.1", "1.1.2", "1.1.3")),
        result("1.1.1", "compliant", "2025-09-10", of="A", kind="reassessment"),
        result("1.1.2", "compliant", "2025-09-10", of="A", kind="reassessment", restated=True),
        result("1.1.1", "non_compliant", "2025-10-10", of="A", kind="self_assessment"),
        result("1.1.1", "non_compliant", "2026-06-21", of="A"),
        result("1.1.1", "non_compliant", "2026-01-01", of="B"),
    )
    told = timeline(known, DAY, "A").select("on", "what", "about", "elements", "status", "change").rows()
    assert told == [
        (date(2021, 4, 1), "awarded", "OLD", None, "incomplete", None),
        (date(2024, 2, 20), "assessment", "initial", 57, "passes", None),
        (date(2024, 4, 1), "awarded", "C", None, "passes", 0),
        (date(2024, 4, 1), "expired", "OLD", None, "passes", 0),
        (date(2025, 3, 10), "assessment", "annual_review", 3, "fails", -1),
        (date(2025, 9, 10), "assessment", "reassessment", 1, "at_limit", 1),
    ]


def test_a_certificate_that_ended_early_ended_and_did_not_expire_and_before_the_department_there_is_no_status():
    known = programme(
        department("A", since="2025-01-01"), certificate("2024-04-01", "2026-04-01", holder="A", ended="2025-06-01")
    )
    assert timeline(known, DAY, "A").select("on", "what", "status").rows() == [
        (date(2024, 4, 1), "awarded", None),
        (date(2025, 6, 1), "ended", "incomplete"),
    ]
    assert timeline(known, DAY, "B").is_empty()


def test_a_result_outside_the_scope_of_its_assessment_is_no_part_of_the_history():
    known = programme(
        department("A"),
        assessment("annual_review", "2025-03-10", scope="1.1.1", of="A"),
        result("1.1.1", "partial", "2025-03-10", of="A"),
        result("1.1.2", "partial", "2025-03-10", of="A"),
    )
    (row,) = timeline(known, DAY, "A").iter_rows(named=True)
    assert (row["elements"], row["partial"], row["not_assessed"]) == (1, 1, 56)


@examples
@given(case=cases())
def test_every_assessment_and_certificate_is_there_with_the_status_that_the_slow_twin_gives(case):
    known, day = case
    results = oracle.results_with_restated(known)
    for code in known.departments["department_code"]:
        told = timeline(known, day, code)
        assert dict(told.schema) == TIMELINE
        expected: Counter[tuple[date, str, str]] = Counter()
        for row in results:
            own = row["department_code"] == code and row["site_code"] is None and not row["restated"]
            if own and row["assessment_type"] in BASES["formal"] and row["assessed_on"] <= day:
                expected[row["assessed_on"], "assessment", row["assessment_type"]] += 1
        for row in known.certificates.iter_rows(named=True):
            early = row["ended_on"] is not None and row["ended_on"] < row["expires_on"]
            last = (row["ended_on"], "ended") if early else (row["expires_on"], "expired")
            for on, what in ((row["awarded_on"], "awarded"), last):
                expected[on, what, row["certificate_code"]] += int(row["department_code"] == code and on <= day)
        found = {row[:3]: row[3] or 1 for row in told.select("on", "what", "about", "elements").iter_rows()}
        assert found == {event: number for event, number in expected.items() if number}
        assert told["on"].is_sorted()
        for on in set(told["on"]):
            twin = {row["department_code"]: row for row in oracle.department_statuses(oracle.headroom(known, on))}
            statuses = set(told.filter(on=on).select("status", "indicative").iter_rows())
            here = twin.get(code)
            assert statuses == {(here["status"], here["indicative"]) if here else (None, None)}
