"""What people with departments of their own are told of the others (scheme.disclosure)."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from dashboard import data, view
from dashboard.pages import others
from db.session import Scope, open_session
from db.tenants import add_tenant, choose, scope_of
from scheme.disclosure import Distribution, told_on
from tests.dashboard.test_details import words
from tests.db.made import a_load, put, results

END = date(2026, 9, 30)
JOINED = Distribution(((("fails", "at_limit"), 5), (("incomplete", "passes"), 35)), 40)
APART = Distribution(((("fails",), 5), (("at_limit",), 5), (("incomplete",), 10), (("passes",), 1_020)), 1_040)


def test_the_panel_says_how_many_of_how_many_on_which_day_and_whose():
    said = words(others.panel(JOINED, END))
    assert "Fails or at limit about 5 of about 40 departments" in said
    assert "Passes or incomplete about 35 of about 40 departments" in said
    assert "(30 September 2026), your own departments included, rounded to the nearest 5." in said


def test_the_line_says_the_same():
    assert others.line(JOINED, END) == (
        "Of about 40 departments in all, yours among them, about 5 fail or are at their limit and about 35 pass or are "
        "incomplete (30 September 2026)."
    )
    assert "about 5 fail, about 5 are at their limit, about 10 are incomplete and about 1,020 pass" in others.line(
        APART, END
    )


def test_where_nothing_may_be_told_the_panel_says_why_and_the_line_nothing():
    assert "fewer than 5 other departments, or too many of them stood alike" in words(others.panel(None, END))
    assert others.line(None, END) == ""


CODES = [f"D{number}" for number in range(1, 13)]
DAY = date(2025, 5, 5)  # the quarter before it ended on 31 March


@pytest.fixture
def scope(warehouse, monkeypatch) -> Scope:
    """A tenant with twelve departments of which four fail, before a cache that knows nothing of others."""
    view.kept_bytes.clear()
    add_tenant("ASH", "Ashcombe County Council")
    scope = scope_of("ASH")
    bands = [(code, "1.1.1", "non_compliant" if number < 4 else "compliant") for number, code in enumerate(CODES)]
    put(scope, a_load({"results": results(*bands)}))
    return scope


def champion(scope: Scope, *departments: str) -> Scope:
    return replace(scope, departments=departments, role="champion", permissions=frozenset({"results"}))


def chosen(scope: Scope, value: str) -> None:
    with open_session(scope, write=True) as session:
        choose(session, "champions_see_others", value)


def test_nothing_is_told_before_the_organisation_chose_so_nor_after_it_chose_again(scope):
    own = champion(scope, "D1")
    assert not data.tells_of_others(data.view(own))
    chosen(scope, "distribution")
    assert data.tells_of_others(data.view(own))
    assert data.distribution(data.view(own), DAY)[0]
    chosen(scope, "nothing")
    assert not data.tells_of_others(data.view(own))
    assert data.distribution(data.view(own), DAY)[0] is None


def test_champions_of_different_departments_are_told_the_same(scope):
    chosen(scope, "distribution")
    told, end = data.distribution(data.view(champion(scope, "D1")), DAY)
    assert end == date(2025, 3, 31)
    assert told.groups == ((("fails", "at_limit"), 5), (("incomplete", "passes"), 10))
    assert data.distribution(data.view(champion(scope, "D12")), DAY)[0] == told
    # of the others only two fail: too few to tell
    assert data.distribution(data.view(champion(scope, "D1", "D2")), DAY)[0] is None


def test_it_is_told_of_the_last_quarter_alone_and_as_known_now(scope):
    chosen(scope, "distribution")
    own = champion(scope, "D12")
    days = [date(2025, 4, 1), DAY, date(2025, 6, 29)]
    assert len({data.distribution(data.view(own), day) for day in days}) == 1
    assert data.distribution(data.view(own), date(2199, 1, 1))[1] == told_on(datetime.now(UTC).date())
    assert not data.tells_of_others(data.view(own, datetime(2025, 1, 1, tzinfo=UTC)))


def test_it_is_told_neither_to_who_sees_everything_nor_to_an_assessor(scope):
    chosen(scope, "distribution")
    assert not data.tells_of_others(data.view(scope))
    assert not data.tells_of_others(data.view(replace(champion(scope, "D1"), certificates=("C1",))))
