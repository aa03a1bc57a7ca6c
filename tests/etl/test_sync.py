"""Sources that are due: each once, by one machine at a time, whatever becomes of the others (F5, F15, F18)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from db import audit, kept_sources, reads, source_runs
from db.session import open_session
from db.source_runs import ALL_IN, BAD, FAILED, LASTS, NOTHING_NEW, REFUSED, SET_ASIDE, STOPPED, WAITING
from db.tenants import add_tenant, scope_of
from etl import run, turn
from etl.due import standings
from etl.fetch import TRIES
from etl.sync import sync, watch
from etl.turn import ATTEMPTS, LONGEST_WAIT, WAIT, Around
from scheme.errors import NotFetched, UsageError, WarehouseError

# What no database does in its own way is tried on one: a load takes a second or two.
ON_SQLITE = pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
HEAD = "Department code,Assessment type,Assessed on,Element,Band\n"
ROW = "{},annual_review,2025-03-07,{},{}\n"


class Clock(Around):
    """A clock that stands still until it is told otherwise; waiting moves it."""

    def __init__(self):
        self.at, self.waited = datetime.now(UTC) + timedelta(hours=1), []
        super().__init__(lambda: self.at, self._wait, lambda: 1.0)

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)

    def _wait(self, seconds):
        self.waited.append(seconds)
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def scope(warehouse):
    add_tenant("ASH", "Ashcombe County Council")
    return scope_of("ASH")


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    """A folder with a file that is in order, and leave to read it."""
    (tmp_path / "in").mkdir()
    monkeypatch.setenv("ASSAY_FOLDERS", f"ASH={tmp_path}/in:BEC={tmp_path}/in")
    (tmp_path / "in" / "a.csv").write_text(HEAD + ROW.format("HR", "1.1.1", "Compliant"))
    return tmp_path / "in"


def keep(scope, code, place, more="", words=""):
    with open_session(scope, write=True) as session:
        kept_sources.add(session, code, f"{words}\n[from]\n{place}\n{more}\n")


def keep_folder(scope, code, folder, more=""):
    keep(scope, code, f'folder = "{folder}"', more)


def runs(scope, code, clock):
    with open_session(scope) as session:
        return source_runs.latest(session, code, clock.at)


def results(scope):
    with open_session(scope) as session:
        return reads.table(session, "results").height


def outcomes(told):
    return {one.source: one.outcome for one in told}


def test_a_due_source_is_loaded_once_and_the_books_say_who_did_it(scope, inbox, clock):
    keep_folder(scope, "housing", inbox)
    (told,) = sync([scope], around=clock)
    assert (told.outcome, told.what, told.load) == (ALL_IN, "1 file: 1 read, 1 loaded", 1)
    with open_session(scope) as session:
        (load,) = reads.loads(session).to_dicts()
    assert (load["sent_by"], load["file"]) == ("source housing", "a.csv")
    entry = audit.entries(scope, 1).to_dicts()[0]
    assert (entry["action"], entry["actor"], entry["origin"]) == ("loaded", "source housing", "sync")
    (one,) = runs(scope, "housing", clock)
    assert (one.number, one.outcome, one.load, one.started_at, one.finished_at) == (1, ALL_IN, 1, clock.at, clock.at)
    assert sync([scope], around=clock) == []  # it is not due
    clock.at += timedelta(days=1)
    assert outcomes(sync([scope], around=clock)) == {"housing": NOTHING_NEW}
    (inbox / "b.csv").write_text(HEAD + ROW.format("HR", "1.1.2", "Green") + ROW.format("HR", "1.1.3", "Compliant"))
    assert outcomes(sync([scope], at_once=True, around=clock)) == {"housing": SET_ASIDE}
    assert results(scope) == 2


@ON_SQLITE
def test_a_newer_edition_of_a_source_reads_everything_again_and_at_once(scope, inbox, clock):
    (inbox / "a.csv").write_text(HEAD + ROW.format("HR", "1.1.1", "Green"))
    keep_folder(scope, "housing", inbox)
    assert outcomes(sync([scope], around=clock)) == {"housing": SET_ASIDE}
    keep(scope, "housing", f'folder = "{inbox}"', words='[bands]\nGreen = "compliant"')
    assert outcomes(sync([scope], around=clock)) == {"housing": ALL_IN}


@ON_SQLITE
def test_strict_and_withdrawal_are_the_source_s_own_choice(scope, inbox, clock):
    bad = ROW.format("HR", "9.9.9", "Compliant")
    (inbox / "a.csv").write_text(HEAD + ROW.format("HR", "1.1.1", "Compliant") + bad)
    keep_folder(scope, "housing", inbox, "strict = true\nwithdraw_missing = true")
    assert outcomes(sync([scope], around=clock)) == {"housing": REFUSED}
    assert results(scope) == 0
    (inbox / "a.csv").write_text(HEAD + ROW.format("HR", "1.1.1", "Compliant") + ROW.format("HR", "1.1.2", "Met"))
    assert outcomes(sync([scope], at_once=True, around=clock)) == {"housing": ALL_IN}
    (inbox / "a.csv").write_text(HEAD + ROW.format("HR", "1.1.2", "Met"))
    sync([scope], at_once=True, around=clock)
    assert results(scope) == 1


@ON_SQLITE
def test_one_bad_source_never_stops_the_others(scope, inbox, clock, monkeypatch):
    """reliability.md F18: bad ones come first in the queue, of the same tenant and of another."""
    add_tenant("BEC", "Beckford")
    keep(scope, "a-denied", 'folder = "/etc"')
    keep(scope, "b-gone", f'folder = "{inbox}/gone"')
    keep(scope, "c-secret", 'database_env = "ASSAY_SECRET_OF_ASH__DATABASE_X"\ntable = "t"')
    with open_session(scope, write=True) as session:
        kept_sources.add(session, "d-nonsense", "table = 'no such'\n[from]\nfolder = '/x'")
    keep_folder(scope, "e-crash", inbox)
    keep_folder(scope, "good", inbox)
    keep_folder(scope_of("BEC"), "theirs", inbox)
    load = run.load

    def loading(one, *args, **options):
        if options["sent_by"] == "source e-crash":
            raise KeyError("a cell of a sender")
        return load(one, *args, **options)

    monkeypatch.setattr(run, "load", loading)
    told = sync([scope, scope_of("BEC")], around=clock)
    assert outcomes(told) == {
        "a-denied": FAILED, "b-gone": FAILED, "c-secret": FAILED, "d-nonsense": FAILED, "e-crash": REFUSED,
        "good": ALL_IN, "theirs": ALL_IN,
    }  # fmt: skip
    assert "a cell of a sender" not in str(told)
    standing = {one.edition.code: one.state for one in standings(scope, clock.at)}
    assert {code for code, state in standing.items() if state == "fine"} == {"good"}
    assert standing["d-nonsense"] == "unreadable"


@ON_SQLITE
def test_one_file_that_breaks_the_load_does_not_keep_out_the_others_and_is_given_up(scope, inbox, clock, monkeypatch):
    (inbox / "0.csv").write_text("poison")
    (inbox / "b.csv").write_text(HEAD + ROW.format("HR", "1.1.2", "Compliant"))
    (inbox / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    keep_folder(scope, "housing", inbox)
    load, asked = run.load, []

    def loading(one, paths, **options):
        asked.append([file.name for file in paths])
        if "0.csv" in asked[-1] and paths[0].path.read_bytes() == b"poison":
            raise ZeroDivisionError
        return load(one, paths, **options)

    monkeypatch.setattr(run, "load", loading)
    (told,) = sync([scope], around=clock)
    assert told.outcome == REFUSED
    assert "0.csv: an unexpected fault (ZeroDivisionError)" in told.what
    assert results(scope) == 2
    for _ in range(TRIES - 1):
        sync([scope], at_once=True, around=clock)
    assert {name for names in asked[5:] for name in names} == {"0.csv", "broken.xlsx"}
    asked.clear()
    (told,) = sync([scope], at_once=True, around=clock)
    assert asked == []
    assert (told.outcome, told.what.count("given up after 3 tries until it changes: 0.csv, broken.xlsx")) == (
        REFUSED,
        1,
    )
    (inbox / "0.csv").write_text(HEAD + ROW.format("HR", "1.1.3", "Compliant"))
    sync([scope], at_once=True, around=clock)
    assert results(scope) == 3


@ON_SQLITE
def test_what_may_get_better_is_tried_a_few_times_and_then_later_and_later(scope, clock, monkeypatch):
    keep(scope, "housing", 'url = "https://files.example/a.csv"')
    tried = []

    def away(*_):
        tried.append(clock.at)
        raise NotFetched("files.example cannot be reached", again=True)

    monkeypatch.setattr(turn, "fetch", away)
    waits = []
    for failures in range(12):
        assert outcomes(sync([scope], around=clock)) == {"housing": FAILED}
        assert len(tried) == ATTEMPTS * (failures + 1)
        (one, *_) = runs(scope, "housing", clock)
        assert one.failures == failures + 1
        waits.append(one.again_at - clock.at)
        assert sync([scope], around=clock) == []
        clock.at = one.again_at
    assert waits[:3] == [WAIT, 2 * WAIT, 4 * WAIT]
    assert max(waits) == LONGEST_WAIT
    assert clock.waited == [2.0, 4.0] * 12
    monkeypatch.setattr(turn, "fetch", lambda *_: (_ for _ in ()).throw(NotFetched("status 404")))
    sync([scope], around=clock)
    (one, *_) = runs(scope, "housing", clock)
    assert one.again_at is None  # it waits for its schedule
    assert clock.waited == [2.0, 4.0] * 12


@ON_SQLITE
def test_a_warehouse_that_is_busy_for_a_moment_does_not_fail_a_run(scope, inbox, clock, monkeypatch):
    keep_folder(scope, "housing", inbox)
    load, faults = run.load, [WarehouseError("busy"), WarehouseError("busy")]

    def loading(*args, **options):
        if faults:
            raise faults.pop()
        return load(*args, **options)

    monkeypatch.setattr(run, "load", loading)
    assert outcomes(sync([scope], around=clock)) == {"housing": ALL_IN}


@ON_SQLITE
def test_a_file_that_is_being_written_comes_soon_after_and_not_with_the_next_day(scope, inbox, clock):
    keep_folder(scope, "housing", inbox, "settle_seconds = 7200")
    assert outcomes(sync([scope], around=clock)) == {"housing": WAITING}
    assert sync([scope], around=clock) == []
    clock.at += timedelta(hours=2)
    assert outcomes(sync([scope], around=clock)) == {"housing": ALL_IN}
    assert sync([scope], around=clock) == []


def test_a_source_is_run_by_one_machine_at_a_time(scope, inbox, clock):
    keep_folder(scope, "housing", inbox)
    began, told = threading.Barrier(4), []

    def machine(_):
        began.wait()
        return sync([scope], around=clock)

    with ThreadPoolExecutor(4) as pool:
        told = [one for each in pool.map(machine, range(4)) for one in each]
    assert [one.outcome for one in told if one.outcome != "running"] == [ALL_IN]
    assert len(runs(scope, "housing", clock)) == 1


def test_the_claim_of_a_machine_that_died_ends_of_itself(scope, inbox, clock):
    keep_folder(scope, "housing", inbox)
    with open_session(scope, write=True) as session:
        assert source_runs.claim(session, "housing", 1, clock.at, 0) == 1
    assert sync([scope], at_once=True, around=clock) == []
    assert standings(scope, clock.at)[0].state == "running"
    clock.at += LASTS
    (standing,) = standings(scope, clock.at)
    assert (standing.state, standing.last.outcome) == ("failed", STOPPED)
    assert outcomes(sync([scope], around=clock)) == {"housing": ALL_IN}
    assert [one.outcome for one in runs(scope, "housing", clock)] == [ALL_IN, STOPPED]


def test_whoever_finishes_late_changes_nothing_for_whoever_took_over(scope, inbox, clock, monkeypatch):
    """reliability.md F15: a machine that slept through its claim loads nothing older over what came since."""
    keep_folder(scope, "housing", inbox)
    fetch, slept = turn.fetch, []

    def sleeping(*args):
        found = fetch(*args)
        if not slept:
            slept.append(1)
            clock.at += 2 * LASTS
            (inbox / "a.csv").write_text(HEAD + ROW.format("HR", "1.1.1", "Partial"))
            clock.at += timedelta(days=1)
            assert outcomes(sync([scope], around=clock)) == {"housing": ALL_IN}
        return found

    monkeypatch.setattr(turn, "fetch", sleeping)
    (late,) = sync([scope], around=clock)
    assert (late.outcome, "took it over" in late.what) == (FAILED, True)
    with open_session(scope) as session:
        assert reads.table(session, "results")["band"].to_list() == ["partial"]
    assert [one.outcome for one in runs(scope, "housing", clock)] == [ALL_IN, STOPPED]


@ON_SQLITE
def test_a_sync_that_is_stopped_lets_its_source_go(scope, inbox, clock, monkeypatch):
    keep_folder(scope, "housing", inbox)
    monkeypatch.setattr(run, "load", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        sync([scope], around=clock)
    assert standings(scope, clock.at)[0].state == "failed"
    assert [one.outcome for one in runs(scope, "housing", clock)] == [STOPPED]


@ON_SQLITE
def test_a_clock_that_is_put_back_or_on_keeps_no_source_waiting(scope, inbox, clock):
    keep_folder(scope, "housing", inbox)
    clock.at += timedelta(days=400)
    sync([scope], around=clock)
    clock.at -= timedelta(days=400)
    assert outcomes(sync([scope], around=clock)) == {"housing": NOTHING_NEW}
    assert sync([scope], around=clock) == []
    clock.at += timedelta(days=400)
    with open_session(scope, write=True) as session:  # a claim of a clock that ran ahead
        assert source_runs.claim(session, "housing", 1, clock.at, 2) == 3
    clock.at -= timedelta(days=400)
    assert outcomes(sync([scope], around=clock)) == {"housing": NOTHING_NEW}


@ON_SQLITE
def test_how_a_source_stands_is_told(scope, inbox, clock):
    with open_session(scope) as session:
        assert source_runs.newest(session, "housing", clock.at) is None
    clock.at -= timedelta(hours=1)
    keep_folder(scope, "housing", inbox)
    assert [(one.state, one.last) for one in standings(scope, clock.at)] == [("new", None)]
    clock.at += timedelta(hours=2)
    assert standings(scope, clock.at)[0].state == "late"
    sync([scope], around=clock)
    assert standings(scope, clock.at)[0].state == "fine"
    clock.at += timedelta(hours=26)
    assert standings(scope, clock.at)[0].state == "late"
    assert BAD == (REFUSED, FAILED, STOPPED)


@ON_SQLITE
def test_a_source_that_nobody_has_or_that_fetches_nothing_is_wrong_usage(scope, inbox, clock):
    with open_session(scope, write=True) as session:
        kept_sources.add(session, "plain", "name = 'A'")
    assert sync([scope], around=clock) == []
    for code in ("plain", "nowhere"):
        with pytest.raises(UsageError, match=code):
            sync([scope], source=code, around=clock)


@ON_SQLITE
def test_watching_syncs_again_and_again_and_outlives_a_warehouse_that_is_away(scope, inbox, clock):
    keep_folder(scope, "housing", inbox, 'every = "5 minutes"')
    told, rounds = [], iter([[scope], WarehouseError("the warehouse cannot be reached"), [scope], *[[scope]] * 8])

    def scopes():
        found = next(rounds)
        if isinstance(found, Exception):
            raise found
        return found

    watch(scopes, around=clock, tell=told.append, rounds=range(9))
    assert [one.outcome for one in told] == [ALL_IN, FAILED, NOTHING_NEW]
    assert len(clock.waited) == 9
