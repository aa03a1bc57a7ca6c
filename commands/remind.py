"""Reminders: remind."""

from typing import Annotated

import typer

from commands.arguments import Printed, sub_app
from commands.printing import FAILED, TOOK_ALL, say, show

remind_app = sub_app()


@remind_app.command()
def remind(
    tenant: Annotated[
        str | None,
        typer.Option("--tenant", help="This tenant alone; all of them unless given. Example: --tenant ASHCOMBE"),
    ] = None,
    is_dry: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be told and sent, and change and send nothing.")
    ] = False,
    printed: Printed = None,
) -> None:
    """Tell everybody what is new for them, in the app and by e-mail; once a day is enough. Example: assay remind."""
    from datetime import UTC, datetime

    import polars as pl

    from dashboard.reminding import post
    from dashboard.reminding.run import FAILED as NOT_TAKEN
    from dashboard.reminding.run import Reminded
    from dashboard.reminding.run import remind as told_to
    from db.tenants import scope_of, tenants

    where = post.configured()
    scopes = [scope_of(code) for code in ([tenant] if tenant else tenants()["code"])]

    def tell(one: Reminded) -> None:
        if one.why:
            say(f"{one.tenant} {one.person}: {one.why}")

    told = told_to(scopes, datetime.now(UTC), where, is_dry, tell)
    schema = {name: pl.Int64 if name in ("holds", "new") else pl.String for name in Reminded.__dataclass_fields__}
    show(pl.DataFrame([vars(one) for one in told], schema, orient="row"), printed, "remind")
    raise typer.Exit(FAILED if any(NOT_TAKEN in (one.letter, one.weekly) for one in told) else TOOK_ALL)
