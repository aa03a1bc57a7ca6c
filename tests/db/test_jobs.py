from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db import jobs
from db.session import open_session
from scheme.errors import UsageError

NOW = datetime.now(UTC)


def of(scope, actor, **more):
    return replace(scope, actor=actor, email=f"{actor}@example.org", **more)


def asked(scope, title="The whole pack", now=None):
    with open_session(scope, write=True) as session:
        return jobs.ask(session, title, {"formats": ["xlsx"]}, now)


def claimed(scope, now=None):
    with open_session(scope, write=True) as session:
        return jobs.claim(session, now)


def made(scope, held, seen=None, files=None):
    with open_session(scope, write=True) as session:
        return jobs.finish(session, held, files or {"xlsx": b"a book"}, jobs.sight(seen or scope))


def seen(scope, number):
    with open_session(scope) as session:
        return jobs.one(session, number)


def picked_up(scope, number, kind="xlsx"):
    with open_session(scope) as session:
        return jobs.file(session, number, kind)


def test_a_pack_is_asked_for_made_step_by_step_and_picked_up_by_who_asked(scope):
    pat = of(scope, "person 1")
    number = asked(pat)
    assert seen(pat, number).state == jobs.WAITING
    held = claimed(scope)
    assert (held.number, held.actor, held.body) == (number, "person 1", {"formats": ["xlsx"]})
    with open_session(scope, write=True) as session:
        assert jobs.going(session, held, 2, 5, "Heatmap")
    told = seen(pat, number)
    assert (told.state, told.done, told.steps, told.said) == (jobs.WORKING, 2, 5, "Heatmap")
    assert made(scope, held, pat)
    told = seen(pat, number)
    assert (told.state, told.done, told.files) == (jobs.DONE, 5, {"xlsx": 6})
    assert picked_up(pat, number) == b"a book"
    assert picked_up(pat, number, "pdf") is None


def test_to_anybody_else_and_in_another_organisation_a_pack_is_not_there(scope, other):
    pat = of(scope, "person 1")
    number = asked(pat)
    made(scope, claimed(scope), pat)
    for somebody in (of(scope, "person 2"), of(other, "person 1")):
        assert seen(somebody, number) is None
        assert picked_up(somebody, number) is None
        with open_session(somebody, write=True) as session:
            assert not jobs.remove(session, number)
    assert claimed(other) is None
    assert picked_up(pat, number) == b"a book"


def test_one_pack_is_made_by_one_worker_until_that_one_is_gone(scope):
    number = asked(of(scope, "person 1"))
    first = claimed(scope)
    assert claimed(scope) is None
    later = datetime.now(UTC) + jobs.CLAIMED
    second = claimed(scope, later)
    assert (first.number, second.number) == (number, number)
    assert not made(scope, first), "what was taken over is no longer the first one's to finish"
    assert made(scope, second)


def test_a_pack_that_was_begun_three_times_and_never_finished_has_failed(scope):
    pat = of(scope, "person 1")
    number = asked(pat)
    now = datetime.now(UTC)
    for tried in range(jobs.MOST_TRIES):
        assert claimed(scope, now + tried * jobs.CLAIMED)
    assert claimed(scope, now + jobs.MOST_TRIES * jobs.CLAIMED) is None
    assert (seen(pat, number).state, seen(pat, number).said[:9]) == (jobs.FAILED, "It was be")


def test_who_may_see_something_else_by_now_gets_nothing_of_what_was_made_before(scope):
    pat = of(scope, "person 1")
    number = asked(pat)
    made(scope, claimed(scope), pat)
    for now in (
        replace(pat, departments=("HWY",)),
        replace(pat, certificates=("C1",)),
        replace(pat, permissions=frozenset()),
    ):
        with pytest.raises(UsageError, match="has changed since"):
            picked_up(now, number)
    assert picked_up(replace(pat, permissions=pat.permissions - {"send"}), number) == b"a book"


def test_a_pack_is_gone_after_a_week_and_when_its_asker_removes_it(scope):
    pat = of(scope, "person 1")
    old, number = asked(pat, now=NOW - jobs.LASTS), asked(pat)
    assert seen(pat, old) is None
    with open_session(pat) as session:
        assert [job.number for job in jobs.jobs(session)] == [number]
    held = claimed(scope)
    with open_session(pat, write=True) as session:
        assert jobs.remove(session, number)
    assert not made(scope, held), "what was removed while it was made is not kept"
    with open_session(scope) as session:
        assert not jobs.is_work(session)


def test_nobody_fills_the_warehouse_with_packs(scope, monkeypatch):
    pat = of(scope, "person 1")
    for _ in range(jobs.MOST_WAITING):
        asked(pat)
    with pytest.raises(UsageError, match="being made already"):
        asked(pat)
    asked(of(scope, "person 2"))
    while held := claimed(scope):
        made(scope, held)
    monkeypatch.setattr(jobs, "MOST_BYTES", 10)
    with pytest.raises(UsageError, match="too many packs are kept"):
        asked(pat)
    monkeypatch.setattr(jobs, "MOST_KEPT", 3)
    with pytest.raises(UsageError, match="kept already"):
        asked(pat)


def test_the_oldest_is_made_first_and_what_failed_says_why(scope):
    pat, sam = of(scope, "person 1"), of(scope, "person 2")
    later, first = asked(pat), asked(sam, now=NOW - timedelta(hours=1))
    held = claimed(scope)
    assert held.number == first
    with open_session(scope, write=True) as session:
        jobs.fail(session, held, "Your role ended.")
    assert (seen(sam, first).state, seen(sam, first).said) == (jobs.FAILED, "Your role ended.")
    assert claimed(scope).number == later
