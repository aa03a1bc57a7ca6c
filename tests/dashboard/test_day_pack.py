"""The assessor's day pack: what stands in it, for whom, from which snapshot; and as which files it can be had."""

import io
import shutil
from datetime import UTC, datetime, timedelta

import docx
import openpyxl
import pypdf
import pytest

from dashboard.exports.day_pack import day_pack
from dashboard.exports.day_pack_known import Which
from dashboard.exports.document import Document, Facts, Grid, Heading, Paragraph, Points
from db import audit, drafts, people, sessions
from db.engine import engine
from db.session import open_session
from db.tenants import add_tenant, scope_of
from scheme.errors import UsageError
from tests.dashboard.conftest import PASSWORD, signed_in
from tests.dashboard.small_programme import TREE, loaded

TODAY = datetime.now(UTC).date()
LEAD, CHAMPION = "lead@ash.example", "champion@ash.example"
ASSESSOR, LEADER = "assessor@ash.example", "leader@ash.example"
REVIEW = TODAY + timedelta(days=20)
LAST, BEFORE = TODAY - timedelta(days=300), TODAY - timedelta(days=700)
CERTIFICATES = (
    "Certificate code,Department code,Awarded on,Expires on,Sites required\n"
    f"C1,HOU,{TODAY - timedelta(days=800)},{TODAY + timedelta(days=295)},1\n"
    f"C2,FIN,{TODAY - timedelta(days=800)},{TODAY + timedelta(days=295)},1\n"
)
ASSESSMENTS = (
    "Assessment code,Department code,Assessment type,Started on,Ended on,Planned,Scope,Assessor\n"
    f"HOU-NEXT,HOU,annual_review,{REVIEW},{REVIEW},yes,1.1.1;2.1.1;3.1.1,A. Ssessor\n"
    f"FIN-NEXT,FIN,annual_review,{REVIEW},{REVIEW},yes,1.1.1,B. Ssessor\n"
)
VISITS = f"Site code,Visited on,Mode,Assessment code,Planned\nS1,{REVIEW},on_site,HOU-NEXT,yes\n"
SITES = (
    "Site code,Site name,Department code,In scope from,Address\n"
    f"S1,Hall,HOU,,1 High Street\nS2,SECRET-depot,FIN,,\nS3,Counter,HOU,{TODAY - timedelta(days=50)},2 Low Street\n"
)
RESULTS = "Department code,Assessment type,Assessed on,Element,Band,Comment\n" + "".join(
    f"{code},{kind},{on},{element},{band},{code}-said\n"
    for code in ("HOU", "FIN")
    for kind, on, element, band in (
        ("initial", BEFORE, "1.1.1", "compliant"),
        ("annual_review", LAST, "1.1.1", "partial"),
        ("annual_review", LAST, "2.1.1", "compliant"),
        ("self_assessment", LAST + timedelta(days=100), "1.1.1", "compliant"),
    )
)
ACTIONS = (
    "Department code,Element,Action,Owner,Due on,Status,Closed on\n"
    f"HOU,1.1.1,Ask them,Ann,{TODAY - timedelta(days=9)},open,\n"
    f"HOU,1.1.1,Answer them,Ann,,closed,{LAST + timedelta(days=30)}\n"
    f"FIN,1.1.1,SECRET-action,Ben,{TODAY},open,\n"
)
EVIDENCE = (
    "Department code,Element,Evidence code,Evidence,Kind,Site code,Shown by\n"
    "HOU,1.1.1,ES 1,The counter at work,observed,S1,Cat\n"
    "HOU,2.1.1,ES 2,A welcome anywhere,observed,,Cat\n"
    "FIN,1.1.1,ES 1,SECRET-evidence,observed,S2,Ben\n"
)
GROUPS = "Department code,Group,Basis\nHOU,Tenants over 80,who they are\nFIN,SECRET-group,who they are\n"
PROMISES = (
    "Department code,Promise,Period,Achieved,Target,Direction\n"
    "HOU,Answer letters in ten days,2026-Q1,91,90,higher\nFIN,SECRET-promise,2026-Q1,91,90,higher\n"
)


@pytest.fixture(scope="module")
def app(ash):
    """The dashboard as it is served, in this process."""
    from dashboard.app import create_app

    return create_app()


def filled():
    """A tenant with two holders, each with a review booked."""
    add_tenant("ASH", "Ashcombe Council")
    files = {"certificates": CERTIFICATES, "sites": SITES, "assessments": ASSESSMENTS, "results": RESULTS}
    files |= {"visits": VISITS, "actions": ACTIONS, "evidence": EVIDENCE}
    files |= {"customer_groups": GROUPS, "service_standards": PROMISES}
    loaded(scope_of("ASH"), departments=TREE, **{name: text.encode() for name, text in files.items()})
    return scope_of("ASH")


