"""Organisations that run a programme: tenant add, list."""

from pathlib import Path
from typing import Annotated

import typer

from commands.arguments import Printed, group, text_of
from commands.printing import say, show

tenant_app = group()


@tenant_app.command("add")
def tenant_add(
    code: Annotated[str, typer.Argument(help="Its code. Example: ASHCOMBE")],
    name: Annotated[str, typer.Option(help='Its name. Example: --name "Ashcombe County Council"')],
    standard: Annotated[str | None, typer.Option(help="The code of its standard; cse for a new one.")] = None,
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
