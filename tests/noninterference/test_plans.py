"""What others have costs nobody anything: the same rows and buffers, from none to many others (reliability.md T13)."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from benchmarks import made
from db import reads
from db.models import METADATA, OWNED
from db.session import open_session
from db.tenants import add_tenant, scope_of
from db.upgrade import require_current
from db.writes import publish
from tests.conftest import brought_up
from tests.noninterference import asks, callbacks, harness, parts, worlds

pytestmark = pytest.mark.postgres
PARTS, DEPARTMENTS, OTHERS = 4, 5, 1000


@pytest.fixture(scope="module")
def alone(postgres, tmp_path_factory) -> Iterator[worlds.World]:
    """A warehouse in PARTS parts in which one tenant has a year of reviews, and nobody else anything."""
    database = postgres.database()
    settings = {"ASSAY_DATABASE_URL": database.url, "ASSAY_OWNER_DATABASE_URL": database.owner_url}
    brought_up({**settings, "ASSAY_PARTITIONS": str(PARTS)})
    looking = postgres.url("postgres", database.name)
    world = worlds.World("postgresql", "alone", database.url, database.owner_url, looking)
    with world.entered():
        require_current()  # each part is as closed as its table
        for code in (worlds.A, worlds.B):
            add_tenant(code, "An organisation")
        for tables in (made.registers(DEPARTMENTS), made.year_of_reviews(DEPARTMENTS, 2025)):
            with open_session(scope_of(worlds.A), write=True) as session:
                publish(session, made.load_of(tables, "a.csv"))
        worlds._add_people(worlds.PEOPLE)
        yield world
        worlds._leave(world)
    postgres.drop(database)


@pytest.fixture(scope="module")
def sent(app, alone) -> parts.Sent:
    """What every page sends for a corporate lead who looks at it, now and as known at a moment."""
    noted = parts.Sent()
    asking = harness.Asking(app, "lead")
    with noted.noted():
        for ask in asks.once(callbacks.callback_asks(app)):
            if ask.whose == "ours" and not ask.thorough:
                asking.ask(ask)
        with open_session(scope_of(worlds.A)) as session:  # as known at a moment: from the history, not what is ready
            reads.programme(session, datetime.now(UTC))
    return noted


def rows_and_buffers(sent: parts.Sent, world: worlds.World) -> dict[str, tuple[int, int]]:
    """By statement: the rows it gives and the buffers it touches, as the program's own role."""
    found = {}
    with psycopg.connect(world.url) as connection:
        connection.execute("SET app.tenant = '1'")
        for statement, values in parts.reads(sent):
            for _ in range(2):  # what the first one finds out about rows is kept beside them
                said = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}"
                plan = connection.execute(said, values).fetchone()[0][0]["Plan"]  # type: ignore[index,arg-type]
            touched = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            found[statement] = plan["Actual Rows"], touched
    return found


def add_others(world: worlds.World, many: int) -> None:
    """Give so many further tenants what the first one has, row for row."""
    with psycopg.connect(world.looking, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO tenants SELECT 1000 + n, 'T' || n, name, standard_code, version "
            "FROM tenants, generate_series(1, %s) n WHERE id = 1",
            (many,),
        )
        for name in OWNED:
            rest = ", ".join(
                f'"{column.name}"' for column in METADATA.tables[name].columns if column.name != "tenant_id"
            )
            connection.execute(
                f"INSERT INTO {name} (tenant_id, {rest}) SELECT 1000 + n, {rest} "  # type: ignore[arg-type]
                f"FROM {name}, generate_series(1, {many}) n WHERE tenant_id = 1"
            )
        connection.execute("VACUUM (ANALYZE)")


def test_what_a_thousand_others_have_changes_neither_rows_nor_buffers(alone, sent):
    assert list(parts.strays(sent)) == []
    assert list(parts.astray(sent, alone)) == []
    before = rows_and_buffers(sent, alone)
    assert len(before) > 20
    assert max(rows for rows, _ in before.values()) == DEPARTMENTS * 57, "nothing read the results"
    add_others(alone, OTHERS)
    for statement, (rows, touched) in rows_and_buffers(sent, alone).items():
        rows_alone, touched_alone = before[statement]
        assert rows == rows_alone, statement
        # Alone, all of a small table is read; among others the way through an index to the same pages, or a table of a
        # few pages. What the others have in the same part would never fit into that.
        assert touched <= 2 * touched_alone + 6, f"{touched_alone} buffers are {touched} now: {statement}"
