"""Who asks over the API: from the token that a request bears to a Scope (reliability.md T8, W5)."""

import time
from threading import Lock

from flask import request
from werkzeug.exceptions import TooManyRequests

from dashboard.identity import origin
from db import tokens
from db.session import Scope

# A token cannot be guessed; this keeps what tries to from filling the log (W12). One worker's own count.
WRONG, WITHIN = 20, 300  # so many from one network address in so many seconds
_wrong: dict[str, list[float]] = {}  # by address, when each came
_lock = Lock()


def token_scope() -> Scope | None:
    """The scope of the token that this request bears; None without one, or with one that opens nothing.

    After twenty that open nothing in five minutes from one network address, 429; one that is good always gets through.
    """
    token = shown_token()
    if not token:
        return None
    scope = tokens.scope_of_token(token, origin())
    if scope is None:
        if _tried() > WRONG:
            raise TooManyRequests("Too many tokens that open nothing; wait five minutes.", retry_after=WITHIN)
        tokens.record_refused(token, origin())
    return scope


def shown_token() -> str:
    """The token that this request bears, whatever it opens; "" without one."""
    shown = request.authorization
    return (shown.token or "") if shown is not None and shown.type == "bearer" else ""


def forget() -> None:
    """Forget which addresses showed tokens that open nothing."""
    with _lock:
        _wrong.clear()


def _tried() -> int:
    """How many tokens that open nothing came from this address, this one among them."""
    now = time.monotonic()
    with _lock:
        for address in [address for address, times in _wrong.items() if times[-1] < now - WITHIN]:
            del _wrong[address]
        times = [moment for moment in _wrong.get(origin(), []) if moment >= now - WITHIN]
        if len(times) <= WRONG:  # what is refused does not make the wait longer
            times.append(now)
        _wrong[origin()] = times
        return len(times)
