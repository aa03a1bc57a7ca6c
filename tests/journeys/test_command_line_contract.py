"""The contract with a sender (inputs.md section 4): nothing lost, nothing guessed, nothing half done."""

import csv
import io

import openpyxl
import polars as pl

from tests.journeys.command_line import LOADS, REJECTED, RESULT, at_once, only, tuples

DEPARTMENT = "Department code,Department name,Parent code"
BANDS = "department_code element band"


def counts(record):
    return tuple(record[key] for key in ["read", "loaded", "unchanged", "duplicate", "no_result", "set_aside"])


def test_two_rows_with_one_key_are_a_duplicate_or_a_conflict_whatever_their_files_are_called(warehouse):
    one = [
        "A,annual_review,2025-03-07,1.1.1,C",
        "A,annual_review,2025-03-07,1.1.2,C",
        "A,annual_review,2025-03-07,1.1.3,P",
    ]
    two = ["A,annual_review,07/03/2025,I.1.1,Fully met", "A,annual_review,2025-03-07,1.1.2,CP"]
    three = ["A,annual_review,2025-03-07,1.1.3,partial", "A,annual_review,2025-03-07,1.2.1,C"]
    four = [
        "A,annual_review,2025-03-07,1.2.1,C",
        "A,annual_review,2025-03-07,1.2.1,C",
        "A,annual_review,2025-03-07,1.2.1,N",
    ]
    seen = []
    for names in (("a.csv", "b.csv", "c.csv", "d.csv"), ("z.csv", "y.csv", "x.csv", "w.csv")):
        for name, rows in zip(names, (one, two, three, four), strict=True):
            warehouse.csv(f"{names[0]}-in/{name}", RESULT, *rows)
        loads, rejected = warehouse.check(f"{names[0]}-in", code=3)
        seen.append([sum(column) for column in zip(*map(counts, loads), strict=True)])
        wrong = {(name, row) for name, row in ((r["file"].rsplit("/", 1)[-1], r["row"]) for r in rejected)}
        # 1.1.2 is said to be C and CP; 1.2.1 is said to be C three times and N once.
        assert wrong >= {(names[0], 3), (names[1], 3), (names[3], 4)}
        assert (names[3], 2) in wrong or only(loads, names[3])["duplicate"]
        assert not wrong & {(names[0], 2), (names[1], 2), (names[0], 4), (names[2], 2)}
        assert all(r["why"] for r in rejected)
    assert seen[0] == seen[1]
    assert seen[0][1] == 2  # 1.1.1 and 1.1.3; nothing of what is in dispute
    loaded = warehouse.load("z.csv-in", code=3)
    assert sum(record["loaded"] for record in loaded.files) == 2
    assert sorted(tuples(warehouse.measure("history"), "element band")) == [
        ("1.1.1", "compliant"),
        ("1.1.3", "partial"),
    ]


def test_files_of_one_load_may_come_in_any_order_and_under_any_name(warehouse, opened):
    files = {
        "departments": [DEPARTMENT, "A,Alpha,", "B,Bravo,A"],
        "sites": ["Site code,Site name,Department code", "S,Site,B"],
        "visits": ["Site code,Visited on,Assessment code", "S,2025-03-06,R"],
        "results": [RESULT, "B,annual_review,2025-03-07,1.1.1,C"],
        "assessments": [
            "Assessment code,Department code,Assessment type,Started on,Ended on,Scope",
            "R,B,annual_review,2025-03-06,2025-03-07,1.1.1;1.1.2",
        ],
        "certificates": ["Certificate code,Department code,Awarded on,Expires on", "C,A,2025-01-01,2028-01-01"],
    }
    answers = []
    for place, order in zip((warehouse, opened("sqlite")), (list(files), list(reversed(files))), strict=True):
        paths = [place.csv(f"{n}.csv", *files[name]) for n, name in enumerate(order)]
        loaded = place.load(*(paths if place is warehouse else reversed(paths)))
        assert "please confirm" not in loaded.said.err
        answers.append(
            at_once(*(lambda name=name, place=place: place.measure(name, "--as-of", "2025-06-01")
                      for name in ("standing", "coverage", "visits")))
        )  # fmt: skip
    assert answers[0] == answers[1]
    _, coverage, visits = answers[0]
    assert [row["element"] for row in coverage if row["covered"]] == ["1.1.1", "1.1.2"]
    assert visits[0]["visited"] == 1


