"""How departments stand, in one place for all pages (measures.md sections 2 and 3)."""

from datetime import date

import pytest

from dashboard.pages.verdicts import SHOWN, judged, movements, nothing, reason, stand, verdicts, worst_first
from scheme.headroom import headroom
from tests.by_hand import department, on, programme, result, site
from tests.dashboard.made import assessed, tree

TODAY = date(2025, 6, 30)
PASSING = [department("A", "G"), *assessed("A")]
AT_LIMIT = [department("B", "G"), *assessed("B", e1_1_1="partial", e1_1_2="partial")]
FAILING = [department("C", "G"), *assessed("C", e3_1_1="non_compliant")]
HALF = [department("D", "G"), result("1.1.1", "compliant", "2025-03-07", of="D")]
SILENT = [department("E", "G")]
ALL = [department("G"), *PASSING, *AT_LIMIT, *FAILING, *HALF, *SILENT]


def told(*rows):
    known = programme(*rows)
    return verdicts(tree(known), headroom(known, TODAY))


def by_code(rows) -> dict:
    return {row["department_code"]: row for row in rows.iter_rows(named=True)}


def test_every_department_stands_as_its_own_results_say():
    shown = {code: row["shown"] for code, row in by_code(told(*ALL)).items()}
    assert shown == {
        None: "indication",
        "G": "indication",
        "A": "passes",
        "B": "at_limit",
        "C": "fails",
        "D": "incomplete",
        "E": "not_assessed",
    }


def test_a_department_with_one_rolled_up_band_gets_no_verdict():
    own = [row for row in assessed("A") if row[1]["element"] != "1.1.1"]
    below = site("S", "A"), result("1.1.1", "non_compliant", "2025-03-07", site="S")
    row = by_code(told(department("A"), *own, *below))["A"]
    assert row["shown"] == "indication"
    assert "fail" not in reason(row)


def test_what_lies_below_is_counted_without_indications_and_beside_what_was_not_assessed():
    whole = by_code(told(*ALL))[None]
    assert whole["below"] == "1 of 4 passes, 1 at limit, 1 incomplete, 1 fails, 1 not assessed"
    assert reason(whole) == f"Below it {whole['below']}."


def test_the_sentence_of_a_verdict_is_that_of_its_tightest_criterion():
    rows = by_code(told(*ALL))
    assert reason(rows["B"]) == "Criterion 1 is at its limit: 2 partials, 2 allowed (1.1.1, 1.1.2)."
    assert (rows["B"]["partial"], rows["B"]["allowance"], rows["B"]["left"]) == (2, 2, 0)
    assert reason(rows["E"]) == "Nothing has been assessed yet."


def test_the_worst_come_first_and_no_verdict_last():
    assert worst_first(told(*ALL))["department_code"].to_list() == ["C", "B", "D", "A", None, "G", "E"]
    assert set(told(*ALL)["shown"]) <= set(SHOWN)


def test_the_corporate_body_is_no_department_to_be_counted():
    rows = told(*assessed(None), *PASSING, department("G"))
    assert judged(rows)["department_code"].to_list() == ["A"]
    assert stand(rows) == ["The council as a whole passes.", "Department A passes."]


def test_departments_are_counted_in_words_and_those_that_fail_named():
    assert stand(told(*ALL)) == [
        "1 of 4 assessed departments fails (Department C), 1 is at its limit (Department B), 1 is incomplete "
        "and 1 passes."
    ]


def test_of_many_that_fail_three_are_named():
    failing = [row for code in "ABCDE" for row in (department(code), *assessed(code, e1_1_1="non_compliant"))]
    assert stand(told(*failing)) == [
        "5 of 5 assessed departments fail (Department A; Department B; Department C; 2 more)."
    ]


def test_all_that_pass_are_said_to_pass():
    assert stand(told(department("G"), *PASSING, department("B"), *assessed("B"))) == [
        "All 2 assessed departments pass."
    ]


def test_nobody_with_a_verdict_gives_no_sentence_about_any():
    assert stand(told(department("G"), *SILENT)) == []
    assert nothing(TODAY) == "Nothing shown here has been assessed as a whole by 30 June 2025."


@pytest.mark.parametrize(
    ("now", "change", "words"),
    [
        ({}, 0, "as before"),
        ({"e2_1_1": "partial"}, -1, "1 partial more"),
        ({"e1_1_1": "compliant"}, 1, "1 partial fewer"),
        ({"e1_1_2": "partial"}, -1, "was passing"),
        ({"e2_1_1": "non_compliant", "e1_1_1": "compliant"}, -1, "was passing"),
    ],
)
def test_a_department_moves_by_status_then_by_partials(now, change, words):
    first = {"e1_1_1": "partial"}
    known = programme(department("A"), *assessed("A", "2024-03-07", **first), *assessed("A", **{**first, **now}))
    moved = movements(headroom(known, TODAY), headroom(known, on("2024-06-30")))
    assert moved.filter(department_code="A").rows() == [("A", change, words)]


def test_more_that_is_non_compliant_outweighs_fewer_partials():
    first = {"e1_1_1": "non_compliant", "e2_1_1": "partial", "e3_1_1": "partial"}
    now = {"e1_1_1": "non_compliant", "e1_1_2": "non_compliant"}
    known = programme(department("A"), *assessed("A", "2024-03-07", **first), *assessed("A", **now))
    moved = movements(headroom(known, TODAY), headroom(known, on("2024-06-30")))
    assert moved.filter(department_code="A").rows() == [("A", -1, "1 non-compliant more, 2 partials fewer")]


def test_an_indication_and_a_newcomer_have_not_moved():
    known = programme(*ALL, *assessed("A", "2024-03-07"))
    moved = movements(headroom(known, TODAY), headroom(known, on("2024-06-30")))
    assert moved["department_code"].to_list() == ["A"]
