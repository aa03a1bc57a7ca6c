"""Other tools that read a tenant's reports in PostgreSQL: reader add, list, end."""

from typing import Annotated

import typer

from commands.arguments import Printed, Tenant, sub_app
from commands.printing import say, show

reader_app = sub_app()
Sql = Annotated[
    bool, typer.Option("--sql", help="Print the statements about the role, for a superuser, instead of running them.")
]


@reader_app.command("add")
def reader_add(
    name: Annotated[str, typer.Argument(help='What reads. Example: "Power BI of finance"')],
    tenant: Tenant,
    sql: Sql = False,
) -> None:
    """Let a tool read a tenant's reports, and print its password, once; as the tables' owner.

    Example: assay reader add "Power BI of finance" --tenant ASHCOMBE
    """
    from db.readers import add
    from db.tenants import scope_of

    made = add(scope_of(tenant), name, by_hand=sql)
    say(f"role {made.role} reads the reports of {tenant} in database {made.database}, schema reports")
    if made.warning:
        say(made.warning)
    if sql:
        say(f"its password, shown this once: {made.password}")
        print(*(f"{statement};" for statement in made.statements), sep="\n")
    else:
        say("its password is shown this once, and opens for whoever has it:")
        print(made.password)


@reader_app.command("list")
def reader_list(tenant: Tenant, printed: Printed = None) -> None:
    """List a tenant's readers, newest first. Example: assay reader list --tenant ASHCOMBE."""
    import polars as pl

    from db.frames import MOMENT
    from db.readers import readers
    from db.tenants import scope_of

    text = pl.String
    schema: dict[str, pl.DataType | type[pl.DataType]] = {"role": text, "name": text, "made_by": text}
    schema |= {"made_at": MOMENT, "ended_at": MOMENT, "signs_in": pl.Boolean}
    rows = [(r.role, r.name, r.made_by, r.made_at, r.ended_at, r.signs_in) for r in readers(scope_of(tenant))]
    show(pl.DataFrame(rows, schema, orient="row"), printed, "readers")


@reader_app.command("end")
def reader_end(
    role: Annotated[str, typer.Argument(help="Its role in `assay reader list`. Example: assay_reader_0f3a9c51d2b7")],
    tenant: Tenant,
    sql: Sql = False,
) -> None:
    """End a reader at once; as the tables' owner. Example: assay reader end assay_reader_0f3a9c51d2b7 --tenant ASH."""
    from db.readers import end
    from db.tenants import scope_of

    statements = end(scope_of(tenant), role, by_hand=sql)
    say(f"{role} sees no row any more" + ("; what drops its role:" if sql else ", and its role is dropped"))
    if sql:
        print(*(f"{statement};" for statement in statements), sep="\n")
