"""The page Trend: sentences, tables, alarms and the estimate; and that nobody learns of departments not theirs."""

import json
from datetime import date

import polars as pl
import pytest

from dashboard import data, trends
from dashboard.callbacks import trend as callbacks
from dashboard.filters import filters
from dashboard.pages import trend as page
from dashboard.pages import trend_alarms as alarms
from dashboard.pages import trend_risk as estimate
from dashboard.words import percent
from db.session import Scope, open_session
from db.tenants import add_tenant, choose, scope_of
from scheme.errors import UsageError
from scheme.hindsight import Estimate, Record
from scheme.movement import moves
from scheme.risk import RISK
from scheme.transitions import Model
from scheme.trend import bands_by_year, criteria_drifting, elements_falling, falls, recurring, steps, window
from tests.by_hand import department, programme, result
from tests.dashboard.made import CSE
from tests.dashboard.small_programme import HEAD, loaded

THEN, NOW = date(2025, 6, 30), date(2026, 6, 30)
NAMES = {None: "The council", "A": "Adult care", "B": "Benefits"}
STORY = programme(
    department("A"),
    department("B", since="2025-09-01"),
    result("1.1.1", "compliance_plus", "2025-03-07", of="A"),
    result("1.1.2", "partial", "2025-03-07", of="A"),
    result("2.1.1", "partial", "2025-03-07", of="A"),
    result("1.1.1", "partial", "2026-03-07", of="A"),
    result("1.1.2", "compliant", "2026-03-07", of="A"),
    result("2.1.1", "partial", "2026-03-07", of="A"),
    result("3.1.1", "compliant", "2026-03-07", of="A"),
    result("1.1.1", "compliant", "2026-03-07", of="B"),
)


def asked(query: str = ""):
    return filters(f"/trend?as_of=2026-06-30{query}", "trend")


def moved(query: str = "") -> dict:
    return json.loads(page.moves_table(moves(STORY, THEN, NOW), CSE, NAMES, asked(query)))


def test_the_headline_says_what_is_worse_better_and_new():
    assert page.headline(moves(STORY, THEN, NOW), THEN) == (
        "1 element is worse than on 30 June 2025 and 1 is better; 1 kept their band. "
        "Besides, 1 assessed for the first time and 1 of departments opened since."
    )
    nothing = moves(programme(department("A")), THEN, NOW)
    assert page.headline(nothing, THEN).startswith("Nothing shown here had been assessed as a whole by 30 June 2025")


def test_what_moved_leads_to_its_cell_of_the_heatmap_the_worst_first():
    rows = moved()["rows"]
    assert [row["id"] for row in rows] == ["A~1.1.1", "A~1.1.2"]
    assert rows[0]["c"][0][2] == "/heatmap?as_of=2026-06-30&cell=A~1.1.1"
    assert rows[0]["c"][1:3] == ["Adult care", [-1, "Worse"]]
    assert [row["id"] for row in moved("&status=opened")["rows"]] == ["B~1.1.1"]


def test_bands_are_told_in_all_and_by_criterion():
    rows = json.loads(page.bands_table(moves(STORY, THEN, NOW), CSE))["rows"]
    told = {row["id"]: row["c"][1:] for row in rows}
    assert told["partial"] == [2, 1, 1, 1, 2]  # before, kept, gained, lost, after
    assert told["partial~1"] == [1, 0, 1, 1, 1]
    assert told["compliant"] == [0, 0, 3, 0, 3]


def test_a_kind_of_movement_that_there_is_not_is_told():
    with pytest.raises(UsageError, match="sideways"):
        page.check(asked("&status=sideways"))


def test_the_day_compared_may_be_either_of_the_two_and_is_a_year_before_without_one():
    assert callbacks._days(asked()) == (date(2025, 6, 30), NOW)
    assert callbacks._days(asked("&compare=2026-01-01")) == (date(2026, 1, 1), NOW)
    assert callbacks._days(asked("&compare=2027-01-01")) == (NOW, date(2027, 1, 1))


