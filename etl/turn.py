"""One run of one source: fetched, loaded by the one door, what became of it (reliability.md F15, F18).

One bad file never stops another of its source. Only what may get better is tried again: a few times at once, then later
and later, never all at the same moment.
"""

import logging
import random
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from db import source_runs
from db.session import Scope, open_session
from db.source_runs import ALL_IN, FAILED, NOTHING_NEW, REFUSED, SET_ASIDE, STOPPED, WAITING
from etl import run
from etl.due import Standing
from etl.executor import PROCESSES
from etl.fetch import TRIES, Seen, fetch
from etl.layouts.staged import Source
from etl.origin import Origin
from etl.sources import Found, source_of
from etl.watched import Looked
from scheme.errors import AssayError, NotFetched, UsageError, WarehouseError

log = logging.getLogger("assay.sync")
ATTEMPTS, WAIT, LONGEST_WAIT = 3, timedelta(minutes=5), timedelta(hours=6)
_LISTED = 5
_T = TypeVar("_T")


@dataclass(frozen=True)
class Around:
    """What a sync does not decide itself: what time it is, how to wait for some seconds, and chance from 0 to 1.

    `executor`: where files are read (etl.executor.in_order).
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    pause: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    executor: str = PROCESSES


def patiently(act: Callable[[], _T], around: Around) -> _T:
    """Try a few times what may get better, after pauses that nobody else makes at the same moment."""
    for attempt in range(1, ATTEMPTS):
        try:
            return act()
        except (NotFetched, WarehouseError) as error:
            if isinstance(error, NotFetched) and not error.again:
                raise
        around.pause(2.0**attempt * (0.5 + around.chance() / 2))
    return act()


def unexpected(error: Exception, about: str) -> str:
    """What a person is told of a fault that nobody foresaw; the log has where it happened."""
    # Where it happened, and nothing of what was in it: that may hold a secret or a sender's rows.
    log.error("%s: %s\n%s", about, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
    return f"an unexpected fault ({type(error).__name__}); the program's log says where"


@dataclass(frozen=True)
class Done:
    """What became of a run (db.source_runs.finish)."""

    outcome: str
    what: str
    load: int | None = None
    again_at: datetime | None = None
    seen: Seen | None = None


class _Lost(Exception):
    """Another has taken the source over: nothing more may be loaded for it here."""


class Turn:
    """One run of one source, which is held while it goes on."""

    def __init__(self, scope: Scope, one: Standing, number: int, around: Around, seen: Seen) -> None:
        """A run with the number of its claim, and what runs before it found."""
        self._scope, self._one, self._number, self._around, self._seen = scope, one, number, around, seen
        self._code, self._held_at = one.edition.code, around.now()

    def done(self) -> Done:
        """Fetch and load; whatever goes wrong is the outcome."""
        try:
            return self._taken()
        except _Lost:
            return Done(FAILED, "another sync took it over, because this one was not heard of for too long")
        except NotFetched as error:
            return Done(FAILED, str(error), again_at=self._later() if error.again else None)
        except WarehouseError as error:
            return Done(FAILED, str(error), again_at=self._later())
        except AssayError as error:
            return Done(FAILED, str(error))
        except Exception as error:
            return Done(FAILED, unexpected(error, f"{self._scope.tenant_code}/{self._code}"))
        except BaseException:
            self.finish(Done(STOPPED, "it was stopped half way; nothing of an unfinished load is in"))
            raise

    def finish(self, done: Done) -> None:
        """Record what became of it."""
        with open_session(self._scope, write=True) as session:
            if not source_runs.renew(session, self._code, self._number, self._around.now()):
                return  # who took it over says how it ended
            seen = done.seen.text() if done.seen else None
            source_runs.finish(
                session,
                self._code,
                self._number,
                self._around.now(),
                outcome=done.outcome,
                what=done.what,
                load=done.load,
                again_at=done.again_at,
                seen=seen,
            )

    def _later(self) -> datetime:
        """When to try again after failures in a row: twice as late each time, and not all at once."""
        failures = self._one.last.failures if self._one.last else 0
        wait = min(WAIT * (1 << min(failures, 10)), LONGEST_WAIT)
        return self._around.now() + wait * (0.75 + self._around.chance() / 4)

    def _taken(self) -> Done:
        origin = self._one.origin
        if origin is None:
            raise UsageError(self._one.fault)
        sender = source_of(self._one.edition.body, f"source {self._code}", self._code)
        with tempfile.TemporaryDirectory(prefix="assay-sync-") as folder:
            looked, remembered = patiently(lambda: self._fetched(origin, Path(folder)), self._around)
            self._hold("", 0, 0)
            reports, faults = self._loaded(looked.files, sender, origin) if looked.files else ([], {})
        seen = self._now_seen(looked, remembered, reports, faults)
        return self._outcome(looked, reports, faults, seen, origin)

    def _fetched(self, origin: Origin, folder: Path) -> tuple[Looked, dict[str, str]]:
        for rest in folder.iterdir():
            rest.unlink()
        self._hold("", 0, 0)
        now, tenant = self._around.now(), self._scope.tenant_code
        return fetch(tenant, self._code, origin, self._seen, folder, now, lambda: self._hold("", 1, 1))

    def _loaded(
        self, files: Sequence[Found], sender: Source, origin: Origin
    ) -> tuple[list[run.LoadReport], dict[str, str]]:
        """Load files together; where that ends in a fault that is none of a file's own, one by one."""

        def load(some: Sequence[Found]) -> run.LoadReport:
            return run.load(
                self._scope,
                some,
                source=sender,
                strict=origin.strict,
                withdraw_missing=origin.withdraw_missing,
                sent_by=f"source {self._code}",
                progress=self._hold,
                executor=self._around.executor,
            )

        try:
            return [patiently(lambda: load(files), self._around)], {}
        except (WarehouseError, _Lost):
            raise
        except Exception as error:
            if len(files) == 1:
                return [], {files[0].name: self._fault(error)}
        reports: list[run.LoadReport] = []
        faults: dict[str, str] = {}
        for file in files:
            try:
                reports.append(patiently(lambda file=file: load([file]), self._around))  # type: ignore[misc]  # a lambda with a default
            except (WarehouseError, _Lost):
                raise
            except Exception as error:
                faults[file.name] = self._fault(error)
        return reports, faults

    def _fault(self, error: Exception) -> str:
        about = f"{self._scope.tenant_code}/{self._code}"
        return str(error) if isinstance(error, AssayError) else unexpected(error, about)

    def _hold(self, _: str, done: int, __: int) -> None:
        """Keep the source while work goes on; _Lost where another has it."""
        now = self._around.now()
        if done and abs(now - self._held_at) < source_runs.LASTS / 10:
            return
        self._held_at = now
        with open_session(self._scope, write=True) as session:
            if not source_runs.renew(session, self._code, self._number, now):
                raise _Lost

    def _now_seen(
        self, looked: Looked, remembered: dict[str, str], reports: Sequence[run.LoadReport], faults: dict[str, str]
    ) -> Seen:
        tried = {file.name for file in looked.files}
        bad = {file.file for report in reports for file in report.files if file.outcome == "refused"} | faults.keys()
        files = {}
        for name, mark in looked.marks.items():
            before = self._seen.tries(name, mark)
            files[name] = (mark, min(before + 1, TRIES) if name in bad else 0 if name in tried else before)
        return Seen(files, remembered)

    def _outcome(
        self, looked: Looked, reports: Sequence[run.LoadReport], faults: dict[str, str], seen: Seen, origin: Origin
    ) -> Done:
        files = [file for report in reports for file in report.files]
        aside = sum(len(report.rejected) for report in reports)
        refused = [f"{file.file}: {file.reason}" for file in files if file.outcome == "refused"]
        refused += [f"{name}: {why}" for name, why in faults.items()] + looked.faults
        given_up = [name for name, (_, tries) in seen.files.items() if tries >= TRIES]
        what = []
        if files:
            counts = ("read", "loaded", "unchanged", "duplicate", "no_result", "set_aside")
            told = {name: sum(getattr(file, name) for file in files) for name in counts}
            names = len({file.file for file in files})
            rows = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in told.items() if n or name == "read")
            what.append(f"{names} file{'' if names == 1 else 's'}: {rows}")
        what += [_listed("refused", refused), _listed(f"given up after {TRIES} tries until it changes", given_up)]
        what.append(_listed("waiting", looked.waiting))
        if refused or given_up:
            outcome = REFUSED
        elif looked.waiting:
            outcome = WAITING
        elif not files:
            outcome, what = NOTHING_NEW, ["nothing has changed since the last run"]
        else:
            outcome = SET_ASIDE if aside else ALL_IN
        again_at = None
        if looked.waiting:
            again_at = self._around.now() + timedelta(seconds=max(60, origin.settle_seconds))
        numbers = [report.load_number for report in reports if report.load_number is not None]
        return Done(outcome, "; ".join(filter(None, what)), max(numbers, default=None), again_at, seen)


def _listed(word: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{word}: {', '.join(names[:_LISTED])}{more}" if names else ""
