"""What Python hands to the table."""

import json
from datetime import date

import pytest

from dashboard import table
from dashboard.table import Column, Group, Row, table_json
from scheme.standard import shipped

COLUMNS = [Column("name", "Department"), Column("n", "Partials", "number")]


def test_a_table_is_small_and_says_only_what_is_set():
    told = json.loads(table_json("Departments", COLUMNS, [Row("H", ["Housing", 2])]))
    assert told == {
        "caption": "Departments",
        "columns": [{"k": "name", "l": "Department", "n": "text"}, {"k": "n", "l": "Partials", "n": "number"}],
        "groups": [],
        "rows": [{"id": "H", "c": ["Housing", 2]}],
        "bands": [],
        "find": True,
        "empty": "Nothing matches.",
    }


def test_days_travel_as_iso_and_nothing_as_null():
    columns = [Column("name", "Department"), Column("day", "Day", "day")]
    told = json.loads(table_json("x", columns, [Row("H", ["Housing", date(2025, 3, 7)]), Row("I", [None, None])]))
    assert [row["c"] for row in told["rows"]] == [["Housing", "2025-03-07"], [None, None]]


def test_neighbours_share_their_groups():
    one, two = Group("1"), Group("1.1", "1.1 Knowing customers")
    columns = [*COLUMNS, Column("1.1.1", "1", "band", groups=(one, two)), Column("1.1.2", "2", "band", groups=(one, two))]  # fmt: skip  # noqa: E501
    told = json.loads(table_json("x", columns, [], bands=shipped("cse").bands))
    assert [column.get("g") for column in told["columns"]] == [None, None, [0, 1], [0, 1]]
    assert told["bands"][0] == ["+", "Compliance plus"]


def test_a_row_with_too_few_cells_and_an_id_twice_are_mistakes():
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        table_json("x", COLUMNS, [Row("H", ["Housing"])])
    with pytest.raises(ValueError, match="twice"):
        table_json("x", COLUMNS, [Row("H", ["a", 1]), Row("H", ["b", 2])])


def test_bands_carry_age_and_marks():
    assert table.band(None) is None
    assert table.band("partial") == "20"
    assert table.band("compliance_plus", 7, old=True, rolled_up=True, worse_below=True, change=-1) == "03orwd"
    assert table.band("not_applicable", -1, change=2) == "40u"


@pytest.mark.parametrize(("make", "code"), [(table.status, "failing"), (table.state, "covered")])
def test_unknown_codes_are_mistakes(make, code):
    with pytest.raises(ValueError, match=code):
        make(code)


def test_a_heatmap_of_three_hundred_departments_is_light():
    elements = shipped("cse").elements
    columns = [Column("name", "Department"), *(Column(e.code, e.code, "band", f"{e.code} {e.title}") for e in elements)]
    rows = [Row(f"D{n}", [f"Department {n}", *(table.band("compliant", n % 4) for _ in elements)]) for n in range(300)]
    assert len(table_json("x", columns, rows)) < 150_000
