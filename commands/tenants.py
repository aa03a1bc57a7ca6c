"""Organisations that run a programme: tenant add, list, set, settings, quota, remove."""

from pathlib import Path
from typing import Annotated

import typer

from commands.arguments import Printed, sub_app, text_of
from commands.printing import say, show
from scheme.errors import UsageError

tenant_app = sub_app()


@tenant_app.command("add")
def tenant_add(
    code: Annotated[str, typer.Argument(help="Its code. Example: ASHCOMBE")],
    name: Annotated[str, typer.Option(help='Its name. Example: --name "Ashcombe County Council"')],
    standard: Annotated[
        str | None, typer.Option(help="The code of its standard; cse for a new one. Example: --standard ours")
    ] = None,
    profile: Annotated[
        list[Path] | None,
        typer.Option(help="A profile's file; several for several versions. Example: --profile ours.toml"),
    ] = None,
) -> None:
    """Add a tenant, or another version of its profile. Example: assay tenant add ASHCOMBE --name "Ashcombe Council"."""
    from db.tenants import add_tenant
    from scheme.standard import parsed

    bodies = [(path.name, parsed(text_of(path), str(path))) for path in profile or ()]
    say(add_tenant(code, name, standard, bodies))


@tenant_app.command("list")
def tenant_list(printed: Printed = None) -> None:
    """List the tenants. Example: assay tenant list."""
    from db.tenants import tenants

    show(tenants(), printed, "tenants")


@tenant_app.command("set")
def tenant_set(
    code: Annotated[str, typer.Argument(help="The tenant's code. Example: ASHCOMBE")],
    chosen: Annotated[
        list[str],
        typer.Argument(metavar="NAME=VALUE...", help="What it chooses. Example: champions_see_others=distribution"),
    ],
) -> None:
    """Set what a tenant chooses for itself. Example: assay tenant set ASHCOMBE champions_see_others=distribution."""
    from db.session import open_session
    from db.tenants import choose, scope_of

    with open_session(scope_of(code), write=True) as session:
        done = [choose(session, name, value) for name, _, value in (text.partition("=") for text in chosen)]
    for said in done:
        say(said)


@tenant_app.command("settings")
def tenant_settings(
    code: Annotated[str, typer.Argument(help="The tenant's code. Example: ASHCOMBE")], printed: Printed = None
) -> None:
    """List what a tenant chooses for itself, and what it could. Example: assay tenant settings ASHCOMBE."""
    import polars as pl

    from db.session import open_session
    from db.tenants import SETTINGS, scope_of, setting

    with open_session(scope_of(code)) as session:
        rows = [{"name": name, "value": setting(session, name), "values": list(SETTINGS[name])} for name in SETTINGS]
    show(pl.DataFrame(rows), printed, "settings")


@tenant_app.command("quota")
def tenant_quota(
    code: Annotated[str, typer.Argument(help="The tenant's code. Example: ASHCOMBE")],
    quotas: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=NUMBER...]",
            help="How much it may keep or send, or unlimited; lists what holds unless given. Example: results=500000",
        ),
    ] = None,
    printed: Printed = None,
) -> None:
    """Set or list how much a tenant may keep and send. Example: assay tenant quota ASHCOMBE results=500000."""
    import polars as pl

    from db.quotas import limit, used
    from db.session import open_session
    from db.tenants import scope_of

    with open_session(scope_of(code), write=bool(quotas)) as session:
        done = [limit(session, name, number) for name, _, number in (text.partition("=") for text in quotas or ())]
        there = used(session)
    for said in done:
        say(said)
    if not quotas:
        rows = [(one.name, one.most, one.has, one.counts) for one in there]
        schema = {"quota": pl.String, "most": pl.Int64, "has": pl.Int64, "of": pl.String}
        show(pl.DataFrame(rows, schema, orient="row"), printed, "quotas")


@tenant_app.command("remove")
def tenant_remove(
    code: Annotated[str, typer.Argument(help="The tenant's code. Example: ASHCOMBE")],
    yes_remove: Annotated[
        str, typer.Option("--yes-remove", help="The same code once more. Example: --yes-remove ASHCOMBE")
    ],
    export: Annotated[
        Path | None,
        typer.Option("--export", help="The folder of `assay export`, still what it holds. Example: --export tables"),
    ] = None,
    backup: Annotated[
        Path | None, typer.Option("--backup", help="A backup that holds it; looked at by you. Example: --backup b.db")
    ] = None,
    without_export: Annotated[
        bool, typer.Option("--without-export", help="Nothing was kept, and nothing is to be.")
    ] = False,
) -> None:
    """Remove a tenant whole, for good; on PostgreSQL as the tables' owner (ASSAY_OWNER_DATABASE_URL).

    Example: assay tenant remove ASHCOMBE --yes-remove ASHCOMBE --export ashcombe-tables
    """
    from db.removal import remove_tenant
    from etl.take_out import about

    if yes_remove != code:
        raise UsageError(f"--yes-remove {yes_remove}: say {code} once more, or nothing is removed")
    if sum((export is not None, backup is not None, without_export)) != 1:
        raise UsageError("name what was kept: --export FOLDER or --backup PATH; or say --without-export")
    if backup is not None and not (backup.is_file() and backup.stat().st_size):
        raise UsageError(f"--backup {backup}: there is no such file, or nothing in it")
    told = about(export) if export is not None else None
    if told is not None and told.code.casefold() != code.strip().casefold():
        raise UsageError(f"--export {export}: holds the tables of {told.code}, not of {code}")
    kept_as = "export" if export else "backup" if backup else "nothing"
    done = remove_tenant(code, kept_as, told.sha256 if told else None)
    say(f"tenant {code} is removed: {done.rows:,} rows, {done.people} accounts, {done.originals} originals")
    if done.disabled:
        say(f"accounts of the platform with no role left, disabled: {', '.join(map(str, done.disabled))}")
    say("restart servers that run, for they may hold answers in memory; backups hold the tenant until they expire")
