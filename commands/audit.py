"""The audit log: audit list, verify, head, visits."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from commands.arguments import Format, Printed, Tenant, sub_app
from commands.printing import FAILED, say, show, show_table, wanted_format, write
from scheme.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from db.session import Scope

audit_app = sub_app()

OfTenant = Annotated[
    str | None, typer.Option("--tenant", help="The log of this tenant, by its code. Example: --tenant ASHCOMBE")
]
OfPlatform = Annotated[bool, typer.Option("--platform", help="The log of the platform itself.")]


@audit_app.command("list")
def audit_list(
    tenant: OfTenant = None,
    platform: OfPlatform = False,
    newest: Annotated[
        int | None, typer.Option(min=1, help="So many of the newest; all unless given. Example: --newest 50")
    ] = None,
    printed: Printed = None,
) -> None:
    """List who did what, when, from where, newest first. Example: assay audit list --tenant ASHCOMBE --newest 50."""
    import formats
    from db.audit import entries

    scope = _one_log(tenant, platform)
    frame = _with_names(entries(scope, newest), scope)
    match wanted_format(printed):
        case Format.JSON:
            rows = [row | {"detail": formats.parsed_json(row["detail"])} for row in formats.records(frame)]
            write(formats.json_bytes(rows) + b"\n")
        case Format.TABLE:
            show_table(formats.flat(frame.drop("previous_sha256", "sha256")))
        case _:
            show(frame, printed, "audit")


@audit_app.command("verify")
def audit_verify(
    tenant: OfTenant = None,
    platform: OfPlatform = False,
    anchor: Annotated[
        str | None,
        typer.Option(help="What `assay audit head` said once: it must still be there. Example: --anchor 12:9f86..."),
    ] = None,
) -> None:
    """Say whether a log holds together, or all of them; name the first bad entry. Example: assay audit verify."""
    from db.audit import head, verify
    from db.tenants import scope_of, tenants

    if anchor is not None or tenant is not None or platform:
        logs = [_one_log(tenant, platform)]
    else:
        logs = [*(scope_of(code) for code in tenants()["code"]), None]
    written = _anchor(anchor)
    faults = 0
    for scope in logs:
        name = _name(scope)
        fault = verify(scope, written)
        if fault:
            say(f"{name}: {fault}")
            faults += 1
        else:
            number, _ = head(scope)
            say(f"{name}: {number} entr{'y' if number == 1 else 'ies'}, each as it was written")
    if faults:
        raise typer.Exit(FAILED)


@audit_app.command("head")
def audit_head(tenant: OfTenant = None, platform: OfPlatform = False) -> None:
    """Print the newest entry's number and hash, to be kept elsewhere. Example: assay audit head --tenant ASHCOMBE."""
    from db.audit import head

    number, sha256 = head(_one_log(tenant, platform))
    print(f"{number}:{sha256}")


@audit_app.command("visits")
def audit_visits(tenant: Tenant, printed: Printed = None) -> None:
    """List operators' visits to a tenant, with their reasons, newest first. Example: assay audit visits --tenant A."""
    import polars as pl

    from db.administration import visits
    from db.frames import MOMENT
    from db.tenants import scope_of

    schema: dict[str, pl.DataType | type[pl.DataType]] = {"operator": pl.String, "reason": pl.String}
    schema |= {"started_at": MOMENT, "ends_at": MOMENT, "ended_at": MOMENT, "running": pl.Boolean}
    rows = [(v.email, v.reason, v.started_at, v.ends_at, v.ended_at, v.is_running) for v in visits(scope_of(tenant))]
    show(pl.DataFrame(rows, schema, orient="row"), printed, "visits")


def _with_names(entries: "pl.DataFrame", scope: "Scope | None") -> "pl.DataFrame":
    """The entries with `who` after `actor`: the address of somebody whom the tenant knows, else null."""
    import polars as pl

    from db.accounts import accounts
    from db.administration import actors

    known = actors(scope) if scope else {f"person {row[0]}": row[1] for row in accounts().iter_rows()}
    who = pl.Series("who", [known.get(actor) for actor in entries["actor"]], pl.String)
    return entries.insert_column(entries.columns.index("actor") + 1, who)


def _one_log(tenant: str | None, platform: bool) -> "Scope | None":
    from db.tenants import scope_of

    if (tenant is not None) == platform:
        raise UsageError("say whose log: --tenant CODE or --platform")
    return scope_of(tenant) if tenant is not None else None


def _name(scope: "Scope | None") -> str:
    return f"tenant {scope.tenant_code}" if scope else "the platform"


def _anchor(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    said = re.fullmatch(r"(\d{1,12}):([0-9a-f]{64})", text.strip().lower())
    if said is None:
        raise UsageError(f"--anchor {text}: write it as `assay audit head` printed it: NUMBER:SHA256")
    return int(said[1]), said[2]