def test_an_empty_cell_never_overwrites_and_the_same_again_changes_nothing(warehouse):
    warehouse.csv("in/departments.csv", DEPARTMENT, "A,Alpha,", "B,Bravo,A")
    warehouse.csv(
        "in/sites.csv", "Site code,Site name,Department code,Must visit,In scope from", "S,Site,B,yes,2024-01-01"
    )
    warehouse.csv("in/certificates.csv", "Certificate code,Department code,Awarded on,Expires on,Sites required",
               "C,A,2025-01-01,2028-01-01,3")  # fmt: skip
    warehouse.csv("in/results.csv", (*RESULT, "Restated"),
               "B,annual_review,2025-03-07,1.1.1,C,", "B,annual_review,2025-03-07,1.1.2,P,yes")  # fmt: skip
    first = warehouse.load("in")
    before = at_once(
        *(lambda n=n: warehouse.measure(n, "--as-of", "2025-06-01") for n in ("standing", "visits", "sites", "history"))
    )
    again = warehouse.load("in")
    assert {counts(record)[1:3] for record in again.files} == {(0, 1), (0, 2)}

    warehouse.csv("in/departments.csv", DEPARTMENT, ",,", "B,,", "A,,")
    warehouse.csv("in/sites.csv", "Site code,Site name,Department code,Must visit,In scope from", "S,,,,")
    warehouse.csv("in/certificates.csv", "Certificate code,Awarded on,Expires on", "C,2025-01-01,2028-01-01")
    warehouse.csv("in/results.csv", (*RESULT, "Restated"),
               "B,annual_review,2025-03-07,1.1.1,,", "B,annual_review,2025-03-07,1.1.2,P,")  # fmt: skip
    third = warehouse.load("in")
    assert {record["table"]: counts(record) for record in third.files} == {
        "departments": (2, 0, 2, 0, 0, 0),
        "sites": (1, 0, 1, 0, 0, 0),
        "certificates": (1, 0, 1, 0, 0, 0),
        "results": (2, 0, 1, 0, 1, 0),
    }
    after = at_once(
        *(lambda n=n: warehouse.measure(n, "--as-of", "2025-06-01") for n in ("standing", "visits", "sites", "history"))
    )
    assert after == before
    assert after[1][0]["sites_required"] == 3
    assert after[2][0]["must_visit"] is True

    # A loads list: newest first, with the keys of the page.
    loads = warehouse.records("loads", "--tenant", "T")
    assert all(list(record) == LOADS for record in loads)
    assert [record["load"] for record in loads] == sorted((r["load"] for r in loads), reverse=True)
    assert {record["load"] for record in loads} == {first.number, again.number, third.number}
    assert sorted(loads, key=str) == sorted(first.files + again.files + third.files, key=str)


