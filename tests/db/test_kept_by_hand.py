"""Profiles and sources that a tenant keeps, and what was said of a thing load by load."""

import polars as pl
import pytest

from db import audit, kept_sources, registers
from db.session import open_session
from db.tenants import add_profile, profile_versions
from scheme.errors import ProfileInvalid, UsageError
from tests.db.made import a_load, asked, put, results

OURS = {"name": "Ours", "base": "cse"}


def kept(scope, add, *args):
    with open_session(scope, write=True) as session:
        return add(session, *args)


def test_a_newer_text_of_a_version_replaces_it_and_the_older_one_stays(scope, other):
    assert kept(scope, add_profile, OURS) == "profile 'Ours' added"
    assert kept(scope, add_profile, OURS) == "profile 'Ours' is there already, word for word"
    assert kept(scope, add_profile, {**OURS, "annual_elements": []}) == "profile 'Ours' replaced"
    told = asked(scope, profile_versions)
    assert [(one.edition, one.holds, one.profile.annual_elements) for one in told] == [(2, True, ()), (1, False, None)]
    assert asked(other, profile_versions) == []
    assert audit.entries(scope)["action"].to_list().count("kept profile") == 2
    with pytest.raises(ProfileInvalid, match="unknown key"):
        kept(scope, add_profile, {**OURS, "colour": "red"})


def test_a_source_has_editions_and_belongs_to_its_tenant(scope, other):
    said = [kept(scope, kept_sources.add, "housing", body) for body in ("name = 'A'", "name = 'A'", "name = 'B'")]
    assert said[0] == "source housing is kept"
    assert said[1].endswith("word for word")
    assert said[2] == "source housing has a newer edition (2)"
    assert asked(scope, kept_sources.newest, "housing").body == "name = 'B'"
    assert [one.number for one in asked(scope, kept_sources.editions, "housing")] == [1, 2]
    assert asked(other, kept_sources.kept) == []
    with pytest.raises(UsageError, match="kept are none yet"):
        asked(other, kept_sources.newest, "housing")
    with pytest.raises(UsageError, match="is no code"):
        kept(scope, kept_sources.add, "a b", "")


def test_what_was_said_of_a_department_is_told_load_by_load_in_its_tenant_alone(scope, other):
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"))}))
    for name in ("One", "Uno"):
        frame = (
            results(("D1", "1.1.1", "partial"))
            .select("department_code")
            .with_columns(pl.lit(name).alias("department_name"))
        )
        put(scope, a_load({"departments": frame}, file=name))
    told = asked(scope, registers.versions, "departments", "D1")
    assert [(one["load"], one["department_name"], one["superseded_by"]) for one in told] == [
        (3, "Uno", None),
        (2, "One", 3),
        (1, None, 2),
    ]
    assert asked(other, registers.versions, "departments", "D1") == []
