"""Exemplars: who holds compliance plus and since when, the nearest in kind first, and what may be told of them."""

import os
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from scheme.exemplars import EXEMPLARS, LESSONS, WORSE, exemplars, held_since, lessons, nearest, told_elsewhere
from scheme.frames import Programme
from scheme.sight import in_sight
from scheme.standing import standing
from tests import oracle
from tests.by_hand import department, on, programme, result, site
from tests.programmes import cases

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
examples = settings(max_examples=int(os.environ.get("ASSAY_EXAMPLES", "40")), deadline=None, suppress_health_check=SLOW)
DAY = on("2026-01-01")


# --- slow twins -------------------------------------------------------------------------------------------------------


def own_results(made: Programme, day: date, department_code: str | None, element: str) -> list[dict[str, Any]]:
    """The department's own formal results of an element that are no repetition, in time."""
    found = [
        row
        for row in oracle.results_with_restated(made)
        if row["assessment_type"] in oracle.FORMAL
        and row["assessed_on"] <= day
        and row["site_code"] is None
        and row["department_code"] == department_code
        and row["element"] == element
        and not row["restated"]
    ]
    return sorted(found, key=oracle.in_time)


def since(made: Programme, day: date, department_code: str | None, element: str) -> date | None:
    """The day of the first result of the run of equal bands that is still going on."""
    first = None
    found = own_results(made, day, department_code, element)
    for row in reversed(found):
        if row["band"] != found[-1]["band"]:
            break
        first = row["assessed_on"]
    return first


def way_up(made: Programme, code: str | None) -> list[str]:
    """The department and all above it; each once."""
    parents = {row["department_code"]: row["parent_code"] for row in made.departments.to_dicts()}
    walked: list[str] = []
    while code and code not in walked:
        walked.append(code)
        code = parents.get(code)
    return walked


def steps(made: Programme, one: str | None, other: str | None) -> int:
    """How many departments lie on the way up from one and not from the other: each is a step."""
    return len(set(way_up(made, one)) ^ set(way_up(made, other)))


@examples
@given(case=cases())
def test_exemplars_are_what_their_twin_finds(case):
    made, day = case
    twin = [
        (row["element"], row["department_code"], since(made, day, row["department_code"], row["element"]))
        for row in oracle.standing(made, day)
        if row["department_code"] and not row["rolled_up"] and row["band"] == "compliance_plus"
    ]
    rows = exemplars(made, day)
    assert rows.schema == pl.Schema(EXEMPLARS)
    assert sorted(rows["element", "department_code", "since_on"].rows()) == sorted(twin)
    for code, element, since_on in held_since(made, day).iter_rows():
        assert since_on == since(made, day, code, element)


@examples
@given(case=cases())
def test_everybody_who_is_partial_or_worse_can_learn_from_every_exemplar_the_nearest_in_kind_first(case):
    made, day = case
    parents = {row["department_code"]: row["parent_code"] for row in made.departments.to_dicts()}
    in_scope = [row for row in made.sites.to_dicts() if oracle.holds(row, "in_scope_from", "in_scope_to", day)]

    def size(code: str | None) -> int:
        return sum(code in row["department_codes"] for row in in_scope)

    best = exemplars(made, day).to_dicts()
    twin = []
    for row in oracle.standing(made, day):
        if row["band"] not in ("partial", "non_compliant"):
            continue
        code = row["department_code"]
        from_whom = [one for one in best if one["element"] == row["element"]]
        from_whom.sort(
            key=lambda one: (
                code is None or parents[code] != parents[one["department_code"]],
                steps(made, code, one["department_code"]),
                abs(size(code) - size(one["department_code"])),
                -one["assessed_on"].toordinal(),
                oracle.number_order(one["department_code"]),
            )
        )
        twin += [
            (row["element"], code, row["band"], one["department_code"], place) for place, one in enumerate(from_whom, 1)
        ]
    rows = lessons(made, day)
    assert rows.schema == pl.Schema(LESSONS)
    found = rows["element", "department_code", "band", "exemplar", "place"].rows()
    assert sorted(found, key=str) == sorted(twin, key=str)
    for element, code in rows.select("element", "department_code").unique().iter_rows():
        of_one = rows.filter(pl.col("department_code").eq_missing(pl.lit(code)), element=element)
        assert lessons(made, day, element=element, departments=(code,)).equals(of_one)


# --- nearest in kind --------------------------------------------------------------------------------------------------

TREE = [
    department("P"),
    department("A", "P"),
    department("B", "P"),
    department("C", "P"),
    department("A1", "A"),
    department("Q"),
    department("Q1", "Q"),
]


def plus(code: str, day: str = "2025-01-01"):
    return result("1.1.1", "compliance_plus", day, of=code)


def taught(*rows, learner: str | None = "A") -> list[str]:
    made = programme(*TREE, result("1.1.1", "partial", "2025-01-01", of=learner), *rows)
    of_learner = pl.col("department_code").eq_missing(pl.lit(learner))
    return lessons(made, DAY).filter(of_learner)["exemplar"].to_list()


