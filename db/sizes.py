"""How much one tenant has, in numbers alone: for operators and for measuring, who see no content by them."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, bindparam, case, func, select
from sqlalchemy.orm import Session

from db import jobs
from db.models import VERSIONED, File, JobRow, Load

# What became of a load, the first that holds: a file of it was refused, a row set aside, a load taken back by it, a row
# of it new or changed; else all that it said was there already.
OUTCOMES = ("refused", "set_aside", "withdrawal", "loaded", "unchanged")


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


def _ended() -> Select[tuple[str]]:
    """How each load of a tenant ended: one of OUTCOMES."""
    refused = func.max(case((File.outcome == "refused", 1), else_=0))
    aside, loaded = func.sum(File.set_aside_count), func.sum(File.loaded_count)
    holds = (refused == 1, aside > 0, Load.withdraws_load.is_not(None), loaded > 0)
    ended = case(*zip(holds, OUTCOMES[:-1], strict=True), else_=OUTCOMES[-1])
    of_file = and_(File.tenant_id == Load.tenant_id, File.load_number == Load.load_number)
    return select(ended).outerjoin_from(Load, File, of_file).group_by(Load.load_number, Load.withdraws_load)


# Made once: they are asked of every tenant, one after another.
_HELD = {
    name: select(func.count()).select_from(model).where(model.superseded_by_load.is_(None))
    for name, model in VERSIONED.items()
}
_LOADS = select(func.count(Load.load_number), func.max(Load.load_number), func.max(Load.finished_at))
_PACKS = (
    select(JobRow.state, func.count(JobRow.job_number))
    .where(JobRow.expires_at > bindparam("now"))
    .group_by(JobRow.state)
)
_ENDED = _ended()


def sizes(session: Session, now: datetime) -> Sizes:
    """How much the session's tenant has; jobs whose time is over are not counted."""
    departments, results = held(session, "departments"), held(session, "results")
    count, newest, at = session.execute(_LOADS).one()
    states = {state: int(packs) for state, packs in session.execute(_PACKS, {"now": now})}
    waits, works, failed = (states.get(state, 0) for state in (jobs.WAITING, jobs.WORKING, jobs.FAILED))
    return Sizes(departments, results, count, newest, at, waits, works, failed)


def outcomes(session: Session) -> dict[str, int]:
    """How many loads of the session's tenant ended how (OUTCOMES), whichever way they came in."""
    return dict.fromkeys(OUTCOMES, 0) | Counter(session.scalars(_ENDED))


def held(session: Session, table: str) -> int:
    """How many rows of a canonical table hold now."""
    return session.execute(_HELD[table]).scalar_one()
