"""The process that serves figures for Prometheus beside gunicorn's workers: `python -m dashboard.metrics_port`.

It adds up what the workers counted, and asks the warehouse for what no worker knows, at most once in so many seconds.
It is started by `dashboard.serving`, and ends when the process that started it does.
"""

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from dashboard.kept import Kept
from dashboard.serving import METRICS, METRICS_FOLDER
from dashboard.status import near, of_tenants
from db.rehearsed import newest
from db.soundness import WARNING, WRONG, connections_in_use, unready
from scheme.errors import AssayError

KEPT = 15.0  # seconds: however often a collector asks, the warehouse is asked once in these
_SIZES = ("departments", "results", "loads")
_PACKS = ("waiting", "working", "failed")
_SOURCES = ("new", "fine", "running", "failed", "late", "unreadable")


class OfWarehouse(Collector):
    """What the warehouse tells: whether it is ready, how much each tenant (by number) has, what waits and is late."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._kept = Kept(lambda: list(_asked(datetime.now(UTC))), KEPT)

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: to be registered asks no warehouse."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All of it; where the warehouse cannot be asked, that it is not ready."""
        yield from self._kept.now()


def _asked(now: datetime) -> Iterator[Metric]:
    why = unready()
    yield GaugeMetricFamily("assay_ready", "1 where the warehouse and the disk are fit to serve, else 0.", int(not why))
    states = Counter(one.state for one in near(now))
    yield _family("assay_warnings", "What `assay status` warns of.", {one: states[one] for one in (WARNING, WRONG)})
    made = GaugeMetricFamily("assay_backup_timestamp_seconds", "Of which moment backups are.", labels=("newest",))
    for which, at in newest(now).items():
        made.add_metric((which,), at.timestamp())
    yield made
    if why:
        return
    used = connections_in_use()
    if used is not None:
        yield GaugeMetricFamily("assay_postgresql_connections", "Connections in use, of everybody.", used[0])
        yield GaugeMetricFamily("assay_postgresql_connections_limit", "Connections that PostgreSQL takes.", used[1])
    try:
        yield from _of_tenants(now)
    except AssayError:
        return


def _of_tenants(now: datetime) -> Iterator[Metric]:
    sized = GaugeMetricFamily("assay_tenant_size", "How much a tenant has, by its number.", labels=("tenant", "of"))
    loaded = GaugeMetricFamily(
        "assay_tenant_last_load_timestamp_seconds", "When a tenant's newest load ended.", labels=("tenant",)
    )
    loads = CounterMetricFamily("assay_loads", "Loads by how they ended.", labels=("tenant", "outcome"))
    packs, states = dict.fromkeys(_PACKS, 0), dict.fromkeys(_SOURCES, 0)
    for one in of_tenants(now):
        number = str(one.scope.tenant_id)
        for of in _SIZES:
            sized.add_metric((number, of), getattr(one.sizes, of))
        if one.sizes.last_loaded_at is not None:
            loaded.add_metric((number,), one.sizes.last_loaded_at.timestamp())
        for outcome, ended in one.outcomes.items():
            loads.add_metric((number, outcome), ended)
        for state in _PACKS:
            packs[state] += getattr(one.sizes, f"packs_{state}")
        for source in one.sources:
            states[source.state] += 1
    yield sized
    yield loaded
    yield loads
    yield _family("assay_packs", "Packs that people asked for.", packs)
    yield _family("assay_sources", "Sources that fetch their own files.", states)


def _family(name: str, about: str, counted: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=("state",))
    for state, number in counted.items():
        family.add_metric((state,), number)
    return family


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
