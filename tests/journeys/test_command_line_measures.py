"""`assay measure` prints the records of commands.md: what, in which order, for whom, as of and known at when."""

import io
import json

import openpyxl
import polars as pl
import pytest

from tests.journeys.command_line import RESULT, at_once, tuples

RESULTS = [
    ("A", "renewal", "2024-01-10", "1.2.1", "Compliant", ""),
    ("A-2", "self_assessment", "2024-04-01", "1.1.1", "Compliance Plus", ""),
    ("A-2", "desk_review", "2024-04-15", "1.1.1", "Partial", ""),
    ("A-2", "annual_review", "2024-05-01", "1.1.1", "Compliant", ""),
    ("A-2", "annual_review", "2024-05-01", "1.1.2", "Partial", ""),
    ("A-2", "annual_review", "2024-05-01", "1.1.3", "Compliance Plus", ""),
    ("A-2", "annual_review", "2024-05-01", "3.2.2", "Partial", ""),
    ("A-2", "annual_review", "2024-05-01", "3.3.1", "Partial", ""),
    ("A-2", "annual_review", "2024-05-01", "3.4.2", "Partial", ""),
    ("A-2", "reassessment", "2024-07-01", "1.2.1", "Partial", ""),
    ("A-2", "annual_review", "2024-09-01", "1.1.2", "Compliant", "yes"),  # restated: history only
    ("A-10", "annual_review", "2024-06-01", "1.1.1", "Partial", ""),
    ("A-10", "annual_review", "2024-06-01", "1.1.3", "Compliant", ""),
    ("B", "annual_review", "2024-02-01", "1.1.1", "Non-compliant", ""),
]
STANDING = [
    # as of 31 December 2024: department, element, band, day, type, carried, previous, rolled up, worse below
    (None, "1.1.1", "partial", "2024-06-01", None, None, None, True, False),
    (None, "1.1.2", "partial", "2024-05-01", None, None, None, True, False),
    (None, "1.1.3", "compliant", "2024-06-01", None, None, None, True, False),
    (None, "1.2.1", "compliant", "2024-01-10", None, None, None, True, False),
    (None, "3.2.2", "partial", "2024-05-01", None, None, None, True, False),
    (None, "3.3.1", "partial", "2024-05-01", None, None, None, True, False),
    (None, "3.4.2", "partial", "2024-05-01", None, None, None, True, False),
    ("A", "1.1.1", "partial", "2024-06-01", None, None, None, True, False),
    ("A", "1.1.2", "partial", "2024-05-01", None, None, None, True, False),
    ("A", "1.1.3", "compliant", "2024-06-01", None, None, None, True, False),
    ("A", "1.2.1", "compliant", "2024-01-10", "renewal", False, None, False, True),
    ("A", "3.2.2", "partial", "2024-05-01", None, None, None, True, False),
    ("A", "3.3.1", "partial", "2024-05-01", None, None, None, True, False),
    ("A", "3.4.2", "partial", "2024-05-01", None, None, None, True, False),
    ("A-2", "1.1.1", "compliant", "2024-05-01", "annual_review", True, None, False, False),
    ("A-2", "1.1.2", "partial", "2024-05-01", "annual_review", True, None, False, False),
    ("A-2", "1.1.3", "compliance_plus", "2024-05-01", "annual_review", True, None, False, False),
    ("A-2", "1.2.1", "partial", "2024-07-01", "reassessment", False, None, False, False),
    ("A-2", "3.2.2", "partial", "2024-05-01", "annual_review", True, None, False, False),
    ("A-2", "3.3.1", "partial", "2024-05-01", "annual_review", True, None, False, False),
    ("A-2", "3.4.2", "partial", "2024-05-01", "annual_review", True, None, False, False),
    ("A-10", "1.1.1", "partial", "2024-06-01", "annual_review", False, None, False, False),
    ("A-10", "1.1.3", "compliant", "2024-06-01", "annual_review", False, None, False, False),
    ("B", "1.1.1", "non_compliant", "2024-02-01", "annual_review", False, None, False, False),
]
KEYS = {
    "standing": "department_code element band assessed_on assessment_type carried_forward previous_band rolled_up "
    "worse_below",
    "headroom": "department_code criterion elements compliance_plus compliant partial non_compliant not_applicable "
    "not_assessed allowance headroom indicative status why",
    "coverage": "certificate_code element kind covered last_covered_on years outstanding",
    "visits": "certificate_code department_code sites_in_scope sites_required visited outstanding "
    "must_visit_outstanding days_to_expiry benchmark",
    "sites": "certificate_code site_code in_scope must_visit visited last_visited_on",
    "renewal": "certificate_code check outcome outcome_at_expiry detail",
    "history": "department_code site_code element assessment_type assessed_on band restated file sheet row load "
    "loaded_at superseded_at",
}