def test_falls_and_recurring_partials_say_since_when():
    found = steps(STORY, NOW)
    fallen = json.loads(alarms.falls_table(falls(found, window(STORY, NOW)), CSE, NAMES, asked()))["rows"]
    again = json.loads(alarms.recurring_table(recurring(found), CSE, NAMES, asked()))["rows"]
    assert [row["id"] for row in fallen] == ["A~1.1.1"]
    assert [(row["id"], row["c"][2:]) for row in again] == [("A~2.1.1", [2, "2025-03-07", "2026-03-07"])]


def text_of(part) -> str:
    if isinstance(part, str):
        return part
    children = getattr(part, "children", None)
    return " ".join(text_of(one) for one in (children if isinstance(children, list) else [children]) if one is not None)


def test_with_few_departments_the_page_says_that_nothing_can_be_said():
    found, since = steps(STORY, NOW), window(STORY, NOW)
    told = text_of(alarms.said(elements_falling(found, since), criteria_drifting(found, since), since, NOW))
    assert "Nothing can be said of elements: in each fewer than 5 departments moved." in told
    assert "Nothing can be said of criteria" in told
    both = elements_falling(found, since), criteria_drifting(found, since)
    assert alarms.alarms_tables(*both, CSE, NAMES) == ("", "")
    assert "at most 10% are expected to be false" in told


def test_an_alarm_is_said_with_its_numbers():
    rows = [department(f"D{n}") for n in range(9)]
    for n in range(9):
        rows += [
            result("1.1.1", band, f"202{5 + i}-03-07", of=f"D{n}") for i, band in enumerate(("compliant", "partial"))
        ]
    known = programme(*rows)
    found, since = steps(known, NOW), window(known, NOW)
    elements, criteria = elements_falling(found, since), criteria_drifting(found, since)
    told = text_of(alarms.said(elements, criteria, since, NOW))
    assert "1.1.1 fell in 9 departments and rose in none." in told
    assert "Criterion 1 drifts down: 9 departments fell in it, none rose." in told
    row = json.loads(alarms.alarms_tables(elements, criteria, CSE, {})[0])["rows"][0]["c"]
    assert row[1:6] == [["fails", "Falling"], 9, 0, 0, "0.20 %"]


def test_the_chart_has_its_numbers_below_it():
    chart = alarms.years_chart(bands_by_year(STORY, NOW), CSE)
    assert chart.id == "trend-years-chart"
    body = json.loads(chart.children[2].to_plotly_json()["props"]["data-table"])
    assert [row["c"][0] for row in body["rows"]] == ["2025-12-31", "2026-06-30"]
    drawn = chart.children[1].children.figure["data"]
    assert [sum(bar["y"][n] for bar in drawn) for n in range(2)] == [3, 5]
    assert alarms.years_chart(bands_by_year(programme(), NOW), CSE) == ""


@pytest.mark.parametrize(
    ("chance", "words"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.00001, "under 0.01 %"), (0.0012, "0.12 %"), (0.034, "3.4 %"), (0.5, "50 %"),
     (0.999, "over 99 %")],
)  # fmt: skip
def test_a_chance_is_never_said_to_be_impossible_or_sure_when_it_is_neither(chance, words):
    assert percent(chance) == words


# --- the estimate -----------------------------------------------------------------------------------------------------


def told_of(apart: float) -> str:
    row = ("A", None, 0.123, 0.05, 0.21, 0.1, 0.02, 57, 0, 228, None)
    rows = pl.DataFrame([row, *(("A", c.code, *row[2:]) for c in CSE.criteria)], RISK, orient="row")
    made = Estimate(rows, Model(900, 80.0, {}, {}), 900, Record(300, 40.0, 12, apart))
    return text_of(estimate.panel(made, CSE, NAMES, asked(), is_cut=True))


