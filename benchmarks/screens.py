"""Screens: what each callback of each page costs the server, with nothing kept and with everything kept."""

import json
import statistics
from collections.abc import Iterator

import orjson
from dash import Dash

from benchmarks import flat
from benchmarks.callbacks import Answer, Asked, Person, of_pages
from benchmarks.figures import Figure, seconds
from benchmarks.warehouses import Warehouse, on_postgres, on_sqlite
from dashboard.app import create_app
from db.session import Scope

GROUP = "Screens"
SIZES = {"small": (10, 100), "whole": (10, 100, 1000, 3000)}
ON_SQLITE = ("overview", "heatmap", "headroom", "department", "coverage")
WARM_RATIO, WARM_MS, P95_MS = 3.0, 10.0, 100.0
COLD_MS = {1000: 250.0, 3000: 750.0}
GOES, COLD_GOES = 15, 3
LONG = 1.0  # seconds: what takes longer cold is asked cold once


def figures(size: str) -> Iterator[Figure]:
    """Every callback of every page on PostgreSQL, the main pages on SQLite; first what other tenants cost."""
    warehouse = on_postgres()
    with warehouse.here():
        app = create_app()
        yield from flat.figures_of(warehouse, app, size)
        for departments in SIZES[size]:
            yield from _of_size(warehouse, app, departments, list(of_pages(app)))
    warehouse = on_sqlite()
    with warehouse.here():
        main = [asked for asked in of_pages(app) if asked.what in ON_SQLITE]
        for departments in SIZES[size][1:3]:
            yield from _of_size(warehouse, app, departments, main)


def _of_size(warehouse: Warehouse, app: Dash, departments: int, callbacks: list[Asked]) -> Iterator[Figure]:
    scope = warehouse.tenant(departments)
    lead = Person(app, warehouse.session(scope.tenant_code))
    at = f"{departments:,} departments"
    every: list[float] = []
    for asked in callbacks:
        lead.ask(asked)  # what a process makes once, whoever asks, is no part of either figure
        cold = _cold(warehouse, scope, lead, asked)
        answer, goes = lead.ask(asked), [lead.ask(asked).seconds for _ in range(GOES)]
        every += goes
        what = f"{asked.what} on {warehouse.database}"
        yield Figure(GROUP, f"{what}, cold", at, cold * 1000, "ms", at_most=COLD_MS.get(departments))
        yield _warm(what, at, answer, statistics.median(goes))
        note = f"{answer.sent / 1000:,.1f} kB compressed"
        yield Figure(GROUP, f"{what}, JSON", at, len(answer.body) / 1000, "kB", note=note)
    goal = P95_MS if departments == 1000 else None
    last = statistics.quantiles(every, n=20)[-1] * 1000
    yield Figure(GROUP, f"all of these on {warehouse.database}, warm, p95", at, last, "ms", at_most=goal)


def _warm(what: str, at: str, answer: Answer, took: float) -> Figure:
    told = json.loads(answer.body) if answer.body else None
    serialising = seconds(lambda: orjson.dumps(told), 25)
    # "At most 3 times serialising, or 10 ms": the ratio is to whichever of the two allows more.
    against = max(serialising, WARM_MS / WARM_RATIO / 1000)
    note = f"{serialising * 1000:.2f} ms to serialise"
    whole = f"serialising its answer, or {WARM_MS / WARM_RATIO:.1f} ms"
    return Figure(GROUP, f"{what}, warm", at, took * 1000, "ms", whole, took / against, at_most=WARM_RATIO, note=note)


def _cold(warehouse: Warehouse, scope: Scope, lead: Person, asked: Asked) -> float:
    """Seconds with nothing kept: the tenant's version goes up before each go, as it does with each load."""
    goes: list[float] = []
    while len(goes) < (1 if goes and goes[0] > LONG else COLD_GOES):
        warehouse.forget(scope)
        goes.append(lead.ask(asked).seconds)
    return statistics.median(goes)
