"""Readers: roles of PostgreSQL by which other tools read the reports of one tenant, and nothing else (db.report_views).

A reader is bound by the role it signs in as: `readers` names its tenant, and only the tables' owner writes there. What
the role brings along (the tenant's number, reading only, limits of time) it may change for itself: another number shows
nothing, and the rest are defaults, not locks. Its name tells nobody whose it is, for every role of a server sees the
names of all. The password is made here, closed here (SCRAM) and shown once.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db import audit
from db.citus import is_there
from db.engine import database_url, engine, owner_url
from db.identities import Reader
from db.models import Tenant
from db.session import Scope, bind, open_owner, open_session
from scheme.errors import UsageError

PREFIX = "assay_reader_"  # by which db.locks knows them
CONNECTIONS, SECONDS, IDLE_SECONDS = 10, 300, 600
_REFUSED, _DEPENDENT = "42501", "2BP01"
_OURS = "let another tool in, or end one"


@dataclass(frozen=True)
class Made:
    """A reader that was made: its role, its password, shown once, and the statements that make the role."""

    role: str
    password: str
    database: str
    statements: tuple[str, ...]
    warning: str = ""


@dataclass(frozen=True)
class Shown:
    """A reader as it may be listed; `signs_in`: whether the server has its role."""

    role: str
    name: str
    made_by: str
    made_at: datetime
    ended_at: datetime | None
    signs_in: bool


def add(scope: Scope, name: str, by_hand: bool = False) -> Made:
    """Let another tool read a tenant's reports; its role is made by the tables' owner, or by hand from the statements.

    UsageError on SQLite, for a name that says nothing, where the owner may not make roles, and where the role could do
    more than read (then nothing is made). Recorded in the tenant's log.
    """
    _require_roles()
    name = " ".join(name.split())
    if not 3 <= len(name) <= 80 or not name.isprintable():
        raise UsageError("a reader needs a name of 3 to 80 letters that says what reads, such as: Power BI of finance")
    role, password, warning = PREFIX + secrets.token_hex(6), secrets.token_urlsafe(24), ""
    with open_owner(_OURS) as session:
        _begin(session, scope)
        made = _role_made(session, scope, role, password)
        now = datetime.now(UTC)
        session.add(Reader(role_name=role, tenant_id=scope.tenant_id, name=name, made_by=scope.actor, made_at=now))
        session.flush()
        audit.record(session, "let a reader in", role)
        if not by_hand:
            _say(session, made)
            warning = _bounds(session, role)
    return Made(role, password, str(engine().url.database), made, warning)


def readers(scope: Scope) -> list[Shown]:
    """The readers of a tenant, newest first, with those that are ended."""
    if engine().dialect.name != "postgresql":
        return []
    with open_session(scope) as session:
        rows = session.scalars(select(Reader).order_by(Reader.made_at.desc())).all()
        there = set(still_there(session))
    return [Shown(r.role_name, r.name, r.made_by, r.made_at, r.ended_at, r.role_name in there) for r in rows]


def end(scope: Scope, role: str, by_hand: bool = False) -> tuple[str, ...]:
    """End a reader: it sees no row from its next question on, and its role is dropped; gives the statements for that.

    UsageError where the tenant has no such reader, and where the owner may not drop its role (then nothing is done).
    """
    _require_roles()
    done: tuple[str, ...] = (f"DROP ROLE IF EXISTS {role}",)
    if by_hand:  # a superuser may also end its sessions, and drop large objects that it made
        gone = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"  # noqa: S608  # a role of ours
        done = (gone, f"DROP OWNED BY {role}", *done)
    with open_owner(_OURS) as session:
        _begin(session, scope)
        row = session.scalars(select(Reader).where(Reader.role_name == role)).first()
        if row is None:
            raise UsageError(f"there is no reader {role}; `assay reader list` shows those there are")
        if row.ended_at is None:
            row.ended_at = datetime.now(UTC)
            session.flush()
            audit.record(session, "ended a reader", role)
        if not by_hand:
            _say(session, done)
    return done


def still_there(session: Session) -> list[str]:
    """The roles of the session's tenant that the server still has; none on SQLite."""
    if session.get_bind().dialect.name != "postgresql":
        return []
    roles = session.scalars(select(Reader.role_name).order_by(Reader.role_name)).all()
    asked = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:roles) ORDER BY rolname")
    return list(session.execute(asked, {"roles": list(roles)}).scalars())


# --- the role ---------------------------------------------------------------------------------------------------------


def _require_roles() -> None:
    if engine(owner_url()).dialect.name != "postgresql":
        raise UsageError("readers are roles of PostgreSQL; here take the same tables as files: `assay export --plain`")


def _begin(session: Session, scope: Scope) -> None:
    if is_there(session.connection()):
        raise UsageError("readers were never tried on Citus, and there are none: `assay export --plain` gives files")
    bind(session, scope)
    # What the owner sees past row-level security, views of his would show past it.
    asked = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    if session.execute(text(asked)).scalar():
        raise UsageError("the tables' owner bypasses row-level security; make it NOSUPERUSER and NOBYPASSRLS first")
    session.execute(select(Tenant.id).where(Tenant.id == scope.tenant_id).with_for_update())


def _role_made(session: Session, scope: Scope, role: str, password: str) -> tuple[str, ...]:
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise AssertionError("PostgreSQL is reached by psycopg alone")
    closed = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    quote = session.connection().dialect.identifier_preparer.quote
    database = quote(str(session.scalar(text("SELECT current_database()"))))
    program = quote(str(make_url(database_url()).username or make_url(owner_url()).username or "postgres"))
    return (
        f"CREATE ROLE {role} LOGIN PASSWORD '{closed}' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION "
        f"NOINHERIT CONNECTION LIMIT {CONNECTIONS}",
        f"ALTER ROLE {role} IN DATABASE {database} SET app.tenant = '{scope.tenant_id}'",
        f"ALTER ROLE {role} SET default_transaction_read_only = on",
        f"ALTER ROLE {role} SET statement_timeout = '{SECONDS}s'",
        f"ALTER ROLE {role} SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'",
        f"ALTER ROLE {role} SET search_path = reports",
        # What PostgreSQL lets everybody do: tables and functions of one's own.
        f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
        f"GRANT TEMPORARY ON DATABASE {database} TO {program}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    )


def _say(session: Session, statements: tuple[str, ...]) -> None:
    connection = session.connection()
    try:
        for statement in statements:
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state == _REFUSED:
            raise UsageError(
                "the tables' owner may not make or drop roles here; give the same command with --sql, and what it "
                "prints to psql as a superuser (docs/other-tools.md)"
            ) from error
        if state == _DEPENDENT:
            raise UsageError(
                "the role owns something or was given more than Assay gave it; give the same command with --sql, and "
                "what it prints to psql as a superuser"
            ) from error
        raise


def _bounds(session: Session, role: str) -> str:
    """What is to be said of a role that was made; UsageError where it could make anything in the database."""
    asked = (
        "SELECT has_database_privilege(:role, current_database(), 'TEMPORARY, CREATE') "
        "OR has_schema_privilege(:role, 'public', 'CREATE'), has_function_privilege(:role, :lock, 'EXECUTE')"
    )
    makes, locks = session.execute(text(asked), {"role": role, "lock": "pg_advisory_lock(bigint)"}).one()
    if makes:
        raise UsageError(
            "a reader could make tables and functions here, for the tables' owner does not own the database: "
            "ALTER DATABASE ... OWNER TO it, or give the same command with --sql to psql as a superuser"
        )
    return "it may hold locks that Assay waits for, until the end of deploy/roles.sh is run here" if locks else ""
