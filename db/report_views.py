"""The reports (db.reports) as views of the schema `reports`, which the tables' owner makes at upgrades.

Whoever asks there is a reader (db.readers), and two bolts hold whatever a reader sets. Each view shows the rows of the
tenant that `readers` names for the role it signed in as: session_user, which no SET changes. And as their owner's the
views stay under forced row-level security, by the tenant's number that the role brings along. They are barriers: no
function or operator of the asker's sees a row before it has passed.
"""

import hashlib
from functools import cache

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects import postgresql

from db import citus
from db.identities import Reader
from db.reports import reports
from scheme.errors import WarehouseError

SCHEMA = "reports"
_OURS = "Assay's reports,"


def made(connection: Connection) -> None:
    """Make the views, anew where other ones are defined by now; in one transaction, so that no reader misses them.

    Everybody may read them: whoever is no reader sees no row, and a role that ends has no privilege to be taken back.
    None on SQLite, which has no roles, and none on Citus, for lack of one. WarehouseError where the schema is there and
    is none of ours.
    """
    if connection.dialect.name != "postgresql" or citus.is_there(connection):
        return
    there = connection.execute(text("SELECT to_regnamespace(:name) IS NOT NULL"), {"name": SCHEMA}).scalar()
    said = _said(connection)
    if there and not (said or "").startswith(_OURS):
        raise WarehouseError(f"the schema {SCHEMA} of this database is not Assay's; rename it, and upgrade again")
    if said == _fingerprint():
        return
    if there:
        connection.exec_driver_sql(f"DROP SCHEMA {SCHEMA} CASCADE")
    connection.exec_driver_sql(f"SET LOCAL search_path = public, pg_temp; {_script()}")


def _said(connection: Connection) -> str | None:
    """What the schema says of itself: of which definitions its views are."""
    asked = text("SELECT obj_description(to_regnamespace(:name), 'pg_namespace')")
    return connection.execute(asked, {"name": SCHEMA}).scalar()


@cache
def _fingerprint() -> str:
    return f"{_OURS} {hashlib.sha256('; '.join(_statements()).encode()).hexdigest()}"


def _script() -> str:
    return "; ".join((*_statements(), f"COMMENT ON SCHEMA {SCHEMA} IS {_quoted(_fingerprint())}"))


@cache
def _statements() -> tuple[str, ...]:
    whose = select(Reader.tenant_id).where(Reader.role_name == func.session_user(), Reader.ended_at.is_(None))
    said = [f"CREATE SCHEMA {SCHEMA}"]
    for name, told in reports().items():
        asked = told.asked.where(told.of.tenant_id == whose.scalar_subquery())
        compiled = asked.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]
        said.append(f"CREATE VIEW {SCHEMA}.{name} WITH (security_barrier = true) AS {compiled}")
        said.append(f"COMMENT ON VIEW {SCHEMA}.{name} IS {_quoted(told.row)}")
        said += [f"COMMENT ON COLUMN {SCHEMA}.{name}.{column.name} IS {_quoted(column.says)}"
                 for column in told.columns]  # fmt: skip
    said += [f"GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC", f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO PUBLIC"]
    return tuple(said)


def _quoted(said: str) -> str:
    return "'" + said.replace("'", "''") + "'"
