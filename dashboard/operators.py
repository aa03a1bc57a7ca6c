"""The operators' page: whether all is well with the installation, and if not, what needs a person (W9, T11).

It says what `assay status` says: codes of organisations and of sources, sizes, states and moments. Nothing of theirs
but these codes is on it, and nothing of the warehouse is asked for it more often than once in KEPT seconds.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter

from flask import Flask
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from dashboard.administration.frame import shown_without_tenant
from dashboard.gate import needs
from dashboard.identity import OF_OPERATORS
from dashboard.kept import Kept
from dashboard.shell import Page
from dashboard.status import FAILED, LATE, MORE, WORST_FIRST, TenantStatus, of_installation, of_tenants
from dashboard.words import count, listing, moment
from db.roles import OPERATE
from db.soundness import WARNING, WRONG, Finding
from etl.due import Standing

KEPT = 15.0  # seconds
AT_ONCE = 20  # as many points, and as many organisations, stand open; more are behind a line that opens
MENU = (
    (
        "To run it",
        (
            Page("installation", OF_OPERATORS, "This installation", "bi-hdd-stack", OPERATE),
            Page("visit", "/choose-tenant", "Visit an organisation", "bi-door-open", OPERATE),
        ),
    ),
)
# The worst first, what is everybody's before what is one organisation's: how each is tagged.
_TAGS = {WRONG: ("Wrong", "bad"), WARNING: ("Warning", "warn"), "failed": ("Failed", "bad"), "late": ("Late", "warn")}
_TAGS |= {"near": ("Near a limit", "warn")}
_STATES = {"fine": ("Fine", ""), "note": ("Note", "quiet")} | _TAGS


@dataclass(frozen=True)
class Point:
    """Something that needs a person: how bad, what it is about, what was found, and what to do."""

    state: str
    about: str
    what: str
    mend: str


@dataclass(frozen=True)
class Found:
    """All that the page says, as it was at a moment."""

    at: datetime
    tenants: list[TenantStatus]
    installation: list[Finding]

    @property
    def points(self) -> list[Point]:
        """What needs a person, the worst first."""
        of_installation = [Point(one.state, one.about, one.what, one.mend) for one in self.installation]
        points = [one for one in of_installation if one.state in _TAGS]
        points += [point for one in self.tenants for point in (*_of_sources(one), *_of_quotas(one))]
        return sorted(points, key=lambda point: list(_TAGS).index(point.state))


def add_operators(server: Flask) -> None:
    """Add the page to the server."""
    found = Kept(_find, KEPT)

    @needs(OPERATE)
    def installation() -> Response:
        return _shown(found.now())

    server.add_template_filter(coded)
    server.add_url_rule(OF_OPERATORS, "installation", installation)


def coded(words: str) -> Markup:
    """What a finding says, its commands as code, begun with a capital letter."""
    told = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(words)))
    return Markup(told[:1].upper() + told[1:])  # noqa: S704 (escaped before)


def _find() -> Found:
    now = datetime.now(UTC)
    return Found(now, of_tenants(now), of_installation(now))


def _shown(found: Found) -> Response:
    points = found.points
    of_all = sum(point.state in (WRONG, WARNING) for point in points)
    whose = f"{of_all:,} of the installation, {len(points) - of_all:,} of organisations" if of_all else ""
    return shown_without_tenant(
        "operating/installation",
        "This installation",
        MENU,
        points=points,
        verdict=f"{count(len(points), 'thing')} {'needs' if len(points) == 1 else 'need'} somebody",
        whose=whose if of_all < len(points) else "",
        tenants=[_told(one) for one in sorted(found.tenants, key=attrgetter("is_well"))],
        installation=sorted(found.installation, key=lambda one: WORST_FIRST.index(one.state)),
        tags=_STATES,
        at_once=AT_ONCE,
        at=moment(found.at),
        seconds=int(KEPT),
    )


def _of_quotas(tenant: TenantStatus) -> Iterator[Point]:
    for what in tenant.near:
        yield Point("near", f"Quota of {tenant.scope.tenant_code}", what, MORE)


def _of_sources(tenant: TenantStatus) -> Iterator[Point]:
    """What is said of the sources of a tenant: of those that failed, and of those that are late."""
    code = tenant.scope.tenant_code
    mend = f"see why: `assay status --tenant {code}`"
    for state, states, words in (("failed", FAILED, _failed), ("late", LATE, _late)):
        there = tenant.sources_in(states)
        if there:
            what = listing([words(one) for one in there], 5)
            yield Point(state, f"{'Source' if len(there) == 1 else 'Sources'} of {code}", what, mend)


def _failed(one: Standing) -> str:
    ended = one.last and (one.last.finished_at or one.last.started_at)
    return f"{one.edition.code} on {moment(ended)}" if ended else f"{one.edition.code} cannot be read"


def _late(one: Standing) -> str:
    return f"{one.edition.code}, due since {moment(one.due_at)}"


def _told(one: TenantStatus) -> dict[str, object]:
    """An organisation as its row shows it."""
    has, failed, late = one.sizes, len(one.sources_in(FAILED)), len(one.sources_in(LATE))
    packs = ((has.packs_waiting, "waiting"), (has.packs_working, "being made"), (has.packs_failed, "failed"))
    return {
        "code": one.scope.tenant_code,
        "departments": has.departments,
        "results": has.results,
        "loads": has.loads,
        "newest": f"{has.last_load}, on {moment(has.last_loaded_at)}" if has.last_loaded_at else "",
        "packs": ", ".join(f"{number:,} {words}" for number, words in packs if number),
        "sources": len(one.sources),
        "failed": failed,
        "late": late,
    }
