"""How an installation is: status."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from commands.arguments import Printed, sub_app
from commands.printing import FAILED, TOOK_ALL, say, show

if TYPE_CHECKING:
    import polars as pl

    from db.soundness import Finding

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
    near = [] if tenant else _near()
    match about:
        case About.SOURCES:
            is_bad = _sources(tenant, printed)
        case About.TENANTS:
            is_bad = _tenants(tenant, printed)
        case About.INSTALLATION:
            is_bad = _installation(near, printed)
    if about is not About.INSTALLATION:
        for finding in near:
            if finding.mend:
                say(f"{finding.state}: {finding.about}: {finding.what}; {finding.mend}")
    raise typer.Exit(FAILED if is_bad or any(one.state in ("warning", "wrong") for one in near) else TOOK_ALL)


def _near() -> "list[Finding]":
    from dashboard.checking import limits_near
    from db.soundness import connections

    return [*connections(), *limits_near()]


def _sources(tenant: str | None, printed: Printed) -> bool:
    from datetime import UTC, datetime

    import polars as pl

    from db.tenants import scope_of, tenants
    from etl.due import standings

    now, rows, states = datetime.now(UTC), [], set()
    for code in [tenant] if tenant else tenants()["code"]:
        for one in standings(scope_of(code), now):
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
            states.add(one.state)
    moments = ("last_started_at", "last_finished_at", "next_due_at")
    kinds: dict[str, pl.DataType] = {**dict.fromkeys(moments, _moment()), "load": pl.Int64()}
    show(pl.DataFrame(rows, {name: kinds.get(name, pl.String()) for name in _SOURCES}, orient="row"), printed, "status")
    return bool(states & {"failed", "late", "unreadable"})


def _tenants(tenant: str | None, printed: Printed) -> bool:
    from datetime import UTC, datetime

    import polars as pl

    from db.quotas import near
    from db.sizes import sizes
    from db.tenants import scope_of, tenants
    from etl.due import standings

    now, rows, is_bad = datetime.now(UTC), [], False
    for code in [tenant] if tenant else tenants()["code"]:
        scope = scope_of(code)
        states = [one.state for one in standings(scope, now)]
        late, failed = states.count("late"), states.count("failed") + states.count("unreadable")
        rows.append((scope.tenant_code, *vars(sizes(scope, now)).values(), len(states), late, failed))
        reached = near(scope)
        for what in reached:
            say(f"warning: tenant {scope.tenant_code}: {what}; `assay tenant quota` sets how much it may have")
        is_bad = is_bad or bool(late or failed or reached)
    kinds: dict[str, pl.DataType] = {"tenant": pl.String(), "last_loaded_at": _moment()}
    schema = {name: kinds.get(name, pl.Int64()) for name in _TENANTS}
    show(pl.DataFrame(rows, schema, orient="row"), printed, "tenants")
    return is_bad


def _installation(near: "list[Finding]", printed: Printed) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    import polars as pl

    from db import soundness
    from db.secret import box
    from db.soundness import FINE, WRONG, Finding
    from scheme.errors import UsageError

    try:
        program = version("assay-dashboard")
    except PackageNotFoundError:
        program = "not installed as a package"
    found = soundness.warehouse()
    why = soundness.unready()
    try:
        box()
    except UsageError as error:
        why = why or str(error)
    readiness = Finding("readiness", WRONG, f"not ready: {why}") if why else Finding("readiness", FINE, "ready")
    rows = [Finding("program", FINE, program), *found, readiness, *(one for one in near if one not in found)]
    schema = dict.fromkeys(("about", "state", "what", "mend"), pl.String)
    show(pl.DataFrame([vars(one) for one in rows], schema, orient="row"), printed, "installation")
    return any(one.state in ("warning", "wrong") for one in rows)


def _moment() -> "pl.DataType":
    from db.frames import MOMENT

    return MOMENT
