"""Rows with a canary in every text column of every table that names a tenant or a person; and finding canaries."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Double, Integer, LargeBinary, Table, Text

from db.models import METADATA

CANARY = re.compile(r"CANARY-[A-Z]-[\w.-]+|(?i:canary-[a-z]@\S+)")
HIDDEN = re.compile(r"HIDDEN-[\w.-]+")
# Tables that belong to nobody, and why no canary of another stands in them.
OF_NOBODY = {
    "standards": "the texts of standards are everybody's",
    "platform_audit": "what was done on the platform, which no role of a tenant may read",
    "sign_in_attempts": "hashes of addresses, of nobody in particular",
    "sign_on_attempts": "browsers on their way, of nobody in particular",
}


def tables_of_others() -> list[Table]:
    """The tables in which an organisation, or somebody of it, has rows: found in the models, parents first."""
    tables = [table for table in METADATA.sorted_tables if table.name not in OF_NOBODY]
    for table in tables:
        assert table.name == "tenants" or {"tenant_id", "user_id", "home_tenant_id"} & set(table.c.keys()), (
            f"table {table.name} names neither a tenant nor a person: say in tests/noninterference/canaries.py, "
            "OF_NOBODY, why nothing of a tenant can stand in it, or give it a tenant_id"
        )
    return tables


def rows(tenant_id: int, user_id: int, count: int, now: datetime) -> Iterable[tuple[Table, dict[str, Any]]]:
    """`count` rows for each table, in an order that foreign keys allow: canaries in texts, numbers that end in 7."""
    for table in tables_of_others():
        for n in range(count):
            yield table, _row(table, tenant_id, user_id, n, now)


def _row(table: Table, tenant_id: int, user_id: int, n: int, now: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for column in table.columns:
        name = column.name
        if table.name == "tenants" and name == "id":
            told[name] = tenant_id
        elif table.name == "users" and name == "id":
            told[name] = user_id + n
        elif name in ("tenant_id", "home_tenant_id"):
            told[name] = tenant_id
        elif name == "user_id":
            told[name] = user_id + n if column.primary_key else user_id
        elif name == "id":
            told[name] = 7_000_007 + 10 * n
        elif name == "superseded_by_load":
            told[name] = None
        elif isinstance(column.type, Text):
            told[name] = f"CANARY-B-{table.name}-{name}-{n}"
        elif isinstance(column.type, LargeBinary):
            told[name] = f"CANARY-B-{table.name}-{name}-{n}".encode()
        elif isinstance(column.type, Boolean):
            told[name] = bool(n % 2)
        elif isinstance(column.type, Integer):
            told[name] = 77 + 10 * n if name in ("load_number", "file_number") else 107 + 10 * n
        elif isinstance(column.type, Double):
            told[name] = 10 * n + 7.7
        elif isinstance(column.type, Date):
            told[name] = date(2025, 1, 7) + timedelta(days=n)
        elif isinstance(column.type, DateTime) or getattr(column.type, "impl", None).__class__ is DateTime:
            told[name] = None if name == "disabled_at" else (now + timedelta(hours=n)).astimezone(UTC)
        else:
            raise AssertionError(f"{table.name}.{name}: no canary for {column.type!r}; add one in canaries.py")
    return told


def found(text: str, said: Iterable[str] = ()) -> list[str]:
    """The canaries in a text, but for those that were said to it in the request."""
    for word in said:
        text = text.replace(word, "SAID")
    return sorted(set(CANARY.findall(text)))
