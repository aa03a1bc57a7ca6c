"""Trend: steps, falls and runs of partials against slow twins, alarms by hand and by simulation, bands by year."""

from datetime import date, timedelta
from fractions import Fraction
from random import Random

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from scheme.chance import at_least, raised
from scheme.standing import standing
from scheme.trend import (
    FEWEST,
    LEVEL,
    bands_by_year,
    criteria_drifting,
    elements_falling,
    falls,
    recurring,
    steps,
    window,
)
from tests import oracle
from tests.by_hand import assessment, department, programme, result
from tests.programmes import cases

BEST_FIRST = oracle.BEST_FIRST
DAY = date(2026, 6, 1)


def looks(known, day):
    """By department and element: the own formal results in order, one at a time."""
    there = oracle.active_departments(known, day)
    found = {}
    for row in sorted(oracle.results_with_restated(known), key=oracle.in_time):
        own = row["site_code"] is None and row["department_code"] in there and not row["restated"]
        formal = row["assessment_type"] in oracle.FORMAL and row["element"] in known.standard.element
        if own and formal and row["assessed_on"] <= day:
            found.setdefault((row["department_code"], row["element"]), []).append(row)
    return found


def by_how_many(was, now):
    if "not_applicable" in (was, now):
        return None
    return BEST_FIRST.index(was) - BEST_FIRST.index(now)


@given(cases())
def test_steps_are_what_their_twin_finds_one_result_at_a_time(case):
    known, day = case
    twin = set()
    for place, rows in looks(known, day).items():
        run = []
        for number, row in enumerate(rows):
            run = [*run, row["assessed_on"]] if row["band"] == "partial" else []
            if number:
                was = rows[number - 1]
                twin.add(
                    (
                        *place,
                        was["band"],
                        row["band"],
                        was["assessed_on"],
                        row["assessed_on"],
                        by_how_many(was["band"], row["band"]),
                        number == len(rows) - 1,
                        len(run),
                        run[0] if run else None,
                    )
                )
    found = steps(known, day)
    assert set(found.drop("criterion").rows()) == twin
    assert found.height == sum(len(rows) - 1 for rows in looks(known, day).values())
    assert all(known.standard.element[e].criterion == c for e, c in found.select("element", "criterion").iter_rows())


@given(cases(), st.integers(0, 1200))
def test_falls_and_recurring_partials_are_what_their_twins_find(case, back):
    known, day = case
    since = day - timedelta(days=back)
    fallen, again = set(), set()
    for place, rows in looks(known, day).items():
        if len(rows) > 1:
            by = by_how_many(rows[-2]["band"], rows[-1]["band"])
            if by is not None and by < 0 and rows[-1]["assessed_on"] >= since:
                fallen.add(place)
            if rows[-1]["band"] == rows[-2]["band"] == "partial":
                again.add(place)
    found = steps(known, day)
    assert set(falls(found, since).select("department_code", "element").rows()) == fallen
    assert set(recurring(found).select("department_code", "element").rows()) == again


@given(cases(), st.integers(0, 1200))
def test_alarms_count_each_department_once_as_their_twin_does(case, back):
    known, day = case
    since = day - timedelta(days=back)
    elements, criteria = {}, {}
    for (code, element), rows in looks(known, day).items():
        inside = [number for number, row in enumerate(rows) if number and row["assessed_on"] >= since]
        if inside:
            by = by_how_many(rows[inside[0] - 1]["band"], rows[-1]["band"])
            if by is not None:
                way = (by > 0) - (by < 0)
                elements.setdefault(element, []).append((code, way))
                criterion = known.standard.element[element].criterion
                criteria.setdefault(criterion, {}).setdefault(code, []).append(way)
    of_criteria = {
        criterion: [(code, (sum(ways) > 0) - (sum(ways) < 0)) for code, ways in by_code.items()]
        for criterion, by_code in criteria.items()
    }
    found = steps(known, day)
    for rows, twin in ((elements_falling(found, since), elements), (criteria_drifting(found, since), of_criteria)):
        assert set(rows["code"]) == set(twin)
        for row in rows.iter_rows(named=True):
            ways = [way for _, way in twin[row["code"]]]
            assert (row["departments"], row["fell"]) == (len(ways), ways.count(-1))
            assert (row["rose"], row["same"]) == (ways.count(1), ways.count(0))
            assert set(row["who"]) == {code for code, way in twin[row["code"]] if way < 0}
            assert (row["chance"] is None) == (row["fell"] + row["rose"] < FEWEST) == (row["alarm"] is None)


