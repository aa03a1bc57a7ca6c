"""Backups: backup, restore."""

from pathlib import Path
from typing import Annotated

import typer

from commands.arguments import sub_app
from commands.printing import SET_ASIDE, say

backup_app = sub_app()


@backup_app.command()
def backup(
    path: Annotated[
        Path, typer.Argument(help="Where to: a file that is not there yet, or a folder. Example: /backups")
    ],
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="One organisation and its people alone. Example: --tenant ASHCOMBE")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", help="The age recipient who alone can open it, a public key. Example: --to age1yc0..."),
    ] = None,
) -> None:
    """Write the warehouse and the files that were sent into one file. Example: assay backup /backups."""
    from dashboard.words import count
    from db.backup import backup as make

    report = make(path, tenant, to)
    told = report.manifest
    print(report.path)
    what = f"{count(told.rows, 'row')} and {count(told.files, 'file')} of {count(len(told.tenants), 'organisation')}"
    say(f"{what}, as they were at {told.made_at}{', closed for the recipient' if to else ', not encrypted'}")
    if told.lost:
        say(f"{count(len(told.lost), 'file')} could not be read and is missing in it, first: {told.lost[0]}")
        raise typer.Exit(SET_ASIDE)


@backup_app.command()
def restore(
    path: Annotated[Path, typer.Argument(help="The backup. Example: /backups/assay-2026-11-23T020000Z.zip.age")],
    check: Annotated[
        bool,
        typer.Option("--check", help="Rehearse only: restore it into a place of its own, try everything, remove it."),
    ] = False,
    key: Annotated[
        Path | None, typer.Option("--key", help="The file with the age key that opens it. Example: --key backup.key")
    ] = None,
) -> None:
    """Put a backup into an empty warehouse, or rehearse that. Example: assay restore assay.zip.age --key backup.key."""
    from dashboard.words import count

    if check:
        from dashboard.rehearsal import rehearse

        steps = rehearse(path, key, lambda step: print(f"{step.seconds:8.2f} s  {step.what}", flush=True))
        print(f"{sum(step.seconds for step in steps):8.2f} s  in all: this backup can be restored")
        return
    from db.backup import restore as put_back

    told = put_back(path, key).manifest
    what = f"{count(told.rows, 'row')} and {count(told.files, 'file')} of {count(len(told.tenants), 'organisation')}"
    say(f"{what} are back, as they were at {told.made_at}; everybody signs in again")
    if told.lost:
        say(f"{count(len(told.lost), 'file')} were missing when the backup was made, first: {told.lost[0]}")
        raise typer.Exit(SET_ASIDE)
