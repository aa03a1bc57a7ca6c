"""Everybody hears of what they may see, once, from a real mail server, and of nothing when that is over (T8, T1).

What is sent goes to an SMTP server on this machine, with and without encryption; nothing of it is stood in for.
"""

import re
import shutil
import socket
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from icalendar import Calendar
from sqlalchemy import select
from typer.testing import CliRunner

from dashboard.reminding import post, run
from dashboard.reminding.letters import Letter
from dashboard.reminding.run import remind
from db import audit, members, people, reminders, sessions
from db.engine import engine
from db.grants import scope_of_person
from db.identities import User
from db.reminders import Choices
from db.session import open_platform, open_session
from db.tenants import add_tenant, scope_of
from etl import run as loading
from tests.dashboard.conftest import PASSWORD, signed_in
from tests.noninterference import story

NOW = datetime.now(UTC)
LEAD, CHAMPION, ADMIN = "lead@ash.example", "champion@ash.example", "admin@ash.example"
SENIOR, ASSESSOR, NEW = "senior@ash.example", "assessor@ash.example", "new@ash.example"
PEOPLE = {LEAD: "corporate_lead", CHAMPION: "champion", ADMIN: "administrator", SENIOR: "senior_leader"}


@pytest.fixture(scope="module")
def app():
    """The dashboard as it is served, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_REQUESTS_A_MINUTE", "1000000")
        from dashboard.app import create_app

        yield create_app()


@pytest.fixture(scope="module")
def organisation(empty_warehouse, tmp_path_factory) -> str:
    """Where a warehouse is of an organisation with HOU and FIN, in which a form is late, and its people."""
    folder = tmp_path_factory.mktemp("reminding")
    path = shutil.copy(empty_warehouse("sqlite"), folder / "assay.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
        add_tenant("ASH", "Ashcombe Council")
        for earlier in (True, False):
            files = story.written(story.OURS, folder / f"ours-{earlier}", NOW.date(), earlier)
            loading.load(scope_of("ASH"), [files], sent_by="pat@ash.example")
        places = {CHAMPION: ["HOU"]}
        once = {email: people.add_user(email, role, "ASH", places.get(email, ())) for email, role in PEOPLE.items()}
        once[ASSESSOR] = people.add_user(ASSESSOR, "assessor", "ASH", certificates=["C-HOU"])
        for email, password in once.items():
            sessions.change_password(sessions.sign_in(email, password), password, PASSWORD)
        people.add_user(NEW, "corporate_lead", "ASH")  # who has never signed in
        engine().dispose()
    return path


@pytest.fixture
def ash(organisation, tmp_path, monkeypatch):
    """The command line's scope in that organisation, on a copy that the test may change."""
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{shutil.copy(organisation, tmp_path / 'assay.db')}")
    monkeypatch.setenv("ASSAY_SECOND_FACTOR", "off")
    monkeypatch.setenv("ASSAY_SMTP_FROM", "Assay <assay@mail.example>")
    monkeypatch.setenv("ASSAY_ORIGIN", "https://assay.example")
    monkeypatch.delenv("ASSAY_SMTP_URL", raising=False)
    yield scope_of("ASH")
    engine().dispose()


class Box:
    """A mail server's handler that keeps what it is given."""

    def __init__(self):
        self.letters = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # as aiosmtpd calls it
        self.letters.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"

    def to(self, email):
        return [letter for whom, letter in self.letters if whom == [email]]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def listening(port=None, **options):
    """A mail server on this machine: what it is given, and its port."""
    box = Box()
    controller = Controller(box, hostname="localhost", port=port or free_port(), **options)
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


@pytest.fixture
def mail(ash, monkeypatch):
    """A mail server that the settings name: what it is given."""
    with listening() as (box, port):
        monkeypatch.setenv("ASSAY_SMTP_URL", f"smtp://localhost:{port}")
        yield box


def reminded(ash, later=timedelta(0), **options):
    """A run, so much later than now: what became of whom, by address."""
    return {one.person: one for one in remind([ash], datetime.now(UTC) + later, post.configured(), **options)}


def number(email) -> int:
    with open_platform() as session:
        return session.scalars(select(User.id).where(User.email == email)).one()


def choose(ash, email, *kinds, by_mail=True, weekly=True):
    with open_session(ash, write=True) as session:
        reminders.choose(session, number(email), Choices(kinds, by_mail, weekly), NOW)


