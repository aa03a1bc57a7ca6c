"""Warehouses in which A is the same to the row, and the others are not (reliability.md T1)."""

import atexit
import hashlib
import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db.identities import ApiToken, Grant, GuestLink, GuestSession, OperatorVisit, User, UserSession
from db.mapped import Base
from db.models import APPEND_ONLY, METADATA, Tenant
from db.passwords import sha256
from db.session import open_platform, open_session
from db.tenants import add_tenant, scope_of
from etl import run
from tests.cluster import Cluster
from tests.noninterference import canaries, story

A, B, Z = "ASH", "BEE", "CANARY-Z-tenants-code"
SECRET = "a-secret-of-the-tests-of-which-nobody-else-knows-anything"
# Of all worlds: they are copies of one another, and who keeps an original is told by the warehouse.
ORIGINALS = Path(tempfile.gettempdir()) / f"assay-test-originals-{os.getpid()}"
atexit.register(shutil.rmtree, ORIGINALS, ignore_errors=True)
# Where a change may leave somebody unable to go on asking.
WHO_MAY = ("users", "grants", "user_sessions", "operator_visits", "guest_links", "guest_sessions")
# Programs of A by name: what their tokens may do, and for which departments ("" is all).
PROGRAMS: dict[str, tuple[str, str]] = {
    "program": ("read send", ""),
    "program of HOU": ("read", "HOU"),
    "program that sends": ("send", ""),
}
# By name: role, departments, certificates, the organisation. `none` has an account and a session, and no grant.
PEOPLE: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "operator": ("operator", (), "", A),
    "administrator": ("administrator", (), "", A),
    "lead": ("corporate_lead", (), "", A),
    "senior": ("senior_leader", (), "", A),
    "assessor": ("assessor", (), "C-HOU", A),
    "champion": ("champion", ("HOU",), "", A),
    "none": ("", (), "", A),
}
THEIR_PEOPLE: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "their lead": ("corporate_lead", (), "", B),
    "their champion": ("champion", ("HOU",), "", B),
    "their administrator": ("administrator", (), "", B),
}


# Whoever opened a link of A, by name: the certificate.
GUESTS = {"guest": "C-HOU"}

# Somebody of two organisations, who is turned to the first: there in the world of `test_any_course_of_events` alone.
OF_BOTH: dict[str, tuple[str, tuple[str, ...], str, str]] = {"both": ("assessor", (), "", f"{A} {B}")}


def token(name: str) -> str:
    """The session's token of a person by name: the same in every world."""
    return hashlib.sha256(f"session of {name}".encode()).hexdigest()[:43]


def bearer(name: str) -> str:
    """The token of a program by name."""
    return f"assay_{hashlib.sha256(f'program {name}'.encode()).hexdigest()[:43]}"


def email(name: str) -> str:
    """The address of a person by name."""
    where = "bee" if name.startswith("their") else "ash"
    return f"{name.removeprefix('their ')}@{where}.example"


