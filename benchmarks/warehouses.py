"""The warehouses that screens, load and largest are measured on: made once in a run, in temporary places, and gone."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy import select, update

from benchmarks import made
from benchmarks.environment import environment
from db import people, sessions
from db.engine import engine, owner_url
from db.identities import User
from db.models import IDENTITY, Tenant
from db.session import Scope, open_platform, open_session
from db.tenants import scope_of
from db.upgrade import upgrade
from tests import cluster

# One person's clicks are not held back; the second factor is not asked of who comes from the machine itself.
SETTINGS = {
    "ASSAY_SECRET": "0123456789abcdef0123456789abcdef",
    "ASSAY_SECOND_FACTOR": "off",
    "ASSAY_REQUESTS_A_MINUTE": "1000000",
}
SMALL_DEPARTMENTS, SMALL_YEARS = 10, 3


@dataclass
class Warehouse:
    """A warehouse of its own on one database; `settings` are the variables under which the program finds it.

    Its tenants are called T and their number of departments (`tenant`); others, which only stand about, are copies of
    one small tenant (`others`).
    """

    database: str  # "PostgreSQL" or "SQLite"
    settings: dict[str, str]
    superuser_url: str = ""
    _tenants: dict[int, Scope] = field(default_factory=dict)
    _others: int = 0
    _tokens: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def here(self) -> Iterator[None]:
        """The program's own warehouse is this one, for as long as the block lasts."""
        with environment(self.settings):
            yield

    def tenant(self, departments: int) -> Scope:
        """The tenant of so many departments with nine years of reviews, made where it is asked for first."""
        if departments not in self._tenants:
            self._tenants[departments] = made.tenant(f"T{departments}", departments)
            self.settle()
        return self._tenants[departments]

    def others(self, number: int) -> list[str]:
        """The codes of so many other tenants of ten departments with three years: copies of one, made by SQL.

        Only on PostgreSQL, past row-level security: as the superuser, with every row of every table that names a
        tenant, whichever tables there are.
        """
        if self._others == 0:
            made.tenant("O0", SMALL_DEPARTMENTS, SMALL_YEARS)
            self._others = 1
        if number > self._others:
            with psycopg.connect(self.superuser_url, autocommit=True) as connection:
                _copy(connection, scope_of("O0").tenant_id, range(self._others, number))
            self._others = number
        self.settle()
        return [f"O{place}" for place in range(number)]

    def settle(self) -> None:
        """Let the database count its rows, as its own housekeeping would in a while."""
        if self.superuser_url:
            with psycopg.connect(self.superuser_url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")

    def session(self, tenant_code: str) -> str:
        """The token of a session of a corporate lead of that tenant, past all doors."""
        if tenant_code not in self._tokens:
            email = f"lead@{tenant_code.lower()}.example"
            people.add_user(email, "corporate_lead", tenant_code, may_export=True)
            with open_platform(write=True) as session:
                user = session.scalars(select(User).where(User.email == email)).one()
                user.must_change_password = False
                number = user.id
            self._tokens[tenant_code] = sessions.begin(number, "127.0.0.1", is_proven=True)
        return self._tokens[tenant_code]

    def forget(self, scope: Scope) -> None:
        """Make all that is kept of a tenant out of date: its version goes up, as with each change of its data."""
        with open_session(scope, write=True) as session:
            session.execute(update(Tenant).where(Tenant.id == scope.tenant_id).values(version=Tenant.version + 1))


def _copy(connection: psycopg.Connection, source: int, places: range) -> None:
    """Copies of a tenant, called O and their place; a tenant's number is 100,000 and its place."""
    connection.execute("SET session_replication_role = replica")  # foreign keys hold: the copy has every row
    numbers = f"generate_series({places.start + 100_000}, {places.stop - 1 + 100_000}) AS other"
    connection.execute(
        f"INSERT INTO tenants (id, code, name, standard_code, version) SELECT other, 'O' || (other - 100000), "
        f"'Other ' || other || ' (fictional)', standard_code, version FROM tenants, {numbers} WHERE id = {source}"
    )
    asked = (
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns JOIN pg_class ON "
        "relname = table_name AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT "
        "relispartition WHERE table_schema = 'public' AND is_generated = 'NEVER' GROUP BY table_name "
        "HAVING 'tenant_id' = ANY(array_agg(column_name::text))"
    )
    for table, columns in connection.execute(asked).fetchall():
        if table in IDENTITY:
            continue  # who may do what where is of people, and these tenants have none
        others = ", ".join(f'"{name}"' for name in columns if name != "tenant_id")
        connection.execute(
            f'INSERT INTO "{table}" (tenant_id, {others}) SELECT other, {others} FROM "{table}", {numbers} '
            f"WHERE tenant_id = {source}"
        )


@cache
def postgres() -> cluster.Cluster:
    """This run's own PostgreSQL, until the run ends; RuntimeError where no server is installed."""
    programs = cluster.programs()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    running = cluster.new_cluster(programs)
    atexit.register(running.stop)
    running.start()
    return running


def settings(database: cluster.Database, originals: Path) -> dict[str, str]:
    """The variables under which the program finds a warehouse in that database, and its originals in that folder."""
    return {
        **SETTINGS,
        "ASSAY_DATABASE_URL": database.url,
        "ASSAY_OWNER_DATABASE_URL": database.owner_url,
        "ASSAY_ORIGINALS": str(originals),
    }


@cache
def on_postgres() -> Warehouse:
    """This run's warehouse in PostgreSQL."""
    running = postgres()
    database = running.database()
    return _new(Warehouse("PostgreSQL", settings(database, _folder()), running.url("postgres", database.name)))


@cache
def on_sqlite() -> Warehouse:
    """This run's warehouse in an SQLite file."""
    return _new(Warehouse("SQLite", {**SETTINGS, "ASSAY_DATABASE_URL": f"sqlite:///{_folder() / 'assay.db'}"}))


def _new(warehouse: Warehouse) -> Warehouse:
    with warehouse.here():
        upgrade()
        engine(owner_url()).dispose()
    return warehouse


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="assay-benchmark-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
