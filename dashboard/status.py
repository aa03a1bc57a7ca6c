"""How an installation is: its tenants with their sources, and what runs out (reliability.md W2, W9).

`assay status`, the operators' page and the figures for Prometheus all say what is found here.
"""

from dataclasses import dataclass
from datetime import datetime

from dashboard.checking import limits_near
from db import quotas, soundness
from db.secret import box
from db.session import Scope
from db.sizes import Sizes, outcomes, sizes
from db.soundness import FINE, NOTE, WARNING, WRONG, Finding
from db.tenants import in_turn
from db.version import installed
from etl.due import Standing, standings_in
from scheme.errors import UsageError

FAILED, LATE = ("failed", "unreadable"), ("late",)  # states of sources that call for somebody
MORE = "`assay tenant quota` sets how much it may have"
WORST_FIRST = (WRONG, WARNING, NOTE, FINE)


@dataclass(frozen=True)
class TenantStatus:
    """How much a tenant has, how its loads ended (db.sizes.OUTCOMES), how its sources stand, which quotas are near."""

    scope: Scope
    sizes: Sizes
    outcomes: dict[str, int]
    sources: tuple[Standing, ...]
    near: tuple[str, ...] = ()

    def sources_in(self, states: tuple[str, ...]) -> list[Standing]:
        """Its sources in one of these states."""
        return [one for one in self.sources if one.state in states]

    @property
    def is_well(self) -> bool:
        """Whether nothing of it calls for somebody."""
        return not self.sources_in(FAILED + LATE) and not self.near


def of_tenants(now: datetime, tenant: str | None = None) -> list[TenantStatus]:
    """How each tenant is, by code, or one of them."""
    return [
        TenantStatus(
            scope,
            sizes(session, now),
            outcomes(session),
            tuple(standings_in(session, scope, now)),
            tuple(quotas.near(session)),
        )
        for scope, session in in_turn(tenant)
    ]


def near(now: datetime) -> list[Finding]:
    """What is found about limits: connections, disks, certificates, backups."""
    return [*soundness.connections(), *limits_near(now)]


def of_installation(now: datetime) -> list[Finding]:
    """Versions of program and warehouse, whether it is ready, and its limits."""
    found, limits = soundness.warehouse(), near(now)
    why = soundness.unready() or _without_secret()
    readiness = Finding("readiness", WRONG, f"not ready: {why}") if why else Finding("readiness", FINE, "ready")
    return [Finding("program", FINE, installed()), *found, readiness, *(one for one in limits if one not in found)]


def is_bad(findings: list[Finding]) -> bool:
    """Whether any of them calls for somebody."""
    return any(one.state in (WARNING, WRONG) for one in findings)


def _without_secret() -> str:
    try:
        box()
    except UsageError as error:
        return str(error)
    return ""