@dataclass
class World:
    """One warehouse: where it is, and how to look at all of it without any of our code."""

    kind: str
    name: str
    url: str
    owner_url: str = ""
    looking: str = ""  # PostgreSQL: the address of the superuser, to whom no policy applies
    kept: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def settings(self) -> dict[str, str]:
        """The environment in which this is the warehouse."""
        own = {"ASSAY_DATABASE_URL": self.url, "ASSAY_SECRET": SECRET, "ASSAY_ORIGINALS": str(ORIGINALS)}
        return {**own, "ASSAY_OWNER_DATABASE_URL": self.owner_url} if self.owner_url else own

    @contextmanager
    def entered(self) -> Iterator["World"]:
        """Make this the warehouse of this process, with nothing kept of any other."""
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("ASSAY_OWNER_DATABASE_URL", raising=False)
            for name, value in self.settings().items():
                patch.setenv(name, value)
            forget()
            yield self

    @contextmanager
    def looked_at(self) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
        """A function that runs a statement past every lock."""
        if self.kind == "sqlite":
            plain = sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=30)
            try:
                yield lambda statement, values=(): plain.execute(statement, values).fetchall()
                plain.commit()
            finally:
                plain.close()
            return
        with psycopg.connect(self.looking) as connection:

            def ask(statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
                done = connection.execute(statement.replace("?", "%s"), values or None)  # type: ignore[arg-type]
                return done.fetchall() if done.description else []

            yield ask

    def tables(self, named: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table (or of those named), in the order of the models' columns."""
        with self.looked_at() as ask:
            return {
                table.name: sorted(
                    ask(f"SELECT {', '.join(_quoted(c.name) for c in table.columns)} FROM {table.name}"), key=repr
                )
                for table in METADATA.sorted_tables
                if not named or table.name in named
            }

    def others(self) -> dict[str, str]:
        """By table, a hash of the rows of everybody but A."""
        return others_in(self.tables())

    def remembered(self) -> dict[str, str]:
        """Remember every row as it is now, for `restore`; gives `others`."""
        self.kept = self.tables()
        return others_in(self.kept)

    def restore(self, only_if: tuple[str, ...] = ()) -> None:
        """Put back every row as it was remembered; what only grows has grown.

        `only_if`: where one of these tables is another now, else everything is left as it is.
        """
        if only_if and all(self.kept[name] == rows for name, rows in self.tables(only_if).items()):
            return
        now = self.tables()
        changed = [name for name in now if name not in APPEND_ONLY and now[name] != self.kept[name]]
        if not changed:
            return
        with self.looked_at() as ask:
            ask("PRAGMA foreign_keys = OFF" if self.kind == "sqlite" else "SET session_replication_role = replica")
            for name in changed:
                ask(f"DELETE FROM {name}")
                names = [_quoted(c.name) for c in METADATA.tables[name].columns]
                for row in self.kept[name]:
                    ask(f"INSERT INTO {name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", row)


def _quoted(name: str) -> str:
    return f'"{name}"'


def others_in(tables: dict[str, list[tuple[Any, ...]]]) -> dict[str, str]:
    """By table, a hash of the rows of everybody but A, who is the tenant 1."""
    columns = {name: METADATA.tables[name].columns.keys() for name in tables}
    users = {row[0] for row in tables["users"] if dict(zip(columns["users"], row, strict=True))["home_tenant_id"] != 1}
    ours = {
        dict(zip(columns["grants"], row, strict=True))["user_id"]
        for row in tables["grants"]
        if dict(zip(columns["grants"], row, strict=True))["tenant_id"] in (1, None)
    }
    hashes = {}
    for name, rows in tables.items():
        of_others = []
        for row in rows:
            named = dict(zip(columns[name], row, strict=True))
            whose = named.get("tenant_id", named.get("home_tenant_id")) if name != "tenants" else named["id"]
            person = named.get("user_id", named["id"] if name == "users" else None)
            if (whose is not None and whose != 1) or (whose is None and person in users - ours):
                of_others.append(row)
        hashes[name] = hashlib.sha256(repr(of_others).encode()).hexdigest() + f" ({len(of_others)} rows)"
    return hashes


def forget() -> None:
    """Empty every cache of the program, found by its kind, so that no world is answered from another."""
    import gc

    from cachetools import Cache

    from dashboard.budget import Budget

    for each in gc.get_objects():
        if isinstance(each, Cache | Budget):
            each.clear()


# --- making them ------------------------------------------------------------------------------------------------------


def build(kind: str, empty: str, folder: Path, cluster: Cluster | None) -> dict[str, World]:
    """The worlds `empty`, `full`, `changed`, `hidden` and `events`, from an empty warehouse of that kind."""
    today = datetime.now(UTC).date()
    base = _copy(kind, "base", empty, folder, cluster)
    with base.entered():
        _make_a(folder, today)
        _leave(base)
    made = {}
    for name in ("empty", "full", "changed", "hidden", "events"):
        base = made["full"] if name == "events" else base
        source = (
            base.url.removeprefix("sqlite:///") if kind == "sqlite" else base.url.partition("?")[0].rpartition("/")[2]
        )
        world = made[name] = _copy(kind, name, source, folder, cluster)
        with world.entered():
            if name in ("full", "changed"):
                _make_others(world, folder, today, changed=name == "changed")
            if name == "events":
                _add_people(OF_BOTH)
            _leave(world)
        if name == "hidden":
            _change_hidden(world)
        world.remembered()
    return made


def _copy(kind: str, name: str, source: str, folder: Path, cluster: Cluster | None) -> World:
    if kind == "sqlite":
        return World(kind, name, f"sqlite:///{shutil.copy(source, folder / f'{name}.db')}")
    assert cluster is not None
    database = cluster.database(template=source)
    return World(kind, name, database.url, database.owner_url, cluster.url("postgres", database.name))


def _leave(world: World) -> None:
    """Close every connection: a template must have none."""
    from db.engine import engine

    for url in filter(None, (world.url, world.owner_url)):
        engine(url).dispose()


def _make_a(folder: Path, today: date) -> None:
    add_tenant(A, "Ashcombe Council")
    assert scope_of(A).tenant_id == 1
    for earlier in (True, False):
        files = story.written(story.OURS, folder / f"ours-{earlier}", today, earlier)
        report = run.load(scope_of(A), [files], sent_by="pat@ash.example")
        assert all(file.outcome == "loaded" for file in report.files), report.files
    # The others exist in every world, so that ids do; they have nothing yet.
    add_tenant(B, "CANARY-B-tenants-name-1")
    with open_platform(write=True) as session:
        session.add(Tenant(code=Z, name="CANARY-Z-tenants-name-1", standard_code="cse", version=7))
    _add_people(PEOPLE)
    now = datetime.now(UTC)
    with open_session(scope_of(A), write=True) as session:
        for number, (name, (scopes, departments)) in enumerate(PROGRAMS.items(), 1):
            row = ApiToken(token_sha256=sha256(bearer(name)), tenant_id=1, token_number=number, name=name)
            row.scopes, row.departments, row.made_by = scopes, departments, "person 2"
            row.made_at, row.expires_at = now, now + timedelta(days=1)
            session.add(row)
        for number, (name, certificate) in enumerate(GUESTS.items(), 1):
            link = GuestLink(tenant_id=1, link_number=number, token_sha256=sha256(f"link of {name}"))
            link.certificate_code, link.for_whom, link.may_export = certificate, "Jo Bloggs", False
            link.last_day, link.made_by, link.made_at = today + timedelta(days=7), "person 2", now
            session.add(link)
            session.flush()
            seen = GuestSession(token_sha256=sha256(token(name)), tenant_id=1, link_number=number)
            seen.started_at, seen.seen_at, seen.remote_address = now, now + timedelta(hours=6), "127.0.0.1"
            seen.expires_at = now + timedelta(hours=12)
            session.add(seen)


def _make_others(world: World, folder: Path, today: date, changed: bool) -> None:
    _add_people(THEIR_PEOPLE)
    their = scope_of(B)
    for earlier in (True, False):
        files = story.written(story.THEIRS, folder / f"theirs-{earlier}", today, earlier, prefix="their-17-")
        run.load(their, [files], sent_by="CANARY-B-loads-sent_by-1")
    # Rows of a third one, whose every text is a canary: past the program, which could not have written them.
    with world.looked_at() as ask:
        ask("PRAGMA foreign_keys = OFF" if world.kind == "sqlite" else "SET session_replication_role = replica")
        for table, row in canaries.rows(3, 7_007, 3 if changed else 2, datetime.now(UTC)):
            if table.name == "tenants":
                continue
            names = ", ".join(_quoted(name) for name in row)
            values = tuple(map(_as_sqlite_keeps if world.kind == "sqlite" else lambda value: value, row.values()))
            ask(f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(row))})", values)
    if changed:
        files = story.written(story.CHANGED, folder / "theirs-changed", today, prefix="their-17-")
        run.load(their, [files], sent_by="CANARY-B-loads-sent_by-2")
    with world.looked_at() as ask:
        # The same number as A's: what is kept under tenant and version must not be told apart by the version alone.
        ask(f"UPDATE tenants SET version = (SELECT version FROM tenants WHERE id = 1) WHERE id = {their.tenant_id}")


