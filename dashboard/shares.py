"""What one organisation may hold of a worker, and until when a request may take (reliability.md T15, W12, W7).

gunicorn gives each request one of a worker's threads, in the order in which they come. AT_WORK of them work at a time,
the others wait for their turn. Of what there is, threads and turns, a tenant gets no more than is left free: one that
asks for all gets half, the second half of the rest, and so there is always something left for whoever has asked for
nothing yet. A turn goes to who came first of those whose tenant may have it. Whoever is one too many for the threads
is told so at once.

Turns come before anything is asked of the database, so whose a request is goes by who its session or token was last
found to be, and by the network address before. That decides the turn and nothing else: who asks, and what they may, is
found out anew each time.
"""

import time
from collections import Counter
from collections.abc import Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from socket import SHUT_RD
from threading import Event, Lock
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wsgi import ClosingIterator

from dashboard.bearer import shown_token
from dashboard.identity import current_token, origin
from dashboard.request_log import QUIET, is_our_own, tenant
from dashboard.serving import THREADS
from db import deadline
from variables import declare, whole

AT_WORK = 4  # at once; each may hold a connection to the database
LEAST = 4  # threads that every tenant may hold: so that many small ones do not refuse each other
PATIENCE = 15.0  # seconds in which a turn must come
AGAIN = 2  # seconds after which to ask again
_ALONE = 3600.0  # seconds without anybody else, after which a tenant may have all that there is
_SILENCE, _SENDING = 20.0, 600.0  # seconds without a byte of a body; of sending an answer in all
# In the WSGI environment:
_SOCKET, _RESPONSE, _PLACE, _REFUSED = "gunicorn.socket", "assay.response", "assay.place", "assay.refused"

LONGEST = declare(
    "ASSAY_REQUEST_SECONDS",
    "how long one request may take, but sending files and what writes; less than the 60 seconds in which a worker that "
    "is replaced finishes what it has begun",
    "50",
    whole("ASSAY_REQUEST_SECONDS", 1, 55),
    "50",
)


@dataclass(eq=False)
class Place:
    """A thread that a request holds, of a tenant's number or of a stranger's address; it works from its turn on."""

    whose: Hashable
    turn: Event = field(default_factory=Event)
    is_done: bool = False


class Shares:
    """The threads of a worker, and who holds them; safe among threads."""

    def __init__(self, threads: int, at_work: int) -> None:
        """An empty one."""
        self._threads, self._at_work = threads, at_work
        self._held: Counter[Hashable] = Counter()
        self._working: Counter[Hashable] = Counter()
        self._waiting: list[Place] = []
        self._asked: dict[int, float] = {}  # when the last two tenants asked, the very last at the end
        self._lock = Lock()

    def enter(self, whose: Hashable, patience: float = PATIENCE) -> Place:
        """A place whose turn has come; ServiceUnavailable where all of a share is held, or the turn does not come."""
        place = Place(whose)
        with self._lock:
            if self._is_shared(whose) and self._held[whose] >= max(LEAST, self._threads - self._held.total()):
                raise ServiceUnavailable(_FULL, retry_after=AGAIN)
            self._held[whose] += 1
            self._waiting.append(place)
            self._give_turns()
        if place.turn.wait(patience):
            return place
        with self._lock:
            if place.turn.is_set():  # just now
                return place
            self._waiting.remove(place)
            _one_less(self._held, whose)
        raise ServiceUnavailable(_LATE, retry_after=AGAIN)

    def done(self, place: Place) -> None:
        """Let others work; the thread is still held, for the answer is on its way. A second time nothing happens."""
        with self._lock:
            if not place.is_done:
                place.is_done = True
                _one_less(self._working, place.whose)
                self._give_turns()

    def leave(self, place: Place) -> None:
        """Give the place back."""
        self.done(place)
        with self._lock:
            _one_less(self._held, place.whose)

    def _give_turns(self) -> None:
        while (free := self._at_work - self._working.total()) > 0:
            place = next((one for one in self._waiting if self._may_work(one.whose, free)), None)
            if place is None:
                return
            self._waiting.remove(place)
            self._working[place.whose] += 1
            place.turn.set()

    def _may_work(self, whose: Hashable, free: int) -> bool:
        return self._working[whose] < free or not self._is_shared(whose)

    def seen(self, tenant_id: int) -> None:
        """Remember that a tenant asks here, for whose sake others keep to their shares."""
        with self._lock:
            self._asked.pop(tenant_id, None)
            self._asked[tenant_id] = time.monotonic()
            if len(self._asked) > 2:
                del self._asked[next(iter(self._asked))]

    def _is_shared(self, whose: Hashable) -> bool:
        now = time.monotonic()
        return any(other != whose and now - at < _ALONE for other, at in self._asked.items())