def test_a_later_load_supersedes_and_a_vanished_row_stays_until_it_is_taken_back(either):
    lines = [f"A,annual_review,2025-03-07,1.1.{n},C" for n in (1, 2, 3)] + ["A,annual_review,2025-03-07,1.2.1,C"]
    either.csv("results.csv", RESULT, *lines)
    either.csv("other.csv", RESULT, "A,annual_review,2025-03-07,1.3.1,C")
    either.load("results.csv", "other.csv")

    # 1.1.1 corrected; 1.1.2 not understood this time, yet there; 1.1.3 empty, yet there; 1.2.1 gone.
    either.csv("results.csv", RESULT,
        "A,annual_review,2025-03-07,1.1.1,P",
        "A,annual_review,2025-03-07,1.1.2,Amber",
        "A,annual_review,2025-03-07,1.1.3,TBC",
    )  # fmt: skip
    second = either.load("results.csv", code=3)
    assert counts(second.file("results.csv")) == (3, 1, 0, 0, 1, 1)
    assert "1.2.1" in second.said.err  # listed as no longer there
    assert tuples(either.measure("standing", "--department", "A"), "element band") == [
        ("1.1.1", "partial"),
        ("1.1.2", "compliant"),
        ("1.1.3", "compliant"),
        ("1.2.1", "compliant"),
        ("1.3.1", "compliant"),
    ]
    third = either.load("results.csv", "--withdraw-missing", code=3)
    assert counts(third.file("results.csv")) == (3, 0, 1, 0, 1, 1)
    standing, history = at_once(
        lambda: either.measure("standing", "--department", "A"), lambda: either.measure("history")
    )
    assert tuples(standing, "element band") == [
        ("1.1.1", "partial"),
        ("1.1.2", "compliant"),
        ("1.1.3", "compliant"),
        ("1.3.1", "compliant"),
    ]
    superseded = [row for row in history if row["superseded_at"]]
    assert sorted(tuples(superseded, "element band")) == [("1.1.1", "compliant"), ("1.2.1", "compliant")]
    before = either.measure("standing", "--department", "A", "--known-at", second.files[0]["finished_at"])
    assert ("1.2.1", "compliant") in tuples(before, "element band")

    # Sent once more, it is there again.
    either.csv("results.csv", RESULT, "A,annual_review,2025-03-07,1.2.1,C")
    either.load("results.csv")
    assert ("1.2.1", "compliant") in tuples(either.measure("standing", "--department", "A"), "element band")


def test_strict_refuses_the_file_of_the_first_row_set_aside_and_takes_the_others(warehouse):
    warehouse.csv("bad.csv", RESULT, "A,annual_review,2025-03-07,1.1.1,C", "A,annual_review,2025-03-07,1.1.2,Amber")
    warehouse.csv("good.csv", RESULT, "B,annual_review,2025-03-07,1.1.1,C")
    loaded = warehouse.load("bad.csv", "good.csv", "--strict", code=3)
    assert (loaded.file("bad.csv")["outcome"], loaded.file("bad.csv")["loaded"]) == ("refused", 0)
    assert "Amber" in loaded.file("bad.csv")["reason"]
    assert loaded.file("good.csv")["loaded"] == 1
    assert [row["department_code"] for row in warehouse.measure("history")] == ["B"]
    fine = warehouse.load("good.csv", "--strict")
    assert fine.file("good.csv")["unchanged"] == 1


def test_wrong_usage_ends_with_two_and_says_what_to_do(warehouse, tmp_path):
    warehouse.csv("good.csv", RESULT, "B,annual_review,2025-03-07,1.1.1,C")
    nothing = type(warehouse)(tmp_path)
    nothing.csv("good.csv", RESULT, "B,annual_review,2025-03-07,1.1.1,C")
    no_file, no_tenant, unknown, option, no_warehouse, no_match = at_once(
        lambda: warehouse.say("load", "nowhere.csv", "--tenant", "T", code=2),
        lambda: warehouse.say("load", "good.csv", code=2),
        lambda: warehouse.say("load", "good.csv", "--tenant", "NOBODY", code=2),
        lambda: warehouse.say("load", "good.csv", "--tenant", "T", "--hard", code=2),
        lambda: nothing.say("load", "good.csv", "--tenant", "T", code=(1, 2)),
        lambda: warehouse.say("load", "*.ods", "--tenant", "T", code=2),
    )
    assert "nowhere.csv" in no_file.err
    assert "tenant" in no_tenant.err
    assert "NOBODY" in unknown.err
    assert "--hard" in option.err
    assert "assay upgrade" in no_warehouse.err
    assert "*.ods" in no_match.err
    assert "Traceback" not in "".join(said.err for said in (no_file, unknown, no_warehouse, no_match))
    assert warehouse.records("loads", "--tenant", "T") == []


