"""What would be sent to Citus, held against its rules as its documents and source have them. Citus itself never runs.

The rules: an index that is unique, and a primary key, name the column by which a table is distributed (docs: "Creating
and modifying distributed objects", unique constraints); a key between distributed tables names it in one place on both
sides, the tables are co-located, and nothing follows a change of it; a key to a reference table is allowed, one from it
to anything else is not (src/backend/distributed/commands/foreign_constraint.c); policies have no sub-select
(commands/policy.c); triggers need a setting (commands/trigger.c).
"""

import re

import psycopg
import pytest
from sqlalchemy import UniqueConstraint

from db import citus, reads
from db.engine import engine, owner_url
from db.models import APPEND_ONLY, METADATA, OWNED
from db.session import EXEMPT
from tests.db.made import a_load, asked, put, results

on_postgresql = pytest.mark.parametrize(
    "warehouse", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
SAID = list(citus.statements(citus.distributed(), citus.reference(), first=True))


def test_every_table_lies_in_one_place():
    names = [table.name for tables in (citus.distributed(), citus.reference(), citus.local()) for table in tables]
    assert sorted(names) == sorted(METADATA.tables)
    assert {table.name for table in citus.distributed()} == set(OWNED)
    assert {table.name for table in citus.reference()} == {"tenants", "users"}


def test_every_key_of_a_distributed_table_names_its_tenant():
    for table in citus.distributed():
        unique = [index for index in table.indexes if index.unique]
        unique += [each for each in table.constraints if isinstance(each, UniqueConstraint)]
        for key in (table.primary_key, *unique):
            assert "tenant_id" in key.columns, f"{table.name}: {key}"


def test_every_reference_is_one_that_citus_takes():
    distributed, reference = set(citus.distributed()), set(citus.reference())
    for table in METADATA.sorted_tables:
        for link in table.foreign_key_constraints:
            to, pairs = link.referred_table, [(part.parent.name, part.column.name) for part in link.elements]
            assert link.ondelete is None, link.name
            assert link.onupdate is None, link.name
            if table in distributed and to in distributed:
                assert ("tenant_id", "tenant_id") in pairs, link.name
            else:
                assert to in reference or (table not in distributed | reference and to not in distributed), link.name


def test_every_distributed_table_goes_once_beside_the_first_and_gets_its_keys_back():
    gone = [re.findall(r"create_distributed_table\('(\w+)', 'tenant_id', colocate_with => '(\w+)'\)", s) for s in SAID]
    gone = [pair for pairs in gone for pair in pairs]
    assert [name for name, _ in gone] == [table.name for table in citus.distributed()]
    assert [beside for _, beside in gone] == ["none", *[gone[0][0]] * (len(gone) - 1)]
    dropped = {match[1] for s in SAID if (match := re.search(r"DROP CONSTRAINT (\w+)", s))}
    added = {match[1] for s in SAID if (match := re.search(r"ADD CONSTRAINT (\w+) FOREIGN KEY", s))}
    assert dropped == added == {link.name for table in citus.distributed() for link in table.foreign_key_constraints}
    first = next(n for n, s in enumerate(SAID) if "create_" in s)
    assert all("create_reference_table" in s for s in SAID[first : first + len(citus.reference())])
    for table in citus.distributed():
        locked = "; ".join(citus._locked(table))
        assert "FORCE ROW LEVEL SECURITY" in locked
        assert "SELECT" not in locked
        assert ("_only_grows" in locked) == (table.name in APPEND_ONLY)


@on_postgresql
def test_what_is_taken_away_on_the_way_is_there_and_what_is_given_back_is_taken(warehouse):
    """All that plain PostgreSQL knows of it, in its order; the calls of Citus are answered by functions of one line."""
    with engine(owner_url()).execution_options(**{EXEMPT: True}).connect() as connection:
        for name, arguments in (
            ("create_reference_table", "name text"),
            ("create_distributed_table", "name text, by_column text, colocate_with text"),
            ("truncate_local_data_after_distributing_table", "name text"),
        ):
            connection.exec_driver_sql(
                f"CREATE FUNCTION {name}({arguments}) RETURNS void LANGUAGE sql AS 'SELECT null::void'"
            )
        for statement in SAID:
            connection.exec_driver_sql(statement)
        for table in citus.distributed():
            for statement in citus._locked(table):
                connection.exec_driver_sql(statement)
        connection.rollback()


@on_postgresql
def test_where_citus_is_there_rows_go_in_and_are_superseded_without_a_staged_table(scope, other):
    looking = engine().url.set(drivername="postgresql", username="postgres").render_as_string(hide_password=False)
    load = {"results": results(("D1", "1.1.1", "partial"), ("D1", "1.1.2", "compliant"), comment="50 %, 'ours'")}
    again = {"results": results(("D1", "1.1.1", "compliant"), comment="again")}
    for tables in (load, again):
        put(other, a_load(tables))
    with psycopg.connect(looking) as connection:  # a row of the catalogue that says so; nothing of Citus is there
        connection.execute("SET allow_system_table_mods = on")
        connection.execute(
            "INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) "
            "VALUES (99999, 'citus', 10, 11, false, '0')"
        )
    engine().dispose()
    staged = []
    with engine().connect() as connection:
        assert citus.is_there(connection)
    for tables in (load, again):
        put(scope, a_load(tables))
    assert staged == []
    assert asked(scope, reads.content_hash) == asked(other, reads.content_hash)
    engine().dispose()
