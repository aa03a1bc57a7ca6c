"""The operators' page: what needs a person across organisations, for operators alone, without their data (W9, T11)."""

import html
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, event, select
from typer.testing import CliRunner

import assay
from dashboard import operators, status
from dashboard.kept import Kept
from db import kept_sources, people, quotas, sessions, source_runs, tenants
from db.engine import engine
from db.identities import Grant
from db.models import Source
from db.roles import ROLES
from db.session import open_platform, open_session
from db.soundness import FINE, NOTE, WARNING, WRONG, Finding
from db.tenants import scope_of
from db.writes import Load, publish
from tests.dashboard.conftest import NOBODY, PASSWORD, at_the_door, on_a_page, signed_in

PAGE = "/installation"
CANARY = "CANARY4711"
NOW = datetime.now(UTC)
SOURCE = '[from]\nfolder = "/srv/in"\nevery = "1 hour"\n'


@pytest.fixture
def operator(app, own_people, monkeypatch):
    """A client of an operator who has chosen no organisation; what is found is found anew at each request."""
    monkeypatch.setattr(Kept, "_is_fresh", lambda *_: False)
    return signed_in(app, NOBODY)


def source(tenant: str, code: str, hours: int = 0, outcome: str = "", what: str = CANARY) -> None:
    """A source that was kept so many hours ago, and perhaps ran then."""
    with open_session(scope_of(tenant), write=True) as session:
        kept_sources.add(session, code, SOURCE)
        session.scalars(select(Source).where(Source.source_code == code)).one().added_at = NOW - timedelta(hours=hours)
        if outcome:
            number = source_runs.claim(session, code, 1, NOW, 0)
            source_runs.finish(session, code, number, NOW, outcome=outcome, what=what)


def text_of(page: str) -> str:
    """What somebody reads, without marks."""
    return " ".join(
        html.unescape(
            re.sub(
                r"<[^>]+>", " ", page.partition('<main class="main" id="main" tabindex="-1">')[2].partition("</main")[0]
            )
        ).split()
    )


def told(*words: str) -> list[dict]:
    return json.loads(CliRunner().invoke(assay.app, ["status", *words, "--format", "json"]).stdout)


def test_it_opens_to_operators_and_to_nobody_else(app, own_people, operator):
    stranger = at_the_door(app).get(PAGE)
    assert (stranger.status_code, stranger.location) == (302, "/sign-in?next=/installation")
    for role in (role for role in ROLES if role != "operator"):
        email = f"{role}@example.org"
        once = people.add_user(email, role, "demo", departments=["X"] if role == "champion" else ())
        sessions.change_password(sessions.sign_in(email, once), once, PASSWORD)
        answer = signed_in(app, email).get(PAGE)
        assert answer.status_code == 403, role
        assert "Program, warehouse" not in answer.text
    both = signed_in(app, "both@example.org").get(PAGE)
    assert (both.status_code, both.location) == (302, "/choose-tenant?next=/installation")
    assert operator.get("/").location == PAGE
    assert operator.get(PAGE).status_code == 200
    operator.post("/choose-tenant", data={"tenant": "demo", "reason": "Request 4711: a visit", "lasts": "30"})
    visiting = on_a_page(operator).get(PAGE)
    assert visiting.status_code == 200
    assert "End the visit" in visiting.text
    assert operator.post(PAGE).status_code in (404, 405)


def test_an_operator_who_has_lost_that_role_is_turned_away_at_once(operator):
    assert operator.get(PAGE).status_code == 200
    with open_platform(write=True) as session:
        session.execute(delete(Grant).where(Grant.tenant_id.is_(None)))
    assert operator.get(PAGE).location == "/choose-tenant?next=/installation"


def test_all_is_well_where_nothing_needs_anybody(operator):
    found = text_of(operator.get(PAGE).text)
    assert found.startswith("This installation All is well. Nothing here needs anybody.")
    assert told("--about", "tenants")[0]["tenant"] in found


def test_what_needs_somebody_stands_first_and_the_worst_above_all(operator, monkeypatch):
    source("canary", "SLOW", hours=5)
    source("demo", "HR", outcome=source_runs.FAILED)
    source("demo", "FILES", outcome=source_runs.ALL_IN)
    monkeypatch.setattr("db.soundness.LITTLE", 10**18)
    found = text_of(operator.get(PAGE).text)
    assert found.startswith("This installation 3 things need somebody")
    places = [found.index(words) for words in ("Warning Disk of the warehouse", "Failed Source of demo",
                                               "Late Source of canary", "Organisations Organisation")]  # fmt: skip
    assert places == sorted(places)
    assert "See why: assay status --tenant demo" in found
    assert "Make room on the disk of" in found
    assert "FILES" not in found
    monkeypatch.setattr("db.soundness.TOO_LITTLE", 10**18)
    found = text_of(operator.get(PAGE).text)
    assert found.index("Wrong Disk of the warehouse") < found.index("Failed Source of demo")
    assert found.index("Wrong Readiness") < found.index("Failed Source of demo")


