"""What one person sees of one tenant at one version of its data, and the only cache of the dashboard (T4).

A kept answer is found by warehouse and tenant, by the departments and certificates that the person may see (which are
looked up at every request, so a changed grant is another key), by the tenant's version, which goes up with every
change, and by the question; it carries its tenant and sight, and they are compared again when it is taken out. Nothing
else in the program keeps what was read from the warehouse (tests/dashboard/test_view.py) but dashboard.answers, in the
same budget of bytes, which is shared fairly among tenants (dashboard.budget).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from flask import g, has_app_context

from dashboard.budget import Budget, size_of
from dashboard.language import ENGLISH, speaking
from db import reads
from db.engine import database_url
from db.session import Scope, open_session
from db.watched import hangs_on, watching
from variables import declare, number

T = TypeVar("T")
Sight = tuple[int, tuple[str, ...] | None, tuple[str, ...] | None]  # tenant, departments, certificates


@dataclass(frozen=True)
class _Kept:
    """An answer, whose it is, and what it hangs on beside the version (db.watched)."""

    sight: Sight
    answer: Any
    hangs_on: frozenset[str] = frozenset()


CACHE = declare(
    "ASSAY_CACHE_MB",
    "how much memory each web worker may keep computed views and whole answers in; shared fairly: the organisation "
    "that holds most loses first",
    "256",
    number("ASSAY_CACHE_MB", 0, 1_000_000),
    "256",
)
kept_bytes = Budget(CACHE.read_or_usual() * 1_000_000)


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
        whose = database_url(), self.scope.tenant_id
        key = (*self.sight, self.version, self.known_at, question, *about)
        found: _Kept | None = kept_bytes.found(whose, key)
        if found is None:
            with speaking(ENGLISH), watching() as beside:  # what is kept is for readers of every language
                answer = make()
            found = _Kept(self.sight, answer, frozenset(beside))
            kept_bytes.keep(whose, key, found, size_of(answer) + size_of(about))
        if found.sight != self.sight:
            raise AssertionError(f"the cache holds an answer of another's under {question}")
        hangs_on(*found.hangs_on)
        return found.answer  # type: ignore[no-any-return]  # as made by `make` under this question


def view(scope: Scope, known_at: datetime | None = None) -> View:
    """The view of a person's scope at the tenant's present version."""
    if has_app_context() and g.get("version_of") is not None and g.version_of[0] == scope.tenant_id:
        return View(scope, g.version_of[1], known_at)
    with open_session(scope) as session:
        return View(scope, reads.version(session), known_at)
