"""From a figure to the file it came from, and the file as it was sent, for those who may (reliability.md F19)."""

import hashlib
import re
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from dashboard import cells, data, view
from dashboard.callbacks.data import _attachment
from dashboard.filters import filters
from dashboard.pages import details
from db import audit
from db.roles import EXPORT, EXPORTS, ROLES
from db.tenants import add_tenant, scope_of
from etl.run import load
from scheme.headroom import headroom
from tests.dashboard.conftest import signed_in
from tests.dashboard.test_details import words

DAY = date(2025, 6, 30)
ASKED = filters("/heatmap?as_of=2025-06-30", "heatmap")
HEAD = "department_code,assessment_type,assessed_on,element,band\n"
REVIEW = "annual_review,2024-05-07"
FIRST = f"{HEAD}HOU,{REVIEW},1.1.1,Partial\nHOU,{REVIEW},1.1.2,Met\n"
SECOND = f"{HEAD}HOU,{REVIEW},1.1.1,Met\nLIB,{REVIEW},1.1.1,Met\n"


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def scope(warehouse, monkeypatch, tmp_path):
    """A tenant that two files were sent to, the second of which corrects the first."""
    view.kept_bytes.clear()
    add_tenant("ASH", "Ashcombe County Council")
    made = replace(scope_of("ASH"), role="corporate_lead", permissions=ROLES["corporate_lead"] | {EXPORT})
    for name, text in (("first.csv", FIRST), ("second.csv", SECOND)):
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        load(made, [path], sent_by="ann")
    return made


def drawer(scope, key, department="HOU"):
    behind = cells.cell(data.view(scope), DAY, "formal", department, key)
    return details.body(behind, ASKED)


def links(component) -> list[str]:
    """All addresses of components that lead to an original."""
    if isinstance(component, (list, tuple)):
        return [each for part in component for each in links(part)]
    own = [component.href] if "/download/original/" in str(getattr(component, "href", "")) else []
    children = getattr(component, "children", None)
    return own + (links(children) if children is not None and not isinstance(children, str) else [])


@pytest.mark.parametrize("key", ["1.1.1", "1"])
def test_details_lead_from_an_element_and_a_criterion_to_rule_results_files_and_senders(scope, key):
    drawn = drawer(scope, key)
    said = " ".join(words(drawn).split())
    assert re.search(
        r"Rule: .*, from formal results\. Profile: .+, in force .+\. Standard: .+\. Worked out by Assay", said
    )
    for told in ("first.csv", "second.csv", "row 2", "load 1 from ann", "load 2 from ann", "taken by Assay"):
        assert told in said
    assert f"SHA-256 {fingerprint(FIRST)}" in said
    assert f"SHA-256 {fingerprint(SECOND)}" in said
    assert sorted(links(drawn)) == ["/download/original/1/1", "/download/original/2/1"]


def test_the_original_behind_a_figure_gives_the_same_figure_when_it_is_loaded_alone(scope, tmp_path):
    seen = data.view(scope)
    held = cells.cell(seen, DAY, "formal", "HOU", "1.1.1").results.row(0, named=True)
    name, body = data.original(seen, held["load"], 1)
    assert (name, hashlib.sha256(body).hexdigest()) == ("second.csv", fingerprint(SECOND))
    add_tenant("TWIN", "The same again")
    again = tmp_path / "again" / name
    again.parent.mkdir()
    again.write_bytes(body)
    twin = replace(scope_of("TWIN"), permissions=scope.permissions)
    load(twin, [again], sent_by="bob")
    ours, theirs = (headroom(data.programme(data.view(one)), DAY) for one in (scope, twin))
    of = (pl.col("department_code") == "HOU") & (pl.col("criterion") == "1")
    assert ours.filter(of)["partial"].to_list() == theirs.filter(of)["partial"].to_list() == [0]
    found = cells.cell(data.view(twin), DAY, "formal", "HOU", "1.1.1").results.row(0, named=True)
    assert [found[k] for k in ("band", "row", "file")] == [held[k] for k in ("band", "row", "file")]


