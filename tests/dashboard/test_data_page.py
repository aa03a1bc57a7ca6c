"""The Data page's sentence, loads, set-aside rows and codes to confirm (reliability.md F3)."""

import json
from datetime import UTC, datetime

import polars as pl

import formats
from dashboard.filters import filters
from dashboard.pages import data as page

MOMENT = datetime(2025, 3, 7, 14, 2, tzinfo=UTC)
COUNTS = ("read", "loaded", "unchanged", "duplicate", "no_result", "set_aside")


def file(load: int, name: str, *counts: int, outcome: str = "taken", **more) -> dict:
    numbers = dict(zip(COUNTS, counts or (0,) * 6, strict=True))
    row = {"load": load, "finished_at": MOMENT, "sent_by": "ann", "file": name, "sheet": None, "sha256": "ab" * 32}
    return row | {"table": "results", "outcome": outcome, "reason": None} | numbers | more


FILES = [
    file(2, "b.xlsx", 10, 5, 1, 1, 1, 2, sheet="Results"),
    file(2, "b.xlsx", 4, 4, 0, 0, 0, 0, sheet="Sites", table="customer_groups"),
    file(2, "broken.csv", outcome="refused", reason="the file is cut off; send it again", table=None),
    file(1, "a.csv", 3, 3, 0, 0, 0, 0),
]
LOADS = pl.DataFrame(FILES, infer_schema_length=None)
NOTES = pl.DataFrame({"file": ["b.xlsx"], "note": ["column Colour left out"]})
ASIDE = pl.DataFrame(
    {
        "file": ["b.xlsx"],
        "sheet": ["Results"],
        "row": [7],
        "why": ["band: 'Good' is not a band"],
        "cells": [json.dumps({"Band": "Good", "Comment": ""})],
    }
)
NOTHING = pl.DataFrame(schema={"file": pl.String, "note": pl.String})


def asked(query: str = ""):
    return filters(f"/data{query}", "data")


def loads(chosen: int | None = None) -> dict:
    return json.loads(page.loads_table(LOADS, chosen, asked()))


def shown(load: int, query: str = "", notes=NOTES, aside=ASIDE) -> str:
    found = asked(query)
    files = LOADS.filter(pl.col("load") == load)
    files = files.filter(pl.col("file") == found.file) if found.file else files
    return json.dumps(
        page.chosen(load, files, notes, aside, found).to_plotly_json(), default=lambda x: x.to_plotly_json()
    )


def test_the_headline_counts_loads_rows_and_trouble():
    assert page.headline(LOADS) == (
        "2 loads so far, 17 rows read; 2 rows set aside and 1 file refused. "
        "The last one arrived on 7 March 2025 at 14:02 UTC."
    )


def test_a_load_stands_above_its_files_with_their_sums():
    rows = loads(2)["rows"]
    assert [(row["id"], row.get("d", 0), row.get("o", False)) for row in rows] == [
        ("2", 0, True),
        ("2-0", 1, False),
        ("2-1", 1, False),
        ("2-2", 1, False),
        ("1", 0, False),
        ("1-0", 1, False),
    ]
    assert rows[0]["c"] == [
        ["Load 2", "7 March 2025 at 14:02 UTC, from ann", "/data?load=2"],
        "2 files",
        "1 file refused, 2 rows set aside",
        14,
        9,
        1,
        1,
        1,
        2,
    ]


def test_every_file_says_in_words_what_became_of_it():
    said = {row["c"][0][0]: row["c"][2] for row in loads()["rows"] if row.get("d")}
    assert said["broken.csv"] == "Refused: the file is cut off; send it again"
    assert said["a.csv"] == "Taken"
    assert loads()["rows"][1]["c"][2] == "Taken, 2 rows set aside"


def test_what_a_file_holds_is_written_without_underscores():
    assert loads()["rows"][2]["c"][1] == "customer groups"


def test_the_newest_load_with_trouble_is_shown_first_and_none_where_there_was_no_trouble():
    assert page.newest_with_trouble(LOADS) == 2
    assert page.newest_with_trouble(LOADS.filter(pl.col("load") == 1)) is None


def test_a_chosen_load_shows_refusals_notes_and_downloads_at_once():
    said = shown(2)
    assert "broken.csv: the file is cut off; send it again" in said
    assert "b.xlsx: column Colour left out" in said
    assert '"/download/rejected/2.csv"' in said
    assert '"/download/rejected/2.xlsx"' in said


def test_many_notes_stand_behind_a_line():
    assert '"Notes (6)"}, "type": "Summary"' in shown(2, notes=pl.concat([NOTES] * 6))
    assert '"Notes (5)"}, "type": "H3"' in shown(2, notes=pl.concat([NOTES] * 5))


def test_a_chosen_file_narrows_the_downloads_and_leads_back_to_the_load():
    said = shown(2, "?load=2&file=b.xlsx")
    assert "/download/rejected/2.csv?file=b.xlsx" in said
    assert '"/data?load=2"' in said
    assert "broken.csv" not in said


def test_a_load_without_trouble_says_that_nothing_was_set_aside():
    assert "Nothing was set aside." in shown(1, notes=NOTHING, aside=ASIDE.clear())


def test_a_load_or_file_that_is_not_there_is_said_not_to_be():
    assert "There is no load 9" in shown(9)
    assert "There is no file x.csv in load 2" in shown(2, "?load=2&file=x.csv")


def test_a_row_set_aside_says_where_it_stood_why_and_what_it_said():
    row = json.loads(page.rejected_table(2, ASIDE))["rows"][0]
    assert row["c"] == [["Row 7", "b.xlsx, sheet Results", None], "band: 'Good' is not a band", "Band: Good"]


def test_codes_that_no_register_names_are_to_be_confirmed():
    departments = pl.DataFrame({"department_code": ["A", "B"], "is_confirmed": [True, False], "load_number": [1, 2]})
    sites = pl.DataFrame({"site_code": ["S"], "is_confirmed": [True], "load_number": [1]})
    said = json.dumps(page.to_confirm(departments, sites).to_plotly_json(), default=lambda x: x.to_plotly_json())
    assert "New, please confirm" in said
    assert "department B" in said
    assert page.to_confirm(departments.filter("is_confirmed"), sites) == ""


def test_two_files_with_a_sheet_of_one_name_both_come_back():
    other = ASIDE.with_columns(file=pl.lit("c.xlsx"))
    assert [frame.height for frame in formats.sent_back(pl.concat([ASIDE, other])).values()] == [1, 1]
