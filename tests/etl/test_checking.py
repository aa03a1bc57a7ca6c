"""Rows against each other, the calendar and the register (inputs.md section 4)."""

import random
from dataclasses import replace

import pytest

from etl.account import load_of
from etl.arrive import arrived
from etl.known import Known
from scheme.standard import shipped
from tests.etl.made import HEADINGS, TODAY, csv, said, whys, write

CSE = shipped("cse")
ROW = "A,renewal,2025-03-07,1.1."
DEPARTMENTS = "Department code,Department name,Parent code"


def loaded(folder, known=None, strict=False):
    """What a load of a folder would hand to a warehouse that knows these."""
    nothing = Known({}, frozenset(), frozenset(), {"": [CSE.profile]})
    load, new = load_of(arrived([folder], None, CSE, None), known or nothing, strict, TODAY)
    return load, new


def after(parents, sites=(), confirmed=True, policy="take_in"):
    """A warehouse that knows departments with their parents, and sites."""
    codes = {*(("departments", code) for code in parents), *(("sites", code) for code in sites)}
    profile = replace(CSE.profile, unknown_departments=policy)
    return Known(parents, frozenset(sites), frozenset(codes if confirmed else ()), {"": [profile]})


def test_two_rows_of_one_key_are_a_duplicate_or_both_are_set_aside(tmp_path):
    write(
        tmp_path,
        a_csv=csv(
            HEADINGS, "A,renewal,2025-03-07,1.1.1,C,x", "A,renewal,2025-03-07,1.1.2,C,", "A,renewal,2025-03-07,1.1.3,C,"
        ),
        b_csv=csv(HEADINGS, "A,Renewal,7 March 2025,I.1.1,Met,x", "A,renewal,2025-03-07,1.1.2,P,"),
    )
    report = said(tmp_path)
    assert [(file.loaded, file.duplicate, file.set_aside) for file in report.files] == [(2, 0, 1), (0, 1, 1)]
    assert whys(report) == {
        ("a.csv", 3): "row 3 of b.csv says otherwise (band); keep one of them",
        ("b.csv", 3): "row 3 of a.csv says otherwise (band); keep one of them",
    }


@pytest.mark.parametrize("turn", range(4))
def test_neither_the_order_of_rows_nor_that_of_files_changes_what_is_loaded(tmp_path, turn):
    rows = [
        f"{department},{kind},2025-03-0{day},1.{sub}.{n},{band},"
        for department, kind, day, sub, n, band in zip(
            "ABCABCABCABC",
            ["renewal", "initial"] * 6,
            "121212121212",
            "111222111222",
            "123123123312",
            "CPCNCPCPCNCC",
            strict=True,
        )
    ]
    rows += [*rows[:4], *(row.replace(",C,", ",P,") for row in rows[4:7]), "Z,renewal,2999-01-01,1.1.1,C,"]
    registers = [f"{a},{a},{b}" for a, b in ("AB", "BC", "CA", "DA", "EE", "FG")]
    seen = []
    for number, order in enumerate((None, random.Random(turn), random.Random(turn + 9))):
        folder = tmp_path / str(number)
        folder.mkdir()
        lines, departments, names = list(rows), list(registers), ["a_csv", "b_csv", "c_csv"]
        for shuffled in (lines, departments, names) if order else ():
            order.shuffle(shuffled)
        middle = len(lines) // 2
        contents = (csv(HEADINGS, *lines[:middle]), csv(HEADINGS, *lines[middle:]), csv(DEPARTMENTS, *departments))
        load, new = loaded(write(folder, **dict(zip(names, contents, strict=True))))
        tables = {
            name: sorted(map(str, frame.drop("file_number", "row_number").rows()))
            for name, frame in load.tables.items()
        }
        aside = sorted(tuple(row.cells.values()) for row in load.rejected)
        seen.append((tables, aside, {name: sorted(frame[:, 0]) for name, frame in new.items()}))
    assert seen[0] == seen[1] == seen[2]


