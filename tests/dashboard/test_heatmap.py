"""The heatmap's cells, columns and sentence (measures.md sections 2 and 3; reliability.md A3)."""

import json
from datetime import date

import polars as pl
import pytest

from dashboard.behind import full_years
from dashboard.filters import filters
from dashboard.pages import heatmap
from dashboard.pages.heatmap_grid import Grid, band_cells, criterion_cells, difference_cells
from dashboard.pages.heatmap_headline import headline
from dashboard.pages.verdicts import tally
from dashboard.table import band
from scheme.errors import UsageError
from scheme.headroom import headroom
from scheme.standard import shipped
from scheme.standing import standing
from tests.by_hand import department, on, programme, result

CSE = shipped("cse")
DAY = "2025-06-30"
TODAY = on(DAY)


def grid(*rows, compare: str | None = None, basis: str = "formal", standard=None) -> Grid:
    """The grid of a programme of departments directly below the corporate body, or below one of them."""
    known = programme(*rows, standard=standard)
    parents = dict(known.departments.select("department_code", "parent_code").iter_rows())

    def depth(code: str | None) -> int:
        return 0 if code is None else 1 + depth(parents[code])

    def path(code: str) -> list[str]:
        return [*(path(parents[code]) if parents[code] else []), code]

    codes = [None, *sorted(parents, key=path)]
    tree = pl.DataFrame(
        {
            "department_code": codes,
            "name": ["The council", *(f"Department {code}" for code in codes[1:])],
            "depth": [depth(code) for code in codes],
            "has_below": [any(parents[other] == code for other in parents) for code in codes],
        },
        schema_overrides={"department_code": pl.String, "depth": pl.UInt32},
    )
    formal = "formal" if basis == "difference" else basis
    before = on(compare)
    return Grid(
        known.standard,
        known.profile(TODAY).cycle_years,
        TODAY,
        tree,
        standing(known, TODAY, formal),
        headroom(known, TODAY, formal),
        standing(known, before, formal) if before else None,
        headroom(known, before, formal) if before else None,
        standing(known, TODAY, "self") if basis == "difference" else None,
    )


def asked(query: str = ""):
    return filters(f"/heatmap?as_of={DAY}{query}", "heatmap")


def drawn(of: Grid, query: str = "") -> dict:
    return json.loads(heatmap.table(of, asked(query)))


def assessed(code: str, day: str = "2025-03-07", **bands: str):
    """A formal assessment of everything: compliant, but for the elements named (`e1_1_1="partial"`)."""
    named = {element.removeprefix("e").replace("_", "."): band for element, band in bands.items()}
    return [result(element, named.get(element, "compliant"), day, of=code) for element in CSE.codes]


def row_of(table: dict, code: str) -> list:
    return next(row["c"] for row in table["rows"] if row["id"] == code)


PASSING = [department("A"), *assessed("A")]
AT_LIMIT = [department("B"), *assessed("B", e1_1_1="partial", e1_1_2="partial")]
FAILING = [department("C"), *assessed("C", e3_1_1="non_compliant")]
SILENT = [department("D")]


# --- cells ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["", "share", "bands"])
def test_a_criterion_nobody_assessed_is_unknown_and_neither_nought_nor_passed(mode):
    cells = criterion_cells(grid(*PASSING, *SILENT), mode)
    assert cells["A", "1"] is not None
    assert [cells["D", code] for code in "12345"] == [None] * 5


def test_headroom_says_partials_used_of_those_allowed_and_what_counts_beside_them():
    cells = criterion_cells(grid(*AT_LIMIT, *FAILING), "")
    assert cells["B", "1"] == ["at_limit", 2, 2, 0, 0, 0]
    assert cells["C", "3"] == ["fails", 0, 2, 1, 0, 0]


def test_a_criterion_of_rolled_up_bands_gives_no_verdict_in_any_mode():
    of = grid(*FAILING)
    assert criterion_cells(of, "")[None, "3"][0] is None
    assert criterion_cells(of, "share")[None, "3"][2] == 1
    assert criterion_cells(of, "bands")[None, "3"][6] == 1


def test_band_cells_say_what_the_plain_way_says():
    days = ["2025-06-30", "2024-07-01", "2024-06-30", "2023-06-30", "2022-07-01", "2022-06-30", "2019-01-01"]
    bands = ["compliance_plus", "compliant", "partial", "non_compliant", "not_applicable"]
    rows = [result(code, bands[n % 5], days[n % 7], of="A") for n, code in enumerate(CSE.codes)]
    of = grid(department("A"), *rows)
    for row in of.standing.iter_rows(named=True):
        age = full_years(row["assessed_on"], TODAY)
        plain = band(row["band"], age, old=age >= 3, rolled_up=row["rolled_up"])
        assert band_cells(of)[row["department_code"], row["element"]] == plain


