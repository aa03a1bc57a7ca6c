from dataclasses import replace

import pytest

from db import drafts
from db.session import open_session
from db.tenants import add_tenant, scope_of
from scheme.errors import UsageError


def of(code, actor, **more):
    return replace(scope_of(code), actor=actor, email=f"{actor}@example.org", **more)


def kept(scope, name="Two more partials", **about):
    with open_session(scope, write=True) as session:
        return drafts.keep(session, "scenario", name, {"cells": []}, **({"departments": None} | about))


def names(scope, seen=None):
    with open_session(scope) as session:
        return [draft.name for draft in drafts.drafts(session, "scenario", seen)]


def test_a_draft_is_its_maker_s_until_it_is_shared(warehouse):
    add_tenant("ASH", "Ashcombe")
    pat, sam = of("ASH", "person 1"), of("ASH", "person 2")
    number = kept(pat)
    assert (names(pat), names(sam)) == (["Two more partials"], [])
    with open_session(pat, write=True) as session:
        drafts.share(session, "scenario", number, True)
    assert names(sam) == ["Two more partials"]
    with open_session(sam, write=True) as session, pytest.raises(UsageError, match="you have no such draft"):
        drafts.keep(session, "scenario", "Mine now", {}, departments=None, number=number)
    with open_session(pat, write=True) as session:
        drafts.share(session, "scenario", number, False)
    assert names(sam) == []


def test_a_shared_draft_is_open_to_who_may_see_all_it_is_about(warehouse):
    add_tenant("ASH", "Ashcombe")
    pat, sam = of("ASH", "person 1"), of("ASH", "person 2", departments=("HOU",))
    for name, departments in (("all", None), ("one", ("HOU",)), ("two", ("HOU", "LIB"))):
        with open_session(pat, write=True) as session:
            drafts.share(session, "scenario", drafts.keep(session, "scenario", name, {}, departments=departments), True)
    assert sorted(names(sam, {"HOU", "HOU-1"})) == ["one"]
    assert sorted(names(of("ASH", "person 3"))) == ["all", "one", "two"]


def test_who_is_bound_to_a_certificate_finds_the_shared_drafts_about_it(warehouse):
    add_tenant("ASH", "Ashcombe")
    pat, guest = of("ASH", "person 1"), of("ASH", "person 2", certificates=("C-1",))
    for name, certificate in (("of C-1", "C-1"), ("of C-2", "C-2"), ("of none", "")):
        with open_session(pat, write=True) as session:
            number = drafts.keep(session, "scenario", name, {}, departments=None, certificate=certificate)
            drafts.share(session, "scenario", number, True)
    assert names(guest) == ["of C-1"]


def test_a_draft_of_one_organisation_is_not_there_in_another(warehouse):
    add_tenant("ASH", "Ashcombe")
    add_tenant("BEE", "Beechwood")
    number = kept(of("ASH", "person 1"))
    other = of("BEE", "person 1")
    with open_session(other) as session:
        assert drafts.draft(session, "scenario", number, None) is None
    with open_session(other, write=True) as session, pytest.raises(UsageError):
        drafts.remove(session, "scenario", number)
    assert names(of("ASH", "person 1")) == ["Two more partials"]


def test_a_draft_changed_elsewhere_is_not_written_over(warehouse):
    add_tenant("ASH", "Ashcombe")
    pat = of("ASH", "person 1")
    number = kept(pat)
    with open_session(pat, write=True) as session:
        drafts.keep(session, "scenario", "Renamed", {"cells": [1]}, departments=None, number=number, edition=1)
    with open_session(pat, write=True) as session, pytest.raises(UsageError, match="changed since"):
        drafts.keep(session, "scenario", "Again", {}, departments=None, number=number, edition=1)
    with open_session(pat) as session:
        told = drafts.draft(session, "scenario", number, None)
    assert (told.name, told.body, told.edition) == ("Renamed", {"cells": [1]}, 2)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "two MORE partials"])
def test_a_draft_has_a_name_of_its_own(warehouse, name):
    add_tenant("ASH", "Ashcombe")
    pat = of("ASH", "person 1")
    kept(pat)
    with pytest.raises(UsageError, match="name"):
        kept(pat, name)


def test_a_draft_that_is_removed_is_gone(warehouse):
    add_tenant("ASH", "Ashcombe")
    pat = of("ASH", "person 1")
    number = kept(pat)
    with open_session(pat, write=True) as session:
        drafts.remove(session, "scenario", number)
    assert names(pat) == []