def moved(element, fell, rose=0, same=0):
    """Departments of which so many fell, rose and stayed in an element."""
    rows = []
    for number in range(fell + rose + same):
        code = f"D{number}"
        was, now = ("compliant", "partial") if number < fell else ("partial", "compliant")
        rows += [department(code)] if element == "1.1.1" else []
        rows.append(result(element, was, "2025-03-07", of=code))
        rows.append(result(element, now if number < fell + rose else was, "2026-03-07", of=code))
    return rows


def test_an_element_that_falls_in_nine_departments_of_ten_is_an_alarm_with_its_numbers():
    known = programme(*moved("1.1.1", 9, 1, 2), *moved("2.1.1", 6, 4), *moved("3.1.1", 4))
    rows = elements_falling(steps(known, DAY), window(known, DAY))
    assert rows.drop("who").rows() == [
        ("1.1.1", 12, 9, 1, 2, 11 / 1024, True),
        ("2.1.1", 10, 6, 4, 0, 386 / 1024, False),
        ("3.1.1", 4, 4, 0, 0, None, None),  # fewer than five moved
    ]
    assert sorted(rows["who"][2].to_list()) == ["D0", "D1", "D2", "D3"]


def test_a_rise_is_no_alarm_about_an_element_but_a_criterion_may_drift_up():
    known = programme(*moved("1.1.1", 0, 10))
    found, since = steps(known, DAY), window(known, DAY)
    assert elements_falling(found, since)["alarm"].to_list() == [False]
    row = criteria_drifting(found, since).row(0, named=True)
    assert (row["code"], row["fell"], row["rose"], row["chance"], row["alarm"]) == ("1", 0, 10, 2 / 1024, True)


def test_what_happened_before_the_window_raises_nothing():
    known = programme(*moved("1.1.1", 9))
    assert elements_falling(steps(known, date(2029, 6, 1)), window(known, date(2029, 6, 1))).is_empty()
    assert window(known, date(2028, 2, 29)) == date(2025, 2, 28)


def test_a_restated_result_and_a_site_make_no_step():
    known = programme(
        department("A"),
        result("1.1.1", "compliant", "2024-03-07", of="A"),
        assessment("annual_review", "2025-03-07", scope="1.1.2", of="A"),
        result("1.1.1", "partial", "2025-03-07", of="A"),
        result("1.1.1", "partial", "2025-04-07", of="A", site="S"),
    )
    assert steps(known, DAY).is_empty()


def test_over_a_whole_tenant_where_nothing_is_going_on_alarms_stay_at_or_below_the_level():
    """Each element of each department takes two bands in either order; departments lean as their assessor does."""
    by, alarmed, worlds = Random(7), 0, 60
    codes = programme().standard.codes
    for _ in range(worlds):
        rows = []
        for number in range(12):
            rows.append(department(f"D{number}"))
            lean = by.choice([0.2, 0.5, 0.8])
            for element in codes:
                bands = by.choice(
                    [("compliant", "partial"), ("compliant", "compliant"), ("compliance_plus", "compliant")]
                )
                ordered = bands if by.random() < lean else bands[::-1]
                days = ("2025-03-07", "2026-03-07")
                rows += [result(element, band, day, of=f"D{number}") for band, day in zip(ordered, days, strict=True)]
        known = programme(*rows)
        alarmed += bool(elements_falling(steps(known, DAY), window(known, DAY))["alarm"].any())
    assert alarmed <= 6 + 7  # a tenth of 60, and three standard deviations


def test_the_alarms_are_those_of_all_that_were_tested_at_once():
    known = programme(*moved("1.1.1", 7, 1), *moved("2.1.1", 5, 3), *moved("3.1.1", 4, 4))
    rows = elements_falling(steps(known, DAY), window(known, DAY))
    chances = [at_least(fell, fell + rose) for fell, rose in rows.select("fell", "rose").iter_rows()]
    assert rows["alarm"].to_list() == raised(chances, LEVEL)
    assert rows["chance"].to_list() == [float(chance) for chance in chances]
    assert Fraction(1, 10) == LEVEL


@given(cases())
def test_bands_by_year_are_those_that_stand_on_each_day(case):
    known, day = case
    rows = bands_by_year(known, day)
    for on in rows["on"].unique():
        own = standing(known, on).filter(~pl.col("rolled_up"))["band"].to_list()
        counted = dict(rows.filter(on=on).select("band", "places").iter_rows())
        assert counted == {band: own.count(band) for band in counted}
    if not rows.is_empty():
        assert rows["on"].max() == day
        assert rows["on"].to_list() == sorted(rows["on"].to_list())
