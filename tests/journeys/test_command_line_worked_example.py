"""The worked example of measures.md section 7, from files to records, for a department and for the corporate body."""

import pytest

from scheme.standard import shipped
from tests.journeys.command_line import at_once, tuples

ALL = shipped("cse").codes
PROFILE = """
name = "Worked example"
base = "cse"
annual_elements = ["1.1.1", "4.3.2"]
"""
LATER = [
    ("annual_review", "2025-03-10", "1.1.1", "Compliant"),
    ("annual_review", "2025-03-10", "1.2.1", "Partial compliance"),
    ("annual_review", "2025-03-10", "1.2.2", "PC"),
    ("annual_review", "2025-03-10", "4.3.2", "Compliance Plus"),
    ("annual_review", "2026-03-05", "1.1.1", "C"),
    ("annual_review", "2026-03-05", "1.3.1", "Non-compliant"),
    ("reassessment", "2026-05-02", "1.3.1", "Fully met"),
]


# Where it is kept, the tenant, and who holds the certificate: the corporate body, or a department.
CASES = [
    pytest.param(("sqlite", "WHOLE", None), id="corporate body on SQLite"),
    pytest.param(("postgres", "PART", "H"), id="department on PostgreSQL", marks=pytest.mark.postgres),
]


@pytest.fixture(scope="module", params=CASES)
def example(request, opened):
    """A warehouse with the example in it, the tenant and the holder of the certificate."""
    kind, tenant, holder = request.param
    warehouse = opened(kind)
    warehouse.write("ours.toml", PROFILE)
    warehouse.say("tenant", "add", tenant, "--name", tenant, "--profile", "ours.toml")
    first = [("initial", "2024-02-20", code, "Partial" if code == "1.2.1" else "Compliant") for code in ALL]
    if holder is None:
        warehouse.csv("in/z-first.csv", "Assessment type,Assessed on,Element,Band", *first)
        warehouse.csv("in/a-later.csv", "Assessment type,Assessed on,Element,Band", *LATER)
        warehouse.csv("in/certificates.csv", "Certificate code,Awarded on,Expires on,Sites required",
                      "CSE-1,2024-04-01,2027-04-01,3")  # fmt: skip
    else:
        warehouse.csv("in/departments.csv", "Department code,Department name", "H,Holder")
        warehouse.csv("in/results.csv", "Department code,Assessment type,Assessed on,Element,Band",
                      *(("H", *row) for row in (*LATER, *reversed(first))))  # fmt: skip
        warehouse.csv("in/certificates.csv", "Certificate code,Department code,Awarded on,Valid until,Sites required",
                      "CSE-1,H,01/04/2024,31/03/2027,3")  # fmt: skip
    loaded = warehouse.load("in", tenant=tenant)
    assert sum(record["loaded"] for record in loaded.files if record["table"] == "results") == 57 + 7
    return warehouse, tenant, holder


def test_standing_and_headroom_of_the_worked_example_are_those_of_the_page(example):
    warehouse, tenant, code = example
    april, june, standing = at_once(
        lambda: warehouse.measure("headroom", "--as-of", "2026-04-15", tenant=tenant),
        lambda: warehouse.measure("headroom", "--as-of", "2026-06-01", tenant=tenant),
        lambda: warehouse.measure("standing", "--as-of", "2026-06-01", tenant=tenant),
    )
    april, june, standing = ([r for r in rows if r["department_code"] == code] for rows in (april, june, standing))
    keys = "elements compliance_plus compliant partial non_compliant not_applicable not_assessed headroom status"
    assert tuples(april, keys)[0] == (11, 0, 8, 2, 1, 0, 0, 0, "fails")
    assert "1.3.1" in april[0]["why"]
    assert tuples(june, keys) == [
        (11, 0, 9, 2, 0, 0, 0, 0, "at_limit"),
        (11, 0, 11, 0, 0, 0, 0, 2, "passes"),
        (12, 0, 12, 0, 0, 0, 0, 2, "passes"),
        (13, 1, 12, 0, 0, 0, 0, 3, "passes"),
        (10, 0, 10, 0, 0, 0, 0, 2, "passes"),
    ]
    assert [row["indicative"] for row in june] == [False] * 5
    assert all(row["why"] for row in june)
    assert "1.2.1" in june[0]["why"]
    assert "1.2.2" in june[0]["why"]

    assert [row["element"] for row in standing] == list(ALL)
    found = {row["element"]: row for row in standing}
    own = {"department_code": code, "rolled_up": False, "worse_below": False}
    assert found["1.3.1"] == own | {
        "element": "1.3.1",
        "band": "compliant",
        "assessed_on": "2026-05-02",
        "assessment_type": "reassessment",
        "carried_forward": False,
        "previous_band": "non_compliant",
    }
    assert found["1.2.1"] == own | {
        "element": "1.2.1",
        "band": "partial",
        "assessed_on": "2025-03-10",
        "assessment_type": "annual_review",
        "carried_forward": True,
        "previous_band": "partial",
    }
    assert found["5.3.3"] == own | {
        "element": "5.3.3",
        "band": "compliant",
        "assessed_on": "2024-02-20",
        "assessment_type": "initial",
        "carried_forward": True,
        "previous_band": None,
    }


