"""The visit plan page, its files, and its forms: kept, shared, removed, taken over as planned visits."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from xml.etree import ElementTree

import openpyxl
import polars as pl
import pytest
from icalendar import Calendar

from dashboard import data, visit_files, visit_plans
from dashboard.filters import filters
from dashboard.map_svg import map_svg
from dashboard.pages import visitplan as page
from dashboard.pages.visitplan_proof import certificate as proven
from dashboard.visit_shown import on_map, sentence
from db import drafts, people, reads, sessions
from db.session import Scope, open_session
from db.tenants import add_tenant, scope_of
from scheme.errors import UsageError
from tests.dashboard.conftest import LEAD, PASSWORD, signed_in
from tests.dashboard.small_programme import TREE, loaded

TODAY = datetime.now(UTC).date()
SOON = TODAY + timedelta(days=30)
SITES = b"Site code,Site name,Department code,Must visit,Latitude,Longitude,Address\n" + b"".join(
    f"S{n},Hall <{n}> & more,HOU,{'yes' if n == 1 else 'no'},{52 + n / 10},{-1 + n / 7},{n} High Street\n".encode()
    for n in range(1, 8)
)
CERTIFICATES = (
    "Certificate code,Department code,Awarded on,Expires on,Sites required\n"
    f"C1,HOU,{TODAY - timedelta(days=300)},{TODAY + timedelta(days=420)},4\n"
    f"C2,FIN,{TODAY - timedelta(days=300)},{TODAY + timedelta(days=420)},1\n"
).encode()
REVIEWS = (
    "Assessment code,Department code,Assessment type,Started on,Ended on,Planned\n"
    f"R1,HOU,annual_review,{SOON - timedelta(days=6)},{SOON},yes\n"
    f"R2,HOU,renewal,{TODAY + timedelta(days=390)},{TODAY + timedelta(days=400)},yes\n"
).encode()
ASKED = filters("/visitplan?certificate=C1", "visitplan")


def told(scope: Scope) -> Scope:
    """The programme of these tests in a tenant."""
    loaded(scope, departments=TREE, sites=SITES, certificates=CERTIFICATES, assessments=REVIEWS)
    return scope


@pytest.fixture
def scope(warehouse) -> Scope:
    add_tenant("ASH", "Ashcombe")
    return told(scope_of("ASH"))


def of(scope: Scope, actor: str, *departments: str, **more) -> Scope:
    return replace(scope, actor=actor, email=f"{actor}@example.org", departments=departments or None, **more)


def shown(scope: Scope, query: str = "certificate=C1"):
    asked = filters(f"/visitplan?{query}", "visitplan")
    return visit_plans.solved(data.view(scope), TODAY, visit_plans.wanted(asked, asked.certificate))


def keep(scope: Scope, name: str = "Ours", query: str = "certificate=C1&share=50") -> int:
    found = shown(scope, query)
    with open_session(scope, write=True) as session:
        about = visit_plans.holder(data.view(scope), found.wanted.certificate)
        return drafts.keep(
            session,
            "visit_plan",
            name,
            visit_plans.body(found),
            departments=about,
            certificate=found.wanted.certificate,
        )


def said(node) -> str:
    """All words of a component."""
    if node is None or isinstance(node, str):
        return node or ""
    if isinstance(node, list | tuple):
        return " ".join(said(child) for child in node)
    return said(getattr(node, "children", None))


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_sentence_says_whether_everything_owed_can_be_visited_and_what_not(scope):
    found = shown(scope)
    assert page.headline(found, "Housing") == (
        "Housing, certificate C1: everything owed can be visited: 4 sites in the 2 reviews left."
    )
    assert page.undone(found) == []
    asked = shown(scope, "certificate=C2")
    assert sentence(asked).startswith("No site can be visited in the")
    assert "left undone: 1 site of the number" in sentence(asked)
    (table,) = page.undone(asked)
    assert "No other site may be visited in a review that is left." in table.to_plotly_json()["props"]["data-table"]


def test_the_table_has_each_visit_with_its_day_its_review_and_why(scope):
    found = shown(scope, "certificate=C1&share=50")
    rows = json.loads(page.visits_table(found))["rows"]
    assert [row["id"] for row in rows] == found.plan.visits["site_code"].to_list()
    whys = {row["id"]: row["c"][3] for row in rows}
    assert whys["S1"] == "Must be visited"
    assert sorted(whys.values()).count("Drawn by lot") == 2
    reviews = json.loads(page.reviews_table(found, {"HOU": "Housing"}))["rows"]
    assert [row["c"][1] for row in reviews] == [2, 2]


def test_the_certificate_of_optimality_says_what_is_proven_and_what_it_rests_on(scope):
    words = " ".join(proven(shown(scope, "certificate=C1&share=50&seed=7")))
    assert "The distances are proven too" in words
    assert "“7:code of the site”" in words
    assert "straight lines between sites, not roads" in words


def test_a_plan_out_of_time_is_said_to_be_near_the_best():
    from scheme.visit_plan import Wanted, visit_plan
    from tests.by_hand import on, site
    from tests.scheme.test_visit_plan import libraries, many

    rows = [site(one.code, "LIB", latitude=one.place[0], longitude=one.place[1]) for one in many(300, 2, 0)]
    plan = visit_plan(libraries(*rows), on("2026-01-05"), Wanted("C", 20, every=True), 0.0)
    assert not plan.is_optimal
    assert 0 < plan.gap <= 100


def test_who_may_not_see_a_certificate_gets_no_plan_of_it(scope):
    with pytest.raises(UsageError, match="there is no certificate C1 that you may see"):
        shown(of(scope, "person 1", "FIN"))
    with pytest.raises(UsageError, match="there is no certificate C1 that you may see"):
        shown(of(scope, "person 1", certificates=("C2",)))


# --- files ------------------------------------------------------------------------------------------------------------


def test_the_calendar_has_an_entry_for_each_visit_on_its_day_with_its_address(scope):
    found = shown(scope)
    entries = Calendar.from_ical(visit_files.calendar(found, "ASH")).walk("VEVENT")
    days = dict(found.plan.visits.select("site_code", "day").rows())
    assert {str(one["summary"]) for one in entries} == {f"Visit Hall <{code[1:]}> & more" for code in days}
    assert sorted(one["dtstart"].dt for one in entries) == sorted(days.values())
    assert all(str(one["location"]).endswith("High Street") for one in entries)
    assert all(type(one["dtstart"].dt) is date for one in entries)
    again = Calendar.from_ical(visit_files.calendar(found, "ASH")).walk("VEVENT")
    assert [str(one["uid"]) for one in again] == [str(one["uid"]) for one in entries]


def test_the_map_is_a_drawing_of_its_own_with_title_and_words_and_asks_nobody(scope):
    found = shown(scope)
    body = map_svg("A plan", *on_map(found))
    root = ElementTree.fromstring(body)
    assert [child.tag.rpartition("}")[2] for child in root][:2] == ["title", "desc"]
    assert "Hall <1> & more" in "".join(root.itertext())
    assert re.findall(r"(?:href|src|url)", body) == []
    assert body.count("<circle") == 7


def test_the_list_has_what_the_table_has(lead, own_people):
    told(scope_of("demo"))
    answer = lead.get("/download/visit-plan.csv?certificate=C1")
    rows = pl.read_csv(io.BytesIO(answer.data))
    assert rows.height == 4
    assert {"review", "day", "site_code", "why", "address"} < set(rows.columns)
    book = openpyxl.load_workbook(io.BytesIO(lead.get("/download/visit-plan.xlsx?certificate=C1").data))
    assert {"Visits", "Reviews", "Left undone"} <= set(book.sheetnames)
    assert lead.get("/download/visit-plan.ics?certificate=C1").data.startswith(b"BEGIN:VCALENDAR")
    assert lead.get("/download/visit-plan.svg?certificate=C1").data.startswith(b"<svg")
    for wrong in ("pdf?certificate=C1", "csv", "csv?certificate=C9", "csv?certificate=C2"):
        assert lead.get(f"/download/visit-plan.{wrong}").status_code == 404


# --- kept plans -------------------------------------------------------------------------------------------------------


def test_a_kept_plan_is_the_one_that_was_shown_and_can_be_made_again(scope):
    number = keep(scope)
    found = visit_plans.kept(data.view(scope), TODAY, number)
    again = shown(scope, "certificate=C1&share=50")
    assert found.plan.visits.drop("since").equals(again.plan.visits)
    assert found.plan.reviews.equals(again.plan.reviews)
    assert found.wanted == again.wanted
    assert set(found.plan.visits["since"]) == {"stands"}
    assert "still fits what is known (4 visits)" in page.headline(found, "Housing")
    assert [draft.name for draft in visit_plans.all_kept(data.view(scope))] == ["Ours"]


def test_a_kept_plan_tells_what_no_longer_fits(scope):
    found = visit_plans.kept(data.view(scope), TODAY, keep(scope))
    first, second = found.plan.visits["site_code"].to_list()[:2]
    visits = f"Site code,Visited on,Planned\n{first},{TODAY - timedelta(days=1)},no\n".encode()
    closed = f"Site code,Site name,Department code,In scope to\n{second},Hall,HOU,{TODAY}\n".encode()
    loaded(scope, visits=visits, sites=closed)
    now = visit_plans.kept(data.view(scope), TODAY, found.draft.number)
    became = dict(now.plan.visits.select("site_code", "since").rows())
    assert (became[first], became[second]) == ("visited", "left")
    assert "no longer fits in full: 1 visited since and 1 out of scope on its day" in page.headline(now, "Housing")


def test_a_kept_plan_is_its_maker_s_until_it_is_shared_and_never_anybody_s_who_may_not_see_it(scope):
    pat = of(scope, "person 1")
    number = keep(pat)
    hou, fin = of(scope, "person 2", "HOU"), of(scope, "person 3", "FIN")
    for other in (hou, fin):
        assert visit_plans.all_kept(data.view(other)) == []
    with open_session(pat, write=True) as session:
        drafts.share(session, "visit_plan", number, True)
    assert [draft.number for draft in visit_plans.all_kept(data.view(hou))] == [number]
    assert visit_plans.all_kept(data.view(fin)) == []
    with pytest.raises(UsageError, match="no such visit plan"):
        visit_plans.kept(data.view(fin), TODAY, number)


# --- forms ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def demo(own_people) -> Scope:
    """The first tenant with the programme."""
    return told(scope_of("demo"))


def text(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def post(client, path: str, **form: str):
    return client.post(path, data=form)


def kept(client, **more: str) -> str:
    """Keep a plan through the form; gives its address."""
    form = {"name": "Ours", "certificate": "C1", "as_of": TODAY.isoformat(), "share": "50", "seed": "3"} | more
    answer = post(client, "/plan/visits/keep", **form)
    assert answer.status_code == 303, text(answer)
    return answer.location


def preview(client, where: str) -> str:
    return re.search(r'name="preview" value="([0-9a-f]{64})"', client.get(where).text)[1]


def planned(scope: Scope) -> list[tuple]:
    with open_session(scope) as session:
        rows = reads.table(session, "visits").filter("planned")
    return sorted(rows.select("site_code", "visited_on", "assessment_code").rows())


def test_a_plan_is_kept_under_a_name_by_a_form(app, demo):
    one = signed_in(app, LEAD)
    form = one.get(f"/plan/visits/keep?certificate=C1&as_of={TODAY}&share=50&seed=3")
    assert "Everything owed can be visited: 4 sites in the 2 reviews left." in text(form)
    assert post(one, "/plan/visits/keep", name="", certificate="C1").status_code == 400
    where = kept(one)
    assert "Seed of its lot 3" in text(one.get(where))
    assert "You have one called Ours already" in text(post(one, "/plan/visits/keep", name="Ours", certificate="C1"))
    assert one.get("/plan/visits/keep?certificate=C9").status_code == 303
    assert planned(demo) == []


def test_a_plan_is_taken_over_as_planned_visits_with_history_once_it_was_seen(app, demo):
    one = signed_in(app, LEAD)
    where = kept(one)
    assert post(one, f"{where}/take", preview="0" * 64).status_code == 303
    assert planned(demo) == []
    answer = post(one, f"{where}/take", preview=preview(one, where))
    assert "4 planned visits taken over, as load" in text(one.get(answer.location))
    view = data.view(demo)
    plan = visit_plans.solved(view, TODAY, visit_plans.wanted(ASKED, "C1")).plan
    assert set(plan.visits["why"]) == {"booked"}
    assert planned(demo) == sorted(plan.visits.select("site_code", "day", "review").rows())
    assert "Nothing of it is left to take over" in text(one.get(where))
    with open_session(demo) as session:
        assert "Visit plan: Ours" in " ".join(reads.notes(session, 2)["note"])


def test_a_plan_is_shared_kept_for_oneself_and_removed(app, demo):
    one = signed_in(app, LEAD)
    where = kept(one)
    post(one, f"{where}/share")
    assert "Everybody who may see its certificate" in text(one.get(where))
    post(one, f"{where}/unshare")
    assert "You alone" in text(one.get(where))
    assert post(one, f"{where}/remove").status_code == 303
    assert one.get(where).status_code == 404


def test_somebody_else_can_look_at_a_shared_plan_and_neither_remove_nor_find_one_that_is_not(app, demo):
    once = people.add_user("hou@example.org", "champion", "demo", ["HOU"])
    sessions.change_password(sessions.sign_in("hou@example.org", once), once, PASSWORD)
    one, other = signed_in(app, LEAD), signed_in(app, "hou@example.org")
    where = kept(one)
    assert other.get(where).status_code == 404
    assert post(other, f"{where}/remove").status_code == 404
    post(one, f"{where}/share")
    assert other.get(where).status_code == 200
    answer = post(other, f"{where}/remove")
    assert "You have no such draft" in text(other.get(answer.location))
    assert one.get(where).status_code == 200
    answer = post(other, f"{where}/take", preview=preview(other, where))
    assert "4 planned visits taken over" in text(other.get(answer.location))
