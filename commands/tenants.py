"""Organisations that run a programme: tenant add, list, set, settings."""

from pathlib import Path
from typing import Annotated

import typer

from commands.arguments import Printed, sub_app, text_of
from commands.printing import say, show

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
