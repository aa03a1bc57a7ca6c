"""How much one tenant has, in numbers alone: for operators and for measuring, who see no content by them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import jobs
from db.models import VERSIONED, JobRow, Load
from db.session import Scope, open_session


@dataclass(frozen=True)
class Sizes:
    """Departments and results that hold now, loads, the newest of them, and packs that wait, are made or failed."""

    departments: int
    results: int
    loads: int
    last_load: int | None
    last_loaded_at: datetime | None
    packs_waiting: int
    packs_working: int
    packs_failed: int


def sizes(scope: Scope, now: datetime | None = None) -> Sizes:
    """How much a tenant has; jobs whose time is over are not counted."""
    with open_session(scope) as session:
        departments, results = (held(session, name) for name in ("departments", "results"))
        loads = select(func.count(Load.load_number), func.max(Load.load_number), func.max(Load.finished_at))
        count, newest, at = session.execute(loads).one()
        waiting = select(JobRow.state, func.count(JobRow.job_number).label("packs")).where(
            JobRow.expires_at > (now or datetime.now(UTC))
        )
        states = {row.state: int(row.packs) for row in session.execute(waiting.group_by(JobRow.state))}
    waits, works, failed = (states.get(state, 0) for state in (jobs.WAITING, jobs.WORKING, jobs.FAILED))
    return Sizes(departments, results, count, newest, at, waits, works, failed)


def held(session: Session, table: str) -> int:
    """How many rows of a canonical table hold now."""
    model = VERSIONED[table]
    counted = select(func.count()).select_from(model).where(model.superseded_by_load.is_(None))
    return session.execute(counted).scalar_one()
