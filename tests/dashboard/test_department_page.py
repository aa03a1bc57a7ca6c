"""What the page of a department works out: self against assessor, and what is to be done, the late first."""

from datetime import date, timedelta
from itertools import product

import polars as pl
import pytest

from dashboard.filters import filters
from dashboard.pages import actions as actions_page
from dashboard.pages.department_facts import About, self_against_assessor, to_do
from scheme.actions import ACTIONS, FINDINGS, STATED, actions
from scheme.arrivals import ARRIVALS, review_forms
from scheme.evidence import BY_CODE, EVIDENCE, LACKING, evidence
from scheme.standard import ALL_BANDS, BANDS, shipped
from scheme.standing import STANDING, standing
from tests.by_hand import assessment, department, programme, result

DAY = date(2026, 6, 20)
CSE = shipped("cse")
NOTHING = pl.DataFrame()


def by(days: int) -> date:
    return DAY + timedelta(days=days)


def about(**frames) -> About:
    """A department A of which nothing is known but the frames given."""
    empty = {
        "standing": pl.DataFrame(schema=STANDING),
        "own": pl.DataFrame(schema=STANDING),
        "actions": pl.DataFrame(schema=STATED),
        "findings": pl.DataFrame(schema=FINDINGS),
        "evidence": pl.DataFrame(schema=BY_CODE),
        "lacking": pl.DataFrame(schema=LACKING),
        "ahead": review_forms(programme().assessments),
        **dict.fromkeys(("headroom", "timeline", "below"), NOTHING),
        **dict.fromkeys(("certificates", "expected", "sites")),
    }
    row = {"department_code": "A", "name": "Department A"}
    return About(day=DAY, row=row, standard=CSE, names={"A": "Department A"}, **(empty | frames))


@pytest.mark.parametrize(("own", "found"), list(product(ALL_BANDS, repeat=2)))
def test_a_department_rates_itself_higher_where_its_band_is_better_on_the_scale(own, found):
    known = programme(
        department("A"),
        result("1.1.1", own, "2026-01-01", of="A", kind="self_assessment"),
        result("1.1.1", found, "2026-01-01", of="A"),
        result("1.1.2", own, "2026-01-01", of="A", kind="self_assessment"),
    )
    one = pl.col("department_code") == "A"
    rows = self_against_assessor(standing(known, DAY, "self").filter(one), standing(known, DAY).filter(one))
    if own == found or "not_applicable" in (own, found):
        assert rows.is_empty()
    else:
        assert rows["by"].to_list() == [BANDS.index(found) - BANDS.index(own)]


def test_what_is_late_comes_first_then_by_day_and_what_has_no_day_last():
    told = [("1.1.1", -5), ("1.1.2", -9), ("2.1.1", 40)]
    known = [{"action_key": code, "element": code, "action": "Ask", "due_on": by(days)} for code, days in told]
    known = [{name: {"department_code": "A", **row}.get(name) for name in ACTIONS} for row in known]
    now = pl.DataFrame(schema=STANDING)
    shown = [{"element": "1.1.1", "evidence_code": "E", "department_code": "A", "expires_on": by(3)}]
    shown = pl.DataFrame([{name: row.get(name) for name in EVIDENCE} for row in shown], EVIDENCE)
    booked = programme(assessment("annual_review", str(by(20)), of="A", planned=True)).assessments
    finding = {"department_code": "A", "element": "3.1.1", "band": "partial", "assessed_on": by(-90)}
    late = {"department_code": "A", "what": "results", "state": "overdue", "due_on": by(-30)}
    todo = to_do(
        about(
            actions=actions(pl.DataFrame(known, ACTIONS), now, DAY),
            findings=pl.DataFrame([finding], FINDINGS),
            evidence=evidence(shown, DAY),
            ahead=review_forms(booked),
            expected=pl.DataFrame([{name: late.get(name) for name in ARRIVALS}], ARRIVALS),
        )
    )
    assert [(on, is_late, words) for on, is_late, words, *_ in todo] == [
        (by(-30), True, "Results or a self-assessment are expected"),
        (date(2026, 6, 10), True, "Review form of the annual review of 10 July 2026"),
        (by(-9), True, "2 actions overdue: 1.1.2 and 1.1.1"),
        (by(3), False, "1 piece of evidence expires soon"),
        (by(20), False, "Booked: annual review"),
        (by(40), False, "Action for 2.1.1: Ask"),
        (None, False, "1 finding without an action: 3.1.1"),
    ]
    assert to_do(about()) == []


def test_where_there_is_no_action_the_sentence_says_so():
    nothing, findings = pl.DataFrame(schema=STATED), pl.DataFrame(schema=FINDINGS)
    asked = filters("/actions", "actions")
    assert actions_page.headline(nothing, findings, asked) == "There are no actions; no finding is without an action."
