"""Whether requests should come here now: /readyz for load balancers and platforms, which says ready or not (W9).

/healthz says that the process lives. What is wrong is for operators: in the log, and by `assay config check`.
"""

import logging
import time
from collections.abc import Callable

from flask import Flask, Response

from dashboard.kept import Kept
from db.secret import box
from db.soundness import unready
from scheme.errors import AssayError

KEPT = 2.0  # seconds: however often a stranger asks, the warehouse is asked once in these
log = logging.getLogger("assay")


class Readiness:
    """Why nothing should be asked of a server, found out at most once in KEPT seconds; the log hears when it turns."""

    def __init__(self, why_not: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        """`why_not` gives "" where all is well; `clock` gives seconds."""
        self._why_not, self._last = why_not, ""
        self._kept = Kept(self._look, KEPT, clock)

    def why_not(self) -> str:
        """Why nothing should be asked here now; "" where it is ready."""
        return self._kept.now()

    def _look(self) -> str:
        try:
            why = self._why_not()
        except Exception as error:
            why = f"it could not be found out ({type(error).__name__})"
        if why != self._last:
            log.warning("not ready: %s", why) if why else log.warning("ready again")
        self._last = why
        return why


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
