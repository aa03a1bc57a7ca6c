"""Links by which outside assessors look at one certificate: link add, list, end."""

from typing import Annotated

import typer

from commands.arguments import Printed, Tenant, day, sub_app, today
from commands.printing import say, show

link_app = sub_app()


@link_app.command("add")
def link_add(
    certificate: Annotated[str, typer.Argument(help="The certificate's code. Example: C-2024-01")],
    tenant: Tenant,
    whom: Annotated[str, typer.Option("--for", help='By name and organisation. Example: --for "Jo Bloggs, Example"')],
    until: Annotated[
        str | None, typer.Option(help="The last day on which it opens, 28 days ahead if not given. Example: 2026-03-31")
    ] = None,
    export: Annotated[bool, typer.Option("--export", help="Let them take away what they see, as files.")] = False,
) -> None:
    """Make a link and print it, once. Example: assay link add C-1 --for "Jo Bloggs, Example" --tenant ASHCOMBE."""
    from datetime import timedelta

    from dashboard.providers import configured_origin
    from db.links import USUAL_DAYS, make
    from db.session import open_session
    from db.tenants import scope_of

    last = day(until, "--until") if until else today() + timedelta(days=USUAL_DAYS)
    with open_session(scope_of(tenant), write=True) as session:
        token = make(session, certificate, whom, last, export)
    say(f"a link to {certificate} for {whom}, until {last}; it is shown this once, and opens for whoever has it:")
    print(f"{configured_origin() or ''}/guest/{token}")


@link_app.command("list")
def link_list(tenant: Tenant, printed: Printed = None) -> None:
    """List a tenant's links, newest first, by number. Example: assay link list --tenant ASHCOMBE."""
    import polars as pl

    from db.frames import MOMENT
    from db.links import links
    from db.session import open_session
    from db.tenants import scope_of

    text = pl.String
    schema: dict[str, pl.DataType | type[pl.DataType]] = {"link": pl.Int64, "certificate": text, "for": text}
    schema |= {"may_export": pl.Boolean, "last_day": pl.Date, "made_by": text, "made_at": MOMENT, "ended_at": MOMENT}
    schema |= {"opened": pl.Int64, "last_opened_at": MOMENT, "over": pl.Boolean}
    with open_session(scope_of(tenant)) as session:
        rows = [
            (
                *(each.number, each.certificate, each.for_whom, each.may_export, each.last_day, each.made_by),
                *(each.made_at, each.ended_at, len(each.openings)),
                *(each.openings[0].at if each.openings else None, each.is_over),
            )
            for each in links(session)
        ]
    show(pl.DataFrame(rows, schema, orient="row"), printed, "links")


@link_app.command("end")
def link_end(
    number: Annotated[int, typer.Argument(help="Its number in `assay link list`. Example: 3")], tenant: Tenant
) -> None:
    """End a link, and whatever it opened, at once. Example: assay link end 3 --tenant ASHCOMBE."""
    from db.links import end
    from db.session import open_session
    from db.tenants import scope_of

    with open_session(scope_of(tenant), write=True) as session:
        done = end(session, number)
    say(done)