def test_the_estimate_is_called_so_and_says_its_range_its_size_what_it_assumes_and_how_it_fared():
    told = told_of(-4.0)
    assert told.startswith("Estimate: ")
    assert "Adult care, an estimated 12 % (5 to 21 %)" in told
    assert "An estimate from 900 pairs of consecutive formal results" in told
    assert "expected 40 of 300 criteria looked at to fail; 12 did, so it has been too dark here." in told
    assert "the departments that you may see, and of no others" in told
    assert "independently of each other" in told
    assert "too hopeful" in told_of(4.0)
    assert "about as many as it expected" in told_of(0.5)


def test_with_too_little_history_the_page_says_how_much_there_is():
    told = text_of(estimate.panel(Estimate(pl.DataFrame(schema=RISK), None, 7), CSE, NAMES, asked(), is_cut=False))
    assert "there are 7 pairs" in told
    assert "%" not in told


def years(*codes: str, worst: str = "") -> bytes:
    """Five years of all elements; those of `worst` are partial every second year."""
    lines = []
    for code in codes:
        for year in range(5):
            for place, element in enumerate(CSE.codes):
                band = "Partial" if code == worst and (place + year) % 2 else "Compliant"
                lines.append(f"{code},annual_review,{2020 + year}-03-07,{element},{band}\n")
    return HEAD + "".join(lines).encode()


@pytest.fixture
def scope(warehouse) -> Scope:
    """A tenant with the departments A and B, five years of results each, and the estimate turned on."""
    add_tenant("ASH", "Ashcombe Council")
    scope = scope_of("ASH")
    loaded(scope, results=years("A", "B"))
    with open_session(scope, write=True) as session:
        choose(session, "risk_estimates", "on")
    return scope


def champion(scope: Scope) -> Scope:
    return Scope(scope.tenant_id, scope.tenant_code, ("A",), "champion", "ann", actor="person 7")


def shown(scope: Scope, department: str = "") -> tuple:
    view = data.view(scope)
    told = trends.risk_of(view, NOW, department)
    rest = (trends.moved(view, THEN, NOW, department), trends.steps_of(view, NOW), trends.years_of(view, NOW))
    return (told.rows.rows(), told.steps, told.record, *(frame.rows() for frame in rest))


def test_the_estimate_is_off_until_the_tenant_turns_it_on_and_off_for_every_other_tenant(scope):
    add_tenant("OTH", "Another Council")
    assert trends.estimates(data.view(scope))
    assert not trends.estimates(data.view(scope_of("OTH")))
    with open_session(scope, write=True) as session:
        choose(session, "risk_estimates", "off")
    assert not trends.estimates(data.view(scope))


def test_an_assessor_is_not_shown_what_they_are_expected_to_find(scope):
    assessor = Scope(scope.tenant_id, scope.tenant_code, None, "assessor", "ann", actor="person 8")
    assert trends.estimates(data.view(champion(scope)))
    assert not trends.estimates(data.view(assessor))


def test_nothing_that_another_tenant_or_another_department_sends_changes_what_a_champion_is_shown(scope):
    before, whole = shown(champion(scope)), shown(scope)
    assert {row[0] for row in before[0]} == {"A"}
    assert {row[0] for row in whole[0]} == {"A", "B"}
    add_tenant("OTH", "Another Council")
    loaded(scope_of("OTH"), results=years("A", "C", worst="C"))
    assert shown(scope) == whole
    loaded(scope, more=years("C", worst="C"))
    assert shown(champion(scope)) == before
    assert shown(scope) != whole


def test_a_department_is_estimated_from_the_steps_of_all_that_may_be_seen(scope):
    alone, whole = shown(scope, "A"), shown(scope)
    assert alone[0] == [row for row in whole[0] if row[0] == "A"]
    assert alone[1] == whole[1] == 2 * 4 * 57
