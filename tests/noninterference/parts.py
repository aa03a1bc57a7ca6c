"""Whether each statement stays in its tenant's part: what Citus asks of a statement before it goes to one machine.

Statements are noted as the program sends them. Each must name the tenant, by a literal, for every owned table that it
reads or changes under whatever name; and PostgreSQL, asked as its superuser (to whom no policy adds a condition), must
plan to look at rows of that one tenant alone, in one part of each table.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event

from db.models import IDENTITY, OWNED
from db.session import EXEMPT
from tests.noninterference.worlds import World

_NAMED = rf'"?({"|".join(OWNED)})"?'
# FROM, JOIN, UPDATE or a comma, a table, and what it is called in the statement.
_READ = re.compile(
    rf"(?:\b(?:FROM|JOIN|UPDATE)|,)\s+{_NAMED}(?:\s+(?:AS\s+)?(?!(?:SET|WHERE|JOIN|LEFT|ON|ORDER)\b)(\w+))?\b"
)
_INSERTED = re.compile(rf"^INSERT\s+INTO\s+{_NAMED}\s*\(([^)]*)\)")
_LITERAL = r"(?:%\(\w+\)s(?:::\w+)?|\?|\d+)"
# A relation in a plan that is a part of a table.
_PART = re.compile(r"^(\w+?)_(\d+)$")


@dataclass
class Sent:
    """The statements that the program sent, each once with the first values that it went with and its tenant."""

    statements: dict[str, tuple[Any, int | None]] = field(default_factory=dict)

    @contextmanager
    def noted(self) -> Iterator["Sent"]:
        """Note what is sent until the block ends."""
        event.listen(Engine, "before_cursor_execute", self._note)
        try:
            yield self
        finally:
            event.remove(Engine, "before_cursor_execute", self._note)

    def _note(self, connection: Connection, _: Any, statement: str, values: Any, __: Any, many: bool) -> None:
        if not connection.get_execution_options().get(EXEMPT):
            bound = connection.info.get("assay_tenant")
            self.statements.setdefault(statement, (values[0] if many else values, bound))


def strays(sent: Sent) -> Iterator[str]:
    """What statements say of their tenant, in their own words: where one says too little, a sentence."""
    for statement, (_, tenant) in sent.statements.items():
        flat = " ".join(statement.split())
        inserted = _INSERTED.search(flat)
        # Of rows that are written out only the column counts; some columns are named as tables are.
        found = [] if re.match(r"INSERT (?!.* SELECT )", flat) else _READ.findall(_INSERTED.sub("", flat))
        if inserted and not re.search(r"\btenant_id\b", inserted.group(2)):
            yield f"says no tenant: {flat}"
        if tenant is None and (found or inserted):
            yield f"bound to nobody: {flat}"
        if found and (apart := sorted(name for name in IDENTITY if re.search(rf"\b{name}\b", flat))):
            yield f"joins {', '.join(apart)}, which may lie on another machine: {flat}"
        for table, alias in found:
            called = alias or table
            if not re.search(
                rf'\b{called}\.tenant_id (?:= |IN \(){_LITERAL}|^(?:UPDATE|DELETE).* "?tenant_id"? = {_LITERAL}', flat
            ):
                yield f"does not name the tenant of {called}: {flat}"


def reads(sent: Sent) -> Iterator[tuple[str, Any]]:
    """The statements that read or change rows of a tenant and can be planned later, with their values."""
    for statement, (values, _) in sent.statements.items():
        flat = " ".join(statement.split())
        # What is staged is gone with its transaction, and a row that is written is planned nowhere.
        if _READ.search(flat) and "staged_" not in flat and not flat.startswith("INSERT"):
            yield statement, values or None


def looks(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes of a plan that look at a table."""
    if "Relation Name" in node and node["Node Type"] != "ModifyTable":
        yield node
    for child in node.get("Plans", ()):
        yield from looks(child)


def astray(sent: Sent, world: World) -> Iterator[str]:
    """Where PostgreSQL would look at rows of several tenants, or at several parts of a table, a sentence."""
    with psycopg.connect(world.looking) as connection:
        for statement, values in reads(sent):
            with connection.transaction(force_rollback=True):
                plan = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}", values).fetchone()  # type: ignore[arg-type]
            yield from _astray(" ".join(statement.split()), list(looks(plan[0][0]["Plan"])))  # type: ignore[index]


def _astray(statement: str, nodes: list[dict[str, Any]]) -> Iterator[str]:
    parts: dict[str, set[str]] = {}
    for node in nodes:
        name, alias = node["Relation Name"], node["Alias"]
        part = _PART.match(name)
        if part and part.group(1) in OWNED:
            name, alias = part.group(1), alias.removesuffix(f"_{part.group(2)}")
        if name not in OWNED:
            continue
        parts.setdefault(alias, set()).add(node["Relation Name"])
        said = " ".join(str(node.get(each, "")) for each in ("Index Cond", "Recheck Cond", "Filter"))
        if not re.search(r"\btenant_id = (?:ANY \('\{)?\d+", said):
            yield f"looks at {name} of every tenant: {statement}"
    for alias, looked in parts.items():
        if len(looked) > 1:
            yield f"looks at {len(looked)} parts for {alias}: {statement}"
