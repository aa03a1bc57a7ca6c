"""Administration's pages, asked in this process: who gets them, what their forms take, whose rows they touch."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from dashboard.administration import PAGES
from tests.dashboard.conftest import BOTH, LEAD, NEW, PASSWORD, at_the_door, signed_in

ADMIN, SECOND, THEIRS = "admin@example.org", "second@example.org", "theirs@example.org"
PATHS = ["/administration", *(page.path for page in PAGES)]
FORM = {"role": "senior_leader", "until": "", "export": "usual"}
TOMORROW = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


def with_password(email: str, role: str, tenant: str) -> None:
    """A person of a tenant who signs in with PASSWORD."""
    from db import people, sessions

    once = people.add_user(email, role, tenant)
    sessions.change_password(sessions.sign_in(email, once), once, PASSWORD)


@pytest.fixture(scope="module")
def administered(people_warehouse, tmp_path_factory) -> str:
    """The path of a warehouse with an administrator in each of two tenants."""
    path = shutil.copy(people_warehouse.removeprefix("sqlite:///"), tmp_path_factory.mktemp("admin") / "assay.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
        from db.engine import engine

        with_password(ADMIN, "administrator", "demo")
        with_password(THEIRS, "administrator", "canary")
        engine(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture
def own_people(administered, monkeypatch, tmp_path) -> str:
    """This process's warehouse for one test: a copy of `administered` that the test may change."""
    path = shutil.copy(administered, tmp_path / "assay.db")
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("ASSAY_SECOND_FACTOR", "off")
    return f"sqlite:///{path}"


@pytest.fixture
def admin(app, own_people):
    """A client signed in as the only administrator of the first tenant."""
    return signed_in(app, ADMIN)


def scope_of(code: str):
    from db.tenants import scope_of as found

    return found(code)


def id_of(code: str, email: str) -> int:
    from db import members

    return next(one.user_id for one in members.members(scope_of(code)) if one.email == email)


def members_of(code: str) -> dict:
    from db import members

    return {one.email: one for one in members.members(scope_of(code))}


