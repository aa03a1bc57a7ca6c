"""What is kept ready for reading: at every moment what the canonical tables hold, and nobody else's."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sqlalchemy import update

from db import reads, ready
from db.frames import insert
from db.models import ReadyFrame
from db.ready import SCHEMAS, part_of
from db.session import open_session
from db.tenants import add_tenant, scope_of
from db.upgrade import upgrade
from db.writes import publish
from scheme.errors import UsageError
from scheme.intervals import as_text, intervals
from tests.conftest import EXAMPLES
from tests.db.made import a_load, asked, put, results
from tests.db.test_withdraw import STEPS, put_step, taken_back

ONE = ("D1", "1.1.1", "compliant")
OURS = iter(range(10**6))


def kept(scope):
    """What is kept ready for a tenant, None where it is not read."""
    return asked(scope, ready.ready)


def is_true(scope) -> bool:
    """Whether something is kept, and whether it is what the canonical tables give."""
    found = kept(scope)
    if found is None:
        return False
    slow = asked(scope, reads.programme, datetime.now(UTC))
    fast = asked(scope, reads.programme)
    for name in SCHEMAS:
        assert_frame_equal(getattr(fast, name), getattr(slow, name))
    assert_frame_equal(as_text(found.intervals), intervals(slow.results, slow.assessments))
    came = [asked(scope, reads.arrived, moment) for moment in (None, datetime.now(UTC))]
    assert_frame_equal(*came, check_row_order=False)
    return True


def written(scope) -> dict[tuple[str, int], int]:
    """By table and part, the load that wrote it."""

    def rows(session):
        return session.query(ReadyFrame.table_name, ReadyFrame.part, ReadyFrame.load_number).all()

    return {(table, part): load for table, part, load in asked(scope, rows)}


@st.composite
def reviews(draw):
    """A load of assessments, some of which say what they looked at, with results, visits and certificates."""
    codes, days = st.sampled_from(["D1", "D2", ""]), st.sampled_from([date(2025, 3, 7), date(2026, 3, 7)])
    kinds = st.sampled_from(["annual_review", "desk_review", "gap_analysis"])
    scopes = st.sampled_from([None, [], ["1.1.1"], ["1.1.2"]])
    told = draw(st.lists(st.tuples(st.sampled_from(["A1", "A2"]), codes, kinds, days, scopes), max_size=2))
    columns = {"assessment_code": pl.String, "department_code": pl.String, "assessment_type": pl.String}
    columns |= {"ended_on": pl.Date, "scope": pl.List(pl.String)}
    rows = {row[0]: row for row in told}
    tables = {"assessments": pl.DataFrame(list(rows.values()), columns, orient="row")} if rows else {}
    bands = st.sampled_from(["compliant", "partial", "not_applicable"])
    said = draw(st.lists(st.tuples(codes, st.sampled_from(["1.1.1", "1.1.2"]), bands, kinds, days), max_size=4))
    columns = {"department_code": pl.String, "element": pl.String, "band": pl.String, "assessment_type": pl.String}
    found = {(row[0], row[1], *row[3:]): row for row in said}
    if found:
        tables["results"] = pl.DataFrame(list(found.values()), {**columns, "assessed_on": pl.Date}, orient="row")
    if draw(st.booleans()):
        tables["visits"] = pl.DataFrame(
            {"site_code": ["S1"], "visited_on": [draw(days)], "mode": ["remote"], "planned": [draw(st.booleans())]}
        )
    return tables, draw(st.sampled_from(["c.csv", "d.csv"])), draw(st.booleans()), {}


@settings(max_examples=max(EXAMPLES // 8, 5), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS | reviews(), min_size=2, max_size=6), data=st.data())
def test_after_any_course_of_loads_what_is_kept_is_what_the_tables_hold(warehouse, steps, data):
    code = f"K{next(OURS)}"
    add_tenant(code, code)
    scope = scope_of(code)
    numbers = [number for step in steps if (number := put_step(scope, step)) is not None and is_true(scope)]
    for number in data.draw(st.lists(st.sampled_from(numbers), unique=True, max_size=2)) if numbers else []:
        try:
            taken_back(scope, number)
        except UsageError:
            continue
        assert is_true(scope)


def test_a_load_of_one_department_writes_the_part_of_that_department_and_no_other(scope):
    put(scope, a_load({"results": results(*((f"D{n}", "1.1.1", "compliant" if n else "partial") for n in range(40)))}))
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"))}, file="b.csv"))
    assert is_true(scope)
    again = {where for where, load in written(scope).items() if load == 2}
    assert again == {(ready.HEADER, 0), ("results", part_of("D1")), (ready.ORIGINS, part_of("D1"))}


def test_what_an_assessment_looked_at_moves_the_intervals_of_results_that_are_there_already(scope):
    put(scope, a_load({"results": results(ONE)}))
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"), day="2026-03-07")}, file="b.csv"))
    assert kept(scope).intervals["until_on"].to_list() == [date(2026, 3, 7), None]
    scoped = {"assessment_code": ["A"], "department_code": ["D1"], "assessment_type": ["annual_review"]}
    scoped |= {"ended_on": [date(2026, 3, 7)], "scope": [["1.1.2"]]}
    put(scope, a_load({"assessments": pl.DataFrame(scoped)}, file="c.csv"))
    assert kept(scope).intervals["until_on"].to_list() == [None, date(2026, 3, 7)]
    assert is_true(scope)


@pytest.mark.parametrize("behind", [{"load_number": 1}, {"edition": 0}])
def test_what_stands_for_an_older_load_or_is_written_otherwise_is_not_read_and_the_next_load_makes_it_whole(
    scope, behind
):
    for number in range(2):
        put(scope, a_load({"results": results((f"D{number}", "1.1.1", "compliant"))}))
    with open_session(scope, write=True) as session:
        session.execute(update(ReadyFrame).where(ReadyFrame.table_name == ready.HEADER).values(**behind))
        session.execute(update(ReadyFrame).where(ReadyFrame.table_name != ready.HEADER).values(body=b"nonsense"))
    assert kept(scope) is None
    assert asked(scope, reads.programme).results.height == 2
    put(scope, a_load({"results": results(("D2", "1.1.1", "partial"))}))
    assert is_true(scope)


def test_parts_that_a_program_with_more_of_them_left_are_not_read_after_this_one_has_loaded(scope):
    put(scope, a_load({"results": results(ONE)}))
    with open_session(scope, write=True) as session:
        session.execute(update(ReadyFrame).values(edition=ready.EDITION + 1))
        there = session.query(ReadyFrame).filter_by(table_name="results", part=part_of("D1")).one()
        told = {"edition": ready.EDITION + 1, "load_number": 1, "row_count": there.row_count, "body": there.body}
        for table in ("results", ready.ORIGINS):
            session.add(ReadyFrame(table_name=table, part=ready.PARTS, **told))
    assert kept(scope) is None
    put(scope, a_load({"results": results(("D2", "1.1.1", "partial"))}, file="b.csv"))
    assert is_true(scope)
    assert kept(scope).intervals.height == 2


def test_upgrading_makes_ready_what_is_not_of_every_tenant(scope, other):
    for each in (scope, other):
        put(each, a_load({"results": results((each.tenant_code, "1.1.1", "compliant"))}))
    with open_session(scope, write=True) as session:
        session.execute(update(ReadyFrame).values(edition=0))
    assert (kept(scope), kept(other) is None) == (None, False)
    upgrade()
    assert is_true(scope)
    assert kept(scope).tables["departments"]["department_code"].to_list() == ["ASH"]
    assert kept(other).tables["departments"]["department_code"].to_list() == ["BEC"]


def test_what_was_known_before_is_read_from_the_tables(scope):
    put(scope, a_load({"results": results(ONE)}))
    then = datetime.now(UTC)
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"))}, file="b.csv"))
    assert asked(scope, reads.programme, then).results["band"].to_list() == ["compliant"]
    assert asked(scope, reads.programme).results["band"].to_list() == ["partial"]


def test_rows_put_in_a_savepoint_that_stays_are_found_by_the_next_load(scope):
    put(scope, a_load({"results": results(ONE)}))
    row = {"department_code": "D9", "is_confirmed": True, "load_number": 1, "file_number": 1, "row_number": 9}
    with open_session(scope, write=True) as session:
        with session.begin_nested():
            insert(session, "departments", pl.DataFrame({**row, "department_name": "Nine"}))

        publish(session, a_load({"results": results(("D1", "1.1.2", "partial"))}, file="b.csv"))
    assert is_true(scope)
    assert kept(scope).tables["departments"]["department_code"].to_list() == ["D1", "D9"]
