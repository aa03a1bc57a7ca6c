"""Packs to take away: pack, work."""

from pathlib import Path
from typing import Annotated

import typer

from commands.arguments import Tenant, day, moment, sub_app
from commands.printing import progress, say
from scheme.errors import UsageError

pack_app = sub_app()


@pack_app.command()
def pack(
    tenant: Tenant,
    out: Annotated[Path, typer.Option("--out", help="A folder, made where it is not there. Example: --out packs")],
    as_of: Annotated[
        str | None, typer.Option(help="The day that is asked about, today unless given. Example: --as-of 2026-03-31")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(help="Only what was known by then, now unless given. Example: --known-at 2026-03-31T14:05:00Z"),
    ] = None,
    departments: Annotated[
        list[str] | None,
        typer.Option("--department", help="A department whose own page is in it; again for more. Example: HWY"),
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", help="Kinds of file, a comma between. Example: --format pdf,xlsx")
    ] = "pdf,pptx,xlsx",
) -> None:
    """Write the whole pack of a snapshot, the same data whenever. Example: assay pack --tenant ASHCOMBE --out packs."""
    from dashboard import data
    from dashboard.exports import pack as packs
    from db import audit
    from db.session import open_session
    from db.tenants import scope_of

    kinds = [kind.strip() for kind in formats.split(",") if kind.strip()]
    if not kinds or set(kinds) - set(packs.KINDS):
        raise UsageError(f"--format {formats}: choose among {', '.join(packs.KINDS)}, a comma between")
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: is a file; name a folder")
    scope = packs.as_person(scope_of(tenant), "the command line")
    of = packs.snapshot(day(as_of, "--as-of") if as_of else None, moment(known_at, "--known-at") if known_at else None)
    known = data.names(data.view(scope, of.known_at))
    for code in departments or []:
        if code not in known:
            raise UsageError(f"--department {code}: there is no such department; `assay department list` shows them")
    addresses, title = packs.addresses(scope, departments or []), packs.called(scope)
    with progress() as told:
        made = packs.files(scope, addresses, of, title, kinds, lambda done, steps, said: told(said, done, steps))
    with open_session(scope, write=True) as session:
        audit.record(session, "exported", "pack", formats=kinds)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for kind, body in made.items():
            path = out / f"{packs.stem(scope.tenant_code, 'pack', of.as_of)}.{kind}"
            path.write_bytes(body)
            print(path)
    except OSError as error:
        raise UsageError(f"--out {out}: cannot be written ({error})") from error
    say(f"make it again with --as-of {of.as_of} --known-at {of.known_at:%Y-%m-%dT%H:%M:%S.%fZ}")


@pack_app.command()
def work(
    once: Annotated[bool, typer.Option("--once", help="Make what waits now, and end.")] = False,
) -> None:
    """Make the packs that people ask for, until it is stopped. Example: assay work."""
    from threading import Event

    from dashboard.exports import work as working
    from db.upgrade import require_sound

    require_sound()
    if once:
        from dashboard.words import count

        say(f"{count(working.work_once(), 'pack')} taken in hand")
        return
    say("making the packs that people ask for (stop with Ctrl+C)")
    working.keep_working(Event())