def alerts_of(box, email):
    return [letter for letter in box.to(email) if "reminder" in letter["Subject"]]


def said(letter, kind="plain") -> str:
    return letter.get_body((kind,)).get_content()


# --- who is told what -------------------------------------------------------------------------------------------------


def test_each_is_told_of_what_they_may_see_in_the_app_and_by_letter_once(ash, mail):
    first = reminded(ash)
    assert {email: one.letter for email, one in first.items()} == {
        **dict.fromkeys((*PEOPLE, ASSESSOR), run.SENT),
        NEW: run.NOT_READY,
    }
    (champion,), (lead,) = alerts_of(mail, CHAMPION), alerts_of(mail, LEAD)
    assert "OURS-departments-department_name-0 (HOU): the form for the annual review" in said(champion)
    for kind in ("plain", "html"):
        assert "HIDDEN" in said(lead, kind)
        assert "HIDDEN" not in said(champion, kind)
        assert "FIN" not in said(champion, kind)
        assert "HIDDEN" not in said(alerts_of(mail, ASSESSOR)[0], kind)
    before = len(mail.letters)
    again = reminded(ash, timedelta(hours=1))
    assert {one.new for one in again.values()} == {0}
    assert {one.holds for one in again.values()} == {one.holds for one in first.values()}
    assert len(mail.letters) == before


def test_without_a_mail_server_the_app_alone_tells_and_a_dry_run_changes_nothing(ash):
    dry = reminded(ash, is_dry=True)
    assert dry[LEAD].new > 0
    assert dry[LEAD].letter == run.WOULD
    told = reminded(ash)
    assert (told[LEAD].new, told[LEAD].letter, told[LEAD].weekly) == (dry[LEAD].new, run.NO_POST, run.NO_POST)
    assert reminded(ash)[LEAD].new == 0


def test_who_takes_no_files_away_is_told_how_much_there_is_and_not_what(ash, mail):
    reminded(ash)
    for letter in mail.to(ADMIN):
        assert "Sign in to read" in said(letter)
        for hidden in ("OURS-", "HIDDEN-", "annual review", "C-HOU"):
            assert hidden not in letter.as_string()


def test_a_letter_is_not_sent_to_whoever_lost_their_role_meanwhile(ash, mail, monkeypatch):
    monkeypatch.delenv("ASSAY_SMTP_URL")
    reminded(ash)
    scope = scope_of_person(number(CHAMPION), ash.tenant_id)
    members.end_access(ash, number(CHAMPION))
    people.add_user(LEAD, "champion", "ASH", ["HOU"])
    monkeypatch.setenv("ASSAY_SMTP_URL", f"smtp://localhost:{free_port()}")
    box_post = post.configured()
    # Between the rendering and the sending of one letter:
    one = run._Run(NOW, box_post, False)
    assert one.deliver(Letter("Told", "of HOU"), scope, number(CHAMPION)) == run.LOST
    whole = replace(scope_of_person(number(LEAD), ash.tenant_id), departments=None)
    assert one.deliver(Letter("Told", "of all"), whole, number(LEAD)) == run.LOST
    assert one.post is box_post  # nothing was tried
    # Between the notice in the app and a later letter:
    with listening() as (box, port):
        monkeypatch.setenv("ASSAY_SMTP_URL", f"smtp://localhost:{port}")
        told = reminded(ash)
        assert CHAMPION not in told
        assert box.to(CHAMPION) == []
        assert all("HIDDEN" not in letter.as_string() for letter in box.to(LEAD))
        assert box.to(LEAD)


def test_letters_wait_where_the_mail_server_is_down_and_go_out_with_the_next_run(ash, monkeypatch):
    port = free_port()
    monkeypatch.setenv("ASSAY_SMTP_URL", f"smtp://localhost:{port}")
    down = reminded(ash)
    assert run.FAILED in {one.letter for one in down.values()}
    assert sum(bool(one.why) for one in down.values()) == 1  # then no other is tried
    with listening(port) as (box, _):
        up = reminded(ash, timedelta(hours=1))
        assert {up[email].letter for email in (LEAD, CHAMPION, ADMIN)} == {run.SENT}
        assert len(alerts_of(box, LEAD)) == 1
    actions = audit.entries(ash)["action"].to_list()
    assert "sent a letter" in actions
    assert "did not send a letter" in actions