@pytest.mark.parametrize(
    ("day", "cell"), [("2024-07-01", "10"), ("2024-06-30", "11"), ("2023-06-30", "12"), ("2022-06-30", "13o")]
)
def test_a_band_fades_by_the_year_and_is_hatched_once_a_cycle_is_over(day, cell):
    assert band_cells(grid(department("A"), result("1.1.1", "compliant", day, of="A")))["A", "1.1.1"] == cell


def test_a_band_better_or_worse_than_on_the_day_compared_says_so():
    rows = [department("A"), result("1.1.1", "partial", "2024-01-01", of="A")]
    rows += [result("1.1.2", "compliance_plus", "2024-01-01", of="A"), result("1.1.3", "partial", "2024-01-01", of="A")]
    rows += [result("1.1.1", "compliant", "2025-01-01", of="A"), result("1.1.2", "compliant", "2025-01-01", of="A")]
    cells = band_cells(grid(*rows, compare="2024-06-30"))
    assert [cells["A", code] for code in ("1.1.1", "1.1.2", "1.1.3")] == ["10u", "10d", "21"]


def test_an_indication_is_not_compared_with_an_assessors_judgement():
    rows = [department("A"), department("A1", parent="A"), result("1.1.1", "partial", "2024-01-01", of="A1")]
    rows += [result("1.1.1", "compliant", "2025-01-01", of="A")]
    of = grid(*rows, compare="2024-06-30")
    assert of.before_standing.filter(department_code="A")["rolled_up"].to_list() == [True]
    assert band_cells(of)["A", "1.1.1"] == "10"


def test_a_criterion_is_better_by_its_status_first_and_then_by_its_partials():
    rows = [department("A"), *assessed("A", "2024-01-01", e1_1_1="partial", e1_1_2="partial", e2_1_1="partial")]
    rows += [result(code, "compliant", "2025-01-01", of="A") for code in ("1.1.1", "2.1.1")]
    rows += [result("3.1.1", "partial", "2025-01-01", of="A")]
    cells = criterion_cells(grid(*rows, compare="2024-06-30"), "")
    assert [cells["A", code][5] for code in "1234"] == [1, 1, -1, 0]


def test_what_was_not_assessed_on_the_day_compared_is_neither_better_nor_worse():
    assert criterion_cells(grid(*PASSING, compare="2024-01-01"), "")["A", "1"][5] == 0


OWN = [
    *PASSING,
    result("1.1.1", "compliance_plus", "2025-02-01", of="A", kind="self_assessment"),
    result("1.1.2", "partial", "2025-02-01", of="A", kind="self_assessment"),
    result("2.1.1", "compliant", "2025-02-01", of="A", kind="self_assessment"),
]


def test_the_difference_tells_higher_lower_and_the_same_by_element_and_counts_them_by_criterion():
    cells = difference_cells(grid(*OWN, basis="difference"))
    assert [cells["A", code] for code in ("1.1.1", "1.1.2", "2.1.1")] == ["01", "21", "11"]
    assert (cells["A", "1"], cells["A", "2"]) == ([1, 1, 0], [0, 0, 1])


def test_the_difference_leaves_out_what_only_one_side_judged_or_what_is_rolled_up():
    cells = difference_cells(grid(*OWN, basis="difference"))
    assert ("A", "1.1.3") not in cells
    assert not [place for place, _ in cells if place is None]


# --- the table --------------------------------------------------------------------------------------------------------


def test_the_corporate_body_comes_first_and_departments_hang_below_it():
    table = drawn(grid(department("A"), department("A1", parent="A"), department("B")))
    assert [(row["id"], row.get("d", 0)) for row in table["rows"]] == [("", 0), ("A", 1), ("A1", 2), ("B", 1)]


def test_a_parent_of_rolled_up_bands_counts_those_below_instead_of_a_verdict():
    below = [*AT_LIMIT, *FAILING, *SILENT, *PASSING]
    parented = [(kind, {**row, "parent_code": "P"}) if kind == "departments" else (kind, row) for kind, row in below]
    table = drawn(grid(department("P"), *parented))
    assert row_of(table, "P")[1] == ["indication", "1 of 3 passes, 1 at limit, 1 fails, 1 not assessed"]
    assert row_of(table, "")[1] == row_of(table, "P")[1]


