"""Taking a load back whole: what holds then is what would hold had it never been loaded."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import audit, reads, said_again
from db.frames import PLACE
from db.loading import FileReport, Load
from db.recode import recode
from db.session import open_session
from db.tenants import add_tenant, scope_of
from db.withdraw import withdraw
from db.writes import finished, recorded
from scheme.errors import UsageError
from scheme.tables import TABLES
from tests.conftest import EXAMPLES
from tests.db.made import a_load, asked, put, results

ONE = ("D1", "1.1.1", "compliant")


def taken_back(scope, number, why="sent by mistake"):
    with open_session(scope, write=True) as session:
        return withdraw(session, number, "pat", why)


def bands(scope, known_at=None):
    rows = asked(scope, reads.programme, known_at).results
    return {(row["department_code"], row["element"]): row["band"] for row in rows.iter_rows(named=True)}


def places(scope):
    rows = asked(scope, reads.result_rows, ["D1"], ["1.1.1", "1.1.2"])
    return {row["element"]: (row["file"], row["row"]) for row in rows.iter_rows(named=True)}


def test_what_it_had_superseded_is_said_again_where_it_stood_and_what_it_alone_said_goes(scope):
    put(scope, a_load({"results": results(ONE)}, file="a.csv"))
    before = asked(scope, reads.content_hash)
    put(scope, a_load({"results": results(("D1", "1.1.2", "partial"), ("D1", "1.1.1", "partial"))}, file="b.csv"))
    between = datetime.now(UTC)
    done = taken_back(scope, 2)
    assert done.sentences() == ["1 result goes back to what load 1 said", "1 result vanishes"]
    assert asked(scope, reads.content_hash) == before
    assert places(scope) == {"1.1.1": ("a.csv", 2)}
    assert bands(scope, between) == {("D1", "1.1.1"): "partial", ("D1", "1.1.2"): "partial"}
    told = asked(scope, reads.loads).filter(load=3)
    assert told.select("file", "read", "loaded", "sent_by").rows() == [
        ("withdrawal of load 2", 0, 0, "pat"),
        ("a.csv", 1, 1, "pat"),
    ]
    notes = asked(scope, reads.notes, 3)["note"].to_list()
    assert notes[:2] == ["sent by mistake", "1 result goes back to what load 1 said"]
    assert audit.entries(scope, 1).select("action", "object").rows() == [("withdrew load", "load 2")]


def test_a_row_that_a_later_load_found_unchanged_holds_on_and_stands_where_that_load_has_it(scope):
    put(scope, a_load({"results": results(ONE)}, file="a.csv"))
    put(scope, a_load({"results": results(("D1", "1.1.2", "partial"), ONE)}, file="b.csv"))
    assert taken_back(scope, 1).sentences() == [
        "1 department stays, for a later load says the same",
        "1 result stays, for a later load says the same",
    ]
    assert bands(scope) == {("D1", "1.1.1"): "compliant", ("D1", "1.1.2"): "partial"}
    assert places(scope) == {"1.1.1": ("b.csv", 3), "1.1.2": ("b.csv", 2)}


def test_a_cell_that_a_later_load_left_empty_forgets_what_the_withdrawn_load_filled_in(scope):
    put(scope, a_load({"results": results(ONE, comment="weak")}, file="a.csv"))
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"))}, file="b.csv"))
    taken_back(scope, 1)
    row = asked(scope, reads.table, "results").row(0, named=True)
    assert (row["band"], row["comment"]) == ("partial", None)


def test_a_load_is_withdrawn_once_and_its_file_may_be_loaded_again(scope):
    put(scope, a_load({"results": results(ONE)}))
    taken_back(scope, 1)
    for number, why in ((1, "withdrawn already, by load 2"), (2, "itself a withdrawal"), (9, "no load 9")):
        with pytest.raises(UsageError, match=why):
            taken_back(scope, number)
    with pytest.raises(UsageError, match="say why"):
        taken_back(scope, 1, " ")
    again = put(scope, a_load({"results": results(ONE)}))
    assert (again.load_number, again.files[0].loaded, bands(scope)) == (3, 1, {("D1", "1.1.1"): "compliant"})
    assert taken_back(scope, 3).number == 4
    assert bands(scope) == {}


def test_a_recoding_is_recoded_back_and_loads_before_it_are_withdrawn_under_the_new_code(scope):
    put(scope, a_load({"results": results(ONE)}, file="a.csv"))
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"))}, file="b.csv"))
    with open_session(scope, write=True) as session:
        recode(session, "D1", "D2", "pat", date(2026, 6, 1))
    with pytest.raises(UsageError, match="recode it back"):
        taken_back(scope, 3)
    taken_back(scope, 2)
    assert bands(scope) == {("D2", "1.1.1"): "compliant"}
    taken_back(scope, 1)
    assert (bands(scope), asked(scope, reads.register).departments.rows()) == ({}, [])


def test_a_withdrawal_that_would_put_a_department_below_itself_is_refused_and_nothing_changes(scope):
    def register(*rows):
        return pl.DataFrame(rows, ["department_code", "department_name", "parent_code"], orient="row")

    put(scope, a_load({"departments": register(("A", "A", "B"), ("B", "B", None))}))
    put(scope, a_load({"departments": register(("A", "A", "C"))}))
    put(scope, a_load({"departments": register(("B", "B", "A"))}))
    before = asked(scope, reads.content_hash)
    with pytest.raises(UsageError, match="would lie below itself"):
        taken_back(scope, 2)
    assert (asked(scope, reads.content_hash), asked(scope, reads.latest_load)[0]) == (before, 3)


def test_a_load_before_one_whose_words_were_not_kept_cannot_be_withdrawn(scope):
    put(scope, a_load({"results": results(ONE)}))
    with open_session(scope, write=True) as session:
        finished(session, recorded(session, Load("x", None, [FileReport("old.csv", None, "0" * 64, "results")])))
    with pytest.raises(UsageError, match="load 2 was taken by a version of Assay that did not keep"):
        taken_back(scope, 1)


# --- against the slow and obvious twin: a tenant in which it was never loaded -----------------------------------------

CELLS = st.none() | st.sampled_from(["x", "y"])
CODES = st.sampled_from(["D1", "D2"])


def frames(rows, columns, key):
    """Staged rows, one of a key, as a sender's file may have them."""
    kept = {tuple(row[n] for n in range(key)): row for row in rows}
    return pl.DataFrame(list(kept.values()), dict.fromkeys(columns, pl.String), orient="row")


