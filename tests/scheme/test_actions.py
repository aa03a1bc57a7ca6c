"""How actions stand and which findings have none: worked by hand, and against a slow twin on random rows."""

import os
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from scheme.actions import ACTIONS, CLOSED, FINDINGS, SOON, STATED, STATES, actions, findings_without
from scheme.standard import code_order

examples = settings(max_examples=int(os.environ.get("ASSAY_EXAMPLES", "150")), deadline=None)
DAY = date(2026, 6, 20)
Row = dict[str, Any]
NOW = {
    "department_code": pl.String,
    "element": pl.String,
    "band": pl.String,
    "assessed_on": pl.Date,
    "rolled_up": pl.Boolean,
}


def known(*rows: Row) -> pl.DataFrame:
    told = [{"action_key": str(n), "department_code": "A", "element": "1.1.1", **row} for n, row in enumerate(rows)]
    return pl.DataFrame([{name: row.get(name) for name in ACTIONS} for row in told], ACTIONS)


def now(*rows: tuple[str | None, str, str, date, bool]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), NOW, orient="row")


def by(days: int) -> date:
    return DAY + timedelta(days=days)


def state(band_on: date | None = None, **row: Any) -> tuple[str, int | None]:
    standing = now(("A", "1.1.1", "partial", band_on, False)) if band_on else now()
    found = actions(known(row), standing, DAY).row(0, named=True)
    return found["state"], found["days_over"]


def test_an_action_is_overdue_the_day_after_its_own_and_due_soon_four_weeks_before_it():
    assert state(due_on=by(-1)) == ("overdue", 1)
    assert state(due_on=DAY) == state(due_on=by(28)) == ("due_soon", None)
    assert state(due_on=by(29)) == state() == ("open", None)


def test_the_closing_day_counts_and_only_where_there_is_none_the_status():
    assert state(due_on=by(-9), closed_on=DAY) == ("closed", None)
    assert state(due_on=by(-9), closed_on=by(1), status="closed") == ("overdue", 9)
    assert state(due_on=by(-9), status=" Done ") == ("closed", None)
    assert state(due_on=by(-9), status="nearly done") == ("overdue", 9)


def test_a_closed_action_waits_for_its_recheck_until_the_element_was_looked_at_again():
    shut = {"closed_on": by(-30), "recheck_on": by(5)}
    assert state(**shut) == ("recheck", None)
    assert state(band_on=by(-31), **shut) == ("recheck", None)
    assert state(band_on=by(-30), **shut) == ("closed", None)
    assert state(closed_on=by(-30), recheck_on=by(-3)) == ("recheck", 3)
    assert state(band_on=by(-4), status="closed", recheck_on=by(-3)) == ("recheck", 3)
    assert state(band_on=by(-3), status="closed", recheck_on=by(-3)) == ("closed", None)


def test_a_finding_is_an_own_weak_band_without_an_action_that_is_open_or_waits_for_its_recheck():
    standing = now(
        ("A", "1.1.1", "partial", by(-9), False),
        ("A", "1.1.2", "non_compliant", by(-8), False),
        ("A", "1.1.3", "partial", by(-9), True),
        (None, "1.1.1", "partial", by(-20), False),
        ("B", "1.1.1", "compliant", by(-9), False),
    )

    def found(*rows: Row) -> list[tuple[str | None, str]]:
        rest = findings_without(actions(known(*rows), standing, DAY), standing)
        return list(rest.select("department_code", "element").iter_rows())

    assert found() == [("A", "1.1.2"), (None, "1.1.1"), ("A", "1.1.1")]
    assert found({}, {"element": "1.1.2", "closed_on": by(-7)}) == [("A", "1.1.2"), (None, "1.1.1")]
    assert found({"department_code": None, "closed_on": by(-7), "recheck_on": by(7)}) == [
        ("A", "1.1.2"),
        ("A", "1.1.1"),
    ]


# --- slow twins -------------------------------------------------------------------------------------------------------

DAYS = [None, *(by(n) for n in (-40, -3, -1, 0, 1, 28, 29, 90))]
ELEMENTS = ("1.1.1", "1.1.2", None)
PLACES = ("A", "B2", "B10", None)
rows_of = st.lists(
    st.fixed_dictionaries(
        {
            "department_code": st.sampled_from(PLACES),
            "element": st.sampled_from(ELEMENTS),
            "due_on": st.sampled_from(DAYS),
            "closed_on": st.sampled_from(DAYS),
            "recheck_on": st.sampled_from(DAYS),
            "status": st.sampled_from([None, "open", "In progress", *CLOSED[:2], " Done"]),
        }
    ),
    max_size=6,
)
standings = st.dictionaries(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(ELEMENTS[:2])),
    st.tuples(st.sampled_from(["partial", "non_compliant", "compliant"]), st.sampled_from(DAYS[1:5]), st.booleans()),
)


def slow_state(row: Row, looked_on: date | None) -> tuple[str, date | None]:
    """State, and the day that it waits for."""
    word = (row["status"] or "").strip().lower()
    if row["closed_on"] <= DAY if row["closed_on"] else word in CLOSED:
        if row["recheck_on"] and not (looked_on and looked_on >= (row["closed_on"] or row["recheck_on"])):
            return "recheck", row["recheck_on"]
        return "closed", None
    if row["due_on"] and row["due_on"] < DAY:
        return "overdue", row["due_on"]
    return ("due_soon" if row["due_on"] and row["due_on"] <= DAY + SOON else "open"), row["due_on"]


@examples
@given(rows=rows_of, bands=standings)
def test_every_action_stands_as_the_slow_twin_says_in_its_order(rows, bands):
    standing = now(*((*place, *found) for place, found in bands.items()))
    told = actions(known(*rows), standing, DAY)
    assert dict(told.schema) == STATED
    expected = []
    for number, row in enumerate(rows):
        band = bands.get((row["department_code"], row["element"]), (None, None, None))
        what, waits = slow_state(row, band[1])
        over = (DAY - waits).days if waits and waits < DAY else None
        far = -(row["closed_on"] or date.min).toordinal() if what == "closed" else (waits or date.max).toordinal()
        expected.append(((STATES.index(what), far, code_order(row["department_code"])), str(number), what, over, band))
    expected.sort(key=lambda one: one[:2])
    columns = ["action_key", "state", "days_over", "band", "assessed_on", "rolled_up"]
    assert list(told.select(columns).iter_rows()) == [(key, what, over, *band) for _, key, what, over, band in expected]
    busy = {
        (row["department_code"], row["element"])
        for row in told.iter_rows(named=True)
        if row["state"] in ("overdue", "due_soon", "open", "recheck")
    }
    wanted = {p for p, (band, _, rolled) in bands.items() if band != "compliant" and not rolled} - busy
    left = findings_without(told, standing)
    assert dict(left.schema) == FINDINGS
    assert set(left.select("department_code", "element").iter_rows()) == wanted
    assert left.height == len(wanted)
    worst = [(row["band"] != "non_compliant", row["assessed_on"]) for row in left.iter_rows(named=True)]
    assert worst == sorted(worst)
