"""Whether requests should come here now: /readyz for load balancers and platforms, which says ready or not (W9).

/healthz says that the process lives. What is wrong is for operators: in the log, and by `assay config check`.
"""

import logging
import time
from collections.abc import Callable
from threading import Lock

from flask import Flask, Response

from db.secret import box
from db.soundness import unready
from scheme.errors import AssayError

KEPT = 2.0  # seconds: however often a stranger asks, the warehouse is asked once in these
log = logging.getLogger("assay")


class Readiness:
    """An answer that is found out at most once in so many seconds, by one thread; the others get the one before."""

    def __init__(self, why_not: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        """`why_not` gives "" where all is well; `clock` gives seconds."""
        self._why_not, self._clock = why_not, clock
        self._asked_at: float | None = None
        self._why = "nobody has looked yet"
        self._lock = Lock()

    def why_not(self) -> str:
        """Why nothing should be asked here now; "" where it is ready."""
        if not self._is_fresh() and self._lock.acquire(blocking=self._asked_at is None):
            try:
                if not self._is_fresh():
                    self._look()
            finally:
                self._lock.release()
        return self._why

    def _is_fresh(self) -> bool:
        return self._asked_at is not None and self._clock() - self._asked_at < KEPT

    def _look(self) -> None:
        try:
            why = self._why_not()
        except Exception as error:
            why = f"it could not be found out ({type(error).__name__})"
        if why != self._why and (why or self._asked_at is not None):
            log.warning("not ready: %s", why) if why else log.warning("ready again")
        self._why, self._asked_at = why, self._clock()


def add_readiness(server: Flask) -> None:
    """Add /readyz to the server."""
    readiness = Readiness(_why_not)

    def readyz() -> Response:
        if readiness.why_not():
            return Response("not ready\n", 503, {"Retry-After": "5"}, mimetype="text/plain")
        return Response("ready\n", mimetype="text/plain")

    server.add_url_rule("/readyz", "readyz", readyz)


def _why_not() -> str:
    try:
        box()
    except AssayError as error:
        return str(error)
    return unready()