def test_a_champion_is_told_fingerprints_and_given_originals_of_what_they_sent_themselves_alone(scope, tmp_path):
    champion = replace(
        scope,
        role="champion",
        departments=("HOU",),
        actor="person 9",
        permissions=ROLES["champion"] | {EXPORT},
    )
    own = tmp_path / "in" / "own.csv"
    own.write_text(FIRST.replace("1.1.1", "1.1.3"))
    load(champion, [own], sent_by="cam")
    drawn = [drawer(champion, key) for key in ("1.1.1", "1.1.3")]
    others, mine = (" ".join(words(each).split()) for each in drawn)
    assert "second.csv" in others
    assert "SHA-256" not in others
    assert links(drawn[0]) == []
    assert f"SHA-256 {fingerprint(own.read_text())}" in mine
    assert links(drawn[1]) == ["/download/original/3/1"]
    seen = data.view(champion)
    assert [data.original(seen, number, 1) is None for number in (1, 2, 3)] == [True, True, False]


def test_who_may_take_nothing_away_sees_where_it_came_from_and_no_file(scope):
    reader = replace(scope, role="senior_leader", permissions=ROLES["senior_leader"])
    drawn = drawer(reader, "1.1.1")
    assert f"SHA-256 {fingerprint(SECOND)}" in words(drawn)
    assert links(drawn) == []
    assert "senior_leader" in EXPORTS  # they take other files away; the list of loads is not theirs


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("results.csv", "attachment; filename=\"results.csv\"; filename*=UTF-8''results.csv"),
        ('a"\r\nX: y.csv', "attachment; filename=\"a_ X_ y.csv\"; filename*=UTF-8''a%22%20X%3A%20y.csv"),
        ("../../Übung.xlsx", "attachment; filename=\"_bung.xlsx\"; filename*=UTF-8''%C3%9Cbung.xlsx"),
        ("..", "attachment; filename=\"original\"; filename*=UTF-8''original"),
    ],
)
def test_a_senders_name_ends_no_header_and_is_no_path(name, told):
    assert _attachment(name) == told


def test_an_original_is_handed_out_to_be_kept_and_is_written_into_the_audit_log(app, own_people, tmp_path):
    lead, scope = signed_in(app, "lead@example.org"), scope_of("demo")
    page = tmp_path / "in" / "page.csv"
    page.parent.mkdir()
    page.write_text(SECOND)
    assert load(scope, [page], sent_by="ann").load_number == 1
    answer = lead.get("/download/original/1/1")
    assert (answer.status_code, answer.text, answer.mimetype) == (200, SECOND, "application/octet-stream")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    newest = audit.entries(scope, 1).row(0, named=True)
    assert (newest["action"], newest["object"]) == ("exported", "/download/original/1/1")
    for nothing in ("1/2", "2/1", f"{10**12}/1", f"1/{10**30}"):
        assert lead.get(f"/download/original/{nothing}").status_code == 404


def test_a_load_is_withdrawn_from_its_page_once_it_was_seen_what_that_does(app, own_people, tmp_path):
    lead, scope = signed_in(app, "lead@example.org"), scope_of("demo")
    for name, text in (("first.csv", FIRST), ("second.csv", SECOND)):
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        load(scope, [path], sent_by="ann")
    address = "/administration/withdraw/2"
    shown = lead.get(address).text
    assert "1 result goes back to what load 1 said." in shown
    assert "1 result vanishes." in shown
    seen = re.search(r'name="seen" value="(\d+)"', shown)[1]
    token = lead.environ_base["HTTP_X_ASSAY_PAGE"]
    sent = {"page": token, "seen": seen, "why": "sent too early"}
    for wrong, said in (({"why": ""}, "Say why"), ({"seen": "1"}, "read again what would happen")):
        answer = lead.post(address, data={**sent, **wrong})
        assert (answer.status_code, said in answer.text) == (400, True)
    done = lead.post(address, data=sent, follow_redirects=True)
    assert "Load 2 is withdrawn by load 3" in done.text
    assert "Load 2 is withdrawn already, by load 3." in lead.get(address).text
    assert lead.get("/administration/withdraw/99").status_code == 404
    assert audit.entries(scope, 1)["action"].to_list() == ["withdrew load"]
