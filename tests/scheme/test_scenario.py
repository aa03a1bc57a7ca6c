"""What is tried stands as if it had been found: against slow twins, and facts stay as they are (issue 5, item 3)."""

import os
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheme.frames import RESULTS, Programme
from scheme.headroom import headroom
from scheme.scenario import bands_changed, difference, fitting, supposed
from scheme.standard import ALL_BANDS
from scheme.standing import standing
from tests import oracle
from tests.by_hand import assessment, department, programme, result, site
from tests.programmes import cases, frame
from tests.scheme.test_rules_agree_with_their_slow_twins import records

DAY = date(2025, 6, 30)
examples = settings(
    max_examples=int(os.environ.get("ASSAY_EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def some_tried(draw: Any, known: Programme) -> dict[tuple[str | None, str], str]:
    """A few cells with a band each; some of them of nobody and of no element."""
    places = [None, *known.departments["department_code"], "GONE"]
    elements = [*known.standard.codes[:6], *known.results["element"].unique().sort()[:4], "99.9.9"]
    cell = st.tuples(st.sampled_from(places), st.sampled_from(elements))
    return draw(st.dictionaries(cell, st.sampled_from(ALL_BANDS), max_size=8))


def found_by_hand(known: Programme, day: date, tried: dict[tuple[str | None, str], str]) -> Programme:
    """The slow twin: rows in a list, the tried ones put in as the reassessment of the day that found them.

    What is restated is written on each row first, as the oracle finds it, and no assessment is asked again.
    """
    places, rows = oracle.active_departments(known, day), oracle.results_with_restated(known)
    for (place, element), band in tried.items():
        if place not in places or element not in known.standard.codes:
            continue
        row = {"department_code": place, "site_code": None, "assessment_type": "reassessment", "assessed_on": day}
        row |= {"element": element, "restated": False}
        rows = [old for old in rows if any(old[key] != row[key] for key in row if key != "restated")]
        rows.append(row | {"band": band})
    return replace(known, results=frame(rows, RESULTS), assessments=known.assessments.clear())


@examples
@given(data=st.data())
def test_what_is_tried_stands_as_if_a_reassessment_had_found_it(data):
    known, day = data.draw(cases())
    tried = some_tried(data.draw, known)
    before = {name: getattr(known, name).clone() for name in ("results", "assessments", "departments")}
    then, twin = supposed(known, day, tried), found_by_hand(known, day, tried)
    expected = oracle.standing(twin, day)
    assert records(standing(then, day), expected) == expected
    verdicts = oracle.headroom(twin, day)
    assert records(headroom(then, day), verdicts) == verdicts
    for name, rows in before.items():
        assert rows.equals(getattr(known, name)), "the facts were changed"


@examples
@given(data=st.data())
def test_every_fitting_cell_has_the_tried_band_in_its_own_name(data):
    known, day = data.draw(cases())
    tried = some_tried(data.draw, known)
    rows = standing(supposed(known, day, tried), day).filter(~pl.col("rolled_up"))
    own = {(row["department_code"], row["element"]): row["band"] for row in rows.to_dicts()}
    for at, band in fitting(known, day, tried).items():
        assert own[at] == band


@examples
@given(data=st.data())
def test_the_difference_is_what_differs_row_by_row(data):
    known, day = data.draw(cases())
    then = supposed(known, day, some_tried(data.draw, known))
    before, after = oracle.headroom(known, day), oracle.headroom(then, day)

    def told(row: dict[str, Any]) -> tuple[Any, ...]:
        has_verdict = not row["indicative"] and row["not_assessed"] < row["elements"]
        counts = (row[key] for key in ("headroom", "partial", "non_compliant", "not_assessed", "indicative"))
        return (row["status"] if has_verdict else None, *counts)

    expected = [
        (was["department_code"], was["criterion"])
        for was, now in zip(before, after, strict=True)
        if told(was) != told(now)
    ]
    found = difference(headroom(known, day), headroom(then, day))
    assert found.select("department_code", "criterion").rows() == expected
    bands = {(row["department_code"], row["element"]): row["band"] for row in oracle.standing(known, day)}
    later = {(row["department_code"], row["element"]): row["band"] for row in oracle.standing(then, day)}
    changed = {at for at in {*bands, *later} if bands.get(at) != later.get(at)}
    found = bands_changed(standing(known, day), standing(then, day))
    assert set(found.select("department_code", "element").rows()) == changed


def band_of(known: Programme, place: str | None = "A", element: str = "1.1.1") -> tuple[str, bool]:
    rows = standing(known, DAY).filter(
        pl.col("department_code").eq_missing(pl.lit(place)), pl.col("element") == element
    )
    return rows["band"][0], rows["rolled_up"][0]


def test_a_result_of_the_day_itself_gives_way():
    for kind in ("initial", "annual_review", "renewal", "reassessment"):
        known = programme(department("A"), result("1.1.1", "partial", "2025-06-30", of="A", kind=kind))
        assert band_of(supposed(known, DAY, {("A", "1.1.1"): "compliant"})) == ("compliant", False)


def test_the_scope_of_a_reassessment_of_the_day_does_not_silence_what_is_tried():
    known = programme(
        department("A"),
        assessment("reassessment", "2025-06-30", "1.1.2", of="A"),
        result("1.1.1", "partial", "2025-06-30", of="A", kind="reassessment"),
        result("1.1.3", "partial", "2025-06-30", of="A", kind="reassessment"),
    )
    then = supposed(known, DAY, {("A", "1.1.1"): "compliant"})
    assert band_of(then) == ("compliant", False)
    assert set(standing(then, DAY)["element"]) == {"1.1.1"}, "what the scope restates stays restated"


def test_what_is_tried_below_rolls_up_and_what_is_tried_above_ends_the_indication():
    known = programme(
        department("A"),
        department("A1", "A"),
        site("S", "A1"),
        result("1.1.1", "non_compliant", "2025-03-07", site="S"),
    )
    assert band_of(known) == ("non_compliant", True)
    assert band_of(supposed(known, DAY, {("A1", "1.1.1"): "compliant"})) == ("compliant", True)
    assert band_of(supposed(known, DAY, {("A", "1.1.1"): "partial"})) == ("partial", False)


def test_not_applicable_can_be_tried_and_counts_as_such():
    known = programme(department("A"), result("1.1.1", "non_compliant", "2025-03-07", of="A"))
    then = headroom(supposed(known, DAY, {("A", "1.1.1"): "not_applicable"}), DAY)
    row = then.filter(pl.col("department_code") == "A", pl.col("criterion") == "1").row(0, named=True)
    assert (row["not_applicable"], row["non_compliant"]) == (1, 0)


def test_what_has_nothing_to_stand_on_is_left_out():
    known = programme(department("A"), department("OLD", until="2025-01-01"))
    tried = {("A", "1.1.1"): "partial", ("OLD", "1.1.1"): "partial", ("A", "9.9.9"): "partial", ("A", "1.1.2"): "x"}
    assert fitting(known, DAY, tried) == {("A", "1.1.1"): "partial"}
    gone = {at: band for at, band in tried.items() if at[0] == "OLD"}
    assert supposed(known, DAY, gone) is known


def test_a_verdict_that_turns_into_an_indication_or_back_is_told_as_no_verdict():
    rows = [result(f"1.1.{n}", "compliant", "2025-03-07", of="B") for n in (1, 2)]
    known = programme(department("A"), department("B", "A"), *rows)
    tried = {("A", code): "compliant" for code in known.standard.codes}
    told = difference(headroom(known, DAY), headroom(supposed(known, DAY, tried), DAY))
    row = told.filter(pl.col("department_code") == "A", pl.col("criterion") == "1").row(0, named=True)
    assert (row["status_before"], row["status_after"]) == (None, "passes")
    assert (row["indicative_before"], row["indicative_after"]) == (True, False)