def _as_sqlite_keeps(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, date) else value


def _change_hidden(world: World) -> None:
    """What may not be opened by A's champion of HOU, nor by the assessor of C-HOU, says something else."""
    with world.looked_at() as ask:
        mine = "tenant_id = 1 AND (department_code NOT LIKE 'HOU%' OR department_code IS NULL)"
        ask(f"UPDATE results SET band = 'non_compliant', comment = 'HIDDEN-again' WHERE {mine}")
        ask(f"UPDATE departments SET department_name = 'HIDDEN-again' WHERE {mine}")
        ask(f"UPDATE actions SET action = 'HIDDEN-again', due_on = '2020-01-07' WHERE {mine}")
        ask(f"UPDATE evidence SET evidence = 'HIDDEN-again' WHERE {mine}")
        ask(f"UPDATE certificates SET sites_required = 7, certification_body = 'HIDDEN-again' WHERE {mine}")
        ask(f"UPDATE service_standards SET achieved = 7 WHERE {mine}")


def _add_people(who: dict[str, tuple[str, tuple[str, ...], str, str]]) -> None:
    now = datetime.now(UTC)
    ids = {code: scope_of(code).tenant_id for code in (A, B)}
    with open_platform(write=True) as session:

        def add(model: type[Base], **values: Any) -> Any:
            known = model.__table__.columns.keys()
            row = model(**{name: value for name, value in values.items() if name in known})
            session.add(row)
            session.flush()
            return row

        for name, (role, departments, certificate, where) in who.items():
            tenant_id, *more = (ids[code] for code in where.split())
            home = None if role in ("operator", "assessor") else tenant_id
            user = add(
                User,
                email=email(name),
                home_tenant_id=home,
                password_hash="no password",
                must_change_password=False,
                second_factor_at=now,
            )
            visit = None
            for department, of in itertools.product(departments or ("",), (tenant_id, *more)):
                if role:
                    add(
                        Grant,
                        user_id=user.id,
                        tenant_id=None if role == "operator" else of,
                        role=role,
                        department_code=department,
                        certificate_code=certificate,
                        may_export=role not in ("operator", "administrator"),
                        ends_on=None,
                        origin="",
                    )
            if role == "operator":
                visit = add(
                    OperatorVisit,
                    user_id=user.id,
                    tenant_id=tenant_id,
                    reason="a question about a load",
                    started_at=now,
                    ends_at=now + timedelta(hours=4),
                )
            add(
                UserSession,
                token_sha256=sha256(token(name)),
                user_id=user.id,
                tenant_id=tenant_id,
                started_at=now,
                seen_at=now + timedelta(hours=6),  # the worlds are older than half an hour when the last tests use them
                expires_at=now + timedelta(hours=12),
                is_proven=True,
                remote_address="127.0.0.1",
                visit_id=visit.id if visit else None,
            )