def test_it_says_what_the_command_says(operator, monkeypatch):
    source("demo", "HR", outcome=source_runs.REFUSED)
    source("demo", "OLD", hours=9)
    with open_session(scope_of("canary"), write=True) as session:
        publish(session, Load("somebody", None, []))
    monkeypatch.setattr("db.soundness.LITTLE", 10**18)
    shown = status.of_tenants(NOW)
    page = operator.get(PAGE).text
    for row in told("--about", "tenants"):
        one = next(each for each in shown if each.scope.tenant_code == row["tenant"])
        assert (len(one.sources), len(one.sources_in(status.LATE)), len(one.sources_in(status.FAILED))) == (
            row["sources"], row["sources_late"], row["sources_failed"],
        )  # fmt: skip
        cells = re.search(rf'<th scope="row">{row["tenant"]}</th>(.*?)</tr>', page, re.S)[1]
        assert f"{row['sources_failed']} failed" in cells or not row["sources_failed"]
        assert f"{row['sources_late']} late" in cells or not row["sources_late"]
        assert f"<td>{row['last_load']}, on " in cells or row["last_load"] is None
    found = text_of(page).casefold()
    for row in told("--about", "installation"):
        what = re.sub(r"\d+\.\d GB", "", row["what"]).strip()  # room on a disk changes meanwhile
        assert row["about"].casefold() in found
        assert what.casefold() in found
        assert (row["mend"] or "").casefold() in found
    assert {row["source"] for row in told() if row["state"] in ("failed", "late")} == {"HR", "OLD"}
    assert "hr on " in found
    assert "old, due since " in found


def test_nothing_of_what_organisations_say_is_on_it(operator):
    tenants.add_tenant("third", f"{CANARY} Council")
    source("third", "HR", outcome=source_runs.FAILED, what=f"{CANARY}.xlsx: refused")
    page = operator.get(PAGE).text
    assert "Source of third" in page
    assert CANARY not in page
    assert "/srv/in" not in page
    assert "Northshire" not in page


def test_many_organisations_are_behind_one_line_and_asked_for_with_few_questions_each(operator):
    for number in range(operators.AT_ONCE):
        tenants.add_tenant(f"T{number:02}", f"Council {number}")
        if number % 2:
            source(f"T{number:02}", "HR", outcome=source_runs.FAILED)
    page = operator.get(PAGE).text
    assert f"<summary>All {operators.AT_ONCE + 2}, with how much each has</summary>" in page
    assert page.index(">T01<") < page.index(">T00<")  # who needs somebody stands above who does not
    asked = []
    event.listen(engine(), "before_cursor_execute", lambda *told: asked.append(told[2]))
    status.of_tenants(NOW)
    assert len(asked) <= 8 * (operators.AT_ONCE + 2) + 5


def test_an_organisation_that_is_near_its_quota_is_told_of_with_what_to_do(operator):
    with open_session(scope_of("demo"), write=True) as session:
        quotas.limit(session, "loads_an_hour", "0")
    assert "Near a limit Quota of demo : 0 of 0 loads within an hour. assay tenant quota sets how much" in text_of(
        operator.get(PAGE).text
    )
    assert "demo: 0 of 0 loads within an hour" in CliRunner().invoke(assay.app, ["status", "--about", "tenants"]).stderr


def test_points_beyond_the_first_are_behind_a_line():
    many = [Finding(f"thing {number}", WARNING, "found", "mend it") for number in range(3)]
    found = operators.Found(
        NOW, [], [Finding("program", FINE, "1"), *many, Finding("x", WRONG, "y"), Finding("z", NOTE, "")]
    )
    assert [point.about for point in found.points] == ["x", "thing 0", "thing 1", "thing 2"]


def test_an_installation_without_organisations_says_how_one_is_added(operator, monkeypatch):
    monkeypatch.setattr(operators, "of_tenants", lambda _: [])
    assert "There is none yet; this adds one: assay tenant add" in text_of(operator.get(PAGE).text)


def test_asking_often_does_not_ask_the_warehouse_often():
    asked, now = [], [0.0]

    def find() -> int:
        asked.append(1)
        return len(asked)

    kept = Kept(find, operators.KEPT, lambda: now[0])
    assert [kept.now() for _ in range(50)] == [1] * 50
    now[0] += operators.KEPT
    assert kept.now() == 2
    assert len(asked) == 2