def test_each_chooses_which_and_how(ash, mail):
    choose(ash, LEAD, "expiry", weekly=False)
    choose(ash, CHAMPION, "form", "failing", by_mail=False, weekly=False)
    told = reminded(ash)
    assert (told[LEAD].holds, told[LEAD].weekly) == (0, run.UNWANTED)
    assert told[CHAMPION].new > 0
    assert told[CHAMPION].letter == run.UNWANTED
    assert mail.to(LEAD) == mail.to(CHAMPION) == []


# --- the week ---------------------------------------------------------------------------------------------------------


def weekly_to(box, email):
    return [letter for letter in box.to(email) if letter["Subject"].startswith("The week to")]


def test_the_week_is_told_where_something_changed_and_not_where_nothing_did(ash, mail, tmp_path):
    assert reminded(ash)[LEAD].weekly == run.NONE  # the first run tells what holds; weeks count from here
    assert reminded(ash, timedelta(days=7))[LEAD].weekly == run.NONE
    assert weekly_to(mail, LEAD) == []
    with open_session(ash, write=True) as session:  # as if that had been today
        for who in map(number, (LEAD, CHAMPION)):
            reminders.turn_week(session, who, reminders.told_up_to(session, who), datetime.now(UTC))
    row = {"department_code": "HOU", "element": "1.1.1", "band": "non_compliant", "assessment_type": "annual_review"}
    rows = [row | {"assessed_on": NOW.date().isoformat()}]
    report = loading.load_rows(ash, "results", rows, sent_by="pat@ash.example", why="seen", today=NOW.date())
    assert not report.rejected
    told = reminded(ash, timedelta(days=7))
    assert (told[LEAD].weekly, told[CHAMPION].weekly) == (run.SENT, run.SENT)
    text = said(weekly_to(mail, CHAMPION)[-1])
    assert re.search(r"Since \d+ \w+ \d{4}: 1 band fell", text)
    assert re.search(r"\(HOU\): 1\.1\.1 from \S+(?: plus)? to non-compliant", text)
    assert "https://assay.example/department?department=HOU" in text


# --- the letter itself ------------------------------------------------------------------------------------------------


def test_a_letter_is_plain_text_and_html_alike_with_the_way_to_the_choices(ash, mail):
    reminded(ash)
    (letter,) = alerts_of(mail, CHAMPION)
    assert (letter["From"], letter["To"]) == ("Assay <assay@mail.example>", CHAMPION)
    assert letter["List-Unsubscribe"] == "<https://assay.example/reminders>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@mail.example>")
    html, plain = said(letter, "html"), said(letter)
    assert '<html lang="en-GB">' in html
    assert f"<title>{letter['Subject']}</title>" in html
    assert re.findall(r"<h(\d)", html)[0] == "1"
    assert html.count("<h1") == 1
    assert "<img" not in html  # nothing tells that it was opened
    assert "http://" not in html + plain
    for href, words in re.findall(r'<li[^>]*><a href="([^"]+)">([^<]+)</a>', html):
        assert href.replace("&amp;", "&") in plain
        assert href.startswith("https://assay.example/")
        assert len(words) > 10
    assert "https://assay.example/reminders" in plain


def test_what_people_wrote_stays_text_in_letters(ash, mail):
    rows = [{"department_code": "HOU", "department_name": "<b>Housing</b>\r\nBcc: x@y.example", "contact": ""}]
    loading.load_rows(ash, "departments", rows, sent_by="pat@ash.example", why="renamed", today=NOW.date())
    reminded(ash)
    (letter,) = alerts_of(mail, CHAMPION)
    assert "<b>" not in said(letter, "html")
    assert "&lt;b&gt;Housing" in said(letter, "html")
    assert letter["Bcc"] is None


# --- the post ---------------------------------------------------------------------------------------------------------