def test_own_results_give_a_verdict_and_none_give_not_assessed():
    table = drawn(grid(*FAILING, *SILENT))
    assert row_of(table, "C")[1] == "fails"
    assert row_of(table, "D")[1] == ["incomplete", "Not assessed"]


def test_without_a_verdict_below_there_is_nothing_to_count():
    assert tally([{"status": "fails", "indicative": True, "is_unknown": False}]) == ""


def test_criteria_open_into_their_sub_criteria_and_elements():
    table = drawn(grid(*PASSING), "&criterion=2")
    keys = [column["k"] for column in table["columns"]]
    assert keys == ["department", "status", "1", "2", *CSE.criteria[1].elements, "3", "4", "5"]
    assert [group["l"] for group in table["groups"]] == ["2 Culture of the organisation", "2.1", "2.2"]
    assert all(column["o"] for column in table["columns"][2:])


def test_all_elements_of_a_standard_are_there_at_once():
    table = drawn(grid(*PASSING), "&criterion=all")
    assert [column["k"] for column in table["columns"][2:]] == list(CSE.codes)


def test_an_element_is_called_by_its_number_and_title():
    column = drawn(grid(*PASSING), "&criterion=1")["columns"][3]
    assert column["t"] == f"1.1.1 {CSE.element['1.1.1'].title}"


@pytest.mark.parametrize("query", ["&mode=mean", "&criterion=9", "&criterion=1.1"])
def test_a_mode_or_criterion_that_there_is_not_is_refused(query):
    of = grid(*PASSING)
    with pytest.raises(UsageError, match="choose one"):
        heatmap.check(asked(query), of.standard, of.tree)


def test_a_department_one_may_not_see_is_refused_as_one_that_is_not_there():
    of = grid(*PASSING)
    with pytest.raises(UsageError, match="no department ZZZ on this day that you may see"):
        heatmap.check(asked("&department=ZZZ"), of.standard, of.tree.clear())


def test_three_hundred_departments_by_all_elements_stay_thin():
    rows = [row for n in range(300) for row in (department(f"D{n}"), *assessed(f"D{n}", e1_1_1="partial"))]
    assert len(heatmap.table(grid(*rows), asked("&criterion=all"))) < 150_000


# --- the sentence -----------------------------------------------------------------------------------------------------


def test_the_headline_says_who_fails_and_counts_no_rolled_up_bands():
    said = headline(grid(*PASSING, *AT_LIMIT, *FAILING, *SILENT), asked())
    stand = "1 of 3 assessed departments fails (Department C), 1 is at its limit (Department B) and 1 passes."
    assert said.startswith(stand)
    assert "criteria 1 and 3" in said


def test_the_headline_of_one_department_speaks_of_it_alone():
    assert headline(grid(*AT_LIMIT), asked()) == "Department B is at its limit."


def test_the_headline_knows_a_corporate_body_with_results_of_its_own():
    said = headline(grid(*assessed(None, e1_1_1="non_compliant"), *PASSING), asked())
    assert said.startswith("The council as a whole fails. Department A passes.")


def test_the_headline_says_when_nothing_was_assessed():
    assert headline(grid(*SILENT), asked()) == "Nothing shown here has been assessed as a whole by 30 June 2025."


def test_the_headline_counts_better_and_worse_departments():
    rows = [*PASSING, result("1.1.1", "partial", "2025-05-01", of="A"), *AT_LIMIT]
    said = headline(grid(*rows, compare="2025-04-01"), asked("&compare=2025-04-01"))
    assert said.endswith("Against 1 April 2025: none better, 1 worse.")


def test_the_headline_of_the_difference_names_who_rates_itself_highest():
    said = headline(grid(*OWN, basis="difference"), asked("&basis=difference"))
    assert said == (
        "1 of 1 department rates itself higher than its assessors, in 1 element; most of all Department A (1)."
    )


def test_the_headline_says_whose_word_it_is():
    own = [result(code, "compliant", "2025-02-01", of="A", kind="self_assessment") for code in CSE.codes]
    assert headline(grid(department("A"), *own, basis="self"), asked("&basis=self")).startswith("By own assessments: ")


def test_full_years_count_birthdays():
    assert full_years(date(2024, 2, 29), date(2025, 2, 28)) == 0
    assert full_years(date(2024, 2, 29), date(2025, 3, 1)) == 1
