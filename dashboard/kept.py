"""What is found at most once in so many seconds, however often it is asked for: it costs the warehouse something."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """An answer that is found at most once in so many seconds, by one thread; the others get the one before."""

    def __init__(self, find: Callable[[], T], seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._find, self._seconds, self._clock = find, seconds, clock
        self._found: tuple[float, T] | None = None
        self._lock = Lock()

    def now(self) -> T:
        """The answer; whoever asks before there is any waits for it."""
        found = self._found
        if found is not None and (self._is_fresh(found) or not self._lock.acquire(blocking=False)):
            return found[1]
        if found is None:
            self._lock.acquire()
        try:
            found = self._found
            if found is None or not self._is_fresh(found):
                found = self._found = (self._clock(), self._find())
            return found[1]
        finally:
            self._lock.release()

    def _is_fresh(self, found: tuple[float, T]) -> bool:
        return self._clock() - found[0] < self._seconds
