"""Which version the warehouse has, and whether this program works on it (reliability.md W10).

A program works on a warehouse of its own version, and on a newer one that says that it is not too old for it: each
migration from 0013 on says the `oldest_program` that still works on what it leaves, and `assay upgrade` writes the
latest of them beside the version.
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from db.engine import worded
from scheme.errors import WarehouseError

MIGRATIONS = Path(__file__).parent / "migrations"


FLOORS_SINCE = "0013"


@cache
def migrations() -> dict[str, str]:
    """The numbers of the migrations, in turn, each with the name of its module."""
    stems = sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    return {stem.split("_")[0]: stem for stem in stems}


def installed() -> str:
    """The version of Assay that is installed: that of its package, as people and loads are told it."""
    try:
        return metadata.version("assay-dashboard")
    except metadata.PackageNotFoundError:
        return "from source"


def head() -> str:
    """The version this program is of: the number of the newest migration."""
    return max(migrations())


def oldest_program(number: str) -> str:
    """The oldest program that works on a warehouse of a version: the latest that a migration up to it names."""
    since = [stem for each, stem in migrations().items() if FLOORS_SINCE <= each <= number]
    said: list[str] = [import_module(f"db.migrations.versions.{stem}").oldest_program for stem in since]
    return max(said)


@dataclass(frozen=True)
class Version:
    """The version of a warehouse, and the oldest version of the program that works on it."""

    number: str
    oldest_program: str

    @property
    def is_newer(self) -> bool:
        """Whether a newer program than this made it."""
        return self.number > head()

    @property
    def takes_this(self) -> bool:
        """Whether this program works on it."""
        return self.oldest_program <= head() <= self.number

    def refuse_older(self) -> None:
        """WarehouseError where this program is too old for it."""
        if self.is_newer and not self.takes_this:
            raise WarehouseError(
                f"the warehouse is at version {self.number}, made by a newer Assay, and takes programs from version "
                f"{self.oldest_program} on, of which this one ({head()}) is not; update this one"
            )

    def refuse_newer(self) -> None:
        """WarehouseError where a newer program made it: for what must know every table, and for upgrades."""
        if self.is_newer:
            raise WarehouseError(f"the warehouse is at version {self.number}, made by a newer Assay; update this one")


def version_in(connection: Connection) -> Version | None:
    """The version of the warehouse that a connection leads to; None where there are no tables of ours."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    number: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if number is None:
        return None
    if number <= head():
        return Version(number, number)
    # By name: a statement that gives all columns fails once on each connection that prepared it before there were more.
    oldest = connection.execute(text("SELECT oldest_program FROM alembic_version")).scalar()
    return Version(number, oldest or number)


@cache
def fit(made: Engine) -> None:
    """WarehouseError where this program is too old for the warehouse; asked once of each."""
    with worded(made), made.connect() as connection:
        found = version_in(connection)
    if found:
        found.refuse_older()