def test_coverage_of_the_worked_example_is_that_of_the_page(example):
    warehouse, tenant, code = example
    june, between, expired, visits, headroom = at_once(
        lambda: warehouse.measure("coverage", "--as-of", "2026-06-01", tenant=tenant),
        lambda: warehouse.measure("coverage", "--as-of", "2025-06-15", tenant=tenant),
        lambda: warehouse.measure("coverage", "--as-of", "2027-07-01", tenant=tenant),
        lambda: warehouse.measure("visits", "--as-of", "2026-06-01", tenant=tenant),
        lambda: warehouse.measure("headroom", "--as-of", "2024-02-19", tenant=tenant),
    )
    assert [row["element"] for row in june] == list(ALL)
    assert {row["certificate_code"] for row in june} == {"CSE-1"}
    assert [row["element"] for row in june if row["covered"]] == ["1.1.1", "1.2.1", "1.2.2", "1.3.1", "4.3.2"]
    assert [row["element"] for row in june if row["kind"] == "annual"] == ["1.1.1", "4.3.2"]
    assert {row["kind"] for row in june} == {"annual", "rolling"}
    assert sum(row["outstanding"] for row in june) == 54
    years = {row["element"]: row["years"] for row in june}
    assert years["1.1.1"] == ["covered", "covered", "due"]
    assert years["4.3.2"] == ["covered", "missed", "due"]
    assert years["1.1.2"] == ["open", "open", "due"]
    assert years["1.2.1"] == ["covered", "satisfied", "satisfied"]
    assert years["1.3.1"] == ["satisfied", "covered", "covered"]
    last = {row["element"]: row["last_covered_on"] for row in june}
    assert last["1.1.1"] == "2026-03-05"
    assert last["1.3.1"] == "2026-05-02"
    assert last["1.2.2"] == last["4.3.2"] == "2025-03-10"
    assert last["1.1.2"] is None

    # Year 2 runs, nothing of it was looked at yet; year 3 has not begun.
    years = {row["element"]: row["years"] for row in between}
    assert years["1.1.1"] == ["covered", "due", "open"]
    assert years["1.1.2"] == ["open", "open", "open"]
    assert {row["element"] for row in between if row["outstanding"]} == set(ALL) - {"1.2.1", "1.2.2"}

    # Over: what is empty was missed; no annual element is outstanding any more, every rolling one not covered is.
    years = {row["element"]: row["years"] for row in expired}
    assert years["1.1.1"] == ["covered", "covered", "missed"]
    assert years["1.1.2"] == ["open", "open", "missed"]
    assert sum(row["outstanding"] for row in expired) == 52

    assert tuples(visits, "certificate_code department_code sites_in_scope sites_required visited outstanding") == [
        ("CSE-1", code, 0, 3, 0, 3)
    ]
    assert visits[0]["days_to_expiry"] == 304
    assert {(row["not_assessed"], row["headroom"], row["status"]) for row in headroom if row["criterion"] == "4"} == {
        (13, 3, "incomplete")
    }
