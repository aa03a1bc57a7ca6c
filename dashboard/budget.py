"""A number of bytes in which answers are kept, shared fairly among tenants; and how many bytes an answer takes.

Whoever holds most loses first, what they used longest ago: so the largest tenant cannot push out the others, and where
all want more than there is, each is left with as much as any other (**ours**: max-min fairness).
"""

import sys
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import is_dataclass
from threading import Lock
from typing import Any

import polars as pl

LARGEST = 0.5  # of the budget: what is larger is not kept, for it would push out nearly all else
_ENTRY = 600  # bytes of an entry's own, its key's parts beside its text


class Budget:
    """Kept things by owner and key, within a number of bytes; safe among threads."""

    def __init__(self, most: float) -> None:
        """An empty one of so many bytes."""
        self.most = most
        self.total = 0
        self._kept: dict[Hashable, OrderedDict[Hashable, tuple[Any, int]]] = {}
        self._bytes: dict[Hashable, int] = {}
        self._lock = Lock()
        self._lookups = {"yes": 0, "no": 0}

    def found(self, whose: Hashable, key: Hashable) -> Any:
        """What is kept there, which is used last from now on; None where there is nothing."""
        with self._lock:
            own = self._kept.get(whose)
            entry = own.get(key) if own is not None else None
            self._lookups["no" if entry is None else "yes"] += 1
            if own is None or entry is None:
                return None
            own.move_to_end(key)
            return entry[0]

    def keep(self, whose: Hashable, key: Hashable, thing: Any, size: int) -> bool:
        """Keep something of so many bytes in place of what was there; False where it is too large."""
        if size > self.most * LARGEST:
            return False
        with self._lock:
            own = self._kept.setdefault(whose, OrderedDict())
            _, before = own.pop(key, (None, 0))
            own[key] = (thing, size)
            self._count(whose, size - before)
            while self.total > self.most:
                self._lose(max(self._bytes, key=self._bytes.__getitem__))
        return True

    def held(self) -> Mapping[Hashable, int]:
        """How many bytes each owner holds now."""
        with self._lock:
            return dict(self._bytes)

    def lookups(self) -> Mapping[str, int]:
        """How often something was looked for, by whether it was there ("yes", "no")."""
        with self._lock:
            return dict(self._lookups)

    def clear(self) -> None:
        """Forget everything, of everybody."""
        with self._lock:
            self._kept, self._bytes, self.total = {}, {}, 0

    def things(self) -> list[Any]:
        """All that is kept, of everybody: for tests."""
        with self._lock:
            return [thing for own in self._kept.values() for thing, _ in own.values()]

    def _lose(self, whose: Hashable) -> None:
        own = self._kept[whose]
        _, (_, size) = own.popitem(last=False)
        self._count(whose, -size)
        if not own:
            del self._kept[whose], self._bytes[whose]

    def _count(self, whose: Hashable, more: int) -> None:
        self.total += more
        self._bytes[whose] = self._bytes.get(whose, 0) + more


def size_of(thing: Any) -> int:
    """How many bytes something takes with all that it is made of, rather more than less; a frame's rows honestly."""
    return _ENTRY + _size(thing, set())


def _size(thing: Any, met: set[int]) -> int:
    if id(thing) in met:
        return 0
    met.add(id(thing))
    if isinstance(thing, pl.DataFrame):
        return 500 + sum(_of_column(column) for column in thing.get_columns())
    if isinstance(thing, pl.Series):
        return _of_column(thing)
    parts: Any = ()
    if isinstance(thing, Mapping):
        parts = (*thing.keys(), *thing.values())
    elif isinstance(thing, list | tuple | set | frozenset):
        parts = thing
    elif is_dataclass(thing) and not isinstance(thing, type):
        parts = getattr(thing, "__dict__", {}).values()
    return sys.getsizeof(thing, 64) + sum(_size(part, met) for part in parts)


def _of_column(column: pl.Series) -> int:
    # Polars counts the letters of a String and not the 16 bytes by which each row names them.
    named = column.len() if column.dtype == pl.String else 0
    if column.dtype == pl.List(pl.String):
        named = int(column.list.len().sum() or 0)
    return 200 + int(column.estimated_size()) + 16 * named
