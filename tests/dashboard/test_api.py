"""Programs read what the command line prints and send what it takes, as one tenant and within bounds (issue 3)."""

import hashlib
import io
import json
import os
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import formats
import measures
from dashboard import bearer, uploads, view
from dashboard.openapi import description
from db import audit, kept_sources, tokens
from db.session import open_session
from db.tenants import add_tenant, scope_of
from etl import run
from tests.dashboard.conftest import LEAD, signed_in
from tests.dashboard.small_programme import GOOD, HEAD, MIXED, TREE, loaded, made, programme
from tests.served import assay


class Program:
    """A client with a token, and none of the cookies of people."""

    def __init__(self, app, token: str) -> None:
        self.client = app.server.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **more):
        return self.client.get(f"/api/v1/{path}", headers=self.headers, **more)

    def send(self, *files: tuple[str, bytes], to: str = "loads", **fields):
        form = {"file": [(io.BytesIO(data), name) for name, data in files], **fields}
        return self.client.post(f"/api/v1/{to}", headers=self.headers, data=form, content_type="multipart/form-data")


@pytest.fixture(autouse=True)
def _nothing_kept():
    """Several warehouses in one process, which no program has: what was kept of another is none of this one's."""
    bearer.forget()
    view.kept_bytes.clear()


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Where temporary files of this process lie."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture(scope="module")
def council(empty_warehouse, tmp_path_factory):
    """A warehouse on SQLite with the programmes of ASH and BEC, for tests that mind nobody else's loads."""
    import shutil

    path = shutil.copy(empty_warehouse("sqlite"), tmp_path_factory.mktemp("api") / "assay.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
        yield programme("ASH"), programme("BEC")


@pytest.fixture
def ash(council, monkeypatch):
    return council[0]


@pytest.fixture
def bec(council):
    return council[1]


@pytest.fixture
def program(app, ash) -> Program:
    return Program(app, made(ash))


def fault(answer, status: int) -> str:
    """The sentence of an answer that says what is wrong, in the form described."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/json"
    assert list(answer.json) == ["error", "number"]
    said = answer.json["error"]
    assert not any(word in said for word in ("Traceback", "sqlite", "SELECT", "/tmp", "/work", ".py")), said
    return said


# --- what is read -----------------------------------------------------------------------------------------------------

QUESTIONS = [
    *((name, {}) for name in measures.KEYS),
    *((name, {"as_of": "2026-03-31"}) for name in measures.KEYS),
    ("headroom", {"as_of": "2026-03-31", "department": ["HWY", "ACC"], "basis": "self"}),
    ("history", {"basis": "desk", "known_at": "2100-01-01"}),
    ("standing", {"known_at": "2020-01-01T00:00:00Z"}),
]


def test_every_measure_is_what_the_command_line_prints(app, demo_warehouse, monkeypatch):
    url, _ = demo_warehouse
    monkeypatch.setenv("ASSAY_DATABASE_URL", url)
    program = Program(app, made(scope_of("ASHCOMBE"), "read"))
    for name, asked in QUESTIONS:
        options = [
            word
            for key, values in asked.items()
            for value in ([values] if isinstance(values, str) else values)
            for word in (f"--{key.replace('_', '-')}", value)
        ]
        printed = assay("measure", name, "--tenant", "ASHCOMBE", "--format", "json", *options, database_url=url)
        answer = program.get(f"measures/{name}", query_string=asked)
        assert answer.status_code == 200, answer.text
        assert answer.text == printed, f"{name} {asked}"
        assert all(tuple(record) == measures.KEYS[name] for record in answer.json)
    assert answer.json == []  # nothing was known in 2020


def test_what_a_token_for_departments_reads_is_theirs(app, ash):
    program = Program(app, made(ash, "read", departments=["HOU"]))
    for name in measures.KEYS:
        answer = program.get(f"measures/{name}", query_string={"as_of": "2026-01-01"})
        own = measures.measure(replace(ash, departments=("HOU",)), name, date(2026, 1, 1))
        assert answer.data == formats.json_bytes(formats.records(own)) + b"\n"
        assert "FIN" not in answer.text
        assert "S2" not in answer.text
    seen = {record["department_code"] for record in program.get("measures/standing").json}
    assert seen == {"HOU", "HOU-1"}
    assert program.get("loads").json == []  # they tell of others; its own it would see
    theirs, nobodys = (fault(program.get(f"measures/standing?department={code}"), 404) for code in ("FIN", "ZZZ"))
    assert theirs == nobodys


def test_loads_and_rows_set_aside_are_as_the_command_line_lists_them(program, ash):
    url = os.environ["ASSAY_DATABASE_URL"]
    listed = assay("loads", "--tenant", "ASH", "--format", "json", database_url=url)
    assert program.get("loads").text == listed
    aside = assay("rejected", "2", "--tenant", "ASH", "--format", "json", database_url=url)
    assert program.get("loads/2/rejected").text == aside
    assert "9.9.9" in aside
    assert program.get("loads/1/rejected").json == []


def test_what_is_not_there_and_what_is_anothers_are_answered_alike(app, ash, bec, program):
    for _ in range(3):
        loaded(bec, again=GOOD)  # so that BEC has loads that ASH has not
    theirs = max(record["load"] for record in Program(app, made(bec)).get("loads").json)
    theirs = theirs if theirs > program.get("loads").json[0]["load"] else program.get("loads").json[0]["load"] + 1
    answers = {
        program.get(f"loads/{load}/rejected").data
        for load in (theirs, 999_999, 10**30, -1, 0, "x", "1.0", "%00", "1%2F2", "²")
        if fault(program.get(f"loads/{load}/rejected"), 404)
    }
    assert len({json.loads(body)["error"] for body in answers if b"address" not in body}) == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("measures/standing?as_of=yesterday", 400),
        ("measures/standing?as_of=2026-02-30", 400),
        ("measures/standing?as_of=", 400),
        ("measures/standing?as_of=2026-01-01&as_of=2026-01-02", 400),
        ("measures/standing?known_at=0001-01-01T00:00:00%2B14:00", 400),
        ("measures/standing?basis=mine", 400),
        ("measures/coverage?basis=self", 400),
        ("measures/standing?asof=2026-01-01", 400),
        ("measures/standing?as_of=%00", 400),
        ("measures/standing?department=%00", 404),
        ("measures/standing?department=", 404),
        ("measures/standing?department=ZZZ", 404),
        ("measures/standing?tenant=BEC", 400),
        ("measures/renewals", 404),
        ("measures", 404),
        ("loads?limit=1", 400),
        ("tokens", 404),
        ("checks", 405),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(program, path, status):
    assert len(fault(program.get(path), status)) > 10


def test_an_extreme_day_is_only_a_day(program):
    for day in ("0001-01-01", "9999-12-31", "2000-02-29"):
        for name in measures.KEYS:
            assert program.get(f"measures/{name}?as_of={day}").status_code == 200
    answer = program.get("measures/standing?known_at=2026-01-01T00:00:00+01:00")  # a plus nobody escaped
    assert answer.status_code == 200


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_files_are_taken_once_and_the_same_again_changes_nothing(app, warehouse, folder):
    scope = programme("ASH")
    program = Program(app, made(scope))
    first = program.send(("results.csv", GOOD))
    assert first.status_code == 201
    assert first.json["exit_code"] == 0
    assert [(file["file"], file["loaded"], file["sent_by"]) for file in first.json["loads"]] == [
        ("results.csv", 2, "token 1")
    ]
    assert first.headers["Location"] == f"/api/v1/loads/{first.json['loads'][0]['load']}/rejected"
    with open_session(scope) as session:
        from db import reads

        before = reads.content_hash(session)
    again = program.send(("results.csv", GOOD))
    assert (again.status_code, again.json["exit_code"]) == (201, 0)
    assert [(file["loaded"], file["unchanged"]) for file in again.json["loads"]] == [(0, 2)]
    mixed = program.send(("mixed.csv", MIXED), ("broken.xlsx", b"PK\x03\x04 no workbook"))
    assert (mixed.status_code, mixed.json["exit_code"]) == (201, 3)
    outcomes = {file["file"]: file["outcome"] for file in mixed.json["loads"]}
    assert outcomes == {"mixed.csv": "loaded", "broken.xlsx": "refused"}
    assert [(row["file"], row["row"], row["cells"]["Element"]) for row in mixed.json["rejected"]] == [
        ("mixed.csv", 4, "9.9.9")
    ]
    assert program.get(mixed.headers["Location"].removeprefix("/api/v1/")).json == mixed.json["rejected"]
    newest = [file for file in program.get("loads").json if file["load"] == mixed.json["loads"][0]["load"]]
    assert newest == mixed.json["loads"]
    with open_session(scope) as session:
        assert reads.content_hash(session) == before
    assert list(folder.iterdir()) == []


def test_a_check_says_the_same_as_the_command_line_and_writes_nothing(app, ash, program, tmp_path):
    (tmp_path / "mixed.csv").write_bytes(MIXED)
    before = program.get("loads").data
    answer = program.send(("mixed.csv", MIXED), to="checks")
    assert (answer.status_code, answer.json["exit_code"]) == (200, 3)
    report = run.check([tmp_path / "mixed.csv"], scope=ash)
    assert answer.json["loads"] == json.loads(formats.json_bytes(formats.records(report.loads().drop("load"))))
    assert [row["why"] for row in answer.json["rejected"]] == [row.why for row in report.rejected]
    assert program.get("loads").data == before


def test_strict_refuses_the_file_and_withdrawing_takes_back(program):
    strict = program.send(("mixed.csv", MIXED), to="checks", strict="true")
    assert strict.json["exit_code"] == 3
    assert strict.json["loads"][0]["outcome"] == "refused"
    assert program.send(("year.csv", GOOD.replace(b"2025-06", b"2024-06"))).status_code == 201
    one = b"\n".join(GOOD.replace(b"2025-06", b"2024-06").split(b"\n")[:2]) + b"\n"
    assert any("no longer" in each["note"] for each in program.send(("year.csv", one)).json["notes"])
    assert program.send(("year.csv", one), withdraw_missing="true").json["exit_code"] == 0
    bands = {
        (row["department_code"], row["element"])
        for row in program.get("measures/standing?as_of=2024-12-31").json
        if not row["rolled_up"]
    }
    assert bands == {("HOU", "1.1.2")}


def test_a_source_that_the_organisation_keeps_reads_the_senders_words(app, ash, bec, program):
    with open_session(ash, write=True) as session:
        kept_sources.add(session, "theirs", '[columns]\n"Einheit" = "department_code"\n[bands]\n"gut" = "compliant"\n')
    data = HEAD.replace(b"Department code", b"Einheit") + b"HOU,annual_review,2025-06-07,1.1.2,gut\n"
    assert program.send(("a.csv", data), to="checks").json["exit_code"] == 3
    assert program.send(("a.csv", data), to="checks", source="theirs").json["exit_code"] == 0
    other = Program(app, made(bec))
    said = {fault(other.send(("a.csv", data), to="checks", source=code), 404) for code in ("theirs", "nobodys")}
    assert len(said) == 1
    for path in ("/etc/passwd", "../x.toml", "", "a" * 41, "\x00"):
        assert fault(program.send(("a.csv", data), to="checks", source=path), 400)


def test_a_token_for_departments_sends_for_them_alone(app, warehouse):
    scope = programme("ASH")
    program = Program(app, made(scope, departments=["HOU"]))
    rows = GOOD + b"FIN,annual_review,2025-06-07,1.1.2,Compliant\nNEW,annual_review,2025-06-07,1.1.2,Compliant\n"
    answer = program.send(("results.csv", rows))
    assert answer.json["exit_code"] == 3
    assert answer.json["loads"][0]["loaded"] == 2
    aside = {row["cells"]["Department code"]: row["why"] for row in answer.json["rejected"]}
    assert set(aside) == {"FIN", "NEW"}
    assert aside["FIN"].replace("FIN", "") == aside["NEW"].replace("NEW", "")
    assert [file["file"] for file in program.get("loads").json] == ["results.csv"]
    assert program.get(answer.headers["Location"].removeprefix("/api/v1/")).json == answer.json["rejected"]
    assert program.get("loads/1/rejected").status_code == 404
    refused = program.send(("departments.csv", TREE))
    assert (refused.json["exit_code"], refused.json["loads"][0]["loaded"]) == (3, 0)


def test_a_large_file_arrives_whole_and_leaves_nothing_behind(program, folder):
    rows = b"".join(b"HOU,annual_review,%d-01-01,1.1.%d,Compliant\n" % (1900 + n // 4, 1 + n % 4) for n in range(400))
    large = HEAD.replace(b"\n", b",Comment\n") + rows.replace(b"\n", b"," + b"x" * 9000 + b"\n")
    answer = program.send(("large.csv", large), to="checks")
    assert answer.status_code == 200
    assert answer.json["loads"][0]["sha256"] == hashlib.sha256(large).hexdigest()
    assert answer.json["loads"][0]["read"] == 400
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/results.csv", "results.csv"),
        ("/etc/passwd", "passwd"),
        ("CON", "CON"),
        ("*.csv", "*.csv"),
        (".hidden.csv", ".hidden.csv"),
        ("~$open.xlsx", "~$open.xlsx"),
        ("a\u202egnp.csv", "a\ufffdgnp.csv"),
        ("café résultats.csv", "café résultats.csv"),
    ],
)
def test_a_files_name_is_a_word_and_never_a_path(program, folder, sent, shown):
    answer = program.send((sent, GOOD), to="checks")
    assert answer.status_code == 200, answer.text
    assert [file["file"] for file in answer.json["loads"]] == [shown]
    assert list(folder.iterdir()) == []


def test_the_last_part_of_a_name_is_the_name():
    assert uploads.shown_name("C:\\Users\\me\\results.csv") == "results.csv"
    assert uploads.shown_name("a\x00b\r\n c.csv") == "a\ufffdb c.csv"
    assert uploads.shown_name("..\\..") == ""


@pytest.mark.parametrize("name", ["x" * 4000, "..", "dir/", "."])
def test_a_name_that_is_none_is_refused(program, name):
    fault(program.send((name, GOOD), to="checks"), 400)


def test_a_form_that_makes_no_sense_is_refused_whole(program, folder):
    assert "no file" in fault(program.send(to="checks"), 400)
    assert "two files" in fault(program.send(("a.csv", GOOD), ("b/a.csv", GOOD), to="checks"), 409)
    assert "tenant" in fault(program.send(("a.csv", GOOD), to="checks", tenant="BEC"), 400)
    fault(program.send(("a.csv", GOOD), to="checks", strict="perhaps"), 400)
    fault(program.send(("a.csv", GOOD), to="checks", withdraw_missing="true"), 400)
    fault(program.send(("a.csv", GOOD), to="checks", strict=["true", "true"]), 400)
    assert "50 files" in fault(program.send(*((f"{n}.csv", GOOD) for n in range(51)), to="checks"), 400)
    fault(program.send(*((f"{n}.csv", b"") for n in range(201)), to="checks"), 413)
    fault(program.send(("a.csv", GOOD), to="checks", source="x" * 2_000_000), 413)
    post = program.client.post
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", None):
        fault(post("/api/v1/loads", headers=program.headers, data=b"[]", content_type=kind), 415)
    for body in (
        b"",
        b"--x",
        b"--x\r\n\r\n",
        b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\nabc",
    ):
        for boundary in ("; boundary=x", "", "; boundary=" + "y" * 300, "; boundary=\xe9"):
            kind = f"multipart/form-data{boundary}"
            fault(post("/api/v1/loads", headers=program.headers, data=body, content_type=kind), 400)
    assert list(folder.iterdir()) == []


class Unread(io.RawIOBase):
    """A body that nobody may read."""

    def readable(self) -> bool:
        return True

    def readinto(self, _: object) -> int:
        raise AssertionError("the body was read")


def test_what_is_too_large_is_refused_before_it_is_read(program, folder, monkeypatch):
    huge = {
        "content_type": "multipart/form-data; boundary=x",
        "headers": program.headers,
    }
    told = {"wsgi.input": Unread(), "CONTENT_LENGTH": "100000001"}
    assert "100 MB" in fault(program.client.post("/api/v1/loads", environ_overrides=told, **huge), 413)
    monkeypatch.setenv("ASSAY_UPLOAD_MB", "0.01")
    fault(program.send(("a.csv", b"x" * 10_001), to="checks"), 413)
    start = b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n"
    endless = {"wsgi.input": io.BytesIO(start + b"y" * 50_000), "wsgi.input_terminated": True}
    fault(program.client.post("/api/v1/loads", environ_overrides={**endless, "CONTENT_LENGTH": ""}, **huge), 413)
    assert list(folder.iterdir()) == []


def test_only_files_for_the_api_may_be_large(app, ash):
    answer = app.server.test_client().post("/sign-in", data={"email": "x" * 2_000_000})
    assert answer.status_code == 413


def test_a_tenant_sends_one_thing_at_a_time_and_all_of_them_few(program, ash, bec):
    with uploads.turn(ash.tenant_id):
        waits = program.send(("a.csv", GOOD), to="checks")
        fault(waits, 429)
        assert int(waits.headers["Retry-After"]) > 0
    with uploads.turn(-1), uploads.turn(-2):
        waits = program.send(("a.csv", GOOD), to="checks")
        fault(waits, 503)
        assert int(waits.headers["Retry-After"]) > 0
        assert program.get("measures/standing").status_code == 200
    assert program.send(("a.csv", GOOD), to="checks").status_code == 200


def test_what_a_killed_worker_left_behind_goes_with_the_next_files(program, folder):
    left, used = folder / "assay-upload-left", folder / "assay-upload-used"
    for place in (left, used):
        place.mkdir()
        (place / "000000").write_bytes(GOOD)
        (place / ".lock").touch()
        os.utime(place, (time.time() - 3600,) * 2)
    import fcntl

    with (used / ".lock").open("w") as lock:
        os.utime(used, (time.time() - 3600,) * 2)
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert program.send(("a.csv", GOOD), to="checks").status_code == 200
    assert [place.name for place in folder.iterdir()] == ["assay-upload-used"]


# --- who asks ---------------------------------------------------------------------------------------------------------


def test_all_tokens_that_open_nothing_are_answered_alike(app, warehouse):
    add_tenant("ASH", "Ashcombe County Council")
    scope = scope_of("ASH")
    expired, revoked, good = made(scope), made(scope), made(scope)
    with open_session(scope, write=True) as session:
        tokens.revoke(session, 2)
        from db.identities import ApiToken

        first = next(row for row in session.query(ApiToken) if row.token_number == 1)
        first.expires_at = datetime.now(UTC) - timedelta(seconds=1)
    wrong = ["", "x", f"assay_{'a' * 43}", expired, revoked, good[:-1], good + "x", good.upper()]
    answers = [Program(app, token).get("loads") for token in wrong]
    assert {answer.status_code for answer in answers} == {401}
    for answer in answers:
        del answer.headers["X-Request-Number"]  # drawn for each request
    assert len({(answer.data, str(answer.headers)) for answer in answers}) == 1
    assert answers[0].headers["WWW-Authenticate"].startswith("Bearer")
    for value in ("Basic eDp5", "Bearer", f"Token {good}", good, "Bearer é", "Bearer\t"):
        answer = app.server.test_client().get("/api/v1/loads", headers={"Authorization": value})
        assert answer.status_code == 401
    assert Program(app, good).get("loads").status_code == 200
    assert "refused a token" in audit.entries(scope)["action"].to_list()


def test_a_cookie_opens_no_api_and_a_token_nothing_else(app, own_people):
    lead = signed_in(app, LEAD)
    fault(lead.get("/api/v1/loads"), 401)
    token = made(scope_of("demo"))
    program = Program(app, token)
    for path in ("/", "/heatmap", "/data", "/_dash-layout", "/administration/tokens"):
        answer = program.client.get(path, headers=program.headers)
        assert answer.status_code in (302, 401), path
    for path in ("", "openapi.json", "loads", "measures/standing"):
        answer = program.get(path)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store, private"


def test_a_token_does_what_its_scopes_say(app, ash):
    reads, sends = Program(app, made(ash, "read")), Program(app, made(ash, "send"))
    for to in ("loads", "checks"):
        fault(reads.send(("a.csv", GOOD), to=to), 403)
    for path in ("measures/standing", "loads", "loads/1/rejected"):
        fault(sends.get(path), 403)
    assert sends.send(("a.csv", GOOD), to="checks").status_code == 200
    assert audit.entries(ash, 1)["action"].to_list() == ["refused"]


def test_wrong_tokens_are_slowed_down_and_good_ones_are_not(app, ash, program):
    stranger = Program(app, f"assay_{'b' * 43}")
    statuses = [stranger.get("loads").status_code for _ in range(22)]
    assert statuses == [401] * 20 + [429] * 2
    assert int(stranger.get("loads").headers["Retry-After"]) > 0
    assert program.get("loads").status_code == 200
    assert app.server.test_client().get("/api/v1/loads").status_code == 401


def test_what_was_sent_and_taken_away_is_in_the_log(app, ash):
    token = made(ash)
    program, number = Program(app, token), tokens.scope_of_token(token).actor
    program.get("measures/headroom?as_of=2026-03-31")
    program.send(("a.csv", GOOD))
    newest = audit.entries(ash, 2)
    assert newest["action"].to_list() == ["loaded", "exported"]
    assert newest["actor"].to_list() == [number, number]
    assert newest["object"][1] == "/api/v1/measures/headroom"
    assert json.loads(newest["detail"][1]) == {"asked": {"as_of": "2026-03-31"}}
    assert audit.verify(ash) is None


def test_without_a_warehouse_the_answer_is_a_number_and_when_to_come_again(app, ash, program, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", "sqlite:////nonexistent/assay.db")
    answer = program.get("loads")
    said = fault(answer, 503)
    assert answer.json["number"] in said
    assert "nonexistent" not in answer.text
    assert int(answer.headers["Retry-After"]) > 0


# --- what is described ------------------------------------------------------------------------------------------------


def test_the_description_has_every_address_and_no_other(app):
    routes = {
        (method, str(rule).replace("<load>", "{load}"))
        for rule in app.server.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if str(rule).startswith("/api/v1/") and str(rule) not in ("/api/v1/", "/api/v1/openapi.json")
    }
    routes |= {("GET", f"/api/v1/measures/{name}") for name in measures.KEYS}
    routes.discard(("GET", "/api/v1/measures/<measure>"))
    described = {(method.upper(), path) for path, of in description()["paths"].items() for method in of}
    assert described == routes


def test_the_page_and_the_description_are_there_for_everybody(app, ash):
    page = app.server.test_client().get("/api/v1/")
    assert page.status_code == 200
    for path in description()["paths"]:
        assert path in page.text
    assert "curl" in page.text
    assert app.server.test_client().get("/api/v1/openapi.json").json == description()
