"""What an answer hangs on beside the version of its tenant, found out while it is made (reliability.md T4).

Whoever wants to keep an answer under the tenant's version makes it inside `watching()`. What that version does not
count is told there: every table but those of `COUNTED` that a statement names, and whatever else calls `hangs_on`. So
nothing has to be declared, and what is forgotten here is not kept, instead of kept too long.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, event

from db.models import METADATA, VERSIONED

# The tables of which every change raises the version of its tenant, in the same transaction (Tenant.version).
COUNTED = frozenset(
    {*VERSIONED, "tenants", "standards", "profiles", "tenant_settings", "loads", "files", "rejected_rows"}
    | {"ready_frames"}  # the same rows as the first, ready for reading
    | {"originals", "statements"}  # written in the transaction of a load, and never again
)
_OTHERS = re.compile(rf"\b({'|'.join(sorted(set(METADATA.tables) - COUNTED))})\b", re.IGNORECASE)
_WRITES = re.compile(r"^\s*(insert|update|delete|replace|merge|copy|with\b.*\b(insert|update|delete))\b", re.IGNORECASE)

_found: ContextVar[set[str] | None] = ContextVar("hangs_on", default=None)


@contextmanager
def watching() -> Iterator[set[str]]:
    """A set that fills with what is made inside the block hangs on, beside the version; empty where that is all."""
    found: set[str] = set()
    before = _found.set(found)
    try:
        yield found
    finally:
        _found.reset(before)
        hangs_on(*found)  # whatever this is a part of hangs on it too


def hangs_on(*what: str) -> None:
    """Say that what is being made hangs on something which no version counts; nothing where nobody watches."""
    found = _found.get()
    if found is not None:
        found.update(what)


@event.listens_for(Engine, "before_cursor_execute")
def _watch(_: Connection, __: Any, statement: str, ___: Any, ____: Any, _____: bool) -> None:
    found = _found.get()
    if found is None:
        return
    found.update(name.casefold() for name in _OTHERS.findall(statement))
    if _WRITES.search(statement):
        found.add("a change")