@st.composite
def sent(draw):
    """A load: results with and without sites, a register of departments or sites, or one by hand that clears cells."""
    tables = {}
    bands_ = st.sampled_from(["compliant", "partial"])
    rows = draw(st.lists(st.tuples(CODES, st.sampled_from([None, "S1"]), st.just("1.1.1"), bands_, CELLS), max_size=3))
    if rows:
        frame = frames(rows, ("department_code", "site_code", "element", "band", "comment"), 3)
        day = pl.lit("2025-03-07").str.to_date().alias("assessed_on")
        tables["results"] = frame.with_columns(pl.lit("annual_review").alias("assessment_type"), day)
    if draw(st.booleans()):
        rows = draw(st.lists(st.tuples(CODES, CELLS, st.just(None)), min_size=1, max_size=2))
        tables["departments"] = frames(rows, ("department_code", "department_name", "parent_code"), 1)
    if draw(st.integers(0, 2)) == 0:
        below = [draw(CODES)] if draw(st.booleans()) else None
        columns = {"site_code": pl.String, "site_name": pl.String, "department_code": pl.List(pl.String)}
        tables["sites"] = pl.DataFrame([("S1", draw(CELLS), below)], columns, orient="row")
    file, withdraw = draw(st.sampled_from(["a.csv", "b.csv"])), draw(st.integers(0, 3)) == 0
    cleared = {"results": frozenset({"comment"})} if draw(st.integers(0, 4)) == 0 else {}
    return tables, file, withdraw, cleared


STEPS = st.one_of(
    sent(), sent(), sent(), sent(), st.tuples(st.sampled_from([("D1", "D3"), ("D2", "D1"), ("D3", "D2")]))
)


def put_step(scope, step):
    """Do a step; the number of its load, None where the warehouse refused it."""
    if len(step) == 1:
        try:
            with open_session(scope, write=True) as session:
                return recode(session, *step[0], "pat", date(2026, 6, 1))[0]
        except UsageError:
            return None
    tables, file, withdraw_missing, cleared = step
    if not tables:
        return None
    load = a_load(tables, file=file, withdraw=withdraw_missing)
    load.cleared = cleared
    return put(scope, load).load_number


def state(scope, steps):
    """All that holds, and in which step, file and row each row first stood."""
    with open_session(scope) as session:
        told = {}
        for table in TABLES:
            rows = reads.kept(session, table, {**said_again.columns(table), **PLACE})
            rows = said_again.first_said(session, rows).with_columns(pl.col("load_number").replace_strict(steps))
            told[table] = sorted(rows.rows(), key=str)
    return told


TENANTS = iter(range(10**6))


@settings(max_examples=max(EXAMPLES // 3, 10), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=2, max_size=6), data=st.data())
def test_what_holds_afterwards_is_what_would_hold_had_they_never_been_loaded(warehouse, steps, data):
    ours, twin = (f"T{next(TENANTS)}" for _ in range(2))
    for code in (ours, twin):
        add_tenant(code, code)
    scope = scope_of(ours)
    numbers = {n: number for n, step in enumerate(steps) if (number := put_step(scope, step)) is not None}
    candidates = [n for n in numbers if len(steps[n]) > 1]
    gone = data.draw(st.lists(st.sampled_from(candidates), unique=True, max_size=3)) if candidates else []
    refused = False
    for n in gone:
        try:
            taken_back(scope, numbers[n])
        except UsageError:
            refused = True  # a recoding into a code that is in use then
    other = scope_of(twin)
    theirs = {n: put_step(other, steps[n]) for n in numbers if n not in gone}
    if refused:
        assert None in theirs.values()
        return
    ours_ = {number: n for n, number in numbers.items()}
    assert state(scope, ours_) == state(other, {number: n for n, number in theirs.items() if number is not None})
