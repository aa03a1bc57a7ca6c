"""One person in a tenant: found in every text, handed over, erased as far as a machine may (reliability.md W14)."""

import json

import polars as pl
import pytest
from sqlalchemy import select

import formats
from db import audit, people, sessions
from db.identities import User, UserSession
from db.members import Given, invite
from db.models import Load
from db.person import about_person, erase, stub
from db.session import open_platform, open_session
from db.tenants import add_tenant, scope_of
from etl.run import load
from measures import measure
from scheme.errors import UsageError
from tests.db.test_removal import NOW, PLANTED, canary, planted, text_columns

EMAIL = f"{canary('PAT')}@own.example".casefold()
HEAD = "department_code,assessment_type,assessed_on,element,band,comment\n"


@pytest.fixture
def pat(warehouse, tmp_path, monkeypatch):
    """Somebody whose name stands in every text of a tenant; another tenant has somebody of the same name."""
    monkeypatch.setenv("ASSAY_ORIGINALS", str(tmp_path / "originals"))
    scope = planted("PAT", 770, tmp_path)
    add_tenant("BEC", f"of {canary('PAT')}")
    people.add_user("both@platform.example", "champion", "BEC")
    invite(scope_of("BEC"), EMAIL, Given("senior_leader"))
    return scope


def test_every_text_that_names_them_is_found_with_its_row_and_nothing_of_others(pat, tmp_path):
    found = about_person(pat, EMAIL.upper(), [canary("PAT").lower()])
    where = {}
    for row in found.iter_rows(named=True):
        where.setdefault(row["table"], set()).update(row["columns"].split(";"))
    lost = {t.name: {c.name for c in text_columns(t)} - where.get(t.name, set()) for t in PLANTED}
    assert {name: columns for name, columns in lost.items() if columns} == {}
    kinds = set(found["about"])
    assert {"account", "grant", "session", "audit entry", "action owned", "text", "file"} <= kinds
    owned = found.filter(about="action owned")["said"].to_list()
    assert [json.loads(said)["owner"] for said in owned] == [f"{canary('PAT')} actions owner"]
    # What a load said word for word is packed, and the file itself lies as it was sent.
    assert any(f"{canary('PAT')} file" in said for said in found.filter(table="statements")["said"])
    assert found.filter((found["table"] == "originals") & (found["about"] == "file")).height == 1
    secrets = ("password_hash", "token_sha256", "totp_secret")
    assert not [said for said in found["said"] for name in secrets if f'"{name}"' in said]
    assert found.filter(about="account").height == 1  # the other tenant's of the same address is not there
    assert set(about_person(pat, "nobody@own.example")["about"]) == {"not looked into"}  # what was planted is no file
    assert audit.entries(pat, 1)["action"].to_list() == ["handed over personal data"]
    assert EMAIL not in audit.entries(pat, 2).write_csv()


def test_a_workbook_as_it_was_sent_is_looked_into_and_what_cannot_be_is_named(warehouse, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_ORIGINALS", str(tmp_path / "originals"))
    add_tenant("ASH", "Ashcombe")
    frame = pl.DataFrame({"department_code": ["D1"], "department_name": ["One"], "not a column of ours": ["Pät Smith"]})
    (tmp_path / "book.xlsx").write_bytes(formats.xlsx_bytes({"departments": frame}))
    (tmp_path / "table.parquet").write_bytes(formats.parquet_bytes(frame))
    load(scope_of("ASH"), [tmp_path / "book.xlsx", tmp_path / "table.parquet"], sent_by="ann")
    found = about_person(scope_of("ASH"), "pat@own.example", ["pät smith"])
    told = {row["row"].split(" ")[0]: row["about"] for row in found.iter_rows(named=True)}
    assert told == {"book.xlsx": "file", "table.parquet": "not looked into"}


def test_who_is_erased_is_a_number_and_figures_and_the_log_stay(warehouse, tmp_path):
    add_tenant("ASH", "Ashcombe")
    scope = scope_of("ASH")
    invite(scope, EMAIL, Given("senior_leader"))
    people.add_user("both@platform.example", "assessor", "ASH")
    add_tenant("BEC", "Beckford")
    people.add_user("both@platform.example", "champion", "BEC")
    sent = tmp_path / "a.csv"
    sent.write_text(f"{HEAD}D1,annual_review,2025-03-07,1.1.1,partial,said to {EMAIL}\n")
    load(scope, [sent], sent_by=EMAIL)
    with open_platform() as session:
        number = session.scalars(select(User.id).where(User.email == EMAIL)).one()
    token = sessions.begin(number)
    before, log = measure(scope, "standing", NOW.date()), audit.entries(scope)
    with pytest.raises(UsageError, match="nobody of tenant ASH"):
        erase(scope, "nobody@own.example")
    done = erase(scope, EMAIL)
    assert (done.stubs, done.elsewhere, done.copies) == ((number,), (), 1)
    assert sessions.session_of(token) is None
    with open_platform() as session:
        user = session.get_one(User, number)
        assert (user.email, user.password_hash, user.disabled_at is None) == (stub(number), None, False)
        assert session.scalars(select(UserSession).where(UserSession.user_id == number)).all() == []
    with open_session(scope) as session:
        assert session.scalars(select(Load.sent_by)).all() == [stub(number)]
    assert measure(scope, "standing", NOW.date()).equals(before)
    # The log held no name before, holds no name now, and is the log that it was.
    everything = audit.entries(scope).write_csv() + audit.entries(None).write_csv()
    assert EMAIL not in everything
    assert audit.verify(scope) is None
    assert audit.entries(scope).tail(log.height).equals(log)
    left = about_person(scope, EMAIL)
    assert set(left["table"]) == {"results", "statements", "originals"}  # for a human to change
    # Who is needed elsewhere keeps the account, and loses what they might do here.
    again = erase(scope, "both@platform.example")
    assert (len(again.stubs), len(again.elsewhere)) == (0, 1)
    with open_platform() as session:
        user = session.scalars(select(User).where(User.email == "both@platform.example")).one()
        assert user.disabled_at is None
    assert [g.tenant_code for g in sessions.session_of(sessions.begin(user.id)).grants] == ["BEC"]