def test_a_parent_that_closes_a_loop_is_set_aside_and_what_was_known_stays(tmp_path):
    write(tmp_path, a_csv=csv(DEPARTMENTS, "A,A,C", "B,B,A", "C,C,B", "D,D,D", "E,E,A"))
    load, new = loaded(tmp_path)
    assert [row.row for row in load.rejected] == [2, 3, 4, 5]
    assert "A below C below B below A" in load.rejected[0].why
    assert new["departments"]["department_code"].to_list() == ["A"]
    # The warehouse has B below A and C below B already: only what A says is new.
    load, _ = loaded(tmp_path, after({"A": None, "B": "A", "C": "B"}))
    assert [row.row for row in load.rejected] == [2, 5]


def test_turning_a_branch_round_closes_no_loop(tmp_path):
    write(tmp_path, a_csv=csv(DEPARTMENTS, "A,A,B", "B,B,C", "C,C,"))
    assert [row.row for row in loaded(tmp_path, after({"A": None, "B": "A", "C": "B"}))[0].rejected] == [2, 3]
    # An empty parent says nothing, so C stays below B; and without B's row, A below B would close the loop again.
    write(tmp_path, a_csv=csv(DEPARTMENTS, "A,A,B", "B,B,C", "C,C,ROOT"))
    assert loaded(tmp_path, after({"A": None, "B": "A", "C": "B"}))[0].rejected == []


ENDS = {
    "departments": ("Department code,Department name,Active from,Active to", "A,A,2025-01-02,2025-01-01"),
    "sites": ("Site code,Site name,Department code,In scope from,In scope to", "A,A,A,2025-01-02,2025-01-01"),
    "certificates": ("Certificate code,Awarded on,Expires on", "A,2025-01-02,2025-01-02"),
    "assessments": ("Assessment code,Assessment type,Started on,Ended on", "A,renewal,2025-01-02,2025-01-01"),
}


@pytest.mark.parametrize("table", ENDS)
def test_what_ends_before_it_begins_is_set_aside(tmp_path, table):
    report = said(write(tmp_path, a_csv=csv(*ENDS[table])))
    assert report.files[0].table == table
    assert "2 January 2025" in whys(report)["a.csv", 2]


def test_a_result_or_held_visit_after_the_day_of_loading_is_set_aside_and_a_planned_one_is_not(tmp_path):
    write(
        tmp_path,
        a_csv=csv(HEADINGS, "A,renewal,2026-06-02,1.1.1,C,", "A,renewal,2026-06-01,1.1.1,C,"),
        b_csv=csv("Site code,Visited on,Planned", "S,2026-06-02,", "S,2026-06-03,yes"),
    )
    assert set(whys(said(tmp_path))) == {("a.csv", 2), ("b.csv", 2)}


def test_other_impossible_values_are_set_aside_with_the_column_named(tmp_path):
    write(
        tmp_path,
        a_csv=csv("Certificate code,Awarded on,Expires on,Profile", "C,2025-01-01,2028-01-01,Nobody's"),
        b_csv=csv("Site code,Site name,Department code,Latitude,Longitude", "S,S,A,91,0", "T,T,A,0,-181"),
        c_csv=csv(
            "Assessment code,Assessment type,Started on,Ended on,Scope", "A,renewal,2025-01-02,2025-01-03,1.1.1;9.9.9"
        ),
    )
    why = whys(said(tmp_path))
    assert "Nobody's" in why["a.csv", 2]
    assert ("latitude" in why["b.csv", 2], "longitude" in why["b.csv", 3]) == (True, True)
    assert "scope" in why["c.csv", 2]


def test_not_applicable_without_a_reason_is_loaded_and_told(tmp_path):
    rows = ("A,renewal,2025-03-07,1.1.1,N/A,", "A,renewal,2025-03-07,1.1.2,N/A,no charges")
    report = said(write(tmp_path, a_csv=csv(HEADINGS, *rows)))
    assert report.files[0].loaded == 2
    assert "not applicable without a reason: rows 2; say why in the column reason" in report.files[0].notes


