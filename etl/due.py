"""How sources stand that fetch their files themselves: what ran, what failed, what is due, what is late."""

from dataclasses import dataclass
from datetime import datetime

from db import kept_sources, source_runs
from db.kept_sources import Edition
from db.session import Scope, open_session
from db.source_runs import BAD, RUNNING, STOPPED, Run
from db.writes import Opened
from etl.origin import Origin
from etl.schedule import GRACE, Schedule
from etl.sources import kept_origin
from scheme.errors import UsageError


@dataclass(frozen=True)
class Standing:
    """How a source stands: where from and when, its newest run, when it is due, what speaks against it.

    `state`: new (it has not run yet), fine, running, failed, late, or unreadable (its text makes no sense any more).
    """

    scope: Scope
    edition: Edition
    origin: Origin | None
    last: Run | None
    due_at: datetime
    state: str
    fault: str = ""


def standings(scope: Scope, now: datetime, source: str | None = None) -> list[Standing]:
    """How each source of a tenant that fetches its files stands, by code; `source`: that one alone.

    UsageError where the tenant keeps no such source, or it does not say where its files come from.
    """
    with open_session(scope) as session:
        told = standings_in(session, scope, now, source)
    if source and not told:
        raise UsageError(f"source {source} does not say where its files come from; give it a table [from]")
    return told


def standings_in(session: Opened, scope: Scope, now: datetime, source: str | None = None) -> list[Standing]:
    """The same in a session of the tenant; none where the source does not say where its files come from."""
    kept = [kept_sources.newest(session, source)] if source else kept_sources.kept(session)
    found = [_standing(scope, one, source_runs.newest(session, one.code, now), now) for one in kept]
    return [one for one in found if one is not None]


def _standing(scope: Scope, edition: Edition, last: Run | None, now: datetime) -> Standing | None:
    try:
        origin = kept_origin(edition)
    except UsageError as error:
        return Standing(scope, edition, None, last, _due_at(edition, Schedule(), last, now), "unreadable", str(error))
    if origin is None:
        return None
    due_at = _due_at(edition, origin.schedule, last, now)
    if last is not None and last.outcome == RUNNING:
        state = RUNNING
    elif last is not None and last.outcome in BAD:
        state = "failed"
    elif now > due_at + GRACE:
        state = "late"
    else:
        state = "fine" if last else "new"
    return Standing(scope, edition, origin, last, due_at, state)


def _due_at(edition: Edition, schedule: Schedule, last: Run | None, now: datetime) -> datetime:
    if last is None or last.edition != edition.number:
        return edition.added_at
    if last.outcome == STOPPED or last.started_at > now:  # or a clock was put back
        return min(last.started_at, now)
    due_at = schedule.next_after(last.started_at)
    return min(due_at, last.again_at) if last.again_at else due_at
