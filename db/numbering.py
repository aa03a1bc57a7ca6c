"""Numbers that the logs speak of are given once: on SQLite not again after a tenant was taken out (db.removal).

SQLite gives the number of the newest row again once that is gone; PostgreSQL's sequences never do. What somebody did
as "person 7" must not become somebody else's, and a tenant's number is part of its log's hashes and of where its
originals lie.
"""

import json
from typing import Any

from sqlalchemy import Connection, event, func, select
from sqlalchemy.orm import Mapper

from db.identities import OperatorVisit, User
from db.models import PlatformAuditEntry, Tenant

REMOVED = "removed tenant"  # the action of the entry that is left of a tenant; its detail has `numbers`
NUMBERED: tuple[type[Any], ...] = (Tenant, User, OperatorVisit)


def largest(connection: Connection) -> dict[str, int]:
    """The largest number of each of these tables that was ever given, as far as can be known."""
    found = {m.__tablename__: connection.execute(select(func.max(m.id))).scalar() or 0 for m in NUMBERED}
    told = select(PlatformAuditEntry.detail).where(PlatformAuditEntry.action == REMOVED)
    for detail in connection.execute(told).scalars():
        for name, number in json.loads(detail).get("numbers", {}).items():
            found[name] = max(found.get(name, 0), number)
    return found


def _number(_: Mapper[Any], connection: Connection, row: Any) -> None:
    if connection.dialect.name != "sqlite" or row.id is not None:
        return
    given = connection.info.setdefault("assay_given", {})  # several in one flush are numbered before any is there
    table = row.__tablename__
    given[table] = max(largest(connection)[table], given.get(table, 0)) + 1
    row.id = given[table]


def _forget(connection: Connection) -> None:
    connection.info.pop("assay_given", None)


def watch() -> None:
    """Number new rows of these tables from now on."""
    from sqlalchemy import Engine

    for model in NUMBERED:
        event.listen(model, "before_insert", _number)
    for ending in ("commit", "rollback"):
        event.listen(Engine, ending, _forget)