@pytest.fixture(scope="module")
def tree(shared):
    """A tree of departments with results, sites and certificates, loaded at one go in an unhelpful order."""
    shared.csv("tree/a-results.csv", (*RESULT, "Restated"), *RESULTS)
    shared.csv("tree/b-visits.csv", "Site code,Visited on,Mode,Assessment code,Planned",
        "S-2,2024-05-01,remote,,",
        "S-10,2024-05-01,,,no",
        "S-10,2025-05-01,on_site,,",
        "S-4,2024-05-01,on_site,,",
        "S-5,2024-03-31,on_site,,",
        "S-1,2026-01-01,on_site,,yes",
        "S-5,2025-02-01,on_site,G-1,",
        "S-3,2024-05-01,on_site,,",
    )  # fmt: skip
    shared.csv("tree/c-assessments.csv",
        "Assessment code,Department code,Assessment type,Started on,Ended on,Planned,Scope",
        "G-1,A,gap_analysis,2025-01-31,2025-02-01,,",
        "R-1,A-2,annual_review,2026-03-01,2026-03-02,yes,1.1.1; 5.3.3",
    )  # fmt: skip
    shared.csv("tree/d-certificates.csv",
        "Certificate code,Department code,Awarded on,Expires on,Sites required",
        "C-10,B,2024-02-01,2027-02-01,",
        "C-2,A,2024-04-01,2027-04-01,4",
        "C-1,A,2021-04-01,2024-04-01,",
    )  # fmt: skip
    shared.csv("tree/e-sites.csv",
        "Site code,Site name,Department code,In scope from,In scope to,Must visit,Central function",
        "S-2,Two,A,2024-01-01,,yes,",
        "S-10,Ten,A,,,,x",
        "S-1,One,A-2,,,x,",
        "S-3,Three,B,,,,",
        "S-4,Four,A,,2025-01-01,,",
        "S-5,Five,A;B,,,no,",
    )  # fmt: skip
    shared.csv("tree/f-departments.csv", "Department code,Department name,Parent code,Active from,Active to",
        "A-10,Ten,A,,",
        "A-2,Two,A,,",
        "A,Alpha,,,",
        "B,Bravo,,,2025-01-01",
        "E,Echo,,2025-01-01,",
    )  # fmt: skip
    loaded = shared.load("tree")
    assert "please confirm" not in loaded.said.err
    return shared


def test_every_measure_has_the_keys_of_the_page_in_order(tree):
    answers = at_once(*(lambda name=name: tree.measure(name, "--as-of", "2024-12-31") for name in KEYS))
    for (name, keys), records in zip(KEYS.items(), answers, strict=True):
        assert records, name
        assert all(list(record) == keys.split() for record in records), name


def test_standing_is_that_of_the_page_in_its_order(tree):
    december, january, self_assessed, desk = at_once(
        lambda: tree.measure("standing", "--as-of", "2024-12-31"),
        lambda: tree.measure("standing", "--as-of", "2025-01-01"),
        lambda: tree.measure("standing", "--as-of", "2024-12-31", "--basis", "self"),
        lambda: tree.measure("standing", "--as-of", "2024-12-31", "--basis", "desk"),
    )
    assert tuples(december, KEYS["standing"]) == STANDING
    # B is active to 1 January 2025: the first day on which it is not.
    assert "B" not in {row["department_code"] for row in january}
    assert tuples(january, "department_code element band")[0] == (None, "1.1.1", "partial")
    own = ("A-2", "1.1.1", "compliance_plus", "2024-04-01", "self_assessment", False, None, False, False)
    rolled = [(code, "1.1.1", "compliance_plus", "2024-04-01", None, None, None, True, False) for code in (None, "A")]
    assert tuples(self_assessed, KEYS["standing"])[2:] == [own]
    assert tuples(desk, "department_code band assessed_on assessment_type")[-1] == (
        "A-2",
        "partial",
        "2024-04-15",
        "desk_review",
    )
    assert tuples(self_assessed, KEYS["standing"])[:2] == rolled