def test_departments_and_sites_no_register_names_are_taken_in_and_reported(warehouse):
    warehouse.csv("results.csv", "Department code,Site code,Assessment type,Assessed on,Element,Band",
        "NEW,,annual_review,2025-03-07,1.1.1,C",
        "NEW,DESK,annual_review,2025-03-07,1.1.2,C",
        ",LOBBY,annual_review,2025-03-07,1.1.3,P",
    )  # fmt: skip
    warehouse.csv("visits.csv", "Site code,Visited on", "YARD,2025-03-07")
    warehouse.csv("departments.csv", DEPARTMENT, "CHILD,Child,NEWPARENT")
    warehouse.csv("certificates.csv", "Certificate code,Department code,Awarded on,Expires on",
                  "C-1,,2025-01-01,2028-01-01", "C-2,NEW,2025-01-01,2028-01-01")  # fmt: skip
    loaded = warehouse.load("results.csv", "visits.csv", "departments.csv", "certificates.csv")
    notes = [line for line in loaded.said.err.splitlines() if "new, please confirm" in line]
    for code in ("NEW", "DESK", "LOBBY", "YARD", "NEWPARENT"):
        assert any(code in line for line in notes), code
    assert not any("CHILD" in line for line in notes)
    sites, standing, headroom = at_once(
        lambda: warehouse.measure("sites", "--as-of", "2025-06-01"),
        lambda: warehouse.measure("standing", "--as-of", "2025-06-01"),
        lambda: warehouse.measure("headroom", "--as-of", "2025-06-01", "--department", "NEWPARENT"),
    )
    assert tuples(sites, "certificate_code site_code") == [
        ("C-1", "DESK"),
        ("C-1", "LOBBY"),
        ("C-1", "YARD"),
        ("C-2", "DESK"),
    ]
    assert tuples(standing, BANDS + " rolled_up") == [
        (None, "1.1.1", "compliant", True),
        (None, "1.1.2", "compliant", True),
        (None, "1.1.3", "partial", True),
        ("NEW", "1.1.1", "compliant", False),
        ("NEW", "1.1.2", "compliant", True),
    ]
    assert {row["department_code"] for row in headroom} == {"CHILD", "NEWPARENT"}
    # Named by a register now, they are new no more; and their place is what the register says.
    warehouse.csv("sites.csv", "Site code,Site name,Department code", "YARD,The yard,NEW")
    second = warehouse.load("sites.csv", "visits.csv")
    assert "please confirm" not in second.said.err
    assert ("C-2", "YARD") in tuples(warehouse.measure("sites", "--as-of", "2025-06-01"), "certificate_code site_code")


def test_unknown_departments_are_set_aside_where_the_profile_says_so(warehouse):
    warehouse.write("p.toml", 'name = "Careful"\nbase = "cse"\nunknown_departments = "set_aside"\n')
    warehouse.say("tenant", "add", "CAREFUL", "--name", "Careful Council", "--profile", "p.toml")
    warehouse.csv("z-departments.csv", DEPARTMENT, "A,Alpha,", "B,Bravo,NOWHERE")
    warehouse.csv("sites.csv", "Site code,Site name,Department code", "S,Site,A", "S2,Site,A;ELSEWHERE")
    warehouse.csv("results.csv", "Department code,Site code,Assessment type,Assessed on,Element,Band",
        "A,,annual_review,2025-03-07,1.1.1,C",
        "AA,,annual_review,2025-03-07,1.1.1,C",
        ",,annual_review,2025-03-07,1.1.1,C",
        "A,S9,annual_review,2025-03-07,1.1.2,C",
        "A,S,annual_review,2025-03-07,1.1.2,C",
    )  # fmt: skip
    loaded = warehouse.load("z-departments.csv", "sites.csv", "results.csv", tenant="CAREFUL", code=3)
    assert set(loaded.why("results.csv")) == {3, 5}
    assert "AA" in loaded.why("results.csv")[3]
    assert "S9" in loaded.why("results.csv")[5]
    assert set(loaded.why("z-departments.csv")) == {3}
    assert set(loaded.why("sites.csv")) == {3}
    headroom = warehouse.measure("headroom", "--as-of", "2025-06-01", tenant="CAREFUL")
    assert list(dict.fromkeys(row["department_code"] for row in headroom)) == [None, "A"]


