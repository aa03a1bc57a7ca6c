"""Source files that a tenant keeps: source add, list, show. `assay load --source CODE` uses them."""

from pathlib import Path
from typing import Annotated

import typer

from commands.arguments import Printed, Tenant, sub_app, text_of
from commands.printing import say, show
from scheme.errors import UsageError

source_app = sub_app()


@source_app.command("add")
def source_add(
    file: Annotated[Path, typer.Argument(help="The source file. Example: housing.toml")],
    tenant: Tenant,
    code: Annotated[
        str | None, typer.Option(help="What it is called; the file's name unless given. Example: --code housing")
    ] = None,
) -> None:
    """Keep a source file, or a newer edition of one. Example: assay source add housing.toml --tenant ASHCOMBE."""
    from db import kept_sources
    from db.session import open_session
    from db.tenants import scope_of
    from etl.fetch import objection
    from etl.sources import kept_origin, source_of

    scope, body, name = scope_of(tenant), text_of(file), code if code is not None else file.stem
    source_of(body, str(file), name)  # raises where it makes no sense
    with open_session(scope, write=True) as session:
        done = kept_sources.add(session, name, body)
        kept = kept_sources.newest(session, name)
    say(done)
    if (origin := kept_origin(kept)) and (against := objection(scope.tenant_code, origin)):
        say(f"its files cannot be fetched as things are: {against}")


@source_app.command("list")
def source_list(tenant: Tenant, printed: Printed = None) -> None:
    """List the sources that a tenant keeps. Example: assay source list --tenant ASHCOMBE."""
    import polars as pl

    from db import kept_sources
    from db.frames import MOMENT
    from db.session import open_session
    from db.tenants import scope_of

    with open_session(scope_of(tenant)) as session:
        rows = [(s.code, s.number, s.added_by, s.added_at) for s in kept_sources.kept(session)]
    schema: dict[str, pl.DataType | type[pl.DataType]] = {"source": pl.String, "edition": pl.Int64}
    show(pl.DataFrame(rows, schema | {"added_by": pl.String, "added_at": MOMENT}, orient="row"), printed, "sources")


@source_app.command("show")
def source_show(
    code: Annotated[str, typer.Argument(help="The source. Example: housing")],
    tenant: Tenant,
    edition: Annotated[
        int | None, typer.Option(help="Which edition; the newest unless given. Example: --edition 1")
    ] = None,
) -> None:
    """Print a source as its file was, to be changed and added again. Example: assay source show housing --tenant A."""
    from db import kept_sources
    from db.session import open_session
    from db.tenants import scope_of

    with open_session(scope_of(tenant)) as session:
        newest = kept_sources.newest(session, code)
        found = [e for e in kept_sources.editions(session, code) if e.number == (edition or newest.number)]
    if not found:
        raise UsageError(f"source {code} has no edition {edition}; the newest is {newest.number}")
    print(found[0].body, end="" if found[0].body.endswith("\n") else "\n")
