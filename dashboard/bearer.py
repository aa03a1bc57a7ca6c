"""Who asks over the API: from the token that a request bears to a Scope (reliability.md T8, W5)."""

from flask import request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from dashboard.identity import origin
from db import tokens
from db.session import Scope

# A token cannot be guessed; this keeps what tries to from filling the log (W12).
WRONG = RateLimitItemPerMinute(20, 5)
tries = FixedWindowRateLimiter(MemoryStorage())


def token_scope() -> Scope | None:
    """The scope of the token that this request bears; None without one, or with one that opens nothing.

    After twenty that open nothing in five minutes from one network address, 429; one that is good always gets through.
    """
    shown = request.authorization
    token = shown.token if shown is not None and shown.type == "bearer" else None
    if not token:
        return None
    scope = tokens.scope_of_token(token, origin())
    if scope is None:
        if not tries.hit(WRONG, origin()):
            raise TooManyRequests("Too many tokens that open nothing; wait five minutes.", retry_after=300)
        tokens.record_refused(token, origin())
    return scope
