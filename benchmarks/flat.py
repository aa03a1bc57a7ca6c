"""What the thousandth tenant costs the first: plans and times of one tenant's pages, alone and among others.

Where a tenant has nearly all rows of a table to itself PostgreSQL reads the whole table, among many it goes by an
index: a better plan each time, but not the same one. So that like is compared with like, plans are asked for by index
(`enable_seqscan` off) at every number of tenants; times are of whatever PostgreSQL chooses.
"""

import json
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dash import Dash
from sqlalchemy import Connection, Engine, event

from benchmarks.callbacks import Asked, Person, of_pages
from benchmarks.figures import Figure
from benchmarks.warehouses import Warehouse
from db.session import Scope, open_platform, open_session

GROUP = "Screens"
PROBE = 100  # departments
OTHERS = {"small": (1, 100), "whole": (1, 100, 1000)}
PAGES = ("overview", "heatmap", "headroom", "coverage", "trend", "data")
# A B-tree over a thousand times the rows is at most two levels higher, and each level is a page at each descent.
MORE_BUFFERS, NOISE = 1.25, 1.25
COLD_GOES, WARM_GOES = 7, 25

Statement = tuple[str, Any, bool]  # the text, its parameters, whether the transaction was bound to a tenant


def figures_of(warehouse: Warehouse, app: Dash, size: str) -> Iterator[Figure]:
    """Rows and buffers of all statements that the main pages send cold, and their times, by the number of others."""
    scope = warehouse.tenant(PROBE)
    lead = Person(app, warehouse.session(scope.tenant_code))
    callbacks = [asked for asked in of_pages(app) if asked.what in PAGES]
    for asked in callbacks:
        lead.ask(asked)
    first: dict[str, float] = {}
    for number in OTHERS[size]:
        warehouse.others(number)
        told = _planned(scope, _sent(warehouse, scope, lead, callbacks))
        cold, warm = [], []
        for _ in range(COLD_GOES):
            warehouse.forget(scope)
            cold.append(sum(lead.ask(asked).seconds for asked in callbacks))
        for _ in range(WARM_GOES):
            warm.append(sum(lead.ask(asked).seconds for asked in callbacks))
        told |= {"cold": statistics.median(cold) * 1000, "warm": statistics.median(warm) * 1000}
        first = first or told
        for name, unit, most in _PROMISED:
            what = f"{len(callbacks)} main pages of a tenant of {PROBE} departments, {name}"
            at = f"{number:,} other tenants" if number > 1 else "1 other tenant"
            ratio = told[name] / first[name]
            yield Figure(GROUP, what, at, told[name], unit, "with 1 other tenant", ratio, at_most=most)


_PROMISED = (
    ("rows", "rows", 1.0),
    ("buffers", "buffers", MORE_BUFFERS),
    ("cold", "ms", NOISE),
    ("warm", "ms", NOISE),
)


def _sent(warehouse: Warehouse, scope: Scope, lead: Person, callbacks: list[Asked]) -> list[Statement]:
    """Each question that these callbacks put to the database, once, with nothing kept."""
    heard: list[Statement] = []
    for asked in callbacks:
        warehouse.forget(scope)
        with _listening(heard):
            lead.ask(asked)
    return list({(text, repr(values)): (text, values, bound) for text, values, bound in heard}.values())


@contextmanager
def _listening(heard: list[Statement]) -> Iterator[None]:
    def hear(connection: Connection, _: Any, text: str, values: Any, __: Any, many: bool) -> None:
        if text.lstrip().upper().startswith(("SELECT", "WITH")) and "set_config" not in text and not many:
            heard.append((text, values, connection.info.get("assay_tenant") is not None))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def _planned(scope: Scope, statements: list[Statement]) -> dict[str, float]:
    """How many rows the tables gave, kept or thrown away, and how many buffers that touched, as the program's role."""
    rows = buffers = 0
    for text, values, bound in statements:
        with open_session(scope) if bound else open_platform() as session:
            connection = session.connection()
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            told = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}", values)
            found = told.scalar_one()
        (plan,) = json.loads(found) if isinstance(found, str) else found
        rows += _rows(plan["Plan"])
        buffers += plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return {"rows": float(rows), "buffers": float(buffers)}


def _rows(node: dict[str, Any]) -> int:
    """The rows that a node and those below it read of tables, also those it threw away."""
    own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    below = sum(_rows(one) for one in node.get("Plans", ()))
    return below + (int(own) if "Relation Name" in node else 0)
