"""Packs: what somebody takes away is what they may see then, of a snapshot that can be taken again."""

import io
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from dashboard.exports import pack, work
from db import audit, grants, jobs, people, sessions
from db.engine import engine
from db.identities import User
from db.members import Given, change, end_access
from db.session import open_platform, open_session
from db.tenants import add_tenant, scope_of
from scheme.errors import Forbidden, UsageError
from tests.dashboard.conftest import PASSWORD, on_a_page, signed_in
from tests.dashboard.small_programme import CERTIFICATES, HEAD, RESULTS, SITES, TREE, loaded

FEW = ("overview", "heatmap", "department", "coverage")  # pages of a pack whose pages are not what is tried
WHOLE = pack.WHOLE
TODAY = datetime.now(UTC).date()
LEAD, CHAMPION, LEADER = "lead@ash.example", "champion@ash.example", "leader@ash.example"


@pytest.fixture(scope="module")
def app():
    """The dashboard as it is served, in this process."""
    from dashboard.app import create_app

    return create_app()


@pytest.fixture(scope="module")
def built(empty_warehouse, tmp_path_factory) -> Path:
    """A warehouse with a small programme, a lead, a leader and a champion of HOU; tests/db tries both kinds."""
    path = Path(shutil.copy(empty_warehouse("sqlite"), tmp_path_factory.mktemp("packs") / "assay.db"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
        add_tenant("ASH", "Ashcombe Council")
        once = {
            LEAD: people.add_user(LEAD, "corporate_lead", "ASH"),
            LEADER: people.add_user(LEADER, "senior_leader", "ASH"),
            CHAMPION: people.add_user(CHAMPION, "champion", "ASH", ["HOU"]),
        }
        for email, password in once.items():
            sessions.change_password(sessions.sign_in(email, password), password, PASSWORD)
        loaded(scope_of("ASH"), departments=TREE, sites=SITES, certificates=CERTIFICATES, results=RESULTS)
        engine().dispose()
    return path


@pytest.fixture
def ash(built, tmp_path, monkeypatch):
    """Its tenant, in a copy that a test may change."""
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{shutil.copy(built, tmp_path / 'assay.db')}")
    monkeypatch.setenv("ASSAY_SECOND_FACTOR", "off")
    monkeypatch.setattr(pack, "WHOLE", FEW)
    return scope_of("ASH")


def person(email: str) -> int:
    with open_platform() as session:
        return next(user.id for user in session.query(User) if user.email == email)


def asked(client, **told) -> int:
    """The number of the pack that the form asked for."""
    answer = client.post("/packs/new", data={"of": "/", "formats": ["xlsx"], **told})
    assert answer.status_code == 303, answer.text
    return client.get("/packs/progress").json[0]["number"]


def texts(book: bytes) -> str:
    """Every text of a workbook."""
    sheets = openpyxl.load_workbook(io.BytesIO(book))
    return "\n".join(str(cell.value) for sheet in sheets for row in sheet.iter_rows() for cell in row if cell.value)


def test_a_page_is_taken_away_as_it_stands_by_who_may_see_it(app, ash):
    lead, champion = signed_in(app, LEAD), signed_in(app, CHAMPION)
    answer = lead.get("/download/this-page.xlsx?of=/heatmap%3Fcriterion%3D1")
    assert answer.status_code == 200, answer.text
    assert f"assay-ASH-heatmap-{TODAY}.xlsx" in answer.headers["Content-Disposition"]
    told = texts(answer.data)
    assert "Finance" in told
    assert "Ashcombe Council" in told
    own = texts(champion.get("/download/this-page.xlsx?of=/heatmap").data)
    assert "Housing" in own
    assert "Finance" not in own
    assert "FIN" not in own
    assert "/download/this-page.xlsx" in list(audit.entries(ash)["object"])


def test_what_is_no_page_or_no_page_of_one_s_role_is_not_taken_away(app, ash):
    leader = signed_in(app, LEADER)
    assert leader.get("/download/this-page.xlsx?of=/coverage").status_code == 403
    assert leader.get("/download/this-page.xlsx?of=/administration").status_code == 400
    assert leader.get("/download/this-page.exe?of=/heatmap").status_code == 404
    assert leader.get("/download/this-page.xlsx?of=//evil.example/heatmap").status_code == 200, (
        "then it is the first page"
    )
    assert leader.get("/download/this-page.xlsx?of=/heatmap%3Fas_of%3Dtomorrow").status_code == 400


def test_the_whole_pack_is_asked_for_made_and_picked_up_by_who_asked_alone(app, ash):
    lead, leader = signed_in(app, LEAD), signed_in(app, LEADER)
    number = asked(lead)
    (told,) = lead.get("/packs/progress").json
    assert told["state"] == "waiting"
    assert "Waiting" in lead.get("/packs").text
    assert work.work_once() == 1
    assert work.work_once() == 0
    page = lead.get("/packs").text
    assert "Ready" in page
    assert f"/download/pack/{number}.xlsx" in page
    book = lead.get(f"/download/pack/{number}.xlsx")
    assert "Finance" in texts(book.data)
    assert leader.get(f"/download/pack/{number}.xlsx").status_code == 404
    assert leader.get("/packs/progress").json == []
    assert lead.get(f"/download/pack/{number}.pdf").status_code == 404
    assert {"asked for a pack", "made a pack", "exported"} <= set(audit.entries(ash)["action"])
    lead.post(f"/packs/{number}/remove", data={})
    assert lead.get(f"/download/pack/{number}.xlsx").status_code == 404


def test_the_pack_of_each_role_has_the_pages_of_that_role_and_no_others(ash, monkeypatch):
    monkeypatch.setattr(pack, "WHOLE", WHOLE)
    lead, leader, champion = (
        grants.scope_of_person(person(email), ash.tenant_id) for email in (LEAD, LEADER, CHAMPION)
    )
    assert {"/coverage", "/sites", "/renewal"} <= set(pack.addresses(lead))
    assert not {"/coverage", "/sites", "/renewal", "/journey", "/scope"} & set(pack.addresses(leader))
    assert "/department?department=HOU" in pack.addresses(champion)
    made = pack.document(champion, pack.addresses(champion), pack.snapshot(), "The pack")
    assert "Finance" not in str(made)
    assert "Housing" in str(made)


def test_who_lost_their_role_before_the_pack_was_made_gets_nothing(app, ash):
    number = asked(signed_in(app, CHAMPION))
    end_access(ash, person(CHAMPION))
    assert work.work_once() == 1
    with open_session(replace(ash, actor=f"person {person(CHAMPION)}")) as session:
        job = jobs.one(session, number)
    assert (job.state, job.said, dict(job.files)) == ("failed", work.ENDED, {})


def test_who_may_take_nothing_away_any_more_gets_nothing(app, ash):
    number = asked(signed_in(app, LEAD))
    change(ash, person(LEAD), Given("corporate_lead", may_export=False))
    work.work_once()
    with open_session(replace(ash, actor=f"person {person(LEAD)}")) as session:
        assert jobs.one(session, number).state == "failed"


def test_who_may_see_less_since_the_pack_was_made_does_not_pick_it_up(app, ash):
    lead = signed_in(app, LEAD)
    number = asked(lead)
    work.work_once()
    change(ash, person(LEAD), Given("champion", ("HOU",)))
    answer = on_a_page(lead).get(f"/download/pack/{number}.xlsx")
    assert (answer.status_code, answer.text) != (200, "")
    assert answer.status_code in (302, 400, 401)
    assert b"Finance" not in answer.data
    again = signed_in(app, LEAD).get(f"/download/pack/{number}.xlsx")
    assert again.status_code == 400
    assert "has changed since" in again.text


def test_the_pack_of_a_snapshot_is_the_same_when_it_is_made_again_after_more_was_loaded(ash):
    lead = grants.scope_of_person(person(LEAD), ash.tenant_id)
    of, addresses = pack.snapshot(), pack.addresses(lead, ["HOU"])
    before = pack.document(lead, addresses, of, "The pack")
    loaded(ash, later=HEAD + f"HOU,annual_review,{TODAY},1.1.1,Non-compliant\n".encode())
    again = pack.document(lead, addresses, of, "The pack")
    assert again.pages == before.pages
    assert replace(again.about, made_at=of.known_at) == replace(before.about, made_at=of.known_at)
    now = pack.document(lead, addresses, pack.snapshot(), "The pack")
    changed = [one.name for one, other in zip(before.pages, now.pages, strict=True) if one.blocks != other.blocks]
    assert {"overview", "heatmap", "department"} <= set(changed)


def test_nobody_who_may_not_take_files_away_makes_a_pack(ash):
    lead = grants.scope_of_person(person(LEAD), ash.tenant_id)
    with pytest.raises(Forbidden):
        pack.document(replace(lead, permissions=lead.permissions - {"export"}), ["/"], pack.snapshot(), "The pack")
    assert grants.scope_of_person(person(LEAD), ash.tenant_id + 1) is None
    assert grants.scope_of_person(99999, ash.tenant_id) is None


def test_a_form_that_asks_for_nothing_or_for_what_is_not_there_says_so(app, ash):
    champion = signed_in(app, CHAMPION)
    nothing = champion.post("/packs/new", data={"of": "/heatmap"})
    assert (nothing.status_code, "Choose one kind of file at least." in nothing.text) == (400, True)
    hidden, nobody = (
        champion.post("/packs/new", data={"of": "/", "formats": "xlsx", "departments": code}) for code in ("FIN", "ZZZ")
    )
    assert (hidden.status_code, "There is no such department" in hidden.text) == (400, True)
    mask = re.compile("FIN|ZZZ")
    assert mask.sub("", hidden.text) == mask.sub("", nobody.text)
    assert champion.get("/packs/progress").json == []


def test_what_cannot_be_made_says_why_and_what_goes_wrong_gives_a_number(app, ash, monkeypatch):
    lead = signed_in(app, LEAD)
    for error, said in (
        (UsageError("too large"), "Too large."),
        (ZeroDivisionError("1/0"), "Something went wrong here"),
    ):

        def broken(*_, error=error):
            raise error

        monkeypatch.setattr(pack, "files", broken)
        asked(lead)
        work.work_once()
        assert said in lead.get("/packs/progress").json[0]["words"]
        assert "1/0" not in lead.get("/packs").text


def test_a_pack_that_is_removed_while_it_is_made_is_left(app, ash):
    lead = signed_in(app, LEAD)
    number = asked(lead)
    with open_session(ash, write=True) as session:
        held = jobs.claim(session)
    lead.post(f"/packs/{number}/remove", data={})
    work._make(ash, held)
    assert lead.get("/packs/progress").json == []


def test_a_page_that_is_there_twice_says_what_was_asked_of_it(ash):
    lead = grants.scope_of_person(person(LEAD), ash.tenant_id)
    told = pack.document(lead, ["/heatmap", "/heatmap?criterion=all", "/sites"], pack.snapshot(), "Told apart")
    assert [page.title for page in told.pages] == ["Heatmap", "Heatmap: All elements", "Sites"]


def test_a_snapshot_is_never_of_a_moment_to_come():
    assert pack.snapshot(known_at=datetime.now(UTC) + timedelta(days=400)).known_at <= datetime.now(UTC)


def test_whoever_runs_the_installation_writes_the_pack_into_a_folder(ash, tmp_path):
    import assay

    def said(*words: str):
        return CliRunner().invoke(assay.app, ["pack", "--tenant", "ASH", *words])

    done = said("--out", str(tmp_path / "out"), "--format", "xlsx", "--department", "HOU")
    assert done.exit_code == 0, done
    (path,) = (tmp_path / "out").iterdir()
    assert str(path) in done.stdout
    assert "Finance" in texts(path.read_bytes())
    again = re.search(r"--as-of (\S+) --known-at (\S+)", done.stderr)
    assert (
        said("--out", str(tmp_path / "again"), "--format", "xlsx", "--department", "HOU", *again[0].split()).exit_code
        == 0
    )
    (other,) = (tmp_path / "again").iterdir()
    made = [re.sub(r"for the command line|\d\d:\d\d", "", texts(one.read_bytes())) for one in (path, other)]
    assert made[0] == made[1]
    for wrong in (("--format", "docx"), ("--department", "ZZZ"), ("--as-of", "soon")):
        with pytest.raises(UsageError):
            raise said("--out", str(tmp_path), *wrong).exception
