"""What the page on the next review says (docs/scheme.md, "The next review")."""

import json
from datetime import date

import polars as pl

from dashboard.filters import filters
from dashboard.pages import scope as page
from scheme.coverage import certificates_on, completion
from scheme.review_scope import planned_reviews, review_scope
from scheme.standard import shipped
from tests.by_hand import assessment, certificate, department, programme, result

CSE = shipped("cse")
TODAY = date(2026, 8, 1)
NAMES = {None: "The council", "HOU": "Housing", "LIB": "Libraries"}
ASKED = filters(f"/scope?as_of={TODAY}&certificate=C", "scope")
ROWS = [
    department("HOU"),
    certificate("2024-04-01", "2027-04-01", "C", "HOU"),
    *(result(code, "compliant", "2025-03-10", of="HOU") for code in CSE.codes[:40]),
    assessment("annual_review", "2026-09-01", "1.1.1", of="HOU", planned=True, code="NEXT"),
    assessment("renewal", "2027-02-01", of="HOU", planned=True, code="LAST"),
]


def found(**asked):
    return review_scope(programme(*ROWS, annual_elements=("1.1.1",)), TODAY, "C", **asked)


def words(node) -> str:
    if node is None or isinstance(node, str):
        return node or ""
    if isinstance(node, list | tuple):
        return " ".join(words(child) for child in node)
    return words(getattr(node, "children", None))


def listed(*more):
    of = programme(*ROWS, *more, annual_elements=("1.1.1",))
    return page.by_next(completion(of, TODAY), certificates_on(of, TODAY), planned_reviews(of, TODAY), TODAY)


def test_the_headline_names_the_review_and_says_what_is_left():
    assert page.headline(found(capacity=5), NAMES) == (
        "Housing, NEXT on 1 September 2026: 2 reviews are left and 18 elements are outstanding, 9 for each review; "
        "this one looks at 5: 8 will be missed unless a review looks at more."
    )


def test_what_is_taken_stands_below_its_criteria_each_with_why():
    rows = {row["id"]: row for row in json.loads(page.proposed(found(capacity=5), CSE, TODAY))["rows"]}
    assert rows["criterion-1"]["c"][1] == "1 element"
    assert rows["1.1.1"]["c"][1] == "Due every year and not looked at in year 3 yet."
    assert rows["1.1.1"]["c"][-1] == "yes"
    assert len([row for row in rows if not row.startswith("criterion")]) == 5


def test_what_is_left_out_says_what_that_means():
    table = json.loads(page.left_out(found(capacity=5), CSE))
    means = {row["id"]: row["c"][1][1] for row in table["rows"]}
    assert means[CSE.codes[-1]] == "Will be missed"
    assert means[CSE.codes[44]] == "Left to a later review"
    assert means[CSE.codes[1]] == "Nothing is owed"
    assert len(means) == 52


def test_certificates_come_with_the_soonest_review_first_and_those_that_ended_last():
    more = [
        department("LIB"),
        certificate("2024-04-01", "2027-04-01", "D", "LIB"),
        certificate("2023-01-01", "2026-05-01", "E"),
        assessment("annual_review", "2026-08-15", of="LIB", planned=True, code="SOON"),
    ]
    assert listed(*more)["certificate_code"].to_list() == ["D", "C", "E"]


def test_the_holders_own_review_is_taken_before_one_of_a_department_below():
    below = assessment("annual_review", "2026-08-15", of="HOU-1", planned=True, code="BELOW")
    assert listed(department("HOU-1", "HOU"), below)["next_code"].to_list() == ["NEXT"]


def test_only_who_may_plan_is_offered_to():
    rows = listed().with_columns(annual_list_set=pl.lit(value=True))
    for may_plan in (True, False):
        told = words(page.about(found(), rows.row(0, named=True), rows, NAMES, ASKED, may_plan))
        assert ("Plan this review" in told) is may_plan
