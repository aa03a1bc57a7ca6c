"""A PostgreSQL cluster of the tests' own: Debian's programs, a temporary folder, a Unix socket, gone afterwards."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

OWNER = "assay_owner"  # owns each database and everything in it; migrations run as this role
RUNTIME = "assay_runtime"  # owns nothing, is a member of nothing and may bypass nothing


@dataclass(frozen=True)
class Database:
    """One fresh database: its name, where the owner reaches it, and where the program does."""

    name: str
    owner_url: str
    url: str


@dataclass
class Cluster:
    """A running cluster; `database()` gives a fresh database in it."""

    folder: Path
    programs: Path
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    def database(self, template: str = "template1") -> Database:
        """A fresh database that belongs to OWNER, made from another one where a template is named."""
        name = f"assay_{next(self._numbers)}"
        self.say(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}")
        return Database(name, self.url(OWNER, name), self.url(RUNTIME, name))

    def drop(self, database: Database) -> None:
        """Remove a database, closing whatever connections are still open."""
        self.say(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")

    def url(self, role: str, name: str) -> str:
        """The address of a database for a role; it holds for SQLAlchemy and for psycopg alike."""
        return f"postgresql://{role}@/{name}?host={self.folder}"

    def say(self, *statements: str) -> None:
        """Run statements as the cluster's superuser, each in a transaction of its own."""
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type]

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as a user that is not root; AssertionError holds what it printed."""
        user: dict[str, Any] = (
            {"user": "postgres", "group": "postgres", "extra_groups": ()} if os.geteuid() == 0 else {}
        )
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            **user,
            env={"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{program} failed:\n{done.stdout}"

    def start(self) -> None:
        """Create the cluster and its two roles, and start it; it answers on a socket in its folder and nowhere else."""
        data = str(self.folder / "data")
        self.run("initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync")
        self.begin()
        limits = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
        self.say(f"CREATE ROLE {OWNER} {limits}", f"CREATE ROLE {RUNTIME} {limits}")

    def begin(self) -> None:
        """Start the server on what is there."""
        settings = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off -c max_connections=80"
        started = ("start", "-D", str(self.folder / "data"), "-w", "-t", "60", "-l", str(self.folder / "log"))
        self.run("pg_ctl", *started, "-o", settings)

    def end(self) -> None:
        """Stop the server as a power cut does; what is on the disk stays."""
        self.run("pg_ctl", "stop", "-D", str(self.folder / "data"), "-m", "immediate", "-w")

    def restart(self) -> None:
        """Stop the cluster as a power cut does, and start it again on what is left."""
        self.end()
        self.begin()

    def stop(self) -> None:
        """Stop the cluster and remove its folder."""
        self.end()
        shutil.rmtree(self.folder)


def programs() -> Path | None:
    """The folder of the newest PostgreSQL server installed here, Debian's first; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


def new_cluster(where: Path) -> Cluster:
    """A cluster in a new temporary folder that belongs to the user who will run it."""
    # A socket's path may have 107 characters at most, so the folder cannot lie in pytest's own.
    folder = Path(tempfile.mkdtemp(prefix="assay-postgres-"))
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
    return Cluster(folder, where)