def test_a_parent_that_would_close_a_loop_is_set_aside(warehouse):
    warehouse.csv("one.csv", DEPARTMENT, "A,Alpha,B", "B,Bravo,C", "C,Charlie,A", "D,Delta,D", "E,Echo,A")
    first = warehouse.load("one.csv", code=3)
    assert 5 in first.why("one.csv")
    assert set(first.why("one.csv")) & {2, 3, 4}
    assert 6 not in first.why("one.csv")
    warehouse.csv("two.csv", DEPARTMENT, "F,Foxtrot,", "G,Golf,F", "H,Hotel,G")
    warehouse.load("two.csv")
    warehouse.csv("two.csv", DEPARTMENT, "F,Foxtrot,H", "G,Golf,F", "H,Hotel,G")
    third = warehouse.load("two.csv", code=3)
    assert set(third.why("two.csv")) == {2}
    assert "loop" in third.why("two.csv")[2].lower() or "below" in third.why("two.csv")[2].lower()
    headroom = warehouse.measure("headroom", "--department", "F")
    assert list(dict.fromkeys(row["department_code"] for row in headroom)) == ["F", "G", "H"]
    # Turned round in one load, no loop is closed.
    warehouse.csv("two.csv", DEPARTMENT, "F,Foxtrot,G", "G,Golf,H", "H,Hotel,NEW")
    warehouse.load("two.csv")
    headroom = warehouse.measure("headroom", "--department", "H")
    assert list(dict.fromkeys(row["department_code"] for row in headroom)) == ["F", "G", "H"]


def test_what_is_dated_after_the_day_of_loading_is_set_aside_unless_planned(warehouse):
    warehouse.csv("results.csv", RESULT, "A,annual_review,2999-01-01,1.1.1,C")
    warehouse.csv("visits.csv", "Site code,Visited on,Planned", "S,2999-01-01,", "S,2999-01-02,yes", "S,2020-01-02,no")
    warehouse.csv("assessments.csv", "Assessment code,Assessment type,Started on,Ended on,Planned",
                  "R,annual_review,2999-01-01,2999-01-02,yes")  # fmt: skip
    warehouse.csv("certificates.csv", "Certificate code,Awarded on,Expires on", "C,2999-01-01,3002-01-01")
    loads, rejected = warehouse.check("results.csv", "visits.csv", "assessments.csv", "certificates.csv", code=3)
    assert sorted((r["file"].rsplit("/", 1)[-1], r["row"]) for r in rejected) == [("results.csv", 2), ("visits.csv", 2)]
    assert {record["table"]: record["loaded"] for record in loads} == {
        "results": 0, "visits": 2, "assessments": 1, "certificates": 1,
    }  # fmt: skip