def test_headroom_counts_and_says_why(tree):
    december, january, below = at_once(
        lambda: tree.measure("headroom", "--as-of", "2024-12-31"),
        lambda: tree.measure("headroom", "--as-of", "2025-01-01"),
        lambda: tree.measure("headroom", "--as-of", "2024-12-31", "--department", "A"),
    )
    everybody = [None, "A", "A-2", "A-10", "B"]
    assert tuples(december, "department_code criterion") == [(code, c) for code in everybody for c in "12345"]
    assert list(dict.fromkeys(row["department_code"] for row in january)) == [None, "A", "A-2", "A-10", "E"]
    assert below == [row for row in december if row["department_code"] in ("A", "A-2", "A-10")]
    found = {(row["department_code"], row["criterion"]): row for row in december}
    third = found["A-2", "3"]
    assert tuples([third], KEYS["headroom"].removesuffix(" why")) == [
        ("A-2", "3", 12, 0, 0, 3, 0, 0, 9, 2, -1, False, "fails")
    ]
    assert third["why"].startswith("Criterion 3 fails: 3 partials, 2 allowed (3.2.2, 3.3.1, 3.4.2)")
    assert (found["A-2", "1"]["headroom"], found["A-2", "1"]["status"]) == (0, "at_limit")
    assert (found["A-10", "1"]["headroom"], found["A-10", "1"]["status"]) == (1, "incomplete")
    assert (found["A-10", "4"]["headroom"], found["A-10", "4"]["status"]) == (3, "incomplete")
    assert (found["B", "1"]["headroom"], found["B", "1"]["status"]) == (2, "fails")
    assert (found[None, "3"]["headroom"], found[None, "3"]["indicative"]) == (-1, True)
    assert found[None, "5"]["indicative"] is False  # nothing of it is rolled up
    assert found["A", "1"]["indicative"] is True
    assert all(row["why"] for row in december)


def test_visits_and_sites_count_as_the_page_says(tree):
    visits, sites, early, no_sites = at_once(
        lambda: tree.measure("visits", "--as-of", "2025-06-01"),
        lambda: tree.measure("sites", "--as-of", "2025-06-01"),
        lambda: tree.measure("visits", "--as-of", "2024-03-31"),
        lambda: tree.measure("sites", "--as-of", "2025-06-01", "--department", "A-2"),
    )
    assert visits == [
        {
            "certificate_code": "C-2",
            "department_code": "A",
            "sites_in_scope": 4,
            "sites_required": 4,
            "visited": 2,
            "outstanding": 2,
            "must_visit_outstanding": 2,
            "days_to_expiry": 669,
            "benchmark": {"initial": 2, "surveillance": 2, "recertification": 2},
        },
        {
            "certificate_code": "C-10",
            "department_code": "B",
            "sites_in_scope": 2,
            "sites_required": None,
            "visited": 2,  # S-3, and S-5 that it shares with A: the cycle of C-10 had begun in March
            "outstanding": None,
            "must_visit_outstanding": 0,
            "days_to_expiry": 610,
            "benchmark": {"initial": 2, "surveillance": 1, "recertification": 2},
        },
    ]
    assert tuples(sites, KEYS["sites"]) == [
        ("C-2", "S-1", True, True, False, None),
        ("C-2", "S-2", True, True, False, None),
        ("C-2", "S-4", False, False, True, "2024-05-01"),
        ("C-2", "S-5", True, False, False, None),
        ("C-2", "S-10", True, False, True, "2025-05-01"),
        ("C-10", "S-3", True, False, True, "2024-05-01"),
        ("C-10", "S-5", True, False, True, "2024-03-31"),
    ]
    # On the last day of C-1's cycle, C-1 is the certificate of A.
    assert tuples(early, "certificate_code days_to_expiry") == [("C-1", 1), ("C-10", 1037)]
    assert no_sites == []  # the certificate is A's, which does not lie below A-2


def test_coverage_speaks_of_the_last_certificate_of_each_holder(tree):
    coverage, elsewhere = at_once(
        lambda: tree.measure("coverage", "--as-of", "2025-12-31"),
        lambda: tree.measure("coverage", "--as-of", "2025-12-31", "--department", "B"),
    )
    assert list(dict.fromkeys(row["certificate_code"] for row in coverage)) == ["C-2", "C-10"]
    assert len(coverage) == 2 * 57
    assert elsewhere == coverage[57:]
    assert {row["kind"] for row in coverage} == {"rolling"}  # the shipped profile does not know the annual list
    ours = {row["element"]: row for row in coverage[:57]}
    assert [e for e, row in ours.items() if row["covered"]] == [
        "1.1.1",
        "1.1.2",
        "1.1.3",
        "1.2.1",
        "3.2.2",
        "3.3.1",
        "3.4.2",
    ]
    assert ours["1.1.2"]["last_covered_on"] == "2024-05-01"  # the restated one covers nothing
    assert ours["1.1.1"]["last_covered_on"] == "2024-06-01"
    assert ours["1.1.2"]["years"] == ["covered", "satisfied", "satisfied"]
    assert ours["1.1.1"]["years"] == ["covered", "satisfied", "satisfied"]
    assert ours["5.3.3"]["years"] == ["open", "planned", "open"]
    assert ours["5.3.3"]["outstanding"] is True
    assert ours["1.1.1"]["outstanding"] is False


