"""The process that serves figures for Prometheus beside gunicorn's workers: `python -m dashboard.metrics_port`.

It adds up what the workers counted, and asks the warehouse for what no worker knows, at most once in so many seconds.
It is started by `dashboard.serving`, and ends when the process that started it does.
"""

import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from threading import Lock

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from dashboard.serving import METRICS, METRICS_FOLDER
from db.sizes import sizes
from db.soundness import connections_in_use, unready
from db.tenants import scope_of, tenants
from etl.due import standings
from scheme.errors import AssayError

KEPT = 15.0  # seconds: however often a collector asks, the warehouse is asked once in these
_SIZES = ("departments", "results", "loads")
_PACKS = ("waiting", "working", "failed")


class OfWarehouse(Collector):
    """What the warehouse tells: whether it is ready, how much each tenant (by number) has, what waits and is late."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._told: list[Metric] = []
        self._asked_at: float | None = None
        self._lock = Lock()

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: to be registered asks no warehouse."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All of it; where the warehouse cannot be asked, that it is not ready."""
        with self._lock:
            if self._asked_at is None or time.monotonic() - self._asked_at >= KEPT:
                self._told, self._asked_at = list(_asked()), time.monotonic()
            yield from self._told


def _asked() -> Iterator[Metric]:
    why = unready()
    yield GaugeMetricFamily("assay_ready", "1 where the warehouse and the disk are fit to serve, else 0.", int(not why))
    if why:
        return
    used = connections_in_use()
    if used is not None:
        yield GaugeMetricFamily("assay_postgresql_connections", "Connections in use, of everybody.", used[0])
        yield GaugeMetricFamily("assay_postgresql_connections_limit", "Connections that PostgreSQL takes.", used[1])
    try:
        yield from _of_tenants()
    except AssayError:
        return


def _of_tenants() -> Iterator[Metric]:
    sized = GaugeMetricFamily("assay_tenant_size", "How much a tenant has, by its number.", labels=("tenant", "of"))
    loaded = GaugeMetricFamily(
        "assay_tenant_last_load_timestamp_seconds", "When a tenant's newest load ended.", labels=("tenant",)
    )
    packs = dict.fromkeys(_PACKS, 0)
    states: dict[str, int] = dict.fromkeys(("new", "fine", "running", "failed", "late", "unreadable"), 0)
    now = datetime.now(UTC)
    for code in tenants()["code"]:
        scope = scope_of(code)
        found, number = sizes(scope, now), str(scope.tenant_id)
        for of in _SIZES:
            sized.add_metric((number, of), getattr(found, of))
        if found.last_loaded_at is not None:
            loaded.add_metric((number,), found.last_loaded_at.timestamp())
        for state in _PACKS:
            packs[state] += getattr(found, f"packs_{state}")
        for one in standings(scope, now):
            states[one.state] += 1
    yield sized
    yield loaded
    for name, about, counted in (
        ("assay_packs", "Packs that people asked for.", packs),
        ("assay_sources", "Sources that fetch their own files.", states),
    ):
        family = GaugeMetricFamily(name, about, labels=("state",))
        for state, number_of in counted.items():
            family.add_metric((state,), number_of)
        yield family


def main() -> None:
    """Serve the figures until the process that started this one is gone; then the folder is nobody's."""
    place, folder, parent = METRICS.read(), os.environ[METRICS_FOLDER], os.getppid()
    if place is None:
        return
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]  # as Prometheus has it
    registry.register(OfWarehouse())
    try:
        start_http_server(place[1], addr=place[0], registry=registry)
    except OSError as error:
        print(f"assay: no figures are served at ASSAY_METRICS: {error.strerror}", file=sys.stderr)
        return
    while os.getppid() == parent:
        time.sleep(1)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