def test_check_writes_nothing_and_says_what_load_then_does(warehouse):
    warehouse.csv("in/departments.csv", DEPARTMENT, "A,Alpha,", "B,Bravo,B")
    warehouse.csv("in/results.csv", RESULT,
        "A,annual_review,2025-03-07,1.1.1,C",
        "A,annual_review,2025-03-07,1.1.1,C",
        "Q,annual_review,2025-03-07,1.1.2,TBC",
        "A,annual_review,2025-03-07,1.1.3,Amber",
        "A,annual_review,2025-03-07,1.2.1,C",
        "A,annual_review,2025-03-07,1.2.1,N",
    )  # fmt: skip
    warehouse.write("in/nonsense.csv", "a,b\n1,2\n")
    warehouse.csv("before.csv", RESULT, "A,annual_review,2025-03-07,1.1.1,N")
    warehouse.load("before.csv")
    was = at_once(lambda: warehouse.records("loads", "--tenant", "T"), lambda: warehouse.measure("history"))
    checked = warehouse.say("check", "in", "--tenant", "T", code=3)
    assert was == at_once(lambda: warehouse.records("loads", "--tenant", "T"), lambda: warehouse.measure("history"))
    loaded = warehouse.load("in", code=3)
    timed = ("load", "started_at", "finished_at", "sent_by")

    def untimed(records):
        return [{key: value for key, value in record.items() if key not in timed} for record in records]

    assert untimed(checked.json["loads"]) == untimed(loaded.files)
    assert checked.json["rejected"] == loaded.rejected
    assert [line for line in checked.err.splitlines() if "/" not in line[:4]] == [
        line for line in loaded.said.err.splitlines() if "/" not in line[:4]
    ]
    assert counts(loaded.file("results.csv")) == (6, 1, 0, 1, 1, 3)
    assert all(list(row) == REJECTED for row in loaded.rejected)
    # Each file has a line of progress where there is no terminal.
    for name in ("departments.csv", "results.csv", "nonsense.csv"):
        assert name in loaded.said.err


def test_rows_set_aside_are_mended_and_sent_again(warehouse):
    heading = ["Dept Code", *RESULT[1:], "Comment", "Local ref", "Why"]
    heading[0] = "DEPARTMENT CODE"
    rows = [
        ("A", "annual_review", "2025-03-07", "1.1.1", "Amber", "=1+1", "007", "because"),
        ("A", "annual_review", "2025-03-07", "1.1.10", "C", "two\nlines, and \"quotes\"", "", ""),
        ("A", "annual_review", "March 2025", "1.1.3", "C", "-5", "x", ""),
        ("A", "annual_review", "2025-03-07", "1.2.1", "C", "fine", "x", ""),
    ]  # fmt: skip
    warehouse.csv("sent.csv", heading, *rows)
    loaded = warehouse.load("sent.csv", code=3)
    assert [list(row["cells"].values()) for row in loaded.rejected] == [list(row) for row in rows[:3]]
    assert [list(row["cells"]) for row in loaded.rejected] == [heading] * 3
    as_csv, as_xlsx, as_parquet = at_once(
        *(
            lambda f=f: warehouse.say("rejected", loaded.number, "--tenant", "T", "--format", f)
            for f in ("csv", "xlsx", "parquet")
        )
    )
    back = list(csv.DictReader(io.StringIO(as_csv.out.decode(), newline="")))
    assert len(back) == 3
    assert {"why", "DEPARTMENT CODE", "Local ref"} <= set(back[0])
    assert [row["Local ref"] for row in back] == ["007", "", "x"]
    assert openpyxl.load_workbook(io.BytesIO(as_xlsx.out)).worksheets[0].max_row == 4
    assert pl.read_parquet(io.BytesIO(as_parquet.out)).height == 3

    for row, (column, better) in zip(
        back, [("Band", "P"), ("Element", "1.1.2"), ("Assessed on", "2025-03-07")], strict=True
    ):
        row[column] = better
    mended = io.StringIO(newline="")
    writer = csv.DictWriter(mended, back[0])
    writer.writeheader()
    writer.writerows(back)
    warehouse.write("mended.csv", mended.getvalue())
    assert counts(warehouse.load("mended.csv").file("mended.csv")) == (3, 3, 0, 0, 0, 0)

    # What went out and came back says the same as the sender's own file would, had it been right at once.
    warehouse.csv("sent.csv", heading,
        (*rows[0][:4], "P", *rows[0][5:]),
        (*rows[1][:3], "1.1.2", *rows[1][4:]),
        (*rows[2][:2], "2025-03-07", *rows[2][3:]),
        rows[3],
    )  # fmt: skip
    assert counts(warehouse.load("sent.csv").file("sent.csv")) == (4, 0, 4, 0, 0, 0)


