"""Figures for Prometheus, counted in each worker and served on a port of this machine's own (reliability.md W9, T15).

Nothing is counted where ASSAY_METRICS is not set. No label holds what a request, a person or a tenant wrote: methods
and pages are words of ours, routes are templates, tenants are numbers. Workers count in files of a folder that
`dashboard.serving` makes; `dashboard.metrics_port`, a process beside them, adds them up.
"""

from functools import cache
from threading import Lock

from flask import Flask, Response, g

from dashboard import request_log, serving
from dashboard.view import kept_bytes
from db.engine import pool_in_use

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Counted:
    """The counters of one worker."""

    def __init__(self) -> None:
        """Made once in a process: Prometheus takes a name once."""
        from prometheus_client import Counter, Gauge, Histogram

        about = ("method", "route", "status")
        self.requests = Counter("assay_requests", "Requests by method, template of the address and status.", about)
        self.callbacks = Histogram(
            "assay_callback_seconds", "Seconds that callbacks took, by page.", ("page",), buckets=_BUCKETS
        )
        self.lookups = Counter("assay_cache_lookups", "Looks into the cache.", ("found",))
        self.cache = Gauge("assay_cache_bytes", "Bytes kept in the cache.", multiprocess_mode="livesum")
        self.largest = Gauge("assay_cache_limit_bytes", "Bytes that it may keep.", multiprocess_mode="livesum")
        self.pool = Gauge(
            "assay_database_connections_in_use", "Connections in use, of workers.", multiprocess_mode="livesum"
        )
        self.under_way = Gauge("assay_requests_under_way", "Requests that hold a thread.", multiprocess_mode="livesum")
        self.threads = Gauge(
            "assay_request_threads", "Threads of the workers; four of each work.", multiprocess_mode="livesum"
        )
        self.largest.set(kept_bytes.most)
        self.threads.set(serving.threads)
        self._seen: dict[str, int] = {}
        self._lock = Lock()

    def count_lookups(self) -> None:
        """Bring the counter up to what the cache has counted itself."""
        with self._lock:
            for found, now in kept_bytes.lookups().items():
                self.lookups.labels(found).inc(max(0, now - self._seen.get(found, 0)))
                self._seen[found] = now


@cache
def _counted() -> Counted:
    return Counted()


def add_metrics(server: Flask) -> None:
    """Count every request of the server, where the operator wants figures."""
    if serving.METRICS.read() is None:
        return
    counted = _counted()

    def count(response: Response) -> Response:
        if not request_log.is_our_own():
            _count(counted, response)
        return response

    def begin() -> None:
        g.is_under_way = True
        counted.under_way.inc()

    def end(_: BaseException | None) -> None:
        if g.pop("is_under_way", False):
            counted.under_way.dec()

    server.before_request(begin)
    server.teardown_request(end)
    server.after_request(count)


def _count(counted: Counted, response: Response) -> None:
    status = f"{response.status_code // 100}xx"
    counted.requests.labels(request_log.method(), request_log.template(), status).inc()
    page = request_log.page_of_callback()
    if page is not None:
        counted.callbacks.labels(page).observe(request_log.seconds())
    counted.count_lookups()
    counted.cache.set(kept_bytes.total)
    counted.pool.set(pool_in_use())
