"""A department under another code, as the warehouse sees it."""

import re
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import select

from db import reads
from db.identities import ApiToken, Grant, GroupGrant, User
from db.recode import former_codes, recode
from db.session import open_platform, open_session
from scheme.errors import UsageError
from scheme.tables import TABLES
from tests.db.made import a_load, asked, put, results

TODAY = date(2026, 6, 1)


def recoded(scope, old, new):
    with open_session(scope, write=True) as session:
        return recode(session, old, new, "pat", TODAY)


def test_every_column_that_names_a_department_is_called_department_code_or_parent_code():
    for table in TABLES.values():
        for column in table.columns:
            if re.search("department|parent", column.name) and column.name != "department_name":
                assert column.name in ("department_code", "parent_code"), (table.name, column.name)


def test_what_was_only_taken_in_stays_to_be_confirmed_under_the_new_code(scope):
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"), site_code="S1")}))
    load, counts = recoded(scope, "D1", "D2")
    assert (load, counts) == (2, {"departments": 1, "sites": 1, "results": 1})
    known = asked(scope, reads.register)
    assert (known.departments.rows(), known.sites.rows()) == ([("D2", None, False)], [("S1", ["D2"], False)])


def test_each_file_that_rows_come_from_has_an_entry_with_all_its_rows_accounted_for(scope):
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"), ("D3", "1.1.1", "partial"))}, file="a.csv"))
    put(scope, a_load({"results": results(("D1", "1.1.2", "partial"))}, file="b.csv", source="housing"))
    load, _ = recoded(scope, "D1", "D2")
    told = asked(scope, reads.loads).filter(load=load).select("file", "table", "read", "loaded", "outcome").sort("file")
    assert told.rows() == [
        ("a.csv", "departments", 1, 1, "loaded"),
        ("a.csv", "results", 1, 1, "loaded"),
        ("b.csv", "results", 1, 1, "loaded"),
    ]
    # The sender's next edition of b.csv is still the next edition of b.csv of that sender.
    gone = put(scope, a_load({"results": results(("D2", "1.1.3", "partial"))}, file="b.csv", source="housing"))
    assert "1 row of results no longer in this file" in gone.files[0].notes[0]


def test_grants_groups_and_tokens_of_the_tenant_follow_and_those_of_another_do_not(scope, other):
    now = datetime.now(UTC)
    tokens = {"departments": "D1;D9", "scopes": "read", "made_by": "pat", "made_at": now}
    with open_platform(write=True) as session:
        user = User(email="a@b.uk", must_change_password=False)
        session.add(user)
        session.flush()
        for one in (scope, other):
            session.add(
                Grant(
                    user_id=user.id,
                    tenant_id=one.tenant_id,
                    role="champion",
                    department_code="D1",
                    certificate_code="",
                    may_export=True,
                    origin="",
                )
            )
    for n, one in enumerate((scope, other)):
        put(one, a_load({"results": results(("D1", "1.1.1", "partial"))}))
        with open_session(one, write=True) as session:
            token = ApiToken(token_sha256=str(n), tenant_id=one.tenant_id, token_number=1, name="t", **tokens)
            token.expires_at = now + timedelta(days=1)
            session.add(token)
            for group, department in (("champions", "D1"), ("both", "D1"), ("both", "D10")):
                group = GroupGrant(provider="p", group_name=group, department_code=department, role="champion")
                group.may_export = False
                session.add(group)
    recoded(scope, "D1", "D10")
    for one, code, groups in ((scope, "D10", ["D10", "D10"]), (other, "D1", ["D1", "D1", "D10"])):
        with open_session(one) as session:
            assert [grant.department_code for grant in session.scalars(select(Grant))] == [code]
            assert sorted(group.department_code for group in session.scalars(select(GroupGrant))) == groups
            named = session.scalars(select(ApiToken)).one().departments
            assert named == ("D9;D10" if code == "D10" else "D1;D9")
    assert asked(scope, former_codes) == {"D1": ("D10", TODAY)}
    assert asked(other, former_codes) == {}


def test_a_code_in_use_anywhere_is_refused_and_nothing_is_said(scope):
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"))}))
    sites = pl.DataFrame({"site_code": ["S1"], "site_name": ["Hall"], "department_code": [["D7"]]})
    put(scope, a_load({"sites": sites}, file="s.csv"))
    for old, new, why in (
        ("D1", "D7", "the code D7 is in use .departments: 1, sites: 1."),
        ("D5", "D6", "no department D5"),
    ):
        with pytest.raises(UsageError, match=why):
            recoded(scope, old, new)
    assert asked(scope, reads.latest_load)[0] == 2