@pytest.fixture(scope="module")
def ash(empty_warehouse, tmp_path_factory):
    """That tenant, once for all of these tests: none loads anything. Its lead, a champion, an assessor, a leader."""
    path = shutil.copy(empty_warehouse("sqlite"), tmp_path_factory.mktemp("pack") / "assay.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
        patch.setenv("ASSAY_SECOND_FACTOR", "off")
        patch.setenv("ASSAY_SECRET", "a-secret-of-the-tests-of-which-nobody-else-knows-77")
        scope = filled()
        once = {
            LEAD: people.add_user(LEAD, "corporate_lead", "ASH"),
            CHAMPION: people.add_user(CHAMPION, "champion", "ASH", ["HOU"]),
            ASSESSOR: people.add_user(ASSESSOR, "assessor", "ASH", certificates=["C1"]),
            LEADER: people.add_user(LEADER, "senior_leader", "ASH"),
        }
        for email, password in once.items():
            sessions.change_password(sessions.sign_in(email, password), password, PASSWORD)
        yield scope
        engine().dispose()


def of(email: str):
    """The scope of a person who is signed in."""
    return sessions.session_of(sessions.sign_in(email, PASSWORD)).scope()


def said(document: Document) -> str:
    """All that a document says, as one text."""
    told = [document.title]
    for page in document.pages:
        told += [page.title, page.address, *(words for pair in page.filters for words in pair)]
        for block in page.blocks:
            match block:
                case Heading() | Paragraph():
                    told.append(block.text)
                case Points():
                    told += block.items
                case Facts():
                    told += [f"{label}: {words}" for label, words in block.pairs]
                case Grid():
                    told += [block.caption, block.note]
                    told += [f"{cell.shown} {cell.words} {cell.small}" for row in block.rows for cell in row.cells]
    return "\n".join(told)


def table(document: Document, name: str) -> dict[str, list[str]]:
    """A table of a document: the shown text of its cells by the first."""
    (found,) = [one for page in document.pages for one in page.grids if one.id == name]
    return {row.cells[0].shown: [cell.shown for cell in row.cells[1:]] for row in found.rows}


def pack(scope, certificate: str = "C1", **which) -> Document:
    return day_pack(scope, certificate, TODAY, None, Which(**which))


def test_the_pack_says_when_where_and_what_the_review_looks_at_as_it_is_booked(ash):
    made = pack(ash)
    assert made.title.startswith("Day pack: Housing, annual review of ")
    titles = ["The review", "See on site", "Review form, filled in", "Since last time", "Elements not looked at yet"]
    assert [page.title for page in made.pages] == titles
    text = said(made)
    for words in (
        "Review: HOU-NEXT",
        "Assessor: A. Ssessor",
        "as it is booked: 3 elements",
        "The review goes to Hall.",
    ):
        assert words in text
    assert list(table(made, "day-pack-visits")) == ["Hall"]


def test_what_is_to_be_seen_stands_by_site_and_has_room_to_write(ash):
    made = pack(ash)
    assert table(made, "day-pack-see-S1")["The counter at work"][:2] == ["1.1.1", "see on site"]
    assert table(made, "day-pack-see-any")["A welcome anywhere"][-2:] == ["", ""]
    assert "Nothing is marked to be seen by name at Counter." in said(made)


def test_the_form_tells_changes_progress_on_partials_sites_groups_and_promises(ash):
    text = said(pack(ash))
    assert "The site Counter joined the programme on" in text
    assert "1 element was partial or worse last time or is now: none mended since, 1 still so." in text
    assert "The department itself now calls 1 of these compliant or better." in text
    for words in (
        "HOU-said",
        "1 action closed; 1 action open, 1 of them overdue.",
        "Tenants over 80",
        "Answer letters",
    ):
        assert words in text


def test_every_element_says_what_it_was_what_it_is_and_what_was_done_since(ash):
    made = pack(ash)
    since = table(made, "day-pack-since")
    standard = [one for one in since if one[:1].isdigit() and "." in one[:2]]
    assert len(standard) == 57
    now, _, before, then, band, happened, evidence = since[next(one for one in since if one.startswith("1.1.1 "))]
    assert (now, before, then, band, evidence) == ("yes", "C", "P", "P", "1")
    assert happened.startswith("Self-assessed compliant on")
    assert "1 element went down (1.1.1). Since then no band moved." in said(made)


def test_elements_that_the_cycle_owes_a_look_say_whether_this_review_takes_them(ash):
    owed = table(pack(ash), "day-pack-owed")
    assert not [one for one in owed if one.startswith("1.1.1 ")], "it was looked at"
    assert [row[2] for one, row in owed.items() if one.startswith(("3.1.1 ", "3.1.2 "))] == ["Yes", "No"]


def kept(scope, name: str, **changes) -> int:
    meeting = {"day": f"{REVIEW}", "begins": "09:00", "ends": "10:00", "site": "S3", "met": ["staff"], "who": "Dan"}
    meeting |= {"elements": ["1.2.1"], "note": "bring a badge"}
    body = {"review": "HOU-NEXT", "on": "", "started_on": "", "capacity": None, "elements": ["1.2.1", "1.2.2"]}
    body |= {"notes": "quiet please", "meetings": [meeting]}
    with open_session(scope, write=True) as session:
        return drafts.keep(session, "review_scope", name, body | changes, departments=("HOU",), certificate="C1")


def test_a_kept_plan_brings_its_itinerary_and_its_elements_and_what_is_wrong_with_it(ash):
    lead = of(LEAD)
    number = kept(lead, "Autumn")
    for made in (pack(lead), pack(lead, draft=number)):
        text = said(made)
        for words in ("as it was planned: 2 elements", "Dan", "bring a badge", "quiet please", "09:00 to 10:00"):
            assert words in text
        assert "Nobody is to meet customers." in text
        assert "The review goes to Counter." in text
    assert "bring a badge" not in said(pack(of(CHAMPION))), "what is not shared is its maker's"
    with pytest.raises(UsageError, match="no such plan"):
        pack(of(CHAMPION), draft=number)


@pytest.mark.parametrize("who", [CHAMPION, ASSESSOR])
def test_nobody_finds_what_they_may_not_see(ash, who):
    kept(of(LEAD), f"Not for {who}")
    scope = of(who)
    text = said(pack(scope))
    assert "The counter at work" in text
    assert "SECRET" not in text
    assert "FIN" not in text
    for code in ("C2", "C9"):
        with pytest.raises(UsageError, match=f"there is no certificate {code} on this day that you may see"):
            pack(scope, code)


def test_the_pack_of_a_snapshot_says_the_same_after_more_was_loaded(warehouse):
    scope, then = filled(), datetime.now(UTC)
    before = day_pack(scope, "C1", TODAY, then)
    more = {"more": RESULTS.replace("partial", "compliance_plus"), "late": EVIDENCE.replace("ES 1", "X")}
    loaded(scope, **{name: text.encode() for name, text in more.items()})
    assert said(day_pack(scope, "C1", TODAY, then)) == said(before)
    assert said(pack(scope)) != said(before)
    ended = CERTIFICATES.replace("Sites required\n", "Sites required,Ended on\n").replace(",1\n", f",1,{TODAY}\n")
    loaded(scope, ended=ended.encode())
    text = said(pack(scope))
    assert "No review can be prepared: certificate C1 is not in force since" in text
    assert "Since then 1 element went up" not in text
    assert "Last time, on" in text


def test_the_pack_can_be_had_as_a_letter_a_workbook_and_a_pdf_and_each_time_is_recorded(app, ash):
    client = signed_in(app, LEAD)
    read = {}
    for kind in ("docx", "xlsx", "pdf"):
        answer = client.get(f"/download/day-pack.{kind}?certificate=C1")
        assert answer.status_code == 200, answer.text
        assert f'.{kind}"' in answer.headers["Content-Disposition"]
        read[kind] = io.BytesIO(answer.data)
    letter = docx.Document(read["docx"])
    cells = [cell.text for one in letter.tables for row in one.rows for cell in row.cells]
    assert any(text.startswith("The counter at work") for text in cells)
    book = openpyxl.load_workbook(read["xlsx"])
    values = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}
    assert any(str(value).startswith("The counter at work") for value in values)
    reader = pypdf.PdfReader(read["pdf"])
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert "The counter at work" in " ".join("".join(page.extract_text() for page in reader.pages).split())
    assert audit.entries(ash)["action"].to_list().count("exported") >= 3


def test_who_may_not_see_the_cycle_or_take_files_away_gets_none(app, ash):
    assert signed_in(app, LEADER).get("/download/day-pack.docx?certificate=C1").status_code == 403
    champion = signed_in(app, CHAMPION)
    assert champion.get("/download/day-pack.docx?certificate=C1").status_code == 200
    refused = champion.get("/download/day-pack.docx?certificate=C2")
    assert (refused.status_code, "that you may see" in refused.text) == (400, True)
    for path in ("/download/day-pack.docx", "/download/day-pack.csv?certificate=C1"):
        assert champion.get(path).status_code == 404
