"""Until when the present request may take: looked at before each session, and by the database while it reads (W7)."""

import time
from contextvars import ContextVar

from scheme.errors import TooLong

_until: ContextVar[float | None] = ContextVar("until", default=None)


def allow(seconds: float | None) -> None:
    """Let what follows in this thread take so many seconds from now; None as long as it takes."""
    _until.set(None if seconds is None else time.monotonic() + seconds)


def left() -> float | None:
    """How many seconds are left, none of them below zero; None where nobody set an end."""
    until = _until.get()
    return None if until is None else max(0.0, until - time.monotonic())


def look() -> None:
    """Go on where there is time left; TooLong where there is none."""
    if left() == 0.0:
        raise TooLong("this took too long and was given up; nothing was saved, ask for less at once or try again later")


def is_over() -> bool:
    """Whether no time is left: for SQLite, which asks while it reads."""
    return left() == 0.0