def test_a_site_result_is_not_the_departments_own(warehouse):
    warehouse.csv("sites.csv", "Site code,Site name,Department code", "S,Shared,A;B", "T,Two,A")
    warehouse.csv("results.csv", "Department code,Site code,Assessment type,Assessed on,Element,Band",
        ",S,annual_review,2025-03-07,1.1.1,N",
        "A,S,annual_review,2025-03-07,1.1.1,C",
        "A,T,annual_review,2025-03-08,1.1.1,C",
        ",S,annual_review,2025-03-07,1.1.2,N/A",
    )  # fmt: skip
    loaded = warehouse.load("sites.csv", "results.csv")
    assert loaded.file("results.csv")["loaded"] == 4  # with and without a department: two keys, no conflict
    found = tuples(warehouse.measure("standing", "--as-of", "2025-06-01"), BANDS + " assessed_on")
    assert found == [
        (None, "1.1.1", "partial", "2025-03-08"),
        (None, "1.1.2", "not_applicable", "2025-03-07"),
        ("A", "1.1.1", "compliant", "2025-03-08"),
        ("A", "1.1.2", "not_applicable", "2025-03-07"),
        ("B", "1.1.1", "non_compliant", "2025-03-07"),
        ("B", "1.1.2", "not_applicable", "2025-03-07"),
    ]


def test_outside_the_scope_of_its_assessment_a_result_is_restated_and_a_difference_is_reported(warehouse):
    warehouse.csv("a.csv", "Assessment code,Department code,Assessment type,Started on,Ended on,Scope",
        "R,A,annual_review,2025-03-05,2025-03-07,1.1.1; 1.1.2",
    )  # fmt: skip
    warehouse.csv("r.csv", RESULT,
        "A,initial,2024-03-07,1.1.1,C",
        "A,initial,2024-03-07,1.2.1,C",
        "A,annual_review,2025-03-07,1.1.1,P",
        "A,annual_review,2025-03-07,1.2.1,P",
    )  # fmt: skip
    warehouse.load("a.csv", "r.csv")
    standing, history = at_once(
        lambda: warehouse.measure("standing", "--department", "A"), lambda: warehouse.measure("history")
    )
    assert tuples(standing, "element band carried_forward") == [
        ("1.1.1", "partial", False),
        ("1.2.1", "compliant", True),
    ]
    assert [(row["element"], row["assessed_on"]) for row in history if row["restated"]] == [("1.2.1", "2025-03-07")]


def test_loads_and_check_print_every_format(warehouse):
    warehouse.csv("one.csv", RESULT, "A,annual_review,2025-03-07,1.1.1,C", "A,annual_review,2025-03-07,1.1.2,Amber")
    warehouse.load("one.csv", code=3)
    loads, check = ("loads", "--tenant", "T", "--format"), ("check", "one.csv", "--format")
    as_csv, as_xlsx, as_table, check_table, check_csv, check_parquet, check_xlsx = at_once(
        *(lambda form=form: warehouse.say(*loads, form) for form in ("csv", "xlsx", "table")),
        *(lambda form=form: warehouse.say(*check, form, code=3) for form in ("table", "csv", "parquet", "xlsx")),
    )
    assert as_csv.out.decode().splitlines()[0].split(",") == LOADS
    assert openpyxl.load_workbook(io.BytesIO(as_xlsx.out)).worksheets[0].max_row == 2
    for said in (as_table, check_table):
        lines = said.out.decode().splitlines()
        assert any("one.csv" in line and "results" in line and "loaded" in line for line in lines)
    assert check_csv.out.decode().splitlines()[0].split(",")[: len(LOADS) - 1] == LOADS[1:]
    assert pl.read_parquet(io.BytesIO(check_parquet.out)).columns[: len(LOADS) - 1] == LOADS[1:]
    first, second = openpyxl.load_workbook(io.BytesIO(check_xlsx.out)).worksheets[:2]
    assert (first.max_row, second.max_row) == (2, 2)
