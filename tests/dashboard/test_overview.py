"""The overview's sentence, week, chips and table (measures.md sections 3 and 6)."""

import json
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from dashboard.filters import filters
from dashboard.pages import overview as page
from dashboard.pages import overview_facts as facts_of
from dashboard.pages.overview_facts import Facts
from dashboard.pages.verdicts import verdicts
from scheme.frames import CERTIFICATES
from scheme.headroom import headroom
from tests.by_hand import assessment, certificate, department, on, programme
from tests.dashboard.made import assessed, tree

TODAY = date(2025, 6, 30)
PASSING = [department("A"), *assessed("A")]
AT_LIMIT = [department("B"), *assessed("B", e1_1_1="partial", e1_1_2="partial")]
FAILING = [department("C"), *assessed("C", e3_1_1="non_compliant")]
NEW = [department("D")]
ACTIONS = {"department_code": pl.String, "due_on": pl.Date}


def facts(*rows, latest=None, actions=(), **changes) -> Facts:
    """The facts of a programme; `latest` names the newest result of departments, else all are of March."""
    known = programme(*rows)
    now = headroom(known, TODAY)
    codes = [None, *known.departments["department_code"]]
    last_on = [(code, on((latest or {}).get(code, "2025-03-07"))) for code in codes]
    ahead = facts_of.ahead(known.assessments, known.certificates)
    latest_frame = pl.DataFrame(last_on, {"department_code": pl.String, "last_on": pl.Date}, orient="row")
    before = headroom(known, facts_of.year_before(TODAY))
    made = Facts(
        TODAY,
        "formal",
        facts_of.departments(verdicts(tree(known), now), now, before, latest_frame, ahead, TODAY),
        facts_of.forms_due(known.assessments, TODAY),
        facts_of.actions_overdue(pl.DataFrame(list(actions), ACTIONS, orient="row"), TODAY),
        facts_of.expiring(known.certificates, TODAY),
        {code: f"Department {code}" for code in codes} | {None: "The council"},
        0,
        0,
    )
    return replace(made, **changes)


def review(of: str, day: str, kind: str = "annual_review"):
    return assessment(kind, day, of=of, planned=True)


def asked(query: str = ""):
    return filters(f"/?as_of=2025-06-30{query}", "overview")


def table(of: Facts, query: str = "") -> dict:
    return json.loads(page.departments_table(of, asked(query)))


def words(component) -> str:
    """All that a component says, in order."""
    if component is None or isinstance(component, str | int):
        return str(component or "")
    if isinstance(component, list | tuple):
        return " ".join(words(child) for child in component)
    return words(getattr(component, "children", None))


# --- the sentence -----------------------------------------------------------------------------------------------------


def test_the_headline_names_who_fails_and_counts_the_others():
    assert page.headline(facts(*PASSING, *AT_LIMIT, *FAILING)).startswith(
        "1 of 3 assessed departments fails (Department C), 1 is at its limit (Department B) and 1 passes."
    )


def test_the_headline_says_on_course_when_every_check_passes():
    assert page.headline(facts(*PASSING)) == "On course. Department A passes."


@pytest.mark.parametrize(
    ("rows", "changes"),
    [
        (AT_LIMIT, {}),
        (NEW, {}),
        ([], {"latest": {"A": "2024-06-29"}}),
        ([], {"hopeless": 1}),
        ([], {"unsure": 1}),
        ([], {"actions": [("A", date(2025, 6, 29))]}),
        ([review("A", "2025-07-15")], {}),
        ([certificate("2022-07-15", "2025-07-15", holder="A")], {}),
    ],
    ids=["at limit", "not assessed", "silent", "hopeless", "unsure", "action overdue", "form overdue", "expiring"],
)
def test_the_headline_does_not_say_on_course_when_one_check_fails(rows, changes):
    assert "On course" not in page.headline(facts(*PASSING, *rows, **changes))


def test_the_headline_tells_what_cannot_be_made_good():
    said = page.headline(facts(*PASSING, hopeless=2))
    assert "2 certificates can no longer complete their cycles." in said


def test_the_headline_compares_with_a_year_ago():
    rows = [department("A"), *assessed("A", "2024-03-07", e1_1_1="partial"), *assessed("A")]
    assert "Against a year ago 1 is better, none worse." in page.headline(facts(*rows))


def test_the_headline_ends_with_the_next_date_of_all():
    said = page.headline(facts(*PASSING, *AT_LIMIT, review("A", "2025-12-09"), review("B", "2025-10-09", "renewal")))
    assert said.endswith("Next: Department B, renewal form due, 9 September 2025.")


def test_the_headline_says_when_nothing_was_assessed():
    assert page.headline(facts(*NEW)) == "Nothing shown here has been assessed as a whole by 30 June 2025."


def test_the_headline_says_whose_word_it_is():
    assert page.headline(facts(*AT_LIMIT, basis="self")).startswith("By own assessments: Department B is at its limit.")


# --- this week --------------------------------------------------------------------------------------------------------


