"""The published files go in as they are, and the numbers that come out are the published ones."""

import hashlib
from collections import Counter

from tests.journeys.command_line import PUBLISHED, at_once, only

HOLDERS = {
    # file: department, day, type, plus, compliant
    "wychavon.csv": ("WYCHAVON", "2023-11-01", "annual_review", 4, 53),
    "salford-library.csv": ("SALFORD-LIBRARY", "2015-01-01", "renewal", 4, 53),
    "northampton.csv": ("NORTHAMPTON-CS", "2018-12-01", "initial", 7, 50),
}
# fmt: off
IN_2016 = [
    "ABERDEEN", "DUNDEE", "EDINBURGH", "GLASGOW", "HAMILTON", "HEADQUARTERS-UNIT-1", "HEADQUARTERS-UNIT-2",
    "HIGH-COURT", "LANARK", "OFFICE-OF-THE-PUBLIC-GUARDIAN", "PAISLEY", "PERTH",
]
# fmt: on


def test_published_files_give_the_published_totals(either):
    loaded = either.load(*(PUBLISHED / name for name in HOLDERS))
    for name, (department, *_) in HOLDERS.items():
        record = loaded.file(name)
        assert record["sha256"] == hashlib.sha256((PUBLISHED / name).read_bytes()).hexdigest()
        assert (record["table"], record["read"], record["loaded"], record["outcome"]) == ("results", 57, 57, "loaded")
        assert (record["sheet"], record["reason"], record["sent_by"]) == (None, None, "pat")
        assert department in loaded.said.err
    assert "new, please confirm" in loaded.said.err  # no register has named these departments
    assert "Basis" in loaded.said.err  # an unknown column is left out and named
    assert "Source" in loaded.said.err

    standing, headroom, early, again = at_once(
        lambda: either.measure("standing", "--as-of", "2024-01-01"),
        lambda: either.measure("headroom", "--as-of", "2024-01-01"),
        lambda: either.measure("standing", "--as-of", "2014-12-31"),
        lambda: either.say("check", *(PUBLISHED / name for name in HOLDERS), "--tenant", "T"),
    )
    for department, day, kind, plus, compliant in HOLDERS.values():
        own = [row for row in standing if row["department_code"] == department]
        assert Counter(row["band"] for row in own) == {"compliance_plus": plus, "compliant": compliant}
        assert {(row["assessed_on"], row["assessment_type"], row["rolled_up"]) for row in own} == {(day, kind, False)}
        rows = [row for row in headroom if row["department_code"] == department]
        assert [
            (row["criterion"], row["elements"], row["allowance"], row["headroom"], row["status"]) for row in rows
        ] == [
            ("1", 11, 2, 2, "passes"),
            ("2", 11, 2, 2, "passes"),
            ("3", 12, 2, 2, "passes"),
            ("4", 13, 3, 3, "passes"),
            ("5", 10, 2, 2, "passes"),
        ]
        assert sum(row["compliance_plus"] for row in rows) == plus
        assert sum(row["compliant"] for row in rows) == compliant
    corporate = [row for row in standing if row["department_code"] is None]
    assert len(corporate) == 57
    assert all(row["rolled_up"] for row in corporate)
    assert early == []
    for record in again.json["loads"]:
        assert (record["read"], record["loaded"], record["unchanged"]) == (57, 0, 57)

    second = either.load(*(PUBLISHED / name for name in HOLDERS))
    assert {(record["read"], record["loaded"], record["unchanged"]) for record in second.files} == {(57, 0, 57)}


def test_published_courts_have_twelve_of_twenty_four_sites_visited_in_june_2017(warehouse):
    loaded = warehouse.load(*PUBLISHED.glob("scts-*.csv"))
    assert {record["table"]: record["loaded"] for record in loaded.files} == {
        "certificates": 1,
        "departments": 1,
        "sites": 24,
        "visits": 53,
    }
    assert "please confirm" not in loaded.said.err  # the registers name everything, whatever the files' order

    june, before, late, sites, never = at_once(
        lambda: warehouse.measure("visits", "--as-of", "2017-06-30"),
        lambda: warehouse.measure("visits", "--as-of", "2016-12-31"),
        lambda: warehouse.measure("visits", "--as-of", "2024-12-01"),
        lambda: warehouse.measure("sites", "--as-of", "2017-06-30"),
        lambda: warehouse.measure("visits", "--as-of", "2015-12-31"),
    )
    assert june == [
        {
            "certificate_code": "SCTS-2016",
            "department_code": "SCTS",
            "sites_in_scope": 24,
            "sites_required": None,
            "visited": 12,
            "outstanding": None,
            "must_visit_outstanding": 0,
            "days_to_expiry": 550,
            "benchmark": {"initial": 5, "surveillance": 3, "recertification": 4},
        }
    ]
    assert (before[0]["sites_in_scope"], before[0]["visited"]) == (23, 12)  # TRIBUNALS came in 2017
    # The certificate is still the last; visits after its cycle are not of it.
    assert (late[0]["visited"], late[0]["days_to_expiry"]) == (24, -2161)
    assert never == []
    assert len(sites) == 24
    assert [row["site_code"] for row in sites] == sorted(row["site_code"] for row in sites)
    assert [row["site_code"] for row in sites if row["visited"]] == IN_2016
    assert {row["last_visited_on"] for row in sites if row["visited"]} == {"2016-10-01"}
    assert {row["last_visited_on"] for row in sites if not row["visited"]} == {None}
    assert all(row["in_scope"] and not row["must_visit"] for row in sites)


def test_a_folder_with_files_of_no_known_table_is_loaded_all_the_same(warehouse):
    loaded = warehouse.load(PUBLISHED, code=3)
    outcomes = {record["file"].rsplit("/", 1)[-1]: record["outcome"] for record in loaded.files}
    assert {name for name, outcome in outcomes.items() if outcome == "loaded"} == {
        *HOLDERS,
        "scts-certificates.csv",
        "scts-departments.csv",
        "scts-sites.csv",
        "scts-visits.csv",
    }
    for name in ("totals.csv", "anomalies.csv"):
        refused = only(loaded.files, name)
        assert (refused["outcome"], refused["loaded"]) == ("refused", 0)
        assert refused["reason"]
        assert name in loaded.said.err
    headroom = warehouse.measure("headroom", "--as-of", "2024-01-01")
    assert list(dict.fromkeys(row["department_code"] for row in headroom)) == [
        None,
        "NORTHAMPTON-CS",
        "SALFORD-LIBRARY",
        "SCTS",
        "WYCHAVON",
    ]
    assert {row["status"] for row in headroom if row["department_code"] == "SCTS"} == {"incomplete"}


def test_a_file_of_no_known_table_alone_leaves_nothing_and_says_what_is_known(warehouse):
    said = warehouse.say("load", PUBLISHED / "totals.csv", "--tenant", "T", code=(1, 3))
    assert "totals.csv" in said.err
    assert "results" in said.err  # the tables there are, or the nearest
    assert warehouse.measure("history") == []