def _one_less(counter: Counter[Hashable], whose: Hashable) -> None:
    counter[whose] -= 1
    if not counter[whose]:
        del counter[whose]  # addresses of strangers are without end


_FULL = "Your organisation asks for too much at once; wait for some of the answers."
_LATE = "Too much is asked of Assay just now; try again soon."
_refusing = Lock()  # one at a time, lest they take Python from those who work
worker = Shares(THREADS, AT_WORK)
_whose: dict[bytes, int] = {}  # by session or token, whose it was last found to be
_MOST = 100_000


def add_shares(server: Flask) -> None:
    """Let every request that comes through gunicorn hold no more than its tenant's share, and all end in time.

    To be added before anything that asks the database or reads a body.
    """
    inner, longest = server.wsgi_app, LONGEST.read()

    def bounded(environ: Any, start_response: Any) -> Iterable[bytes]:
        if _SOCKET not in environ:
            return inner(environ, start_response)
        environ[_SOCKET].settimeout(_SILENCE)
        environ[_RESPONSE] = getattr(start_response, "__self__", None)
        return ClosingIterator(inner(environ, start_response), lambda: _leave(environ))

    def begin() -> None:
        if not is_our_own():
            deadline.allow(longest)
        if _SOCKET in request.environ and not request.path.startswith(QUIET):
            try:
                request.environ[_PLACE] = worker.enter(_whose.get(_shown(), f"address {origin()}"))
            except ServiceUnavailable:
                _refusing.acquire()
                request.environ[_REFUSED] = True
                raise

    def end(_: object) -> None:
        deadline.allow(None)
        place = request.environ.get(_PLACE)
        if place is not None:
            worker.done(place)
        if request.environ.pop(_REFUSED, False):
            _refusing.release()

    server.wsgi_app = bounded  # type: ignore[method-assign]  # as Flask asks
    server.before_request(begin)
    server.after_request(_answered)
    server.teardown_request(end)


def _shown() -> bytes:
    """What stands for the session or token that this request shows."""
    return blake2b(f"{shown_token()} {current_token()}".encode(), digest_size=16).digest()


def _leave(environ: Any) -> None:
    place = environ.pop(_PLACE, None)
    if place is not None:
        worker.leave(place)


def _answered(response: Response) -> Response:
    """Remember whose this was; hang up where its body has not come, for which gunicorn would wait after the answer."""
    environ = request.environ
    if _PLACE in environ and (found := tenant()) is not None:
        worker.seen(found)
        if len(_whose) >= _MOST:
            _whose.clear()
        _whose[_shown()] = found
    if _SOCKET in environ:
        environ[_SOCKET].settimeout(_SENDING)
        if _is_body_to_come(response) and environ[_RESPONSE] is not None:
            environ[_RESPONSE].force_close()
            with suppress(OSError):
                environ[_SOCKET].shutdown(SHUT_RD)
    return response


def _is_body_to_come(response: Response) -> bool:
    reader: Any = getattr(request.environ["wsgi.input"], "reader", None)  # gunicorn's own
    if hasattr(reader, "length"):  # of which that much was not read, and the buffer has come
        return bool(reader.length > len(reader.unreader.buf.getvalue()))
    return response.status_code >= 400 and "Transfer-Encoding" in request.headers