def test_those_with_the_same_parent_come_before_nearer_ones_above_and_below():
    assert taught(plus("A1"), plus("P"), plus("B")) == ["B", "A1", "P"]


def test_fewer_steps_in_the_tree_come_before_alike_numbers_of_sites():
    sites = [site("S1", "A"), site("S2", "Q1")]
    assert taught(plus("Q1"), plus("Q"), *sites) == ["Q", "Q1"]


def test_alike_numbers_of_sites_come_before_the_newer_look_and_that_before_the_code():
    sites = [site("S1", "A"), site("S2", "C")]
    assert taught(plus("B", "2025-12-01"), plus("C"), *sites) == ["C", "B"]
    assert taught(plus("B"), plus("C", "2025-12-01")) == ["C", "B"]
    assert taught(plus("B"), plus("C")) == ["B", "C"]


def test_the_corporate_body_learns_and_has_no_siblings():
    assert taught(plus("A1"), plus("Q"), learner=None) == ["Q", "A1"]


def test_what_is_rolled_up_and_what_is_closed_is_no_example():
    made = programme(department("A"), department("B", "A", until="2025-06-01"), plus("B"))
    assert exemplars(made, DAY).is_empty()
    assert exemplars(programme(department("A"), department("B", "A"), plus("B")), DAY)["department_code"].to_list() == [
        "B"
    ]


def test_a_department_is_as_old_in_its_band_as_its_last_change():
    made = programme(department("A"), plus("A", "2022-01-01"), result("1.1.1", "compliant", "2023-01-01", of="A"))
    assert exemplars(made, DAY).is_empty()
    made = programme(
        department("A"),
        plus("A", "2022-01-01"),
        result("1.1.1", "compliant", "2023-01-01", of="A"),
        plus("A", "2024-01-01"),
        plus("A", "2025-01-01"),
    )
    assert exemplars(made, DAY).rows() == [("1.1.1", "A", on("2024-01-01"), on("2025-01-01"))]


@pytest.mark.parametrize(("one", "other", "apart"), [("A", "P", 1), ("A", "B", 2), (None, "Q1", 2), ("A1", "B", 3)])
def test_steps_are_counted_along_the_tree(one, other, apart):
    made = programme(*TREE, result("1.1.1", "partial", "2025-01-01", of=one), plus(other))
    assert lessons(made, DAY).filter(pl.col("department_code").eq_missing(pl.lit(one)))["steps"].to_list() == [apart]


def test_a_loop_of_parents_is_walked_once():
    partial = [result("1.1.1", "partial", "2025-01-01", of=code) for code in ("A", "B")]
    loop = programme(department("A", "B"), department("B", "A"), department("C"), *partial, plus("C"))
    assert lessons(loop, DAY)["department_code", "steps"].rows() == [("A", 3), ("B", 3)]


@examples
@given(case=cases())
def test_the_fewest_steps_away_is_found_without_looking_at_every_pair(case):
    made, day = case
    best = exemplars(made, day)
    cells = standing(made, day).filter(pl.col("band").is_in(WORSE)).select("department_code", "element")
    twin = []
    for code, element in cells.iter_rows():
        others = best.filter(element=element)["department_code"]
        found = sorted((steps(made, code, other), oracle.number_order(other), other) for other in others)
        twin.append((code, element, len(found), *((found[0][2], found[0][0]) if found else (None, None))))
    told = nearest(made, cells, best)
    assert told["department_code", "element", "exemplars", "nearest", "steps"].rows() == twin


# --- what may be told -------------------------------------------------------------------------------------------------


def test_of_departments_out_of_sight_only_exemplars_are_told_where_one_s_own_are_partial_or_worse():
    made = programme(
        *TREE,
        result("1.1.1", "partial", "2025-01-01", of="A"),
        result("1.1.2", "compliant", "2025-01-01", of="A"),
        plus("Q", "2024-01-01"),
        plus("Q1", "2025-01-01"),
        plus("A1"),
        result("1.1.2", "compliance_plus", "2025-01-01", of="Q"),
        result("1.1.1", "non_compliant", "2025-01-01", of="B"),
    )
    told = told_elsewhere(made, in_sight(made, ("A",)), DAY)
    assert told == {"1.1.1": [("Q", on("2024-01-01")), ("Q1", on("2025-01-01"))]}
    assert told_elsewhere(made, in_sight(made, ("Q",)), DAY) == {}


@examples
@given(case=cases())
def test_what_is_told_depends_on_nothing_others_have_but_their_compliance_plus(case):
    made, day = case
    codes = made.departments["department_code"].to_list()
    own = in_sight(made, codes[:1])
    seen = set(own.departments["department_code"])
    told = told_elsewhere(made, own, day)
    worse = {
        row["element"]
        for row in oracle.standing(own, day)
        if row["department_code"] and row["band"] in ("partial", "non_compliant")
    }
    assert set(told) <= worse
    known = {(row["element"], row["department_code"], row["since_on"]) for row in exemplars(made, day).to_dicts()}
    for element, rows in told.items():
        for name, since_on in rows:
            assert name not in seen
            assert (element, name, since_on) in known