def text_of(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def log(count: int = 1) -> list[str]:
    from db import audit

    return audit.entries(scope_of("demo"), count)["action"].to_list()


def page_token(client) -> str:
    return client.environ_base["HTTP_X_ASSAY_PAGE"]


# --- the frame --------------------------------------------------------------------------------------------------------


def test_a_page_is_an_administrators_and_nobody_elses(app, admin, lead, stranger):
    for path in PATHS:
        shown = admin.get(path)
        assert shown.status_code == 200, path
        assert "Northshire County Council" in shown.text
        assert "CANARY" not in shown.text
        assert f'name="page" value="{page_token(admin)}"' in shown.text.partition('action="/sign-out"')[2][:200]
        assert lead.get(path).status_code == 403
        assert stranger.get(path).location == "/sign-in"


def test_every_form_carries_the_token_of_its_page_and_every_field_its_label(admin):
    for path in (*PATHS, "/administration/people/invite", f"/administration/people/{id_of('demo', LEAD)}"):
        text = admin.get(path).text
        for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
            if 'method="post"' in form:
                assert form.count(f'name="page" value="{page_token(admin)}"') == 1, form[:200]
            for field in re.findall(r"<(?:input|select|textarea)\b[^>]*>", form):
                if 'type="hidden"' not in field:
                    name = re.search(' id="([^"]+)"', field)[1]
                    assert f'for="{name}"' in text, field


def views(app) -> list[tuple[str, str]]:
    """Every address of administration and a way in which it is asked."""
    return sorted(
        (re.sub(r"<[^>]*>", "1", rule.rule), method)
        for rule in app.server.url_map.iter_rules()
        if rule.rule.startswith("/administration")
        for method in rule.methods - {"OPTIONS", "HEAD"}
    )


def test_no_address_answers_a_lead_a_stranger_or_a_page_of_somebody_else(app, admin, lead, stranger):
    assert len(views(app)) > 20
    for path, method in views(app):
        # A load is taken back by who may send for all: of this one there is nothing.
        assert lead.open(path, method=method).status_code == (404 if "/withdraw/" in path else 403), (method, path)
        assert stranger.open(path, method=method).status_code in (302, 401), (method, path)
        if method == "POST":
            bare = dict(admin.environ_base)
            admin.environ_base.pop("HTTP_X_ASSAY_PAGE")
            assert admin.post(path).status_code == 403, path
            assert admin.post(path, data={"page": page_token(lead)}).status_code == 409, path
            admin.environ_base.update(bare)


def test_a_form_takes_what_it_has_and_nothing_else(app, admin):
    """Mass assignment: an unknown field, one that is sent twice, a file, an address with a query."""
    before = members_of("demo")
    user_id = id_of("demo", LEAD)
    for path in ("/administration/people/invite", f"/administration/people/{user_id}"):
        good = {**FORM, **({"email": "x@example.org"} if path.endswith("invite") else {})}
        for more in ("tenant_id", "home_tenant_id", "user_id", "is_admin", "may_export", "password_hash", "email2"):
            assert admin.post(path, data={**good, more: "1"}).status_code == 400
        assert admin.post(path, data={**good, "role": ["champion", "administrator"]}).status_code == 400
        assert admin.post(f"{path}?role=administrator", data=good).status_code == 400
        assert admin.post(path, data={**good, "role": "x" * 5000}).status_code == 400
    for path in ("/administration/settings", "/administration/tokens", "/administration/groups"):
        assert admin.post(path, data={"tenant_id": "2"}).status_code == 400
    assert admin.post(f"/administration/people/{user_id}/end-access", data={"user_id": "1"}).status_code == 400
    assert members_of("demo") == before


def test_a_sentence_about_a_change_is_shown_once_and_to_this_session_alone(app, admin, lead):
    answer = admin.post("/administration/settings", data={"champions_see_others": "distribution"})
    assert answer.status_code == 303
    kept = admin.get_cookie("assay-said").value
    other = at_the_door(app)
    other.set_cookie("assay", admin.get_cookie("assay").value)
    assert "Champions see" in admin.get(answer.location).text
    assert 'class="said"' not in admin.get(answer.location).text
    with_password(SECOND, "administrator", "demo")
    second = signed_in(app, SECOND)
    second.set_cookie("assay-said", kept)
    assert 'class="said"' not in second.get("/administration/settings").text
    second.set_cookie("assay-said", "<b>forged</b>")
    assert "forged" not in second.get("/administration/settings").text


def test_the_start_page_says_what_needs_attention(app, admin):
    text = text_of(admin.get("/administration"))
    assert f"whose role asks for a second factor have not set it up yet: {ADMIN}" in text
    assert NEW in text.partition("never signed in")[2]
    assert "No list of annual elements is set" in text


# --- people -----------------------------------------------------------------------------------------------------------


def test_somebody_is_invited_opens_their_link_and_comes_in_as_what_they_were_given(app, admin):
    answer = admin.post("/administration/people/invite", data={**FORM, "email": "Ann@Example.org", "until": TOMORROW})
    shown = admin.get(answer.location)
    link = re.search(r"<code>http://localhost(/reset/[\w-]{40,})</code>", shown.text)[1]
    assert link not in admin.get(answer.location).text
    guest = app.server.test_client()
    asked = guest.get(link, follow_redirects=True)
    token = re.search(r'name="page" value="([0-9a-f]{32})"', asked.text)[1]
    chosen = {"page": token, "new": "an unusual sentence", "again": "an unusual sentence"}
    assert guest.post(asked.request.path, data=chosen).status_code in (200, 302)
    ann = signed_in(app, "ann@example.org", "an unusual sentence")
    assert ann.get("/heatmap").status_code == 200
    assert ann.get("/administration").status_code == 403
    one = members_of("demo")["ann@example.org"]
    assert (one.kind, one.role, one.may_export, one.ends_on.isoformat()) == (
        *("ours", "senior_leader", True),
        (datetime.now(UTC).date() + timedelta(days=2)).isoformat(),
    )


def test_inviting_answers_alike_whoever_has_an_account_elsewhere(admin, own_people):
    """T6: somebody of the other tenant, an operator, and nobody at all."""
    said = []
    for email in (THEIRS, "nobody@example.org", "really.nobody@example.org"):
        answer = admin.post("/administration/people/invite", data={**FORM, "email": email})
        shown = admin.get(answer.location)
        words = re.search(r'<div class="said".*?</div></div>', shown.text.replace("\n", ""), re.DOTALL)
        said.append((answer.status_code, answer.location, re.sub(rf"{email}|/reset/[\w-]+", "X", words[0])))
        again = admin.post("/administration/people/invite", data={**FORM, "email": email})
        said[-1] += (again.status_code, re.sub(email, "X", text_of(again)))
    assert said[0] == said[1] == said[2]
    assert members_of("canary").keys() == {BOTH, THEIRS}


def test_a_foreign_person_and_nobody_answer_alike(app, admin, own_people):
    """T10, and on every kind of edit; nothing of theirs is changed."""
    foreign, before = id_of("canary", THEIRS), members_of("canary")
    acts = ("end-access", "disable", "enable", "reset-password", "reset-second-factor", "end-sessions")
    for below in ("", *(f"/{act}" for act in acts)):
        answers = [
            (answer.status_code, answer.text)
            for user_id in (foreign, 999_999)
            for answer in [admin.post(f"/administration/people/{user_id}{below}", data={} if below else FORM)]
        ]
        assert answers[0] == answers[1] == (404, "There is no such page.\n"), below
    assert admin.get(f"/administration/people/{foreign}").text == admin.get("/administration/people/999999").text
    assert members_of("canary") == before
    assert signed_in(app, THEIRS).get("/administration").status_code == 200


def test_a_role_is_changed_and_its_bearer_signs_in_again(app, admin):
    lead = signed_in(app, LEAD)
    path = f"/administration/people/{id_of('demo', LEAD)}"
    answer = admin.post(path, data={**FORM, "export": "no"})
    assert f"{LEAD} is a senior leader now" in admin.get(answer.location).text
    assert lead.get("/_dash-layout").status_code == 401
    again = signed_in(app, LEAD)
    assert again.get("/data").status_code == 403
    assert log(4) == ["refused", "came in", "granted", "came in"]
    assert again.get("/download/sites.csv").status_code == 403


WRONG = [
    ({"role": "operator"}, "role", "Choose a role."),
    ({"role": ""}, "role", "Choose a role."),
    ({"role": "champion"}, "departments", "tick at least one"),
    ({"role": "champion", "departments": ["NOWHERE"]}, "departments", "There is no department NOWHERE."),
    ({"role": "administrator", "departments": ["X"]}, "departments", "for the whole organisation"),
    ({"until": "2020-01-01"}, "until", "The last day is past"),
    ({"until": "soon"}, "until", "Write the last day as a day"),
    ({"until": "9999-12-31"}, "until", "Write the last day as a day"),
    ({"email": "no address"}, "email", "is no e-mail address"),
    ({"email": LEAD}, "email", "your people include"),
]


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(admin):
    for sent, field, words in WRONG:
        answer = admin.post("/administration/people/invite", data={**FORM, "email": "new.one@example.org", **sent})
        assert answer.status_code == 400
        told = re.search(rf'id="{field}-wrong">(.*?)</p>', answer.text, re.DOTALL)[1]
        assert words.casefold() in text_of_html(told).casefold(), sent
        assert re.search(rf'id="{field}"[^>]*aria-describedby="[^"]*{field}-wrong"', answer.text)
        assert f'<a href="#{field}">' in answer.text
        assert "<title>Not done: " in answer.text
        assert f'value="{sent.get("email", "new.one@example.org")}"' in answer.text
    assert "new.one@example.org" not in members_of("demo")


def text_of_html(text: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", text))


def test_what_was_typed_is_shown_as_text(admin):
    for path, data in (
        ("/administration/people/invite", {**FORM, "email": '"><script>alert(1)</script>'}),
        ("/administration/tokens", {"name": '"><script>alert(1)</script>', "days": "90"}),
        ("/administration/groups", {"group": '"><script>alert(1)</script>', "role": ""}),
    ):
        answer = admin.post(path, data=data)
        assert answer.status_code == 400
        assert "<script>" not in answer.text
    assert "<script>" not in admin.get("/administration/audit?actor=<script>&day=<script>&action=<script>").text


def test_the_last_administrator_can_neither_lose_the_role_nor_end_their_access(app, admin):
    own = id_of("demo", ADMIN)
    for below, data in (("", FORM), ("", {**FORM, "role": "administrator", "until": TOMORROW}), ("/end-access", {})):
        answer = admin.post(f"/administration/people/{own}{below}", data=data)
        assert answer.status_code == 400
        assert "the only administrator without an end day" in answer.text.casefold()
    assert admin.get("/administration").status_code == 200
    with_password(SECOND, "administrator", "demo")
    assert admin.post(f"/administration/people/{own}", data=FORM).status_code == 303
    assert admin.get("/administration").status_code in (302, 403)


def test_an_account_of_the_operator_is_not_touched_and_an_own_one_is(app, admin):
    lead = id_of("demo", LEAD)
    for act in ("disable", "enable", "reset-password", "reset-second-factor"):
        answer = admin.post(f"/administration/people/{lead}/{act}")
        assert answer.status_code == 400
        assert "kept elsewhere" in answer.text
    assert "reset-password" not in admin.get(f"/administration/people/{lead}").text
    admin.post("/administration/people/invite", data={**FORM, "email": "ours@example.org"})
    ours = id_of("demo", "ours@example.org")
    for act, what in (
        ("disable", "disabled"),
        ("enable", "enabled"),
        ("reset-second-factor", "reset second factor"),
        ("end-sessions", "ended sessions"),
        ("end-access", "revoked"),
    ):
        answer = admin.post(f"/administration/people/{ours}/{act}")
        assert answer.status_code == 303, act
        assert log() == [what]
    assert members_of("demo")["ours@example.org"].role == ""
    assert "/reset/" in admin.get(admin.post(f"/administration/people/{ours}/reset-password").location).text
    assert admin.post(f"/administration/people/{ours}/promote").status_code == 404


def test_nobody_resets_their_own_second_factor_past_the_door(app, admin):
    with_password(SECOND, "administrator", "demo")
    admin.post("/administration/people/invite", data={**FORM, "email": "ours@example.org", "role": "administrator"})
    shown = admin.get("/administration/people").text
    link = re.search(r"<code>http://localhost(/reset/[\w-]{40,})</code>", shown)[1]
    from db import reset

    reset.use(link.removeprefix("/reset/"), PASSWORD + " more")
    ours = signed_in(app, "ours@example.org", PASSWORD + " more")
    own = id_of("demo", "ours@example.org")
    for act in ("reset-second-factor", "reset-password"):
        answer = ours.post(f"/administration/people/{own}/{act}")
        assert answer.status_code == 400
        assert "under your account" in answer.text


def test_a_visit_of_the_operator_is_shown_with_its_reason_and_its_operator_is_no_person_here(app, admin):
    from db import people, sessions

    once = people.add_user("op@assay.example", "operator")
    token = sessions.sign_in("op@assay.example", once)
    sessions.visit(token, "demo", "a load hangs, says the lead", timedelta(hours=1))
    text = text_of(admin.get("/administration/people"))
    assert "a load hangs, says the lead" in text
    assert "Let in now" in text
    assert "op@assay.example" not in members_of("demo")
    assert "is let in until" in text_of(admin.get("/administration"))
    assert admin.get(f"/administration/people/{id_of_user('op@assay.example')}").status_code == 404


def id_of_user(email: str) -> int:
    from sqlalchemy import select

    from db.identities import User
    from db.session import open_platform

    with open_platform() as session:
        return session.scalars(select(User.id).where(User.email == email)).one()


# --- groups, tokens, settings, audit log ------------------------------------------------------------------------------


def test_a_group_gives_a_role_and_nothing_any_more(admin, monkeypatch, tmp_path):
    from db.sign_on import group_roles

    assert "No sign-on service is set up" in admin.get("/administration/groups").text
    said = "".join(
        f'[providers.{name}]\ntitle = "{name}"\nissuer = "https://{name}.example.org"\nclient_id = "assay"\n'
        f'client_secret_env = "A_SECRET"\ntenants = ["{tenant}"]\n'
        for name, tenant in (("council", "demo"), ("canary-b", "canary"))
    )
    (tmp_path / "sign-on.toml").write_text(said, "utf-8")
    monkeypatch.setenv("A_SECRET", "a secret of the tests")
    monkeypatch.setenv("ASSAY_SIGN_ON", str(tmp_path / "sign-on.toml"))
    page = admin.get("/administration/groups").text
    assert "council" in page
    assert "canary-b" not in page
    good = {"provider": "council", "group": "assay readers", "role": "senior_leader", "export": "no"}
    for name in ("canary-b", "nowhere", ""):
        answer = admin.post("/administration/groups", data={**good, "provider": name})
        assert answer.status_code == 400
        assert "Choose a sign-on service." in answer.text
    assert admin.post("/administration/groups", data=good).status_code == 303
    (one,) = group_roles(scope_of("demo"))
    assert (one.group, one.role, one.may_export) == ("assay readers", "senior_leader", False)
    taken = admin.post("/administration/groups/take", data={"provider": "council", "group": "assay readers"})
    assert taken.status_code == 303
    assert group_roles(scope_of("demo")) == ()
    assert log(2) == ["revoked from group", "granted to group"]


def test_a_token_is_shown_once_does_no_more_than_its_maker_and_is_revoked(app, admin):
    page = admin.get("/administration/tokens").text
    assert 'value="send"' in page
    assert 'value="read"' not in page  # administrators take no data away unless they were given that
    refused = admin.post("/administration/tokens", data={"name": "nightly", "scopes": ["read"], "days": "90"})
    assert refused.status_code == 400
    assert "your role lacks the right to export" in refused.text.casefold()
    made = admin.post("/administration/tokens", data={"name": "nightly", "scopes": ["send"], "days": "7"})
    shown = admin.get(made.location).text
    token = re.search(r"<code>(assay_[\w-]{43})</code>", shown)[1]
    assert token not in admin.get(made.location).text
    assert "Token 1, nightly, ends on" in text_of(admin.get("/administration"))
    from db.tokens import scope_of_token

    assert scope_of_token(token).tenant_code == "demo"
    assert admin.post("/administration/tokens/1/revoke").status_code == 303
    assert scope_of_token(token) is None
    assert admin.post("/administration/tokens/77/revoke").status_code == 400


def test_a_setting_takes_only_what_it_knows(admin):
    for data in ({}, {"champions_see_others": "everything"}):
        assert admin.post("/administration/settings", data=data).status_code == 400


def test_an_administrator_sees_quotas_and_is_told_before_they_are_reached_and_can_set_none(admin, tmp_path):
    from db import quotas
    from db.session import open_session
    from etl import run

    def beginning(most: str) -> str:
        with open_session(scope_of("demo"), write=True) as session:
            quotas.limit(session, "results", most)
        return text_of(admin.get("/administration"))

    file = tmp_path / "results.csv"
    rows = [f"{code},annual_review,2026-03-07,1.1.1,compliant" for code in ("D1", "D2", "D3", "D4")]
    file.write_text("\n".join(["department_code,assessment_type,assessed_on,element,band", *rows]), "utf-8")
    run.load(scope_of("demo"), [file], sent_by="lead@example.org")
    assert "Results that hold 4 Any number" in text_of(admin.get("/administration/settings"))
    assert "results that hold" not in beginning("6")
    assert "4 of 5 results that hold are used" in beginning("5")
    assert "Results that hold Nearly full 4 5" in text_of(admin.get("/administration/settings"))
    for name in ("results", "quota_results"):
        own = {"champions_see_others": "nothing", name: ""}
        assert admin.post("/administration/settings", data=own).status_code == 400
    assert "4 of 5 results that hold are used" in text_of(admin.get("/administration"))


def test_the_audit_log_is_paged_filtered_and_says_that_it_is_whole(app, admin):
    from db import audit
    from db.session import open_session

    with open_session(scope_of("demo"), write=True) as session:
        for number in range(205):
            audit.record(session, "counted", f"thing {number}", number=number)
    text = text_of(admin.get("/administration/audit"))
    count = audit.head(scope_of("demo"))[0]
    assert f"This log is unbroken since {datetime.now(UTC).day} " in text
    assert f"{count} entries, 1 to 100 shown" in text
    assert "Page 1 of 3" in text
    assert f"{count} entries, 201 to {count} shown" in text_of(admin.get("/administration/audit?number=3"))
    only = text_of(admin.get("/administration/audit?action=counted"))
    assert "205 entries" in only
    assert LEAD not in only.partition("newest first")[2]
    person = f"person {id_of('demo', ADMIN)}"
    assert "came in" in text_of(admin.get(f"/administration/audit?actor={person}")).casefold()
    assert "No entry answers to that." in text_of(admin.get("/administration/audit?day=2020-01-01"))
    for strange in ("day=2020-13-01", "day=0001-01-01", "day=9999-12-31", "number=0", "number=x", "number=999999"):
        assert admin.get(f"/administration/audit?{strange}").status_code == 200, strange


def test_the_audit_log_says_where_it_was_changed(app, admin):
    from sqlalchemy import create_engine, text

    from db.engine import database_url

    own = create_engine(database_url())
    with own.connect().execution_options(assay_exempt=True) as connection, connection.begin():
        for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        connection.execute(text("UPDATE audit_entries SET actor = 'person 1' WHERE entry_number = 2"))
    own.dispose()
    text_ = text_of(admin.get("/administration/audit"))
    assert "entry 2 was changed" in text_
    assert "unbroken since" not in text_


def test_the_log_is_taken_away_with_the_right_to_export_alone_and_that_is_logged(app, admin, own_people):
    assert admin.get("/administration/audit/log.csv").status_code == 403
    assert "log.csv" not in admin.get("/administration/audit").text
    lead = signed_in(app, LEAD)  # may export, and may not read the log
    assert lead.get("/administration/audit/log.csv").status_code == 403
    with_password(SECOND, "administrator", "demo")
    path = f"/administration/people/{id_of('demo', SECOND)}"
    assert admin.post(path, data={**FORM, "role": "administrator", "export": "yes"}).status_code == 303
    second = signed_in(app, SECOND)
    shown = second.get("/administration/audit").text
    link = unescape(re.search(r'href="(/administration/audit/log\.csv[^"]*)"', shown)[1])
    answer = second.get(link)
    assert answer.status_code == 200
    assert SECOND in answer.text
    assert log() == ["exported"]
    assert second.get("/administration/audit/log.xlsx").data[:2] == b"PK"
    assert second.get("/administration/audit/log.txt").status_code == 404
    second.environ_base.pop("HTTP_X_ASSAY_PAGE")
    assert second.get("/administration/audit/log.csv?page=0123").status_code == 409  # of another session's page
