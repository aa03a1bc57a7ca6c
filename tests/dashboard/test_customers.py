"""Service standards and customer groups: the sentences, the tables, and what people with departments are told."""

import json
from datetime import date

import pytest

from dashboard import customers, data
from dashboard.filters import filters
from dashboard.pages import groups as groups_page
from dashboard.pages import standards as standards_page
from db.session import Scope
from tests.dashboard.small_programme import loaded, programme

DAY = date(2026, 3, 7)
STANDARDS = (
    b"Department code,Promise,Channel,Unit,Direction,Target,Period,Achieved,Benchmark,Elements\n"
    b"HOU,Calls in a minute,phone,%,higher,80,2025-Q1,70,75,5.1.1\n"
    b"HOU,Calls in a minute,phone,%,higher,80,2025-Q2,76,75,5.1.1\n"
    b"HOU,Calls in a minute,phone,%,higher,80,2025-Q3,79,75,5.1.1\n"
    b"HOU-1,Complaints in ten days,,days,lower,10,last winter,9,,4.3.2\n"
    b"FIN,Letters in a week,post,,,,2025,3,,\n"
)
GROUPS = (
    b"Department code,Group,Basis,Hard to reach,Reviewed on,Elements\n"
    b"HOU,Tenants,who they are,,2025-12-01,1.1.1\n"
    b"HOU,Night workers,what they do,yes,2024-01-01,1.1.1;1.2.2\n"
    b"FIN,Ratepayers,who they are,,,\n"
)
EVIDENCE = b"Department code,Element,Evidence code,Evidence\nHOU,1.3.2,ES 4,Survey of tenants by area\n"


@pytest.fixture
def scope(warehouse) -> Scope:
    """HOU with HOU-1 below it and FIN, with promises, groups and a piece of evidence."""
    scope = programme("ASH")
    loaded(scope, service_standards=STANDARDS, customer_groups=GROUPS, evidence=EVIDENCE)
    return scope


def champion(scope: Scope, *departments: str) -> Scope:
    return Scope(scope.tenant_id, scope.tenant_code, departments, "champion", "ann", actor="person 7")


def cells(body: str) -> dict[str, list]:
    return {row["id"]: row["c"] for row in json.loads(body)["rows"]}


def promised(scope: Scope, department: str = ""):
    return customers.promised(data.view(scope), DAY, department)


def test_the_page_says_how_many_promises_are_kept_and_where_each_goes(scope):
    told = promised(scope)
    assert standards_page.headline(told) == (
        "1 of 2 promises with a target was met in the newest period. 1 promise cannot be judged."
    )
    asked = filters("/standards", "standards")
    rows = cells(standards_page.standards_table(standards_page.shown(told, asked), {"HOU": "Housing"}, {}, asked))
    assert next(iter(rows)).startswith("HOU~Calls")
    assert rows["HOU~Calls in a minute~phone"] == [
        *(["Calls in a minute", "phone · 5.1.1", None], ["fails", "Missed"]),
        *(["Housing", None, "/department?department=HOU"], 79.0, 80.0, "%", "2025-Q3", "Better each time", 75.0),
    ]
    assert rows["HOU-1~Complaints in ten days~"][-2] == "Order not known"
    sentence = standards_page.sentence(told.filter(department_code="HOU").row(0, named=True))
    assert sentence == (
        "79% in 2025-Q3 against a target of 80%: missed, better than the benchmark (75%). Better each time."
    )


def test_promises_are_filtered_by_what_they_are_about_and_what_became_of_them(scope):
    told, subjects = promised(scope), data.programme(data.view(scope)).standard.subjects
    for query, left in (
        ("?mode=complaints", {"HOU-1"}),
        ("?mode=quality", {"HOU"}),
        ("?mode=satisfaction", set()),
        ("?mode=elements", {"HOU", "HOU-1", "FIN"}),
    ):
        own = standards_page.about(told, subjects, filters(f"/standards{query}", "standards"))
        assert set(own["department_code"]) == left, query
    missed = standards_page.shown(told, filters("/standards?status=missed", "standards"))
    assert missed["department_code"].to_list() == ["HOU"]
    assert set(promised(scope, "HOU")["department_code"]) == {"HOU", "HOU-1"}


def test_each_drawing_is_followed_by_the_same_numbers(scope):
    view = data.view(scope)
    rows = standards_page.shown(promised(scope), filters("/standards", "standards"))
    drawn = standards_page.charts(rows, customers.periods(view, DAY), {"HOU": "Housing"})
    first = drawn[-1].children[0].to_plotly_json()["props"]["children"]
    figure = first[1].children.figure
    table = cells(first[2].to_plotly_json()["props"]["data-table"])
    assert [row[0] for row in table.values()] == figure["data"][0]["x"] == ["2025-Q1", "2025-Q2", "2025-Q3"]
    assert [row[1] for row in table.values()] == figure["data"][0]["y"] == [70.0, 76.0, 79.0]
    assert standards_page.charts(rows.clear(), customers.periods(view, DAY), {}) == []


def test_groups_say_what_is_told_of_each_and_by_what(scope):
    rows = customers.known_groups(data.view(scope), DAY)
    assert groups_page.headline(rows) == (
        "3 groups of 2 departments, 1 of them hard to reach or disadvantaged; 1 was last reviewed a year ago or longer."
    )
    asked = filters("/groups", "groups")
    told = cells(groups_page.groups_table(rows, {"HOU": "Housing"}, {}, asked))
    assert next(iter(told)) == "FIN~Ratepayers"
    assert told["HOU~Night workers"][2:] == [
        *("Hard to reach", ["passes", "Said"], ["indication", "Not said"], ["indication", "Not said"]),
        ["2024-01-01", "a year ago or longer"],
    ]
    assert told["HOU~Tenants"][4] == ["passes", "Named in ES 4"]
    for status, left in (("harder", 1), ("old", 1), ("undated", 1), ("untold", 3), ("nothing", 3)):
        assert groups_page.shown(rows, filters(f"/groups?status={status}", "groups")).height == left, status


def test_a_champion_sees_the_promises_and_groups_of_their_own_alone(scope):
    own = champion(scope, "HOU")
    assert set(promised(own)["department_code"]) == {"HOU", "HOU-1"}
    assert set(customers.known_groups(data.view(own), DAY)["department_code"]) == {"HOU"}
    assert set(customers.periods(data.view(own), DAY)["department_code"]) == {"HOU", "HOU-1"}
    assert promised(champion(scope, "NONE")).is_empty()


def test_panels_show_the_worst_first_and_lead_to_their_page(scope):
    asked = filters("/standards", "standards")
    standards = str(standards_page.panel(promised(scope, "HOU"), asked, "HOU", most=1))
    assert "Calls in a minute" in standards
    assert "Complaints in ten days" not in standards
    assert "/standards?department=HOU" in standards
    groups = str(groups_page.panel(customers.known_groups(data.view(scope), DAY, "HOU"), asked, "HOU"))
    assert "Night workers (hard to reach): consulted; reviewed 1 January 2024." in groups
    assert "/groups?department=HOU" in groups
    assert "No promise" in str(standards_page.panel(promised(scope).clear(), asked))


def test_the_checklist_says_what_is_known_and_leaves_the_rest_to_people(scope):
    view = data.view(scope)
    told = str(standards_page.charter(customers.charter(view, promised(scope)), promised(scope)))
    assert "2 of 3" in told
    assert "Not known to Assay" in told
    assert "What happens when a promise is not kept" in told
    nothing = str(standards_page.charter([], promised(scope).clear()))
    assert "Each promise has a target" in nothing
