"""Sources that fetch their own files: sync."""

from typing import Annotated

import typer

from commands.arguments import Executor, Printed, sub_app
from commands.printing import FAILED, SET_ASIDE, TOOK_ALL, say, show
from scheme.errors import UsageError

sync_app = sub_app()

OneTenant = Annotated[
    str | None, typer.Option("--tenant", help="This tenant alone; all of them unless given. Example: --tenant ASHCOMBE")
]


@sync_app.command()
def sync(
    tenant: OneTenant = None,
    source: Annotated[
        str | None, typer.Option("--source", help="The source of that code alone. Example: --source housing")
    ] = None,
    at_once: Annotated[bool, typer.Option("--now", help="Run them whether they are due or not.")] = False,
    keep_on: Annotated[bool, typer.Option("--watch", help="Keep running, and look every minute.")] = False,
    executor: Executor = "processes",
    printed: Printed = None,
) -> None:
    """Fetch and load the files of every source that is due. Example: assay sync."""
    import polars as pl

    from db.session import Scope
    from db.tenants import scope_of, tenants
    from etl import sync as running
    from etl.sync import Told
    from etl.turn import Around

    if at_once and keep_on:
        raise UsageError("--now and --watch do not go together: --watch runs each source when it is due")

    def scopes() -> list[Scope]:
        return [scope_of(code) for code in ([tenant] if tenant else tenants()["code"])]

    def tell(one: Told) -> None:
        load = f" (load {one.load})" if one.load else ""
        say(f"{one.tenant} {one.source}: {one.outcome}{load}{': ' if one.what else ''}{one.what}")

    around = Around(executor=executor)
    if keep_on:
        running.watch(scopes, source=source, around=around, tell=tell)
        return
    told = running.sync(scopes(), source=source, at_once=at_once, around=around, tell=tell)
    schema = {name: pl.Int64 if name == "load" else pl.String for name in Told.__dataclass_fields__}
    show(pl.DataFrame([vars(one) for one in told], schema, orient="row"), printed, "sync")
    outcomes = {one.outcome for one in told}
    if outcomes & {"failed", "stopped"}:
        raise typer.Exit(FAILED)
    raise typer.Exit(SET_ASIDE if outcomes & {"rows set aside", "file refused"} else TOOK_ALL)
