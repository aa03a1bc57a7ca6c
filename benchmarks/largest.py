"""The largest tenant: how many seconds its packs, its estimate of risk and its visit plans take."""

from collections.abc import Callable, Iterator
from datetime import date

from benchmarks.callbacks import DAY
from benchmarks.figures import Figure, seconds
from benchmarks.warehouses import on_postgres
from dashboard import data, trends, visit_plans
from dashboard.exports import pack
from dashboard.exports.as_pdf import pdf
from dashboard.exports.day_pack import day_pack
from dashboard.view import View, view
from db.session import Scope
from db.sessions import session_of
from scheme.standing import standing
from scheme.visit_plan import Wanted

GROUP = "Largest"
DEPARTMENTS = {"small": 100, "whole": 1000}


def figures(size: str) -> Iterator[Figure]:
    """Seconds for each kind of pack, the estimate of risk and both kinds of visit plan of one tenant on PostgreSQL."""
    warehouse = on_postgres()
    with warehouse.here():
        code = warehouse.tenant(DEPARTMENTS[size]).tenant_code
        identity = session_of(warehouse.session(code))
        if identity is None:
            raise RuntimeError("the session that was just begun is over")
        scope = identity.scope()
        warehouse.forget(scope)  # whatever another part had kept
        for what, act in (*_packs(scope), *_measures(scope)):
            yield Figure(GROUP, what, f"{DEPARTMENTS[size]:,} departments", seconds(act), "s")


def _packs(scope: Scope) -> Iterator[tuple[str, Callable[[], object]]]:
    """The whole pack: reading its pages, once, then writing each kind of file of them."""
    of, addresses = pack.snapshot(date.fromisoformat(DAY)), pack.addresses(scope)
    read: list[pack.Document] = []
    yield "the pages of the whole pack", lambda: read.append(pack.document(scope, addresses, of, pack.called(scope)))
    for kind, named in pack.KINDS.items():
        yield f"the pack as a file: {named}", lambda kind=kind: pack.file(read[0], kind)  # type: ignore[misc]
    yield "the assessor's day pack as a PDF", lambda: pdf(day_pack(scope, "C1", of.as_of, None))


def _measures(scope: Scope) -> Iterator[tuple[str, Callable[[], object]]]:
    day, now = date.fromisoformat(DAY), view(scope)
    yield "everything a page is made of, from the warehouse", lambda: data.programme(now)
    yield "standing of the day, by the pure rule", lambda: standing(data.programme(now), day)
    yield "the estimate of risk with its record", lambda: trends.risk_of(now, day)
    yield "a visit plan: the sites that are owed", lambda: _plan(now, day, every=False)
    yield "a visit plan: every site that waits", lambda: _plan(now, day, every=True)


def _plan(now: View, day: date, every: bool) -> object:
    return visit_plans.solved(now, day, Wanted("C1", every=every))
