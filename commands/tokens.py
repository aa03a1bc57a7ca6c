"""Tokens of the API: token add, list, revoke."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from commands.arguments import Printed, Tenant, sub_app
from commands.printing import say, show

token_app = sub_app()


class TokenScope(StrEnum):
    """What a program may do with a token."""

    READ = "read"
    SEND = "send"


@token_app.command("add")
def token_add(
    name: Annotated[str, typer.Argument(help='What it is for. Example: "Nightly export"')],
    scope: Annotated[
        list[TokenScope], typer.Option(help="What it may do; may be repeated. Example: --scope read --scope send")
    ],
    tenant: Tenant,
    department: Annotated[
        list[str] | None,
        typer.Option(help="Only this department and what lies below; may be repeated. Example: --department LIB"),
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="For how many days it is good. Example: --days 30")] = 90,
) -> None:
    """Make a token and print it, once. Example: assay token add "Nightly export" --scope read --tenant ASHCOMBE."""
    from db.session import open_session
    from db.tenants import scope_of
    from db.tokens import make

    with open_session(scope_of(tenant), write=True) as session:
        token = make(session, name, [one.value for one in scope], department or [], timedelta(days=days))
    say(
        f"a token for {tenant}, good for {days} days; it is shown this once, and acts as you gave it to whoever has it:"
    )
    print(token)


@token_app.command("list")
def token_list(tenant: Tenant, printed: Printed = None) -> None:
    """List a tenant's tokens, newest first, by number. Example: assay token list --tenant ASHCOMBE."""
    import polars as pl

    from db.frames import MOMENT
    from db.session import open_session
    from db.tenants import scope_of
    from db.tokens import tokens

    text, texts = pl.String, pl.List(pl.String)
    schema: dict[str, pl.DataType | type[pl.DataType]] = {"token": pl.Int64, "name": text, "scopes": texts}
    schema |= {"departments": texts, "made_by": text, "made_at": MOMENT, "expires_at": MOMENT, "revoked_at": MOMENT}
    schema |= {"last_used_at": MOMENT, "over": pl.Boolean}
    with open_session(scope_of(tenant)) as session:
        rows = [
            (
                *(t.number, t.name, list(t.scopes), list(t.departments or ()), t.made_by, t.made_at, t.expires_at),
                *(t.revoked_at, t.last_used_at, t.is_over),
            )
            for t in tokens(session)
        ]
    show(pl.DataFrame(rows, schema, orient="row"), printed, "tokens")


@token_app.command("revoke")
def token_revoke(
    number: Annotated[int, typer.Argument(help="Its number in `assay token list`. Example: 3")], tenant: Tenant
) -> None:
    """End a token at once. Example: assay token revoke 3 --tenant ASHCOMBE."""
    from db.session import open_session
    from db.tenants import scope_of
    from db.tokens import revoke

    with open_session(scope_of(tenant), write=True) as session:
        done = revoke(session, number)
    say(done)
