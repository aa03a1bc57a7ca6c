"""A warehouse with something in every table, backups of it, and what is in them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from db import archive, originals, taken_out
from db.engine import engine
from db.identities import OperatorVisit, User
from db.models import APPEND_ONLY, DraftRow, StandardText
from db.people import add_user
from db.session import EXEMPT, open_platform, open_session
from db.tenants import add_tenant, scope_of
from tests.db.made import a_load, put, results
from tests.noninterference import canaries
from tests.noninterference.worlds import World

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
NOW = datetime.now(UTC)
SENT = b"Department code,Element,Band\nHOU,1.1.1,Compliant\n"
CANARY = "CANARY-B-tenants-code"


@dataclass
class Full:
    """A warehouse with something in every table, and backups of it: of everything, of the tenant ASH alone, closed."""

    world: World
    folder: Path
    whole: Path
    alone: Path
    closed: Path
    key: Path
    once: str  # the password of ASH's lead


@contextmanager
def at(world: World, folder: Path) -> Iterator[World]:
    """Let this be the warehouse of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", world.url)
        patch.setenv("ASSAY_ORIGINALS", str(folder / f"{world.name}-originals"))
        patch.delenv("ASSAY_OWNER_DATABASE_URL", raising=False)
        if world.owner_url:
            patch.setenv("ASSAY_OWNER_DATABASE_URL", world.owner_url)
        yield world
        for url in filter(None, (world.url, world.owner_url)):
            engine(url).dispose()


def filled(world: World) -> str:
    for code, name in (("ASH", "Ashcombe Council"), ("BEC", "CANARY-B-name-of-bec")):
        add_tenant(code, name)
    add_user("operator@example.org", "operator")
    once = add_user("lead@ash.example", "corporate_lead", "ASH")
    add_user("both@example.org", "assessor", "ASH")
    add_user("both@example.org", "assessor", "BEC")
    add_user("canary-b@bec.example", "corporate_lead", "BEC")
    for code, said in (("ASH", "Straße, “quoted”; \\N, NULL, tab\there"), ("BEC", "CANARY-B-comment")):
        scope = scope_of(code)
        put(
            scope, a_load({"results": results(("HOU", "1.1.1", "compliant"), (None, "1.1.2", "partial"), comment=said)})
        )
        put(scope, a_load({"results": results(("HOU", "1.1.1", "non_compliant"), comment="")}))
        with open_session(scope, write=True) as session:
            sent = SENT + code.encode()
            originals.keep(session, [(hashlib.sha256(sent).hexdigest(), sent)])
            session.add(_draft(scope.tenant_id, f"{said}\n" if code == "ASH" else said))
    with open_platform(write=True) as session:
        session.add(StandardText(code="ours", edition=1, body='code = "ours"', added_at=NOW))
        operator = session.scalars(select(User.id).where(User.email == "operator@example.org")).one()
        stay = {"started_at": NOW, "ends_at": NOW + timedelta(hours=1), "reason": "a question about a load"}
        session.add(OperatorVisit(user_id=operator, tenant_id=scope_of("ASH").tenant_id, **stay))
    with world.looked_at() as ask:  # a tenant whose every text is a canary, past the program
        ask("PRAGMA foreign_keys = OFF" if world.kind == "sqlite" else "SET session_replication_role = replica")
        for table, row in _canaries():
            names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
            ask(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(map(_as_kept(world.kind), row.values())))
        hashes = ("sign_in_attempts", {"id": 5, "email_sha256": "e", "address_sha256": "a", "tried_at": NOW})
        way = {"state_sha256": "s", "browser_sha256": "b", "provider": "p", "nonce": "n", "code_verifier": "c"}
        for table, row in (hashes, ("sign_on_attempts", {**way, "onward": "/", "expires_at": NOW})):
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            ask(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(map(_as_kept(world.kind), row.values())))
    return once


def _draft(tenant_id: int, said: str) -> DraftRow:
    row = DraftRow(tenant_id=tenant_id, draft_number=1, kind="scenario", name=said, body="{}", department_codes="")
    row.certificate_code, row.actor, row.made_by, row.edition, row.is_shared = "", "person 1", "x", 1, False
    row.made_at = row.changed_at = NOW
    return row


def _canaries():
    seen = set()
    for table, row in canaries.rows(3, 7_007, 2, NOW):
        if table.name in (*APPEND_ONLY, "originals") or (table.name == "tenants" and "tenants" in seen):
            continue
        seen.add(table.name)
        yield table.name, row


def _as_kept(kind: str):
    def kept(value):
        if kind != "sqlite" or not isinstance(value, date):
            return value
        is_moment = isinstance(value, datetime)
        return value.replace(tzinfo=None).isoformat(" ", "microseconds") if is_moment else value.isoformat()

    return kept


def said(path: Path) -> archive.Manifest:
    with archive.opened(path) as found:
        return found.manifest


def summed(manifest: archive.Manifest) -> dict[tuple[str, str], tuple[int, str]]:
    """By whose and table: how many rows, and their sum."""
    owners = {archive.PLATFORM: manifest.platform, **{tenant.code: tenant.tables for tenant in manifest.tenants}}
    return {
        (whose, name): (rows.rows, rows.sha256)
        for whose, tables in owners.items()
        for name, rows in tables.items()
        if name != "platform_audit"  # each backup and each restore is told there
    }


def rows_in(world: World) -> dict[str, list[tuple]]:
    """Every row of every table that is backed up, as the models read it, past every lock."""
    made = create_engine((world.looking or world.url).replace("postgresql:", "postgresql+psycopg:"))
    with made.execution_options(**{EXEMPT: True}).connect() as connection:
        found = {table.name: sorted(map(repr, connection.execute(select(table)))) for table in taken_out.tables()}
    made.dispose()
    return found


def read_whole(path: Path) -> None:
    with archive.opened(path) as found:
        for name in found.manifest.members:
            found.member(name)
