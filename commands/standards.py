"""Standards, shipped ones and others: standard list, show, check, add."""

from pathlib import Path
from typing import Annotated

import typer

from commands.arguments import Printed, sub_app, text_of
from commands.printing import say, show

standard_app = sub_app()

StandardFile = Annotated[Path, typer.Argument(help="The standard's file. Example: ours.toml")]


@standard_app.command("list")
def standard_list(printed: Printed = None) -> None:
    """List the standards. Example: assay standard list."""
    import polars as pl

    from db.tenants import standards

    rows = [
        {"code": s.code, "title": s.title, "edition": s.edition, "criteria": len(s.criteria), "elements": len(s.codes)}
        for s in standards()
    ]
    show(pl.DataFrame(rows), printed, "standards")


@standard_app.command("show")
def standard_show(code: Annotated[str, typer.Argument(help="Its code. Example: cse")], printed: Printed = None) -> None:
    """Show the elements of a standard. Example: assay standard show cse."""
    import polars as pl

    from db.tenants import standard_of_code

    elements = standard_of_code(code).elements
    show(
        pl.DataFrame(
            [
                {
                    "element": e.code,
                    "criterion": e.criterion,
                    "sub_criterion": e.sub_criterion,
                    "title": e.title,
                    "guidance": e.guidance,
                }
                for e in elements
            ],
            infer_schema_length=None,
        ),
        printed,
        code,
    )


@standard_app.command("check")
def standard_check(file: StandardFile) -> None:
    """Say whether a standard's file is sound; write nothing. Example: assay standard check ours.toml."""
    from scheme.standard import parsed, standard_of

    standard = standard_of(parsed(text_of(file), str(file)), str(file))
    say(f"{file}: {standard.code}, {len(standard.criteria)} criteria, {len(standard.elements)} elements: sound")
    if standard.profile is None:
        say(f"{file}: no [profile] with its allowances; a tenant must bring one")


@standard_app.command("add")
def standard_add(file: StandardFile) -> None:
    """Add a standard, or a newer text of it. Example: assay standard add ours.toml."""
    from db.tenants import add_standard

    say(add_standard(text_of(file), str(file)))
