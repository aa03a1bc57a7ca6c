"""Settings and what they lead to: config check."""

import typer

from commands.arguments import Printed, sub_app
from commands.printing import TOOK_ALL, WRONG_USAGE, show

config_app = sub_app()


@config_app.callback()
def config() -> None:
    """Hold `check` below `config`: an app with one command would be that command."""


@config_app.command()
def check(printed: Printed = None) -> None:
    """Say of each setting, the warehouse, files, disks and libraries whether it is sound. Example: assay config check.

    Ends with 2 where something is wrong. Secrets are never printed.
    """
    import polars as pl

    from dashboard.checking import findings

    found = findings()
    schema = dict.fromkeys(("about", "state", "what", "mend"), pl.String)
    show(pl.DataFrame([vars(one) for one in found], schema, orient="row"), printed, "config")
    raise typer.Exit(WRONG_USAGE if any(one.state == "wrong" for one in found) else TOOK_ALL)
