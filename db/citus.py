"""Where the warehouse lies on Citus, the distributed PostgreSQL: which table goes where, and the statements for it.

Never run: Citus is in no registry that we reach. What is written here follows from its documents and its source
(github.com/citusdata/citus, src/backend/distributed/commands; the file is named beside each rule), and a test holds
each table of the models against these rules. **Ours**: tables that a tenant owns are distributed by `tenant_id`, all
co-located, so that whatever is done for a tenant is done on one machine; what they refer to and no tenant owns is a
reference table, there on every machine; everything else stays on the coordinator: who may do what is asked before the
tenant is known, by tokens that name none.
"""

# ruff: noqa: S608  # statements of the models' own names

from collections.abc import Iterator

from sqlalchemy import Connection, ForeignKeyConstraint, Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint

from db.models import APPEND_ONLY, METADATA, OWNED
from scheme.errors import WarehouseError

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # as SQLAlchemy has it
_MINE = "tenant_id = nullif(current_setting('app.tenant', true), '')::int"


def distributed() -> tuple[Table, ...]:
    """The tables whose rows lie with their tenant, those that are referred to first."""
    return tuple(table for table in METADATA.sorted_tables if table.name in OWNED)


def reference() -> tuple[Table, ...]:
    """The tables that are on every machine: what distributed ones refer to, and what these refer to."""
    found: set[str] = set()
    waiting = list(distributed())
    while waiting:
        for link in waiting.pop().foreign_key_constraints:
            if link.referred_table.name not in {*OWNED, *found}:
                found.add(link.referred_table.name)
                waiting.append(link.referred_table)
    return tuple(table for table in METADATA.sorted_tables if table.name in found)


def local() -> tuple[Table, ...]:
    """The tables that stay on the coordinator."""
    elsewhere = {*distributed(), *reference()}
    return tuple(table for table in METADATA.sorted_tables if table not in elsewhere)


def is_there(connection: Connection) -> bool:
    """Whether this database is a coordinator of Citus; asked once of each connection."""
    if "assay_citus" not in connection.info:
        asked = text("SELECT 1 FROM pg_extension WHERE extname = 'citus'")
        connection.info["assay_citus"] = bool(connection.execute(asked).scalar())
    there: bool = connection.info["assay_citus"]
    return there


def spread(connection: Connection) -> None:
    """Send to their machines the tables that are not there yet; each `assay upgrade` asks, so later tables go too.

    Does nothing without Citus. WarehouseError where a table was partitioned before the extension came, or where a row
    was lost on the way; then nothing has changed.
    """
    if connection.dialect.name != "postgresql" or not is_there(connection):
        return
    # By hash, or there on every machine; others are known to Citus as tables of the coordinator (pg_dist_partition).
    asked = text("SELECT logicalrelid::regclass::text FROM pg_dist_partition WHERE partmethod = 'h' OR repmodel = 't'")
    placed = set(connection.execute(asked).scalars())
    new = tuple(table for table in distributed() if table.name not in placed)
    if connection.execute(text("SELECT 1 FROM pg_partitioned_table")).scalar() and new:
        raise WarehouseError(
            "this warehouse was partitioned before Citus came; restore it from a dump into a database that had "
            "`CREATE EXTENSION citus` first (docs/scaling.md)"
        )
    copies = tuple(table for table in reference() if table.name not in placed)
    counted = {table.name: _count(connection, table, new) for table in (*copies, *new)}
    for statement in statements(new, copies, first=not placed):
        connection.exec_driver_sql(statement)
    for table in (*copies, *new):
        if _count(connection, table, ()) != counted[table.name]:
            raise WarehouseError(f"not every row of {table.name} arrived; nothing was changed")
    for table in new:
        for statement in _locked(table):
            connection.exec_driver_sql(statement)


def _count(connection: Connection, table: Table, opened: tuple[Table, ...]) -> int:
    if table in opened:  # its owner reads past the policy only where that is not forced
        connection.exec_driver_sql(f"ALTER TABLE {table.name} NO FORCE ROW LEVEL SECURITY")
    count: int = connection.exec_driver_sql(f"SELECT count(*) FROM {table.name}").scalar_one()
    return count


def statements(new: tuple[Table, ...], copies: tuple[Table, ...], first: bool) -> Iterator[str]:
    """What sends these tables to their machines, open to their owner; `first`: no table has gone before."""
    # With keys to reference tables, a transaction may use one connection to each machine only.
    yield "SET LOCAL citus.multi_shard_modify_mode = 'sequential'"
    # The audit log's trigger raises and asks nothing: it is safe on each machine by itself (commands/trigger.c).
    yield "SET LOCAL citus.enable_unsafe_triggers = on"
    for table in new:
        # A table with keys to one that is still here would not go (commands/foreign_constraint.c); they come back.
        yield from (f"ALTER TABLE {table.name} DROP CONSTRAINT {link.name}" for link in _links(table))
        # Policies with a sub-select are refused (commands/policy.c), and rows are copied past no policy.
        yield f"DROP POLICY {table.name}_of_tenant ON {table.name}"
        yield f"ALTER TABLE {table.name} DISABLE ROW LEVEL SECURITY"
        if table.name in APPEND_ONLY:
            yield f"DROP TRIGGER {table.name}_only_grows ON {table.name}"
    for table in copies:
        yield f"SELECT create_reference_table('{table.name}')"
    for number, table in enumerate(new):
        beside = "none" if first and number == 0 else distributed()[0].name
        yield f"SELECT create_distributed_table('{table.name}', 'tenant_id', colocate_with => '{beside}')"
        yield f"SELECT truncate_local_data_after_distributing_table('{table.name}')"
    for table in new:
        for link in _links(table):
            yield str(AddConstraint(link).compile(dialect=_POSTGRESQL)).strip()


def _locked(table: Table) -> Iterator[str]:
    yield f"CREATE POLICY {table.name}_of_tenant ON {table.name} USING ({_MINE}) WITH CHECK ({_MINE})"
    yield f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY"
    if table.name in APPEND_ONLY:
        yield (
            f"CREATE TRIGGER {table.name}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table.name} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table.name}_only_grows()"
        )


def _links(table: Table) -> list[ForeignKeyConstraint]:
    return sorted(table.foreign_key_constraints, key=lambda link: str(link.name))