def test_history_tells_every_result_with_the_place_it_came_from(tree):
    history, earlier, selves, below = at_once(
        lambda: tree.measure("history"),
        lambda: tree.measure("history", "--as-of", "2024-04-30"),
        lambda: tree.measure("history", "--basis", "self"),
        lambda: tree.measure("history", "--department", "A-10"),
    )
    by_row = sorted(history, key=lambda row: row["row"])
    assert [row["row"] for row in by_row] == list(range(2, 2 + len(RESULTS)))
    assert tuples(by_row, "department_code assessment_type assessed_on element") == [row[:4] for row in RESULTS]
    assert {(row["file"].rsplit("/", 1)[-1], row["sheet"], row["site_code"]) for row in history} == {
        ("a-results.csv", None, None)
    }
    assert {row["superseded_at"] for row in history} == {None}
    assert [row["restated"] for row in by_row].count(True) == 1
    assert all(row["loaded_at"].endswith("Z") for row in history)
    assert len(earlier) == 4
    assert tuples(selves, "department_code band") == [("A-2", "compliance_plus")]
    assert len(below) == 2


def test_several_departments_are_taken_together_and_an_unknown_one_is_wrong_usage(tree):
    two, unknown, measure, day, basis, tenant, moment, none = at_once(
        lambda: tree.measure("headroom", "--as-of", "2024-12-31", "--department", "B", "--department", "A-10"),
        lambda: tree.say("measure", "standing", "--tenant", "T", "--department", "NOWHERE", code=2),
        lambda: tree.say("measure", "mood", "--tenant", "T", code=2),
        lambda: tree.say("measure", "standing", "--tenant", "T", "--as-of", "31/12/2024", code=2),
        lambda: tree.say("measure", "standing", "--tenant", "T", "--basis", "hearsay", code=2),
        lambda: tree.say("measure", "standing", "--tenant", "NOBODY", code=2),
        lambda: tree.say("measure", "standing", "--tenant", "T", "--known-at", "lately", code=2),
        lambda: tree.say("measure", "standing", code=2),
    )
    assert list(dict.fromkeys(row["department_code"] for row in two)) == ["A-10", "B"]
    for said, word in (
        (unknown, "NOWHERE"),
        (measure, "mood"),
        (day, "31/12/2024"),
        (tenant, "NOBODY"),
        (moment, "lately"),
    ):
        assert word in said.err
        assert said.out == b""
    assert b"" == basis.out == none.out


def test_every_format_says_the_same(tree):
    words = ("measure", "standing", "--tenant", "T", "--as-of", "2024-12-31", "--format")
    plain, as_json, as_csv, parquet, xlsx, table = at_once(
        *(lambda words=words, more=more: tree.say(*words[: None if more else -1], *more)
          for more in ((), ("json",), ("csv",), ("parquet",), ("xlsx",), ("table",)))
    )  # fmt: skip
    assert plain.out == as_json.out
    assert tuples(json.loads(as_json.out), KEYS["standing"]) == STANDING
    assert as_csv.out.decode().splitlines()[0] == ",".join(KEYS["standing"].split())
    frame = pl.read_csv(as_csv.out, infer_schema=False)
    assert frame.rows() == [tuple(text(value) for value in row) for row in STANDING]
    frame = pl.read_parquet(io.BytesIO(parquet.out)).with_columns(pl.col("assessed_on").cast(pl.String))
    assert frame.rows() == STANDING
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx.out)).worksheets[0]
    lines = list(sheet.iter_rows(values_only=True))
    assert lines[0] == tuple(KEYS["standing"].split())
    assert [line[:3] for line in lines[1:]] == [row[:3] for row in STANDING]
    assert "compliance_plus" in table.out.decode()
    nested = at_once(
        lambda: tree.say("measure", "coverage", "--tenant", "T", "--as-of", "2025-12-31", "--format", "csv"),
        lambda: tree.say("measure", "visits", "--tenant", "T", "--as-of", "2025-12-31", "--format", "xlsx"),
    )
    assert "covered" in nested[0].out.decode()
    assert openpyxl.load_workbook(io.BytesIO(nested[1].out)).worksheets[0].max_row == 3