def certificate(folder):
    """A certificate for localhost that nobody signed, and its key: their paths."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(NOW - timedelta(days=1))
    made = made.not_valid_after(NOW + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(key, hashes.SHA256())
    own, secret = folder / "own.pem", folder / "key.pem"
    own.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    return own, secret


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # it does not see that the whole way is encrypted
@pytest.mark.parametrize("way", ["smtp", "smtps"])
def test_the_way_is_encrypted_the_server_known_and_the_password_shown_to_nobody_else(ash, way, tmp_path, monkeypatch):
    import ssl

    own, secret = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own, secret)
    shown = []

    def proven(server, session, envelope, mechanism, data):
        shown.append((data.login, data.password))
        return AuthResult(success=data.password == b"a secret of the post")

    ways = {"smtp": {"tls_context": context, "require_starttls": True}, "smtps": {"ssl_context": context}}
    more = {"authenticator": proven, "auth_required": True, "auth_require_tls": way == "smtp"}
    with listening(**ways[way], **more) as (box, port):
        monkeypatch.setenv("ASSAY_SMTP_URL", f"{way}://assay@localhost:{port}")
        monkeypatch.setenv("ASSAY_SMTP_PASSWORD", "a secret of the post")
        assert "a secret of the post" not in repr(post.configured())
        refused = reminded(ash)
        assert "CERTIFICATE_VERIFY_FAILED" in "".join(one.why for one in refused.values())
        assert (box.letters, shown) == ([], [])
        monkeypatch.setenv("SSL_CERT_FILE", str(own))
        assert reminded(ash)[LEAD].letter == run.SENT
        assert shown[0] == (b"assay", b"a secret of the post")
        assert box.to(LEAD)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ASSAY_SMTP_URL": "mail.example"}, "ASSAY_SMTP_URL is written smtp://"),
        ({"ASSAY_SMTP_URL": "http://mail.example"}, "ASSAY_SMTP_URL is written smtp://"),
        ({"ASSAY_SMTP_URL": "smtp://a:secret@mail.example"}, "without the password"),
        ({"ASSAY_SMTP_URL": "smtp://mail.example:x"}, "is no address"),
        ({"ASSAY_SMTP_URL": "smtp://a@mail.example"}, "set ASSAY_SMTP_PASSWORD"),
        ({"ASSAY_SMTP_FROM": ""}, "ASSAY_SMTP_FROM is not set"),
        ({"ASSAY_ORIGIN": ""}, "ASSAY_ORIGIN is not set"),
        ({"ASSAY_SMTP_PASSWORD_FILE": "/nowhere"}, "cannot be read"),
    ],
)
def test_settings_that_make_no_sense_are_told_before_anybody_is(ash, changed, words, monkeypatch):
    import assay

    for name, value in {"ASSAY_SMTP_URL": "smtp://mail.example", **changed}.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(assay.app, ["remind", "--tenant", "ASH"])
    assert words in str(done.exception)
    with open_session(ash) as session:
        assert reminders.told_up_to(session, number(LEAD)) is None


def test_the_command_says_what_became_of_everybody_and_ends_with_1_where_a_letter_failed(ash, monkeypatch):
    import assay

    monkeypatch.setenv("ASSAY_SMTP_URL", f"smtp://localhost:{free_port()}")
    done = CliRunner().invoke(assay.app, ["remind", "--tenant", "ASH", "--format", "csv"])
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == "tenant,person,holds,new,letter,weekly,why"
    assert "mail server localhost cannot be used" in done.stderr
    with listening() as (_, port):
        monkeypatch.setenv("ASSAY_SMTP_URL", f"smtp://localhost:{port}")
        done = CliRunner().invoke(assay.app, ["remind", "--format", "json"])
        assert done.exit_code == 0


# --- the page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def champion(app, ash):
    """A client of the champion of HOU, after a round of reminders."""
    reminded(ash)
    return signed_in(app, CHAMPION)


def test_the_page_shows_what_holds_and_the_bar_how_many_are_not_read(champion):
    page = champion.get("/reminders").text
    many = int(re.search(r"Reminders, (\d+) not read", page)[1])
    assert f"{many} reminder" in page
    assert page.count('class="new"') == many
    assert "HIDDEN" not in page
    newest = re.search(r'name="number" value="(\d+)"', page)[1]
    assert "read." in champion.get(champion.post("/reminders/read", data={"number": newest}).location).text
    page = champion.get("/reminders").text
    assert "Reminders, none new" in page
    assert "Nothing new" in page


def test_what_was_told_is_not_shown_to_who_may_see_something_else_by_now(app, ash, champion):
    people.add_user(CHAMPION, "champion", "ASH", ["FIN"])
    page = signed_in(app, CHAMPION).get("/reminders").text
    assert "OURS" not in page
    assert "There is nothing to remind you of" in page


def test_choices_are_kept_of_what_the_role_includes(app, ash, champion):
    answer = champion.post("/reminders/choices", data={"alerts": ["form"], "by_mail": "no", "weekly": "yes"})
    assert "Your choices are kept" in champion.get(answer.location).text
    with open_session(ash) as session:
        assert reminders.choices(session, number(CHAMPION)) == Choices(("form",), False, True)
    senior = signed_in(app, SENIOR)
    assert "Data is overdue" not in senior.get("/reminders").text
    assert senior.post("/reminders/choices", data={"alerts": ["overdue"]}).status_code == 400
    assert senior.post("/reminders/choices", data={"user_id": "1"}).status_code == 400
    # What the role does not include stays as it was.
    assert senior.post("/reminders/choices", data={"alerts": ["failing"], "by_mail": "yes"}).status_code == 303
    with open_session(ash) as session:
        assert "overdue" in reminders.choices(session, number(SENIOR)).kinds


def test_a_letter_s_link_leads_a_stranger_through_the_door_and_back(app, ash):
    answer = app.server.test_client().get("/reminders")
    assert (answer.status_code, answer.location) == (302, "/sign-in?next=/reminders")


def test_nobody_is_reminded_where_they_are_for_a_while_only(app, ash):
    people.add_user("op@platform.example", "operator")
    with open_platform(write=True) as session:
        user = session.scalars(select(User).where(User.email == "op@platform.example")).one()
        user.must_change_password = False
    token = sessions.begin(user.id)
    token = sessions.visit(token, "ASH", "a question about a load", timedelta(hours=1))
    client = app.server.test_client()
    client.set_cookie("assay", token)
    assert client.get("/reminders").status_code == 404
    assert "op@platform.example" not in reminded(ash)


# --- the calendar -----------------------------------------------------------------------------------------------------


def subscribed(client) -> str:
    """The path of a feed, as the page shows it this once."""
    answer = client.post("/reminders/feed")
    page = client.get(answer.location).text
    path = re.search(r"<code>https://assay.example(/feed/[\w-]{43}\.ics)</code>", page)[1]
    assert path not in client.get("/reminders").text
    return path


def read(app, path):
    answer = app.server.test_client().get(path)
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    return Calendar.from_ical(answer.data)


def test_a_calendar_reads_what_its_person_may_see_and_when(app, champion):
    entries = list(read(app, subscribed(champion)).walk("VEVENT"))
    summaries = [str(entry["summary"]) for entry in entries]
    for begins in ("Annual review: ", "Review form due: ", "Certificate C-HOU expires: ", "1 action due: "):
        assert any(words.startswith(begins) for words in summaries), begins
    assert len({str(entry["uid"]) for entry in entries}) == len(entries)
    (ends,) = (entry for entry in entries if str(entry["summary"]).startswith("Certificate C-HOU expires"))
    assert isinstance(ends.decoded("dtstart"), date)
    assert str(ends["url"]) == "https://assay.example/renewal?certificate=C-HOU"
    everything = " ".join(entry.to_ical().decode() for entry in entries)
    assert "OURS" in everything
    for outside in ("HIDDEN", "C-FIN", "C-ALL"):
        assert outside not in everything


def test_entries_stay_the_same_from_one_reading_to_the_next(app, champion):
    path = subscribed(champion)
    assert app.server.test_client().get(path).data == app.server.test_client().get(path).data


def test_what_the_role_does_not_include_is_in_no_calendar(app, ash):
    summaries = {str(entry["summary"]) for entry in read(app, subscribed(signed_in(app, SENIOR))).walk("VEVENT")}
    assert summaries
    assert all("due" in words and "form" not in words for words in summaries)


def test_who_takes_no_files_away_is_offered_no_calendar(app, ash):
    admin = signed_in(app, ADMIN)
    assert admin.post("/reminders/feed").status_code == 403
    assert "a calendar is one" in admin.get("/reminders").text


def test_an_address_that_is_wrong_ended_or_lost_with_its_role_is_answered_alike(app, ash, champion):
    path = subscribed(champion)
    told = [app.server.test_client().get(f"/feed/{'x' * 43}.ics")]
    members.end_access(ash, number(CHAMPION))
    told.append(app.server.test_client().get(path))
    lead = signed_in(app, LEAD)
    ended = subscribed(lead)
    assert "opens nothing any more" in lead.get(lead.post("/reminders/feed/end").location).text
    told.append(app.server.test_client().get(ended))
    assert {(answer.status_code, answer.data) for answer in told} == {(404, told[0].data)}
    tries = [app.server.test_client().get(f"/feed/{n:043}.ics").status_code for n in range(25)]
    assert tries[-1] == 429
