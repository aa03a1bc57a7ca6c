"""Tables that hold what loads brought, partitioned by tenant on PostgreSQL. Frozen: it says what version 0012 is.

Each becomes a table in so many parts by the hash of its tenant (ASSAY_PARTITIONS; 16), so that one tenant's work
touches one part: its heap, its indexes, its vacuum. Parts live in the schema `assay_parts`, which the program's role
may not enter. SQLite stays as it is, and so does a warehouse on Citus, whose shards are such parts (db.citus).
"""

# ruff: noqa: S608  # statements of this module's own names, and of definitions that PostgreSQL itself wrote

from alembic import op
from sqlalchemy import text

from db.upgrade import PARTITIONS

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PARTED = (
    *("departments", "sites", "certificates", "assessments", "visits", "results", "actions", "evidence"),
    *("customer_groups", "service_standards", "rejected_rows", "statements", "ready_frames"),
)
WHOLE = ("loads", "files")  # the owned tables that these refer to
SCHEMA = "assay_parts"
MINE = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::int)"


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name != "postgresql" or rows("SELECT 1 FROM pg_extension WHERE extname = 'citus'"):
        return
    parts = PARTITIONS.read()
    op.execute(f"CREATE SCHEMA {SCHEMA}")
    # Its owner reads past row-level security only where that is not forced: to copy rows, and to check the keys of all.
    for table in (*WHOLE, *PARTED):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for table in PARTED:
        part(table, parts)
    for table in WHOLE:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def rows(question: str, **told: object) -> list[tuple[str, ...]]:
    return [tuple(row) for row in op.get_bind().execute(text(question), told)]


def part(table: str, parts: int) -> None:
    """Make a table anew in parts with all that it has, without losing a row (AssertionError: nothing has changed)."""
    old = f"{SCHEMA}.{table}"
    constraints = rows(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = CAST(:t AS regclass) ORDER BY contype DESC, conname",
        t=f"public.{table}",
    )
    indexes = rows(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = CAST(:t AS regclass) "
        "AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid) ORDER BY 1",
        t=f"public.{table}",
    )
    op.execute(f"ALTER TABLE {table} SET SCHEMA {SCHEMA}")
    op.execute(f"CREATE TABLE {table} (LIKE {old} INCLUDING DEFAULTS INCLUDING STORAGE) PARTITION BY HASH (tenant_id)")
    for number in range(parts):
        where = f"FOR VALUES WITH (MODULUS {parts}, REMAINDER {number})"
        op.execute(f"CREATE TABLE {old}_{number} PARTITION OF {table} {where}")
    op.execute(f"INSERT INTO {table} SELECT * FROM {old}")
    before, after = (rows(f"SELECT count(*) FROM {name}") for name in (old, table))
    if before != after:
        raise AssertionError(f"{table} has {before} rows, and {after} of them were copied")
    op.execute(f"DROP TABLE {old}")
    for name, definition in constraints:
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for (definition,) in indexes:
        op.execute(definition)
    for name in (table, *(f"{old}_{number}" for number in range(parts))):
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_of_tenant ON {name} USING ({MINE}) WITH CHECK ({MINE})")
    op.execute(f"ANALYZE {table}")  # it is another table now, of which the planner knows nothing
