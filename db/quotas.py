"""How much one organisation may keep and send: set by the operator, unlimited until then (reliability.md T15).

What goes beyond it is refused whole, inside the transaction of the load. What it had before the quota stays.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import audit, originals
from db.models import Load, Original, Setting
from db.session import scope_in
from db.sizes import held
from scheme.errors import UsageError

QUOTAS = {  # by name: what it counts
    "results": "results that hold",
    "originals_mb": "megabytes of files as they were sent",
    "loads_an_hour": "loads within an hour",
}
NEAR = 0.8  # of a quota: then operators are told, and who administers the tenant
_KEPT_AS = "quota_"  # kept among the tenant's settings, of which no page and no `choose` can set these
_HOUR = timedelta(hours=1)
_ASK = "ask whoever runs Assay for a larger quota"


@dataclass(frozen=True)
class Quota:
    """How much of something a tenant may have, None for without end, and how much it has."""

    name: str
    most: int | None
    has: int

    @property
    def counts(self) -> str:
        """What it counts."""
        return QUOTAS[self.name]

    @property
    def is_near(self) -> bool:
        """Whether four fifths are reached, or more."""
        return self.most is not None and self.has >= NEAR * self.most


def quotas(session: Session) -> dict[str, int]:
    """The quotas of the session's tenant by name; those that are not there are unlimited."""
    names = {f"{_KEPT_AS}{name}": name for name in QUOTAS}
    rows = session.scalars(select(Setting).where(Setting.name.in_(list(names))))
    return {names[row.name]: int(row.value) for row in rows if row.value}


def limit(session: Session, name: str, said: str) -> str:
    """Set a quota of the session's tenant, or "unlimited"; says what it did. UsageError where it makes no sense."""
    if name not in QUOTAS:
        raise UsageError(f"there is no quota {name}; there are {', '.join(QUOTAS)}")
    if said != "unlimited" and not (said.isascii() and said.isdecimal() and len(said) <= 12):
        raise UsageError(f"{name}={said}: write a whole number, or unlimited")
    before, scope = quotas(session).get(name), scope_in(session)
    value = "" if said == "unlimited" else str(int(said))
    if value == ("" if before is None else str(before)):
        return f"{name} is {said} already"
    key = f"{_KEPT_AS}{name}"
    row = session.scalars(select(Setting).where(Setting.name == key)).first() or Setting(name=key)
    row.value, row.set_at, row.set_by = value, datetime.now(UTC), scope.actor if scope else ""
    session.add(row)
    audit.record(session, "set a quota", name, before=before, now=int(value) if value else None)
    return f"{name} is {said} now"


def used(session: Session) -> list[Quota]:
    """How much of each the session's tenant may have and has now, of megabytes each that is begun."""
    most, mega = quotas(session), -(-_bytes(session) // 1_000_000)
    has = {"results": held(session, "results"), "originals_mb": mega, "loads_an_hour": len(_loads(session))}
    return [Quota(name, most.get(name), has[name]) for name in QUOTAS]


def near(session: Session) -> list[str]:
    """Of what the session's tenant has four fifths of its quota or more, in words."""
    there = [one for one in used(session) if one.is_near] if quotas(session) else []
    return [f"{one.has:,} of {one.most:,} {one.counts}" for one in there]


# --- asked at a load --------------------------------------------------------------------------------------------------


@contextmanager
def within(session: Session) -> Iterator[None]:
    """Let a load be taken within the quotas of loads and results; UsageError, before or after, where it goes beyond."""
    most = quotas(session)
    _one_more_load(session, most.get("loads_an_hour"))
    before = held(session, "results") if "results" in most else 0
    yield
    if "results" in most:
        after = held(session, "results")
        if after > max(before, most["results"]):
            raise UsageError(
                f"your organisation may keep {most['results']:,} results and has {before:,}; this would make them "
                f"{after:,}. Nothing was taken; {_ASK}"
            )


def fits(session: Session, sizes: Mapping[str, int]) -> None:
    """UsageError where files of these bytes, by their fingerprints, would go beyond the quota of originals."""
    most = quotas(session).get("originals_mb")
    if most is None or originals.place() == originals.OFF:
        return
    there, has = originals.kept(session, sizes), _bytes(session)
    more = sum(size for sha256, size in sizes.items() if sha256 not in there)
    if more and has + more > most * 1_000_000:
        raise UsageError(
            f"your organisation may keep {most:,} MB of files as they were sent and has {has / 1e6:,.1f}; these are "
            f"{more / 1e6:,.1f} more. Nothing was taken; {_ASK}"
        )


def _one_more_load(session: Session, most: int | None) -> None:
    if most is None:
        return
    loads = _loads(session)
    if len(loads) >= most:
        minutes = 60
        if most:
            minutes = 1 + int((loads[-most] + _HOUR - datetime.now(UTC)).total_seconds() // 60)
        raise UsageError(
            f"your organisation may send {most:,} loads within an hour and has sent {len(loads):,}. Nothing was taken; "
            f"send it in {minutes} minute{'' if minutes == 1 else 's'}, or {_ASK}"
        )


def _loads(session: Session) -> list[datetime]:
    since = datetime.now(UTC) - _HOUR
    return list(session.scalars(select(Load.finished_at).where(Load.finished_at > since).order_by(Load.finished_at)))


def _bytes(session: Session) -> int:
    return int(session.scalars(select(func.sum(Original.byte_count))).one() or 0)
