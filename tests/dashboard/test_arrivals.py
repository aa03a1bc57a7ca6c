"""Arrivals: the sentence, the table, whom it reminds, and what somebody with departments of their own is told."""

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from dashboard import data
from dashboard.filters import filters
from dashboard.pages import arrivals as page
from db import reads
from db.session import Scope, open_session
from db.tenants import scope_of
from tests.dashboard.small_programme import HEAD, loaded, programme

DAY = date(2026, 3, 7)


@pytest.fixture
def scope(warehouse) -> Scope:
    """HOU with HOU-1 below it and FIN; results of March 2025, set aside in part."""
    return programme("ASH")


def shown(scope: Scope, day: date = DAY) -> dict[str | None, dict]:
    rows = data.arrivals(data.view(scope), day)
    return {row["department_code"]: row for row in rows.iter_rows(named=True)}


def champion(scope: Scope, *departments: str) -> Scope:
    return Scope(scope.tenant_id, scope.tenant_code, departments, "champion", "ann", actor="person 7")


def told(rows: pl.DataFrame, query: str = "") -> dict:
    asked = filters(f"/arrivals{query}", "arrivals")
    return json.loads(page.arrivals_table(rows, {"HOU": "Housing"}, {}, asked))


def test_each_department_has_what_is_expected_what_came_and_how_clean_it_was(scope):
    rows = shown(scope, date(2025, 6, 30) + timedelta(days=366))
    assert rows["FIN"]["state"] == "overdue"  # it holds no certificate, and its last result is older than a year
    assert rows["HOU"]["state"] == "due"
    rows = shown(scope, datetime.now(UTC).date())  # what was received by then
    assert (rows["HOU"]["read"], rows["HOU"]["set_aside"]) == (3, 1)
    assert (rows["FIN"]["read"], rows["FIN"]["set_aside"]) == (2, 0)
    assert rows["HOU"]["tables"] == ["results"]
    assert rows["HOU"]["sent_by"] == "tests"
    assert rows["HOU"]["load_number"] == 2


def test_a_champion_sees_their_own_departments_and_nothing_of_files_that_others_sent(scope):
    later = datetime.now(UTC).date()
    whole, own = shown(scope, later), shown(champion(scope, "HOU"), later)
    assert set(own) == {"HOU", "HOU-1"}
    for code, row in own.items():
        assert row["read"] is row["set_aside"] is row["sent_by"] is row["file_names"] is None
        same = ("state", "what", "due_on", "last_on", "load_number", "received_on", "tables", "contact")
        assert {name: row[name] for name in same} == {name: whole[code][name] for name in same}
    assert shown(champion(scope, "NONE")) == {}


def test_nothing_that_others_send_changes_what_a_champion_is_shown(scope):
    day = datetime.now(UTC).date()
    before = shown(champion(scope, "HOU"), day)
    loaded(scope, finance=HEAD + b"FIN,annual_review,2025-09-07,1.1.2,Compliant\nFIN,renewal,2025-09-08,9.9.9,NC\n")
    assert shown(champion(scope, "HOU"), day) == before
    assert shown(scope, day)["FIN"]["load_number"] == 3


def test_what_was_known_at_a_moment_holds_the_loads_of_then_alone(scope):
    with open_session(scope) as session:
        first = reads.loads(session).filter(load=1)["finished_at"][0]
        assert set(reads.arrived(session, first)["load_number"]) == {1}
        assert set(reads.arrived(session)["load_number"]) == {1, 2}


def test_a_thousand_departments_need_as_many_queries_as_three(scope):
    from sqlalchemy import event

    from db.engine import engine

    def queries() -> int:
        view, seen = data.view(scope), []

        def listen(*told):
            seen.append(told[2])

        event.listen(engine(), "before_cursor_execute", listen)
        try:
            data.arrivals(view, DAY)
        finally:
            event.remove(engine(), "before_cursor_execute", listen)
        return len(seen)

    few = queries()
    lines = "".join(f"X{n},annual_review,2025-03-07,1.1.1,Compliant\n" for n in range(1000))
    loaded(scope, many=HEAD + lines.encode())
    assert queries() == few
    assert len(shown(scope, datetime.now(UTC).date())) == 1003


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_headline_counts_the_overdue_and_says_how_old_the_oldest_data_is(scope):
    rows = data.arrivals(data.view(scope), datetime.now(UTC).date())
    assert page.headline(rows).endswith("old.")
    assert " of 3 departments " in page.headline(rows)
    nobody = rows.with_columns(load_number=pl.lit(None, pl.Int64), age_days=pl.lit(None, pl.Int64))
    assert page.headline(nobody).endswith("3 departments have sent nothing yet.")


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "less than a day"),
        (1, "1 day"),
        (13, "13 days"),
        (14, "2 weeks"),
        (60, "8 weeks"),
        (61, "2 months"),
        (430, "14 months"),
        (731, "2 years"),
    ],
)
def test_how_long_ago_something_was_is_said_in_a_unit_that_fits(days, words):
    assert page.old(days) == words


def test_a_reminder_is_a_letter_to_the_one_address_of_the_contact_and_to_nothing_else():
    row = {"department_code": "HOU", "what": "form", "state": "due", "due_on": DAY}

    def link(contact: str | None):
        return page.remind(row | {"contact": contact}, "Housing")

    words, _, href = link("Ann <ann.lee@ash.example>")
    assert words == "Ann <ann.lee@ash.example>"
    assert href == "mailto:ann.lee@ash.example?subject=Housing%3A%20review%20form%20due%20by%207%20March%202026"
    assert link("Reception, 01234 567890") == "Reception, 01234 567890"
    assert link("a@x.example or b@x.example") == "a@x.example or b@x.example"
    assert link(None) is None
    assert link("a@x.example?bcc=evil@y.example") == "a@x.example?bcc=evil@y.example"


def test_a_chip_cuts_the_table_to_a_state(scope):
    rows = data.arrivals(data.view(scope), datetime.now(UTC).date())
    every, some = told(rows), told(rows, "?status=overdue")
    assert len(every["rows"]) == 3
    assert len(some["rows"]) == rows.filter(state="overdue").height


def test_scope_of_another_tenant_has_no_arrivals_of_this_one(scope):
    from db.tenants import add_tenant

    add_tenant("OTH", "Another Council")
    assert shown(scope_of("OTH")) == {}
