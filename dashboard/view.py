"""What one person sees of one tenant at one version of its data, and the only cache of the dashboard (T4).

A kept answer is found by warehouse and tenant, by the departments and certificates that the person may see (which are
looked up at every request, so a changed grant is another key), by the tenant's version, which goes up with every
change, and by the question; it carries its tenant and sight, and they are compared again when it is taken out. Nothing
else in the program keeps what was read from the warehouse (tests/dashboard/test_view.py). Bounded in bytes.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any, TypeVar

import polars as pl
from cachetools import LRUCache

from db import reads
from db.engine import database_url
from db.session import Scope, open_session
from scheme.frames import Programme
from scheme.gate_evidence import Evidence

T = TypeVar("T")
Sight = tuple[int, tuple[str, ...] | None, tuple[str, ...] | None]  # tenant, departments, certificates
_MEGABYTES = float(os.environ.get("ASSAY_CACHE_MB", "256"))


@dataclass(frozen=True)
class _Kept:
    """An answer, and whose it is."""

    sight: Sight
    answer: Any


def _size(kept: _Kept) -> int:
    if isinstance(kept.answer, pl.DataFrame):
        return int(kept.answer.estimated_size()) + 512
    if isinstance(kept.answer, Programme | Evidence):
        frames = (frame for frame in vars(kept.answer).values() if isinstance(frame, pl.DataFrame))
        return sum(int(frame.estimated_size()) + 512 for frame in frames) + 4096
    return 4096


_cache: LRUCache[tuple[Any, ...], _Kept] = LRUCache(maxsize=_MEGABYTES * 1_000_000, getsizeof=_size)
_lock = RLock()


@dataclass(frozen=True)
class View:
    """What one person sees of one tenant at one version of its data: the thing every question is asked of."""

    scope: Scope
    version: int
    known_at: datetime | None = None

    @property
    def sight(self) -> Sight:
        """What the answers to this view depend on beside the data: the tenant and what the person may see of it."""
        return self.scope.tenant_id, self.scope.departments, self.scope.certificates

    def kept(self, question: str, make: Callable[[], T], *about: object) -> T:
        """The answer to a question about this view, made at most once while it fits the cache.

        AssertionError where what was kept is another's: the key above is then wrong, and nothing is handed out.
        """
        key = (database_url(), *self.sight, self.version, self.known_at, question, *about)
        with _lock:
            found = _cache.get(key)
        if found is None:
            found = _Kept(self.sight, make())
            with _lock:
                if _size(found) <= _cache.maxsize:
                    _cache[key] = found
        if found.sight != self.sight:
            raise AssertionError(f"the cache holds an answer of another's under {question}")
        return found.answer  # type: ignore[no-any-return]  # as made by `make` under this question


def view(scope: Scope, known_at: datetime | None = None) -> View:
    """The view of a person's scope at the tenant's present version."""
    with open_session(scope) as session:
        return View(scope, reads.version(session), known_at)