def test_no_result_is_counted_and_loaded_nowhere(tmp_path):
    rows = [f"A,renewal,2025-03-07,1.1.{n},{word}," for n, word in enumerate(["TBC", "-", "Not assessed"], 1)]
    load, new = loaded(write(tmp_path, a_csv=csv(HEADINGS, *rows, "B,,,1.2.1,,", ",,,,,see note")))
    assert (load.files[0].no_result, load.files[0].set_aside) == (4, 1)
    assert load.tables["results"].height == new["departments"].height == 0
    assert load.seen_keys["results"]["element"].sort().to_list() == ["1.1.1", "1.1.2", "1.1.3"]
    assert load.unreadable_keys == {1}


def test_new_codes_are_to_be_confirmed_once_with_the_code_that_may_have_been_meant(tmp_path):
    write(
        tmp_path,
        a_csv=csv(HEADINGS, "HIGHWAY,renewal,2025-03-07,1.1.1,C,", "HIGHWAY,renewal,2025-03-07,1.1.2,C,"),
        b_csv=csv("Site code,Visited on", "DEPOT,2025-03-07"),
    )
    load, new = loaded(tmp_path, after({"HIGHWAYS": None}))
    assert new["departments"].rows() == [("HIGHWAY", 1, 2, "HIGHWAYS")]
    assert load.files[0].notes == ["new, please confirm: department HIGHWAY (row 2, or was HIGHWAYS meant?)"]
    assert load.files[1].notes == ["new, please confirm: site DEPOT (row 2)"]


def test_unknown_codes_are_set_aside_where_the_profile_says_so(tmp_path):
    write(
        tmp_path,
        a_csv=csv(DEPARTMENTS, "B,Bravo,A", "C,Charlie,NOBODY", "D,Delta,C"),
        b_csv=csv("Site code,Site name,Department code", "S,Site,A;B", "T,Site,A;X"),
        c_csv=csv(
            HEADINGS, "B,renewal,2025-03-07,1.1.1,C,", "D,renewal,2025-03-07,1.1.1,C,", ",renewal,2025-03-07,1.1.1,C,"
        ),
        d_csv=csv("Site code,Visited on", "S,2025-03-07", "T,2025-03-07"),
    )
    load, new = loaded(tmp_path, after({"A": None}, policy="set_aside"))
    aside = {(load.files[row.file_number - 1].file, row.row): row.why for row in load.rejected}
    assert set(aside) == {("a.csv", 3), ("a.csv", 4), ("b.csv", 3), ("c.csv", 3), ("d.csv", 3)}
    assert "NOBODY is in no register" in aside["a.csv", 3]
    assert all(frame.height == 0 for frame in new.values())
    # A department that was only taken in is in no register either.
    assert len(loaded(tmp_path, after({"A": None}, confirmed=False, policy="set_aside"))[0].rejected) > 5


def test_strict_refuses_the_file_of_the_first_row_set_aside_and_what_hangs_on_it(tmp_path):
    write(
        tmp_path,
        a_csv=csv(HEADINGS, "A,renewal,2025-03-07,1.1.1,C,", "A,renewal,2025-03-07,1.1.2,Amber,"),
        b_csv=csv(HEADINGS, "A,renewal,2025-03-07,1.1.1,C,", "A,renewal,2025-03-07,1.1.3,C,"),
        c_csv=csv(DEPARTMENTS, "B,Bravo,B"),
    )
    report = said(tmp_path, strict=True)
    a, b, c = report.files
    assert (a.outcome, a.read, c.outcome, c.read) == ("refused", 0, "refused", 0)
    assert "row 3" in a.reason
    assert "Amber" in a.reason
    assert (b.outcome, b.loaded, b.duplicate) == ("loaded", 2, 0)  # no duplicate of a row that did not get in
    assert report.rejected == []


def test_actions_are_one_by_their_code_or_else_by_department_element_and_text(tmp_path):
    heading = "Action code,Department code,Element,Action,Owner,Due on"
    rows = (",A,1.1.1,Ask,Jo,2025-12-01", ",A,1.1.1,Ask,Jo,2025-12-01", ",A,1.1.2,Ask,Jo,2025-12-01", "N1,,,Tell,,")
    load, _ = loaded(write(tmp_path, a_csv=csv(heading, *rows)))
    assert (load.files[0].duplicate, load.tables["actions"]["action_key"].n_unique()) == (1, 3)