def text(value):
    return str(value).lower() if isinstance(value, bool) else value


def test_a_correction_loaded_today_does_not_change_what_was_known_before(either):
    assert either.measure("history") == []
    either.csv("results.csv", RESULT,
        "A,annual_review,2024-05-01,1.1.1,Compliant",
        "A,annual_review,2024-05-01,1.1.2,Compliant",
        "B,annual_review,2024-05-01,1.1.1,Compliance Plus",
    )  # fmt: skip
    either.csv("departments.csv", "Department code,Department name,Parent code", "A,Alpha,", "B,Bravo,")
    either.csv("sites.csv", "Site code,Site name,Department code", "S,Site,A")
    either.csv(
        "certificates.csv", "Certificate code,Department code,Awarded on,Expires on", "C,A,2024-01-01,2027-01-01"
    )
    first = either.load("results.csv", "departments.csv", "sites.csv", "certificates.csv")
    moment = first.files[0]["finished_at"]
    assert moment.endswith("Z")

    either.csv("results.csv", RESULT,
        "A,annual_review,2024-05-01,1.1.1,Partial",
        "A,annual_review,2024-05-01,1.1.2,Compliant",
        "B,annual_review,2024-05-01,1.1.1,Compliance Plus",
        "B,annual_review,2024-05-01,1.1.2,Partial",
    )  # fmt: skip
    either.csv("departments.csv", "Department code,Department name,Parent code", "A,Alpha,", "B,Bravo,A")
    either.csv("sites.csv", "Site code,Site name,Department code", "S,Site,B")
    either.csv(
        "certificates.csv", "Certificate code,Department code,Awarded on,Expires on", "C,B,2024-01-01,2028-01-01"
    )
    second = either.load("results.csv", "departments.csv", "sites.csv", "certificates.csv")
    assert second.number != first.number
    counts = {record["table"]: (record["loaded"], record["unchanged"]) for record in second.files}
    assert counts == {"results": (2, 2), "departments": (1, 1), "sites": (1, 0), "certificates": (1, 0)}

    day = ("--as-of", "2024-12-31")
    then = (*day, "--known-at", moment)
    now, was, certificate, certificate_was, history, history_was, below, below_was, never = at_once(
        lambda: either.measure("standing", *day),
        lambda: either.measure("standing", *then),
        lambda: either.measure("visits", *day),
        lambda: either.measure("visits", *then),
        lambda: either.measure("history"),
        lambda: either.measure("history", "--known-at", moment),
        lambda: either.measure("headroom", *day, "--department", "A"),
        lambda: either.measure("headroom", *then, "--department", "A"),
        lambda: either.measure("headroom", *day, "--known-at", "2020-01-01T00:00:00Z"),
    )
    bands = "department_code element band"
    assert tuples(now, bands) == [
        (None, "1.1.1", "partial"),
        (None, "1.1.2", "compliant"),
        ("A", "1.1.1", "partial"),
        ("A", "1.1.2", "compliant"),
        ("B", "1.1.1", "compliance_plus"),
        ("B", "1.1.2", "partial"),
    ]
    assert tuples(was, bands) == [
        (None, "1.1.1", "compliant"),
        (None, "1.1.2", "compliant"),
        ("A", "1.1.1", "compliant"),
        ("A", "1.1.2", "compliant"),
        ("B", "1.1.1", "compliance_plus"),
    ]
    assert tuples(certificate, "department_code days_to_expiry sites_in_scope") == [("B", 1096, 1)]
    assert tuples(certificate_was, "department_code days_to_expiry sites_in_scope") == [("A", 731, 1)]
    assert {row["department_code"] for row in below} == {"A", "B"}
    assert {row["department_code"] for row in below_was} == {"A"}
    assert [row["department_code"] for row in never] == [None] * 5  # the corporate body is always there
    assert {row["not_assessed"] for row in never} == {10, 11, 12, 13}

    # History keeps what was said before, and what superseded it when.
    assert len(history) == 5
    old = [row for row in history if row["superseded_at"]]
    assert tuples(old, "department_code element band load") == [("A", "1.1.1", "compliant", first.number)]
    assert old[0]["superseded_at"] >= old[0]["loaded_at"]
    assert len(history_was) == 3
    assert {(row["superseded_at"], row["load"]) for row in history_was} == {(None, first.number)}