def test_a_form_is_due_a_month_before_its_review_and_listed_a_fortnight_ahead():
    forms = facts(review("A", "2025-08-14"), review("B", "2025-08-15"), review("C", "2025-07-15")).forms
    assert forms.select("department_code", "form_on").rows() == [("C", date(2025, 6, 15)), ("A", date(2025, 7, 14))]


def test_the_form_of_a_reassessment_is_called_so():
    said = words(page.week(facts(*PASSING, review("A", "2025-08-10", "reassessment"))))
    assert "Department A   Reassessment form: due by 10 July 2025" in said


def test_a_form_that_is_late_is_overdue():
    assert "overdue since 15 June 2025" in words(page.week(facts(*PASSING, review("A", "2025-07-15"))))


def test_overdue_actions_are_counted_by_department_the_most_first():
    actions = [("A", on("2025-01-01")), ("B", on("2025-06-29")), ("B", on("2025-02-02")), ("C", TODAY)]
    overdue = facts(actions=actions).actions
    assert overdue.rows() == [("B", 2, date(2025, 2, 2)), ("A", 1, date(2025, 1, 1))]


def test_a_department_without_a_result_for_twelve_months_is_silent():
    of = facts(*PASSING, *AT_LIMIT, *NEW, latest={"A": "2024-06-30", "B": "2024-06-29", "D": None})
    assert facts_of.silent(of.departments)["department_code"].to_list() == ["D", "B"]
    assert "Department B   last result 29 June 2024" in words(page.week(of))
    assert "Department D   no result yet" in words(page.week(of))


def test_a_certificate_near_its_end_is_listed_until_a_successor_or_an_end():
    frame = pl.DataFrame(
        [
            {"certificate_code": code, "department_code": code, "expires_on": on(expires), "ended_on": on(ended)}
            for code, expires, ended in [
                ("A", "2025-09-28", None),
                ("B", "2025-09-29", None),
                ("C", "2025-06-01", None),
                ("D", "2025-07-01", "2025-05-01"),
            ]
        ],
        schema={name: CERTIFICATES[name] for name in ("certificate_code", "department_code", "expires_on", "ended_on")},
    )
    assert facts_of.expiring(frame, TODAY)["certificate_code"].to_list() == ["C", "A"]


def test_a_card_shows_three_and_keeps_the_rest_behind_a_line():
    actions = [(code, on("2025-01-01")) for code in "ABCDE"]
    assert "2 more" in words(page.week(facts(actions=actions)))


def test_a_card_without_anything_says_so():
    assert words(page.week(facts(*PASSING))).count("None.") == 4


# --- every department -------------------------------------------------------------------------------------------------


def test_the_table_has_every_department_worst_first():
    assert [row["id"] for row in table(facts(*PASSING, *AT_LIMIT, *FAILING, *NEW))["rows"]] == ["C", "B", "A", "", "D"]


def test_a_chip_filters_the_table_by_status():
    of = facts(*PASSING, *AT_LIMIT, *FAILING, *NEW, latest={"D": None})
    assert [row["id"] for row in table(of, "&status=at_limit")["rows"]] == ["B"]
    assert [row["id"] for row in table(of, "&status=not_assessed")["rows"]] == ["D"]
    assert [row["id"] for row in table(of, "&status=silent")["rows"]] == ["D"]


def test_the_chips_count_what_the_table_shows():
    of = facts(*PASSING, *AT_LIMIT, *FAILING, *NEW, latest={"D": None})
    said = " ".join(words(page.chips(of, asked())).split())
    assert said == (
        "All (5) Fails (1) At limit (1) Incomplete (0) Passes (1) Indication (1) Not assessed (1) Silent (1)"
    )


def test_a_row_says_status_reason_change_next_and_latest():
    of = facts(*FAILING, *assessed("C", "2024-03-07"), review("C", "2025-12-09"))
    row = next(row for row in table(of)["rows"] if row["id"] == "C")
    assert row["c"] == [
        "Department C",
        "fails",
        "Criterion 3 fails: 3.1.1 is non-compliant.",
        [-1, "was passing"],
        ["2025-11-09", "Review form due"],
        "2025-03-07",
    ]


def test_a_row_leads_to_the_heatmap_of_its_department():
    row = next(row for row in table(facts(*PASSING))["rows"] if row["id"] == "A")
    assert row["h"] == "/heatmap?as_of=2025-06-30&department=A"


def test_a_department_that_no_register_names_is_to_be_confirmed():
    of = facts(*PASSING)
    unnamed = replace(of, departments=of.departments.with_columns(is_named=pl.lit(value=False)))
    assert "Department A (please confirm)" in page.departments_table(unnamed, asked())


def test_a_year_before_a_leap_day_is_the_28th():
    assert facts_of.year_before(date(2024, 2, 29)) == date(2023, 2, 28)
    assert facts_of.year_before(date(2025, 2, 28)) == date(2024, 2, 28)
    assert facts_of.year_before(TODAY) == date(2024, 6, 30)
