"""Profiles, under which a tenant's standard is applied: profile add, list; every text of them is kept."""

from pathlib import Path
from typing import Annotated

import typer

from commands.arguments import Format, Printed, Tenant, sub_app, text_of
from commands.printing import say, show, show_table, wanted_format, write

profile_app = sub_app()


@profile_app.command("add")
def profile_add(
    file: Annotated[Path, typer.Argument(help="The profile's file. Example: ours-2026.toml")], tenant: Tenant
) -> None:
    """Add a version of a profile, or a newer text of one. Example: assay profile add ours.toml --tenant ASHCOMBE."""
    from db.session import open_session
    from db.tenants import add_profile, scope_of
    from scheme.standard import parsed

    scope, body = scope_of(tenant), parsed(text_of(file), str(file))
    with open_session(scope, write=True) as session:
        done = add_profile(session, body, str(file))
    say(done)


@profile_app.command("list")
def profile_list(tenant: Tenant, printed: Printed = None) -> None:
    """List every version of a tenant's profiles, and which text of it holds. Example: assay profile list --tenant A."""
    import polars as pl

    import formats
    from db.frames import MOMENT
    from db.session import open_session
    from db.tenants import profile_versions, scope_of

    schema: dict[str, pl.DataType | type[pl.DataType]] = {"profile": pl.String, "name": pl.String}
    schema |= {
        "in_force_from": pl.Date,
        "edition": pl.Int64,
        "added_at": MOMENT,
        "holds": pl.Boolean,
        "body": pl.String,
    }
    with open_session(scope_of(tenant)) as session:
        rows = [
            (
                *(v.profile.code or None, v.profile.name, v.profile.in_force_from, v.edition, v.added_at, v.holds),
                formats.json_bytes(dict(v.body)).decode(),
            )
            for v in profile_versions(session)
        ]
    frame = pl.DataFrame(rows, schema, orient="row")
    match wanted_format(printed):
        case Format.JSON:
            told = [row | {"body": formats.parsed_json(row["body"])} for row in formats.records(frame)]
            write(formats.json_bytes(told) + b"\n")
        case Format.TABLE:
            show_table(formats.flat(frame.drop("body")))
        case _:
            show(frame, printed, "profiles")
