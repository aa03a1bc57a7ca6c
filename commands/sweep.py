"""Letting go of what has ended: sweep."""

from typing import Annotated

import typer

from commands.arguments import Printed, sub_app
from commands.printing import show

sweep_app = sub_app()


@sweep_app.command()
def sweep(
    tenant: Annotated[
        str | None, typer.Option(help="This tenant alone; everything unless given. Example: --tenant ASHCOMBE")
    ] = None,
    is_dry: Annotated[bool, typer.Option("--dry-run", help="Count what would go, and change nothing.")] = False,
    printed: Printed = None,
) -> None:
    """Let go of what has ended (docs/data-protection.md); for a timer, daily. Example: assay sweep --dry-run."""
    import polars as pl

    from db.retention import sweep_platform, sweep_tenant
    from db.tenants import scope_of, tenants

    rows = []
    if tenant is None:
        rows += [("platform", what, count) for what, count in sweep_platform(dry=is_dry).items()]
    for scope in map(scope_of, [tenant] if tenant is not None else tenants()["code"]):
        rows += [(scope.tenant_code, what, count) for what, count in sweep_tenant(scope, dry=is_dry).items()]
    schema = {"tenant": pl.String, "what": pl.String, "rows": pl.Int64}
    show(pl.DataFrame(rows, schema, orient="row"), printed, "swept")
