"""Sources that are due, of all tenants, one after another; one bad source never stops another (reliability.md F18)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from db import source_runs
from db.session import Scope, open_session
from db.source_runs import FAILED, RUNNING
from etl.due import Standing, standings
from etl.fetch import Seen, seen_of
from etl.turn import Around, Turn, patiently, unexpected
from scheme.errors import AssayError, UsageError, WarehouseError


@dataclass(frozen=True)
class Told:
    """What became of a source in a sync; `outcome` is one of db.source_runs.OUTCOMES, or "running"."""

    tenant: str
    source: str
    outcome: str
    what: str
    load: int | None = None


def sync(
    scopes: Iterable[Scope],
    *,
    source: str | None = None,
    at_once: bool = False,
    around: Around | None = None,
    tell: Callable[[Told], None] = lambda _: None,
) -> list[Told]:
    """Run every source of these tenants that is due, the longest due first; `at_once`: whether it is due or not.

    Whatever goes wrong with one is told of it, and the others run. UsageError where a named `source` is nobody's.
    """
    around, due, told, fault = around or Around(), [], [], None
    for scope in scopes:
        try:
            due += standings(scope, around.now(), source)
        except UsageError as error:
            fault = error
        except AssayError as error:
            told.append(Told(scope.tenant_code, source or "", FAILED, str(error)))
    if source and not due and not told and fault:
        raise fault
    now = around.now()
    for one in sorted(due, key=lambda each: each.due_at):
        if one.state != RUNNING and (at_once or one.due_at <= now):
            told.append(_run(one, around))
            tell(told[-1])
    return told


def _run(one: Standing, around: Around) -> Told:
    """Run one source if nobody else does; never raises but where it is to stop."""
    code, tenant = one.edition.code, one.scope.tenant_code
    # The audit log says that the source did it, and what is done needs no more than a source may.
    scope = replace(one.scope, actor=f"source {code}", email="", role="source", origin="sync", permissions=frozenset())
    try:
        number = patiently(lambda: _claimed(scope, one, around), around)
        if number is None:
            return Told(tenant, code, RUNNING, "another sync has it")
        seen = seen_of(one.last.seen) if one.last and one.last.edition == one.edition.number else Seen()
        turn = Turn(scope, one, number, around, seen)
        done = turn.done()
        patiently(lambda: turn.finish(done), around)
    except AssayError as error:
        return Told(tenant, code, FAILED, str(error))
    except Exception as error:
        return Told(tenant, code, FAILED, unexpected(error, f"{tenant}/{code}"))
    return Told(tenant, code, done.outcome, done.what, done.load)


def _claimed(scope: Scope, one: Standing, around: Around) -> int | None:
    with open_session(scope, write=True) as session:
        after = one.last.number if one.last else 0
        return source_runs.claim(session, one.edition.code, one.edition.number, around.now(), after)


def watch(
    scopes: Callable[[], Sequence[Scope]],
    *,
    source: str | None = None,
    around: Around | None = None,
    tell: Callable[[Told], None] = lambda _: None,
    rounds: Iterable[int] = iter(int, 1),
    seconds: float = 60.0,
) -> None:
    """Sync again and again, tenants looked up anew each time, until it is stopped (`rounds` run out in tests alone)."""
    around = around or Around()
    for _ in rounds:
        try:
            sync(scopes(), source=source, around=around, tell=tell)
        except WarehouseError as error:  # it may come back
            tell(Told("", "", FAILED, str(error)))
        around.pause(seconds * (0.9 + around.chance() / 5))
