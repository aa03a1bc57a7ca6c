"""How an installation is: status."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from commands.arguments import Printed, sub_app
from commands.printing import FAILED, TOOK_ALL, say, show

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

status_app = sub_app()

_SOURCES = ("tenant", "source", "state", "from", "every", "last_started_at", "last_finished_at", "outcome", "what",
            "load", "next_due_at")  # fmt: skip
_TENANTS = ("tenant", "departments", "results", "loads", "last_load", "last_loaded_at", "packs_waiting",
            "packs_working", "packs_failed", "sources", "sources_late", "sources_failed")  # fmt: skip


class About(StrEnum):
    """What a status speaks of."""

    SOURCES = "sources"
    TENANTS = "tenants"
    INSTALLATION = "installation"


def say_version() -> None:
    """Print the version of the program, and of the warehouse that it makes."""
    from db.version import head, installed

    typer.echo(f"Assay {installed()}, warehouse {head()}")


@status_app.command()
def status(
    tenant: Annotated[
        str | None,
        typer.Option("--tenant", help="This tenant alone; all of them unless given. Example: --tenant ASHCOMBE"),
    ] = None,
    about: Annotated[
        About,
        typer.Option(
            "--about",
            help="sources: what ran, failed or is late; tenants: how much each has; installation: version, readiness, "
            "limits that are near. Example: --about tenants",
        ),
    ] = About.SOURCES,
    printed: Printed = None,
) -> None:
    """Say what ran, what failed, what is late and what runs out. Example: assay status.

    Ends with 1 where anything failed or is late, or where a limit of the installation, or a tenant's quota, is near.
    """
    from datetime import UTC, datetime

    from dashboard.status import is_bad, near

    now = datetime.now(UTC)
    limits = [] if tenant or about is About.INSTALLATION else near(now)
    match about:
        case About.SOURCES:
            is_well = _sources(tenant, now, printed)
        case About.TENANTS:
            is_well = _tenants(tenant, now, printed)
        case About.INSTALLATION:
            is_well = _installation(now, printed)
    for finding in limits:
        if is_bad([finding]):
            say(f"{finding.state}: {finding.about}: {finding.what}; {finding.mend}")
    raise typer.Exit(TOOK_ALL if is_well and not is_bad(limits) else FAILED)


def _sources(tenant: str | None, now: "datetime", printed: Printed) -> bool:
    import polars as pl

    from dashboard.status import of_tenants

    there, rows = of_tenants(now, tenant), []
    for one in (source for each in there for source in each.sources):
        last, origin = one.last, one.origin
        rows.append(
            (
                *(one.scope.tenant_code, one.edition.code, one.state),
                *((origin.in_words(), origin.schedule.in_words()) if origin else (None, None)),
                *((last.started_at, last.finished_at, last.outcome) if last else (None, None, None)),
                one.fault or (last.what if last else None),
                last.load if last else None,
                one.due_at,
            )
        )
    moments = ("last_started_at", "last_finished_at", "next_due_at")
    kinds: dict[str, pl.DataType] = {**dict.fromkeys(moments, _moment()), "load": pl.Int64()}
    show(pl.DataFrame(rows, {name: kinds.get(name, pl.String()) for name in _SOURCES}, orient="row"), printed, "status")
    return all(one.is_well for one in there)


def _tenants(tenant: str | None, now: "datetime", printed: Printed) -> bool:
    import polars as pl

    from dashboard.status import FAILED as SOURCE_FAILED
    from dashboard.status import LATE, MORE, of_tenants

    there, rows = of_tenants(now, tenant), []
    for one in there:
        late, failed = len(one.sources_in(LATE)), len(one.sources_in(SOURCE_FAILED))
        rows.append((one.scope.tenant_code, *vars(one.sizes).values(), len(one.sources), late, failed))
        for what in one.near:
            say(f"warning: tenant {one.scope.tenant_code}: {what}; {MORE}")
    kinds: dict[str, pl.DataType] = {"tenant": pl.String(), "last_loaded_at": _moment()}
    schema = {name: kinds.get(name, pl.Int64()) for name in _TENANTS}
    show(pl.DataFrame(rows, schema, orient="row"), printed, "tenants")
    return all(one.is_well for one in there)


def _installation(now: "datetime", printed: Printed) -> bool:
    import polars as pl

    from dashboard.status import is_bad, of_installation

    found = of_installation(now)
    schema = dict.fromkeys(("about", "state", "what", "mend"), pl.String)
    show(pl.DataFrame([vars(one) for one in found], schema, orient="row"), printed, "installation")
    return not is_bad(found)


def _moment() -> "pl.DataType":
    from db.frames import MOMENT

    return MOMENT
