"""Counts of how often somebody asked within a minute: a worker's own, for its limit (reliability.md W12)."""

import time
from threading import Lock

from limits.storage import Storage

_SWEPT_EVERY = 60.0  # seconds


class Counted(Storage):
    """Counters that end by themselves, for Flask-Limiter under the address `counted://`.

    That of `limits` itself starts a thread at nearly every request to look for those that ended, which takes longer
    than an answer that is kept (docs/performance.md).
    """

    STORAGE_SCHEME = ["counted"]  # noqa: RUF012  # as the base class has it

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: str) -> None:
        """Nothing is counted yet."""
        super().__init__(uri, wrap_exceptions, **options)
        self._counts: dict[str, tuple[int, float]] = {}  # by key: how many, and when the count ends
        self._swept = time.time()
        self._lock = Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong in here: nothing of its own."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count further under a key, which ends so many seconds after its first; gives the count."""
        now = time.time()
        with self._lock:
            if now - self._swept >= _SWEPT_EVERY:
                self._counts = {name: count for name, count in self._counts.items() if count[1] > now}
                self._swept = now
            count, ends = self._counts.get(key, (0, 0.0))
            count, ends = (amount, now + expiry) if ends <= now else (count + amount, ends)
            self._counts[key] = (count, ends)
        return count

    def get(self, key: str) -> int:
        """The count under a key."""
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When the count under a key ends, in seconds since 1970; now where there is none."""
        return max(self._counts.get(key, (0, 0.0))[1], time.time())

    def check(self) -> bool:
        """Whether it can be counted on: always."""
        return True

    def reset(self) -> int:
        """Forget all counts; gives how many there were."""
        with self._lock:
            there = len(self._counts)
            self._counts = {}
        return there

    def clear(self, key: str) -> None:
        """Forget the count under a key."""
        with self._lock:
            self._counts.pop(key, None)
