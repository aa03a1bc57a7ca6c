"""How gunicorn serves: `gunicorn --config python:dashboard.serving dashboard.app:server`, and so does `assay serve`.

Its names are gunicorn's own. reliability.md W7: threads answer what is under way when a worker is told to stop, and
`graceful_timeout` is longer than any request takes.
"""

import ipaddress
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scheme.errors import UsageError
from variables import declare, one_of, whole

PORT = declare("PORT", "the port of the `Procfile`'s web process", "8050", whole("PORT", 1, 65_535), "8050")
WORKERS = declare(
    "WEB_CONCURRENCY",
    "how many workers serve, each with 256 threads, of which four work at a time",
    "2",
    whole("WEB_CONCURRENCY", 1, 512),
    "2",
)
WORK = declare(
    "ASSAY_WORK",
    "`inside`: a thread of the server makes the packs that people ask for; `assay serve` sets it, `gunicorn` does not",
    "nobody makes them but `assay work`",
    one_of("ASSAY_WORK", "inside"),
)


def _loopback(said: str) -> tuple[str, int] | None:
    if not said:
        return None
    try:
        parts = urlsplit(f"//{said}")
        host, port = parts.hostname or "", parts.port
        is_fit = bool(port) and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        is_fit = False
    if not is_fit or not port or f"{parts.scheme}{parts.path}{parts.query}":
        raise UsageError("ASSAY_METRICS is a port of this machine alone; write 127.0.0.1:9108")
    return host, port


METRICS = declare(
    "ASSAY_METRICS",
    "where figures for Prometheus are served: `127.0.0.1:9108`; loopback alone, for they say how much organisations "
    "have",
    "nothing is counted or served",
    _loopback,
)

bind = f"0.0.0.0:{PORT.read()}"
workers = WORKERS.read()
worker_class = "gthread"
threads = THREADS = 256  # most of them wait their turn (dashboard.shares)
timeout = graceful_timeout = 60
keepalive = 5
control_socket_disable = True

# --- figures for Prometheus (dashboard.metrics) -----------------------------------------------------------------------
# Nothing of the library is imported here: what gunicorn's first process imports, every worker inherits.

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_beside: "list[subprocess.Popen[bytes]]" = []


def on_starting(server: Any) -> None:
    """Give the workers a folder of their own to count in, where the operator wants figures."""
    os.environ.pop(METRICS_FOLDER, None)
    if METRICS.read() is not None:
        os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix="assay-metrics-")
        server.log.debug("figures are counted in %s", os.environ[METRICS_FOLDER])


def when_ready(server: Any) -> None:  # noqa: ARG001  # as gunicorn calls it
    """Start the process that serves the figures."""
    if METRICS_FOLDER in os.environ:
        _beside.append(subprocess.Popen([sys.executable, "-m", "dashboard.metrics_port"], stdin=subprocess.DEVNULL))


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001  # as gunicorn calls it
    """Forget what only a living worker has: the size of its cache, its connections. What it counted stays counted."""
    folder = os.environ.get(METRICS_FOLDER)
    if folder:
        for file in Path(folder).glob(f"gauge_live*_{worker.pid}.db"):
            file.unlink(missing_ok=True)


def on_exit(server: Any) -> None:  # noqa: ARG001  # as gunicorn calls it
    """End the process beside, and leave nothing behind."""
    for process in _beside:
        process.terminate()
        process.wait()
    shutil.rmtree(os.environ.get(METRICS_FOLDER, ""), ignore_errors=True)
