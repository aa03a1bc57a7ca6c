"""The headroom page's sentence, tables and marks (measures.md section 3)."""

import json
from datetime import date

from dashboard.filters import filters
from dashboard.pages import headroom as page
from dashboard.pages.verdicts import verdicts, worst_first
from scheme.headroom import headroom
from tests.by_hand import department, programme, result
from tests.dashboard.made import CSE, assessed, tree

TODAY = date(2025, 6, 30)
PASSING = [department("A", "G"), *assessed("A")]
AT_LIMIT = [department("B", "G"), *assessed("B", e4_1_1="partial", e4_1_2="partial", e4_1_3="partial")]
FAILING = [department("C", "G"), *assessed("C", e3_1_1="non_compliant", e3_1_2="partial")]
HALF = [department("D", "G"), result("1.1.1", "compliant", "2025-03-07", of="D")]
NEW = [department("E", "G")]
ALL = [department("G"), *PASSING, *AT_LIMIT, *FAILING, *HALF, *NEW]


def told(*rows):
    known = programme(*rows)
    frame = headroom(known, TODAY)
    return worst_first(verdicts(tree(known), frame)), frame


def asked(query: str = ""):
    return filters(f"/headroom?as_of=2025-06-30{query}", "headroom")


def table(*rows, query: str = "") -> dict:
    return json.loads(page.departments_table(*told(*rows), CSE, asked(query)))


def cells(body: dict, code: str) -> list:
    return next(row["c"] for row in body["rows"] if row["id"] == code)


def test_the_headline_counts_who_fails_who_is_at_the_limit_and_who_has_room():
    assert page.headline(told(*ALL)[0], asked(), "formal") == (
        "1 of 4 assessed departments fails (Department C), 1 is at its limit (Department B), 1 is incomplete "
        "and 1 passes. 2 can bear another partial in any criterion."
    )


def test_the_headline_says_when_nothing_was_assessed():
    said = page.headline(told(department("G"), *NEW)[0], asked(), "formal")
    assert said == "Nothing shown here has been assessed as a whole by 30 June 2025."


def test_marks_say_partials_used_allowance_and_what_is_beside_them():
    body = table(*ALL)
    assert cells(body, "B")[5] == ["at_limit", 3, 3, 0, 0, 0]
    assert cells(body, "C")[4] == ["fails", 1, 2, 1, 0, 0]
    assert cells(body, "D")[2] == ["incomplete", 0, 2, 0, 10, 0]


def test_what_was_not_assessed_at_all_has_no_marks():
    body = table(*ALL)
    assert cells(body, "D")[3] is None
    assert cells(body, "E")[1:] == [["incomplete", "Not assessed"], *[None] * 5, "Nothing has been assessed yet."]


def test_rolled_up_marks_carry_no_status():
    whole = cells(table(*ALL), "")
    assert whole[1] == "indication"
    assert [cell[0] for cell in whole[2:7]] == [None] * 5
    assert "1 of 4 passes" in whole[7]


def test_the_table_is_worst_first_and_a_chip_filters_it():
    assert [row["id"] for row in table(*ALL)["rows"]] == ["C", "B", "D", "A", "", "G", "E"]
    assert [row["id"] for row in table(*ALL, query="&status=incomplete")["rows"]] == ["D"]


def test_a_cell_of_a_criterion_opens_its_details():
    opens = [column["k"] for column in table(*ALL)["columns"] if column.get("o")]
    assert opens == ["1", "2", "3", "4", "5"]


def test_every_line_of_the_criteria_adds_up_to_the_departments_with_a_verdict():
    rows, frame = told(*ALL)
    body = json.loads(page.criteria_table(rows, frame, CSE))
    assert [column["k"] for column in body["columns"]][3:] == ["fails", "at_limit", "left", "unknown"]
    assert [row["c"][1:] for row in body["rows"]] == [
        [2, 0, 0, 0, 4, 0],
        [2, 0, 0, 0, 3, 1],
        [2, 1, 1, 0, 2, 1],
        [3, 3, 0, 1, 2, 1],
        [2, 0, 0, 0, 3, 1],
    ]


def test_the_criteria_have_no_column_of_what_was_not_assessed_where_all_was():
    rows, frame = told(department("G"), *PASSING, *AT_LIMIT)
    body = json.loads(page.criteria_table(rows, frame, CSE))
    assert "unknown" not in [column["k"] for column in body["columns"]]
